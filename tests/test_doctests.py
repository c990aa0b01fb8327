"""The examples in docstrings run. Pytest's own option is not used: modules that cannot be imported vanish with it."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

import audio_logging

FRAMEWORKS = {"ignite", "keras", "lightning", "pytorch_lightning", "tensorflow", "torch", "transformers"}
"""What a module may need that a user need not have."""

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(audio_logging.__path__, "audio_logging.", onerror=lambda _: None)
    if not module.name.endswith("__main__")
)


def imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in FRAMEWORKS and os.environ.get("AUDIO_LOGGING_REQUIRE_ALL") != "1":
            pytest.skip(f"{missing} is not installed")
        raise


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    module = imported(name)
    examples = [test for test in doctest.DocTestFinder(exclude_empty=True).find(module, name) if test.examples]
    if any("wandb" in test.docstring for test in examples if test.docstring):
        request.getfixturevalue("wandb_offline")
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(verbose=False)
    for test in examples:
        runner.run(test)
    assert runner.failures == 0


def test_there_are_examples_to_run() -> None:
    assert len(MODULES) > 50
