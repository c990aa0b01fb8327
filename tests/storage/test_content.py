from __future__ import annotations

import gc
import hashlib
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.clip import AudioClip
from audio_logging.encoding import EncodedAudio, encode
from audio_logging.storage import content
from audio_logging.storage.content import FileContent, MemoryContent, ReferenceContent

Tone = npt.NDArray[np.float32]


@pytest.fixture
def encoded(tone: Tone) -> EncodedAudio:
    return encode(AudioClip(tone * 4, 16_000), "wav")


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_clip_stays_in_memory_until_a_path_is_asked_for(encoded: EncodedAudio, tmp_path: Path) -> None:
    held = MemoryContent(encoded, tmp_path)
    assert held.read() == encoded.data
    assert files_in(tmp_path) == []
    assert Path(held.path()).read_bytes() == bytes(encoded.data)
    assert held.path() == held.path()


def test_the_temporary_file_goes_with_the_clip(encoded: EncodedAudio, tmp_path: Path) -> None:
    held = MemoryContent(encoded, tmp_path)
    held.path()
    del held
    gc.collect()
    assert files_in(tmp_path) == []


def test_what_is_known_of_the_bytes(encoded: EncodedAudio, tmp_path: Path) -> None:
    held = MemoryContent(encoded, tmp_path)
    assert held.sha256 == hashlib.sha256(encoded.data).hexdigest()
    assert held.size == 32_044
    assert held.is_temporary


def test_beyond_the_limit_clips_wait_on_disk(
    encoded: EncodedAudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gc.collect()
    monkeypatch.setattr(content, "MEMORY_LIMIT", MemoryContent._held + 2 * encoded.size)
    held = [MemoryContent(encoded, tmp_path) for _ in range(5)]
    assert len(files_in(tmp_path)) == 3
    assert held[4].read() == Path(held[4].path())
    del held
    gc.collect()
    assert files_in(tmp_path) == []


def test_a_clip_that_waits_on_disk_comes_back_with_all_that_is_known(
    encoded: EncodedAudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "MEMORY_LIMIT", -(2**40))
    back = MemoryContent(encoded, tmp_path).encoded()
    assert back.data == encoded.data
    assert (back.peak, back.clipped_samples) == (2.0, encoded.clipped_samples)


def test_a_clip_stays_in_memory_when_the_temporary_folder_cannot_be_written_to(
    encoded: EncodedAudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "MEMORY_LIMIT", -(2**40))
    (tmp_path / "file").touch()
    held = MemoryContent(encoded, tmp_path / "file" / "folder")
    assert held.read() == encoded.data


def test_the_count_of_what_is_held_returns_to_where_it_was(encoded: EncodedAudio, tmp_path: Path) -> None:
    gc.collect()
    before = MemoryContent._held
    held = [MemoryContent(encoded, tmp_path) for _ in range(3)]
    assert MemoryContent._held == before + 3 * encoded.size
    held.clear()
    assert MemoryContent._held == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_does_not_take_the_parents_file_away(encoded: EncodedAudio, tmp_path: Path) -> None:
    held = MemoryContent(encoded, tmp_path)
    held.path()
    child = os.fork()
    if not child:
        del held
        os._exit(0)
    os.waitpid(child, 0)
    assert len(files_in(tmp_path)) == 1


def test_a_placed_clip_is_a_file_of_the_name_asked_for(encoded: EncodedAudio, tmp_path: Path) -> None:
    placed = MemoryContent(encoded, tmp_path / "temporary").place(
        tmp_path / "media", lambda sha256: f"{sha256[:4]}.wav"
    )
    assert placed.path() == str(tmp_path / "media" / f"{encoded.sha256[:4]}.wav")
    assert Path(placed.path()).read_bytes() == bytes(encoded.data)
    assert (placed.sha256, placed.size, placed.is_temporary) == (encoded.sha256, encoded.size, False)


def test_a_file_is_hashed_while_it_is_copied_and_not_before(
    wav_bytes: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(path: Path) -> tuple[str, int]:
        raise AssertionError(f"read {path} a second time")

    monkeypatch.setattr(content, "hash_file", never)
    (tmp_path / "take.wav").write_bytes(wav_bytes)
    placed = FileContent(tmp_path / "take.wav").place(tmp_path / "media", lambda sha256: f"{sha256}.wav")
    assert placed.sha256 == hashlib.sha256(wav_bytes).hexdigest()
    assert Path(placed.path()).read_bytes() == wav_bytes


def test_a_file_is_known_by_its_bytes(wav_bytes: bytes, tmp_path: Path) -> None:
    (tmp_path / "take.wav").write_bytes(wav_bytes)
    file = FileContent(tmp_path / "take.wav")
    assert (file.sha256, file.size) == (hashlib.sha256(wav_bytes).hexdigest(), len(wav_bytes))
    assert not file.refresh()


def test_a_file_that_changed_is_looked_at_anew(wav_bytes: bytes, tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    take.write_bytes(wav_bytes)
    file = FileContent(take)
    before = file.sha256
    take.write_bytes(wav_bytes + b"\0\0")
    assert file.refresh()
    assert file.sha256 != before
    assert file.size == len(wav_bytes) + 2


def test_an_address_is_known_by_its_text() -> None:
    reference = ReferenceContent("s3://bucket/take.wav")
    assert reference.sha256 == hashlib.sha256(b"s3://bucket/take.wav").hexdigest()
    assert (reference.size, reference.path()) == (None, "s3://bucket/take.wav")
