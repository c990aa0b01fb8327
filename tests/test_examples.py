"""Scripts in examples/ run (the others beside the tests of their parts), and pages show them as they are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


def test_the_loop_of_ones_own_runs_and_logs_clips(require: Callable[[str], Any], wandb_offline: Path) -> None:
    require("sklearn")
    code = f"import runpy; runpy.run_path({str(ROOT / 'examples' / 'own_loop.py')!r})['main'](epochs=1, per_class=4)"
    done = subprocess.run([sys.executable, "-c", code], cwd=wandb_offline, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    assert list(wandb_offline.rglob("audio_logging/index.jsonl"))


def test_the_script_that_classifies_a_file_runs(tmp_path: Path) -> None:
    script = ROOT / "examples" / "classify_a_file.py"
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "callbacks").glob("[a-z]*.md")), ids=lambda page: page.stem)
def test_a_page_shows_its_script_as_it_is(page: Path) -> None:
    assert (ROOT / "examples" / f"callback_{page.stem}.py").read_text() in page.read_text()
