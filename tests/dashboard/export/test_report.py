"""What a report holds is what lies on the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from audio_logging.dashboard.catalog.queries import Query
from audio_logging.dashboard.export.exporting import export
from tests.dashboard.conftest import RunFolder
from tests.dashboard.export.conftest import PutClip, read_report, sound


def test_a_wrong_hash_gives_no_clip_the_sound_of_another(
    new_run: Callable[..., RunFolder], put_clip: PutClip, tmp_path: Path
) -> None:
    sounds = {run_id: sound(seed) for seed, run_id in enumerate(("good", "bad"))}
    for run_id, content in sounds.items():
        run = new_run(run_id)
        put_clip(run, content, key=run_id, sha256="ab" * 32)
        run.age()
    export([tmp_path / "wandb"], tmp_path / "report.html", Query())
    read = read_report(tmp_path / "report.html")
    entries = read.data["media"]
    told = {row["key"]: read.media[entries[row["media"]]["element"]] for row in read.rows}
    assert told == sounds


def test_equal_clips_are_in_it_once_and_counted_once(
    new_run: Callable[..., RunFolder], put_clip: PutClip, tmp_path: Path
) -> None:
    run = new_run("abc")
    content = sound(0, 2.0)
    for step in range(20):
        told = put_clip(run, content, key="reference", step=step)
        (run.folder / "files" / told["path"]).rename(run.folder / "files" / f"media/audio/{step}.wav")
    lines = run.sidecar.read_text().replace(told["path"], "media/audio/%d.wav")
    run.sidecar.write_text("".join(line % step for step, line in enumerate(lines.splitlines(keepends=True))))
    run.age()
    export([tmp_path / "wandb"], tmp_path / "report.html", Query(), max_bytes=600_000)
    read = read_report(tmp_path / "report.html")
    assert list(read.media.values()) == [content]
    assert {read.data["media"][row["media"]]["element"] for row in read.rows} == {"m0"}
