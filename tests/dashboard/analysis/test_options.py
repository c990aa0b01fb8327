"""What may be asked of a spectrogram."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest

from audio_logging.dashboard.analysis import SpectrogramOptions
from audio_logging.errors import AudioValueError


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("scale", "bark", "one of mel, log, linear"),
        ("colours", "jet", "one of inferno, viridis, magma, grey"),
        ("width", 0, "1 to 2048 pixels"),
        ("width", 2049, "1 to 2048 pixels"),
        ("height", 0, "1 to 512 pixels"),
        ("height", 513, "1 to 512 pixels"),
        ("channel", -1, "'mix' or 0 to 31"),
        ("channel", 32, "'mix' or 0 to 31"),
        ("floor", -121.0, "-120 to -20 dB"),
        ("floor", -19.0, "-120 to -20 dB"),
        ("floor", float("nan"), "-120 to -20 dB"),
        ("window", 100, "a power of two from 64 to 8192"),
        ("window", 32, "a power of two from 64 to 8192"),
        ("window", 16_384, "a power of two from 64 to 8192"),
        ("start", float("nan"), "a number of seconds"),
        ("end", float("inf"), "a number of seconds"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, value: Any, wanted: str) -> None:
    with pytest.raises(AudioValueError, match=f"got {name}={value!r}, wanted {wanted}"):
        SpectrogramOptions(**{name: value})


@pytest.mark.parametrize(
    "values",
    [
        {"width": 1, "height": 1},
        {"width": 2048, "height": 512},
        {"channel": 0},
        {"channel": 31},
        {"floor": -120},
        {"floor": -20},
        {"window": 64},
        {"window": 8192},
        {"start": 0.5, "end": 2},
    ],
)
def test_what_makes_sense_is_kept(values: dict[str, Any]) -> None:
    options = SpectrogramOptions(**values)
    assert {name: getattr(options, name) for name in values} == values
    assert pickle.loads(pickle.dumps(options)) == options == dataclasses.replace(options)
