"""Two ranks of real DDP, over gloo on the CPU."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from audio_logging import Audio
from audio_logging.runs import Run, StoredTable, list_runs
from tests.fake_wandb import Server, environment, without_wandb

SCRIPT = Path(__file__).with_name("two_ranks.py")
PATIENCE = 150.0

Launch = Callable[[str], Path]


def launch(scenario: str, folder: Path, codes: tuple[int, ...] = (0, 0), server: Server | None = None) -> None:
    """Run a scenario of two_ranks.py on two ranks, offline unless there is a server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    known = {**without_wandb(), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    known |= offline(folder) if server is None else environment(server, folder)
    known |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    ranks = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore::DeprecationWarning", str(SCRIPT), scenario, str(folder)],
            env={**known, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    deadline = time.monotonic() + PATIENCE
    try:
        said = [rank.communicate(timeout=max(1.0, deadline - time.monotonic()))[0] for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
    assert tuple(rank.returncode for rank in ranks) == codes, "\n\n".join(said)[-4000:]


def offline(folder: Path) -> dict[str, str]:
    folders = {f"WANDB_{name}_DIR": folder / name.lower() for name in ("DATA", "CACHE", "CONFIG", "ARTIFACT")}
    for path in folders.values():
        path.mkdir()
    return {**{name: str(path) for name, path in folders.items()}, "WANDB_MODE": "offline", "WANDB_SILENT": "true"}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str], ModuleType]) -> Callable[[str], Path]:
    """Return the folder that a scenario with a loop of one's own has left."""
    require("torch")
    folder = tmp_path_factory.mktemp("plain")
    launch("plain", folder)
    return lambda scenario: folder / scenario


def only_run(folder: Path) -> Run:
    (opened,) = list_runs(folder / "wandb")
    return opened


def events(opened: Run, name: str = "val") -> list[StoredTable]:
    return [table for table in opened.tables() if table.key == f"{name}/predictions"]


def column(table: StoredTable, name: str) -> list[Any]:
    return [record[name] for record in table.records()]


def test_rank_0_logs_alone_on_the_model_without_its_wrapper(plain: Launch) -> None:
    """A forward pass of wrapped BatchNorm on one rank alone would end both: it broadcasts its buffers."""
    opened = only_run(plain("rank0"))
    assert [table.step for table in events(opened)] == [3, 6]
    assert [len(table) for table in events(opened)] == [5, 5]


def test_all_ranks_predict_their_part_and_rank_0_gathers_them(plain: Launch) -> None:
    opened = only_run(plain("together"))
    assert [table.step for table in events(opened)] == [3, 6]
    for table in events(opened):
        assert column(table, "clip_id") == ["0000", "0001", "0002", "0003", "0004"]
        assert column(table, "prediction") == ["rank0", "rank1", "rank0", "rank1", "rank0"]
        assert set(column(table, "clips")) == {3}, "each rank calls its model as often, on as many clips"


def test_audio_is_gathered_as_16_bit_integers(plain: Launch) -> None:
    (table,) = events(only_run(plain("audio")))
    for record in table.records():
        scale = 0.5 if record["prediction"] == "rank1" else 1.0
        heard, made = Audio(record["audio"].file).clip(), Audio(record["generated"].file).clip()
        assert np.abs(made.samples - scale * heard.samples).max() <= 2**-15
        assert record["level_difference_db"] == pytest.approx(20 * np.log10(scale), abs=0.01)
    assert column(table, "prediction") == ["rank0", "rank1", "rank0"]


def test_ranks_can_have_samples_of_their_own(plain: Launch) -> None:
    opened = only_run(plain("own_samples"))
    (table,) = events(opened)
    assert column(table, "prediction") == ["rank0", "rank1"] * 3
    assert column(table, "clip_id") == ["0000", "0000-rank1", "0001", "0001-rank1", "0002", "0002-rank1"]
    clips = [Audio(record["audio"].file).clip().samples for record in table.records()]
    assert len({clip.tobytes() for clip in clips}) == 6


def test_validations_of_all_ranks_come_together_once_each(plain: Launch) -> None:
    (table,) = events(only_run(plain("tapped")))
    assert (table.step, column(table, "clip_id")) == (3, ["0000", "0001", "0002", "0003", "0004"])
    assert column(table, "prediction") == ["rank0", "rank1", "rank0", "rank1", "rank0"]


def test_what_fails_on_one_rank_leaves_the_others(plain: Launch) -> None:
    folder = plain("one_fails")
    opened = only_run(folder)
    assert [column(table, "clip_id") for table in events(opened)] == [["0000", "0002"]] * 2
    assert opened.summary["audio_logging/errors"] == 2
    first, second = (json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(2))
    assert "rank 1: predict failed: ValueError: only here" in first[0]
    assert "predict failed: ValueError: only here" in second[0]


def test_a_rank_that_dies_does_not_hang_the_others(tmp_path: Path, require: Callable[[str], ModuleType]) -> None:
    require("torch")
    launch("one_dies", tmp_path, codes=(0, 7))
    told = json.loads((tmp_path / "rank0.json").read_text())
    assert told["took"] < 20
    assert "one of 2 processes did not answer" in told["said"][0]
    assert [table.step for table in events(only_run(tmp_path))] == [1]


def test_rank_0_decides_what_can_be_afforded(plain: Launch) -> None:
    assert [table.step for table in events(only_run(plain("budget")))] == [3, 6]


def test_a_model_that_is_spread_over_ranks_is_run_by_all_of_them_or_not_at_all(plain: Launch) -> None:
    folder = plain("spread")
    opened = only_run(folder)
    assert [len(table) for table in events(opened)] == [5]
    assert not events(opened, "alone")
    (said,) = json.loads((folder / "rank0.json").read_text())
    assert "the model is spread over several processes, and this one alone cannot run it. Pass predict_on='all'" in said
    assert json.loads((folder / "rank1.json").read_text()) == []


def test_without_a_run_all_ranks_say_so(plain: Launch) -> None:
    folder = plain("no_run")
    told = [json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(2)]
    assert told[0].startswith("NoRunError: there is no W&B run to log to")
    assert told[1] == "NoRunError: rank 0 has no W&B run to log to"


def test_offline_each_rank_has_a_run_of_one_group(plain: Launch) -> None:
    folder = plain("apart")
    first, second = sorted(list_runs(folder / "wandb"), key=lambda opened: opened.job_type or "")
    assert first.group == second.group != None  # noqa: E711 - a chain
    assert (first.job_type, second.job_type) == (None, "rank1")
    assert [column(table, "clip_id") for table in events(first)] == [["0000", "0002", "0004"]] * 2
    assert [column(table, "clip_id") for table in events(second)] == [["0001", "0003", "0000"]] * 2
    assert set(column(events(second)[0], "prediction")) == {"rank1"}
    assert first.finished
    assert second.finished


def test_online_each_rank_writes_its_part_to_one_run(tmp_path: Path, require: Callable[[str], ModuleType]) -> None:
    require("torch")
    with Server() as server:
        launch("shared", tmp_path, server=server)
        assert (server.problems, server.store.broken_references()) == ([], [])
        (run,) = server.store.runs.values()
    collections = {artifact.collection for artifact in run.logged}
    for rank in range(2):
        rows = [row for row in run.history if f"val/rank{rank}/predictions" in row]
        assert [row["audio/step"] for row in rows] == [3, 6]
        lists = [row[f"val/rank{rank}/samples"] for row in run.history if f"val/rank{rank}/samples" in row]
        assert [len(each["captions"]) for each in lists] == [3]
        assert f"val-rank{rank}-samples" in collections
    assert run.exit_code == 0


def test_lightning_on_two_ranks(tmp_path: Path, require: Callable[[str], ModuleType]) -> None:
    require("lightning")
    launch("lightning", tmp_path)
    opened = only_run(tmp_path)
    assert [table.step for table in events(opened, "rank0")] == [1, 3, 6]
    for table in events(opened, "all"):
        assert column(table, "prediction") == ["rank0", "rank1"] * 5 + ["rank0"]
    tapped = events(opened, "tap")
    assert [table.step for table in tapped] == [3, 6]
    assert column(tapped[0], "clip_id") == [f"{number:04d}" for number in range(11)]


def test_transformers_on_two_ranks(tmp_path: Path, require: Callable[[str], ModuleType]) -> None:
    require("transformers")
    require("accelerate")
    launch("transformers", tmp_path)
    opened = only_run(tmp_path)
    assert [table.step for table in events(opened, "rank0")] == [1, 2, 4]
    for table in events(opened, "all"):
        assert column(table, "prediction") == ["rank0", "rank1"] * 5 + ["rank0"]
