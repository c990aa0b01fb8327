"""Which W&B run to log to: the one that is there, or one that is started because the user said so."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import wandb

from audio_logging import _wandb
from audio_logging.errors import AudioLoggingError, AudioValueError, NoRunError
from audio_logging.predictions.processes import Processes

__all__ = ["StartRun", "find_run", "join_run"]

StartRun: TypeAlias = bool | Mapping[str, Any]
"""Whether to start a run when there is none; or what to pass to ``wandb.init`` then."""

OWN = ("id", "name", "group", "job_type", "mode", "settings", "resume")
"""What runs of several processes do not all get as the user said it."""


def find_run(run: wandb.Run | None, start: StartRun = False) -> tuple[wandb.Run, bool]:
    """Return the run to log to, and whether it was started here.

    Parameters
    ----------
    run : wandb.Run or None
        Default: ``wandb.run``.
    start : bool or dict
        Whether to start one when there is none. It is offline when W&B has no key, unless ``WANDB_MODE`` or the
        dictionary's ``mode`` says otherwise.

    Returns
    -------
    run : wandb.Run
    started : bool

    Raises
    ------
    NoRunError
        There is none, and none is to be started, or it cannot be.
    """
    found = run if run is not None else wandb.run
    if found is not None and _wandb.is_finished(found):
        raise NoRunError(f"the run {found.id} has finished. Start another one with wandb.init(...)")
    if found is not None:
        return found, False
    if start is False:
        raise NoRunError(
            "there is no W&B run to log to. Start one with wandb.init(...), pass run=, or pass start_run=True"
        )
    return _started(_with_mode({} if start is True else start)), True


def join_run(processes: Processes, run: wandb.Run | None, start: StartRun) -> tuple[wandb.Run, bool]:
    """Return a run for each of several processes: the same one online, one of the same group each offline.

    Parameters
    ----------
    processes : Processes
        All of them have to call this.
    run : wandb.Run or None
        Of this process; default: ``wandb.run``.
    start : bool or dict
        As for :func:`find_run`, for the first process. The others always start theirs.

    Returns
    -------
    run : wandb.Run
    started : bool

    Raises
    ------
    NoRunError
        The first process has none, and none is to be started.
    AudioValueError
        The first process's run is online, and not in W&B's shared mode.
    ProcessError
        A process did not answer.
    """
    found: tuple[wandb.Run, bool] | None = None
    problem: AudioLoggingError | None = None
    if processes.is_first:
        try:
            found = find_run(run, _as_first(start))
        except AudioLoggingError as error:
            problem = error
    address = processes.from_first(None if found is None else _Address.of(found[0]))
    if problem is not None:
        raise problem
    if address is None:
        raise NoRunError("rank 0 has no W&B run, so there is none to join")
    address.check()
    own = run if run is not None else wandb.run
    if found is None:
        found = (own, False) if own is not None else (_started(address.arguments(processes.rank, start)), True)
    return found


@dataclass(frozen=True)
class _Address:
    """What another process has to know of the first one's run."""

    id: str
    project: str
    entity: str
    group: str
    mode: str

    @classmethod
    def of(cls, run: wandb.Run) -> _Address:
        mode = "disabled" if run.disabled else "offline" if run.offline else str(run.settings.mode)
        return cls(str(run.id), run.project or "", run.entity or "", run.group or str(run.id), mode)

    def check(self) -> None:
        if self.mode not in ("shared", "offline", "disabled"):
            raise AudioValueError(
                f"got a run in mode {self.mode!r} for shared=True, and other processes cannot write to it; wanted one "
                "from wandb.init(settings=wandb.Settings(mode='shared', x_primary=True))"
            )

    def arguments(self, rank: int, start: StartRun) -> dict[str, Any]:
        known = {} if isinstance(start, bool) else {key: value for key, value in start.items() if key not in OWN}
        known |= {name: value for name, value in (("project", self.project), ("entity", self.entity)) if value}
        if self.mode == "shared":
            label = f"rank{rank}"
            settings = wandb.Settings(mode="shared", x_primary=False, x_label=label, x_update_finish_state=False)
            return {**known, "id": self.id, "settings": settings}
        return {**known, "group": self.group, "job_type": f"rank{rank}", "mode": self.mode}


def _as_first(start: StartRun) -> StartRun:
    """Return how to start the run that other processes are to join: shared online, the head of a group offline."""
    if start is False:
        return False
    arguments = _with_mode({} if start is True else start)
    if arguments["mode"] != "online":
        return {"group": secrets.token_hex(4), **arguments}
    settings = {**_as_dict(arguments.get("settings")), "mode": "shared", "x_primary": True, "x_label": "rank0"}
    return {**arguments, "mode": "shared", "settings": wandb.Settings(**settings)}


def _as_dict(settings: Any) -> dict[str, Any]:
    """Return what the user has set of wandb's settings."""
    if settings is None or isinstance(settings, Mapping):
        return dict(settings or {})
    return {name: getattr(settings, name) for name in settings.model_fields_set}


def _started(arguments: Mapping[str, Any]) -> wandb.Run:
    try:
        return wandb.init(**arguments)
    except Exception as error:
        raise NoRunError(f"could not start a W&B run: {type(error).__name__}: {error}") from error


def _with_mode(arguments: Mapping[str, Any]) -> dict[str, Any]:
    mode = arguments.get("mode") or wandb.setup().settings.mode
    if mode == "online" and "mode" not in arguments and not wandb.login(prompt=False, verify=False):
        mode = "offline"
    return {**arguments, "mode": mode}
