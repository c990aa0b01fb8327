from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import create_autospec

import pytest
import wandb

from audio_logging.errors import AudioValueError, NoRunError
from audio_logging.predictions.processes import Processes, rank_of_this
from audio_logging.predictions.starting import find_run, join_run


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, wandb_offline: Path) -> list[dict[str, Any]]:
    """What ``wandb.init`` was called with, in place of starting anything."""
    calls: list[dict[str, Any]] = []

    def init(**arguments: Any) -> Any:
        calls.append(arguments)
        return run_in("offline")

    monkeypatch.setattr(wandb, "init", init)
    return calls


def run_in(mode: str) -> wandb.Run:
    known = {"id": "abc", "project": "p", "entity": "me", "group": None}
    state = {"disabled": False, "offline": mode == "offline", "settings": SimpleNamespace(mode=mode)}
    return cast("wandb.Run", SimpleNamespace(**known, **state))


def process(rank: int, told: Any = None) -> Any:
    """Return one of two processes; a rank that is not the first is told what the first one says."""
    made = create_autospec(Processes, instance=True)
    made.rank, made.count, made.is_first = rank, 2, rank == 0
    made.from_first.side_effect = lambda value: value if rank == 0 else told
    return made


def address_of(run: wandb.Run) -> Any:
    first = process(0)
    join_run(first, run, False)
    return first.from_first.call_args.args[0]


def test_a_run_that_is_given_or_there_is_found(started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_in("online")
    assert find_run(run, start=True) == (run, False)
    with monkeypatch.context() as patched:
        patched.setattr(wandb, "run", run)
        assert find_run(None, start=True) == (run, False)
    assert not started


def test_a_run_that_has_finished_is_refused(wandb_offline: Path) -> None:
    run = wandb.init()
    run.finish()
    with pytest.raises(NoRunError, match=f"the run {run.id} has finished"):
        find_run(run)


def test_a_run_is_offline_when_there_is_no_key(started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_MODE")
    find_run(None, start={"project": "p"})
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    find_run(None, start={"project": "p"})
    find_run(None, start={"mode": "disabled"})
    assert started == [{"project": "p", "mode": "offline"}, {"project": "p", "mode": "online"}, {"mode": "disabled"}]


def test_a_run_that_cannot_be_started_says_why(monkeypatch: pytest.MonkeyPatch, wandb_offline: Path) -> None:
    def init(**arguments: Any) -> Any:
        raise wandb.errors.CommError("no network")

    monkeypatch.setattr(wandb, "init", init)
    with pytest.raises(NoRunError, match="could not start a W&B run: CommError: no network"):
        find_run(None, start=True)


def test_other_ranks_join_a_run_in_shared_mode(started: list[dict[str, Any]]) -> None:
    address = address_of(run_in("shared"))
    _, is_ours = join_run(process(1, address), None, {"dir": "here", "id": "mine"})
    ((arguments),) = started
    settings = arguments.pop("settings")
    assert is_ours
    assert arguments == {"dir": "here", "id": "abc", "project": "p", "entity": "me"}
    assert (settings.mode, settings.x_primary, settings.x_label) == ("shared", False, "rank1")
    assert settings.x_update_finish_state is False


def test_other_ranks_have_a_run_of_the_same_group_offline(started: list[dict[str, Any]]) -> None:
    join_run(process(1, address_of(run_in("offline"))), None, True)
    assert started == [
        {"project": "p", "entity": "me", "group": "abc", "job_type": "rank1", "mode": "offline"},
    ]


def test_the_first_rank_starts_the_head_of_a_group_offline(started: list[dict[str, Any]]) -> None:
    join_run(process(0), None, {"project": "p"})
    assert (started[0]["mode"], len(started[0]["group"]), started[0]["project"]) == ("offline", 8, "p")


def test_the_first_rank_starts_a_shared_run_online(
    started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    join_run(process(0), None, {"project": "p", "settings": wandb.Settings(console="off")})
    settings = started[0]["settings"]
    assert (started[0]["mode"], settings.mode, settings.x_primary, settings.console) == (
        "shared",
        "shared",
        True,
        "off",
    )


def test_a_run_that_others_cannot_write_to_is_refused_on_every_rank(started: list[dict[str, Any]]) -> None:
    message = (
        r"got a run in mode 'online' for shared=True, .* wanted one from wandb.init\(settings=wandb.Settings\(mode="
    )
    first = process(0)
    with pytest.raises(AudioValueError, match=message):
        join_run(first, run_in("online"), False)
    with pytest.raises(AudioValueError, match=message):
        join_run(process(1, first.from_first.call_args.args[0]), None, False)


def test_without_a_run_every_rank_says_so(started: list[dict[str, Any]]) -> None:
    with pytest.raises(NoRunError, match="there is no W&B run to log to"):
        join_run(process(0), None, False)
    with pytest.raises(NoRunError, match="rank 0 has no W&B run, so there is none to join"):
        join_run(process(1, None), None, False)


@pytest.mark.parametrize(("value", "rank"), [(None, 0), ("3", 3), ("-1", 0), ("", 0)])
def test_the_rank_is_read_from_what_launchers_set(
    monkeypatch: pytest.MonkeyPatch, value: str | None, rank: int
) -> None:
    monkeypatch.delenv("RANK", raising=False)
    if value is not None:
        monkeypatch.setenv("RANK", value)
    assert rank_of_this() == rank


def test_alone_everything_stays_here() -> None:
    alone = Processes(1.0)
    assert (alone.gather("x"), alone.from_first("y"), alone.is_first) == (["x"], "y", True)
