"""What offline runs logged, in another process, by the name that a server would have for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb

import audio_logging as al
from audio_logging.artifacts import ArtifactTable, UsedArtifact, use_artifact
from audio_logging.artifacts.offline import OfflineArtifact
from audio_logging.errors import AudioLoggingWarning, AudioValueError, NotFoundError

pb: Any = import_module("wandb.proto.wandb_internal_pb2")


@pytest.fixture
def bells(logged: Path) -> UsedArtifact:
    return use_artifact("bells:latest", root=logged)


@pytest.fixture
def changeable(logged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the runs and of the staged files, to which the paths in the records do not lead."""
    shutil.copytree(logged.parent, tmp_path / "copy", symlinks=True)
    hidden = logged.parent / "hidden"
    (logged.parent / "data").rename(hidden)
    yield tmp_path / "copy" / "wandb"
    hidden.rename(logged.parent / "data")


def test_an_artifact_says_what_it_is(bells: UsedArtifact) -> None:
    assert isinstance(bells, OfflineArtifact)
    assert (bells.name, bells.type, bells.version, bells.aliases) == ("bells:v0", "dataset", "v0", ["latest"])
    assert (bells.metadata, bells.description) == ({"labels": ["dog", "cat"]}, "all of them")
    assert (bells.run.name, bells.run_id) == ("first", bells.run.id)
    assert len(bells.digest) == 32
    assert repr(bells) == "OfflineArtifact('bells:v0', 'dataset', 15 files)"


def test_changing_what_was_returned_changes_nothing(bells: UsedArtifact) -> None:
    bells.metadata.clear()
    bells.aliases.clear()
    bells.files().clear()
    assert bells.metadata and bells.aliases and bells.files()


@pytest.mark.parametrize(("alias", "version"), [("v1", "v1"), ("good", "v1"), ("v0", "v0"), ("latest", "v0")])
def test_versions_are_found_by_number_and_alias(logged: Path, alias: str, version: str) -> None:
    assert use_artifact(f"birds/bells:{alias}", root=logged.parent).version == version


def test_clips_come_back_with_all_that_is_known_of_them(bells: UsedArtifact) -> None:
    clip = bells.get("clip")
    assert isinstance(clip, al.Audio)
    assert (clip.caption, clip.format, clip.sample_rate, clip.duration, clip.channels) == ("one", "flac", 16000, 0.1, 1)
    expected = np.sin(np.arange(1600) / 10 + 1)
    assert np.abs(clip.clip().samples[:, 0] - expected).max() <= 2**-15
    assert clip.peak == pytest.approx(np.abs(expected).max(), abs=1e-6)


def test_clips_of_plain_wandb_come_back_too(bells: UsedArtifact) -> None:
    plain = bells.get("plain")
    assert isinstance(plain, al.Audio)
    assert (plain.caption, plain.sample_rate, plain.frames) == (None, 8000, 800)


def test_tables_come_back_with_their_clips(bells: UsedArtifact) -> None:
    table = bells.get("table")
    assert isinstance(table, ArtifactTable)
    assert (table.columns, len(table)) == (["clip_id", "audio", "label", "takes"], 2)
    assert table.column("label") == ["dog", "cat"]
    first, second = table
    assert (first["clip_id"], first["audio"].caption, second["audio"].caption) == ("id0", "dog", "cat")
    assert [take.frames for take in first["takes"]] == [1600, 1600]
    assert repr(table) == "ArtifactTable(2 rows of clip_id, audio, label, takes)"
    with pytest.raises(NotFoundError, match="the table has no column 'labels'; it has 'clip_id', 'audio'"):
        table.column("labels")


def test_a_table_that_is_a_reference_into_another_artifact_comes_back(logged: Path) -> None:
    [row] = use_artifact("birds/summary:v0", root=logged).get("again")
    assert (row["id"], row["audio"].caption, row["audio"].sample_rate) == (1, "t", 16000)


def test_an_address_stays_a_reference(bells: UsedArtifact) -> None:
    far = bells.get("far")
    assert far.is_reference
    assert far.resolve_ref() == "https://example.com/x.wav"


def test_a_file_that_is_audio_is_a_clip_too(bells: UsedArtifact) -> None:
    raw = bells.get("raw/far.wav")
    assert (raw.sample_rate, raw.channels, raw.frames) == (44100, 2, 100)


def test_files_have_paths(bells: UsedArtifact) -> None:
    assert bells.path("note.txt").read_text() == "hello"
    assert bells.path("table").suffix == ""
    assert "note.txt" in bells.files()
    assert len(bells.files()) == 15


def test_what_is_no_clip_says_how_to_get_it(bells: UsedArtifact) -> None:
    with pytest.raises(AudioValueError, match=r"is neither a clip nor a table; path\('note.txt'\) has the file"):
        bells.get("note.txt")


def test_what_is_not_in_it_is_said_together_with_what_is(bells: UsedArtifact) -> None:
    for ask in (bells.get, bells.path):
        with pytest.raises(
            LookupError, match="artifact 'bells:v0' has no 'clop'; it has 'clip', 'far', 'plain', 'table'"
        ):
            ask("clop")


def test_an_artifact_that_is_not_there_is_said_together_with_what_is(logged: Path) -> None:
    with pytest.raises(LookupError, match=r"there is no artifact 'bell:v1'; there are 'birds/bells', 'birds/run-.*"):
        use_artifact("bell:v1", root=logged)
    with pytest.raises(NotFoundError, match="got root='nowhere'"):
        use_artifact("bells", root="nowhere")


def test_a_missing_staged_file_is_named(changeable: Path) -> None:
    with pytest.raises(
        NotFoundError, match=r"the staged file '.*staging/tmp\w+' is gone.*audio-logging pack"
    ) as caught:
        use_artifact("bells", root=changeable).get("clip")
    assert "clip.audio-file.json" in str(caught.value)
    with pytest.raises(NotFoundError, match="is gone"):
        use_artifact("bells", root=changeable).download(changeable / "down")


def test_download_puts_every_file_in_its_place(bells: UsedArtifact, tmp_path: Path) -> None:
    with pytest.warns(AudioLoggingWarning, match="1 entries stand behind addresses and were left out, such as 'media/"):
        folder = bells.download(tmp_path / "down")
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == set(bells.files()) - {next(name for name in bells.files() if name.endswith("/x.wav"))}
    assert (folder / "note.txt").read_text() == "hello"


def test_download_goes_where_wandb_puts_it(logged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert use_artifact("birds/summary", root=logged).download() == tmp_path / "artifacts" / "summary:v0"
    monkeypatch.setenv("WANDB_ARTIFACT_DIR", str(tmp_path / "set"))
    assert use_artifact("birds/summary", root=logged).download() == tmp_path / "set" / "summary:v0"


def _written(file: Path) -> tuple[int, int, int]:
    """Which file it is, and when it was last written; reading changes neither."""
    status = file.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def test_download_again_changes_nothing_and_never_writes_over(logged: Path, tmp_path: Path) -> None:
    summary = use_artifact("birds/summary", root=logged)
    folder = summary.download(tmp_path / "down")
    before = _written(folder / "again.table.json")
    assert summary.download(folder) == folder
    assert _written(folder / "again.table.json") == before
    (folder / "again.table.json").write_text("mine")
    with pytest.raises(
        AudioValueError, match="is there with other content; move it away, or download to another folder"
    ):
        summary.download(folder)
    assert (folder / "again.table.json").read_text() == "mine"
    assert [path.name for path in folder.iterdir()] == ["again.table.json"]


def test_staged_bytes_that_were_changed_are_refused(logged: Path, tmp_path: Path) -> None:
    summary = use_artifact("fish/summary", root=logged)
    path = summary.path("clip")
    original = path.read_bytes()
    try:
        path.write_bytes(original.replace(b"16000", b"48000"))
        for attempt in (lambda: summary.get("clip"), lambda: summary.path("clip"), lambda: summary.download(tmp_path)):
            with pytest.raises(AudioValueError, match="was changed after it was logged"):
                attempt()
    finally:
        path.write_bytes(original)
    assert list(tmp_path.rglob("*.json")) == []


def test_an_offline_run_looks_into_its_own_folder_and_prefers_its_project(wandb_offline: Path, logged: Path) -> None:
    run = wandb.init(project="fish", settings=wandb.Settings(silent=True))
    assert use_artifact("summary", run, root=logged).metadata == {"other": True}
    assert use_artifact("summary", root=logged).metadata == {"other": True}
    assert use_artifact("bells", root=logged).version == "v0"
    with pytest.raises(
        NotFoundError, match=r"What 'offline-run-.*' logged may be missing: wandb writes its records 32 KiB"
    ):
        use_artifact("bells", run, root="nowhere")


def test_a_disabled_run_is_no_run(wandb_offline: Path, logged: Path) -> None:
    with wandb.init(mode="disabled") as run:
        assert use_artifact("bells", run, root=logged).version == "v0"


def test_a_fetched_clip_and_table_can_be_logged_again(bells: UsedArtifact, wandb_offline: Path) -> None:
    run = wandb.init(project="again", settings=wandb.Settings(silent=True))
    table = bells.get("table")
    run.log({"clip": bells.get("clip"), "table": wandb.Table(columns=table.columns, data=table.rows)})
    artifact = wandb.Artifact("second", "dataset")
    artifact.add(bells.get("clip"), "clip")
    run.log_artifact(artifact)
    run.finish()
    wandb.teardown()
    again = use_artifact("second", root=wandb_offline).get("clip")
    assert (again.caption, again.sha256) == ("one", bells.get("clip").sha256)
    [found] = al.list_runs(wandb_offline)
    assert sorted(clip.key for clip in found.clips() if clip.column in (None, "audio")) == ["clip", "table", "table"]


def test_the_samples_of_a_prediction_logger_are_an_artifact(wandb_offline: Path, tone: np.ndarray) -> None:
    samples = [{"audio": tone * gain, "label": label, "sample_rate": 16000} for gain, label in ((1, "a"), (0.5, "b"))]
    run = wandb.init(project="predictions", settings=wandb.Settings(silent=True))
    with al.PredictionLogger(samples, lambda model, clips: [{"label": "a"} for _ in clips]).session(run) as log:
        log.step(epoch=0, model=None)
    run.finish()
    wandb.teardown()
    rows = list(use_artifact("val-samples", root=wandb_offline).get("samples"))
    assert [(row["label"], row["audio"].peak) for row in rows] == [("a", 0.5), ("b", 0.25)]
    [name] = {
        found.name for run in al.list_runs(wandb_offline) for found in run.artifacts() if found.type == "run_table"
    }
    predicted = list(use_artifact(name, root=wandb_offline).get("val/predictions"))
    assert [row["audio"].sha256 for row in predicted] == [row["audio"].sha256 for row in rows]


@pytest.fixture
def recordings(wandb_offline: Path, wav_bytes: bytes) -> Path:
    """A data set of two files, logged as an artifact that refers to them and as one that holds them."""
    folder = wandb_offline / "recordings"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        (folder / name / "ü 1.wav").write_bytes(wav_bytes[:-2] + name.encode()[:2])
    dataset = al.audio_dataset_from_directory(folder, batch_size=None, shuffle=False, verbose=False)
    run = wandb.init(project="data", settings=wandb.Settings(silent=True))
    al.log_dataset(run, dataset, "referred", clips="reference", verbose=False)
    al.log_dataset(run, dataset, "held", verbose=False)
    run.finish()
    wandb.teardown()
    return folder


@pytest.mark.parametrize("name", ["held", "referred"])
def test_data_sets_come_back(recordings: Path, name: str) -> None:
    used = use_artifact(name, root=recordings.parent)
    rows = list(used.get("samples"))
    assert [(row["path"], row["label"]) for row in rows] == [("cat/ü 1.wav", "cat"), ("dog/ü 1.wav", "dog")]
    files = sorted(recordings.rglob("*.wav"))
    assert [row["audio"].sha256 for row in rows] == [al.Audio(file).sha256 for file in files]
    assert used.metadata["class_counts"] == {"cat": 1, "dog": 1}
    downloaded = used.download(recordings.parent / "down")
    assert sorted(path.read_bytes() for path in downloaded.rglob("*.wav")) == sorted(map(Path.read_bytes, files))


def test_a_file_that_is_referred_to_must_be_as_it_was(recordings: Path) -> None:
    referred = use_artifact("referred", root=recordings.parent)
    (recordings / "cat" / "ü 1.wav").write_bytes(b"other")
    with pytest.raises(AudioValueError, match="was changed after it was logged"):
        referred.get("samples")
    (recordings / "cat" / "ü 1.wav").unlink()
    with pytest.raises(
        NotFoundError, match=r"refers to a file instead of holding it: .* cannot be opened: No such file"
    ):
        referred.get("samples")


@pytest.mark.parametrize("digest", ["", "file:///etc/passwd", "AAAAAAAAAAAAAAAAAAAAAA=="])
def test_a_record_cannot_show_any_file_of_this_machine(make_run: Any, frame: Any, tmp_path: Path, digest: str) -> None:
    (tmp_path / "secret.wav").write_text("secret")
    artifact = pb.ArtifactRecord(name="set", client_id="me", project="p")
    artifact.manifest.contents.add(path="x.wav", ref=(tmp_path / "secret.wav").as_uri(), digest=digest)
    make_run(frame([pb.Record(artifact=artifact).SerializeToString()]))
    for ask in ("get", "path"):
        with pytest.raises(AudioValueError, match=r"without a checksum|was changed"):
            getattr(use_artifact("set", root=tmp_path), ask)("x.wav")


@pytest.mark.parametrize("path", ["../x", "/tmp/x", "a/../../x", ""])
def test_entries_whose_names_lead_out_are_not_downloaded(make_run: Any, frame: Any, tmp_path: Path, path: str) -> None:
    artifact = pb.ArtifactRecord(name="set", client_id="me")
    artifact.manifest.contents.add(path=path, local_path="files/a.txt")
    make_run(frame([pb.Record(artifact=artifact).SerializeToString()]), media={"a.txt": b"a"})
    with pytest.raises(AudioValueError, match="is refused: wanted a path that stays inside"):
        use_artifact("set", root=tmp_path).download(tmp_path / "deep" / "down")
    assert not list(tmp_path.rglob("x"))


@pytest.mark.parametrize("content", [b"[" * 200_000, b'{"a":' * 200_000, b"", b"\xff", b'{"_type": "table"}', b"3"])
@pytest.mark.parametrize("name", ["x.audio-file.json", "x.table.json"])
def test_what_is_no_clip_and_no_table_is_refused(
    make_run: Any, frame: Any, tmp_path: Path, content: bytes, name: str
) -> None:
    artifact = pb.ArtifactRecord(name="set", client_id="me")
    artifact.manifest.contents.add(path=name, local_path="files/x")
    make_run(frame([pb.Record(artifact=artifact).SerializeToString()]), media={"x": content})
    with pytest.raises(AudioValueError, match=r"is not JSON|is no table with rows|says that it is no clip"):
        use_artifact("set", root=tmp_path).get("x")


def test_a_clip_whose_json_lies_is_taken_by_its_file(
    make_run: Any, frame: Any, tmp_path: Path, wav_bytes: bytes
) -> None:
    told = {"_type": "audio-file", "path": "a.wav", "sample_rate": "fast", "frames": [], "caption": "c" * 10_000_000}
    artifact = pb.ArtifactRecord(name="set", client_id="me")
    artifact.manifest.contents.add(path="x.audio-file.json", local_path="files/x")
    artifact.manifest.contents.add(path="a.wav", local_path="files/a.wav")
    make_run(
        frame([pb.Record(artifact=artifact).SerializeToString()]),
        media={"x": json.dumps(told).encode(), "a.wav": wav_bytes},
    )
    clip = use_artifact("set", root=tmp_path).get("x")
    assert (clip.sample_rate, clip.frames, len(clip.caption)) == (16000, 16000, 10_000_000)
