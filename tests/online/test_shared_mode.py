"""Several processes that log to one run, in wandb's shared mode: nothing of any of them is lost."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fake_wandb import Run, Server
from tests.online.conftest import Script

RANKS = 2
EVENTS = 6


@pytest.fixture(scope="module", params=["shared", "own"])
def run(request: pytest.FixtureRequest, server: Server, script: Script) -> Run:
    """A run that two processes have logged to at the same time."""
    rows = request.param
    with ThreadPoolExecutor(RANKS) as pool:
        started = [
            pool.submit(script, "shared_write", f"run-{rows}", str(rank), rows, str(EVENTS)) for rank in range(RANKS)
        ]
        assert [one.result() for one in started] == [{}] * RANKS
    return server.store.runs[f"run-{rows}"]


@pytest.mark.parametrize("rank", range(RANKS))
@pytest.mark.parametrize("key", ["own", "same"])
def test_every_event_of_every_process_arrives_in_order(run: Run, rank: int, key: str) -> None:
    rows = [row for row in run.history if f"rank{rank}/{key}" in row]
    assert [row["audio/step"] for row in rows] == list(range(EVENTS))


@pytest.mark.parametrize("rank", range(RANKS))
def test_every_value_of_the_user_arrives(run: Run, rank: int) -> None:
    values = [row[f"rank{rank}/loss"] for row in run.history if f"rank{rank}/loss" in row]
    assert values == [1 / (1 + step) for step in range(EVENTS)]


@pytest.mark.parametrize("rank", range(RANKS))
def test_every_clip_of_every_process_arrives(run: Run, rank: int) -> None:
    clips = [row[key] for row in run.history for key in (f"rank{rank}/own", f"rank{rank}/same") if key in row]
    assert len({clip["sha256"] for clip in clips}) == EVENTS + 1
    for clip in clips:
        assert hashlib.sha256(run.files[clip["path"]]).hexdigest() == clip["sha256"]


def test_the_run_is_finished_by_its_first_process(run: Run) -> None:
    assert run.exit_code == 0
