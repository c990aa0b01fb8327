from __future__ import annotations

import io
import sys

import pytest

from audio_logging.datasets import progress
from audio_logging.datasets.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 0)
    monkeypatch.setattr(progress, "_INTERVAL", 0)


@pytest.mark.usefixtures("impatient")
def test_a_terminal_sees_one_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    line = Progress(shown=True)
    line.add(1000)
    line.add(500)
    line.close()
    assert terminal.getvalue() == "\rListing files: 1,000\rListing files: 1,500\r\x1b[K"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("stream", [io.StringIO(), Terminal(), None], ids=["file", "silenced", "none"])
def test_files_and_silenced_calls_see_nothing(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    line = Progress(shown=not isinstance(stream, Terminal))
    line.add(1000)
    line.close()
    assert stream is None or stream.getvalue() == ""


def test_a_quick_listing_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    line = Progress(shown=True)
    line.add(1000)
    line.close()
    assert terminal.getvalue() == ""
