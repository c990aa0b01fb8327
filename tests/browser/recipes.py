"""Runs for the browser to read, written by the real loggers with the real wandb, offline.

``python -m tests.browser.recipes NAME FOLDER`` writes one study in a process of its own. What the tests expect of it
stands here too, as constants and functions, so that a run and its truth cannot drift apart.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import wandb

import audio_logging as al
from audio_logging.logger.audio_logger import snapshot

from .many_clips import ManyClips, write_many
from .sounds import RATE, beside, noise, silence, tone

__all__ = [
    "CUES",
    "EVENTS",
    "FORMATS",
    "GAINS",
    "HOSTILE",
    "LABELS",
    "LONG_SECONDS",
    "SAMPLES",
    "STUDIES",
    "live_seconds",
    "predicted",
    "progress_seconds",
    "sample_seconds",
]

LABELS = ("bird", "cat", "dog")
SAMPLES = 12
EVENTS = (0, 10, 20, 30)
"""The steps at which the two classifiers predict, and the denoiser works."""

SHIFTS = {"first try": 0, "second try": 1}
"""The runs of the study with predictions: the second one errs elsewhere."""

GAINS = (0.125, 0.25, 0.5, 0.5)
"""By event: what the "denoiser" does to its input."""

CUES = ((0.0, 1.0, "one two"), (1.0, 2.5, "three four"), (3.0, 4.0, "five"))
"""Captions with times [s]."""

LONG_SECONDS = 30.0
FORMATS = ("flac", "wav", "ogg", "opus", "mp3")


def sample_seconds(index: int) -> float:
    """Return how long a sample is [s]: each another length, so that what is heard tells which it is."""
    return 0.6 + 0.05 * index


def progress_seconds(step: int) -> float:
    """Return how long the clip under ``progress/clip`` is at a step [s]."""
    return 0.6 + step / 50


def predicted(index: int, event: int, shift: int = 0) -> str:
    """Return the label that a sample gets in an event: wrong for one in four, another one each time."""
    right = LABELS[index % len(LABELS)]
    wrong = LABELS[(index + 1) % len(LABELS)]
    return wrong if (index + event + shift) % 4 == 0 else right


def score(index: int) -> float:
    """Return how sure the classifier is of a sample."""
    return round(0.4 + 0.05 * index, 6)


def write_study(folder: Path) -> None:
    """Two trainings with predictions, embeddings, a denoiser and one clip over time; and a run of known sounds."""
    for name, shift in SHIFTS.items():
        with _run(folder, name, config={"rate": 0.1 * (1 + shift), "net": {"depth": 3}}) as run:
            _train(run, shift)
    with _run(folder, "sounds") as run, al.AudioLogger(run, rows="own") as logger:
        _log_sounds(logger)
        for name in FORMATS:
            with al.AudioLogger(run, rows="own", format=name) as other:
                other.log(f"formats/{name}", tone(500, 1.5), sample_rate=RATE, caption=name, step=0)


def _train(run: wandb.Run, shift: int) -> None:
    def predict(event: int, clips: list[al.AudioClip]) -> list[dict[str, Any]]:
        return [_said(event, index, shift) for index in range(len(clips))]

    def denoise(event: int, clips: list[al.AudioClip]) -> list[dict[str, Any]]:
        return [{"audio": clip.samples * np.float32(GAINS[event]), "sample_rate": RATE} for clip in clips]

    heard = al.PredictionLogger(_samples(), predict, max_clips=SAMPLES)
    cleaned = al.PredictionLogger(_noisy(), denoise, name="denoised", task="separation")
    with heard.session(run), cleaned.session(run), al.AudioLogger(run) as logger:
        for event, step in enumerate(EVENTS):
            heard.step(epoch=event, step=step, model=event)
            cleaned.step(epoch=event, step=step, model=event)
            clip = tone(400 + 10 * step, progress_seconds(step))
            logger.log("progress/clip", clip, sample_rate=RATE, caption=f"after {step} steps", step=step)
            run.log({"loss": 1 / (event + 1)})


def _samples() -> list[dict[str, Any]]:
    return [
        {
            "audio": tone(300 + 100 * index, sample_seconds(index), peak=0.1 + 0.05 * index),
            "sample_rate": RATE,
            "label": LABELS[index % len(LABELS)],
            "clip_id": f"sample-{index:02}",
        }
        for index in range(SAMPLES)
    ]


def _said(event: int, index: int, shift: int) -> dict[str, Any]:
    label, sure = predicted(index, event, shift), score(index)
    others = [name for name in LABELS if name != label]
    left = (1 - sure) / 3
    return {
        "label": label,
        "score": sure,
        "scores": {label: sure, others[0]: 2 * left, others[1]: left},
        "loss": round(1 / (1 + index + event), 6),
        "embedding": [float(index % 3), float(index // 3), 0.25 * event, 1.0],
    }


def _noisy() -> list[dict[str, Any]]:
    return [
        {
            "audio": noise(1.5, peak=0.8, seed=index),
            "reference": noise(1.5, peak=0.4, seed=index),
            "sample_rate": RATE,
            "clip_id": f"noisy-{index}",
        }
        for index in range(3)
    ]


def _log_sounds(logger: al.AudioLogger) -> None:
    clipped = tone(200, 1.0, peak=2.0)
    logger.log("levels/half", tone(1000, 1.0, peak=0.5), sample_rate=RATE, caption="half of full scale", step=0)
    logger.log("levels/clipped", clipped, sample_rate=RATE, caption="twice full scale", step=0)
    logger.log("levels/silence", silence(1.0), sample_rate=RATE, caption="nothing", step=0)
    pair = beside(tone(440, 3.0, peak=0.5), tone(3000, 3.0, peak=0.25))
    logger.log("stereo/pair", pair, sample_rate=RATE, caption="440 Hz left, 3 kHz right", step=0)
    logger.log("spectrum/tone", tone(1000, 2.0), sample_rate=RATE, caption="1 kHz", step=0)
    logger.log("speech/transcript", noise(4.0, peak=0.3), sample_rate=RATE, caption=srt(CUES), step=0)
    logger.log("long/clip", tone(250, LONG_SECONDS), sample_rate=RATE, caption="half a minute", step=0)
    with al.AudioLogger(logger.run, rows="own", format="wav") as exact:
        exact.log("exact/wav", noise(2.0, peak=0.7, seed=7), sample_rate=RATE, caption="to the bit", step=0)


def srt(cues: Sequence[tuple[float, float, str]]) -> str:
    """Return captions with times as an SRT file has them."""
    return "\n\n".join(
        f"{number}\n{_srt_time(start)} --> {_srt_time(end)}\n{text}"
        for number, (start, end, text) in enumerate(cues, 1)
    )


def _srt_time(seconds: float) -> str:
    return f"00:00:{int(seconds):02},{round(seconds % 1 * 1000):03}"


ATTACK = "window.attacked=1"
HOSTILE = (
    f"<img src=x onerror={ATTACK}>",
    f"</script><script>{ATTACK}</script>",
    f"\"><svg onload='{ATTACK}'>",
    f"' onmouseover='{ATTACK}' x='",
    f"javascript:{ATTACK}",
    "\u202egpj.exe\u202c right to left \u05d0\u05d1",
    "a\u0000b %00 \u2400 \ufeff\u2028\u2029",
    "&lt;b&gt; &amp; {{7*7}} ${7*7} `x`",
    "../../../../etc/passwd",
    "__proto__",
    "constructor",
    "toString",
    "x" * 10_240,
)
"""Texts that attack; each is a caption, a label, a clip_id and a metric's name, and most are a key."""


def write_hostile(folder: Path) -> None:
    """A run whose name, keys, captions, labels, names of metrics and settings attack."""
    with (
        _run(folder, HOSTILE[1], config={HOSTILE[0]: HOSTILE[2], "__proto__": {"polluted": 1}}) as run,
        al.AudioLogger(run, rows="own") as logger,
    ):
        for index, text in enumerate(HOSTILE):
            usable = "\0" not in text and len(text) < 200
            notes = {
                "role": "prediction",
                "clip_id": text,
                "label": text,
                "prediction": HOSTILE[index - 1],
                "scores": [{"label": text, "score": 0.75}, {"label": "other", "score": 0.25}],
                "metrics": {text[:100]: 0.5, "loss": index / 10},
            }
            item = snapshot(tone(300 + 50 * index, 0.5), RATE, text, notes)
            logger.log_items(text if usable else "plain", [item], step=0)


def write_live(folder: Path) -> None:
    """A run that logs when it is told to: a line ``KEY STEP NUMBER`` on its input, the time of the flush on its output.

    The clips of a line are as long as `live_seconds` says. It ends with its input, and with ``kill`` at once.
    """
    with _run(folder, "live") as run, al.AudioLogger(run) as logger:
        print("ready", flush=True)
        for line in sys.stdin:
            if line.strip() == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            key, step, number = line.split()
            clips = [tone(300 + 10 * index, live_seconds(int(step), index)) for index in range(int(number))]
            captions = [f"{key} {step} {index}" for index in range(int(number))]
            logger.log(key, clips, sample_rate=RATE, caption=captions, step=int(step))
            logger.flush()
            print(time.time(), flush=True)


def live_seconds(step: int, index: int) -> float:
    """Return how long a clip of the live run is [s]."""
    return 0.5 + 0.01 * step + 0.001 * index


STUDIES: dict[str, Callable[[Path], object]] = {
    "study": write_study,
    "hostile": write_hostile,
    "live": write_live,
    "many": lambda folder: write_many(folder, ManyClips(1000, seconds=0.5)),
}
"""What can be written, by name."""


@contextmanager
def _run(folder: Path, name: str, config: dict[str, Any] | None = None) -> Iterator[wandb.Run]:
    settings = wandb.Settings(silent=True, console="off", x_disable_stats=True)
    options: dict[str, Any] = {"project": "bells", "name": name, "config": config, "tags": ["tested"]}
    run = wandb.init(dir=str(folder), mode="offline", reinit="create_new", settings=settings, **options)
    try:
        yield run
    finally:
        run.finish()


def main() -> None:
    """Write one study below a folder."""
    name, folder = sys.argv[1:]
    STUDIES[name](Path(folder))
    wandb.teardown()


if __name__ == "__main__":
    main()
