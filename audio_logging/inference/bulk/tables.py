"""What the rows of a bulk prediction end up in: one function and one row of FORMATS for each kind of file."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from audio_logging.errors import AudioValueError
from audio_logging.inference.bulk.outcome import FIELDS
from audio_logging.inference.optional import optional_import

__all__ = ["FORMATS", "check_format", "write_embeddings", "write_rows"]

Records = Iterator[dict[str, Any]]

ROWS_AT_ONCE = 4096


def write_jsonl(records: Records, path: Path) -> None:
    """Write one JSON object a line."""
    with path.open("w", encoding="ascii") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def write_csv(records: Records, path: Path) -> None:
    """Write a header and one line a row; ``scores`` is JSON in its cell."""
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        for record in records:
            writer.writerow({**record, "scores": json.dumps(record["scores"] or [])})


def write_parquet(records: Records, path: Path) -> None:
    """Write a Parquet file; ``scores`` is a list of structures."""
    pyarrow, parquet = _pyarrow()
    schema = pyarrow.schema([(name, _parquet_type(pyarrow, name)) for name in FIELDS])
    with parquet.ParquetWriter(path, schema) as writer:
        while block := list(islice(records, ROWS_AT_ONCE)):
            for record in block:
                record["path"] = record["path"].encode("utf-8", "replace").decode()
            writer.write_table(pyarrow.Table.from_pylist(block, schema=schema))


FORMATS: dict[str, Callable[[Records, Path], None]] = {
    ".jsonl": write_jsonl,
    ".csv": write_csv,
    ".parquet": write_parquet,
}


def check_format(path: Path) -> None:
    """Refuse a file whose kind is not known, or cannot be written here, before any work is done.

    Raises
    ------
    AudioValueError
    MissingDependencyError
        pyarrow is not installed.
    """
    if path.suffix not in FORMATS:
        raise AudioValueError(f"got out={str(path)!r}, wanted a name that ends in {', '.join(FORMATS)}")
    if path.suffix == ".parquet":
        _pyarrow()


def write_rows(records: Records, path: Path) -> None:
    """Write rows to a file that appears under its name when it is whole.

    Parameters
    ----------
    records : iterator of dict
    path : Path
        Its ending says which kind.
    """
    with _Unfinished(path) as partial:
        FORMATS[path.suffix](records, partial)


def write_embeddings(vectors: Path, path: Path, *, count: int, size: int) -> None:
    """Write a ``.npy`` file that appears under its name when it is whole.

    Parameters
    ----------
    vectors : Path
        Plain float32.
    path : Path
    count, size : int
        How many vectors, and of how many numbers.
    """
    with _Unfinished(path) as partial, partial.open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False}
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (count, size)})
        with vectors.open("rb") as source:
            while block := source.read(2**20):
                file.write(block)


class _Unfinished:
    """A file beside the final one, which takes its place when all went well, and else is gone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f".{os.getpid()}-{os.urandom(4).hex()}-{path.name}")

    def __enter__(self) -> Path:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._partial

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)


def _pyarrow() -> tuple[Any, Any]:
    names = ("pyarrow", "pyarrow.parquet")
    pyarrow, parquet = (optional_import(name, package="pyarrow", extra="parquet") for name in names)
    return pyarrow, parquet


def _parquet_type(pyarrow: Any, name: str) -> Any:
    if name == "scores":
        return pyarrow.list_(pyarrow.struct([("label", pyarrow.string()), ("score", pyarrow.float64())]))
    if name in ("index", "window", "windows", "embedding"):
        return pyarrow.int64()
    return pyarrow.string() if name in ("path", "label", "error") else pyarrow.float64()
