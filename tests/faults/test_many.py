"""Many clips, long lists, several processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import wandb

from audio_logging.logger.audio_logger import AudioLogger
from audio_logging.runs import open_run

pytestmark = pytest.mark.usefixtures("wandb_offline")

MANY = """
import sys, time
import numpy as np, wandb
import audio_logging as al

def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20

run = wandb.init(project="many")
logger = al.AudioLogger(run, max_bytes=2**22)
rng = np.random.default_rng(0)
for number in range(400):
    logger.log("clips", [rng.integers(-99, 99, 160, dtype=np.int16) for _ in range(25)], sample_rate=16000, step=number)
    if number == 39:
        logger.flush()
        before = memory()
logger.flush()
print(memory() - before, logger.counts, run.dir, sep="\\n", flush=True)
import os; os._exit(0)  # the end is not what is measured
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells memory by /proc")
def test_ten_thousand_clips_need_no_more_memory_than_a_thousand() -> None:
    done = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True, timeout=120, check=True)
    grown, counts, folder = done.stdout.splitlines()
    assert counts == "{}"
    lines = (Path(folder) / "audio_logging/index.jsonl").read_text().splitlines()
    assert [(line["step"], line["index"]) for line in map(json.loads, lines)] == list(np.ndindex(400, 25))
    assert sum(1 for _ in (Path(folder) / "media/audio").iterdir()) == 10_000
    assert float(grown) < 40  # [MiB] all rows wait here, and each file is remembered: about 1.3 KB a clip


BURST = """
import numpy as np, wandb
import audio_logging as al

def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20

run = wandb.init(project="burst")
logger = al.AudioLogger(run, max_bytes=2**23, format="wav")
clip = np.random.default_rng(0).uniform(-1, 1, 2**18).astype(np.float32)  # 1 MiB
logger.log("clip", clip, sample_rate=16000)
logger.flush()
before, most = memory(), 0
for number in range(150):
    logger.log("clip", clip * (1 - number / 1000), sample_rate=16000)
    most = max(most, memory())
logger.flush()
print(most - before, flush=True)
import os; os._exit(0)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells memory by /proc")
def test_a_burst_holds_no_more_than_the_queue_allows() -> None:
    done = subprocess.run([sys.executable, "-c", BURST], capture_output=True, text=True, timeout=120, check=True)
    assert float(done.stdout) < 8 + 32  # [MiB] the queue, and what is being encoded; all clips together are 150


def test_a_long_list_is_one_row_with_every_clip() -> None:
    run = wandb.init(project="list")
    clips = [np.full(80, number, np.int16) for number in range(600)]
    with AudioLogger(run) as logger:
        logger.log("clips", clips, sample_rate=8000, caption=[f"{number}" for number in range(600)])
    run.finish()
    done = open_run(Path(run.dir).parent, wait=10)
    (row,) = (row["clips"] for row in done.history(resolve=False) if "clips" in row)
    assert (row["count"], len(row["audio"]), len(row["captions"])) == (600, 600, 600)
    for number in (0, 300, 599):
        samples, _ = soundfile.read(Path(run.dir) / row["audio"][number]["path"], dtype="int16")
        assert set(samples.tolist()) == {number}
        assert row["captions"][number] == str(number)


TWO = """
import sys, time
import numpy as np, wandb
import audio_logging as al
number = int(sys.argv[1])
run = wandb.init(project="two", id=f"run{number}")
with al.AudioLogger(run) as logger:
    for step in range(50):
        logger.log("clip", np.full(80, 1000 * number + step, np.int16), sample_rate=8000, caption=f"{number}")
        run.log({"loss": step})
run.finish()
print(run.dir)
"""


def test_two_processes_with_two_runs_in_one_folder_do_not_mix() -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", TWO, str(number)], stdout=subprocess.PIPE, text=True)
        for number in (1, 2)
    ]
    folders = [Path(process.communicate(timeout=60)[0].strip()) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert folders[0].parent != folders[1].parent
    assert folders[0].parent.parent == folders[1].parent.parent
    for number, folder in enumerate(folders, start=1):
        run = open_run(folder.parent, wait=10)
        rows = [row for row in run.history() if "clip" in row]
        assert [row["audio/step"] for row in rows] == list(range(50))
        assert [row["loss"] for row in run.history() if "loss" in row] == list(range(50))
        for row in rows:
            samples, _ = soundfile.read(row["clip"]["file"], dtype="int16")
            assert set(samples.tolist()) == {1000 * number + row["audio/step"]}
        assert {line["caption"] for line in map(json.loads, open_sidecar(folder))} == {str(number)}


def open_sidecar(folder: Path) -> list[str]:
    return (folder / "audio_logging/index.jsonl").read_text().splitlines()


def test_flushing_often_is_cheap() -> None:
    run = wandb.init(project="flush")
    logger = AudioLogger(run)
    logger.log("a", np.zeros(80), sample_rate=8000)
    logger.flush()
    started = time.monotonic()
    for _ in range(100):
        logger.flush()
    assert time.monotonic() - started < 1
