from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(("name", "package", "least"), [("torch", "torch", 0.4), ("sklearn", "sklearn", 0.4)])
def test_both_frameworks_learn_from_the_same_folder(
    name: str, package: str, least: float, tmp_path: Path, require: Callable[[str], Any], capsys: Any
) -> None:
    require(package)
    example = runpy.run_path(str(EXAMPLES / f"dataset_{name}.py"))
    score = example["main"](example["write_sounds"](tmp_path))
    assert score > least  # 1 of 8 by chance
    printed = capsys.readouterr().out
    assert "Found 160 files belonging to 8 classes.\nUsing 120 files for training.\n" in printed
    assert f"accuracy {score:.2f}" in printed
