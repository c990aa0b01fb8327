"""Runs that are written, come, go and fail while the index is open."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from audio_logging.dashboard.catalog.catalog import Catalog
from audio_logging.dashboard.catalog.queries import Query
from audio_logging.dashboard.indexing import indexer
from audio_logging.dashboard.indexing.database import Database
from audio_logging.dashboard.indexing.followed_run import FollowedRun
from audio_logging.dashboard.indexing.index import Index
from tests.runs.conftest import wandb_environment

Open = Callable[..., Catalog]
NewRun = Callable[..., Any]
Until = Callable[[Callable[[], Any]], Any]


def ids(catalog: Catalog) -> list[str]:
    return [row["id"] for row in catalog.clips(Query(), limit=500)["rows"]]


def steps(catalog: Catalog) -> list[Any]:
    return [row.get("step") for row in catalog.clips(Query(), limit=500)["rows"]]


def told(catalog: Catalog, expected: list[Any]) -> bool:
    return steps(catalog) == expected


def is_running(catalog: Catalog, clips: int) -> bool:
    return state(catalog)[0][1:] == ("running", clips, True)


def state(catalog: Catalog) -> list[tuple[str, str, int, bool]]:
    return [(run["run_id"], run["state"], run["clips"], run["indexed"]) for run in catalog.runs()]


def test_a_line_is_there_soon_after_it_is_written(open_catalog: Open, new_run: NewRun, until: Until) -> None:
    run = new_run("abc", {"step": 0})
    catalog = open_catalog()
    assert state(catalog) == [("abc", "running", 1, True)]
    versions: list[int] = []
    catalog.subscribe(versions.append)
    before = catalog.version
    run.tell({"step": 1}, {"step": 2})
    until(lambda: steps(catalog) == [0, 1, 2])
    until(lambda: versions)
    assert versions[0] > before


def test_half_a_line_is_waited_for(open_catalog: Open, new_run: NewRun, until: Until) -> None:
    run = new_run("abc", {"step": 0})
    catalog = open_catalog()
    run.write(b'{"key": "val", "step"')
    run.write(b": 1}\nrubbish\n")
    run.tell({"step": 2})
    until(lambda: steps(catalog) == [0, 1, 2])
    until(lambda: any("line 3: not JSON" in problem for problem in catalog.runs()[0]["problems"]))


def test_new_runs_are_found_and_gone_ones_forgotten(open_catalog: Open, new_run: NewRun, until: Until) -> None:
    first = new_run("first", {"step": 0})
    catalog = open_catalog()
    new_run("second", {"step": 1}, date="20261121_000000")
    until(lambda: steps(catalog) == [0, 1])
    shutil.rmtree(first.folder)
    until(lambda: steps(catalog) == [1])
    assert [run["run_id"] for run in catalog.runs()] == ["second"]


def test_a_run_that_is_moved_keeps_its_address(open_catalog: Open, new_run: NewRun, until: Until) -> None:
    run = new_run("abc", {"step": 0})
    catalog = open_catalog()
    [before], [clip] = catalog.runs(), ids(catalog)
    name = "offline-run-20270101_000000-abc"
    run.folder.rename(run.folder.with_name(name))
    until(lambda: [(run["id"], run["folder_name"]) for run in catalog.runs()] == [(before["id"], name)])
    until(lambda: ids(catalog) == [clip])


def test_a_copied_run_has_the_same_addresses_elsewhere(open_catalog: Open, new_run: NewRun, tmp_path: Path) -> None:
    run = new_run("abc", {"step": 0}, {"step": 1})
    here = open_catalog()
    shutil.copytree(run.folder, tmp_path / "elsewhere" / run.folder.name)
    there = open_catalog(tmp_path / "elsewhere")
    assert [run["id"] for run in there.runs()] == [run["id"] for run in here.runs()]
    assert ids(there) == ids(here)
    both = open_catalog(tmp_path / "wandb", tmp_path / "elsewhere")
    assert len({run["id"] for run in both.runs()}) == 2
    assert len(set(ids(both))) == 4


def test_a_folder_that_is_away_for_a_moment_is_not_forgotten(
    open_catalog: Open, new_run: NewRun, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_run("abc", {"step": 0})
    catalog = open_catalog()
    folders = catalog._indexer._folders
    find = folders.find
    asked: list[bool] = []

    def away_once(*, anew: bool = False) -> list[Path]:
        asked.append(anew)
        return [] if len(asked) == 1 else find(anew=anew)

    monkeypatch.setattr(folders, "find", away_once)
    before = catalog.version
    until(lambda: len(asked) >= 3)
    assert asked[:3] == [False, True, False]
    assert steps(catalog) == [0]
    assert catalog.version >= before


def test_a_sidecar_that_is_written_anew_is_read_anew(open_catalog: Open, new_run: NewRun, until: Until) -> None:
    run = new_run("abc", *({"step": step, "label": "old"} for step in range(4)))
    catalog = open_catalog()
    kept = catalog.clips(Query.of("step=2"))["rows"][0]["id"]
    run.sidecar.unlink()
    run.tell({"step": 2, "label": "new"})
    until(lambda: steps(catalog) == [2])
    [row] = catalog.clips(Query())["rows"]
    assert (row["id"], row["label"]) == (kept, "new")
    assert catalog.facets(Query())["labels"] == [{"value": "new", "count": 1}]


PLAIN = """
import sys, numpy as np, wandb, audio_logging as al
tone = np.sin(np.arange(8000) * 0.1).astype("f4")
run = wandb.init(project="p", dir=sys.argv[1], mode="offline")
for step in range(2):
    clips = [wandb.Audio(tone * (i + 1) / 4, sample_rate=8000, caption=f"list {i}") for i in range(3)]
    own = al.Audio(tone / (9 + step), 8000, caption=f"own {step}")
    run.log({"val/one": wandb.Audio(tone / (5 + step), sample_rate=8000, caption="one"), "val/own": own, "list": clips})
table = wandb.Table(columns=["audio", "n"])
table.add_data(wandb.Audio(tone / 3, sample_rate=8000), 1)
run.log({"table": table})
print("logged", flush=True)
sys.stdin.readline()
run.finish()
"""


def test_clips_that_wandb_itself_logs_keep_their_names_when_their_rows_come(
    open_catalog: Open, tmp_path: Path, until: Until
) -> None:
    command = [sys.executable, "-c", PLAIN, str(tmp_path)]
    environment = {**wandb_environment(tmp_path), "WANDB_SILENT": "true"}
    with subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "logged\n"
        catalog = open_catalog(tmp_path / "wandb")
        until(lambda: len(ids(catalog)) == 11)
        live = ids(catalog)
        writer.communicate("\n")
    until(lambda: catalog.runs()[0]["state"] == "finished")
    rows = until(lambda: catalog.clips(Query.of("key=list&step=0"), limit=500)["rows"])
    assert {row["id"] for row in catalog.clips(Query(), limit=500)["rows"]} == set(live)
    assert sorted((row["index"], row["caption"]) for row in rows) == [(i, f"list {i}") for i in range(3)]
    assert {row["caption"] for row in catalog.clips(Query.of("key=val/own"))["rows"]} == {"own 0", "own 1"}
    assert set(ids(open_catalog(tmp_path / "wandb"))) == set(live), "as they are indexed from the beginning"


def test_plain_files_stand_for_themselves_until_somebody_tells_of_them(
    open_catalog: Open, new_run: NewRun, until: Until, wav: bytes
) -> None:
    run = new_run("abc")
    name = f"media/audio/val/clip_7_{'0' * 20}.wav"
    run.put(name, wav)
    catalog = open_catalog()
    [row] = catalog.clips(Query())["rows"]
    assert (row["key"], row["step"], catalog.clip(row["id"])["source"]) == ("val/clip", 7, "media")
    run.tell({"key": "val/clip", "step": 8, "path": name, "label": "told"})
    [row] = until(lambda: catalog.clips(Query.of("label=told"))["rows"])
    assert catalog.clips(Query())["total"] == 1
    assert catalog.clip(row["id"])["source"] == "sidecar"


WRITER = """
import sys, numpy as np, wandb
import audio_logging as al
tone = np.sin(np.arange(800) / 10).astype("float32") / 2
with wandb.init(project="live", name="writer") as run, al.AudioLogger(run) as logger:
    for step in range(3):
        logger.log("val/tone", tone / (step + 1), sample_rate=8000, step=step)
        logger.flush()
        print(step, flush=True)
        sys.stdin.readline()
"""


def test_a_real_process_is_followed_to_its_end(open_catalog: Open, tmp_path: Path, until: Until) -> None:
    pytest.importorskip("wandb")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    environment |= {"WANDB_DIR": str(tmp_path), "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    for name in ("DATA", "CACHE", "CONFIG", "ARTIFACT"):
        environment[f"WANDB_{name}_DIR"] = str(tmp_path / "other")
    catalog = open_catalog(tmp_path)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER],
        env=environment,
        cwd=tmp_path,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert writer.stdin is not None and writer.stdout is not None
    with writer:
        for step in range(3):
            assert writer.stdout.readline() == f"{step}\n"
            until(partial(told, catalog, list(range(step + 1))))
            until(partial(is_running, catalog, step + 1))
            writer.stdin.write("\n")
            writer.stdin.flush()
    [run] = until(lambda: [run for run in catalog.runs() if run["state"] == "finished"])
    assert (run["name"], run["project"], run["clips"], run["exit_code"]) == ("writer", "live", 3, 0)
    assert run["problems"] == []  # nothing of what was only so while it was written
    assert {catalog.clip(row["id"])["source"] for row in catalog.clips(Query())["rows"]} == {"sidecar"}


def test_a_run_that_only_trains_is_running(open_catalog: Open, new_run: NewRun, until: Until) -> None:
    run = new_run("abc", {"step": 0})
    run.age()
    catalog = open_catalog()
    assert state(catalog) == [("abc", "stopped", 1, True)]
    run.put("output.log", b"epoch 1")
    until(lambda: state(catalog) == [("abc", "running", 1, True)])


class Reading:
    """Counts how often runs are read from their beginning."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folders: list[str] = []
        begin = FollowedRun.begin

        def counted(run: FollowedRun, known: Any) -> None:
            self.folders.append(run.folder.name)
            begin(run, known)

        monkeypatch.setattr(FollowedRun, "begin", counted)


def test_what_was_read_to_its_end_is_remembered(
    open_catalog: Open, real_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = Reading(monkeypatch)
    first = open_catalog(real_runs)
    told = (first.runs(), list(first.rows(Query())), first.facets(Query()), first.points(Query()))
    first.close()
    assert len(reading.folders) == 1
    again = open_catalog(real_runs)
    assert len(reading.folders) == 1
    assert (again.runs(), list(again.rows(Query())), again.facets(Query()), again.points(Query())) == told
    assert again.clips(Query.of("q=s1 mine"))["total"] == 1


def test_a_killed_run_of_yesterday_is_remembered_and_one_of_now_is_read(
    open_catalog: Open, new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, recent = new_run("old", {"step": 0}), new_run("recent", {"step": 1})
    old.age()
    first = open_catalog()
    assert [run["state"] for run in first.runs()] == ["stopped", "running"]
    told = list(first.rows(Query()))
    first.close()
    reading = Reading(monkeypatch)
    again = open_catalog()
    assert reading.folders == [recent.folder.name]
    assert list(again.rows(Query())) == told


def test_what_is_read_again_and_is_the_same_is_not_written_again(
    open_catalog: Open, new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = [{"label": "a", "score": 0.75}]
    new_run("abc", *({"step": n, "scores": scores, "metrics": {"loss": 0.1}, "caption": "c" * 400} for n in range(50)))
    open_catalog().close()
    put = Database.put
    written: list[Any] = []

    def noted(database: Database, clips: Any) -> None:
        written.extend(clips)
        put(database, clips)

    monkeypatch.setattr(Database, "put", noted)
    assert len(steps(open_catalog())) == 50
    assert written == []


def test_a_run_that_changed_meanwhile_is_read_and_its_clips_keep_their_ids(open_catalog: Open, new_run: NewRun) -> None:
    run = new_run("abc", *({"step": step} for step in range(3)))
    gone = new_run("gone", {"step": 9}, date="20261121_000000")
    run.age()
    first = open_catalog()
    ids = [row["id"] for row in first.clips(Query())["rows"]]
    first.close()
    run.tell({"step": 3})
    shutil.rmtree(gone.folder)
    again = open_catalog()
    assert steps(again) == [0, 1, 2, 3]
    assert [row["id"] for row in again.clips(Query())["rows"]][:3] == ids[:3]


def test_runs_are_never_written_to(open_catalog: Open, real_runs: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(real_runs, tmp_path / "wandb", symlinks=True))

    def files() -> dict[str, tuple[int, int]]:
        return {str(path): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in copy.rglob("*")}

    before = files()
    catalog = open_catalog(copy, cache=tmp_path / "cache")
    assert catalog.clips(Query())["total"]
    list(catalog.rows(Query()))
    catalog.close()
    assert files() == before


def test_two_catalogs_of_the_same_runs_do_not_meet(open_catalog: Open, new_run: NewRun, until: Until) -> None:
    run = new_run("abc", {"step": 0})
    first, second = open_catalog(), open_catalog()
    run.tell({"step": 1})
    for catalog in (first, second):
        until(partial(told, catalog, [0, 1]))


def test_a_database_that_fails_is_left_for_another(
    open_catalog: Open, new_run: NewRun, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run("abc", {"step": 0})
    catalog = open_catalog()
    put = Database.put
    failures: list[None] = []

    def fail_once(database: Database, clips: Any) -> None:
        if not failures:
            failures.append(None)
            raise sqlite3.OperationalError("database or disk is full")
        put(database, clips)

    monkeypatch.setattr(Database, "put", fail_once)
    run.tell({"step": 1})
    until(lambda: steps(catalog) == [0, 1])
    assert failures


def test_a_kept_file_that_was_damaged_is_told_anew(open_catalog: Open, new_run: NewRun, tmp_path: Path) -> None:
    new_run("abc", *({"step": n, "caption": "c" * 500} for n in range(2000))).age()
    open_catalog().close()
    [path] = (tmp_path / "cache").glob("*.sqlite3")
    content = bytearray(path.read_bytes())
    content[8 * 4096 :] = b"\xa5" * (len(content) - 8 * 4096)
    path.write_bytes(content)
    damaged = open_catalog()
    assert damaged.clips(Query(), limit=0)["total"] == 2000
    assert steps(damaged) == list(range(500))
    damaged.close()
    again = open_catalog()
    assert again.clips(Query(), limit=0)["total"] == 2000
    assert again._indexer.index.database.is_kept


def test_a_damage_that_a_reader_finds_is_no_error_of_his(
    open_catalog: Open, new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_run("abc", {"step": 0})
    catalog = open_catalog()
    rows = Database.rows
    failures: list[None] = []

    def fail_once(database: Database, clips: Any) -> Any:
        if not failures:
            failures.append(None)
            raise sqlite3.DatabaseError("database disk image is malformed")
        return rows(database, clips)

    monkeypatch.setattr(Database, "rows", fail_once)
    failed = catalog._indexer.index
    catalog.clips(Query())
    assert catalog._indexer.index is not failed


def test_where_the_temporary_file_fails_too_the_index_is_in_memory(
    open_catalog: Open, new_run: NewRun, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer, "RETRY", 0.0)
    run = new_run("abc", {"step": 0})
    catalog = open_catalog()
    put = Database.put

    def fail_on_disk(database: Database, clips: Any) -> None:
        if "mode=memory" not in database._address:
            raise sqlite3.OperationalError("database or disk is full")
        put(database, clips)

    monkeypatch.setattr(Database, "put", fail_on_disk)
    run.tell({"step": 1})
    until(lambda: steps(catalog) == [0, 1])


def test_clips_that_are_there_already_get_what_a_table_adds(
    open_catalog: Open, wandb_offline: Path, until: Until
) -> None:
    import wandb

    from audio_logging import PredictionLogger

    samples = [{"audio": [0.25, -0.25] * 400, "sample_rate": 8000, "label": "a", "id": "s0"}]
    catalog = open_catalog(wandb_offline)
    run = wandb.init(project="live")
    answer = [{"scores": {"a": 0.75, "b": 0.25}, "loss": 0.5, "embedding": [1.0, 2.0]}]
    with PredictionLogger(samples, lambda model, clips: answer).session(run) as log:
        log.step(epoch=0, step=3)
        log.end()
        [before] = until(lambda: catalog.clips(Query.of("key=val/predictions"))["rows"])
        assert (before["score"], before.get("table")) == (0.75, None)
    run.finish()
    until(lambda: catalog.facets(Query())["embeddings"] == 1)
    [after] = catalog.clips(Query.of("key=val/predictions"))["rows"]
    assert (after["id"], after["table"], after["column"]) == (before["id"], "val/predictions", "audio")
    assert after["metrics"] == {**before["metrics"], "label_score": 0.75}


def test_a_run_that_cannot_be_read_is_a_problem_of_its_own(
    open_catalog: Open, new_run: NewRun, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = new_run("bad", {"step": 0}), new_run("good", {"step": 1}, date="20261121_000000")
    begin = FollowedRun.begin

    def fail(run: FollowedRun, known: Any) -> None:
        if "bad" in run.folder.name:
            raise ValueError("a bug")
        begin(run, known)

    monkeypatch.setattr(FollowedRun, "begin", fail)
    catalog = open_catalog()
    assert steps(catalog) == [1]
    told = catalog.runs()[0]
    assert (told["indexed"], told["problems"]) == (True, ["could not be read to its end: ValueError: a bug"])
    monkeypatch.setattr(FollowedRun, "begin", begin)
    bad.tell({"step": 2})
    good.tell({"step": 3})
    until(lambda: steps(catalog) == [0, 2, 1, 3])


def test_an_error_that_is_nobodys_costs_a_moment(
    open_catalog: Open, new_run: NewRun, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer, "RETRY", 0.0)
    run = new_run("abc", {"step": 0})
    catalog = open_catalog()
    put = Index.put
    failures: list[None] = []

    def fail_once(index: Index, *told: Any) -> bool:
        if not failures:
            failures.append(None)
            raise RuntimeError("a bug")
        return put(index, *told)

    monkeypatch.setattr(Index, "put", fail_once)
    run.tell({"step": 1})
    until(lambda: steps(catalog) == [0, 1])
    run.tell({"step": 2})
    until(lambda: steps(catalog) == [0, 1, 2])
    assert failures


def test_a_callback_that_fails_is_its_own_affair(open_catalog: Open, new_run: NewRun, until: Until) -> None:
    run = new_run("abc", {"step": 0})
    catalog = open_catalog()
    called = threading.Event()

    def fail(version: int) -> None:
        called.set()
        raise RuntimeError("no")

    unsubscribe = catalog.subscribe(fail)
    run.tell({"step": 1})
    until(lambda: steps(catalog) == [0, 1])
    assert called.wait(60)
    unsubscribe()
    unsubscribe()
    called.clear()
    run.tell({"step": 2})
    until(lambda: steps(catalog) == [0, 1, 2])
    assert not called.is_set()


HOSTILE: list[dict[str, Any]] = [
    {"key": "\"'`</script><img src=x onerror=alert(1)>", "caption": "\u202eright to left"},
    {"key": "nul\0key", "label": "a\0b", "caption": "c\0d", "clip_id": "\0"},
    {"key": "k" * 10_000, "caption": "c" * 100_000, "label": "l" * 10_000},
    {"key": "", "label": "", "caption": "", "clip_id": ""},
    {"key": "val", "step": 2.5, "index": 10**30},
    {"key": "val", "step": 10**30, "size": 10**300, "frames": -1, "metrics": {"a": 10**30, "": 1, "x.y": {"z": 2}}},
    {"key": "val", "scores": {"a": "no", "b": None}, "label": {"deep": [1, {"er": None}]}, "prediction": True},
    {"key": "val", "sample_rate": 0, "channels": 0, "duration": -1.0, "peak": 1e308, "time": -1e308},
    {"key": "val", "path": "../" * 100 + "etc/passwd"},
    {"key": "val", "path": "\0"},
    {"key": "val", "metrics": {f"m{n}": n for n in range(1000)}},
    {"key": "__proto__", "metrics": {"__proto__": 1, "constructor": 2, "a:b:c": 3}},
]


def test_hostile_lines_are_listed_found_and_said_in_strict_json(open_catalog: Open, new_run: NewRun) -> None:
    run = new_run("abc", *HOSTILE)
    run.write(b'{"key": "a\\ud800", "caption": "\\udfff", "label": "\\ud800", "step": 1}\n')
    run.write(b'{"key": "nan", "step": NaN, "peak": Infinity, "metrics": {"loss": NaN, "ok": 1}}\n')
    run.write(b'{"key": "big", "step": 1' + b"0" * 400 + b"}\n")
    run.write(b"\xff\xfe\n" + b"[" * 100_000 + b"\n")
    catalog = open_catalog()
    page = catalog.clips(Query(), limit=500)
    assert page["total"] == len(HOSTILE) + 3
    told = json.loads(
        json.dumps([page, catalog.facets(Query()), catalog.runs()], allow_nan=False, ensure_ascii=False).encode()
    )
    for row in told[0]["rows"]:
        json.dumps([catalog.clip(row["id"]), catalog.related(row["id"])], allow_nan=False, ensure_ascii=False).encode()
        found = catalog.clips(Query(key=(row["key"],)), limit=500)["rows"]
        assert row["id"] in [other["id"] for other in found]
        if "label" in row:
            assert row["id"] in [other["id"] for other in catalog.clips(Query(label=(row["label"],)))["rows"]]
            words = Query(q=row["label"][:1000])
            assert row["id"] in [other["id"] for other in catalog.clips(words)["rows"]]
    for item in told[1]["metrics"]:
        name = f"metric.{item['name']}"
        ordered = catalog.clips(Query.from_pairs([("sort", name), ("where", f"{name}:le:{item['max']}")]))
        assert ordered["total"] == item["count"]
    [nan] = catalog.clips(Query.of("key=nan"))["rows"]
    assert "step" not in nan
    assert nan["metrics"] == {"ok": 1}


def test_a_folder_that_may_not_be_read_is_a_problem_at_most(
    open_catalog: Open, new_run: NewRun, tmp_path: Path, until: Until
) -> None:
    closed, run = new_run("closed", {"step": 0}), new_run("open", {"step": 1}, date="20261121_000000")
    (tmp_path / "wandb" / "closed-folder").mkdir(mode=0)
    closed.folder.chmod(0)
    try:
        catalog = open_catalog()
        if os.geteuid():  # root may read everything
            assert steps(catalog) == [1]
        run.tell({"step": 2})
        until(lambda: 2 in steps(catalog))
    finally:
        closed.folder.chmod(0o755)


def test_closing_in_the_middle_of_it_all_is_quick_and_clean(open_catalog: Open, new_run: NewRun) -> None:
    new_run("abc", *({"step": step} for step in range(20_000)))
    catalog = open_catalog(wait=False)
    catalog.close()
    again = open_catalog()
    assert again.clips(Query(), limit=0)["total"] == 20_000
    assert steps(again)[:3] == [0, 1, 2]


def test_a_run_that_is_quiet_for_long_is_let_go_and_read_anew(
    open_catalog: Open, new_run: NewRun, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer, "PATIENCE", 0.0)
    reading = Reading(monkeypatch)
    run = new_run("abc", {"step": 0})
    catalog = open_catalog()
    [followed] = catalog._indexer.index.runs
    until(lambda: not followed.is_followed)
    run.tell({"step": 1})
    until(lambda: steps(catalog) == [0, 1])
    assert len(reading.folders) == 2
