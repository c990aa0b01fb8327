"""PNG files, read by hand."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from audio_logging.dashboard.analysis.colours import palette
from audio_logging.dashboard.analysis.pictures import palette_png


def chunks(data: bytes) -> dict[bytes, bytes]:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found: dict[bytes, bytes] = {}
    at = 8
    while at < len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + 8 + size]
        assert zlib.crc32(name + content) == struct.unpack_from(">I", data, at + 8 + size)[0]
        found[name] = found.get(name, b"") + content
        at += 12 + size
    return found


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (512, 2048)])
def test_a_picture_has_its_size_its_palette_and_its_pixels(height: int, width: int, rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (height, width)).astype(np.uint8)
    found = chunks(palette_png(pixels, palette("viridis")))
    assert struct.unpack(">IIBBBBB", found[b"IHDR"]) == (width, height, 8, 3, 0, 0, 0)
    assert found[b"PLTE"] == bytes(part for colour in palette("viridis") for part in colour)
    lines = np.frombuffer(zlib.decompress(found[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not lines[:, 0].any()  # no filter
    assert np.array_equal(lines[:, 1:], pixels)


def test_any_view_of_an_array_will_do() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert palette_png(pixels.T[::-1], palette("grey")) == palette_png(pixels.T[::-1].copy(), palette("grey"))
