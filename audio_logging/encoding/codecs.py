"""The table of formats: what each holds, and the function that writes it. A new codec is one function and one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from audio_logging.clip import MAX_CHANNELS, AudioClip
from audio_logging.encoding.libsndfile import write_flac, write_mp3, write_opus, write_vorbis
from audio_logging.encoding.wav import write_wav
from audio_logging.errors import UnsupportedFormatError

__all__ = ["CODECS", "Codec", "available_formats", "find_codec", "find_subtype"]


@dataclass(frozen=True)
class Codec:
    """One format.

    Attributes
    ----------
    extension : str
        File name extension with its dot.
    media_type : str
        What a browser calls it.
    subtypes : tuple of str
        What it can hold, the default first, by libsndfile's names.
    write : callable
        ``write(clip, subtype) -> memoryview``.
    max_channels : int
        libsndfile crashes or refuses beyond this.
    min_frames : int
        Shortest clip that can be stored and read back.
    holds_rate : callable
        Whether it can store a sample rate [Hz].
    sample_rates : tuple of int
        [Hz] Rates to resample to, rising, where it holds only some; empty: clips are never resampled.
    """

    extension: str
    media_type: str
    subtypes: tuple[str, ...]
    write: Callable[[AudioClip, str], memoryview]
    max_channels: int
    min_frames: int = 1
    holds_rate: Callable[[int], bool] = lambda _rate: True
    sample_rates: tuple[int, ...] = ()


def _flac_holds(rate: int) -> bool:
    """Whether FLAC's frame header can say the rate: in Hz up to 16 bits, or in tens of Hz (RFC 9639, 9.1.2)."""
    return rate <= 65_535 or (rate <= 655_350 and rate % 10 == 0)


def _vorbis_holds(rate: int) -> bool:
    """Whether libvorbis has an encoding mode for the rate (its mode tables end at 200 kHz)."""
    return rate <= 200_000


CODECS: dict[str, Codec] = {
    "wav": Codec(".wav", "audio/wav", ("PCM_16", "PCM_24", "PCM_32", "FLOAT"), write_wav, MAX_CHANNELS, min_frames=0),
    "flac": Codec(".flac", "audio/flac", ("PCM_16", "PCM_24"), write_flac, 8, holds_rate=_flac_holds),
    "ogg": Codec(".ogg", "audio/ogg", ("VORBIS",), write_vorbis, 255, holds_rate=_vorbis_holds),
    "opus": Codec(
        ".opus", "audio/ogg", ("OPUS",), write_opus, 255, sample_rates=(8_000, 12_000, 16_000, 24_000, 48_000)
    ),
    "mp3": Codec(
        ".mp3",
        "audio/mpeg",
        ("MPEG_LAYER_III",),
        write_mp3,
        2,
        sample_rates=(8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
    ),
}


def available_formats() -> dict[str, tuple[str, ...]]:
    """Return the formats that clips can be stored in, each with its subtypes, the default first.

    Returns
    -------
    dict

    Examples
    --------
    >>> available_formats()["flac"]
    ('PCM_16', 'PCM_24')
    """
    return {name: codec.subtypes for name, codec in CODECS.items()}


def find_codec(format: str) -> Codec:  # noqa: A002 - "format" is the public word
    """Return the codec of that name.

    Parameters
    ----------
    format : str
        In any case, with or without a leading dot.

    Returns
    -------
    Codec

    Raises
    ------
    UnsupportedFormatError
        There is none.
    """
    codec = CODECS.get(normalized_format(format))
    if codec is None:
        raise UnsupportedFormatError(f"got format={format!r}, wanted one of {', '.join(map(repr, CODECS))}")
    return codec


def normalized_format(format: str) -> str:  # noqa: A002
    """Return the table's spelling of a format's name: ``".WAV"`` is ``"wav"``."""
    return str(format).lower().lstrip(".")


def find_subtype(format: str, subtype: str | None) -> str:  # noqa: A002
    """Return the subtype to use: the format's default for None.

    Parameters
    ----------
    format : str
    subtype : str or None
        In any case.

    Returns
    -------
    str

    Raises
    ------
    UnsupportedFormatError
        The format has no such subtype.
    """
    subtypes = find_codec(format).subtypes
    if subtype is None:
        return subtypes[0]
    wanted = str(subtype).upper()
    if wanted not in subtypes:
        holders = [name for name, codec in CODECS.items() if wanted in codec.subtypes]
        hint = f". {subtype} is a subtype of format={holders[0]!r}" if holders else ""
        raise UnsupportedFormatError(
            f"got subtype={subtype!r}, wanted for {format!r} one of {', '.join(map(repr, subtypes))}{hint}"
        )
    return wanted
