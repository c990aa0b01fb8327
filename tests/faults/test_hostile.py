"""Clips that are no clips among others that are, and keys and captions that want out of the folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import wandb

from audio_logging.errors import AudioLoggingWarning
from audio_logging.logger.audio_logger import AudioLogger
from audio_logging.runs import open_run

Tone = npt.NDArray[np.float32]


@pytest.fixture
def run(wandb_offline: Path) -> wandb.Run:
    return wandb.init(project="hostile", settings=wandb.Settings(x_save_requirements=False))


def lines_of(run: wandb.Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (Path(run.dir) / "audio_logging/index.jsonl").read_text().splitlines()]


class Treacherous:
    def __array__(self, dtype: object = None, copy: object = None) -> npt.NDArray[np.float32]:
        raise RuntimeError("no samples today")


class Endless:
    """Says that it has a length, and has none."""

    shape = (10**15,)

    def __array__(self, dtype: object = None, copy: object = None) -> npt.NDArray[np.float32]:
        raise MemoryError


def bad_clips(tone: Tone) -> dict[str, tuple[Any, str]]:
    return {
        "NaN": (np.where(np.arange(len(tone)) == 7, np.nan, tone), "NonFiniteAudioError"),
        "infinity": (np.where(np.arange(len(tone)) == 7, np.inf, tone), "NonFiniteAudioError"),
        "empty": (tone[:0], "EmptyAudioError"),
        "40 channels": (np.zeros((16_000, 40), np.float32), "AudioEncodeError"),
        "complex": (tone * 1j, "AudioTypeError"),
        "raises": (Treacherous(), ""),
        "out of memory": (Endless(), ""),
        "nothing": (None, "AudioTypeError"),
        "a dictionary": ({"label": "dog"}, "AudioTypeError"),
    }


@pytest.mark.parametrize("name", bad_clips(np.zeros(1, np.float32)))
def test_a_bad_clip_in_a_list_does_not_keep_the_others_out(run: wandb.Run, tone: Tone, name: str) -> None:
    bad, kind = bad_clips(tone)[name]
    with pytest.warns(AudioLoggingWarning, match="a clip was not logged") as caught:
        logger = AudioLogger(run)
        for _ in range(2):
            logger.log("a", [tone, bad, tone / 2, bad], sample_rate=16_000, caption=["0", "1", "2", "3"])
        run.log({"loss": 1})
        logger.close()
    assert len(caught) == 1
    assert logger.errors == 4
    if kind:
        assert logger.counts[f"errors/{kind}"] == 4
    assert [(line["index"], line["caption"], line["peak"]) for line in lines_of(run)] == 2 * [
        (0, "0", 0.5),
        (1, "2", 0.25),
    ]
    run.finish()
    done = open_run(Path(run.dir).parent, wait=10)
    rows = [row["a"] for row in done.history() if "a" in row]
    assert [(row["count"], row["captions"]) for row in rows] == [(2, ["0", "2"])] * 2
    assert done.summary["audio_logging/errors"] == 4


def test_forty_channels_fit_into_wav(run: wandb.Run) -> None:
    with AudioLogger(run, format="wav", layout="frames_first", on_error="raise") as logger:
        logger.log("a", np.zeros((16_000, 40), np.float32), sample_rate=16_000)
    assert lines_of(run)[0]["channels"] == 40


HOSTILE = [
    "../../outside",
    "a/../../../outside",
    "/etc/outside",
    "..",
    ".",
    "/",
    "//",
    "a//b/",
    "~/outside",
    "$HOME/`id`",
    "quote\"'",
    "back\\slash\\..\\..",
    "C:\\outside",
    "emoji 🎧🔊",
    "right\u202eleft",
    "new\nline\r\ttab",
    "nul\0byte",
    "escape\x1b[2J",
    "lone \udc80",
    "x" * 10_000,
    "é" * 300,
    "/".join("abcdefghijklmnopqrstuvwxyz"),
    "[glob]*?{a,b}",
    "CON",
    " ",
    "-rf",
    ".hidden",
    "trailing. ",
]


@pytest.mark.parametrize("rows", ["shared", "own"])
def test_keys_never_leave_the_media_folder_and_never_mix(run: wandb.Run, wandb_offline: Path, rows: Any) -> None:
    before = set(wandb_offline.rglob("*"))
    with AudioLogger(run, rows=rows, on_error="raise") as logger:
        for number, key in enumerate(HOSTILE):
            logger.log(key, np.full(160, number, np.int16), sample_rate=16_000, caption=key, step=number)
    lines = lines_of(run)
    assert [line["caption"] for line in lines] == HOSTILE
    assert [line["key"] for line in lines] == [key.replace("\udc80", "\\udc80") for key in HOSTILE]
    assert len({line["path"] for line in lines}) == len(HOSTILE)
    media = (Path(run.dir) / "media/audio").resolve()
    for number, line in enumerate(lines):
        path = Path(run.dir) / line["path"]
        assert path.resolve().is_relative_to(media)
        assert set(soundfile.read(path, dtype="int16")[0].tolist()) == {number}
    made = {path for path in set(wandb_offline.rglob("*")) - before if path.is_file()}
    assert {path for path in made if path.suffix == ".flac"} == {Path(run.dir) / line["path"] for line in lines}
    allowed = (Path(run.dir).parent, wandb_offline / "wandb-cache")  # where wandb's service keeps a log of its own
    assert [path for path in made if not any(map(path.is_relative_to, allowed))] == []
    run.finish()
    done = open_run(Path(run.dir).parent, wait=10)
    assert {key for row in done.history() for key in row} >= {line["key"] for line in lines}
    assert {clip.step for clip in done.clips() if clip.file is not None} >= set(range(len(HOSTILE)))


def test_captions_come_back_as_they_were(run: wandb.Run, tone: Tone) -> None:
    with AudioLogger(run, on_error="raise") as logger:
        logger.log("a", [tone[:160]] * len(HOSTILE), sample_rate=16_000, caption=HOSTILE)
        for number, caption in enumerate(HOSTILE):
            logger.log(f"b{number}", tone[:160], sample_rate=16_000, caption=caption, step=0)
    assert [line["caption"] for line in lines_of(run)] == HOSTILE * 2
    run.finish()
    (row,) = open_run(Path(run.dir).parent, wait=10).history()
    shown = [caption.replace("\udc80", "\ufffd") for caption in HOSTILE]  # which UTF-8 cannot say
    assert row["a"]["captions"] == shown
    assert [row[f"b{number}"]["caption"] for number in range(len(HOSTILE))] == shown
