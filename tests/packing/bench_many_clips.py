"""Times and memory for a run of 100,000 clips: ``python -m tests.packing.bench_many_clips [CLIPS]``.

Each step runs in a process of its own, so that its memory can be told.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from audio_logging.clip import AudioClip
from audio_logging.encoding import encode
from tests.runs.conftest import _frame, pb

RUN = "offline-run-20261120_083536-abc123"

STEPS = {
    "open_run().clips()": "al.open_run({run!r}).clips()",
    "open_run().clips() without the sidecar": "al.open_run({bare!r}).clips()",
    "ls FOLDER": "list(run_lines(find_runs({root!r})[0]))",
    "ls RUN": "list(key_lines(find_runs({run!r})[0]))",
    "ls RUN KEY": "sum(1 for line in clip_lines(find_runs({run!r})[0], 'val/clip'))",
    "pack": "pack([al.open_run({run!r})], {tar!r})",
    "unpack": "unpack({tar!r}, {home!r})",
}

SCRIPT = """
import time
import audio_logging as al
from audio_logging.listing import clip_lines, find_runs, key_lines, run_lines
from audio_logging.packing import pack, unpack
def most():
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
before, begin, work = most(), time.perf_counter(), time.process_time()
{code}
print(time.perf_counter() - begin, time.process_time() - work, before, most())
"""


def make(root: Path, clips: int) -> None:
    """Write two runs: one with a sidecar, one with rows of its own for each clip; a tenth of the clips are repeats."""
    encoded = [
        encode(AudioClip(np.full((160, 1), value / 10_000, np.float32), 16_000), "flac") for value in range(1000)
    ]
    files = root / RUN / "files"
    (files / "media" / "audio" / "val").mkdir(parents=True)
    (files / "audio_logging").mkdir()
    with (files / "audio_logging" / "index.jsonl").open("w") as sidecar:
        for number in range(clips):
            path = f"media/audio/val/clip_{number:020x}.flac"
            unique = b"" if number % 10 == 0 else number.to_bytes(4, "big")  # behind the last frame, where none looks
            (files / path).write_bytes(bytes(encoded[number % 1000].data) + unique)
            sidecar.write(json.dumps({"key": "val/clip", "step": number, "index": 0, **fields(path, number)}) + "\n")
    (root / RUN / "run-abc123.wandb").write_bytes(_frame([]))
    bare = root.with_name("bare") / RUN
    copy = bare / "files" / "media" / "audio" / "val"
    copy.mkdir(parents=True)
    for original in (files / "media" / "audio" / "val").iterdir():
        (copy / original.name).hardlink_to(original)
    (bare / "run-abc123.wandb").write_bytes(_frame(rows(clips)))


def fields(path: str, number: int) -> dict[str, Any]:
    """What a run tells of a clip."""
    return {
        "path": path, "sha256": f"{number:064x}", "size": 200, "format": "flac", "sample_rate": 16000, "frames": 160,
        "channels": 1, "duration": 0.01, "peak": 0.5, "clipped_samples": 0, "caption": f"clip {number}",
    }  # fmt: skip


def rows(clips: int) -> Iterator[bytes]:
    """One row a clip, its values one by one, as wandb-core writes them."""
    for number in range(clips):
        record = pb.Record(num=number)
        path = f"media/audio/val/clip_{number:020x}.flac"
        for name, value in {"_type": "audio-file", **fields(path, number)}.items():
            record.history.item.add(nested_key=["val/clip", name], value_json=json.dumps(value))
        for name, value in {"_step": number, "_timestamp": 1.7e9 + number, "_runtime": number / 7}.items():
            record.history.item.add(nested_key=[name], value_json=json.dumps(value))
        yield record.SerializeToString()


def main() -> None:
    """Print a line a step."""
    clips = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "wandb")
        begin = time.perf_counter()
        make(root, clips)
        print(f"{clips} clips written in {time.perf_counter() - begin:.1f} s")
        names = {"root": root, "run": root / RUN, "bare": Path(folder, "bare", RUN)}
        paths = {**names, "tar": Path(folder, "run.tar"), "home": Path(folder, "home")}
        for step, code in STEPS.items():
            script = SCRIPT.format(code=code.format(**{name: str(path) for name, path in paths.items()}))
            done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
            seconds, work, before, after = map(float, done.stdout.split()[-4:])
            memory = f"{after / 1024:.0f} MB, {(after - before) / 1024:.0f} MB of it for this"
            print(f"{step}: {seconds:.2f} s, CPU {work:.2f} s ({clips / work:,.0f} clips/s), {memory}", flush=True)


if __name__ == "__main__":
    main()
