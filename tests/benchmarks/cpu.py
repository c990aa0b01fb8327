"""How much processor time do all threads together, and wandb's service, take for 100 MB of 16-bit samples?"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import wandb

import audio_logging as al

from .clips import CLIPS, Array, ClipKind, fresh_clips
from .harness import Effort, Measure, Rounds, Subject, compare, take_turns
from .runs import offline_run, temporary_wandb

__all__ = ["measure"]

GOALS = {"wav": 1.0, "flac": 2.0}

CLIPS_A_ROUND = {CLIPS[0]: 100, CLIPS[1]: 20}

SERVICE = "wandb-core"
QUIET = 0.05
"""[s] The service is done when it has taken no time for as long."""


def measure(effort: Effort) -> Iterator[Measure]:
    """Yield the CPU seconds of AudioLogger beside those of wandb.Audio, for wav and flac."""
    for kind, number in CLIPS_A_ROUND.items():
        clips = effort.count(number)
        bytes_a_round = 2 * kind.frames(effort.scale) * kind.channels * clips
        rounds = _rounds(kind, clips, effort)
        for subject, goal in GOALS.items():
            yield compare(
                f"{kind}, {subject}",
                rounds,
                subject,
                "wandb.Audio + run.log",
                unit="s",
                factor=1e8 / bytes_a_round,
                goal=goal,
            )


def _rounds(kind: ClipKind, number: int, effort: Effort) -> Rounds:
    rate = kind.sample_rate
    with (
        temporary_wandb() as folder,
        offline_run(folder) as plain,
        offline_run(folder) as wav_run,
        offline_run(folder) as flac_run,
        al.AudioLogger(wav_run, format="wav", rows="own") as to_wav,
        al.AudioLogger(flac_run, format="flac", rows="own") as to_flac,
    ):

        def log_plain(clips: list[Array]) -> None:
            for clip in clips:
                plain.log({"audio": wandb.Audio(clip, sample_rate=rate)})
            _wait_for_service()

        def log_to(logger: al.AudioLogger) -> Callable[[list[Array]], None]:
            def log(clips: list[Array]) -> None:
                for clip in clips:
                    logger.log("audio", clip, sample_rate=rate)
                logger.flush()
                _wait_for_service()

            return log

        subjects = {
            "wandb.Audio + run.log": Subject(log_plain),
            "wav": Subject(log_to(to_wav)),
            "flac": Subject(log_to(to_flac)),
        }
        make = fresh_clips(kind, number, effort.scale)
        return take_turns(subjects, effort, prepare=make, before=_wait_for_service, clock=_cpu_seconds)


def _cpu_seconds() -> float:
    return time.process_time() + _service_seconds()


def _service_seconds() -> float:
    """Return what wandb's service, a process of its own, has taken so far [s]; 0 where there is no /proc."""
    return sum(map(_seconds_of, Path("/proc").glob("[0-9]*/stat")))


def _seconds_of(stat: Path) -> float:
    try:
        name, _, rest = stat.read_text(encoding="utf-8").rpartition(")")
    except OSError:  # it has ended meanwhile
        return 0.0
    fields = rest.split()  # from the third of proc_pid_stat(5) on
    if not name.endswith(f"({SERVICE}") or int(fields[1]) != os.getpid():
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait_for_service() -> None:
    before = -1.0
    while (now := _service_seconds()) != before:
        before = now
        time.sleep(QUIET)
