from __future__ import annotations

import pytest
import soundfile

from audio_logging.datasets.formats import EXTENSIONS, extensions_of
from audio_logging.errors import AudioValueError


@pytest.mark.parametrize(
    ("formats", "endings"),
    [
        ("wav", (".wav",)),
        (".FLAC", (".flac",)),
        (("wav", ".oga", "wav"), (".wav", ".oga")),
        (iter(["mp3"]), (".mp3",)),
        ("all", tuple(ending for endings in EXTENSIONS.values() for ending in endings)),
    ],
    ids=str,
)
def test_formats_are_named_or_given_as_endings(formats: str, endings: tuple[str, ...]) -> None:
    assert extensions_of(formats) == endings


@pytest.mark.parametrize("formats", ["m4a", ["wav", "txt"], ".x"], ids=str)
def test_unknown_formats_are_refused_with_the_known_ones(formats: str) -> None:
    with pytest.raises(AudioValueError, match=r"wanted some of wav, flac, .*, or 'all'"):
        extensions_of(formats)


def test_no_format_is_refused() -> None:
    with pytest.raises(AudioValueError, match=r"got formats=\(\)"):
        extensions_of([])


def test_every_format_is_one_of_libsndfile() -> None:
    known = {name.lower() for name in soundfile.available_formats()} | {"opus"}
    assert set(EXTENSIONS) <= known
