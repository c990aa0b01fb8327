from __future__ import annotations

import warnings

import pytest

from audio_logging.datasets.report import BadFile, ReadingReport
from audio_logging.errors import AudioDecodeError, AudioLoggingWarning, AudioValueError


def test_raise_raises_the_error_itself() -> None:
    error = AudioDecodeError("a.wav: broken")
    with pytest.raises(AudioDecodeError, match="broken") as caught:
        ReadingReport("raise").note("a.wav", error)
    assert caught.value is error


def test_the_first_bad_file_is_warned_about_with_its_reason() -> None:
    with pytest.warns(AudioLoggingWarning, match=r"^left out: a\.wav: broken$"):
        ReadingReport("skip").note("a.wav", AudioDecodeError("a.wav: broken"))
    with pytest.warns(AudioLoggingWarning, match=r"^put silence in place of: a\.wav: broken$"):
        ReadingReport("zero").note("a.wav", AudioDecodeError("a.wav: broken"))


def test_every_bad_file_is_remembered_once_and_summed_up_once() -> None:
    report = ReadingReport("skip")
    with pytest.warns(AudioLoggingWarning) as caught:
        for name in ("a", "b", "a", "c\n"):
            report.note(name, AudioDecodeError(f"{name}: broken"))
        report.summarize()
        report.summarize()
    assert len(caught) == 2
    assert str(caught[1].message).startswith(r"left out 3 files that could not be read, the latest c\n;")
    assert report.bad_files[:2] == (BadFile("a", "a: broken"), BadFile("b", "b: broken"))
    assert repr(report) == "ReadingReport(on_error='skip', 3 bad files)"


def test_nothing_is_said_when_nothing_is_wrong() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ReadingReport("skip").summarize()


def test_unknown_choices_are_refused() -> None:
    with pytest.raises(AudioValueError, match="got on_error='ignore', wanted one of 'raise', 'skip', 'zero'"):
        ReadingReport("ignore")  # type: ignore[arg-type]
