"""workspace(): a W&B workspace with a panel for everything that a run logged, made without a server.

`wandb-workspaces <https://github.com/wandb/wandb-workspaces>`_ makes it; only its ``save()`` needs a server and a key.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from audio_logging._types import StrPath
from audio_logging.errors import AudioValueError, MissingDependencyError, NotFoundError
from audio_logging.runs import Run, open_run
from audio_logging.schema import AUDIO_FILE_TYPE, AUDIO_LIST_TYPE, STEP_KEY

__all__ = ["workspace"]

COLUMNS = 2
"""Panels beside each other: a table or a row of players is wide."""

MEDIA_TYPES = (AUDIO_FILE_TYPE, AUDIO_LIST_TYPE)
TABLE_TYPE = "table-file"
REPORT_TYPE = "html-file"


def workspace(run: Run | StrPath, *, entity: str, project: str | None = None, name: str = "Listen") -> Any:
    """Make a W&B workspace that shows what a run logged: clips step by step, prediction tables, reports, and curves.

    Parameters
    ----------
    run : Run or path
        Its keys are shown; those of other runs of the project that have the same keys are, too.
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
        The run does not say its project, and `project` is None.

    Examples
    --------
    >>> workspace("wandb/latest-run", entity="me").save()  # doctest: +SKIP
    """
    reports, workspaces = _modules()
    found = run if isinstance(run, Run) else open_run(run)
    home = project or found.project
    if home is None:
        raise AudioValueError(f"{found!r} does not say its project. Pass project=")
    sections = [
        workspaces.Section(
            name=title,
            panels=list(_panels(reports, kinds)),
            is_open=True,
            layout_settings=workspaces.SectionLayoutSettings(columns=COLUMNS),
        )
        for title, kinds in _groups(found).items()
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


def _groups(run: Run) -> dict[str, dict[str, str]]:
    """Return what kind of value each key has, by the first part of the keys; groups with clips or tables first."""
    groups: dict[str, dict[str, str]] = {}
    for row in run.history(resolve=False):
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
