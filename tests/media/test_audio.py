"""Audio as wandb sees it: what wandb.Audio's users and wandb's own code rely on, and what is new."""

from __future__ import annotations

import copy
import gc
import hashlib
import http.server
import io
import json
import pickle
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import wandb
from wandb.sdk.data_types.base_types.wb_value import WBValue

from audio_logging import _wandb
from audio_logging.clip import AudioClip
from audio_logging.errors import (
    AudioDecodeError,
    AudioDownloadError,
    AudioDurationError,
    AudioFileNotFoundError,
    AudioLoggingWarning,
    AudioShapeError,
    AudioValueError,
    EmptyAudioError,
    NonFiniteAudioError,
    SampleRateError,
)
from audio_logging.inputs import as_clip
from audio_logging.media.audio import Audio
from audio_logging.runs import Run, open_run
from audio_logging.storage import content

Tone = npt.NDArray[np.float32]

ADDRESSES = [
    "s3://bucket/folder/take.wav",
    "gs://bucket/folder/take.wav",
    "http://127.0.0.1:1/folder/take.wav",
    "https://127.0.0.1:1/folder/take.wav",
]


@pytest.fixture
def run(wandb_offline: Path) -> wandb.Run:
    return wandb.init(project="media", settings=wandb.Settings(x_save_requirements=False))


@pytest.fixture
def take(tmp_path: Path, wav_bytes: bytes) -> Path:
    """A WAV file of the user's."""
    path = tmp_path / "take.wav"
    path.write_bytes(wav_bytes)
    return path


@pytest.fixture
def artifact(wandb_offline: Path) -> wandb.Artifact:
    return wandb.Artifact("clips", "dataset")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError(f"asked for the network: {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def read(run: wandb.Run) -> Run:
    """Finish a run and open it as a reader would."""
    run.finish()
    return open_run(Path(run.dir).parent, wait=10)


def files(run: wandb.Run) -> list[str]:
    folder = Path(run.dir)
    return sorted(path.relative_to(folder).as_posix() for path in (folder / "media").rglob("*") if path.is_file())


def downloaded(artifact: wandb.Artifact) -> Any:
    """An artifact as it is after it was logged and fetched: its entries, and where their files are."""

    def get_entry(name: str) -> Any:
        entry = artifact.manifest.entries[name]
        return SimpleNamespace(ref=entry.ref, download=lambda: entry.local_path)

    fetched = mock.create_autospec(wandb.Artifact, instance=True)
    fetched.get_entry.side_effect = get_entry
    return fetched


def json_in(artifact: wandb.Artifact, name: str) -> dict[str, Any]:
    entry = artifact.manifest.entries[name]
    assert entry.local_path is not None
    return dict(json.loads(Path(entry.local_path).read_text()))


# What wandb.Audio's users rely on


def test_the_methods_of_wandbs_class_are_all_there(tone: Tone) -> None:
    audio = Audio(tone, 16_000)
    assert Audio.get_media_subdir() == str(Path("media") / "audio")  # type: ignore[no-untyped-call]
    assert Audio.with_suffix("clip") == "clip.audio-file.json"
    assert Audio.type_mapping()["audio-file"] is Audio
    assert audio.file_is_set()
    assert not audio.is_bound()
    public = {name for name in dir(wandb.Audio) if not name.startswith("_")}
    assert public <= set(dir(Audio))


def test_rates_of_a_list(rng: np.random.Generator) -> None:
    audios = [Audio(rng.uniform(-1, 1, 800), sample_rate=rate) for rate in (8000, 44_100)]
    assert Audio.sample_rates(audios) == [8000, 44_100]  # type: ignore[no-untyped-call]
    assert wandb.Audio.sample_rates(audios) == [8000, 44_100]


def test_durations_of_a_list(rng: np.random.Generator) -> None:
    audios = [Audio(rng.uniform(-1, 1, frames), sample_rate=8000) for frames in (8000, 20_000)]
    assert Audio.durations(audios) == [1.0, 2.5]  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("captions", "expected"),
    [(["a", "b"], ["a", "b"]), ([None, None], False), ([None, "b"], ["", "b"]), (["a", None], ["a", ""])],
)
def test_captions_of_a_list(tone: Tone, captions: list[str | None], expected: Any) -> None:
    audios = [Audio(tone, 16_000, caption=caption) for caption in captions]
    assert Audio.captions(audios) == expected  # type: ignore[no-untyped-call]


def test_samples_without_a_rate_are_a_value_error(tone: Tone) -> None:
    with pytest.raises(ValueError, match="got no sample rate"):
        Audio(tone)


def test_a_list_of_clips_is_what_wandb_makes_of_it(run: wandb.Run) -> None:
    audio = Audio(np.zeros(44_100), sample_rate=44_100)
    audio.bind_to_run(run, "test", 0)
    made = Audio.seq_to_json([audio], run, "test", 0)  # type: ignore[no-untyped-call]
    assert {name: value for name, value in made.items() if name != "audio"} == {
        "_type": "audio",
        "count": 1,
        "sampleRates": [44_100],
        "durations": [1.0],
    }
    assert made["audio"][0]["_type"] == "audio-file"
    assert made["audio"][0]["size"] == 88_244
    assert (Path(run.dir) / made["audio"][0]["path"]).stat().st_size == 88_244


def test_a_bound_clip_has_the_name_that_wandb_gives(run: wandb.Run, tone: Tone) -> None:
    audio = Audio(tone, 16_000)
    audio.bind_to_run(run, "val/clip", 7)
    assert files(run) == [f"media/audio/val/clip_7_{audio.sha256[:20]}.wav"]
    assert audio.is_bound()
    other = Audio(tone, 16_000)
    other.bind_to_run(run, "val/clip", 7, id_="mine")
    assert "media/audio/val/clip_7_mine.wav" in files(run)


@pytest.mark.filterwarnings("ignore:clip. .* samples beyond full scale")
def test_the_json_of_a_clip_in_a_run(run: wandb.Run, tone: Tone) -> None:
    audio = Audio(np.stack([tone, 2.5 * tone], axis=1), 16_000, caption="both", format="flac")
    audio.bind_to_run(run, "clip", 0)
    assert audio.to_json(run) == {
        "_type": "audio-file",
        "path": files(run)[0],
        "sha256": hashlib.sha256((Path(run.dir) / files(run)[0]).read_bytes()).hexdigest(),
        "size": (Path(run.dir) / files(run)[0]).stat().st_size,
        "caption": "both",
        "sample_rate": 16_000,
        "duration": 1.0,
        "channels": 2,
        "frames": 16_000,
        "format": "flac",
        "peak": 1.25,
        "clipped_samples": audio.clipped_samples,
    }
    assert audio.clipped_samples


def test_a_clip_that_is_not_in_the_run_has_no_json_yet(run: wandb.Run, tone: Tone) -> None:
    with pytest.raises(AssertionError, match="must be bound to a run"):
        Audio(tone, 16_000).to_json(run)


def test_ours_is_theirs_and_theirs_passes_for_ours(tone: Tone, take: Path) -> None:
    plain = wandb.Audio(str(take))
    assert isinstance(Audio(tone, 16_000), wandb.Audio)
    assert isinstance(plain, Audio)
    assert issubclass(Audio, wandb.Audio)
    assert not isinstance("text", Audio)
    assert not isinstance(wandb.Html("text"), Audio)

    class Mine(Audio):
        pass

    assert not isinstance(plain, Mine)
    assert isinstance(Mine(tone, 16_000), Audio)


# Rows of a run


def rows_with(run: Run, key: str) -> list[Any]:
    return [row[key] for row in run.history(resolve=False) if key in row]


def test_a_clip_is_logged_by_run_log(run: wandb.Run, tone: Tone) -> None:
    run.log({"val/clip": Audio(tone, 16_000, caption="hello")})
    (row,) = rows_with(read(run), "val/clip")
    assert (row["_type"], row["caption"], row["sample_rate"]) == ("audio-file", "hello", 16_000)
    assert files(run) == [row["path"]]


@pytest.mark.parametrize("order", ["ours first", "theirs first", "ours only"])
def test_lists_of_both_kinds_are_batches_in_any_order(run: wandb.Run, tone: Tone, take: Path, order: str) -> None:
    ours = [Audio(tone[:800], 16_000, caption="ours"), Audio(tone[:1600], 16_000)]
    theirs = [] if order == "ours only" else [wandb.Audio(str(take), sample_rate=16_000, caption="theirs")]
    run.log({"clips": [*theirs, *ours] if order == "theirs first" else [*ours, *theirs]})
    (row,) = rows_with(read(run), "clips")
    assert row["_type"] == "audio"
    assert row["count"] == len(ours) + len(theirs)
    assert set(row["sampleRates"]) == {16_000}
    assert row["durations"].count(0.05) == 1
    assert sorted(caption for caption in row["captions"] if caption) == ["ours", "theirs"][: 1 + len(theirs)]
    assert [clip["_type"] for clip in row["audio"]] == ["audio-file"] * row["count"]


def test_nested_clips_and_the_summary(run: wandb.Run, tone: Tone) -> None:
    run.log({"outer": {"inner": Audio(tone, 16_000)}})
    run.summary["best"] = Audio(tone / 2, 16_000)
    done = read(run)
    assert done.history()[0]["outer"]["inner"]["_type"] == "audio-file"
    assert done.summary["best"]["peak"] == 0.25


def test_a_clip_logged_twice_is_one_file(run: wandb.Run, tone: Tone) -> None:
    audio = Audio(tone, 16_000)
    run.log({"clip": audio})
    run.log({"clip": audio})
    run.log({"clips": [audio, audio]})
    assert len(files(run)) == 1
    done = read(run)
    assert {row["path"] for row in rows_with(done, "clip")} == {files(run)[0]}
    assert {clip["path"] for clip in rows_with(done, "clips")[0]["audio"]} == {files(run)[0]}


def test_a_clip_of_one_run_is_copied_into_another(wandb_offline: Path, tone: Tone) -> None:
    first = wandb.init(project="first", reinit="create_new")
    second = wandb.init(project="second", reinit="create_new")
    audio = Audio(tone, 16_000)
    first.log({"val/clip": audio})
    second.log({"val/clip": audio})
    second.log({"list": [audio]})
    first.log({"val/clip": audio})
    assert len(files(first)) == len(files(second)) == 1
    for run in (first, second):
        paths = {row["path"] for row in rows_with(read(run), "val/clip")}
        assert paths == set(files(run))


def test_a_disabled_run_takes_a_clip(tone: Tone) -> None:
    wandb.init(mode="disabled").log({"clip": Audio(tone, 16_000), "list": [Audio(tone, 16_000)]})


def test_whatever_the_key_the_file_is_in_the_media_folder(run: wandb.Run, tone: Tone, wandb_offline: Path) -> None:
    keys = ["../../out", "/etc/out", "a/../../b", "..", ".", "/", "a//b", "quote\"'", "🎧", "x" * 10_000, "a\0b\nc"]
    before = set(wandb_offline.rglob("*"))
    for key in keys:
        audio = Audio(tone, 16_000, caption=key)
        audio.bind_to_run(run, key, 0)
        assert audio.to_json(run)["caption"] == key
    new = [path for path in set(wandb_offline.rglob("*")) - before if path.is_file() and path.suffix == ".wav"]
    assert len(new) == len(keys)
    media = Path(run.dir).resolve() / "media" / "audio"
    assert all(path.resolve().is_relative_to(media) for path in new)


def test_clipping_is_said_once_a_key(run: wandb.Run, tone: Tone) -> None:
    with pytest.warns(
        AudioLoggingWarning, match=r"^loud: \d+ samples beyond full scale were clipped \(peak 1\.50\)"
    ) as caught:
        run.log({"loud": Audio(3 * tone, 16_000)})
        run.log({"loud": Audio(3 * tone, 16_000)})
    assert len(caught) == 1


# Files of the user's


def test_a_file_is_copied_byte_for_byte(run: wandb.Run, take: Path, wav_bytes: bytes) -> None:
    audio = Audio(take, caption="mine")
    assert (audio.sample_rate, audio.duration, audio.channels, audio.format) == (16_000, 1.0, 1, "wav")
    assert (audio.peak, audio.clipped_samples) == (None, None)
    run.log({"clip": audio})
    assert (Path(run.dir) / files(run)[0]).read_bytes() == wav_bytes
    assert take.read_bytes() == wav_bytes
    assert rows_with(read(run), "clip")[0]["sha256"] == hashlib.sha256(wav_bytes).hexdigest()


def test_a_file_is_read_once_when_it_is_logged(run: wandb.Run, take: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(path: Path) -> tuple[str, int]:
        raise AssertionError(f"read {path} a second time")

    monkeypatch.setattr(content, "hash_file", never)
    run.log({"clip": Audio(take)})
    assert len(files(run)) == 1


def test_a_file_that_changed_meanwhile_is_logged_as_it_is_now(run: wandb.Run, take: Path, tone: Tone) -> None:
    audio = Audio(take)
    before = audio.sha256
    soundfile.write(take, np.stack([tone[:4000], tone[:4000]], axis=1), 8000)
    run.log({"clip": audio})
    (row,) = rows_with(read(run), "clip")
    assert (row["sample_rate"], row["channels"], row["duration"]) == (8000, 2, 0.5)
    assert row["sha256"] == hashlib.sha256(take.read_bytes()).hexdigest() != before
    assert row["sha256"][:20] in row["path"]


def test_a_file_that_is_no_audio_any_more_is_refused_by_name(run: wandb.Run, take: Path) -> None:
    audio = Audio(take)
    take.write_bytes(b"now this is some text")
    with pytest.raises(AudioDecodeError, match=r"take\.wav' is not an audio file"):
        audio.bind_to_run(run, "clip", 0)
    take.unlink()
    with pytest.raises(AudioFileNotFoundError, match=r"there is no file .*take\.wav"):
        audio.bind_to_run(run, "clip", 0)
    assert files(run) == []


def test_where_settings_allow_it_a_file_is_linked(
    wandb_offline: Path, take: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = wandb.init(project="links", settings=wandb.Settings(allow_media_symlink=True))
    run.log({"clip": Audio(take), "samples": Audio(tone, 16_000)})
    linked, own = (Path(run.dir) / path for path in files(run))
    assert linked.samefile(take)
    assert not own.is_symlink()
    assert rows_with(read(run), "clip")[0]["sha256"] == hashlib.sha256(take.read_bytes()).hexdigest()


def test_a_link_never_replaces_what_it_would_link_to(wandb_offline: Path, take: Path, wav_bytes: bytes) -> None:
    run = wandb.init(project="links", settings=wandb.Settings(allow_media_symlink=True))
    first = Audio(take)
    first.bind_to_run(run, "clip", 0)
    again = Audio(Path(run.dir) / files(run)[0])
    again.bind_to_run(run, "clip", 0)
    assert (Path(run.dir) / files(run)[0]).read_bytes() == wav_bytes
    assert take.read_bytes() == wav_bytes


def test_a_file_in_the_runs_own_folder_can_be_logged_again(run: wandb.Run, take: Path, wav_bytes: bytes) -> None:
    Audio(take).bind_to_run(run, "clip", 0)
    Audio(Path(run.dir) / files(run)[0]).bind_to_run(run, "clip", 0)
    assert [(Path(run.dir) / path).read_bytes() for path in files(run)] == [wav_bytes]


def test_temporary_files_vanish(run: wandb.Run, tone: Tone) -> None:
    folder = _wandb.temporary_folder()
    gc.collect()
    before = set(folder.rglob("*"))
    audio, other = Audio(tone, 16_000), Audio(tone / 2, 16_000)
    assert Path(audio._path).is_file()
    was_temporary = audio._is_tmp
    run.log({"clip": audio})
    assert (was_temporary, audio._is_tmp) == (True, False)
    assert Path(other._path).is_file()
    del other
    gc.collect()
    assert set(folder.rglob("*")) == before


def test_a_named_file_keeps_its_extension_and_bytes_without_a_name_get_one(
    run: wandb.Run, tmp_path: Path, take: Path, tone: Tone
) -> None:
    odd = tmp_path / "take.WAVE"
    odd.write_bytes(take.read_bytes())
    soundfile.write(tmp_path / "lying.wav", tone, 16_000, format="FLAC")
    for name in ("take.WAVE", "lying.wav"):
        Audio(tmp_path / name).bind_to_run(run, name.partition(".")[0], 0)
    Audio(take.read_bytes()).bind_to_run(run, "bytes", 0)
    assert [Path(path).suffix for path in files(run)] == [".wav", ".flac", ".WAVE"]


# Tables


def column_types(table: wandb.Table) -> dict[str, str]:
    return {name: str(kind) for name, kind in table._column_types.params["type_map"].items()}


@pytest.mark.parametrize("order", ["ours first", "theirs first"])
def test_a_column_takes_both_kinds_in_any_order(tone: Tone, take: Path, order: str) -> None:
    ours, theirs = Audio(tone, 16_000), wandb.Audio(str(take))
    table = wandb.Table(columns=["audio"])
    for value in (ours, theirs) if order == "ours first" else (theirs, ours):
        table.add_data(value)
    table.add_data(None)
    assert len(table.data) == 3
    assert "audio-file" in column_types(table)["audio"].lower()
    assert "python" not in column_types(table)["audio"].lower()


@pytest.mark.parametrize("kind", [Audio, wandb.Audio])
def test_a_column_can_be_declared(tone: Tone, take: Path, kind: Any) -> None:
    table = wandb.Table(columns=["audio"], dtype=[kind])
    table.add_data(Audio(tone, 16_000))
    table.add_data(wandb.Audio(str(take)))
    with pytest.raises(TypeError, match="incompatible types"):
        table.add_data("text")


def test_a_cell_may_hold_a_list_of_clips(tone: Tone) -> None:
    table = wandb.Table(columns=["audio"])
    table.add_data([Audio(tone, 16_000), Audio(tone / 2, 16_000)])
    table.add_data([Audio(tone, 16_000)])
    assert len(table.data) == 2


def test_a_logged_table_is_typed_and_can_be_read(run: wandb.Run, tone: Tone, take: Path) -> None:
    table = wandb.Table(columns=["audio", "label"])
    table.add_data(Audio(tone, 16_000, caption="ours"), "dog")
    table.add_data(wandb.Audio(str(take), caption="theirs"), "cat")
    run.log({"table": table})
    (found,) = read(run).tables()
    clips = [row[0] for row in found.rows]
    assert [clip.caption for clip in clips] == ["ours", "theirs"]
    assert all(np.abs(soundfile.read(clip.file)[0] - tone).max() <= 2**-15 for clip in clips)


def test_a_table_in_an_artifact_comes_back_with_our_clips(artifact: wandb.Artifact, tone: Tone, take: Path) -> None:
    table = wandb.Table(columns=["audio"])
    table.add_data(Audio(tone, 16_000, caption="ours"))
    table.add_data(wandb.Audio(str(take)))
    table.add_data(None)
    artifact.add(table, "table")
    written = json_in(artifact, "table.table.json")
    assert (
        written["column_types"]["params"]["type_map"]["audio"]["params"]["allowed_types"][0]["wb_type"] == "audio-file"
    )
    back = WBValue.init_from_json(written, downloaded(artifact))
    assert isinstance(back, wandb.Table)
    first, second, third = (row[0] for row in back.data)
    assert (type(first), type(second), third) == (Audio, Audio, None)
    assert (first.caption, first.sample_rate, first.peak) == ("ours", 16_000, 0.5)
    assert (second.caption, second.sample_rate, second.peak) == (None, 16_000, None)


# Artifacts


def test_a_clip_in_an_artifact_is_its_json_and_its_file(artifact: wandb.Artifact, tone: Tone) -> None:
    audio = Audio(tone, 16_000, caption="hello", format="flac")
    artifact.add(audio, "clip")
    entries = artifact.manifest.entries
    assert set(entries) == {"clip.audio-file.json", f"media/audio/{audio.sha256[:20]}.flac"}
    written = json_in(artifact, "clip.audio-file.json")
    assert written["path"] in entries
    assert (written["_type"], written["caption"], written["sha256"]) == ("audio-file", "hello", audio.sha256)
    stored = entries[written["path"]]
    assert stored.local_path is not None
    assert hashlib.sha256(Path(stored.local_path).read_bytes()).hexdigest() == audio.sha256


@pytest.mark.parametrize("caption", [None, "", "hello"])
@pytest.mark.parametrize("name", ["wav", "flac", "opus"])
def test_a_clip_comes_back_whole(artifact: wandb.Artifact, tone: Tone, caption: str | None, name: str) -> None:
    audio = Audio(2.5 * tone, 44_100, caption=caption, format=name)
    artifact.add(audio, "clip")
    with mock.patch("audio_logging.media.audio.probe", side_effect=AssertionError("read the header")):
        back = WBValue.init_from_json(json_in(artifact, "clip.audio-file.json"), downloaded(artifact))
        assert isinstance(back, Audio)
        known = (
            "sample_rate",
            "duration",
            "channels",
            "frames",
            "format",
            "peak",
            "clipped_samples",
            "size",
            "caption",
        )
        for field in (*known, "source_sample_rate", "sha256"):
            assert getattr(back, field) == getattr(audio, field), field
    assert back.subtype == audio.subtype
    assert back == audio
    assert np.array_equal(back.clip().samples, audio.clip().samples)


def test_what_plain_wandb_wrote_comes_back(artifact: wandb.Artifact, take: Path) -> None:
    artifact.add(wandb.Audio(str(take)), "clip")
    artifact.add(wandb.Audio(str(take), caption="hello"), "other")
    written = json_in(artifact, "clip.audio-file.json")
    assert "caption" not in written
    back, other = (
        WBValue.init_from_json(json_in(artifact, f"{name}.audio-file.json"), downloaded(artifact))
        for name in ("clip", "other")
    )
    assert isinstance(back, Audio)
    assert isinstance(other, Audio)
    assert (back.caption, other.caption) == (None, "hello")
    assert (back.sample_rate, back.duration, back.channels, back.format) == (16_000, 1.0, 1, "wav")


@pytest.mark.parametrize("caption", [None, "hello"])
def test_plain_wandb_reads_what_we_wrote(artifact: wandb.Artifact, tone: Tone, caption: str | None) -> None:
    audio = Audio(tone, 16_000, caption=caption)
    artifact.add(audio, "clip")
    plain = wandb.Audio.from_json(json_in(artifact, "clip.audio-file.json"), downloaded(artifact))
    assert type(plain) is wandb.Audio
    assert plain == audio
    assert audio == plain


def test_one_clip_under_many_names_is_one_file(artifact: wandb.Artifact, tone: Tone) -> None:
    for number in range(5):
        artifact.add(Audio(tone, 16_000, caption=f"{number}"), f"clip{number}")
    assert len([name for name in artifact.manifest.entries if name.startswith("media/")]) == 1


def test_a_clip_of_a_logged_artifact_is_referred_to_by_the_next(run: wandb.Run, tone: Tone) -> None:
    audio = Audio(tone, 16_000)
    first, second = wandb.Artifact("first", "dataset"), wandb.Artifact("second", "dataset")
    first.add(audio, "clip")
    run.log_artifact(first)
    second.add(audio, "again")
    second.add(wandb.Table(columns=["audio"], data=[[audio]]), "table")
    name, home = f"media/audio/{audio.sha256[:20]}.wav", f"wandb-client-artifact://{first._client_id}"
    assert first.manifest.entries[name].ref is None
    assert second.manifest.entries[name].ref == f"{home}/{name}"
    assert second.manifest.entries["again.audio-file.json"].ref == f"{home}/clip.audio-file.json"


def test_a_clip_of_a_run_is_not_copied_into_an_artifact(run: wandb.Run, tone: Tone) -> None:
    audio, artifact = Audio(tone, 16_000), wandb.Artifact("clips", "dataset")
    run.log({"clip": audio})
    artifact.add(audio, "clip")
    stored = artifact.manifest.entries[f"media/audio/{audio.sha256[:20]}.wav"].local_path
    assert stored is not None
    assert Path(stored).samefile(Path(run.dir) / files(run)[0])


def test_a_clip_that_came_from_an_artifact_and_was_logged_goes_into_another_artifact(
    run: wandb.Run, tone: Tone
) -> None:
    first, second = wandb.Artifact("first", "dataset"), wandb.Artifact("second", "dataset")
    first.add(Audio(tone, 16_000), "clip")
    back = WBValue.init_from_json(json_in(first, "clip.audio-file.json"), downloaded(first))
    assert isinstance(back, Audio)
    run.log({"clip": back})
    second.add(back, "clip")
    stored = second.manifest.entries[f"media/audio/{back.sha256[:20]}.wav"].local_path
    assert stored is not None
    assert Path(stored).samefile(Path(run.dir) / files(run)[0])


def test_a_users_file_is_copied_into_an_artifact(artifact: wandb.Artifact, take: Path, wav_bytes: bytes) -> None:
    audio = Audio(take)
    artifact.add(audio, "clip")
    take.write_bytes(b"gone")
    stored = artifact.manifest.entries[f"media/audio/{hashlib.sha256(wav_bytes).hexdigest()[:20]}.wav"].local_path
    assert stored is not None
    assert Path(stored).read_bytes() == wav_bytes


def test_a_file_that_changed_is_in_the_artifact_as_it_is_now(artifact: wandb.Artifact, take: Path, tone: Tone) -> None:
    audio = Audio(take)
    assert audio.sha256
    soundfile.write(take, tone[:4000], 8000)
    artifact.add(audio, "clip")
    written = json_in(artifact, "clip.audio-file.json")
    assert (written["sample_rate"], written["duration"]) == (8000, 0.5)
    assert written["sha256"] == hashlib.sha256(take.read_bytes()).hexdigest()


# Addresses


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.usefixtures("no_network")
def test_an_address_stays_one_and_nobody_goes_there(artifact: wandb.Artifact, address: str) -> None:
    audio = Audio(address, caption="far away")
    assert audio.is_reference
    assert (audio.size, audio.duration, audio.sample_rate, audio.format) == (None, None, None, None)
    assert audio.sha256 == hashlib.sha256(address.encode()).hexdigest()
    assert audio.resolve_ref() == address
    assert repr(audio) == f"Audio('{address}', 'far away')"
    artifact.add(audio, "clip")
    written = json_in(artifact, "clip.audio-file.json")
    entry = artifact.manifest.entries[written["path"]]
    assert (entry.ref, entry.digest, entry.local_path) == (address, address, None)
    assert (written["_type"], written["caption"]) == ("audio-file", "far away")
    back = WBValue.init_from_json(written, downloaded(artifact))
    assert isinstance(back, Audio)
    assert back.is_reference
    assert back == audio
    assert back != Audio(address)
    assert back != Audio(address + "x", caption="far away")


@pytest.mark.usefixtures("no_network")
def test_addresses_are_equal_to_plain_wandbs(artifact: wandb.Artifact) -> None:
    plain = wandb.Audio(ADDRESSES[0], caption="a")
    assert Audio(ADDRESSES[0], caption="a") == plain
    assert Audio(plain) == plain
    assert Audio(ADDRESSES[0]) != plain


@pytest.mark.parametrize("address", ADDRESSES[:2])
def test_an_address_of_a_bucket_cannot_be_logged_to_a_run(run: wandb.Run, address: str) -> None:
    message = "reference to external storage cannot currently be added to a run: .* Download the file"
    with pytest.raises(ValueError, match=message):
        run.log({"clip": Audio(address)})
    assert files(run) == []


def test_a_rate_for_an_address_is_kept() -> None:
    assert Audio(ADDRESSES[0], sample_rate=8000).sample_rate == 8000
    with pytest.raises(SampleRateError, match="got sample_rate=0"):
        Audio(ADDRESSES[0], sample_rate=0)


class Handler(http.server.BaseHTTPRequestHandler):
    files: dict[str, bytes]
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        data = self.files.get(self.path)
        self.send_response(200 if data is not None else 404)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(wav_bytes: bytes) -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine: its address, and what was asked of it."""
    asked: list[str] = []
    handler = type("Files", (Handler,), {"files": {"/take.wav": wav_bytes, "/text.wav": b"a text"}, "asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}", asked
        serving.shutdown()
        thread.join()


def test_a_web_address_is_fetched_when_it_is_logged_to_a_run_and_not_before(
    run: wandb.Run, server: tuple[str, list[str]], wav_bytes: bytes
) -> None:
    address, asked = server
    audio = Audio(f"{address}/take.wav", caption="fetched")
    assert asked == []
    run.log({"clip": audio})
    run.log({"clip": audio})
    assert asked == ["/take.wav"]
    assert [(Path(run.dir) / path).read_bytes() for path in files(run)] == [wav_bytes]
    row = rows_with(read(run), "clip")[0]
    assert (row["caption"], row["sample_rate"], row["duration"]) == ("fetched", 16_000, 1.0)


def test_a_web_address_is_fetched_when_its_samples_are_asked_for(server: tuple[str, list[str]], tone: Tone) -> None:
    audio = Audio(f"{server[0]}/take.wav")
    assert np.abs(audio.clip().samples[:, 0] - tone).max() <= 2**-16
    assert as_clip(audio).frames == 16_000
    assert audio.is_reference


def test_a_web_address_keeps_to_the_bounds(run: wandb.Run, server: tuple[str, list[str]]) -> None:
    with pytest.raises(AudioDurationError, match=r"got a clip of 1 s, wanted 0 to 0\.5 s$"):
        run.log({"clip": Audio(f"{server[0]}/take.wav", max_seconds=0.5)})
    with pytest.raises(AudioDownloadError, match="the server answered 404"):
        run.log({"clip": Audio(f"{server[0]}/nothing.wav")})
    with pytest.raises(AudioDecodeError, match=r"text\.wav' is not an audio file"):
        run.log({"clip": Audio(f"{server[0]}/text.wav")})
    assert files(run) == []


# Equality


def test_equal_clips_are_equal_however_they_are_held(run: wandb.Run, tone: Tone, take: Path) -> None:
    ours, file = Audio(take.read_bytes(), caption="a"), Audio(take, caption="a")
    theirs = wandb.Audio(str(take), caption="a")
    logged = Audio(take, caption="a")
    run.log({"clip": logged})
    for one in (ours, file, theirs, logged):
        for other in (ours, file, theirs, logged):
            assert one == other
            assert not one != other  # noqa: SIM202 - both operators are wandb's to get right
    assert len({ours, file, logged}) == 1


def test_another_content_or_caption_is_another_clip(tone: Tone, take: Path) -> None:
    audio = Audio(take, caption="a")
    for other in (Audio(take), Audio(take, caption="b"), Audio(tone / 2, 16_000, caption="a"), wandb.Audio(str(take))):
        assert audio != other
        assert other != audio


@pytest.mark.parametrize("other", [None, 0, "text", [], object(), np.zeros(3), wandb.Html("x")], ids=repr)
def test_a_clip_equals_nothing_else(tone: Tone, other: Any) -> None:
    audio = Audio(tone, 16_000)
    assert audio.__eq__(other) is False
    assert (audio != other) is not False


# The new words


@pytest.mark.parametrize(
    "value",
    [
        lambda tone, take: (tone, 16_000),
        lambda tone, take: (tone.tolist(), 16_000),
        lambda tone, take: ((16_000, tone), None),
        lambda tone, take: ({"array": tone, "sampling_rate": 16_000}, None),
        lambda tone, take: (AudioClip(tone, 16_000), None),
        lambda tone, take: (Audio(tone, 16_000), None),
        lambda tone, take: (str(take), None),
        lambda tone, take: (take, None),
        lambda tone, take: (take.read_bytes(), None),
        lambda tone, take: (io.BytesIO(take.read_bytes()), None),
        lambda tone, take: (wandb.Audio(str(take)), None),
        lambda tone, take: (np.stack([tone], axis=0), 16_000),
    ],
    ids=[
        *("array", "list", "tuple", "dictionary", "clip", "ours", "text", "path", "bytes", "file", "theirs"),
        "channels first",
    ],
)
def test_every_way_in_is_the_same_clip(tone: Tone, take: Path, value: Any) -> None:
    audio = Audio(*value(tone, take))
    assert (audio.sample_rate, audio.frames, audio.channels, audio.duration) == (16_000, 16_000, 1, 1.0)
    assert np.abs(audio.clip().samples[:, 0] - tone).max() <= 2**-16


def test_tensors_are_clips_batches_and_lengths(tone: Tone, require: Callable[[str], ModuleType]) -> None:
    torch = require("torch")
    samples = torch.from_numpy(tone).requires_grad_()
    assert Audio(samples, 16_000) == Audio(tone, 16_000)
    batch = Audio.from_batch(samples[None], 16_000, lengths=torch.tensor([100]))
    assert [audio.frames for audio in batch] == [100]


def test_a_clip_of_a_clip_keeps_caption_and_level(tone: Tone, take: Path) -> None:
    audio = Audio(Audio(3 * tone, 16_000, caption="loud"))
    assert (audio.caption, audio.peak) == ("loud", 1.5)
    assert Audio(wandb.Audio(str(take), caption="theirs")).caption == "theirs"
    assert Audio(audio, caption="mine").caption == "mine"


def test_a_clip_of_a_clip_outlives_it(tone: Tone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MEMORY_LIMIT", -(2**40))
    first = Audio(tone, 16_000)
    second = Audio(first)
    del first
    gc.collect()
    assert second.clip().frames == 16_000


def test_beyond_the_memory_limit_clips_wait_in_files_and_are_logged_all_the_same(
    run: wandb.Run, tone: Tone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "MEMORY_LIMIT", -(2**40))
    audios = [Audio(tone / (2 + number), 16_000) for number in range(3)]
    assert all(Path(audio.content.path()).is_file() for audio in audios)
    run.log({"clips": audios})
    (row,) = rows_with(read(run), "clips")
    assert [clip["peak"] for clip in row["audio"]] == [audio.peak for audio in audios]
    assert len(files(run)) == 3


def test_what_is_unusable_is_an_error_of_its_kind(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("no audio at all")
    with pytest.raises(AudioDecodeError, match=r"notes\.wav' is not an audio file"):
        Audio(tmp_path / "notes.wav")
    with pytest.raises(FileNotFoundError, match=r"there is no file 'nowhere\.wav'"):
        Audio("nowhere.wav")
    with pytest.raises(NonFiniteAudioError, match="pass on_invalid='zero'"):
        Audio([0.0, float("nan")], 16_000)
    with pytest.raises(EmptyAudioError, match="without frames"):
        Audio(np.zeros(0), 16_000)
    with pytest.raises(AudioShapeError, match=r"Audio\.from_batch"):
        Audio(np.zeros((8, 1, 16_000)), 16_000)


def test_nan_can_become_zero_and_is_counted() -> None:
    audio = Audio([0.5, float("nan"), float("inf")], 16_000, on_invalid="zero")
    assert audio.invalid_samples == 2
    assert audio.clip().samples[:, 0].tolist() == [0.5, 0, 0]


def test_what_is_beyond_full_scale_is_clipped_lowered_or_kept(tone: Tone) -> None:
    clipped = Audio(4 * tone, 16_000)
    assert (clipped.peak, clipped.gain) == (2.0, 1.0)
    assert clipped.clipped_samples == int(np.count_nonzero(np.abs(4 * tone) > 1))
    lowered = Audio(4 * tone, 16_000, overload="scale")
    assert lowered.clipped_samples == 0
    assert lowered.gain == pytest.approx(0.5, rel=1e-4)
    kept = Audio(4 * tone, 16_000, overload="float")
    assert (kept.subtype, kept.clipped_samples) == ("FLOAT", 0)
    assert np.array_equal(kept.clip().samples[:, 0], 4 * tone)


def test_normalising_is_asked_for_and_told(tone: Tone) -> None:
    audio = Audio(tone, 16_000, normalize="peak")
    assert audio.gain == pytest.approx(2, rel=1e-4)
    assert audio.clip().peak == pytest.approx(1, abs=1e-4)
    assert Audio(tone, 16_000).gain == 1.0


@pytest.mark.parametrize(("low", "high"), [(1, 1), (1.0, None), (None, 1), (0.25, 1.75)])
def test_bounds_are_inclusive(tone: Tone, low: Any, high: Any) -> None:
    assert Audio(tone, 16_000, min_seconds=low, max_seconds=high).duration == 1.0


@pytest.mark.parametrize(("low", "high"), [(1.00001, None), (None, 0.99999)])
def test_beyond_the_bounds_is_an_error(tone: Tone, low: Any, high: Any) -> None:
    with pytest.raises(AudioDurationError, match="got a clip of 1 s, wanted"):
        Audio(tone, 16_000, min_seconds=low, max_seconds=high)


def test_gradio_takes_what_it_is_given(tone: Tone) -> None:
    rate, mono = Audio(tone, 16_000).to_gradio()
    assert (rate, mono.shape, mono.dtype.name) == (16_000, (16_000,), "int16")
    _, stereo = Audio(np.stack([tone, tone], axis=1), 16_000).to_gradio()
    assert stereo.shape == (16_000, 2)


def test_a_notebook_plays_a_clip_and_runs_nothing(tone: Tone, take: Path) -> None:
    hostile = '<script>alert("x")</script>'
    for audio in (Audio(tone, 16_000, caption=hostile), Audio(take, caption=hostile)):
        html = audio._repr_html_()
        assert "<script" not in html
        assert 'src="data:audio/wav;base64,' in html
        assert "&lt;script&gt;" in html
    assert 'src="https://127.0.0.1:1/folder/take.wav"' in Audio(ADDRESSES[3])._repr_html_()
    assert 'src=""' in Audio(ADDRESSES[0])._repr_html_()


def test_a_clip_says_what_it_is(tone: Tone, take: Path) -> None:
    assert repr(Audio(tone, 16_000)) == "Audio(1.00 s, 16000 Hz, 1 ch, wav)"
    assert repr(Audio(take, caption="it's")) == 'Audio(1.00 s, 16000 Hz, 1 ch, wav, "it\'s")'


def test_what_the_codec_made_of_the_rate_is_told(tone: Tone) -> None:
    audio = Audio(tone, 44_100, format="opus")
    assert (audio.sample_rate, audio.source_sample_rate) == (48_000, 44_100)
    assert Audio(tone, 16_000).source_sample_rate == 16_000


# Batches


def test_a_batch_is_cut_into_clips_without_their_padding() -> None:
    batch = np.zeros((3, 1, 800), np.float32)
    batch[0, 0, :100], batch[1, 0, :800], batch[2, 0, :1] = 0.1, 0.2, 0.3
    audios = Audio.from_batch(batch, 8000, captions=["a", None, "c"], lengths=np.array([100, 800, 1]))
    assert [audio.frames for audio in audios] == [100, 800, 1]
    assert [audio.caption for audio in audios] == ["a", None, "c"]
    assert [round(audio.peak or 0, 3) for audio in audios] == [0.1, 0.2, 0.3]


@pytest.mark.parametrize("shape", [(4, 800), (4, 800, 2), (4, 2, 800)])
def test_batches_of_every_layout(shape: tuple[int, ...]) -> None:
    audios = Audio.from_batch(np.zeros(shape, np.float32), 8000, format="flac")
    assert [(audio.frames, audio.channels, audio.format) for audio in audios] == [(800, len(shape) - 1, "flac")] * 4


def test_captions_may_be_an_array() -> None:
    captions: Any = np.array(["a", "b"])
    assert [audio.caption for audio in Audio.from_batch(np.zeros((2, 80)), 8000, captions=captions)] == ["a", "b"]


@pytest.mark.parametrize(
    ("batch", "options", "message"),
    [
        (np.zeros(800), {}, r"got shape \(800,\), wanted a batch"),
        (np.zeros((2, 800)), {"captions": ["a"]}, "got 1 captions for 2 clips"),
        (np.zeros((2, 800)), {"lengths": [1]}, "got 1 lengths for 2 clips"),
        (np.zeros((2, 800)), {"lengths": [1, 801]}, r"got lengths\[1\]=801, wanted 0 to 800 frames"),
        (np.zeros((2, 800)), {"lengths": [800, 0]}, "clip 1 of the batch: got shape"),
        (np.array([[0.0], [np.nan]]), {}, "clip 1 of the batch: got 1 NaN"),
    ],
)
def test_a_batch_that_does_not_fit_says_where(batch: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(AudioValueError, match=message):
        Audio.from_batch(batch, 8000, **options)


# Copies


@pytest.mark.parametrize("state", ["samples", "file", "address", "bound", "on disk"])
def test_a_copy_is_the_same_clip_and_belongs_to_no_run(
    run: wandb.Run, tone: Tone, take: Path, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if state == "on disk":
        monkeypatch.setattr(content, "MEMORY_LIMIT", -(2**40))
    value = {"file": take, "address": ADDRESSES[0]}.get(state, tone)
    audio = Audio(value, sample_rate=None if value is take else 16_000, caption="a")
    if state == "bound":
        run.log({"clip": audio})
    twins = [copy.copy(audio), copy.deepcopy(audio), pickle.loads(pickle.dumps(audio))]
    for twin in twins:
        assert type(twin) is Audio
        assert twin == audio
        assert (twin.details, twin.gain, twin.is_bound()) == (audio.details, audio.gain, False)
    if state == "address":
        return
    expected = audio.clip().samples
    del audio
    gc.collect()
    for number, twin in enumerate(twins):
        assert np.array_equal(twin.clip().samples, expected)
        run.log({f"copy{number}": twin})
    assert sum(path.startswith("media/audio/copy") for path in files(run)) == 3


def test_a_pickled_clip_can_be_logged_by_another_process(tone: Tone, tmp_path: Path) -> None:
    (tmp_path / "clip.pickle").write_bytes(pickle.dumps(Audio(tone, 16_000, caption="sent")))
    script = (
        "import pickle, sys; clip = pickle.load(open(sys.argv[1], 'rb'));"
        "print(repr(clip), clip.peak, len(clip._repr_html_()) > 1000, open(clip._path, 'rb').read(4))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "clip.pickle"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "Audio(1.00 s, 16000 Hz, 1 ch, wav, 'sent') 0.5 True b'RIFF'"


# Whichever was there first


@pytest.mark.parametrize(
    "before",
    ["", "WBValue.type_mapping()", "wandb.Table(columns=['a'], data=[[wandb.Html('x')]]); WBValue.type_mapping()"],
)
def test_wandb_knows_our_class_even_when_it_had_looked_before(before: str) -> None:
    script = f"""
import numpy as np, wandb
from wandb.sdk.data_types.base_types.wb_value import WBValue
{before}
import audio_logging as al
assert al.Audio is WBValue.type_mapping()["audio-file"]
table = wandb.Table(columns=["a"], data=[[al.Audio(np.zeros(9), 8000)]])
assert "Audio-file" in str(table._column_types), table._column_types
"""
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", script], check=True, timeout=60)


def test_importing_and_using_audio_warns_of_nothing(tone: Tone) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Audio(tone, 16_000)
