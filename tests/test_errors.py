"""Every error is ours and also the builtin that a caller would expect."""

from __future__ import annotations

import builtins
import inspect
import pickle

import numpy as np
import pytest

from audio_logging import AudioLoggingError, AudioLoggingWarning, as_clip, errors

KINDS = {
    "AudioTypeError": TypeError,
    "AudioValueError": ValueError,
    "AudioShapeError": ValueError,
    "EmptyAudioError": ValueError,
    "NonFiniteAudioError": ValueError,
    "SampleRateError": ValueError,
    "AudioDurationError": ValueError,
    "AudioDecodeError": ValueError,
    "AudioFileNotFoundError": FileNotFoundError,
    "AudioDownloadError": OSError,
    "AudioEncodeError": ValueError,
    "UnsupportedFormatError": ValueError,
    "NoRunError": RuntimeError,
    "LoggerClosedError": RuntimeError,
    "PredictionError": RuntimeError,
    "NotFoundError": LookupError,
    "MissingDependencyError": ImportError,
}


def test_the_module_lists_every_error_it_has() -> None:
    found = {name for name, value in vars(errors).items() if inspect.isclass(value)}
    assert found == set(errors.__all__)
    assert found == {*KINDS, "AudioLoggingError", "AudioLoggingWarning"}


@pytest.mark.parametrize(("name", "builtin"), KINDS.items())
def test_an_error_is_ours_and_the_builtin_a_caller_expects(name: str, builtin: type[Exception]) -> None:
    kind = getattr(errors, name)
    for expected in (builtin, AudioLoggingError):
        with pytest.raises(expected, match=r"^what was got, what is wanted$"):
            raise kind("what was got, what is wanted")
    assert kind.__doc__.strip()


@pytest.mark.parametrize("name", KINDS)
def test_an_error_crosses_processes_whole(name: str) -> None:
    error = getattr(errors, name)("got this, wanted that")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == "got this, wanted that"


def test_warnings_are_of_one_kind_that_can_be_silenced() -> None:
    assert issubclass(AudioLoggingWarning, UserWarning)
    assert not issubclass(AudioLoggingWarning, AudioLoggingError)


def test_no_error_takes_the_name_of_a_builtin() -> None:
    assert not set(errors.__all__) & set(dir(builtins))


def test_an_error_that_follows_another_says_so() -> None:
    with pytest.raises(errors.AudioDecodeError, match="not an audio file") as caught:
        as_clip(b"not audio")
    assert caught.value.__cause__ is not None


def test_what_people_read_reads_well() -> None:
    with pytest.raises(errors.AudioShapeError, match="got shape") as caught:
        as_clip(np.zeros((8, 1, 16000)), 16000)
    assert str(caught.value) == (
        "got shape (8, 1, 16000), wanted (frames,) or (frames, channels). For a batch use Audio.from_batch(batch, "
        "sample_rate), for one clip of it batch[0]"
    )
