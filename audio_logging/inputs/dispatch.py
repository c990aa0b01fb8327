"""to_source(value): which kind of thing did the user hand in?"""

from __future__ import annotations

import array as standard_array
import importlib
import io
import os
import re
from collections.abc import Mapping
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np

from audio_logging._types import AnyArray
from audio_logging.clip import AudioClip
from audio_logging.errors import AudioDecodeError, AudioShapeError, AudioTypeError, AudioValueError, SampleRateError
from audio_logging.inputs.sources import ArraySource, BytesSource, ClipSource, PathSource, Source, UrlSource

__all__ = ["to_source"]

WANTED = (
    "a path, an http(s) address, bytes, a file object, a list, an array or tensor, (sample_rate, samples), a Hugging "
    "Face dictionary, an AudioClip or an Audio"
)

IS_ADDRESS = re.compile(r"^(?:https?|s3|gs)://", re.IGNORECASE)

SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")
"""RFC 3986, 3.1; two letters at least, since one is a drive of Windows."""

ADAPTERS = {"wandb": "audio_logging.media.audio"}
"""Which module knows a foreign package's types; it registers itself with `to_source` when it is imported."""


@singledispatch
def to_source(value: Any) -> Source:
    """Return what the user handed in, by kind; the samples are not looked at yet.

    Other packages can teach it their types with ``to_source.register``.

    Parameters
    ----------
    value : object
        See :func:`audio_logging.as_clip`.

    Returns
    -------
    Source

    Raises
    ------
    AudioTypeError
        Nothing that holds audio.
    """
    for kind in type(value).__mro__:
        adapter = ADAPTERS.get(kind.__module__.partition(".")[0])
        if adapter is not None:
            importlib.import_module(adapter)
            if to_source.dispatch(type(value)) is not _default:
                return to_source(value)
    for recognise in (_from_file_object, _from_tensor, _from_decoder, _from_array_like):
        source = recognise(value)
        if source is not None:
            return source
    raise AudioTypeError(f"got {_name_of(value)}, wanted {WANTED}")


_default = to_source.dispatch(object)


@to_source.register(str)
def _(value: str) -> Source:
    if IS_ADDRESS.match(value):
        return UrlSource(value)
    if scheme := SCHEME.match(value):
        raise AudioValueError(
            f"got an address of kind {scheme[1]!r} ({value}), wanted a path, an http(s) address, or a reference to s3 "
            "or gs. Download the file and hand in its path"
        )
    return PathSource(Path(value))


@to_source.register(os.PathLike)
def _(value: os.PathLike[Any]) -> Source:
    return PathSource(Path(os.fsdecode(value)))


@to_source.register(bytes)
def _(value: bytes) -> Source:
    return BytesSource(value, f"<{len(value)} bytes>")


@to_source.register(bytearray)
def _(value: bytearray) -> Source:
    return to_source(bytes(value))


@to_source.register(memoryview)
def _(value: memoryview) -> Source:
    if value.format in ("B", "b", "c"):
        return to_source(value.tobytes())
    return ArraySource(np.asarray(value))


@to_source.register(standard_array.array)
def _(value: standard_array.array[Any]) -> Source:
    return ArraySource(np.array(value), owned=True)


@to_source.register(np.ndarray)
def _(value: AnyArray) -> Source:
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise AudioTypeError("got a masked array with masked samples, wanted plain samples. Use array.filled(0)")
    return ArraySource(np.asarray(value))


@to_source.register(np.generic)
def _(value: np.generic) -> Source:
    return ArraySource(np.asarray(value))


@to_source.register(AudioClip)
def _(value: AudioClip) -> Source:
    return ClipSource(value)


@to_source.register(list)
def _(value: list[Any]) -> Source:
    holds_tensors = bool(value) and hasattr(value[0], "detach")
    try:
        samples = np.array([_samples_of(item) for item in value] if holds_tensors else value)
    except (ValueError, TypeError) as error:
        raise AudioShapeError(
            f"got a list of {len(value)} that is no array ({error}); wanted numbers, or rows of equal length"
        ) from error
    if samples.dtype.kind == "i" and samples.any() and not _holds_arrays(value):
        return _WholeNumbers(samples, owned=True)
    if not samples.size and samples.dtype.kind == "f":
        samples = samples.astype(np.float32)
    return ArraySource(samples, owned=True)


@to_source.register(tuple)
def _(value: tuple[Any, ...]) -> Source:
    if len(value) == 2:
        first, second = (_is_number(item) for item in value)
        if first and not second:
            return _with_rate(to_source(value[1]), value[0])
        if second and not first:
            return _with_rate(to_source(value[0]), value[1])
    if value and all(map(_is_number, value)):
        return to_source(list(value))
    raise AudioTypeError(
        f"got a tuple of {', '.join(map(_name_of, value[:4])) or 'nothing'}, wanted (sample_rate, samples)"
    )


@to_source.register(Mapping)
def _(value: Mapping[str, Any]) -> Source:
    rate = value.get("sampling_rate", value.get("sample_rate"))
    for key in ("array", "raw"):
        if value.get(key) is not None:
            return _with_rate(to_source(value[key]), rate)
    if value.get("bytes") is not None:
        source = to_source(value["bytes"])
        if not isinstance(source, BytesSource):
            raise AudioTypeError(f"got {_name_of(value['bytes'])} under 'bytes', wanted the bytes of an audio file")
        return BytesSource(source.data, repr(str(value.get("path") or source.name)), rate)
    if value.get("path") is not None:
        return _with_rate(to_source(value["path"]), rate)
    hint = ". Pass value['audio']" if "audio" in value else ""
    raise AudioTypeError(
        f"got a dictionary with {sorted(map(str, value))}, wanted 'array' and 'sampling_rate', or 'bytes', or "
        f"'path'{hint}"
    )


class _WholeNumbers(ArraySource):
    """A list of Python's whole numbers, which have no full scale of their own."""

    def to_clip(self, reading: Any) -> AudioClip:
        if reading.bits is None:
            raise AudioTypeError(
                f"got a list of whole numbers up to {int(np.abs(self.array).max())}, which does not say what full "
                "scale is; wanted floats in [-1, 1], or numpy.array(samples, numpy.int16), or bits=16"
            )
        return super().to_clip(reading)


def _from_file_object(value: Any) -> Source | None:
    if not callable(getattr(value, "read", None)):
        return None
    name = getattr(value, "name", None)
    name = repr(name) if isinstance(name, str) else f"<{_name_of(value)}>"
    as_text = isinstance(value, io.TextIOBase)
    data = "" if as_text else _read_whole(value)
    if as_text or isinstance(data, str):
        raise AudioTypeError(f"got {name} opened as text, wanted it opened with mode 'rb'")
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise AudioTypeError(f"got {name}, whose read() returns {_name_of(data)}, wanted {WANTED}")
    return BytesSource(bytes(data), name)


def _read_whole(file: Any) -> Any:
    """Read from where the file stands and put it back there; a file just written stands at its end: read it whole."""
    try:
        if not _can_seek(file):
            return file.read()
        position = file.tell()
        data = file.read()
        if isinstance(data, bytes) and not data:
            file.seek(0)
            data = file.read()
        file.seek(position)
    except (OSError, ValueError, RuntimeError) as error:
        raise AudioDecodeError(f"cannot read {_name_of(file)}: {error}") from error
    return data


def _can_seek(file: Any) -> bool:
    if callable(getattr(file, "seekable", None)):
        return bool(file.seekable())
    return callable(getattr(file, "seek", None)) and callable(getattr(file, "tell", None))  # mmap before Python 3.13


def _from_tensor(value: Any) -> Source | None:
    """Torch tensors, without importing torch: bfloat16 has no numpy twin, gradients and devices have to go first."""
    if not (callable(getattr(value, "detach", None)) and callable(getattr(value, "cpu", None))):
        return None
    try:
        held = value.detach()
        on_cpu = held.cpu()
        if str(on_cpu.dtype).startswith(("torch.bfloat16", "torch.float8")):
            on_cpu = on_cpu.float()
        samples = on_cpu.resolve_conj().resolve_neg().numpy()
    except AttributeError:
        return None
    except (RuntimeError, TypeError) as error:
        raise AudioTypeError(f"got {_name_of(value)} that cannot become an array: {error}") from error
    return ArraySource(samples, owned=held.device.type != "cpu" or on_cpu.dtype != held.dtype)


def _from_decoder(value: Any) -> Source | None:
    """Lazy decoders of Hugging Face datasets (torchcodec's AudioDecoder) and their ``(channels, frames)`` samples."""
    if callable(getattr(value, "get_all_samples", None)):
        value = value.get_all_samples()
    if not (hasattr(value, "sample_rate") and hasattr(value, "data") and hasattr(value, "duration_seconds")):
        return None
    inner = to_source(value.data)
    if not isinstance(inner, ArraySource):
        return None
    samples = inner.array.T if inner.array.ndim == 2 else inner.array
    return ArraySource(np.ascontiguousarray(samples), value.sample_rate, inner.owned)


def _from_array_like(value: Any) -> Source | None:
    if hasattr(value, "__cuda_array_interface__") and callable(getattr(value, "get", None)):
        return ArraySource(np.asarray(value.get()), owned=True)
    try:
        if hasattr(value, "__array__") or hasattr(value, "__array_interface__"):
            return to_source(np.asarray(value))
        if hasattr(value, "__dlpack__"):
            return ArraySource(np.from_dlpack(value))
    except (AttributeError, BufferError, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, AudioTypeError):
            raise
        raise AudioTypeError(f"got {_name_of(value)} that cannot become an array: {error}") from error
    return None


def _with_rate(source: Source, rate: Any) -> Source:
    if rate is None:
        return source
    if isinstance(source, ArraySource):
        return type(source)(source.array, rate, source.owned)
    if isinstance(source, BytesSource):
        return BytesSource(source.data, source.name, rate)
    if isinstance(source, PathSource):
        return PathSource(source.path, rate)
    if isinstance(source, ClipSource) and rate != source.clip.sample_rate:
        raise SampleRateError(f"got rate {rate} with a clip of {source.clip.sample_rate} Hz, wanted the same")
    return source


def _samples_of(value: Any) -> Any:
    source = to_source(value)
    return source.array if isinstance(source, ArraySource) else value


def _holds_arrays(value: list[Any]) -> bool:
    return any(hasattr(item, "dtype") for item in value[:1])


def _is_number(value: Any) -> bool:
    if isinstance(value, (str, bytes, list, tuple, dict)):
        return False
    if getattr(value, "shape", None) == ():
        return True
    return isinstance(value, float) or (hasattr(value, "__index__") and not hasattr(value, "shape"))


def _name_of(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
