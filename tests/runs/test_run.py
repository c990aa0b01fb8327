"""A real run, logged offline by the installed wandb."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from audio_logging.runs import Run, StoredClip, open_run


@pytest.fixture(scope="module")
def run(real_run: Path) -> Run:
    return open_run(real_run)


def test_what_a_run_is_called_is_read(run: Run, real_run: Path) -> None:
    assert (run.name, run.project, run.group, run.job_type) == ("nice name", "bells", "fold-1", "train")
    assert (run.notes, run.tags, run.entity) == ("why", ("a", "b"), None)
    assert real_run.name.endswith(run.id)
    assert run.host
    assert abs((run.started or 0) - real_run.stat().st_mtime) < 60
    assert repr(run) == f"Run('nice name', finished, '{real_run}')"


def test_the_state_is_read(run: Run) -> None:
    assert (run.finished, run.exit_code, run.offline) == (True, 0, True)


def test_the_config_is_read_late_changes_too(run: Run) -> None:
    assert run.config == {"lr": 0.1, "net": {"depth": 3, "sizes": [1, 2]}, "late": 7}


def test_the_summary_is_read_changes_and_removals_too(run: Run) -> None:
    summary = run.summary
    assert summary["best"] == 3
    assert summary["nested"] == {"q": {"r": 1, "s": 4}}
    assert summary["a"]["b"] == {"c": 2}
    assert summary["loss"] == 1.5
    assert "gone" not in summary
    assert "_wandb" not in summary


def test_changing_what_was_returned_changes_nothing(run: Run) -> None:
    run.config.clear()
    run.summary.clear()
    assert run.config["lr"] == 0.1
    assert run.summary["best"] == 3


def test_rows_are_read(run: Run) -> None:
    rows = run.history()
    assert [row["_step"] for row in rows] == [0, 1, 2, 10, 11, 12]
    first = rows[0]
    assert (first["loss"], first["big"], first["text"], first["list"]) == (1.5, 2**60, "hällo", [1, 2])
    assert first["a"]["b"] == {"c": 2}
    assert math.isnan(first["nan"])
    assert first["inf"] == math.inf
    assert rows[1]["audio/step"] == 50


def test_media_in_rows_are_resolved_to_files(run: Run) -> None:
    rows = run.history()
    clip = rows[0]["a"]["clip"]
    assert Path(clip["file"]).read_bytes()[:4] == b"RIFF"
    assert Path(clip["file"]) == run.folder / "files" / clip["path"]
    assert [Path(clip["file"]).is_file() for clip in rows[2]["pair"]["audio"]] == [True, True]


def test_rows_can_be_had_as_they_were_logged(run: Run) -> None:
    assert run.history(resolve=False)[0]["a"]["clip"].keys() == {"_type", "path", "sha256", "size"}


def by_key(run: Run, key: str) -> list[StoredClip]:
    return [clip for clip in run.clips() if clip.key == key]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a.clip", [(0, 0, None, 1)]),
        ("audio/clip", [(50, 0, "hi", 2)]),
        ("pair", [(2, 0, "x", 1), (2, 1, None, 1)]),
        ("val/table", [(10, 0, "c5", 1), (10, 1, None, 1)]),
        ("growing", [(11, 0, None, 1), (12, 1, None, 1)]),
        ("favourite", [(None, 0, None, 1)]),
    ],
)
def test_plain_clips_are_read_alone_in_lists_and_in_tables(run: Run, key: str, expected: list[tuple[Any, ...]]) -> None:
    clips = by_key(run, key)
    assert [(clip.step, clip.index, clip.caption, clip.channels) for clip in clips] == expected
    for clip in clips:
        assert (clip.sample_rate, clip.frames, clip.duration, clip.format) == (16000, 1600, 0.1, "wav")
        assert clip.path is not None
        assert clip.size == clip.path.stat().st_size
        assert clip.source == "record"
        assert len(clip.sha256 or "") == 64
        with clip.open() as file:
            assert file.read(4) == b"RIFF"


def test_every_clip_is_there_once(run: Run) -> None:
    places = [(clip.key, clip.step, clip.index, clip.column) for clip in run.clips()]
    assert len(places) == len(set(places)) == 9


def test_labels_stand_beside_clips_in_tables(run: Run) -> None:
    clips = by_key(run, "val/table")
    assert [(clip.table, clip.column, clip.label) for clip in clips] == [
        ("val/table", "audio", "dog"),
        ("val/table", "audio", "cat"),
    ]


def test_without_headers_nothing_is_opened_for_them(run: Run) -> None:
    single, pair = (next(c for c in run.clips(headers=False) if c.key == key) for key in ("a.clip", "pair"))
    assert (single.sample_rate, single.frames, single.channels) == (None, None, None)
    assert (pair.sample_rate, pair.duration, pair.channels) == (16000, 0.1, None)


def test_a_whole_run_has_no_problems(run: Run) -> None:
    run.clips(), run.history(), run.tables(), run.artifacts()
    assert run.problems == []


def test_a_finished_run_has_nothing_to_follow(run: Run) -> None:
    assert list(run.follow()) == []
    assert list(run.follow_clips()) == []


def test_neither_wandb_nor_protobuf_nor_soundfile_is_imported(real_run: Path) -> None:
    script = """
import sys
from audio_logging.runs import open_run
run = open_run(sys.argv[1])
run.clips(), run.history(), run.tables(), run.artifacts()
print([name for name in sys.modules if name.split(".")[0] in ("wandb", "google", "soundfile")])
"""
    result = subprocess.run(
        [sys.executable, "-c", script, real_run], capture_output=True, text=True, env=dict(os.environ)
    )
    assert result.stdout == "[]\n", result.stderr


KILLED = """
run = wandb.init(project="bells", name="doomed", settings=settings)
os.makedirs(run.dir + "/audio_logging")
sidecar = open(run.dir + "/audio_logging/index.jsonl", "w")
for step in range(3):
    run.log({"clip": tone(step), "loss": 0.5})
    [name] = [name for name in os.listdir(run.dir + "/media/audio") if name.startswith(f"clip_{step}_")]
    sidecar.write('{"key": "clip", "step": %d, "index": 0, "path": "media/audio/%s", "label": "dog"}\\n' % (step, name))
    sidecar.flush()
sidecar.write('{"key": "clip", "st')
sidecar.flush()
run.log({"late": tone(9)})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_keeps_the_clips_of_its_sidecar_and_its_media_folder(tmp_path: Path, write_run: Any) -> None:
    folder = write_run(tmp_path, KILLED)
    run = open_run(folder)
    assert (run.finished, run.exit_code, run.history(), run.config) == (False, None, [], {})
    assert folder.name.endswith(run.id)
    clips = run.clips()
    assert [(clip.key, clip.step, clip.label, clip.source) for clip in clips] == [
        ("clip", 0, "dog", "sidecar"),
        ("clip", 1, "dog", "sidecar"),
        ("clip", 2, "dog", "sidecar"),
        ("late", 3, None, "media"),
    ]
    assert [(clip.sample_rate, clip.frames, clip.channels) for clip in clips] == [(16000, 1600, 1)] * 4
    assert run.problems[0].startswith(f"run-{run.id}.wandb: 7 bytes and no record")
    assert "audio_logging/index.jsonl, line 4: torn: not whole; left out" in run.problems


def test_a_failed_run_has_its_exit_code(tmp_path: Path, write_run: Any) -> None:
    run = open_run(
        write_run(tmp_path, "run = wandb.init(settings=settings)\nrun.finish(exit_code=3)\nwandb.teardown()")
    )
    assert (run.finished, run.exit_code) == (True, 3)
    assert (run.name, run.group) == (run.id, None)


def test_waiting_reads_a_run_that_is_just_being_finished(tmp_path: Path, start_run: Any) -> None:
    process = start_run(
        tmp_path,
        "run = wandb.init(settings=settings)\nrun.log({'x': 1})\nprint('logged', flush=True)\ntime.sleep(0.3)\n"
        "run.finish()\nwandb.teardown()",
    )
    process.stdout.readline()
    [folder] = (tmp_path / "wandb").glob("offline-run-*")
    try:
        assert not open_run(folder).finished
        run = open_run(folder, wait=20)
        assert (run.finished, [row["x"] for row in run.history()]) == (True, [1])
    finally:
        process.communicate(timeout=20)
