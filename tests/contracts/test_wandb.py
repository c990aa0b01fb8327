"""Every private name of wandb that is used is there, and what `_wandb` says of it is true; wandb for real, offline."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
import pytest
import wandb
from wandb.sdk.data_types._dtypes import TypeRegistry
from wandb.sdk.data_types.base_types.wb_value import WBValue
from wandb.sdk.data_types.utils import val_to_json

from audio_logging import _wandb
from audio_logging.media.audio import Audio

Tone = npt.NDArray[np.float32]

pytestmark = pytest.mark.usefixtures("wandb_offline")


@pytest.fixture
def run() -> wandb.Run:
    return wandb.init(project="contracts", settings=wandb.Settings(x_save_requirements=False))


@pytest.fixture
def take(tmp_path: Path, wav_bytes: bytes) -> Path:
    (tmp_path / "take.wav").write_bytes(wav_bytes)
    return tmp_path / "take.wav"


@pytest.fixture
def artifact() -> wandb.Artifact:
    return wandb.Artifact("clips", "dataset")


class Unregistered(wandb.Audio):
    """A subclass as one would write it without knowing wandb's inside."""


def test_every_name_has_its_contract() -> None:
    here = Path(__file__).read_text()
    assert [name for name in _wandb.__all__ if name not in here] == []


# AudioBase


def test_a_list_is_a_batch_only_when_all_are_instances_of_the_firsts_class(run: wandb.Run, take: Path) -> None:
    mixed = [Unregistered(str(take)), wandb.Audio(str(take))]
    assert isinstance(val_to_json(run, "a", mixed, namespace=0), list)
    assert val_to_json(run, "b", [Audio(take), wandb.Audio(str(take))], namespace=0)["_type"] == "audio"


def test_audio_base_has_every_attribute_that_wandb_gives_its_own(take: Path) -> None:
    names = {"_path", "_sha256", "_size", "_is_tmp", "_caption", "_sample_rate", "_duration", "_run", "_extension"}
    plain, ours = wandb.Audio(str(take), caption="a"), Audio(take, caption="a")
    assert names <= set(vars(plain))
    for name in names - {"_sample_rate", "_duration"}:  # which plain wandb does not know of a file
        assert getattr(ours, name) == getattr(plain, name), name
    assert set(vars(plain)) - names == {"_artifact_source", "_artifact_target"}


def test_samples_are_a_temporary_file_of_plain_wandbs_until_they_are_logged(run: wandb.Run, tone: Tone) -> None:
    plain = wandb.Audio(tone, sample_rate=16_000)
    assert _wandb.temporary_folder().is_dir()
    assert Path(_wandb.audio_file(plain)[0]).is_relative_to(_wandb.temporary_folder())
    assert plain._is_tmp
    run.log({"a": plain})
    assert Path(_wandb.audio_file(plain)[0]).is_relative_to(run.dir)


def test_the_json_of_plain_wandb_is_part_of_ours(run: wandb.Run, take: Path) -> None:
    plain, ours = wandb.Audio(str(take), caption="a"), Audio(take, caption="a")
    for audio in (plain, ours):
        audio.bind_to_run(run, "a", 0)
    assert ours.plain_json(run) == plain.to_json(run)
    assert ours.to_json(run).items() >= plain.to_json(run).items()


# register


def test_a_table_looks_a_class_up_exactly(take: Path) -> None:
    table = wandb.Table(columns=["a"], data=[[Unregistered(str(take))]])
    assert "python" in str(table._column_types).lower()
    assert TypeRegistry.types_by_class()[Audio].name == "audio-file"
    assert TypeRegistry.types_by_class()[wandb.Audio] is TypeRegistry.types_by_class()[Audio]


def test_register_reaches_a_mapping_that_wandb_has_made_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WBValue, "_type_mapping", None)
    monkeypatch.setattr(TypeRegistry, "_types_by_class", dict(TypeRegistry.types_by_class()))
    WBValue.type_mapping()["audio-file"] = wandb.Audio
    assert WBValue.type_mapping()["audio-file"] is wandb.Audio
    _wandb.register(Audio)
    assert WBValue.type_mapping()["audio-file"] is Audio


def test_wandb_finds_a_subclass_by_itself_when_it_looks_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WBValue, "_type_mapping", None)
    assert issubclass(WBValue.type_mapping()["audio-file"], wandb.Audio)
    assert WBValue.type_mapping()["audio-file"] is not wandb.Audio


# What a plain wandb.Audio knows


def test_audio_file_and_caption_of_a_plain_clip(take: Path) -> None:
    import hashlib

    plain = wandb.Audio(str(take), caption="a")
    assert _wandb.audio_file(plain) == (str(take), hashlib.sha256(take.read_bytes()).hexdigest())
    assert (_wandb.caption_of(plain), _wandb.caption_of(wandb.Audio(str(take)))) == ("a", None)


def test_reference_of_takes_what_resolve_ref_fails_on(take: Path) -> None:
    plain = wandb.Audio(str(take))
    with pytest.raises(AttributeError, match="artifact"):
        plain.resolve_ref()
    assert _wandb.reference_of(plain) is None
    assert _wandb.reference_of(wandb.Audio("s3://bucket/a.wav")) == "s3://bucket/a.wav"


def test_plain_wandb_cannot_read_json_without_a_caption() -> None:
    source = mock.create_autospec(wandb.Artifact, instance=True)
    with pytest.raises(KeyError, match="caption"):
        wandb.Audio.from_json({"path": "a.wav"}, source)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("s3://b/a", True),
        ("gs://b/a", True),
        ("http://b/a", True),
        ("https://b/a", True),
        ("file:///a", False),
        ("a", False),
    ],
)
def test_is_reference_of_wandb(path: str, expected: bool) -> None:
    assert _wandb.is_reference(path) is expected


def test_artifact_of_a_clip_that_was_read_from_one(take: Path, artifact: wandb.Artifact) -> None:
    audio = Audio(take)
    assert _wandb.artifact_of(audio) is None
    audio._set_artifact_source(artifact)
    assert _wandb.artifact_of(audio) is artifact


# Runs


def test_publish_file_hands_a_path_from_the_files_folder_to_the_service(run: wandb.Run) -> None:
    with mock.patch.object(run._interface, "publish_files") as publish:
        _wandb.publish_file(run, "media/audio/a [1].wav")
    publish.assert_called_once_with({"files": [("media/audio/a [1].wav", "now")]})


@pytest.mark.parametrize("allowed", [False, True])
def test_media_may_be_linked_when_the_settings_say_so(allowed: bool) -> None:
    run = wandb.init(settings=wandb.Settings(allow_media_symlink=allowed))
    assert _wandb.media_may_be_linked(run) is allowed


@pytest.mark.parametrize("symlink", [True, False])
def test_link_media_links_as_the_settings_say(take: Path, tmp_path: Path, symlink: bool) -> None:
    run = wandb.init(settings=wandb.Settings(symlink=symlink))
    _wandb.link_media(run, take, tmp_path / "link.wav")
    assert (tmp_path / "link.wav").is_symlink() is symlink
    assert (tmp_path / "link.wav").samefile(take)


def test_current_step_and_open_step_tell_whether_somebody_committed(run: wandb.Run) -> None:
    def steps() -> tuple[int, int]:
        return _wandb.current_step(run), _wandb.open_step(run)

    assert steps() == (0, 0)
    run.log({"a": 1}, commit=False)
    assert steps() == (0, 0)
    run.log({"a": 1})
    assert steps() == (1, 1)
    run.log({}, commit=True)
    assert steps() == (2, 2)
    run.log({"a": 1}, step=7)
    assert steps() == (7, 7)
    run.log({"a": 1}, step=7)
    assert steps() == (7, 7)
    run.log({"a": 1}, step=7, commit=True)
    assert steps() == (8, 8)
    run.log({"a": 1}, step=3)  # which wandb drops
    assert steps() == (8, 8)


def test_open_step_does_not_ask_in_shared_mode(run: wandb.Run) -> None:
    assert run._settings._shared is False
    with mock.patch.object(type(run._settings), "_shared", True):
        assert _wandb.open_step(run) == 0


def test_on_finish_is_called_while_the_run_still_takes_rows(run: wandb.Run) -> None:
    seen: list[bool] = []

    def last_words() -> None:
        seen.append(_wandb.is_finished(run))
        run.log({"last": 1})

    _wandb.on_finish(run, last_words)
    assert not _wandb.is_finished(run)
    run.finish()
    assert _wandb.is_finished(run)
    assert seen == [False]
    with pytest.raises(wandb.errors.UsageError, match="is finished"):
        run.log({"a": 1})


def test_is_finished_can_be_asked_of_a_disabled_run() -> None:
    run = wandb.init(mode="disabled")
    assert isinstance(run, wandb.Run)
    assert run.disabled
    assert not _wandb.is_finished(run)


def test_same_process_goes_by_the_process_that_started_the_run(run: wandb.Run) -> None:
    assert _wandb.same_process(run)
    with mock.patch("os.getpid", return_value=os.getpid() + 1):
        assert not _wandb.same_process(run)


# Artifacts


def test_is_logged_when_the_artifact_was_handed_to_a_run(run: wandb.Run, artifact: wandb.Artifact, take: Path) -> None:
    artifact.add_file(str(take))
    assert not _wandb.is_logged(artifact)
    run.log_artifact(artifact)
    assert _wandb.is_logged(artifact)


def test_wait_until_logged_returns_at_once_offline(run: wandb.Run, artifact: wandb.Artifact, take: Path) -> None:
    artifact.add_file(str(take))
    run.log_artifact(artifact)
    _wandb.wait_until_logged(artifact, 1)
    assert _wandb.is_logged(artifact)


def test_add_client_reference_is_what_wandb_itself_makes_for_tables(
    run: wandb.Run, artifact: wandb.Artifact, take: Path
) -> None:
    table = wandb.Table(columns=["a"], data=[[1]])
    artifact.add(table, "table")
    run.log_artifact(artifact)
    theirs, ours = wandb.Artifact("theirs", "dataset"), wandb.Artifact("ours", "dataset")
    theirs.add(table, "table")
    assert _wandb.add_client_reference(ours, artifact, "table.table.json")
    made, expected = (one.manifest.entries["table.table.json"] for one in (ours, theirs))
    assert (made.ref, made.digest) == (expected.ref, expected.digest)
    assert str(made.ref).startswith("wandb-client-artifact://")


def test_add_client_reference_is_not_possible_where_the_settings_forbid_it(
    artifact: wandb.Artifact, take: Path
) -> None:
    run = wandb.init(settings=wandb.Settings(allow_offline_artifacts=False))
    artifact.add_file(str(take), name="take.wav")
    run.log_artifact(artifact)
    other = wandb.Artifact("other", "dataset")
    assert not _wandb.add_client_reference(other, artifact, "take.wav")
    assert not other.manifest.entries


def test_add_address_is_what_wandb_makes_without_a_checksum(artifact: wandb.Artifact) -> None:
    address = "https://127.0.0.1:1/a.wav"
    other = wandb.Artifact("other", "dataset")
    other.add_reference(address, name="a.wav", checksum=False)
    for _ in range(2):
        _wandb.add_address(artifact, address, "a.wav")
    made, expected = (one.manifest.entries["a.wav"] for one in (artifact, other))
    assert (made.path, made.ref, made.digest) == (expected.path, expected.ref, expected.digest)


def test_new_staged_file_is_named_as_wandbs_own_copies(tmp_path: Path, artifact: wandb.Artifact, take: Path) -> None:
    artifact.add_file(str(take), name="take.wav")
    theirs, ours = Path(str(artifact.manifest.entries["take.wav"].local_path)), _wandb.new_staged_file()
    assert ours.parent == theirs.parent
    assert ours.is_relative_to(tmp_path)
    assert not ours.exists()
    assert ours.name.startswith("tmp")
    assert theirs.name.startswith("tmp")
    assert len(ours.name) == len(theirs.name)


def test_add_staged_file_does_not_copy(artifact: wandb.Artifact, take: Path) -> None:
    for _ in range(2):
        _wandb.add_staged_file(artifact, take, "take.wav")
    assert artifact.manifest.entries["take.wav"].local_path == str(take)


def test_add_table_is_the_entry_that_artifact_add_makes(tone: Tone, artifact: wandb.Artifact) -> None:
    def table() -> wandb.Table:
        return wandb.Table(columns=["audio", "label"], data=[[Audio(tone, 16_000), "dog"]])

    other = wandb.Artifact("other", "dataset")
    other.add(table(), "table")
    _wandb.add_table(artifact, table(), "table")
    assert set(artifact.manifest.entries) == set(other.manifest.entries)
    made, expected = (
        json.loads(Path(str(one.manifest.entries["table.table.json"].local_path)).read_text())
        for one in (artifact, other)
    )
    assert made == expected


def test_log_table_returns_the_row_that_run_log_makes(run: wandb.Run, tone: Tone) -> None:
    def table() -> wandb.Table:
        return wandb.Table(columns=["audio", "label"], data=[[Audio(tone, 16_000), "dog"]])

    row = _wandb.log_table(run, "ours", table())
    run.log({"ours": row, "theirs": table()})
    run.finish()
    from audio_logging.runs import open_run

    done = open_run(Path(run.dir).parent, wait=10)
    logged: dict[str, Any] = done.history(resolve=False)[0]
    assert set(logged["ours"]) == set(logged["theirs"])
    assert logged["ours"]["_type"] == "table-file"
    assert [stored.rows[0][1] for stored in done.tables()] == ["dog", "dog"]
    assert {artifact.type for artifact in done.artifacts()} == {"run_table"}


def test_run_folder_is_the_runs_dir(run: wandb.Run) -> None:
    assert _wandb.run_folder(run) == Path(run.dir) == _wandb.run_folder(run)


def test_is_in_no_artifact_until_it_was_added_to_one(artifact: wandb.Artifact, take: Path) -> None:
    audio = Audio(take)
    assert _wandb.is_in_no_artifact(audio)
    artifact.add(audio, "clip")
    assert not _wandb.is_in_no_artifact(audio)


def test_the_json_of_a_clip_is_what_wandb_would_write_and_more(run: wandb.Run, take: Path) -> None:
    for audio in (Audio(take), Audio(take, caption="said")):
        audio.bind_to_run(run, "val/clip", 3)
        ours, theirs = audio.to_json(run), audio.plain_json(run)
        assert {name: ours[name] for name in theirs} == theirs
        assert ours.keys() - theirs.keys() == {"sample_rate", "duration", "channels", "frames", "format"}
