"""What is no audio is refused by kind, with what was got, what is wanted and what to type."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile

from audio_logging import AudioClip, as_clip
from audio_logging.errors import (
    AudioDecodeError,
    AudioShapeError,
    AudioTypeError,
    AudioValueError,
    SampleRateError,
)

RATE = 16_000


class FailingArray:
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise NotImplementedError("not while compiling")


class FailingDLPack:
    def __dlpack__(self, **options: Any) -> Any:
        raise BufferError("on a device of its own")

    def __dlpack_device__(self) -> tuple[int, int]:
        return (2, 0)


class HalfADLPack:
    def __dlpack__(self, **options: Any) -> Any:
        return None


class ReadsNumbers:
    def read(self) -> int:
        return 5


KINDS: dict[str, tuple[Any, type[Exception], str]] = {
    "nothing": (None, AudioTypeError, "got NoneType, wanted a path, an http"),
    "number": (5, AudioTypeError, "got int, wanted"),
    "object": (object(), AudioTypeError, "got object, wanted"),
    "iterator": (iter([0.5]), AudioTypeError, "got list_iterator, wanted"),
    "set": ({0.5}, AudioTypeError, "got set, wanted"),
    "class": (FailingArray, AudioTypeError, "got an array of objects"),
    "complex": (np.zeros(9, complex), AudioTypeError, "got complex samples .*complex128.*Is this a spectrum"),
    "text array": (np.array(["a"]), AudioTypeError, "got dtype <U1, wanted real numbers"),
    "times": (np.zeros(9, "M8[s]"), AudioTypeError, r"got dtype datetime64\[s\]"),
    "records": (np.zeros(9, [("left", "f4")]), AudioTypeError, "got dtype .*left"),
    "objects": (np.array([0.5, None]), AudioTypeError, r"array of objects with shape \(2,\)"),
    "masked": (np.ma.masked_array([0.5, 1], [True, False]), AudioTypeError, r"masked samples.*array\.filled\(0\)"),
    "scalar": (np.float32(0.5), AudioShapeError, "got a single number"),
    "0-d array": (np.array(0.5), AudioShapeError, "got a single number"),
    "ragged list": ([[0.5, 0.25], [0.5]], AudioShapeError, "list of 2 that is no array .* rows of equal length"),
    "list of text": (["a.wav"], AudioTypeError, "got dtype <U5"),
    "list of too large numbers": ([2**70], AudioTypeError, "array of objects"),
    "list of whole numbers": ([1, -300], AudioTypeError, "whole numbers up to 300, .* or bits=16"),
    "list of rows of whole numbers": ([[1], [2]], AudioTypeError, "list of whole numbers up to 2"),
    "empty tuple": ((), AudioTypeError, r"tuple of nothing, wanted \(sample_rate, samples\)"),
    "two arrays": ((np.zeros(9), np.zeros(9)), AudioTypeError, "tuple of numpy.ndarray, numpy.ndarray"),
    "three things": ((RATE, np.zeros(9), "x"), AudioTypeError, "tuple of int, numpy.ndarray, str"),
    "rate and nothing": ((RATE, None), AudioTypeError, "got NoneType"),
    "dictionary": ({"x": 1}, AudioTypeError, r"dictionary with \['x'\], wanted 'array' and 'sampling_rate'"),
    "row of a data set": ({"audio": {}, "label": 1}, AudioTypeError, r"Pass value\['audio'\]"),
    "empty hugging face": ({"bytes": None, "path": None}, AudioTypeError, r"dictionary with \['bytes', 'path'\]"),
    "number as bytes": ({"bytes": 5}, AudioTypeError, "got int, wanted"),
    "text as bytes": ({"bytes": "RIFF"}, AudioTypeError, "got str under 'bytes'"),
    "text stream": (io.StringIO("RIFF"), AudioTypeError, "opened as text, wanted it opened with mode 'rb'"),
    "reads numbers": (ReadsNumbers(), AudioTypeError, r"whose read\(\) returns int"),
    "failing array": (FailingArray(), AudioTypeError, "FailingArray that cannot become an array: not while compiling"),
    "failing dlpack": (FailingDLPack(), AudioTypeError, "FailingDLPack that cannot become an array: on a device"),
    "half a dlpack": (HalfADLPack(), AudioTypeError, "HalfADLPack that cannot become an array"),
    "no bytes": (b"", AudioDecodeError, r"<0 bytes> is empty \(0 bytes\)"),
    "bytes of text": (b"Dear diary, " * 50, AudioDecodeError, "not an audio file .* It begins with b'Dear diary, '"),
    "bytes of zeros": (bytes(1000), AudioDecodeError, "not an audio file"),
    "reference s3": ("s3://bucket/a.wav", AudioValueError, "s3://bucket/a.wav', a reference to a bucket"),
    "reference gs": ("gs://bucket/a.wav", AudioValueError, "a reference to a bucket, which is never fetched"),
    "other address": ("ftp://host/a.wav", AudioValueError, r"of kind 'ftp' \(ftp://host/a\.wav\), wanted a path"),
    "file address": ("file:///etc/passwd", AudioValueError, "of kind 'file'"),
}


@pytest.mark.parametrize(("value", "kind", "message"), KINDS.values(), ids=KINDS)
def test_what_is_no_audio_is_refused_by_kind(value: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        as_clip(value, RATE)
    assert type(caught.value) is kind


TORCH: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "complex": (lambda torch: torch.zeros(9, dtype=torch.cfloat), AudioTypeError, "complex samples"),
    "sparse": (lambda torch: torch.zeros(9).to_sparse(), AudioTypeError, "torch.Tensor that cannot become an array"),
    "without data": (lambda torch: torch.zeros(9, device="meta"), AudioTypeError, "cannot become an array: .*meta"),
    "scalar": (lambda torch: torch.tensor(0.5), AudioShapeError, "got a single number"),
    "batch": (lambda torch: torch.zeros(4, 1, 99), AudioShapeError, r"\(4, 1, 99\).*Audio\.from_batch"),
}


@pytest.mark.parametrize(("make", "kind", "message"), TORCH.values(), ids=TORCH)
def test_tensors_that_are_no_audio_are_refused_by_kind(
    make: Callable[[Any], Any], kind: type[Exception], message: str, require: Callable[[str], ModuleType]
) -> None:
    with pytest.raises(kind, match=message):
        as_clip(make(require("torch")), RATE)


SAMPLE_RATES: dict[str, tuple[Any, str]] = {
    "missing": (None, r"got no sample rate.*type for example sample_rate=16000"),
    "zero": (0, "got sample_rate=0, wanted a positive number of Hz, for example 16000"),
    "negative": (-16_000, "got sample_rate=-16000, wanted a positive number"),
    "nan": (float("nan"), "got sample_rate=nan, wanted a whole number of Hz, for example 44100"),
    "infinite": (float("inf"), "got sample_rate=inf, wanted a whole number"),
    "fraction": (44100.5, r"got sample_rate=44100\.5, wanted a whole number of Hz, for example 44100"),
    "text": ("16000", "got sample_rate='16000', wanted a whole number"),
    "true": (True, "got sample_rate=True, wanted a whole number"),
    "numpy true": (np.True_, "wanted a whole number"),
    "complex": (1 + 2j, "wanted a whole number"),
    "two of them": (np.array([1, 2]), "wanted a whole number"),
    "too large": (2**31, "got sample_rate=2147483648, wanted at most 2147483647 Hz"),
    "beyond float": (10**400, "wanted at most 2147483647 Hz"),
}


@pytest.mark.parametrize(("sample_rate", "message"), SAMPLE_RATES.values(), ids=SAMPLE_RATES)
def test_a_bad_sample_rate_says_what_to_type(sample_rate: Any, message: str) -> None:
    with pytest.raises(SampleRateError, match=message):
        as_clip([0.5, 0.25], sample_rate)
    with pytest.raises(SampleRateError, match=message):
        AudioClip(np.zeros(9), sample_rate)


def test_a_bad_sample_rate_in_the_value_says_what_to_type() -> None:
    with pytest.raises(SampleRateError, match="got sample_rate=0"):
        as_clip((0, np.zeros(9)))
    with pytest.raises(SampleRateError, match=r"got sample_rate=22050\.5"):
        as_clip({"array": np.zeros(9), "sampling_rate": 22050.5})
    with pytest.raises(SampleRateError, match="got no sample rate"):
        as_clip({"array": np.zeros(9)})


def test_a_rate_that_contradicts_the_values_own_is_refused(wav_bytes: bytes, tmp_path: Path) -> None:
    clip = as_clip(wav_bytes)
    (tmp_path / "a.wav").write_bytes(wav_bytes)
    for value, name in [
        (wav_bytes, "<32044 bytes>"),
        (tmp_path / "a.wav", r"a\.wav' says"),
        (clip, "the clip says"),
        ((RATE, np.zeros(9)), "the value says"),
    ]:
        with pytest.raises(SampleRateError, match=rf"got sample_rate=8000, but .*{name}.*16000 Hz|{name} .*16000 Hz"):
            as_clip(value, 8000)
    with pytest.raises(SampleRateError, match=r"got sample_rate=8000, but .*nowhere\.wav' says 16000 Hz"):
        as_clip({"bytes": wav_bytes, "path": "nowhere.wav", "sampling_rate": 8000})
    with pytest.raises(SampleRateError, match="got rate 8000 with a clip of 16000 Hz"):
        as_clip((8000, clip))


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(AudioValueError, match="got layout='channels_last', wanted 'auto', 'frames_first' or"):
        as_clip([0.5], RATE, layout="channels_last")  # type: ignore[arg-type]
    with pytest.raises(AudioValueError, match="got on_invalid='mend', wanted 'raise' or 'zero'"):
        as_clip([0.5], RATE, on_invalid="mend")  # type: ignore[arg-type]


def test_a_file_opened_as_text_says_how_to_open_it(tmp_path: Path, wav_bytes: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes)
    with (
        (tmp_path / "a.wav").open() as file,
        pytest.raises(AudioTypeError, match=r"a\.wav' opened as text, wanted it opened with mode 'rb'"),
    ):
        as_clip(file)


def test_a_closed_file_is_refused(wav_bytes: bytes) -> None:
    file = io.BytesIO(wav_bytes)
    file.close()
    with pytest.raises(AudioDecodeError, match=r"cannot read _io\.BytesIO: I/O operation on closed file"):
        as_clip(file)


def test_an_open_soundfile_is_refused_as_such(tmp_path: Path, wav_bytes: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes)
    with (
        soundfile.SoundFile(tmp_path / "a.wav") as file,
        pytest.raises(AudioTypeError, match=r"a\.wav', whose read\(\) returns numpy\.ndarray"),
    ):
        as_clip(file)
