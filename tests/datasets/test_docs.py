from __future__ import annotations

import inspect
from pathlib import Path

from audio_logging.datasets import AudioDataset, audio_dataset_from_directory
from audio_logging.datasets.formats import EXTENSIONS

PAGE = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text("utf-8")


def test_every_parameter_has_its_row() -> None:
    missing = [name for name in inspect.signature(audio_dataset_from_directory).parameters if f"| `{name}`" not in PAGE]
    assert missing == []


def test_every_format_is_named() -> None:
    assert [name for name in EXTENSIONS if f'"{name}"' not in PAGE] == []


def test_every_method_and_property_is_named() -> None:
    public = [name for name in vars(AudioDataset) if not name.startswith("_")]
    settings = {"ragged", "output_sequence_length", "random_windows", "labels_of"}
    assert [name for name in public if f".{name}" not in PAGE and name not in settings] == []
