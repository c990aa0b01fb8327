"""``audio-logging play``: a clip of a run out of the loudspeaker, or into a file where there is none."""

from __future__ import annotations

import argparse
import importlib
import shutil
from pathlib import Path
from typing import Any

from audio_logging.clip import AudioClip
from audio_logging.commands.forms import Subparsers, new_command
from audio_logging.encoding import decode
from audio_logging.errors import AudioValueError, NotFoundError
from audio_logging.listing import find_runs
from audio_logging.listing.records import matching_clips
from audio_logging.runs import StoredClip
from audio_logging.storage.naming import media_name

__all__ = ["add_play_command"]


def add_play_command(commands: Subparsers) -> None:
    """Add ``play``."""
    command = new_command(commands, "play", "play a clip of a run, or write it to a file where no sound device is")
    command.add_argument("path", metavar="RUN")
    command.add_argument("key", metavar="KEY")
    command.add_argument("--step", type=float, metavar="N", help="default: the last one")
    command.add_argument("--index", type=int, metavar="I", help="place in its list or table (default: the first)")
    command.add_argument("-o", "--output", metavar="FILE", help="write the clip to this file and play nothing")
    command.set_defaults(run=_play)


def _play(options: argparse.Namespace) -> int:
    clip = _find(options)
    if options.output is not None:
        print(f"{_describe(clip)}: written to {_write(clip, Path(options.output))}")
        return 0
    decoded = decode(_file(clip), on_invalid="zero")
    device, reason = _sound_device()
    if device is None:
        print(f"{_describe(clip)}: {reason}; written to {_write(clip, _usual_name(clip))}")
        return 0
    print(_describe(clip))
    _sound(device, decoded)
    return 0


def _find(options: argparse.Namespace) -> StoredClip:
    runs, _ = find_runs(options.path)
    found = [clip for _, clip in matching_clips(runs, options.key, step=options.step)]
    if options.step is None:
        last = max((clip.step for clip in found if clip.step is not None), default=None)
        found = [clip for clip in found if clip.step == last]
    chosen = [clip for clip in found if options.index is None or clip.index == options.index]
    if not chosen:
        indices = ", ".join(str(clip.index) for clip in found[:20])
        raise NotFoundError(f"{options.key!r} has no clip {options.index} at that step; there are {indices}")
    return chosen[0]


def _sound_device() -> tuple[Any, str]:
    """Return sounddevice when it can play, or None and the reason."""
    try:
        device = importlib.import_module("sounddevice")
        device.query_devices(kind="output")
    except ImportError:
        return None, "sounddevice is not installed (pip install 'audio-logging[mic]')"
    except Exception as error:  # PortAudio is missing (OSError), or no device (its own errors)
        return None, f"there is no sound device ({error})"
    return device, ""


def _sound(device: Any, clip: AudioClip) -> None:
    device.play(clip.samples, clip.sample_rate)
    try:
        device.wait()
    except KeyboardInterrupt:
        device.stop()
        raise


def _write(clip: StoredClip, target: Path) -> Path:
    """Copy the stored bytes; nothing is written over."""
    try:
        with clip.open() as source, target.open("xb") as copy:
            shutil.copyfileobj(source, copy)
    except FileExistsError as error:
        raise AudioValueError(f"{str(target)!r} is there already; nothing is written over. Pass -o FILE") from error
    return target


def _usual_name(clip: StoredClip) -> Path:
    step = "" if clip.step is None else f"{clip.step:g}"
    name = media_name(clip.key.replace("/", "_"), *([step] if step else []), clip.index, extension=_extension(clip))
    return Path(name)


def _extension(clip: StoredClip) -> str:
    return Path(_file(clip)).suffix or f".{clip.format or 'wav'}"


def _file(clip: StoredClip) -> str:
    if clip.file is None:
        raise NotFoundError(f"{clip.recorded_path!r} of {clip.key!r} is missing or was refused")
    return clip.file


def _describe(clip: StoredClip) -> str:
    parts = [clip.key, "" if clip.step is None else f"step {clip.step:g}", f"index {clip.index}"]
    length = "" if clip.duration is None else f"{clip.duration:.2f} s"
    return ", ".join(part for part in (*parts, length, (clip.caption or "")[:80]) if part)
