"""How long a training waits for PredictionLogger, against a plain list of wandb.Audio in the same loop.

Run it with: python tests/callbacks/bench_callbacks.py
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

CLIPS, SECONDS, RATE, EPOCHS = 16, 5.0, 16_000, 10


def main() -> None:
    """Print what an event costs, in seconds of the training thread and in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_DIR=folder, WANDB_DATA_DIR=folder)
        import wandb

        from audio_logging import AudioClip, PredictionLogger

        rng = np.random.default_rng(0)
        waves = [0.1 * rng.standard_normal(int(SECONDS * RATE)).astype(np.float32) for _ in range(CLIPS)]
        samples = [{"audio": wave, "sample_rate": RATE, "label": "a"} for wave in waves]

        def predict(model: Any, clips: Sequence[AudioClip]) -> Any:
            return np.full((len(clips), 2), 0.5)

        run = wandb.init(project="bench")
        log = PredictionLogger(samples, predict, class_names=["a", "b"])
        log.begin(run)
        assert log.logger is not None
        log.logger.flush()
        held: dict[str, list[float]] = {"ours": [], "wandb": []}
        size: dict[str, list[int]] = {"ours": [], "wandb": []}
        for epoch in range(EPOCHS):
            for name in held:
                before = _size(folder)
                began = time.perf_counter()
                if name == "ours":
                    log.step(epoch=epoch, step=epoch)
                else:
                    run.log({"val": [wandb.Audio(wave, RATE, caption="a") for wave in waves]})
                held[name].append(time.perf_counter() - began)
                log.logger.flush()
                size[name].append(_size(folder) - before)
            time.sleep(0.1)
        log.end()
        run.finish()
        for name, times in held.items():
            print(
                f"{name}: {1000 * statistics.median(times):.2f} ms, {statistics.median(size[name]):.0f} bytes an event"
            )
        ratio = statistics.median(held["ours"]) / statistics.median(held["wandb"])
        print(f"ratio: {ratio:.3f} (goal 0.1)")


def _size(folder: str) -> int:
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file() and not path.is_symlink())


if __name__ == "__main__":
    main()
