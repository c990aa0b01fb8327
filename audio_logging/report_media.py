"""log_report(): the clips of a run as a page that plays, on the run's own page at W&B."""

from __future__ import annotations

from typing import Any

import wandb

from audio_logging._types import StrPath
from audio_logging.dashboard.export.conversion import Format
from audio_logging.dashboard.notebook import MAX_MB, HtmlView, view
from audio_logging.errors import AudioTypeError
from audio_logging.logger.output import output_of
from audio_logging.predictions.starting import find_run

__all__ = ["log_report"]


def log_report(
    run: wandb.Run | None = None,
    key: str = "report",
    *,
    max_mb: float = MAX_MB,
    format: Format = "keep",  # noqa: A002 - "format" is the public word
    title: str | None = None,
    notes: StrPath | None = None,
    **filters: Any,
) -> HtmlView | None:
    """Log the clips of a run as one HTML page: list, player, comparison, confusion matrix, without a dashboard.

    Everything that was logged so far is in it; captions of clips logged by a plain ``run.log`` come when wandb writes
    them, those of an ``AudioLogger`` are there at once. The page joins the row that the user's own ``run.log`` commits
    next, and uses up no step; of several in one row, W&B keeps the last.

    Parameters
    ----------
    run : wandb.Run, optional
        Default: ``wandb.run``. A disabled run gets nothing.
    key : str
        Under which it is logged.
    max_mb : float
        Where the clips take more, only the last ones logged are in it. Infinity: all are.
    format : {"keep", "opus", "flac"}
        Of the sound: as it is stored, or encoded anew, so that more clips fit.
    title : str, optional
        Default: the run's name.
    notes : str or Path, optional
        As for :func:`audio_logging.view`.
    **filters
        As for :func:`audio_logging.view`; there is none by `key`, which names the report.

    Returns
    -------
    HtmlView or None
        What was logged, which a notebook shows.

    Raises
    ------
    NoRunError
        There is no run.
    NotFoundError
        The run has no such clip, none that fits, or there is no such file of notes.
    QueryError
        An unknown filter, or a value that it does not take.
    UnsupportedFormatError
        There is no such format.
    NotesFileError
        `notes` is something else than notes.
    AudioTypeError, AudioValueError
        `run` is no run of wandb, another argument is not what it should be, or stars are asked for without `notes`.
    """
    if run is not None and not isinstance(run, wandb.Run):
        raise AudioTypeError(f"got {type(run).__name__}, wanted a wandb.Run. For a run on disk use view(...)")
    found, _ = find_run(run)
    if found.disabled:
        return None
    output_of(found).flush()
    # Of a run that is going on, its name is not on disk yet.
    title = title if title is not None else found.name
    report = view(found, max_mb=max_mb, format=format, title=title, notes=notes, **filters)
    # Without inject=False, wandb puts a link to a style sheet on its server into the page.
    html = wandb.Html(report.page.decode("utf-8"), inject=False, data_is_not_path=True)
    found.log({key: html}, commit=False)
    return report
