"""workspace(): a W&B workspace with a panel for everything that a run logged, made without a server.

`wandb-workspaces <https://github.com/wandb/wandb-workspaces>`_ makes it; only its ``save()`` needs a server and a key.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from typing import Any

import wandb

from audio_logging import _wandb
from audio_logging._types import StrPath
from audio_logging.errors import AudioTypeError, AudioValueError, MissingDependencyError, NotFoundError
from audio_logging.runs import Run, open_run
from audio_logging.schema import AUDIO_FILE_TYPE, AUDIO_LIST_TYPE, STEP_KEY

__all__ = ["workspace"]

COLUMNS = 2
"""Panels beside each other: a table or a row of players is wide."""

PATIENCE = 5.0
"""[s] For the last records of a run that has just been finished."""

MEDIA_TYPES = (AUDIO_FILE_TYPE, AUDIO_LIST_TYPE)
TABLE_TYPE = "table-file"
REPORT_TYPE = "html-file"


def workspace(run: Run | wandb.Run | StrPath, *, entity: str, project: str | None = None, name: str = "Listen") -> Any:
    """Make a W&B workspace that shows what a run logged: clips step by step, prediction tables, reports, and curves.

    Parameters
    ----------
    run : Run, wandb.Run or path
        Its keys are shown; those of other runs of the project that have the same keys are, too. Of a run that is going
        on, wandb's own knows those of all rows so far; on disk are those that wandb has written.
    entity : str
        The user or team at W&B.
    project : str, optional
        Default: the run's.
    name : str
        What the workspace is called.

    Returns
    -------
    wandb_workspaces.workspaces.Workspace
        ``.save()`` puts it on the server and returns it with its address; everything before works without a server.

    Raises
    ------
    MissingDependencyError
        wandb-workspaces is not installed.
    NotFoundError
        There is no such run, or it logged nothing that could be shown.
    AudioValueError
        The run does not say its project, and `project` is None; or `entity` or another name is empty.
    AudioTypeError
        An argument is something else.

    Examples
    --------
    >>> workspace("wandb/latest-run", entity="me").save()  # doctest: +SKIP
    """
    reports, workspaces = _modules()
    _check_name("entity", entity, "the user or team at W&B")
    _check_name("name", name, "what the workspace is called")
    found = _opened(run)
    home = project or _project(run, found)
    _check_name("project", home, "a project at W&B")
    sections = [
        workspaces.Section(
            name=title,
            panels=list(_panels(reports, kinds)),
            is_open=True,
            layout_settings=workspaces.SectionLayoutSettings(columns=COLUMNS),
        )
        for title, kinds in _groups(_rows(run, found)).items()
    ]
    if not sections:
        raise NotFoundError(f"{found!r} logged nothing that could be shown")
    return workspaces.Workspace(entity=entity, project=home, name=name, sections=sections)


def _modules() -> tuple[Any, Any]:
    try:
        from wandb_workspaces import workspaces
        from wandb_workspaces.reports import v2 as reports
    except ImportError as error:
        raise MissingDependencyError(
            "workspace() needs wandb-workspaces. Install it with: pip install wandb-workspaces"
        ) from error
    return reports, workspaces


def _check_name(argument: str, name: object, wanted: str) -> None:
    if not isinstance(name, str):
        raise AudioTypeError(f"got {argument}={name!r:.80}, wanted text: {wanted}")
    if not name.strip():
        raise AudioValueError(f"got {argument}={name!r:.80}, wanted {wanted}")


def _opened(run: Any) -> Run:
    if isinstance(run, Run):
        return run
    if isinstance(run, wandb.Run):
        return open_run(run.dir, wait=PATIENCE if _wandb.is_finished(run) else 0)
    if isinstance(run, str | os.PathLike):
        return open_run(run)
    raise AudioTypeError(f"got {type(run).__name__}, wanted a path, a Run of open_run, or a wandb.Run")


def _project(run: Any, found: Run) -> str:
    project = (run.project if isinstance(run, wandb.Run) else None) or found.project
    if project is None:
        advice = "" if found.finished else ", or wandb's own run: of one that is going on, wandb writes it late"
        raise AudioValueError(f"{found!r} does not say its project. Pass project={advice}")
    return project


def _rows(run: Any, found: Run) -> list[dict[str, Any]]:
    """Return what was logged: rows on disk, and of wandb's own run the last values, which may not be there yet."""
    rows = found.history(resolve=False)
    if not isinstance(run, wandb.Run):
        return rows
    last = {key: dict(value) if hasattr(value, "keys") else value for key, value in dict(run.summary).items()}
    return [*rows, last]


def _groups(rows: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return what kind of value each key has, by the first part of the keys; groups with clips or tables first."""
    groups: dict[str, dict[str, str]] = {}
    for row in rows:
        for key, value in row.items():
            kind = _kind(key, value)
            if kind is not None:
                group = key.partition("/")[0] if "/" in key else "charts"
                groups.setdefault(group, {})[key] = kind
    return dict(sorted(groups.items(), key=lambda item: (set(item[1].values()) == {"number"}, item[0])))


def _kind(key: str, value: Any) -> str | None:
    if key.startswith("_") or key == STEP_KEY:
        return None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return "number" if math.isfinite(value) else None
    told = value.get("_type") if isinstance(value, Mapping) else None
    kinds = {**dict.fromkeys(MEDIA_TYPES, "media"), REPORT_TYPE: "media", TABLE_TYPE: "table"}
    return kinds.get(str(told))


def _panels(reports: Any, kinds: Mapping[str, str]) -> Iterator[Any]:
    """Yield panels: clips as a gallery over steps, then tables, then curves over the step that clips have, too."""
    for key in _of_kind(kinds, "media"):
        yield reports.MediaBrowser(title=key, media_keys=[key], mode="gallery", gallery_axis="step", num_columns=3)
    for key in _of_kind(kinds, "table"):
        yield reports.WeavePanelSummaryTable(table_name=key)
    for key in _of_kind(kinds, "number"):
        yield reports.LinePlot(title=key, x=STEP_KEY if "/clips/" in key else "Step", y=[key])


def _of_kind(kinds: Mapping[str, str], kind: str) -> list[str]:
    return sorted(key for key, other in kinds.items() if other == kind)
