"""Journal: outcomes as they come, in a folder beside the file that they will become.

One line an input, written at once and flushed, in order; its vectors go first, into a file of plain float32. So after a
kill, what counts is the lines that are whole: whatever else there is gets cut off when it is resumed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from audio_logging.errors import AudioValueError
from audio_logging.inference.bulk.outcome import Outcome
from audio_logging.storage.files import write_file

__all__ = ["Journal", "JournalState"]


@dataclass
class JournalState:
    """How far a journal is.

    Attributes
    ----------
    inputs, rows, vectors : int
        How many there are.
    size : int or None
        Numbers in a vector.
    bad : list of (str, str)
        Path and error of inputs that could not be used.
    """

    inputs: int
    rows: int
    vectors: int
    size: int | None
    bad: list[tuple[str, str]]


class Journal:
    """The unfinished results of one bulk prediction.

    Parameters
    ----------
    folder : Path
        Made if need be.
    job : dict
        What tells this prediction from others; JSON.

    Raises
    ------
    AudioValueError
        The folder holds the results of another prediction.
    OSError
        It cannot be written to.
    """

    def __init__(self, folder: Path, job: Mapping[str, Any]) -> None:
        self._folder = folder
        self._rows_path, self._vectors_path = folder / "rows.jsonl", folder / "vectors.f32"
        folder.mkdir(parents=True, exist_ok=True)
        self._check_job(job)
        self.state = self._recover()
        self._rows: BinaryIO = self._rows_path.open("ab")
        self._vectors: BinaryIO = self._vectors_path.open("ab")

    @property
    def vectors_path(self) -> Path:
        """File of all vectors, as float32 in the machine's byte order."""
        return self._vectors_path

    def add(self, outcome: Outcome) -> None:
        """Append an outcome, so that it is there whatever happens next.

        Parameters
        ----------
        outcome : Outcome
            Of the next input.

        Raises
        ------
        AudioValueError
            Its vectors are of another size than those before.
        OSError
            The disk is full.
        """
        state, vectors = self.state, outcome.vectors
        records = outcome.records(state.vectors)
        count, size = (0, state.size) if vectors is None else vectors.shape
        if vectors is not None and state.size not in (None, size):
            raise AudioValueError(f"{outcome.path}: got a vector of {size} numbers, and {state.size} before")
        if vectors is not None:
            self._vectors.write(vectors.astype("float32").tobytes())
            self._vectors.flush()
        line = json.dumps({"index": outcome.index, "vectors": count, "size": size, "rows": records})
        self._rows.write(line.encode("ascii") + b"\n")
        self._rows.flush()
        self._count(count, size, records)

    def records(self) -> Iterator[dict[str, Any]]:
        """Return all rows, in order."""
        with self._rows_path.open("rb") as file:
            for line in file:
                yield from json.loads(line)["rows"]

    def close(self) -> None:
        """Close the files; what is in them stays."""
        self._rows.close()
        self._vectors.close()

    def remove(self) -> None:
        """Remove the folder; call it when the results are in their place."""
        self.close()
        shutil.rmtree(self._folder)

    def _check_job(self, job: Mapping[str, Any]) -> None:
        path = self._folder / "job.json"
        if not path.exists():
            write_file(path, json.dumps(dict(job), indent=1).encode())
            return
        try:
            before = json.loads(path.read_text())
        except ValueError:
            before = {}
        different = [name for name in job if before.get(name) != json.loads(json.dumps(job[name]))]
        if different:
            got = "; ".join(f"{name}: {before.get(name)!r:.80} then, {job[name]!r:.80} now" for name in different)
            raise AudioValueError(
                f"{str(self._folder)!r} holds unfinished results of another prediction ({got}). Ask for the same to go "
                "on, or overwrite=True (--overwrite) to begin anew"
            )

    def _recover(self) -> JournalState:
        """Read what is whole, and cut off the rest."""
        self.state = JournalState(0, 0, 0, None, [])
        self._rows_path.touch()
        self._vectors_path.touch()
        end = 0
        with self._rows_path.open("rb") as file:
            for line in file:
                entry = _entry(line, self.state.inputs)
                if entry is None:
                    break
                self._count(entry["vectors"], entry["size"], entry["rows"])
                end += len(line)
        os.truncate(self._rows_path, end)
        os.truncate(self._vectors_path, 4 * self.state.vectors * (self.state.size or 0))
        return self.state

    def _count(self, vectors: int, size: int | None, records: list[dict[str, Any]]) -> None:
        state = self.state
        state.inputs += 1
        state.rows += len(records)
        state.vectors += vectors
        state.size = size if state.size is None else state.size
        state.bad += [(row["path"], row["error"]) for row in records if row["error"] is not None]


def _entry(line: bytes, index: int) -> Any:
    """Return a line's content, or None when it is torn or not the next one."""
    if not line.endswith(b"\n"):
        return None
    try:
        entry = json.loads(line)
        return entry if entry["index"] == index and isinstance(entry["rows"], list) else None
    except (ValueError, KeyError, TypeError):
        return None
