from __future__ import annotations

import errno
import json
import os
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from audio_logging.dashboard.server.notes import MAX_TEXT, Notes
from audio_logging.dashboard.server.notes_file import NotesFileError, starred_in
from audio_logging.errors import AudioTypeError, AudioValueError, NotFoundError

CLIP = {"id": "a" * 16, "run_name": "first try", "key": "val/bird", "step": 3, "caption": "a \u9ce5"}
OTHER = {"id": "b" * 16, "run_name": "first try", "key": "val/bird", "step": 1, "caption": None}

as_root = pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "notes.json"


@pytest.fixture(params=["in memory", "in a file"])
def notes(request: pytest.FixtureRequest, file: Path) -> Notes:
    return Notes(file if request.param == "in a file" else None)


def test_a_note_is_kept_until_it_says_nothing(notes: Notes) -> None:
    assert notes.all() == {}
    put = notes.put(CLIP, {"star": True, "text": "clicks at 0.3 s"})
    assert (put["star"], put["text"]) == (True, "clicks at 0.3 s")
    assert notes.all() == {CLIP["id"]: put}
    assert notes.starred() == [CLIP["id"]]
    assert notes.put(CLIP, {"star": False})["text"] == "clicks at 0.3 s"
    assert notes.starred() == []
    assert notes.put(CLIP, {"text": ""}) == {"star": False, "text": "", "time": None}
    assert notes.all() == {}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, "wanted {"), ([], "wanted {"), ({}, "wanted {"), ({"other": 1}, "wanted {"),
        ({"star": 1}, "star=1, wanted true or false"), ({"star": "x" * 1000}, "wanted true or false"),
        ({"text": None}, "must be text"), ({"text": ["a"]}, "must be text"),
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(notes: Notes, change: Any, message: str) -> None:
    with pytest.raises(AudioTypeError, match=message) as caught:
        notes.put(CLIP, change)
    assert len(str(caught.value)) < 200
    assert notes.all() == {}


def test_a_note_has_an_end(notes: Notes) -> None:
    assert len(notes.put(CLIP, {"text": "\U0001f426" * MAX_TEXT})["text"]) == MAX_TEXT
    with pytest.raises(AudioValueError, match="10001 characters, wanted at most 10000; shorten it"):
        notes.put(CLIP, {"text": "x" * (MAX_TEXT + 1)})


def test_any_text_comes_back_as_it_was_but_for_broken_surrogates(notes: Notes) -> None:
    text = "</script><img onerror=alert(1)>\u202e\u2028\x00\n\U0001f426"
    assert notes.put(CLIP, {"text": text})["text"] == text
    assert notes.all()[str(CLIP["id"])]["text"] == text
    assert notes.put(CLIP, {"text": "a\ud800"})["text"] == "a?"


def test_without_a_file_it_says_that_nothing_is_kept() -> None:
    assert Notes().about() == {"kept": False, "where": None}


def test_with_a_file_it_says_where(file: Path) -> None:
    assert Notes(file).about() == {"kept": True, "where": str(file)}
    assert not file.exists()  # until there is a note


def test_a_person_can_read_the_file(file: Path) -> None:
    notes = Notes(file)
    notes.put(CLIP, {"star": True})
    notes.put(OTHER, {"text": "loud"})
    document = json.loads(file.read_text(encoding="utf-8"))
    assert list(document["notes"]) == [OTHER["id"], CLIP["id"]]  # by step
    entry = document["notes"][CLIP["id"]]
    assert {**entry, "time": 0} == {
        "star": True, "text": "", "time": 0, "run": "first try", "key": "val/bird", "step": 3, "caption": "a \u9ce5",
    }  # fmt: skip
    assert "\u9ce5" in file.read_text(encoding="utf-8")
    assert file.read_text(encoding="utf-8").startswith('{\n  "about"')


def test_notes_are_there_the_next_time(file: Path) -> None:
    put = Notes(file).put(CLIP, {"star": True})
    assert Notes(str(file)).all() == {CLIP["id"]: put}


def test_the_same_note_twice_leaves_the_rest_of_the_file_as_it_was(file: Path) -> None:
    notes = Notes(file)
    notes.put(CLIP, {"text": "a"})
    before = file.read_text(encoding="utf-8")
    time = notes.put(CLIP, {"text": "a"})["time"]
    after = json.loads(file.read_text(encoding="utf-8"))
    assert after["notes"][CLIP["id"]].pop("time") == time
    old = json.loads(before)
    old["notes"][CLIP["id"]].pop("time")
    assert after == old


def test_changes_from_outside_are_seen_and_not_lost(file: Path) -> None:
    notes = Notes(file)
    notes.put(CLIP, {"star": True})
    document = json.loads(file.read_text(encoding="utf-8"))
    document["mine"] = "kept"
    document["notes"][CLIP["id"]]["tags"] = ["kept"]
    document["notes"]["c" * 16] = {"text": "by hand"}
    file.write_text(json.dumps(document), encoding="utf-8")
    assert notes.all()["c" * 16] == {"star": False, "text": "by hand", "time": None}
    notes.put(CLIP, {"text": "new"})
    after = json.loads(file.read_text(encoding="utf-8"))
    assert after["mine"] == "kept"
    assert after["notes"][CLIP["id"]]["tags"] == ["kept"]
    assert after["notes"][CLIP["id"]]["star"] is True
    assert after["notes"]["c" * 16] == {"text": "by hand"}


def test_two_dashboards_share_a_file(file: Path) -> None:
    first, second = Notes(file), Notes(file)
    first.put(CLIP, {"text": "first"})
    second.put(OTHER, {"text": "second"})
    second.put(CLIP, {"star": True})
    assert first.all() == second.all()
    assert first.all()[str(CLIP["id"])]["text"] == "first"
    assert first.starred() == [CLIP["id"]]


def test_many_writers_at_once_lose_nothing(file: Path) -> None:
    def write(number: int) -> None:
        notes = Notes(file)
        for step in range(5):
            notes.put({"id": f"{number:08x}{step:08x}"}, {"star": True})

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(Notes(file).all()) == 40
    assert [path.name for path in file.parent.iterdir()] == [file.name]  # no lock, no half-written file


@pytest.mark.parametrize(
    "content",
    [b" ", b"{", b"[]", b"null", b'{"a": 1}', b'{"notes": []}', b'{"notes": {"a": 1}}', b"\xff\xfe", b"RIFF\x00\x00",
     b"[" * 100_000],
)  # fmt: skip
def test_a_file_that_is_no_notes_is_left_as_it_is(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(
        NotesFileError, match=r"is no file of notes, and is left as it is: .* name another with --notes"
    ):
        Notes(file)
    assert file.read_bytes() == content


def test_a_file_of_0_bytes_is_one_without_notes(file: Path) -> None:
    file.touch()
    notes = Notes(file)
    assert notes.all() == {}
    assert file.read_bytes() == b""
    notes.put(CLIP, {"star": True})
    assert Notes(file).starred() == [CLIP["id"]]
    file.write_bytes(b"")
    assert notes.all() == {}


def test_stars_of_a_file(file: Path, tmp_path: Path) -> None:
    notes = Notes(file)
    notes.put(CLIP, {"star": True})
    notes.put(OTHER, {"text": "no star"})
    assert starred_in(file) == starred_in(str(file)) == notes.starred() == [CLIP["id"]]
    for missing in (tmp_path / "none.json", tmp_path / "nowhere" / "notes.json"):
        with pytest.raises(NotFoundError, match=r"there is no .*, wanted the file that audio-logging view"):
            starred_in(missing)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(NotesFileError, match="is no file of notes"):
        starred_in(file)


def test_a_file_damaged_meanwhile_is_left_as_it_is(file: Path) -> None:
    notes = Notes(file)
    notes.put(CLIP, {"star": True})
    file.write_bytes(b'{"notes": {"half')
    with pytest.raises(NotesFileError, match="is no file of notes"):
        notes.all()
    with pytest.raises(NotesFileError, match="is no file of notes"):
        notes.put(CLIP, {"text": "a"})
    assert file.read_bytes() == b'{"notes": {"half'


def test_what_cannot_be_written_again_is_left_as_it_is(file: Path) -> None:
    notes = Notes(file)
    file.write_text('{"notes": {"a": {"score": NaN}}}', encoding="utf-8")
    with pytest.raises(NotesFileError, match="is no file of notes"):
        notes.put(CLIP, {"star": True})
    assert "NaN" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_full_disk_changes_nothing_and_says_so(file: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    notes = Notes(file)
    notes.put(CLIP, {"star": True})
    before = file.read_bytes()

    def fail(_number: int) -> None:
        raise OSError(error, os.strerror(error))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(NotesFileError, match=f"cannot be written to .*{os.strerror(error)}") as caught:
            notes.put(CLIP, {"text": "lost"})
    assert caught.value.errno == error
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert notes.all()[str(CLIP["id"])]["text"] == ""


@as_root
def test_a_folder_that_cannot_be_written_to_is_said(file: Path) -> None:
    notes = Notes(file)
    file.parent.chmod(0o500)
    try:
        with pytest.raises(NotesFileError, match="cannot be written to"):
            notes.put(CLIP, {"star": True})
    finally:
        file.parent.chmod(0o700)


def test_a_folder_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(NotesFileError, match=r"there is no folder .*missing.* make it first"):
        Notes(tmp_path / "missing" / "notes.json")


def test_a_folder_or_a_pipe_in_its_place_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(NotesFileError, match="is no file of notes"):
        Notes(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(NotesFileError, match="is no file of notes"):
            Notes(tmp_path / "pipe")


@pytest.mark.skipif(sys.platform == "win32", reason="no such modes, and links need rights")
def test_a_link_to_the_file_and_its_mode_stay(tmp_path: Path, file: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(file)
    Notes(link).put(CLIP, {"star": True})
    file.chmod(0o640)
    Notes(link).put(CLIP, {"text": "a"})
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_file_that_is_gone_is_an_empty_one(file: Path) -> None:
    notes = Notes(file)
    notes.put(CLIP, {"star": True})
    file.unlink()
    assert notes.all() == {}
    notes.put(OTHER, {"star": True})
    assert list(notes.all()) == [OTHER["id"]]
