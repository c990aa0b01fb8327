"""HuggingFaceFolder: a model exported to ONNX, in the layout of the Hugging Face hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audio_logging.inference.errors import ModelError, ModelFileNotFoundError

__all__ = ["HuggingFaceFolder", "find_folder"]

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
FULL = ("onnx/model.onnx", "model.onnx")
QUANTIZED = ("onnx/model_quantized.onnx", "model_quantized.onnx")
MAX_JSON = 2**24
"""[bytes] The labels of AudioSet take 30 kB."""


@dataclass(frozen=True)
class HuggingFaceFolder:
    """A model folder.

    Attributes
    ----------
    model_file : Path
    config : dict
        Of ``config.json``.
    preprocessor : dict or None
        Of ``preprocessor_config.json``.
    """

    model_file: Path
    config: Mapping[str, Any] = field(default_factory=dict)
    preprocessor: Mapping[str, Any] | None = None

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Names of the classes, from ``id2label``; None where it has none.

        Raises
        ------
        ModelError
            Not numbered from 0 without gaps.
        """
        named = self.config.get("id2label")
        if named is None:
            return None
        if not isinstance(named, Mapping) or not named:
            raise ModelError(f"got id2label={named!r:.100} in {CONFIG}, wanted a dictionary of names")
        if {str(key) for key in named} != {str(index) for index in range(len(named))}:
            raise ModelError(f"the keys of id2label in {CONFIG} are not 0 to {len(named) - 1}")
        return tuple(str(named[str(index)]) for index in range(len(named)))

    @property
    def problem_type(self) -> str | None:
        """What ``problem_type`` says, which decides between softmax and sigmoid."""
        value = self.config.get("problem_type")
        return value if isinstance(value, str) else None


def find_folder(path: Path, *, quantized: bool) -> HuggingFaceFolder:
    """Return what belongs to a model: a folder, or an ``.onnx`` file in one.

    Parameters
    ----------
    path : Path
        Of a folder, or of a file, whose configuration is looked for beside it and, where it lies in ``onnx/``, above.
    quantized : bool
        Whether ``model_quantized.onnx`` comes before ``model.onnx``. What there is only one of is taken either way.

    Returns
    -------
    HuggingFaceFolder

    Raises
    ------
    ModelFileNotFoundError
        A folder without a model.
    ModelError
        Configuration that cannot be read.
    """
    if path.is_file():
        return _described(path, path.parent)
    if not path.is_dir():
        raise ModelFileNotFoundError(f"Unable to open file at {path}")
    order = (*QUANTIZED, *FULL) if quantized else (*FULL, *QUANTIZED)
    for name in order:
        if (path / name).is_file():
            return _described(path / name, path)
    raise ModelFileNotFoundError(
        f"there is no ONNX model in {str(path)!r}, wanted one of {', '.join(order)}. Export one with: "
        "optimum-cli export onnx --model NAME --task audio-classification FOLDER"
    )


def _described(model_file: Path, folder: Path) -> HuggingFaceFolder:
    if not (folder / CONFIG).is_file() and folder.name == "onnx":
        folder = folder.parent
    return HuggingFaceFolder(model_file, _json(folder / CONFIG) or {}, _json(folder / PREPROCESSOR))


def _json(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > MAX_JSON:
            raise ModelError(f"{str(path)!r} has {path.stat().st_size} bytes, wanted at most {MAX_JSON}")
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"cannot read {str(path)!r}: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{str(path)!r} holds a {type(value).__name__}, wanted an object")
    return value
