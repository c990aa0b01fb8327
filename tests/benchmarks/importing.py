"""How long does ``import audio_logging`` take beyond numpy, in fresh processes?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from .harness import Effort, Measure, Rounds, compare, in_turn

__all__ = ["measure"]

GOAL = 0.060
"""[s]"""

SCRIPT = """
import time, numpy
begun = time.perf_counter()
{statement}
print(time.perf_counter() - begun)
"""

PACKAGE = "import audio_logging"
CLIPS = "from audio_logging import as_clip"
LOGGER = "from audio_logging import Audio, AudioLogger"
WANDB, SOUNDFILE = "import wandb", "import soundfile"


def measure(effort: Effort) -> Iterator[Measure]:
    """Yield the time of imports beside the goal, and beside those of the packages that they need."""
    effort = replace(effort, seconds=6 * effort.seconds)
    statements = (PACKAGE, CLIPS, LOGGER, WANDB, SOUNDFILE)
    rounds: Rounds = in_turn({statement: partial(_seconds_for, statement) for statement in statements}, effort)
    limited = {**rounds, "60 ms": (GOAL,) * len(rounds[PACKAGE])}
    yield compare(PACKAGE, limited, PACKAGE, "60 ms", goal=1.0)
    yield compare(CLIPS, rounds, CLIPS, SOUNDFILE)
    yield compare(PACKAGE, rounds, PACKAGE, WANDB)
    yield compare(LOGGER, rounds, LOGGER, WANDB)


def _seconds_for(statement: str) -> float:
    script = SCRIPT.format(statement=statement)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return float(done.stdout)
