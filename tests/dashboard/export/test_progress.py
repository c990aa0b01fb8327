from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from audio_logging.dashboard.export.progress import progress_bar

SCRIPT = """
from audio_logging.dashboard.export.progress import progress_bar
with progress_bar(3) as advance:
    for _ in range(3):
        advance()
"""


def test_nothing_is_said_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(3) as advance:
        advance()
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminals")
def test_a_terminal_shows_how_far_it_is(require: Callable[[str], ModuleType]) -> None:
    require("rich")
    terminal, end = os.openpty()
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stderr=end, env={**os.environ, "TERM": "xterm"})
    os.close(end)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal has nobody at its other end any more
        while part := os.read(terminal, 65_536):
            shown += part
    os.close(terminal)
    assert process.wait() == 0
    assert b"3/3" in shown
