"""export(): from runs on disk to a report on disk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from pathlib import Path

from audio_logging.dashboard.catalog.catalog import Catalog
from audio_logging.dashboard.catalog.queries import Query
from audio_logging.dashboard.export.contents import Contents, contents_of
from audio_logging.dashboard.export.conversion import Format, check_format
from audio_logging.dashboard.export.outputs import check_target
from audio_logging.dashboard.export.progress import no_progress, progress_bar
from audio_logging.dashboard.export.report import Report, WrittenReport, write_file, write_folder
from audio_logging.dashboard.export.size import Spelling
from audio_logging.errors import AudioValueError, NotFoundError

__all__ = ["export", "read_contents", "title_of", "with_stars"]

MOST_NAMES = 5
"""In a title, and in a message."""


def export(
    paths: Sequence[Path],
    output: Path,
    query: Query,
    *,
    format: Format = "keep",  # noqa: A002 - "format" is the public word
    max_bytes: int | None = None,
    folder: bool = False,
    title: str | None = None,
    replace: bool = False,
    show_progress: bool = False,
) -> WrittenReport:
    """Write the clips of runs as one HTML file, or as a folder.

    Parameters
    ----------
    paths : sequence of Path
        Runs, or folders of runs.
    output : Path
        Appears when it is whole.
    query : Query
        Which clips.
    format : {"keep", "opus", "flac"}
    max_bytes : int, optional
        Default: any size.
    folder : bool
    title : str, optional
        Default: the names of the runs.
    replace : bool
        Whether a report that is there may be written over.
    show_progress : bool
        Whether a terminal shows how far it is.

    Returns
    -------
    WrittenReport

    Raises
    ------
    NotFoundError
        There is no run, no clip, or no folder to write into.
    ReportTooLargeError
        It would be larger than `max_bytes`; the message says what helps.
    AudioValueError
        Something is there already, or there is no such format.
    OSError
        The disk is full or read-only. Nothing stays.
    """
    check_format(format)
    check_target(output, replace=replace)
    contents = read_contents(paths, query)
    with progress_bar(len(contents.distinct_files)) if show_progress else nullcontext(no_progress) as advance:
        report = Report(
            contents=contents,
            title=title if title is not None else title_of(contents),
            format=format,
            max_bytes=max_bytes,
            advance=advance,
        )
        write = write_folder if folder else write_file
        return write(report, output, replace=replace)


def read_contents(paths: Sequence[Path], query: Query) -> Contents:
    """Return what a query finds in runs.

    Parameters
    ----------
    paths : sequence of Path
    query : Query

    Returns
    -------
    Contents

    Raises
    ------
    NotFoundError
        There is no run, or no clip.
    """
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"there is no {str(path)!r}, wanted a run, or a folder of runs such as 'wandb'")
    with Catalog(paths) as catalog:
        catalog.wait()
        contents = contents_of(catalog, query)
        if contents.rows:
            return contents
        raise NotFoundError(_why_empty(catalog, contents, paths))


def with_stars(query: Query, starred: Collection[str] | None, *, spelled: Spelling) -> Query:
    """Return a query that knows which clips have a star.

    Parameters
    ----------
    query : Query
    starred : collection of str or None
        Ids of the clips with a star; None: nobody told.
    spelled : callable
        How options are typed; for advice.

    Returns
    -------
    Query

    Raises
    ------
    AudioValueError
        It asks for clips with a star, and nobody told which these are.
    NotFoundError
        It asks for them, and there is none.
    """
    if not query.starred:
        return query
    if starred is None:
        raise AudioValueError(
            "got starred=true without the notes: stars are kept in the file of audio-logging view --notes FILE, or in "
            f"the one that the page's button Notes saves. Pass {spelled('notes', 'notes.json')}"
        )
    if not starred:
        raise NotFoundError("no clip has a star in the notes; s gives one on the page of audio-logging view")
    return query.only(starred)


def title_of(contents: Contents) -> str:
    """Return what a report is called unless the user says so: the names of its runs."""
    names = [str(run["name"] or run["run_id"]) for run in contents.runs]
    return ", ".join(names) if len(names) <= MOST_NAMES else f"{len(names)} runs"


def _why_empty(catalog: Catalog, contents: Contents, paths: Sequence[Path]) -> str:
    where = ", ".join(map(str, paths))
    if contents.left_out:
        found = len(contents.left_out)
        return f"none of the {found} clips found in {where} can be read; the first: {contents.left_out[0]}"
    if not catalog.runs():
        return f"there is no run in {where}"
    keys = [key["key"] for key in catalog.facets(Query())["keys"]]
    if not keys:
        return f"no clips were logged in {where}"
    more = f" and {len(keys) - MOST_NAMES} more" if len(keys) > MOST_NAMES else ""
    return (
        f"no clip in {where} is what was asked for; there are the keys {', '.join(map(repr, keys[:MOST_NAMES]))}{more}"
    )
