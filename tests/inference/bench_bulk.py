"""How much longer predicting a folder takes than decoding it, and whether memory stays flat.

Run by hand: ``python tests/inference/bench_bulk.py [FILES]``. It needs shared/data.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from audio_logging.inference import AudioClassifier, predict_dataset
from audio_logging.inputs import as_clip

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def resident() -> float:
    """Return what this process holds in memory [MiB]."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def seconds(function: Any) -> float:
    """Return how long a call takes [s]."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def main(count: int) -> None:
    """Measure, and print one line of JSON each."""
    found = sorted(str(path) for path in (DATA / "fsdd").rglob("*.wav"))
    files = (found * (count // len(found) + 1))[:count]
    classifier = AudioClassifier.from_pretrained(DATA / "models" / "digits-onnx")
    classifier(files[0])
    decoding = seconds(lambda: [as_clip(path) for path in found])
    deciding = seconds(lambda: list(classifier.stream([as_clip(path) for path in found])))
    print(
        json.dumps({"files": len(found), "decode_s": round(decoding, 2), "decode_and_classify_s": round(deciding, 2)})
    )
    with tempfile.TemporaryDirectory() as folder:
        for workers in (1, 2):
            before = resident()
            out = Path(folder) / f"{workers}.jsonl"
            taken = seconds(lambda: predict_dataset(files, classifier, out=out, workers=workers))  # noqa: B023
            growth = round(resident() - before, 1)
            print(json.dumps({"files": count, "workers": workers, "s": round(taken, 2), "growth_mib": growth}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
