from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb

import audio_logging as al
from audio_logging.dashboard.notebook import view
from audio_logging.errors import AudioTypeError, AudioValueError, NoRunError, NotFoundError, UnsupportedFormatError
from audio_logging.report_media import log_report
from audio_logging.runs import open_run
from tests.dashboard.export.conftest import own_cache, read_report

__all__ = ["own_cache"]  # fixtures

RATE = 16_000


def start(folder: Path) -> wandb.Run:
    return wandb.init(project="bells", name="reported", dir=str(folder), settings=wandb.Settings(silent=True))


def noise(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, RATE)


def html_file(folder: Path, key: str = "report") -> Path:
    rows = [row for row in open_run(folder, wait=5).history() if key in row]
    return Path(rows[-1][key]["file"])


def test_the_page_is_in_the_run_with_all_clips_so_far(wandb_offline: Path) -> None:
    run = start(wandb_offline)
    folder = Path(run.dir).parent
    logger = al.AudioLogger(run)
    for step in range(5):
        logger.log("val/audio", noise(step), sample_rate=RATE, step=step)
        run.log({"loss": step})
    shown = log_report(run)
    run.log({"loss": 9})
    logger.close()
    run.finish()
    assert shown is not None
    assert shown.shown == 5, "what was logged a moment ago is in it, without flush()"
    file = html_file(folder)
    assert file.suffix == ".html"
    assert file.read_bytes() == shown.page, "as it is: wandb would put a link to its server into it"
    report = read_report(file)
    assert [row["step"] for row in report.rows] == [0, 1, 2, 3, 4]
    assert report.data["about"]["title"] == "reported"


def test_it_joins_the_row_of_the_user_and_takes_no_step(wandb_offline: Path) -> None:
    run = start(wandb_offline)
    folder = Path(run.dir).parent
    with al.AudioLogger(run) as logger:
        logger.log("val/audio", noise(1), sample_rate=RATE)
        for step in range(3):
            run.log({"loss": step}, step=step)
            log_report(run, "listen/now")
    run.finish()
    rows = [row for row in open_run(folder, wait=5).history() if "loss" in row]
    assert [(row["_step"], row["loss"], "listen/now" in row) for row in rows] == [
        (step, step, True) for step in range(3)
    ]
    assert html_file(folder, "listen/now").exists()


def test_filters_and_size(wandb_offline: Path) -> None:
    run = start(wandb_offline)
    with al.AudioLogger(run) as logger:
        for step in range(30):
            logger.log("val/audio", noise(step), sample_rate=RATE, step=step)
            logger.log("other", noise(100), sample_rate=RATE, step=step)
        assert getattr(log_report(run, step="latest"), "shown", 0) == 2
        few = log_report(run, max_mb=1.0, format="keep", title="Few")
    assert few is not None
    assert 0 < few.shown < few.total
    assert len(few.page) <= 1e6
    with pytest.raises(NotFoundError, match="no clip in"):
        log_report(run, label="none")
    run.finish()


def test_stars_are_those_of_the_notes(wandb_offline: Path, tmp_path: Path) -> None:
    run = start(wandb_offline)
    with al.AudioLogger(run) as logger:
        for step in range(3):
            logger.log("val/audio", noise(step), sample_rate=RATE, step=step)
        logger.flush()
        clips = read_report(view(run).save(tmp_path / "all.html")).rows
        notes = tmp_path / "notes.json"
        notes.write_text(json.dumps({"notes": {clips[1]["id"]: {"star": True}}}), encoding="utf-8")
        starred = log_report(run, starred=True, notes=notes)
    run.finish()
    assert starred is not None
    assert [row["step"] for row in read_report(starred.save(tmp_path / "starred.html")).rows] == [1]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"format": "mp3"}, UnsupportedFormatError, "got format='mp3', wanted one of 'keep', 'opus', 'flac'"),
        ({"title": 5}, AudioTypeError, "got title=5, wanted text"),
        ({"max_mb": math.nan}, AudioValueError, "got max_mb=nan, wanted a number of megabytes above 0"),
        ({"starred": True}, AudioValueError, r"stars are kept in the file .* Pass notes='notes\.json'"),
        ({"run": "wandb/latest-run"}, AudioTypeError, r"got str, wanted a wandb\.Run\. For a run on disk use view"),
    ],
)
def test_arguments_that_are_something_else(
    arguments: dict[str, Any], kind: type[Exception], message: str, wandb_offline: Path
) -> None:
    run = start(wandb_offline)
    with al.AudioLogger(run) as logger:
        logger.log("val/audio", noise(1), sample_rate=RATE)
        with pytest.raises(kind, match=message):
            log_report(**arguments)
    run.finish()


def test_without_a_run_it_is_the_one_that_is_there(wandb_offline: Path) -> None:
    with pytest.raises(NoRunError, match="there is no W&B run to log to"):
        log_report()
    run = start(wandb_offline)
    with al.AudioLogger() as logger:
        logger.log("val/audio", noise(1), sample_rate=RATE)
        assert log_report() is not None
    run.finish()
    with pytest.raises(NoRunError, match="has finished"):
        log_report(run)


def test_a_disabled_run_gets_nothing() -> None:
    run = wandb.init(mode="disabled")
    assert log_report(run) is None
    run.finish()


def test_view_of_a_run_that_is_going_on(wandb_offline: Path) -> None:
    run = start(wandb_offline)
    with al.AudioLogger(run) as logger:
        logger.log("val/audio", noise(1), sample_rate=RATE, step=7)
        logger.flush()
        shown = view(run)
    run.finish()
    assert (shown.shown, shown.total) == (1, 1)
