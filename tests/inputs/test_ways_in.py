"""Every way in which a user can hand in audio gives the same clip, and leaves what was handed in alone."""

from __future__ import annotations

import array
import io
import mmap
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

import audio_logging as al
from audio_logging import as_clip

if TYPE_CHECKING:
    from tests.inputs.conftest import Server

RATE = 16_000

STEPS: npt.NDArray[np.int64] = np.rint(
    64 * np.sin(2 * np.pi * 1000 * np.arange(1600) / RATE) * np.linspace(0.2, 1, 1600)
).astype(np.int64)
"""0.1 s in steps of 1/128, which every number type that can hold audio holds exactly, from int8 to bfloat16."""

SAMPLES: npt.NDArray[np.float32] = (STEPS / 128).astype(np.float32)


@dataclass
class Handed:
    """What a user hands in, how to see its samples from outside, and how to change them afterwards."""

    value: Any
    sample_rate: int | None = None
    see: Callable[[], Any] = lambda: None
    change: Callable[[], Any] = lambda: None


@dataclass
class Given:
    """What the ways are built from."""

    path: Path
    address: str
    require: Callable[[str], ModuleType]

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()


Way = Callable[[Given], Handed]
WAYS: dict[str, Way] = {}


def way(build: Way) -> Way:
    WAYS[build.__name__] = build
    return build


def wav(samples: npt.NDArray[Any]) -> bytes:
    body = samples.astype("<i2").tobytes()
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    data = struct.pack("<4sI", b"data", len(body)) + body
    return struct.pack("<4sI4s", b"RIFF", 4 + len(fmt) + len(data), b"WAVE") + fmt + data


def of_array(samples: npt.NDArray[Any], sample_rate: int | None = RATE) -> Handed:
    def silence() -> None:
        samples[:] = 0

    return Handed(samples, sample_rate, samples.tobytes, silence)


@way
def path_as_text(given: Given) -> Handed:
    return Handed(str(given.path), None, given.path.read_bytes, lambda: given.path.write_bytes(b""))


@way
def path(given: Given) -> Handed:
    return Handed(given.path, None, given.path.read_bytes, given.path.unlink)


@way
def path_like(given: Given) -> Handed:
    class Place:
        def __fspath__(self) -> bytes:
            return bytes(given.path)

    return Handed(Place())


@way
def path_with_its_own_rate_said_again(given: Given) -> Handed:
    return Handed(given.path, RATE)


@way
def http_address(given: Given) -> Handed:
    return Handed(given.address)


@way
def http_address_in_capitals(given: Given) -> Handed:
    return Handed(given.address.replace("http://", "HTTP://"))


@way
def whole_bytes(given: Given) -> Handed:
    return Handed(given.data)


@way
def byte_array(given: Given) -> Handed:
    value = bytearray(given.data)
    return Handed(value, None, lambda: bytes(value), value.clear)


@way
def memory_view(given: Given) -> Handed:
    value = memoryview(bytearray(given.data))
    return Handed(value, None, value.tobytes, lambda: value.__setitem__(slice(44, 48), b"loud"))


@way
def memory_view_of_samples(given: Given) -> Handed:
    return Handed(SAMPLES.copy().data, RATE)


@way
def standard_array(given: Given) -> Handed:
    value = array.array("f", SAMPLES.tolist())
    return Handed(value, RATE, value.tobytes, lambda: value.__setitem__(0, 1.0))


@way
def open_file(given: Given) -> Handed:
    value = given.path.open("rb")
    return Handed(value, None, value.tell)


@way
def bytes_io_at_start(given: Given) -> Handed:
    value = io.BytesIO(given.data)
    return Handed(value, None, lambda: (value.tell(), value.getvalue()), lambda: value.truncate(0))


@way
def bytes_io_at_end_after_writing(given: Given) -> Handed:
    value = io.BytesIO()
    value.write(given.data)
    return Handed(value, None, lambda: (value.tell(), value.getvalue()))


@way
def bytes_io_behind_something_else(given: Given) -> Handed:
    value = io.BytesIO(b"header" + given.data)
    value.seek(6)
    return Handed(value, None, value.tell)


@way
def file_that_cannot_seek(given: Given) -> Handed:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.rest = given.data

        def readable(self) -> bool:
            return True

        def readall(self) -> bytes:
            data, self.rest = self.rest, b""
            return data

    return Handed(Pipe())


@way
def memory_map(given: Given) -> Handed:
    with given.path.open("rb") as file:
        value = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return Handed(value, None, value.tell)


@way
def list_of_floats(given: Given) -> Handed:
    value = SAMPLES.tolist()
    return Handed(value, RATE, lambda: list(value), value.clear)


@way
def nested_list(given: Given) -> Handed:
    value = [[sample] for sample in SAMPLES.tolist()]
    return Handed(value, RATE, lambda: [list(row) for row in value], value[0].clear)


@way
def list_of_channels(given: Given) -> Handed:
    return Handed([SAMPLES.copy()], RATE)


@way
def tuple_of_floats(given: Given) -> Handed:
    return Handed(tuple(SAMPLES.tolist()), RATE)


@way
def array_with_a_channel_axis(given: Given) -> Handed:
    return of_array(SAMPLES.copy()[:, np.newaxis])


@way
def array_with_the_channel_axis_first(given: Given) -> Handed:
    return of_array(SAMPLES.copy()[np.newaxis])


@way
def array_read_only(given: Given) -> Handed:
    base = SAMPLES.copy()
    value = base[:]
    value.flags.writeable = False
    return Handed(value, RATE, base.tobytes, lambda: base.fill(0))


@way
def array_backwards(given: Given) -> Handed:
    return of_array(SAMPLES[::-1].copy()[::-1])


@way
def array_of_every_third_number(given: Given) -> Handed:
    return of_array(np.repeat(SAMPLES, 3)[::3])


@way
def array_of_columns(given: Given) -> Handed:
    return of_array(np.asfortranarray(np.stack([SAMPLES, SAMPLES], axis=1))[:, :1])


@way
def array_not_aligned(given: Given) -> Handed:
    return of_array(np.frombuffer(bytearray(b"\0" + SAMPLES.tobytes()), np.float32, offset=1))


@way
def array_in_a_file(given: Given) -> Handed:
    value = np.memmap(given.path.with_suffix(".raw"), np.float32, "w+", shape=SAMPLES.shape)
    value[:] = SAMPLES
    return of_array(value)


@way
def masked_array_without_masked_samples(given: Given) -> Handed:
    return of_array(np.ma.masked_array(SAMPLES.copy(), mask=False))


@way
def array_of_bfloat16(given: Given) -> Handed:
    return of_array(SAMPLES.astype(given.require("ml_dtypes").bfloat16))


@way
def rate_and_array(given: Given) -> Handed:
    samples = SAMPLES.copy()
    return Handed((RATE, samples), None, samples.tobytes, lambda: samples.fill(0))


@way
def array_and_rate(given: Given) -> Handed:
    samples = SAMPLES.copy()
    return Handed((samples, np.int64(RATE)), None, samples.tobytes, lambda: samples.fill(0))


@way
def rate_and_path(given: Given) -> Handed:
    return Handed((RATE, str(given.path)))


@way
def hugging_face_array(given: Given) -> Handed:
    samples = SAMPLES.copy()
    value = {"path": "nowhere.flac", "array": samples, "sampling_rate": RATE}
    return Handed(value, None, lambda: (list(value), samples.tobytes()), lambda: samples.fill(0))


@way
def hugging_face_list(given: Given) -> Handed:
    return Handed({"array": SAMPLES.tolist(), "sampling_rate": RATE})


@way
def hugging_face_bytes(given: Given) -> Handed:
    return Handed({"bytes": given.data, "path": "nowhere.wav"})


@way
def hugging_face_path(given: Given) -> Handed:
    return Handed({"bytes": None, "path": str(given.path)})


@way
def pipeline_dictionary(given: Given) -> Handed:
    return Handed({"raw": SAMPLES.copy(), "sampling_rate": RATE})


@way
def decoder_of_hugging_face(given: Given) -> Handed:
    """Like torchcodec's, which datasets 4 gives for a row: samples come as (channels, frames)."""

    class Decoded:
        data = given.require("torch").from_numpy(SAMPLES.copy())[None, :]
        sample_rate = RATE
        duration_seconds = 0.1

    class Decoder:
        def get_all_samples(self) -> Decoded:
            return Decoded()

    return Handed(Decoder())


@way
def array_protocol_only(given: Given) -> Handed:
    samples = SAMPLES.copy()

    class Tensor:
        def __array__(self, dtype: Any = None, copy: Any = None) -> npt.NDArray[Any]:
            return samples

    return Handed(Tensor(), RATE, samples.tobytes, lambda: samples.fill(0))


@way
def dlpack_only(given: Given) -> Handed:
    samples = SAMPLES.copy()

    class Tensor:
        def __dlpack__(self, **options: Any) -> Any:
            return samples.__dlpack__(**options)

        def __dlpack_device__(self) -> Any:
            return samples.__dlpack_device__()

    return Handed(Tensor(), RATE, samples.tobytes, lambda: samples.fill(0))


@way
def audio_clip(given: Given) -> Handed:
    return Handed(al.AudioClip(SAMPLES, RATE))


@way
def audio(given: Given) -> Handed:
    given.require("wandb")
    return Handed(al.Audio(SAMPLES, RATE))


@way
def audio_of_a_file(given: Given) -> Handed:
    given.require("wandb")
    return Handed(al.Audio(given.path))


@way
def wandb_audio(given: Given) -> Handed:
    return Handed(given.require("wandb").Audio(str(given.path)))


@way
def wandb_audio_of_samples(given: Given) -> Handed:
    return Handed(given.require("wandb").Audio((STEPS * 256).astype(np.int16), sample_rate=RATE))


def numpy_way(dtype: np.dtype[Any]) -> Way:
    bits = 8 * dtype.itemsize

    def build(given: Given) -> Handed:
        if dtype.kind == "f":
            return of_array(SAMPLES.astype(dtype))
        shifted = [int(step) * 2 ** (bits - 8) + (2 ** (bits - 1) if dtype.kind == "u" else 0) for step in STEPS]
        return of_array(np.array(shifted, dtype))

    return build


def torch_way(name: str, change: Callable[[Any], Any]) -> Way:
    def build(given: Given) -> Handed:
        torch = given.require("torch")
        value = change(torch.tensor(SAMPLES.tolist()))

        def silence() -> None:
            with torch.no_grad():
                value.zero_()

        return Handed(value, RATE, lambda: (value.tolist(), value.requires_grad), silence)

    return build


NUMBER_TYPES = [np.dtype(code) for code in "bhilqBHILQefdg"]

WAYS |= {f"numpy_{dtype}_{dtype.char}": numpy_way(dtype) for dtype in NUMBER_TYPES}
WAYS |= {f"numpy_{dtype}_{dtype.char}_swapped": numpy_way(dtype.newbyteorder("S")) for dtype in NUMBER_TYPES}
WAYS |= {
    f"torch_{name}": torch_way(name, change)
    for name, change in {
        "float32": lambda tensor: tensor,
        "float64": lambda tensor: tensor.double(),
        "float16": lambda tensor: tensor.half(),
        "bfloat16": lambda tensor: tensor.bfloat16(),
        "requires_grad": lambda tensor: tensor.requires_grad_(),
        "result_with_a_graph": lambda tensor: tensor.requires_grad_() * 1.0,
        "channel_axis_first": lambda tensor: tensor[None, :],
        "not_contiguous": lambda tensor: tensor.repeat_interleave(2)[::2],
        "transposed": lambda tensor: tensor.repeat(3, 1).T[:, 1],
        "negative_view": lambda tensor: (1j * -tensor).conj().imag,
        "uint8": lambda tensor: (tensor * 128 + 128).byte(),
        "int8": lambda tensor: (tensor * 128).char(),
        "int16": lambda tensor: (tensor * 2**15).short(),
        "int32": lambda tensor: (tensor.double() * 2**31).int(),
        "int64": lambda tensor: (tensor.double() * 2**63).long(),
    }.items()
}


@pytest.fixture
def given(tmp_path: Path, server: Server, require: Callable[[str], ModuleType]) -> Given:
    file = tmp_path / "tone.wav"
    file.write_bytes(wav(STEPS * 256))
    return Given(file, server.file("/tone.wav", file.read_bytes()), require)


@pytest.mark.parametrize("build", WAYS.values(), ids=WAYS)
def test_every_way_in_gives_the_same_clip_and_leaves_the_callers_value_alone(build: Way, given: Given) -> None:
    handed = build(given)
    before = handed.see()
    clip = as_clip(handed.value, handed.sample_rate)
    assert handed.see() == before
    handed.change()
    assert clip.sample_rate == RATE
    assert (clip.frames, clip.channels, clip.duration) == (1600, 1, 0.1)
    assert (clip.peak, clip.invalid_samples) == (0.5, 0)
    assert clip.samples.dtype == np.float32
    assert np.array_equal(clip.samples[:, 0], SAMPLES)


def test_a_snapshot_is_out_of_reach_of_its_caller(given: Given) -> None:
    from audio_logging.inputs import Reading, to_source

    for name, build in WAYS.items():
        handed = build(given)
        held = to_source(handed.value).snapshot()
        if name not in ("path", "path_as_text"):
            handed.change()
        clip = held.to_clip(Reading(handed.sample_rate))
        assert np.array_equal(clip.samples[:, 0], SAMPLES), name


def test_a_decoder_of_hugging_face_has_channels_first_however_short() -> None:
    class Decoded:
        data = np.arange(40, dtype=np.float32).reshape(2, 20) / 40
        sample_rate = RATE
        duration_seconds = 20 / RATE

    clip = as_clip(Decoded())
    assert np.array_equal(clip.samples, Decoded.data.T)


def test_a_users_own_kind_of_wandb_audio_is_known_from_the_start(given: Given) -> None:
    given.require("wandb")
    code = f"""
import wandb
from audio_logging import as_clip
class Sound(wandb.Audio):
    pass
print(as_clip(Sound({str(given.path)!r})).frames)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "1600"


def test_bool_is_zero_or_one() -> None:
    clip = as_clip(np.array([False, True, False]), RATE)
    assert clip.samples[:, 0].tolist() == [0.0, 1.0, 0.0]
    assert clip.bits is None


def test_torch_bool_is_zero_or_one(require: Callable[[str], ModuleType]) -> None:
    clip = as_clip(require("torch").tensor([False, True]), RATE)
    assert clip.samples[:, 0].tolist() == [0.0, 1.0]


def test_a_list_of_torch_tensors_with_gradients_is_a_clip(require: Callable[[str], ModuleType]) -> None:
    channel = require("torch").full((100,), 0.25, requires_grad=True)
    clip = as_clip([channel, channel.bfloat16()], RATE)
    assert (clip.frames, clip.channels, clip.peak) == (100, 2, 0.25)


@pytest.mark.parametrize("sample_rate", [16_000, np.int16(16_000), np.uint64(16_000), np.array(16_000), 16_000.0])
def test_a_sample_rate_may_be_any_kind_of_whole_number(sample_rate: Any) -> None:
    clip = as_clip([0.5], sample_rate)
    assert clip.sample_rate == 16_000
    assert type(clip.sample_rate) is int


def test_a_sample_rate_may_be_a_tensor(require: Callable[[str], ModuleType]) -> None:
    assert as_clip([0.5], require("torch").tensor(8000)).sample_rate == 8000


def test_a_flac_file_keeps_its_integers(tmp_path: Path) -> None:
    import soundfile

    samples = np.array([[1, -2], [32767, -32768]], np.int16)
    soundfile.write(tmp_path / "two.flac", samples, RATE)
    clip = as_clip(tmp_path / "two.flac")
    assert clip.stored.dtype == np.int16
    assert np.array_equal(clip.stored, samples)


def test_another_package_can_teach_as_clip_its_type() -> None:
    from audio_logging.inputs import ArraySource, Source, to_source

    class Recording:
        samples = SAMPLES

    @to_source.register(Recording)
    def _(value: Recording) -> Source:
        return ArraySource(value.samples, RATE)

    assert as_clip(Recording()).frames == 1600
