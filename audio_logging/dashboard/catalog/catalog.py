"""Catalog: everything that the server and the export ask of runs, from any thread."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
import platformdirs

from audio_logging._types import StrPath
from audio_logging.dashboard.catalog.asking import (
    details,
    find_clip,
    map_of,
    read,
    related_clips,
    select,
    select_facets,
    stored_file,
)
from audio_logging.dashboard.catalog.queries import Query
from audio_logging.dashboard.indexing.answers import Answers
from audio_logging.dashboard.indexing.database import Database
from audio_logging.dashboard.indexing.index import Index
from audio_logging.dashboard.indexing.indexer import Indexer
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.errors import NotFoundError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Catalog"]

MAX_RELATED = 1000

AT_ONCE = 500
"""Rows that are read together."""

Answer = TypeVar("Answer")


class Catalog:
    """The clips of some runs, while they are indexed and written.

    Parameters
    ----------
    paths : sequence of str or Path
        Each a folder of runs, a run directory, its ``.wandb`` file or its ``files`` folder.
    cache : str or Path, optional
        Folder for the index; default: the user's cache folder. Where it cannot be used, the index is a temporary file.

    Raises
    ------
    NotFoundError
        There is no such path.

    Examples
    --------
    >>> with Catalog(["wandb"]) as catalog:  # doctest: +SKIP
    ...     catalog.wait()
    ...     print(catalog.clips(Query.of("correct=false&sort=-score"))["total"])
    """

    def __init__(self, paths: Sequence[StrPath], *, cache: StrPath | None = None) -> None:
        found = [_existing(path) for path in paths]
        folder = _user_cache() if cache is None else Path(cache)
        name = "\n".join(sorted(map(str, found)))
        self._indexer = Indexer(found, lambda: Database.open(folder, name))
        self._answers = Answers()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Begin to index, in a thread."""
        self._indexer.start()

    def close(self) -> None:
        """Stop; a catalog is not used again."""
        self._indexer.close()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything is indexed that was there at `start`; False when that takes longer [s]."""
        return self._indexer.wait(timeout)

    @property
    def version(self) -> int:
        """Grows with each change that can be seen."""
        return self._indexer.version.number

    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Have a function called with each new version, from the indexing thread; return what ends that."""
        return self._indexer.version.subscribe(callback)

    def runs(self) -> list[dict[str, Any]]:
        """Return the runs as RunJson, in the order in which they began."""

        def answer(index: Index) -> list[dict[str, Any]]:
            counts = index.columns.counts()
            return [run.to_json(counts.get(run.number, 0)) for run in index.runs]

        return self._ask(answer)

    def clips(self, query: Query, *, offset: int = 0, limit: int = 200) -> dict[str, Any]:
        """Return some of the clips of a query, in its order.

        Parameters
        ----------
        query : Query
        offset, limit : int >= 0

        Returns
        -------
        dict
            ``total``, ``offset``, ``rows`` (RowJson) and ``version``.
        """

        def answer(index: Index) -> dict[str, Any]:
            version = self.version
            numbers = self._order(index, query)
            rows = [found.to_json() for found in read(index, numbers[offset : offset + limit])]
            return {"total": len(numbers), "offset": offset, "rows": rows, "version": version}

        return self._ask(answer)

    def position(self, query: Query, clip: str) -> int:
        """Return the place of a clip in the order of a query; -1 when it is not there."""

        def answer(index: Index) -> int:
            found = np.flatnonzero(np.isin(self._order(index, query), index.find([clip])))
            return int(found[0]) if len(found) else -1

        return self._ask(answer)

    def facets(self, query: Query) -> dict[str, Any]:
        """Return what there is to filter by, as FacetsJson."""
        return self._ask(lambda index: self._kept(index, "facets", query, select_facets))

    def points(self, query: Query) -> dict[str, Any]:
        """Return a map of the clips that have an embedding, or else a place of their own.

        Returns
        -------
        dict
            ``total`` clips with a place, and ``points``, at most 5,000 of them.
        """

        def make(index: Index, query: Query) -> dict[str, Any]:
            return map_of(index, self._order(index, query), self._answers)

        return self._ask(lambda index: self._kept(index, "points", query, make))

    def clip(self, clip: str) -> dict[str, Any]:
        """Return everything that is known of a clip, as DetailJson.

        Raises
        ------
        NotFoundError
            There is no such clip.
        """
        return self._ask(lambda index: details(index, [find_clip(index, clip)])[0])

    def related(self, clip: str, runs: Sequence[str] = ()) -> dict[str, Any]:
        """Return the same clip under all keys, roles and steps.

        Parameters
        ----------
        clip : str
        runs : sequence of str
            In which; default: all.

        Returns
        -------
        dict
            ``total``, and at most 1,000 ``rows`` (RowJson): of the same clip_id where the clip has one, else of the
            same key, index and column; by step.

        Raises
        ------
        NotFoundError
            There is no such clip.
        """

        def answer(index: Index) -> dict[str, Any]:
            total, found = related_clips(index, find_clip(index, clip), runs, MAX_RELATED)
            return {"total": total, "rows": [other.to_json() for other in found]}

        return self._ask(answer)

    def stored(self, clip: str) -> StoredFile:
        """Return the file of a clip.

        Raises
        ------
        NotFoundError
            There is no such clip, or its file is missing or was refused.
        """
        return stored_file(self._ask(lambda index: find_clip(index, clip)))

    def rows(self, query: Query) -> Iterator[dict[str, Any]]:
        """Yield everything that is known of each clip of a query, in its order, as DetailJson."""
        yield from (row for row, _ in self.rows_and_files(query))

    def rows_and_files(self, query: Query) -> Iterator[tuple[dict[str, Any], Callable[[], StoredFile]]]:
        """Yield the same with the file of each clip, which is found, as by `stored`, when it is called."""

        def answer(index: Index, numbers: npt.NDArray[np.int64]) -> list[Any]:
            found = read(index, numbers)
            return [(row, partial(stored_file, clip)) for row, clip in zip(details(index, found), found, strict=True)]

        numbers = self._ask(lambda index: self._order(index, query))
        for begin in range(0, len(numbers), AT_ONCE):
            yield from self._ask(partial(answer, numbers=numbers[begin : begin + AT_ONCE]))

    def _ask(self, answer: Callable[[Index], Answer]) -> Answer:
        """Return an answer; asked again when the database failed meanwhile and another index took its place."""
        index = self._indexer.index
        try:
            return answer(index)
        except sqlite3.Error:
            return answer(self._indexer.replace(index))

    def _order(self, index: Index, query: Query) -> npt.NDArray[np.int64]:
        return self._kept(index, "order", query, select)

    def _kept(self, index: Index, kind: str, query: Query, make: Callable[[Index, Query], Answer]) -> Answer:
        answer: Answer = self._answers.get((kind, query), (id(index), self.version), lambda: make(index, query))
        return answer


def _existing(given: StrPath) -> Path:
    path = Path(os.path.realpath(given))
    if not os.path.lexists(path):
        raise NotFoundError(
            f"got {os.fspath(given)!r}, where there is nothing; wanted the folder that wandb writes to, for example "
            "'wandb', or a run directory"
        )
    return path


def _user_cache() -> Path | None:
    try:
        return Path(platformdirs.user_cache_dir("audio_logging", appauthor=False))
    except (OSError, RuntimeError):  # no home folder
        return None
