"""``import audio_logging`` is light, and every public name is there when it is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import audio_logging

HEAVY = ("wandb", "soundfile", "soxr", "torch", "keras", "sklearn", "onnxruntime", "starlette", "urllib.request")


def loaded_after(code: str) -> set[str]:
    """The names of all modules that a fresh process has loaded after this code."""
    whole = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=True)
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = loaded_after("import audio_logging")
    assert not loaded.intersection(HEAVY)
    assert {name for name in loaded if name.startswith("audio_logging")} == {"audio_logging"}


def test_a_clip_needs_numpy_only() -> None:
    loaded = loaded_after("from audio_logging import AudioClip, AudioLoggingError")
    assert not loaded.intersection(HEAVY)


def test_reading_and_encoding_clips_does_not_need_wandb() -> None:
    code = """
from audio_logging import as_clip, available_formats
from audio_logging.encoding import encode
for name in available_formats():
    encode(as_clip([0.5] * 2000, 16000), name)
"""
    loaded = loaded_after(code)
    assert "soundfile" in loaded
    assert not loaded.intersection({"wandb", "torch"})


@pytest.mark.parametrize("name", sorted(audio_logging.__all__))
def test_every_public_name_loads_alone(name: str) -> None:
    value = getattr(audio_logging, name)
    assert value is not None
    assert getattr(audio_logging, name) is value
    if name != "__version__":
        assert value.__doc__
        assert value.__name__ == name


def test_every_public_name_is_listed_once() -> None:
    assert len(audio_logging.__all__) == len(set(audio_logging.__all__))
    assert set(audio_logging.__all__) <= set(dir(audio_logging))


def test_dir_lists_public_names_before_they_are_loaded() -> None:
    code = "import audio_logging; print('AudioLogger' in dir(audio_logging), 'AudioLogger' in vars(audio_logging))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["True", "False"]


def test_a_star_import_brings_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from audio_logging import *", names)
    assert set(audio_logging.__all__) <= set(names)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'audio_logging' has no attribute 'Audion'"):
        audio_logging.Audion  # noqa: B018


def test_the_version_is_the_one_that_is_installed() -> None:
    assert audio_logging.__version__.count(".") == 2


def test_callbacks_and_errors_are_reached_from_the_package_alone(require: Callable[[str], Any]) -> None:
    require("ignite")
    code = "import audio_logging; audio_logging.callbacks.ignite.attach; audio_logging.errors.NotFoundError"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
