from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audio_logging.datasets.errors import AudioReadError
from audio_logging.datasets.label_table import match_labels, read_label_table
from audio_logging.errors import AudioFileNotFoundError, AudioValueError

PATHS = ["top/a.wav", "top/sub/a.wav", "top/sub/b.wav", "top/sub/c.d.wav"]


@pytest.mark.parametrize(
    "name",
    ["sub/b.wav", "sub/b", "b.wav", "b", "top/sub/b.wav", "./sub/b.wav", Path("sub/b.wav"), Path("sub") / "b"],
    ids=str,
)
def test_files_are_named_by_path_or_by_a_name_that_is_there_once(name: Any) -> None:
    files = match_labels(PATHS, "top", {name: "dog"}, None)
    assert files.paths == ["top/sub/b.wav"]
    assert (files.labels, files.class_names) == ([0], ["dog"])


def test_a_path_wins_over_a_name_and_dots_within_names_are_kept() -> None:
    files = match_labels(PATHS, "top", {"a.wav": 1, "c.d": 0}, None)
    assert files.paths == ["top/a.wav", "top/sub/c.d.wav"]
    assert files.labels == [1, 0]


def test_files_given_by_their_full_path_are_found(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    files = match_labels([f"{tmp_path}/link/x.wav"], f"{tmp_path}/link", {tmp_path / "real" / "x.wav": "dog"}, None)
    assert files.labels == [0]


def test_classes_are_all_labels_sorted_and_files_stay_in_order() -> None:
    files = match_labels(PATHS, "top", {"b": "emu", "top/a.wav": "dog", "sub/a.wav": "cat"}, None)
    assert files.class_names == ["cat", "dog", "emu"]
    assert files.paths == PATHS[:3]
    assert files.labels == [1, 0, 2]


def test_numbers_are_classes_in_the_order_of_numbers() -> None:
    for table in ({"b": 10, "a.wav": 9}, {"b": "10", "a.wav": "9"}, {"b": ["10"], "a.wav": ["9"]}):
        files = match_labels(PATHS, "top", table, None)
        assert (files.class_names, files.labels) == (["9", "10"], [0, 1])


@pytest.mark.parametrize("several", [["cat", "dog"], ("cat", "dog"), ["cat", "dog", "cat"]], ids=str)
def test_a_list_of_labels_makes_every_label_a_set(several: Any) -> None:
    files = match_labels(PATHS, "top", {"b": several, "a.wav": "dog", "c.d": []}, None)
    assert files.labels == [(1,), (0, 1), ()]


def test_given_class_names_decide_the_order() -> None:
    files = match_labels(PATHS, "top", {"b": "dog"}, ["emu", "dog"])
    assert (files.class_names, files.labels) == (["emu", "dog"], [1])


@pytest.mark.parametrize(
    ("table", "class_names", "message"),
    [
        ({"x.wav": 0}, None, "names x.wav, but there is no such audio file in directory top"),
        ({"a": 0}, None, "names a, which is there 2 times"),
        ({"b": 0, "sub/b.wav": 1}, None, "names the file top/sub/b.wav twice, the second time as 'sub/b.wav'"),
        ({"b": "wolf"}, ["dog"], r"has \['wolf'\], which are not among class_names=\['dog'\]"),
    ],
)
def test_a_table_that_does_not_fit_is_an_error(table: Any, class_names: Any, message: str) -> None:
    paths = ["top/x/a.wav", "top/sub/a.wav", "top/sub/b.wav"]
    with pytest.raises(AudioValueError, match=message):
        match_labels(paths, "top", table, class_names)


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("path,label\na.wav,dog\nb.wav,cat\n", {"a.wav": ["dog"], "b.wav": ["cat"]}),
        ("x,y\r\na.wav,dog\r\n\r\n", {"a.wav": ["dog"]}),
        ("\ufefffold,label,filename\n1,dog,a.wav\n", {"a.wav": ["dog"]}),
        ("path,label\na.wav,dog\na.wav,cat\n", {"a.wav": ["dog", "cat"]}),
        ("path,label\na.wav, dog ; cat\nb.wav,\n", {"a.wav": ["dog", "cat"], "b.wav": []}),
        ('path,label\n"a, b.wav","dog, barking"\n', {"a, b.wav": ["dog, barking"]}),
        ("path,label\n", {}),
    ],
)
def test_tables_are_read(tmp_path: Path, text: str, table: dict[str, list[str]]) -> None:
    (tmp_path / "t.csv").write_text(text, "utf-8")
    assert read_label_table(tmp_path / "t.csv") == table


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; wanted a header such as path,label"),
        (b"path,fold,kind\n", "got the columns path, fold, kind; wanted one called"),
        (b"path,label\na.wav\n", "line 2 has 1 columns, the header has 2"),
        (b"path,label\n\xff\xfe", "is no CSV file in UTF-8"),
    ],
)
def test_what_is_no_table_is_an_error_with_the_path(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(AudioValueError, match=rf"t\.csv: .*{message}"):
        read_label_table(tmp_path / "t.csv")


def test_a_missing_table_is_an_error_with_the_path(tmp_path: Path) -> None:
    with pytest.raises(AudioFileNotFoundError, match=r"t\.csv: there is no such table"):
        read_label_table(tmp_path / "t.csv")
    with pytest.raises(AudioReadError, match="cannot be read: Is a directory"):
        read_label_table(tmp_path)
