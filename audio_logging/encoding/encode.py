"""encode(clip): from samples to the bytes of a file, in memory."""

from __future__ import annotations

import numpy as np
import soundfile
import soxr

from audio_logging._types import Overload
from audio_logging.clip import AudioClip
from audio_logging.encoding.codecs import CODECS, Codec, find_codec, find_subtype, normalized_format
from audio_logging.encoding.encoded import EncodedAudio
from audio_logging.encoding.level import Levelled, float_subtype, level
from audio_logging.errors import AudioEncodeError

__all__ = ["encode"]


def encode(
    clip: AudioClip,
    format: str = "wav",  # noqa: A002 - "format" is the public word
    subtype: str | None = None,
    *,
    normalize: str | None = None,
    overload: Overload = "clip",
) -> EncodedAudio:
    """Turn a clip into the bytes of a file.

    The same clip gives the same bytes, always. Integer formats get the nearest integer on the 2^15 (2^23, 2^31)
    scale; integer samples that fit are stored bit for bit.

    Parameters
    ----------
    clip : AudioClip
    format : {"wav", "flac", "ogg", "opus", "mp3"}
    subtype : str, optional
        See :func:`available_formats`; default: the first one of the format.
    normalize : {None, "peak"}
        "peak" scales the loudest sample to full scale.
    overload : {"clip", "scale", "float"}
        What becomes of samples beyond [-1, 1]: clipped and counted, the whole clip lowered, or stored as float.

    Returns
    -------
    EncodedAudio

    Raises
    ------
    UnsupportedFormatError
        No such format or subtype.
    AudioEncodeError
        The format cannot hold this clip: too many channels, no frames, a rate it does not have.
    AudioValueError
        An unknown word for `normalize` or `overload`.

    Examples
    --------
    >>> import numpy as np
    >>> encode(AudioClip(np.zeros(8000, np.int16), 8000), "wav")
    EncodedAudio(wav PCM_16, 1.00 s, 8000 Hz, 1 ch, 16044 bytes)
    """
    codec = find_codec(format)
    format = normalized_format(format)  # noqa: A001
    chosen = find_subtype(format, subtype)
    _check_fits(clip, format, codec)
    levelled = level(clip, normalize=normalize, overload=overload)
    if levelled.keep_float:
        chosen = float_subtype(format, codec.subtypes)
    to_write = _at_a_rate_of(codec, levelled.clip, format)
    data = _write(_within_full_scale(to_write, chosen), format, chosen)
    return _describe(clip, levelled, to_write, data, format, chosen)


def _write(clip: AudioClip, format: str, subtype: str) -> memoryview:  # noqa: A002
    try:
        return CODECS[format].write(clip, subtype)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise AudioEncodeError(f"could not store {clip} as {format} {subtype}: {error}") from error


def _describe(
    clip: AudioClip,
    levelled: Levelled,
    written: AudioClip,
    data: memoryview,
    format: str,  # noqa: A002
    subtype: str,
) -> EncodedAudio:
    return EncodedAudio(
        data=data,
        format=format,
        subtype=subtype,
        extension=CODECS[format].extension,
        sample_rate=written.sample_rate,
        frames=written.frames,
        channels=written.channels,
        source_sample_rate=clip.sample_rate,
        peak=levelled.clip.peak,
        clipped_samples=0 if subtype == "FLOAT" else levelled.clipped_samples,
        gain=levelled.gain,
        invalid_samples=clip.invalid_samples,
    )


def _check_fits(clip: AudioClip, format: str, codec: Codec) -> None:  # noqa: A002
    if clip.channels > codec.max_channels:
        raise AudioEncodeError(
            f"got {clip.channels} channels, wanted at most {codec.max_channels} for {format!r}. Use format='wav'"
        )
    if clip.frames < codec.min_frames:
        raise AudioEncodeError(f"got a clip without frames, which {format!r} cannot store. Use format='wav'")
    if not codec.holds_rate(clip.sample_rate):
        raise AudioEncodeError(
            f"got {clip.sample_rate} Hz, a sample rate that {format!r} cannot store. Use format='wav'"
        )


def _at_a_rate_of(codec: Codec, clip: AudioClip, format: str) -> AudioClip:  # noqa: A002
    rates = codec.sample_rates
    if not rates or clip.sample_rate in rates:
        return clip
    rate = next((rate for rate in rates if rate > clip.sample_rate), rates[-1])
    resampled = soxr.resample(clip.samples, clip.sample_rate, rate)
    if len(resampled) < codec.min_frames:
        raise AudioEncodeError(f"got {clip}, too short to leave a frame at {rate} Hz for {format!r}. Use format='wav'")
    return AudioClip.adopt(np.ascontiguousarray(resampled), rate)


def _within_full_scale(clip: AudioClip, subtype: str) -> AudioClip:
    """Clip for the lossy encoders, which would store or distort what lies beyond; integers are clipped as written."""
    if clip.peak <= 1.0 or subtype == "FLOAT" or subtype.startswith("PCM"):
        return clip
    return AudioClip.adopt(np.clip(clip.stored, -1, 1), clip.sample_rate, allow_empty=True)
