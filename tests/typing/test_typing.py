"""The types that users see are the ones written down in api.py, and the calls in wrong.py do not pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent


def run_mypy(require: Callable[[str], ModuleType], *files: Path) -> str:
    """What mypy --strict says of these files, with the project's settings."""
    pyproject = HERE.parents[1] / "pyproject.toml"
    report: str = require("mypy.api").run([f"--config-file={pyproject}", *map(str, files)])[0]
    return report


def test_users_see_the_types_that_are_written_down(require: Callable[[str], ModuleType]) -> None:
    assert "Success" in run_mypy(require, HERE / "api.py")


def test_every_wrong_call_is_refused(require: Callable[[str], ModuleType], tmp_path: Path) -> None:
    lines = (HERE / "wrong.py").read_text().splitlines()
    wrong = [number for number, line in enumerate(lines, 1) if "# type: ignore" in line]
    unmarked = tmp_path / "unmarked.py"
    unmarked.write_text("\n".join(line.partition("# type: ignore")[0] for line in lines))
    report = run_mypy(require, unmarked)
    refused = {int(line.split(":")[1]) for line in report.splitlines() if ": error:" in line}
    assert refused == set(wrong)
    assert len(wrong) > 15


@pytest.mark.parametrize("name", ["api.py", "wrong.py"])
def test_a_file_for_mypy_can_at_least_be_imported(name: str) -> None:
    compile((HERE / name).read_text(), name, "exec")
