"""Disks that are full, read-only or gone: training goes on, nothing half is left, and what failed is counted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import wandb

from audio_logging.errors import AudioLoggingWarning
from audio_logging.logger.audio_logger import AudioLogger
from audio_logging.runs import Run, open_run

pytestmark = pytest.mark.usefixtures("wandb_offline")


@pytest.fixture
def run() -> wandb.Run:
    return wandb.init(project="disk", settings=wandb.Settings(x_save_requirements=False))


@pytest.fixture
def small_disk(run: wandb.Run) -> Iterator[Callable[[str], None]]:
    """Put a disk of its own under the run's media; ``small_disk(options)`` mounts it."""
    folder = Path(run.dir) / "media"
    mounted: list[Path] = []

    def mount(options: str) -> None:
        folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting a small disk is not allowed here")
        mounted.append(folder)

    yield mount
    for path in mounted:
        subprocess.run(["umount", str(path)], check=True)


def read(run: wandb.Run) -> Run:
    run.finish()
    return open_run(Path(run.dir).parent, wait=10)


def noise(seconds: float, seed: int) -> npt.NDArray[np.int16]:
    """A clip that no codec makes smaller."""
    return np.random.default_rng(seed).integers(-(2**15), 2**15, int(16_000 * seconds), dtype=np.int16)


def lines_of(folder: Path) -> list[dict[str, Any]]:
    path = folder / "audio_logging" / "index.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def assert_whole(folder: Path) -> None:
    """Every file in the media folder is whole, has a line, and nothing unfinished lies about."""
    stored = [path for path in (folder / "media").rglob("*") if path.is_file()]
    for path in stored:
        assert soundfile.SoundFile(path).read(dtype="int16").size, path
    assert {path.relative_to(folder).as_posix() for path in stored} == {line["path"] for line in lines_of(folder)}


def test_on_a_full_disk_training_goes_on_and_small_clips_still_fit(
    run: wandb.Run, small_disk: Callable[[str], None]
) -> None:
    small_disk("size=100k")
    with pytest.warns(AudioLoggingWarning, match=r"No space left on device.* Free space on the disk") as caught:
        logger = AudioLogger(run)
        for step in range(6):
            logger.log("small", noise(0.25, step), sample_rate=16_000, step=step)
            logger.log("large", noise(10, step), sample_rate=16_000, step=step)
            run.log({"loss": step})
            logger.flush()
    assert len(caught) == 1
    done = read(run)
    assert logger.counts == {"errors": 6, "errors/OSError": 6}
    assert done.summary["audio_logging/errors"] == 6
    assert [row["loss"] for row in done.history() if "loss" in row] == list(range(6))
    assert [row["audio/step"] for row in done.history() if "small" in row] == list(range(6))
    assert not [row for row in done.history() if "large" in row]
    assert_whole(Path(run.dir))


def test_a_read_only_folder_is_said_with_advice(run: wandb.Run, small_disk: Callable[[str], None]) -> None:
    small_disk("size=100k,ro")
    with pytest.warns(AudioLoggingWarning, match="Read-only file system.* set WANDB_DIR to another one"):
        logger = AudioLogger(run)
        for step in range(3):
            logger.log("a", noise(0.1, step), sample_rate=16_000)
            run.log({"loss": step})
        logger.close()
    done = read(run)
    assert logger.errors == 3
    assert [row["loss"] for row in done.history()] == [0, 1, 2]
    assert done.clips() == []


@contextmanager
def without_permission(folder: Path) -> Iterator[None]:
    """Take the permission to write away, for root too, whom permissions do not bind."""
    is_root = os.geteuid() == 0
    folder.chmod(0o500)
    if is_root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="no permissions of this kind here")
def test_a_folder_without_permission_is_said_with_advice(run: wandb.Run) -> None:
    (Path(run.dir) / "media").mkdir()
    logger = AudioLogger(run)
    with (
        pytest.warns(AudioLoggingWarning, match="Permission denied.* mend its permissions"),
        without_permission(Path(run.dir) / "media"),
    ):
        for step in range(2):
            logger.log("a", noise(0.1, step), sample_rate=16_000)
        logger.flush()
    assert logger.errors == 2
    logger.log("a", noise(0.1, 2), sample_rate=16_000)
    logger.close()
    assert len(lines_of(Path(run.dir))) == 1


def test_something_else_in_the_folders_place_is_an_error_and_stays(run: wandb.Run) -> None:
    (Path(run.dir) / "media").write_text("the user's own")
    with pytest.warns(AudioLoggingWarning, match="a clip was not logged"):
        logger = AudioLogger(run)
        logger.log("a", noise(0.1, 0), sample_rate=16_000)
        logger.close()
    assert logger.errors == 1
    assert (Path(run.dir) / "media").read_text() == "the user's own"


def test_a_folder_removed_under_the_logger_leaves_training_running(run: wandb.Run) -> None:
    with pytest.warns(AudioLoggingWarning, match=r"the run's folder is gone.* Training goes on") as caught:
        logger = AudioLogger(run)
        logger.log("a", noise(0.1, 0), sample_rate=16_000)
        logger.flush()
        shutil.rmtree(run.dir)
        for step in range(1, 5):
            logger.log("a", noise(0.1, step), sample_rate=16_000)
            run.log({"loss": step})
        logger.close()
    assert len(caught) == 1
    assert (logger.errors, Path(run.dir).exists()) == (4, False)
    done = read(run)
    assert [row["loss"] for row in done.history() if "loss" in row] == [1, 2, 3, 4]
    assert done.summary["audio_logging/errors"] == 4


def test_only_the_media_removed_is_made_again(run: wandb.Run) -> None:
    logger = AudioLogger(run)
    logger.log("a", noise(0.1, 0), sample_rate=16_000)
    logger.flush()
    shutil.rmtree(Path(run.dir) / "media")
    shutil.rmtree(Path(run.dir) / "audio_logging")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        logger.log("a", noise(0.1, 0), sample_rate=16_000)
        logger.close()
    assert_whole(Path(run.dir))
    assert [line["step"] for line in lines_of(Path(run.dir))] == [1]


LIMITED = """
import resource
import numpy as np, wandb
import audio_logging as al
run = wandb.init(project="limited")
print(run.dir, flush=True)
logger = al.AudioLogger(run)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
for step in range(8):
    rng = np.random.default_rng(step)
    clips = [rng.integers(-2**15, 2**15, frames, dtype=np.int16) for frames in (100, 160_000, 200)]
    logger.log("clips", clips, sample_rate=16000, caption=["first", "x" * 6000, "third"], step=step)
    run.log({"loss": step})
logger.flush()
audio = al.Audio(np.random.default_rng(0).uniform(-1, 1, 160_000), 16000)
try:
    run.log({"audio": audio})
except OSError as error:
    print("refused:", error, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
run.log({"audio": audio})
run.finish()
print(logger.counts, flush=True)
"""


def test_files_that_the_system_cuts_short_never_get_their_name() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, timeout=60, check=True)
    folder = Path(done.stdout.splitlines()[0])
    assert "refused: [Errno 27] File too large" in done.stdout
    assert done.stderr.count("a clip was not logged") == 1
    assert "The system limits file sizes (ulimit -f)" in done.stderr
    assert "{'errors': 8, 'errors/OSError': 8}" in done.stdout
    audio = [path for path in (folder / "media/audio").iterdir() if path.name.startswith("audio_")]
    assert [soundfile.info(path).frames for path in audio] == [160_000]
    audio[0].unlink()
    assert_whole(folder)
    lines = lines_of(folder)
    assert [(line["step"], line["index"], line["caption"]) for line in lines] == [
        (step, index, caption) for step in range(8) for index, caption in enumerate(("first", "third"))
    ]
    run = open_run(folder.parent, wait=10)
    assert [row["loss"] for row in run.history() if "loss" in row] == list(range(8))
    assert [row["clips"]["count"] for row in run.history() if "clips" in row] == [2] * 8


SIDECAR = """
import resource
import numpy as np, wandb
import audio_logging as al
run = wandb.init(project="limited")
print(run.dir, flush=True)
logger = al.AudioLogger(run)
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, resource.RLIM_INFINITY))
for step in range(40):
    logger.log("clip", np.full(160, step, np.int16), sample_rate=16000, step=step)
logger.flush()
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
logger.log("clip", np.full(160, 99, np.int16), sample_rate=16000, step=99)
run.finish()
print(logger.counts["errors"], flush=True)
"""


def test_a_sidecar_that_cannot_grow_holds_whole_lines_only() -> None:
    done = subprocess.run([sys.executable, "-c", SIDECAR], capture_output=True, text=True, timeout=60, check=True)
    folder, errors = Path(done.stdout.splitlines()[0]), int(done.stdout.splitlines()[1])
    steps = [line["step"] for line in lines_of(folder)]
    assert steps == [*range(40 - errors), 99]
    rows = open_run(folder.parent, wait=10).history()
    assert [row["audio/step"] for row in rows if "clip" in row] == steps
    assert all(soundfile.info(path).frames == 160 for path in (folder / "media/audio").iterdir())
