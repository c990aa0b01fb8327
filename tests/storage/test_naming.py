"""Whatever a key holds, its file stays in the folder, can be made, and belongs to no other key."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_logging.storage.naming import artifact_name, media_name

HOSTILE = [
    "",
    " ",
    ".",
    "..",
    "...",
    ".. ",
    " ..",
    ". .",
    ".. /.. /etc/passwd",
    "../../etc/passwd",
    "a/../../b",
    "/etc/passwd",
    "//server/share",
    "a//b",
    "a/",
    "C:\\Windows\\system32",
    "..\\..\\x",
    "a\\..\\b",
    "con",
    "NUL.txt",
    "com1/clip",
    "LPT¹",
    "name.",
    "name ",
    "qu\"ote's",
    "<|>:*?",
    "tab\tnew\nline\0nul",
    "\x7f\x80\x9f",
    "emoji 🎧/👩‍🔬",
    "e\u0301 and \u00e9",
    "\u202egnp.wav",
    "\ud800 alone \udfff",
    "x" * 10_000,
    "é" * 10_000,
    "/".join(["deep"] * 5000),
    "~/x",
    "-rf",
    "$(reboot)",
    "%2e%2e%2f",
    "_/_/etc/passwd_3754d6cb",
    "clip_deadbeef",
]

hostile_keys = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(), max_size=300),
    st.lists(st.sampled_from(["..", ".", " ", "", "a", "con", "\\", "\0", "é", ".. ", "🎧"]), max_size=12).map(
        "/".join
    ),
)
DETAILS = (123_456_789, "0123456789abcdef0123")


def in_folder(name: str) -> None:
    """Fail unless a name stays in its folder, on every system, and every file system has room for it."""
    assert not name.startswith("/")
    for flavour in (PurePosixPath, PureWindowsPath):
        path = flavour(name)
        assert not path.is_absolute()
        assert not path.drive
        assert ".." not in path.parts
    for part in name.split("/"):
        assert part not in ("", ".", "..")
        assert len(os.fsencode(part)) <= 255
        assert not part.endswith((" ", "."))
        assert not re.search(r'[\\:*?"<>|\x00-\x1f\x7f-\x9f]', part)
        assert not re.match(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", part)
    assert len(os.fsencode(name)) < 1200


def test_an_ordinary_key_stays_as_it_is() -> None:
    assert media_name("val/clip", 5, "0a1b", extension=".wav") == "val/clip_5_0a1b.wav"
    assert media_name("Audio (clean) #1.final", 0, "0a1b", extension=".flac") == "Audio (clean) #1.final_0_0a1b.flac"
    assert media_name("emoji 🎧 Straße", 5, extension=".wav") == "emoji 🎧 Straße_5.wav"


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_makes_a_file_in_the_folder(key: str, tmp_path: Path) -> None:
    name = media_name(key, *DETAILS, extension=".wav")
    in_folder(name)
    folder = tmp_path / "media"
    file = folder / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"sound")
    assert file.resolve().is_relative_to(folder.resolve())
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [file]


@given(hostile_keys)
def test_no_key_ever_leaves_the_folder(key: str) -> None:
    in_folder(media_name(key, *DETAILS, extension=".wav"))


@given(hostile_keys, hostile_keys)
def test_different_keys_never_share_a_file(one: str, other: str) -> None:
    first, second = (media_name(key, *DETAILS, extension=".wav") for key in (one, other))
    assert (first == second) == (one == other)


def test_hostile_keys_are_all_kept_apart() -> None:
    assert len({media_name(key, extension=".wav") for key in HOSTILE}) == len(HOSTILE)


@given(hostile_keys)
def test_a_key_that_is_another_keys_name_is_kept_apart_from_it(key: str) -> None:
    name = media_name(key, extension="")
    if name != key:
        assert media_name(name, extension="") != name


def test_a_replaced_key_ends_in_its_own_hash() -> None:
    for key in ("../x", "a\0b", "\ud800"):
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        assert media_name(key, extension="").endswith(f"_{digest}")


@pytest.mark.parametrize("detail", ["../../x", "a/b", "x" * 1000, "é" * 1000, "\0", "\ud800", ":"])
def test_what_follows_the_key_is_harmless_too(detail: str) -> None:
    in_folder(media_name("clip", detail, detail, extension=".wav"))
    in_folder(media_name("clip", 5, extension=f".{detail}wav"))


def test_an_artifact_name_is_readable_and_at_most_128_long() -> None:
    assert artifact_name("val/clean speech") == "val-clean-speech"
    assert artifact_name("") == "-"
    assert artifact_name("x" * 300) == "x" * 128


@given(st.text(max_size=200))
def test_an_artifact_name_is_one_that_wandb_takes(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", artifact_name(text))
