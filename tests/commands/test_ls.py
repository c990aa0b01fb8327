from __future__ import annotations

import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from audio_logging.errors import NotFoundError
from tests.commands.conftest import Command

pb: Any = import_module("wandb.proto.wandb_internal_pb2")

Records = Callable[..., list[dict[str, Any]]]


def test_runs_are_listed_with_what_they_hold(records: Records, trained: Path) -> None:
    [run] = records("ls", trained)
    assert run["run"].startswith("offline-run-")
    assert (run["name"], run["group"], run["project"], run["state"]) == ("trained", "fold", "birds", "finished")
    assert {"val/clip", "val/same", "plain", "val/samples"} <= set(run["keys"])
    assert (run["seconds"], run["last_step"]) == (pytest.approx(run["clips"] * 0.1, abs=0.01), 2)
    assert run["size"] > 10_000
    assert "started" in run


def test_runs_are_a_table_for_people(command: Command, trained: Path) -> None:
    title, head, row, *_ = command("ls", trained)
    assert title.startswith("group fold: 1 run, ")
    assert head.split()[:4] == ["run", "name", "project", "started"]
    assert "trained" in row
    assert " kB" in row or " MB" in row


def group_of(make_run: Any, frame: Any, number: int, group: str, *lines: dict[str, Any]) -> None:
    run = pb.Record(run=pb.RunRecord(run_id=f"r{number}", run_group=group, display_name=f"rank {number}"))
    sidecar = "".join(json.dumps(line) + "\n" for line in lines).encode()
    make_run(frame([run.SerializeToString()]), sidecar, name=f"offline-run-20261120_08353{number}-r{number}")


@pytest.fixture
def grouped(make_run: Any, frame: Any, tmp_path: Path) -> Path:
    """Runs of two groups and of none, in turns."""
    for number, group in enumerate(["fold-1", "", "fold-2", "fold-1", ""]):
        group_of(make_run, frame, number, group, {"key": "val/a", "step": number, "duration": 1.5, "peak": 0.5})
    return tmp_path


def test_runs_of_one_group_are_listed_together(command: Command, records: Records, grouped: Path) -> None:
    assert [run["name"] for run in records("ls", grouped)] == ["rank 1", "rank 4", "rank 0", "rank 3", "rank 2"]
    titles = [line for line in command("ls", grouped) if " of audio" in line]
    assert titles == [
        "2 runs, 2 clips, 3 s of audio",
        "group fold-1: 2 runs, 2 clips, 3 s of audio",
        "group fold-2: 1 run, 1 clip, 1.5 s of audio",
    ]


def test_keys_of_a_group_are_listed_together(records: Records, grouped: Path) -> None:
    [key] = records("ls", grouped, "--group", "fold-1")
    assert (key["key"], key["clips"], key["steps"], key["first_step"], key["last_step"]) == ("val/a", 2, 2, 0, 3)
    clips = records("ls", grouped, "val/a", "--group", "fold-1")
    assert [(clip["run"][-2:], clip["step"]) for clip in clips] == [("r0", 0), ("r3", 3)]


def test_a_group_that_is_not_there_is_said_together_with_those_that_are(command: Command, grouped: Path) -> None:
    with pytest.raises(NotFoundError, match=r"there is no group 'fold'; there are 'fold-1', 'fold-2'"):
        command("ls", grouped, "--group", "fold")


def test_keys_of_a_run_are_listed_with_their_steps(records: Records, command: Command, trained: Path) -> None:
    [folder] = trained.glob("offline-run-*")
    keys = {key["key"]: key for key in records("ls", folder)}
    clip = keys["val/clip"]
    assert (clip["clips"], clip["steps"], clip["first_step"], clip["last_step"]) == (3, 3, 0, 2)
    assert (clip["sample_rate"], clip["channels"], clip["formats"]) == ([16000], [1], ["flac"])
    assert (clip["seconds"], clip["peak"]) == (0.3, 1.0)
    assert command("ls", folder)[0].startswith(f"trained ({folder.name}): ")


def test_clips_of_a_key_are_listed_with_level_length_and_caption(records: Records, trained: Path) -> None:
    [folder] = trained.glob("offline-run-*")
    clips = records("ls", folder, "val/clip")
    assert [(clip["step"], clip["caption"], clip["seconds"], clip["level_db"]) for clip in clips] == [
        (0, "c0", 0.1, 0.0), (1, "c1", 0.1, 0.0), (2, "c2", 0.1, 0.0)
    ]  # fmt: skip
    assert Path(clips[0]["file"]).is_file()
    assert [clip["step"] for clip in records("ls", folder, "val/clip", "--step", "1")] == [1]
    assert {clip["key"] for clip in records("ls", folder, "val/*")} >= {"val/clip", "val/same", "val/samples"}


def test_the_level_of_a_clip_that_wandb_logged_is_measured(records: Records, trained: Path) -> None:
    [folder] = trained.glob("offline-run-*")
    [clip] = records("ls", folder, "plain")
    assert (clip["peak"], clip["level_db"], clip["caption"]) == (pytest.approx(1.0, abs=1e-3), 0.0, "plain")


def test_silence_and_what_cannot_be_read_have_no_level(
    records: Records, command: Command, make_run: Any, wav: Any
) -> None:
    lines = [{"key": "a", "path": "media/audio/zero.wav"}, {"key": "a", "path": "media/audio/bad.wav"}, {"key": "a"}]
    folder = make_run(
        sidecar="".join(json.dumps(line) + "\n" for line in lines).encode(),
        media={"media/audio/zero.wav": wav(), "media/audio/bad.wav": b"RIFF"},
    )
    silent, bad, missing = records("ls", folder, "a")
    assert (silent["peak"], "level_db" in silent) == (0.0, False)
    assert "peak" not in bad
    assert "file" not in missing
    assert "-inf" in command("ls", folder, "a")[2]


def test_paths_are_short_where_that_is_possible(
    records: Records, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained.parent)
    [run] = records("ls")
    [clip] = records("ls", f"wandb/{run['run']}", "plain")
    assert clip["file"].startswith(f"wandb/{run['run']}/files/media/audio/plain_")


def test_what_is_not_there_is_said_together_with_what_is(command: Command, trained: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no clip under 'val'; there are 'val/clip', 'val/same'"):
        command("ls", trained, "val")
    with pytest.raises(NotFoundError, match="'val/clip' has no step 7; it has '0', '1', '2'"):
        command("ls", trained, "val/clip", "--step", "7")
    with pytest.raises(NotFoundError, match="there is no folder 'nowhere'"):
        command("ls", "nowhere")
    with pytest.raises(NotFoundError, match="there is no run in"):
        command("ls", tmp_path)


def test_captions_cannot_write_to_the_terminal(command: Command, make_run: Any) -> None:
    lines = [{"key": "a", "caption": "\x1b[31mred\nline\u202e" + "x" * 10_000_000}]
    folder = make_run(sidecar=json.dumps(lines[0]).encode() + b"\n")
    begin = time.monotonic()
    _, _, row = command("ls", folder, "a")
    assert time.monotonic() - begin < 2
    assert "\x1b" not in row
    assert "[31mred line " in row
    assert len(row) < 200


def test_problems_are_named(command: Command, make_run: Any) -> None:
    folder = make_run(b":W&B\xe1\xbe\x00", b"garbage\n")
    assert any("index.jsonl, line 1: not JSON" in line for line in command("ls", folder))


def test_listing_imports_neither_wandb_nor_soundfile_for_our_own_clips(trained: Path) -> None:
    [folder] = trained.glob("offline-run-*")
    script = (
        "import sys\nfrom audio_logging.listing import clip_lines, find_runs, key_lines, run_lines\n"
        "runs, _ = find_runs(sys.argv[1])\nlist(run_lines(runs)), list(key_lines(runs))\n"
        "list(clip_lines(runs, 'val/clip'))\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('wandb', 'soundfile')])"
    )
    done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_many_clips_are_listed_in_little_memory(command: Command, make_run: Any) -> None:
    line = {"key": "a", "path": "x.flac", "peak": 0.5, "sample_rate": 8000, "frames": 80, "channels": 1}
    lines = [json.dumps({**line, "step": step}) for step in range(5_000)]
    folder = make_run(sidecar="\n".join(lines).encode() + b"\n", media={"x.flac": b""})
    tracemalloc.start()
    assert len(command("ls", folder, "a")) == 5_002
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
