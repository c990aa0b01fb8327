from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import audio_logging.inference as inference

FOLDER = Path(inference.__file__).parent

ONLY_IN = {
    "onnxruntime": {"onnx_runtime.py"},
    "ai_edge_litert": {"litert.py"},
    "sounddevice": {"microphone.py"},
    "ray": {"bulk/ray_engine.py"},
    "pyarrow": {"bulk/tables.py"},
    "rich": {"bulk/rich_bar.py"},
    "wandb": set(),
    "torch": set(),
    "transformers": set(),
    "tensorflow": set(),
}


def names_in(path: Path) -> set[str]:
    """Return the packages that a file imports, or names to a function that imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")).endswith("import"):
            names |= {str(a.value).partition(".")[0] for a in node.args if isinstance(a, ast.Constant)}
    return names


@pytest.mark.parametrize("package", ONLY_IN)
def test_each_optional_package_is_known_to_one_file(package: str) -> None:
    knowing = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.py") if package in names_in(path)}
    assert knowing <= ONLY_IN[package]


def test_only_what_stands_to_the_left_is_imported() -> None:
    allowed = ("inference", "encoding", "inputs", "clip", "schema", "storage", "errors", "_types")
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("audio_logging."):
                assert (node.module or "").split(".")[1] in allowed, f"{path}: {node.module}"


def test_the_classifier_loads_no_runtime_until_a_model_needs_one() -> None:
    script = (
        "import sys; from audio_logging.inference import AudioClassifier, AudioEmbedder, pipeline, predict_dataset;"
        "heavy = {'onnxruntime', 'ai_edge_litert', 'sounddevice', 'ray', 'pyarrow', 'rich', 'wandb', 'torch'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_table_of_contents_is_complete() -> None:
    for name in inference.__all__:
        assert getattr(inference, name) is not None
    assert set(inference.__all__) <= set(dir(inference))
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        inference.nonsense  # noqa: B018
