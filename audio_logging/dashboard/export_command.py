"""``audio-logging export``: the clips of runs as one file that plays anywhere, from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from audio_logging.errors import AudioValueError, MissingDependencyError

if TYPE_CHECKING:
    from audio_logging.dashboard.catalog.queries import Query
    from audio_logging.dashboard.export.report import WrittenReport

__all__ = ["add_export_command"]

MAX_MB = 50.0
NAMED = 10
"""Clips that are named on the terminal when they had to be left out."""

OF_THE_PAGE = frozenset({"clip", "compare", "layout", "t", "timeline", "view"})
"""What stands in the page's address beside the query: what is open there, and how it looks (web/state/address.js)."""

EPILOG = """\
examples:
  audio-logging export wandb/latest-run -o report.html
  audio-logging export wandb/latest-run -o report.html --step latest --wrong
  audio-logging export wandb/latest-run -o report.html --filter "key=val/audio&sort=-metric.loss" --format opus
  audio-logging export wandb/latest-run -o report.html --filter starred=true --notes notes.json
  audio-logging export wandb -o report --folder

The file needs no server, no internet and no other file: it can be sent, and opened by double click. A filter is what
stands behind # in the address of the dashboard, or a part of it; which clip, view or comparison is open there does not
matter. Stars are in the file of audio-logging view --notes FILE. With --format opus the sound takes some 5 to 10 times
less room than as WAV, and is not exactly the same; levels and peaks are still those of the original.
"""


def add_export_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command to a parser.

    Parameters
    ----------
    subparsers : object
        What ``ArgumentParser.add_subparsers()`` returned.

    Returns
    -------
    ArgumentParser
        Its default ``run`` takes the options and returns an exit status.
    """
    parser = subparsers.add_parser(
        "export",
        help="put clips into one HTML file that plays anywhere, without a server",
        description="Put the clips of runs into one HTML file, or a folder, that plays anywhere without a server.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="+", metavar="RUN", help="a run, or a folder of runs for all in it")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="such as report.html")
    _add_choice(parser)
    _add_form(parser)
    parser.set_defaults(run=_export)
    return parser


def _add_choice(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--filter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="only such clips, as the page's address says it",
    )
    add("--key", action="append", default=[], metavar="KEY", help="only clips of this key; may be given several times")
    add("--step", metavar="N", help="only clips of this step, or 'latest': of each key's own latest")
    add("--label", action="append", default=[], metavar="TEXT", help="only clips of this label")
    add("--wrong", action="store_true", help="only clips that were predicted wrong")
    add("--notes", metavar="FILE", help="file of view --notes, whose stars count for --filter starred=true")


def _add_form(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--format",
        choices=("keep", "opus", "flac"),
        default="keep",
        help="of the sound (default: %(default)s, as it is)",
    )
    add("--max-mb", type=_positive, metavar="N", help=f"largest file (default: {MAX_MB:g}; a folder may have any size)")
    add("--folder", action="store_true", help="a folder, with the clips beside the page: for large runs")
    add("--title", metavar="TEXT", help="of the page (default: the runs' names)")
    add("--force", action="store_true", help="write over what is there")


def _export(options: argparse.Namespace) -> int:
    export = _exporter()
    limit = options.max_mb if options.max_mb is not None else None if options.folder else MAX_MB
    written = export(
        [Path(path) for path in options.paths],
        Path(options.output),
        _query(options),
        format=options.format,
        max_bytes=None if limit is None else round(limit * 1e6),
        folder=options.folder,
        title=options.title,
        replace=options.force,
        show_progress=True,
    )
    for line in _lines(written, options):
        print(line)
    return 0


def _exporter() -> Callable[..., WrittenReport]:
    # Imported here, so that the other commands start without decoders.
    try:
        from audio_logging.dashboard.export.exporting import export
    except ModuleNotFoundError as error:
        if error.name not in ("platformdirs", "png"):
            raise
        raise MissingDependencyError(
            f'{error.name} is not installed; type: pip install "audio-logging[dashboard]"'
        ) from error
    return export


def _query(options: argparse.Namespace) -> Query:
    from audio_logging.dashboard.catalog.queries import Query
    from audio_logging.dashboard.export.exporting import with_stars
    from audio_logging.dashboard.export.size import as_option
    from audio_logging.dashboard.server.notes_file import starred_in

    starred = None if options.notes is None else starred_in(options.notes)
    return with_stars(Query.from_pairs(_all_pairs(options)), starred, spelled=as_option)


def _all_pairs(options: argparse.Namespace) -> list[tuple[str, str]]:
    pairs = [("key", key) for key in options.key] + [("label", label) for label in options.label]
    if options.step is not None:
        pairs.append(("step", options.step))
    if options.wrong:
        pairs.append(("correct", "false"))
    for told in options.filter:
        pairs += _pairs(told)
    return pairs


def _pairs(told: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(told.removeprefix("#"), keep_blank_values=True, strict_parsing=True, errors="replace")
    except ValueError:
        raise AudioValueError(f"got --filter {told!r}, wanted NAME=VALUE, or NAME=VALUE&NAME=VALUE") from None
    return [(name, value) for name, value in pairs if name not in OF_THE_PAGE]


def _lines(written: WrittenReport, options: argparse.Namespace) -> Iterator[str]:
    contents = written.contents
    what = f"{_counted(len(contents.rows), 'clip')} of {_counted(len(contents.runs), 'run')}"
    page = f"{options.output}/index.html" if options.folder else options.output
    yield f"exported {what} into {options.output} ({written.size / 1e6:.1f} MB); open {page} in a browser"
    for reason, count in written.kept.items():
        yield f"note: {_counted(count, 'file')} as stored, not as {options.format}: {reason}"
    if written.unplayable:
        yield f"note: {_counted(written.unplayable, 'file')} of a kind that browsers do not play; pass --format flac"
    if contents.left_out:
        yield f"note: {_counted(len(contents.left_out), 'clip')} left out, since they cannot be read:"
        yield from (f"  {clip}" for clip in contents.left_out[:NAMED])
        if len(contents.left_out) > NAMED:
            yield f"  and {len(contents.left_out) - NAMED} more"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of megabytes")
    return number
