"""view(): the dashboard inside a notebook, as one piece of HTML, so that no server and no port is needed."""

from __future__ import annotations

import html
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_logging._types import StrPath
from audio_logging.dashboard.catalog.queries import Query
from audio_logging.dashboard.export.conversion import Format
from audio_logging.dashboard.export.exporting import read_contents, title_of
from audio_logging.dashboard.export.outputs import new_file
from audio_logging.dashboard.export.report import Report, write_page
from audio_logging.errors import AudioTypeError, NotFoundError
from audio_logging.runs import Run, list_runs

__all__ = ["HtmlView", "paths_of", "query_of", "view"]

MAX_MB = 25.0
"""A notebook keeps what it shows: each cell makes its file so much larger."""

HEIGHT = 720


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
    **filters: Any,
) -> HtmlView:
    """Show the clips of a run in a notebook: to listen to, filter and compare.

    The page is part of the notebook. It needs no server and no internet, and is still there when the notebook is
    opened elsewhere.

    Parameters
    ----------
    run : path, Run, wandb.Run or a list of these, optional
        A folder of runs is all in it. Default: the latest run below ``./wandb``. Of a run that is going on, what is
        on disk is shown: call ``logger.flush()`` first.
    height : int
        [pixels]
    max_mb : float
        Where the clips take more, only some are shown: the last ones logged, or with `sort` the first ones.
    format : {"keep", "opus", "flac"}
        Of the sound: as it is stored, or encoded anew, so that more clips fit.
    title : str, optional
        Default: the names of the runs.
    **filters
        As in the dashboard's address: `key`, `step` (a number or "latest"), `label`, `prediction`, `correct`, `q`,
        `where`, `sort`; a list for several values.

    Returns
    -------
    HtmlView
        A notebook shows it; ``.save("report.html")`` writes it.

    Raises
    ------
    NotFoundError
        There is no such run, no such clip, or none that fits.
    QueryError
        An unknown filter, or a value that it does not take.
    AudioTypeError
        `run` is something else.

    Examples
    --------
    >>> view("wandb/latest-run", key="val/audio", step="latest", correct=False)  # doctest: +SKIP
    HtmlView(12 clips, 1.4 MB; .save('report.html') writes it)
    """
    contents = read_contents(paths_of(run), query_of(filters))
    report = Report(
        contents=contents,
        title=title if title is not None else title_of(contents),
        format=format,
        max_bytes=round(max_mb * 1e6),
        fitting="first" if filters.get("sort") else "last",
    )
    page = io.BytesIO()
    written = write_page(report, page).contents
    if not written.rows:
        raise NotFoundError(f"no clip fits into {max_mb:g} MB. Pass max_mb=, or format='opus'")
    total = len(contents.rows) + len(contents.left_out)
    return HtmlView(page.getvalue(), len(written.rows), total, written.left_out, height)


def paths_of(run: Any) -> list[Path]:
    """Return where runs lie.

    Parameters
    ----------
    run : path, Run, wandb.Run, or a list of these; None: the latest run below ``./wandb``

    Returns
    -------
    list of Path

    Raises
    ------
    NotFoundError
        There is no run.
    AudioTypeError
        It is something else.
    """
    if run is None:
        return [_latest_run()]
    if isinstance(run, Run):
        return [run.folder]
    if isinstance(run, str | os.PathLike):
        return [Path(run)]
    if isinstance(run, list | tuple):
        return [path for each in run for path in paths_of(each)]
    files = getattr(run, "dir", None)  # of wandb's run, which is not imported for this
    if not isinstance(files, str):
        raise AudioTypeError(
            f"got {type(run).__name__}, wanted a path, a Run of open_run, a wandb.Run, or a list of these"
        )
    return [Path(files).parent]


def query_of(filters: Mapping[str, Any]) -> Query:
    """Return the query of filters by name.

    Parameters
    ----------
    filters : mapping
        Values are texts, numbers, bools or None, or lists of such.

    Returns
    -------
    Query

    Raises
    ------
    QueryError
        An unknown name, or a value that it does not take.

    Examples
    --------
    >>> query_of({"label": ["dog", "cat"], "correct": False}).label
    ('dog', 'cat')
    """
    return Query.from_pairs(
        (name, _as_text(value))
        for name, values in filters.items()
        for value in (values if isinstance(values, list | tuple | set) else [values])
        if value is not None
    )


def _latest_run() -> Path:
    root = Path(os.environ.get("WANDB_DIR") or ".")
    runs = list_runs(root) if root.is_dir() else []
    if not runs:
        raise NotFoundError(f"there is no run below {str(root / 'wandb')!r}; name one: view('path/to/wandb')")
    return runs[-1].folder


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
