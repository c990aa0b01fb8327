"""view(): the dashboard inside a notebook, as one piece of HTML, so that no server and no port is needed."""

from __future__ import annotations

import html
import io
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_logging._types import StrPath
from audio_logging.dashboard.catalog.queries import Condition, Query
from audio_logging.dashboard.export.conversion import Format, check_format
from audio_logging.dashboard.export.exporting import read_contents, title_of, with_stars
from audio_logging.dashboard.export.outputs import new_file
from audio_logging.dashboard.export.report import Report, write_page
from audio_logging.dashboard.export.size import as_argument
from audio_logging.dashboard.server.notes_file import starred_in
from audio_logging.errors import AudioTypeError, AudioValueError, NotFoundError
from audio_logging.runs import Run, list_runs

__all__ = ["HtmlView", "paths_of", "query_of", "view"]

MAX_MB = 25.0
"""A notebook keeps what it shows: each cell makes its file so much larger."""

ENDLESS_MB = 1e9
"""From here on there is no limit: a petabyte, and infinity."""

HEIGHT = 720
MOST_HEIGHT = 100_000
"""[pixels]"""

WANTED_RUN = "wanted a path, a Run of open_run, a wandb.Run, or a list of these"


@dataclass(frozen=True, eq=False, repr=False)
class HtmlView:
    """Clips as a page, which a notebook shows.

    Attributes
    ----------
    page : bytes
        An HTML file that needs nothing else.
    shown, total : int
        [clips] In the page, and found.
    left_out : tuple of str
        Clips that cannot be read, named, with the reason.
    height : int
        [pixels]
    """

    page: bytes
    shown: int
    total: int
    left_out: tuple[str, ...] = ()
    height: int = HEIGHT

    def save(self, path: StrPath, *, force: bool = False) -> Path:
        """Write the page as a file that a colleague opens by double click.

        Parameters
        ----------
        path : str or Path
        force : bool
            Whether a file that is there may be written over.

        Returns
        -------
        Path

        Raises
        ------
        NotFoundError, AudioValueError
            There is no folder to write into, or something is there already.
        OSError
            The disk is full or read-only. Nothing stays.
        """
        target = Path(path)
        with new_file(target, replace=force) as file:
            file.write(self.page)
        return target

    def __repr__(self) -> str:
        return f"HtmlView({self.summary}, {len(self.page) / 1e6:.1f} MB; .save('report.html') writes it)"

    @property
    def summary(self) -> str:
        """How many clips are shown, and of how many."""
        clips = f"{self.shown} clip{'' if self.shown == 1 else 's'}"
        return clips if self.shown == self.total else f"{self.shown} of {self.total} clips"

    def _repr_html_(self) -> str:
        """Return a frame with the page in it, which cannot reach the notebook around it."""
        page = html.escape(self.page.decode("utf-8"), quote=True)
        frame = (
            f'<iframe srcdoc="{page}" sandbox="allow-scripts allow-downloads" allow="autoplay; clipboard-write" '
            f'width="100%" height="{self.height}" style="border: 0" title="Clips"></iframe>'
        )
        return frame + self._note()

    def _note(self) -> str:
        if self.shown == self.total:
            return ""
        return (
            f"<p>{self.summary}: the others would make the notebook too large. Pass filters, such as "
            "<code>step='latest'</code>, or <code>max_mb=</code>.</p>"
        )


def view(
    run: Any = None,
    *,
    height: int = HEIGHT,
    max_mb: float = MAX_MB,
    format: Format = "keep",  # noqa: A002 - "format" is the public word
    title: str | None = None,
    notes: StrPath | None = None,
    **filters: Any,
) -> HtmlView:
    """Show the clips of a run in a notebook: to listen to, filter and compare.

    The page is part of the notebook. It needs no server and no internet, and is still there when the notebook is
    opened elsewhere.

    Parameters
    ----------
    run : path, Run, wandb.Run or a list of these, optional
        A folder of runs is all in it. Default: the latest run below ``./wandb``. Of a run that is going on, what is
        on disk is shown: call ``logger.flush()`` first; captions of clips logged by a plain ``run.log`` come when wandb
        writes them, those of an ``AudioLogger`` are there at once.
    height : int
        [pixels]
    max_mb : float
        Where the clips take more, only some are shown: the last ones logged, or with `sort` the first ones. Infinity:
        all are shown.
    format : {"keep", "opus", "flac"}
        Of the sound: as it is stored, or encoded anew, so that more clips fit.
    title : str, optional
        Default: the names of the runs.
    notes : str or Path, optional
        The file of ``audio-logging view --notes FILE``; its stars count for ``starred=True``.
    **filters
        As in the dashboard's address: `key`, `step` (a number or "latest"), `label`, `prediction`, `correct`, `q`,
        `where`, `starred`, `sort`; a list, an array or any other iterable for several values.

    Returns
    -------
    HtmlView
        A notebook shows it; ``.save("report.html")`` writes it.

    Raises
    ------
    NotFoundError
        There is no such run, no such clip, none that fits or can be read, or no such file of notes.
    QueryError
        An unknown filter, or a value that it does not take.
    UnsupportedFormatError
        There is no such format.
    NotesFileError
        `notes` is something else than notes.
    AudioTypeError, AudioValueError
        Another argument is not what it should be, or stars are asked for without `notes`.

    Examples
    --------
    >>> view("wandb/latest-run", key="val/audio", step="latest", correct=False)  # doctest: +SKIP
    HtmlView(12 clips, 1.4 MB; .save('report.html') writes it)
    """
    check_format(format)
    _check_title(title)
    height, max_bytes = _checked_height(height), _bytes_of(max_mb)
    query = with_stars(query_of(filters), _stars(notes), spelled=as_argument)
    contents = read_contents(paths_of(run), query)
    report = Report(
        contents=contents,
        title=title if title is not None else title_of(contents),
        format=format,
        max_bytes=max_bytes,
        fitting=None if max_bytes is None else "first" if filters.get("sort") is not None else "last",
    )
    page = io.BytesIO()
    written = write_page(report, page).contents
    total = len(contents.rows) + len(contents.left_out)
    if len(written.left_out) == total:
        raise NotFoundError(f"none of the {total} clips found can be read; the first: {written.left_out[0]}")
    if not written.rows:
        raise NotFoundError(f"no clip fits into {max_mb:g} MB. Pass max_mb=, or format='opus'")
    return HtmlView(page.getvalue(), len(written.rows), total, written.left_out, height)


def paths_of(run: Any) -> list[Path]:
    """Return where runs lie.

    Parameters
    ----------
    run : path, Run, wandb.Run, or an iterable of these; None: the latest run below ``./wandb``

    Returns
    -------
    list of Path

    Raises
    ------
    NotFoundError
        There is no run.
    AudioValueError
        There is nothing in the list.
    AudioTypeError
        It is something else.
    """
    if run is None:
        return [_latest_run()]
    if isinstance(run, Run):
        return [run.folder]
    if isinstance(run, str | os.PathLike):
        return [Path(run)]
    files = getattr(run, "dir", None)  # of wandb's run, which is not imported for this
    if isinstance(files, str):
        return [Path(files).parent]
    if not _is_several(run):
        raise AudioTypeError(f"got {type(run).__name__}, {WANTED_RUN}")
    paths = [path for each in _each(run) for path in paths_of(each)]
    if not paths:
        raise AudioValueError(f"got an empty {type(run).__name__}, {WANTED_RUN}")
    return paths


def query_of(filters: Mapping[str, Any]) -> Query:
    """Return the query of filters by name.

    Parameters
    ----------
    filters : mapping
        Values are texts, numbers, bools or None, or iterables of such; those of numpy and of other libraries, too.

    Returns
    -------
    Query

    Raises
    ------
    QueryError
        An unknown name, or a value that it does not take.
    AudioTypeError
        A value is of another kind.

    Examples
    --------
    >>> query_of({"label": ["dog", "cat"], "correct": False}).label
    ('dog', 'cat')
    """
    return Query.from_pairs(
        (name, _as_text(name, value))
        for name, values in filters.items()
        for value in _each(values)
        if value is not None
    )


def _latest_run() -> Path:
    root = Path(os.environ.get("WANDB_DIR") or ".")
    runs = list_runs(root) if root.is_dir() else []
    if not runs:
        raise NotFoundError(f"there is no run below {str(root / 'wandb')!r}; name one: view('path/to/wandb')")
    return runs[-1].folder


def _stars(notes: StrPath | None) -> list[str] | None:
    if notes is not None and not isinstance(notes, str | os.PathLike):
        raise AudioTypeError(f"got notes={notes!r:.80}, wanted the path of the file of audio-logging view --notes FILE")
    return None if notes is None else starred_in(notes)


def _bytes_of(max_mb: float) -> int | None:
    number = _number("max_mb", max_mb, "megabytes")
    return None if number >= ENDLESS_MB else round(number * 1e6)


def _checked_height(height: int) -> int:
    return math.ceil(_number("height", height, "pixels", most=MOST_HEIGHT))


def _check_title(title: str | None) -> None:
    if title is not None and not isinstance(title, str):
        raise AudioTypeError(f"got title={title!r:.80}, wanted text, or None for the names of the runs")


def _number(name: str, value: Any, unit: str, *, most: float = math.inf) -> float:
    number = _plain(value)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise AudioTypeError(f"got {name}={value!r:.80}, wanted a number of {unit}")
    if not 0 < number <= most:
        limit = "" if most == math.inf else f", at most {most}"
        raise AudioValueError(f"got {name}={number}, wanted a number of {unit} above 0{limit}")
    return number


def _as_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Condition):
        return str(value)
    raise AudioTypeError(f"got {name}={value!r:.80}, wanted text, a number, True or False, or a list of these")


def _each(told: Any) -> list[Any]:
    """Return what is in a list, an array or any other iterable; anything else is the only value."""
    plain = _plain(told)
    return [_plain(value) for value in plain] if _is_several(plain) else [plain]


def _is_several(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray | Mapping)


def _plain(value: Any) -> Any:
    """Return Python's own value of one of numpy, or of any library whose arrays and scalars have its ``tolist``."""
    tolist = getattr(value, "tolist", None)
    return value if tolist is None else tolist()
