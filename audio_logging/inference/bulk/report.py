"""BulkReport: what came of a bulk prediction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from audio_logging.storage.files import write_file

__all__ = ["BadInput", "BulkReport"]


@dataclass(frozen=True)
class BadInput:
    """An input that could not be used.

    Attributes
    ----------
    path : str
    error : str
    """

    path: str
    error: str


@dataclass(frozen=True)
class BulkReport:
    """What came of a bulk prediction; also in the file ``<out>.report.json``.

    Attributes
    ----------
    out : str
        The file with the rows.
    embeddings : str or None
        The file with the vectors.
    inputs, rows, resumed : int
        Inputs in all, rows in all, and how many inputs were there already from before a kill.
    seconds : float
        [s] That this process took.
    bad : tuple of BadInput
        In order.
    job : dict
        What was asked for: the model, how it was used, and a hash of the inputs' names.
    """

    out: str
    embeddings: str | None
    inputs: int
    rows: int
    resumed: int
    seconds: float
    bad: tuple[BadInput, ...] = ()
    job: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Inputs a second."""
        return (self.inputs - self.resumed) / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        text = f"{self.inputs} inputs, {self.rows} rows in {self.out}, {self.rate:.1f} inputs/s"
        text += f", {self.resumed} of them from before" if self.resumed else ""
        return text + (f"; {len(self.bad)} could not be used" if self.bad else "")

    def write(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        write_file(path, json.dumps(asdict(self), indent=1).encode())

    @classmethod
    def read(cls, path: Path) -> BulkReport:
        """Read what `write` wrote.

        Raises
        ------
        OSError, ValueError
            No such file, or another one.
        """
        try:
            fields = json.loads(path.read_text())
            return cls(**{**fields, "bad": tuple(BadInput(**item) for item in fields["bad"])})
        except (TypeError, KeyError) as error:
            raise ValueError(f"{str(path)!r} is no report: {error}") from error
