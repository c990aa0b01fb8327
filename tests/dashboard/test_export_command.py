from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audio_logging.cli import main
from audio_logging.dashboard.catalog.queries import Query
from audio_logging.dashboard.export.conversion import FORMATS
from audio_logging.dashboard.export_command import OF_THE_PAGE
from audio_logging.dashboard.front_end import WEB
from tests.dashboard.conftest import RunFolder
from tests.dashboard.export.conftest import PutClip, own_cache, put_clip, read_report, run, sound

__all__ = ["own_cache", "put_clip", "run"]  # fixtures

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "report.html"


def export(run: RunFolder, report: Path, *options: str) -> int:
    return main(["export", str(run.folder), "-o", str(report), *options])


def test_every_clip_is_in_the_file_as_it_was_stored(run: RunFolder, report: Path, capsys: Capture) -> None:
    assert export(run, report) == 0
    read = read_report(report)
    assert [(row["key"], row["step"]) for row in read.rows] == [
        ("val", 0), ("music/reference", 0), ("val", 10), ("music/reference", 10), ("val", 20), ("music/reference", 20),
    ]  # fmt: skip
    for row in read.rows:
        assert hashlib.sha256(read.sound_of(row)).hexdigest() == row["sha256"]
    size = report.stat().st_size / 1e6
    assert (
        capsys.readouterr().out
        == f"exported 6 clips of 1 run into {report} ({size:.1f} MB); open {report} in a browser\n"
    )


def test_a_sound_that_was_logged_three_times_is_there_once(run: RunFolder, report: Path) -> None:
    export(run, report)
    read = read_report(report)
    assert sorted(read.media) == ["m0", "m1", "m2", "m3"]
    assert len({read.entry(row)["element"] for row in read.rows if row["key"] == "music/reference"}) == 1


def test_levels_and_peaks_of_each_clip_are_in_it(run: RunFolder, report: Path) -> None:
    export(run, report)
    read = read_report(report)
    for row in read.rows:
        entry = read.entry(row)
        assert entry["levels"]["frames"] == row["frames"]
        assert 0.49 < entry["levels"]["peak"] <= 0.5
        peaks = np.frombuffer(base64.b64decode(entry["peaks"]["data"]), "<i2").reshape(1, entry["peaks"]["n"], 2)
        assert peaks.max() == pytest.approx(entry["levels"]["peak"] * 32767, abs=2) or peaks.min() < -16_000


def test_a_long_clip_has_more_peaks(new_run: Callable[..., RunFolder], put_clip: PutClip, report: Path) -> None:
    run = new_run("abc")
    for seconds in (1.0, 31.0):
        put_clip(run, sound(1, seconds))
    export(run, report)
    assert [entry["peaks"]["n"] for entry in read_report(report).data["media"]] == [64, 2048]


def test_the_same_clips_give_the_same_bytes(run: RunFolder, report: Path, tmp_path: Path) -> None:
    export(run, report)
    export(run, tmp_path / "again.html")
    assert report.read_bytes() == (tmp_path / "again.html").read_bytes()


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--key", "val"], 3),
        (["--key", "val", "--key", "music/reference"], 6),
        (["--step", "10"], 2),
        (["--step", "latest"], 2),
        (["--label", "cat"], 3),
        (["--wrong"], 2),
        (["--wrong", "--step", "20"], 1),
        (["--filter", "key=val"], 3),
        (["--filter", "key=val&step=0"], 1),
        (["--filter", "key=music%2Freference", "--filter", "where=metric.loss:gt:0.5"], 2),
        (["--filter", "#q=at+20"], 1),
        (["--filter", "#key=val&view=compare&layout=grid&compare=a&compare=b&timeline=true&clip=aacd&t=0.3"], 3),
        (["--filter", "#clip=aacd&t=0.3"], 6),
        (["--filter", "starred=false"], 6),
    ],
)
def test_filters(options: list[str], found: int, run: RunFolder, report: Path) -> None:
    assert export(run, report, *options) == 0
    assert len(read_report(report).rows) == found


def test_what_the_page_writes_is_known_by_name() -> None:
    source = (WEB / "state" / "address.js").read_text(encoding="utf-8")
    literal = re.findall(r'parameters\.(?:set|append|get|getAll)\("(\w+)"', source)
    lists = re.findall(r"(?:const (?:LISTS|TEXTS) = |for \(const name of )\[(.*?)\]", source)
    [choices] = re.findall(r"const CHOICES = \{(.*)\};", source)
    named = [name for line in lists for name in re.findall(r'"(\w+)"', line)] + re.findall(r"(\w+): \[", choices)
    query = {field.name for field in dataclasses.fields(Query)}
    assert {*literal, *named} - query == OF_THE_PAGE
    assert query <= {*literal, *named}


def test_the_order_is_that_of_the_filter(run: RunFolder, report: Path) -> None:
    export(run, report, "--filter", "sort=-step&key=val")
    assert [row["step"] for row in read_report(report).rows] == [20, 10, 0]


# Stars


@pytest.fixture
def notes(run: RunFolder, tmp_path: Path) -> Path:
    """A file of notes, in which two of the clips have a star and a third has none any more."""
    export(run, tmp_path / "all.html")
    first, second, third, *_ = read_report(tmp_path / "all.html").rows
    told = {first["id"]: {"star": True}, second["id"]: {"star": False, "text": "hm"}, third["id"]: {"star": True}}
    path = tmp_path / "notes.json"
    path.write_text(json.dumps({"notes": told}), encoding="utf-8")
    return path


def test_stars_are_those_of_the_notes(run: RunFolder, report: Path, notes: Path) -> None:
    assert export(run, report, "--filter", "#starred=true&layout=grid", "--notes", str(notes)) == 0
    assert [(row["key"], row["step"]) for row in read_report(report).rows] == [("val", 0), ("val", 10)]
    assert export(run, report, "--force", "--filter", "starred=true", "--notes", str(notes), "--step", "10") == 0
    assert len(read_report(report).rows) == 1
    assert export(run, report, "--force", "--notes", str(notes)) == 0
    assert len(read_report(report).rows) == 6, "the notes alone choose nothing"


def test_without_the_notes_it_says_where_stars_are(run: RunFolder, report: Path, capsys: Capture) -> None:
    assert export(run, report, "--filter", "starred=true") == 1
    said = capsys.readouterr().err
    assert "stars are kept in the file of audio-logging view --notes FILE" in said
    assert "Pass --notes notes.json" in said
    assert not report.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no '.*notes.json', wanted the file that audio-logging view --notes FILE keeps"),
        ("{", "is no file of notes, and is left as it is"),
        ("", "no clip has a star in the notes"),
        ('{"notes": {"0": {"text": "a"}}}', "no clip has a star in the notes"),
        ('{"notes": {"0": {"star": true}}}', "no clip in .* is what was asked for"),
    ],
)
def test_notes_without_such_a_star(
    content: str | None, said: str, run: RunFolder, report: Path, tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "notes.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert export(run, report, "--filter", "starred=true", "--notes", str(path)) == 1
    assert re.search(said, capsys.readouterr().err)
    assert not report.exists()


def test_the_title(run: RunFolder, report: Path) -> None:
    export(run, report)
    assert "<title>abc</title>" in read_report(report).page
    export(run, report, "--force", "--title", "A & <b>")
    assert "<title>A &amp; &lt;b&gt;</title>" in read_report(report).page
    assert read_report(report).data["about"]["title"] == "A & <b>"


def test_several_runs(run: RunFolder, new_run: Callable[..., RunFolder], put_clip: PutClip, report: Path) -> None:
    other = new_run("xyz", date="20261121_083536")
    put_clip(other, sound(7))
    assert main(["export", str(run.folder), str(other.folder), "-o", str(report)]) == 0
    read = read_report(report)
    assert len(read.rows) == 7
    assert [told["run_id"] for told in read.data["runs"]] == ["abc", "xyz"]
    assert main(["export", str(run.folder.parent), "-o", str(report), "--force", "--key", "music/reference"]) == 0
    assert [told["run_id"] for told in read_report(report).data["runs"]] == ["abc"], "a run without clips is left away"


# What cannot be read


def test_clips_that_cannot_be_read_are_left_out_and_named(
    run: RunFolder, put_clip: PutClip, report: Path, capsys: Capture
) -> None:
    put_clip(run, b"no audio", key="no", step=2)
    put_clip(run, b"", key="empty", step=3)
    run.tell({"key": "gone", "step": 4, "path": "media/audio/gone.wav", "sha256": "0" * 64})
    assert export(run, report) == 0
    assert len(read_report(report).rows) == 6
    said = capsys.readouterr().out
    assert "exported 6 clips" in said
    assert "note: 3 clips left out, since they cannot be read:\n" in said
    for start, reason in (
        ("no, step 2, clip 0: ", "is not an audio file"),
        ("empty, step 3, clip 0: ", "is empty (0 bytes)"),
        ("gone, step 4, clip 0: ", "missing"),
    ):
        assert re.search(rf"^  {re.escape(start)}.*{re.escape(reason)}", said, re.MULTILINE), said


@pytest.mark.parametrize("form", ["keep", "opus"])
def test_a_clip_that_is_cut_off_plays_as_far_as_it_goes(
    form: str, run: RunFolder, put_clip: PutClip, report: Path
) -> None:
    put_clip(run, sound(5)[:5044], key="cut", step=1)
    assert export(run, report, "--key", "cut", "--format", form) == 0
    read = read_report(report)
    assert read.sound_of(read.rows[0]) == sound(5)[:5044]
    assert read.entry(read.rows[0])["levels"]["frames"] == 2500


def test_when_no_clip_can_be_read_nothing_is_written(
    new_run: Callable[..., RunFolder], report: Path, capsys: Capture
) -> None:
    run = new_run("abc", {"path": "media/audio/gone.wav", "step": 4})
    assert export(run, report) == 1
    assert "none of the 1 clips found in" in capsys.readouterr().err
    assert not report.exists()


# Formats


def test_flac_is_smaller_and_has_the_same_samples(run: RunFolder, report: Path) -> None:
    export(run, report, "--format", "flac")
    read = read_report(report)
    for row in read.rows:
        assert read.entry(row)["extension"] == "flac"
        samples, _ = soundfile.read(io.BytesIO(read.sound_of(row)), dtype="int16")
        original, _ = soundfile.read(run.folder / "files" / row["recorded_path"], dtype="int16")
        assert (samples == original).all()


def test_opus_is_much_smaller_and_levels_are_those_of_the_original(
    run: RunFolder, report: Path, tmp_path: Path
) -> None:
    export(run, report, "--format", "opus")
    export(run, tmp_path / "kept.html")
    opus, kept = read_report(report), read_report(tmp_path / "kept.html")
    assert sum(map(len, opus.media.values())) < sum(map(len, kept.media.values())) / 3
    assert [entry["levels"] for entry in opus.data["media"]] == [entry["levels"] for entry in kept.data["media"]]
    assert {entry["type"] for entry in opus.data["media"]} == {"audio/ogg"}


def test_what_stays_as_it_was_is_said(
    new_run: Callable[..., RunFolder], put_clip: PutClip, report: Path, capsys: Capture
) -> None:
    run = new_run("abc")
    put_clip(run, sound(1, subtype="FLOAT"))
    put_clip(run, sound(2, format="OGG", subtype="VORBIS"), "ogg")
    put_clip(run, sound(3, format="AIFF"), "aiff")
    export(run, report, "--format", "flac")
    said = capsys.readouterr().out
    assert "note: 1 file as stored, not as flac: flac cannot hold FLOAT without loss\n" in said
    assert "note: 1 file as stored, not as flac: ogg is lossy already\n" in said
    assert "browsers do not play" not in said
    export(run, report, "--force")
    assert "note: 1 file of a kind that browsers do not play; pass --format flac\n" in capsys.readouterr().out


def test_the_formats_are_those_of_reports(run: RunFolder, report: Path, capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        export(run, report, "--format", "mp3")
    said = capsys.readouterr().err
    assert re.findall(r"[a-z]+", said.partition("choose from")[2]) == list(FORMATS)


# Size


def test_too_large_is_an_error_that_says_what_helps(run: RunFolder, report: Path, capsys: Capture) -> None:
    assert export(run, report, "--max-mb", "0.3") == 1
    said = capsys.readouterr().err
    size = float(re.search(r"the report would be about ([\d.]+) MB, wanted at most 0\.3 MB\. What helps:", said)[1])  # type: ignore[index]
    assert 0.3 < size < 0.6
    ways = dict(re.findall(r"^  (--\S+(?: \S+)?) +about ([\d.]+) MB$", said, re.MULTILINE))
    assert set(ways) == {"--key val", "--key music/reference", "--step latest", "--format opus"}
    assert all(float(expected) < size for expected in ways.values())
    assert re.search(r"^  --folder +a folder, of any size$", said, re.MULTILINE)
    assert re.search(r"^  --max-mb 1 +one file all the same$", said, re.MULTILINE)
    assert not report.exists()


def test_encoded_clips_are_counted_as_they_come(run: RunFolder, report: Path, capsys: Capture, tmp_path: Path) -> None:
    assert export(run, report, "--format", "flac", "--max-mb", "0.3") == 1
    assert "the report would be about" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["user-cache", "wandb"]


def test_a_folder_may_have_any_size_unless_said(run: RunFolder, tmp_path: Path, capsys: Capture) -> None:
    assert export(run, tmp_path / "report", "--folder", "--max-mb", "0.1") == 1
    assert export(run, tmp_path / "report", "--folder") == 0
    assert not (tmp_path / "report").is_file()


# Folders


def test_a_folder_holds_the_same(run: RunFolder, report: Path, tmp_path: Path) -> None:
    export(run, report)
    export(run, tmp_path / "report", "--folder")
    file, folder = read_report(report), read_report(tmp_path / "report")
    assert folder.rows == file.rows
    assert folder.media == file.media
    assert folder.data["folder"] == "media"
    assert '<script type="text/plain"' not in folder.page


# Where it goes


def test_nothing_is_written_over_without_force(run: RunFolder, report: Path, capsys: Capture) -> None:
    report.write_text("mine", encoding="utf-8")
    assert export(run, report) == 1
    assert "is there already; nothing is written over. Pass --force" in capsys.readouterr().err
    assert report.read_text(encoding="utf-8") == "mine"
    assert export(run, report, "--force") == 0
    assert len(read_report(report).rows) == 6


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "none/report.html"], "there is no folder 'none' to write 'report.html' into"),
        (["-o", "report.html", "--filter", "colour=red"], "got the parameter 'colour', wanted one of run, key, step"),
        (["-o", "report.html", "--filter", "red"], "got --filter 'red', wanted NAME=VALUE"),
        (["-o", "report.html", "--step", "soon"], "got step='soon', wanted a number or 'latest'"),
        (
            ["-o", "report.html", "--key", "none"],
            "no clip in .* is what was asked for; there are the keys 'music/reference', 'val'",
        ),
    ],
)
def test_errors(
    options: list[str], said: str, run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(run.folder), *options]) == 1
    assert re.search(said, capsys.readouterr().err)
    assert not (tmp_path / "report.html").exists()


def test_no_run_is_an_error(tmp_path: Path, report: Path, capsys: Capture) -> None:
    assert main(["export", str(tmp_path / "nowhere"), "-o", str(report)]) == 1
    assert "there is no" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["export", str(tmp_path / "empty"), "-o", str(report)]) == 1
    assert "there is no run in" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_type(
    run: RunFolder, report: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    for name in [name for name in sys.modules if name.startswith("audio_logging.dashboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "png", None)
    assert export(run, report) == 1
    assert 'png is not installed; type: pip install "audio-logging[dashboard]"' in capsys.readouterr().err


def test_a_number_that_is_none(run: RunFolder, report: Path, capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        export(run, report, "--max-mb", "-3")
    assert "'-3' is not a positive number of megabytes" in capsys.readouterr().err


# Killed, and no room


def in_a_process(run: RunFolder, report: Path, *options: str, **popen: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "audio_logging", "export", str(run.folder), "-o", str(report), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **popen)


def test_nothing_half_written_when_killed(new_run: Callable[..., RunFolder], put_clip: PutClip, report: Path) -> None:
    run = new_run("abc")
    for seed in range(60):
        put_clip(run, sound(seed, 5.0), step=seed)
    process = in_a_process(run, report, "--format", "opus")
    deadline = time.monotonic() + 60
    while not list(report.parent.glob("*.part")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not report.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of files")
def test_no_room_is_said_and_nothing_stays(run: RunFolder, report: Path) -> None:
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    process = in_a_process(run, report, "--key", "val", preexec_fn=limit)
    _, said = process.communicate()
    assert process.returncode == 1
    assert re.search(r"audio-logging: .*File too large: '.*report\.html'", said)
    assert not report.exists()
    assert not list(report.parent.glob("*.part"))
