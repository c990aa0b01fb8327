"""Ogg pages get a serial number of our own, and checksums that are right."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from audio_logging.encoding.ogg import SERIAL, with_fixed_serial


def slow_checksum(page: bytes) -> int:
    """CRC-32 as RFC 3533 has it: bit by bit, polynomial 0x04c11db7, from 0, no reflection, no inversion."""
    remainder = 0
    for byte in page:
        remainder ^= byte << 24
        for _ in range(8):
            remainder = ((remainder << 1) ^ (0x04C11DB7 if remainder & 0x80000000 else 0)) & 0xFFFFFFFF
    return remainder


def pages(ogg: bytes) -> Iterator[bytes]:
    while ogg:
        assert ogg[:4] == b"OggS"
        size = 27 + ogg[26] + sum(ogg[27 : 27 + ogg[26]])
        yield ogg[:size]
        ogg = ogg[size:]


@pytest.fixture(params=["VORBIS", "OPUS"])
def ogg(request: pytest.FixtureRequest, rng: np.random.Generator) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, rng.uniform(-0.5, 0.5, (16_000, 2)), 16_000, request.param, format="OGG")
    return file.getvalue()


def test_the_slow_checksum_is_libsndfiles(ogg: bytes) -> None:
    for page in pages(ogg):
        assert slow_checksum(page[:22] + bytes(4) + page[26:]) == int.from_bytes(page[22:26], "little")


def test_every_page_gets_the_serial_and_its_checksum(ogg: bytes) -> None:
    fixed = with_fixed_serial(ogg)
    assert len(fixed) == len(ogg)
    assert len(list(pages(fixed))) > 2
    for page, before in zip(pages(fixed), pages(ogg), strict=True):
        assert page[14:18] == SERIAL
        assert page[22:26] == slow_checksum(page[:22] + bytes(4) + page[26:]).to_bytes(4, "little")
        assert (page[:14], page[18:22], page[26:]) == (before[:14], before[18:22], before[26:])


def test_it_still_sounds_the_same(ogg: bytes) -> None:
    before, _ = soundfile.read(io.BytesIO(ogg))
    after, _ = soundfile.read(io.BytesIO(with_fixed_serial(ogg)))
    assert np.array_equal(before, after)


def test_a_second_time_changes_nothing(ogg: bytes) -> None:
    fixed = with_fixed_serial(ogg)
    assert with_fixed_serial(fixed) == fixed
