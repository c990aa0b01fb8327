from __future__ import annotations

import json
import resource
import threading
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from audio_logging.logger.sidecar import Sidecar, plain_json
from audio_logging.schema import SIDECAR_FIELDS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "files" / "audio_logging" / "index.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_nothing_is_made_before_the_first_line(path: Path) -> None:
    Sidecar(path)
    assert not path.parent.exists()


def test_a_line_is_there_when_append_returns(path: Path) -> None:
    sidecar = Sidecar(path)
    sidecar.append({"key": "val/a", "step": 3})
    assert path.read_bytes() == b'{"key":"val/a","step":3}\n'
    sidecar.append({"key": "val/b", "step": 4})
    assert lines(path) == [{"key": "val/a", "step": 3}, {"key": "val/b", "step": 4}]


def test_fields_stand_in_order_and_unknown_ones_are_left_out(path: Path) -> None:
    everything = dict.fromkeys(reversed(SIDECAR_FIELDS), 1)
    Sidecar(path).append({**everything, "colour": "red"})
    assert list(lines(path)[0]) == list(SIDECAR_FIELDS)


def test_what_is_unknown_or_no_number_is_absent(path: Path) -> None:
    Sidecar(path).append({"key": "a", "caption": None, "peak": float("nan"), "duration": float("inf"), "index": 0})
    assert lines(path) == [{"key": "a", "index": 0}]


@pytest.mark.parametrize(
    "caption", ["", "a\nb\r\n\u2028c", '"quotes" and \\', "\0\x1b[2J", "🎧 ñ 音", "x" * 10_000, "lone \udc80 surrogate"]
)
def test_any_text_is_one_line_and_comes_back(path: Path, caption: str) -> None:
    sidecar = Sidecar(path)
    sidecar.append({"key": "a", "caption": caption})
    sidecar.append({"key": "b"})
    assert path.read_bytes().count(b"\n") == 2
    assert lines(path)[0]["caption"] == caption


def test_a_half_line_of_a_killed_process_does_not_swallow_the_next(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"key":"a"}\n{"key":"b","st')
    Sidecar(path).append({"key": "c"})
    assert path.read_bytes() == b'{"key":"a"}\n{"key":"b","st\n{"key":"c"}\n'


def test_a_line_that_does_not_fit_leaves_no_part_of_itself(path: Path) -> None:
    sidecar = Sidecar(path)
    sidecar.append({"key": "a"})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            sidecar.append({"key": "b", "caption": "x" * 1000})
        sidecar.append({"key": "c"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert lines(path) == [{"key": "a"}, {"key": "c"}]


def test_a_file_that_was_removed_is_begun_anew(path: Path) -> None:
    sidecar = Sidecar(path)
    sidecar.append({"key": "a"})
    path.unlink()
    path.parent.rmdir()
    sidecar.append({"key": "b"})
    assert lines(path) == [{"key": "b"}]


def test_a_closed_sidecar_opens_again(path: Path) -> None:
    sidecar = Sidecar(path)
    sidecar.append({"key": "a"})
    sidecar.close()
    sidecar.close()
    sidecar.append({"key": "b"})
    assert len(lines(path)) == 2


def test_threads_and_other_writers_do_not_mix_their_lines(path: Path) -> None:
    sidecars = [Sidecar(path), Sidecar(path)]

    def write(number: int) -> None:
        for index in range(100):
            sidecars[number % 2].append({"key": f"{number}", "index": index, "caption": "x" * 500})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = lines(path)
    assert len(written) == 400
    assert [line["index"] for line in written if line["key"] == "2"] == list(range(100))


class Level(IntEnum):
    LOUD = 3


class Odd:
    def __str__(self) -> str:
        return "odd"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (np.bool_(True), True),
        (Level.LOUD, 3),
        (np.int64(7), 7),
        (np.float32(0.5), 0.5),
        (np.float64("nan"), None),
        (-float("inf"), None),
        (np.array([1.0, np.nan]), [1.0, None]),
        (np.array(2), 2),
        ({"a": (1, np.float16(2)), 3: [None]}, {"a": [1, 2.0], "3": [None]}),
        ("text", "text"),
        (Odd(), "odd"),
        (Path("a") / "b", "a/b"),
    ],
)
def test_values_become_what_json_can_say(value: Any, expected: Any) -> None:
    made = plain_json(value)
    assert made == expected
    assert json.loads(json.dumps(made, allow_nan=False)) == expected


def test_tensors_become_numbers(require: Callable[[str], ModuleType]) -> None:
    torch = require("torch")
    assert plain_json(torch.tensor(1.5, requires_grad=True)) == 1.5
    assert plain_json(torch.tensor([1, 2])) == [1, 2]
    assert plain_json(torch.tensor([0.5], dtype=torch.bfloat16)) == [0.5]
