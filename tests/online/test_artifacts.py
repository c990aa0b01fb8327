"""Clips in artifacts: what goes to the server comes back whole in another process, whose caches are empty."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import wandb

import audio_logging as al
from tests.fake_wandb import Artifact, Server
from tests.online.conftest import Noise, Read, Script
from tests.online.description import describe, stored_bytes

CAPTIONS = {"bare": None, "captioned": "grüße, 「声」"}
CODECS = tuple(al.available_formats())
SUBTYPES = [(codec, subtype) for codec, subtypes in al.available_formats().items() for subtype in subtypes[1:]]

KINDS = [f"{codec}-{channels}-{name}" for codec in CODECS for channels in (1, 2) for name in CAPTIONS]
OTHERS = [*(f"{codec}-{subtype}" for codec, subtype in SUBTYPES), "resampled", "clipped", "file"]


@pytest.fixture(scope="module")
def clips(noise: Noise, online: Path) -> dict[str, al.Audio]:
    """Every format, mono and stereo, with and without a caption; and what else can differ, by name."""
    made: dict[str, al.Audio] = {}
    for kind in KINDS:
        codec, channels, name = kind.split("-")
        samples = noise(int(channels), channels=int(channels))
        made[kind] = al.Audio(samples, 16_000, CAPTIONS[name], format=codec)
    for codec, subtype in SUBTYPES:
        made[f"{codec}-{subtype}"] = al.Audio(noise(3), 16_000, format=codec, subtype=subtype)
    made["resampled"] = al.Audio(noise(4), 22_050, format="opus")
    made["clipped"] = al.Audio(noise(5) * 3, 16_000)
    file = online / "take 2.flac"
    file.write_bytes(stored_bytes(al.Audio(noise(6), 44_100, format="flac")))
    made["file"] = al.Audio(file, caption="from a file")
    return made


@pytest.fixture(scope="module")
def logged(server: Server, clips: dict[str, al.Audio]) -> Artifact:
    """All of them in one artifact, each alone and in a table; and some as lists in a table's cells."""
    with wandb.init(project="sounds") as run:
        run.log_artifact(_artifact(clips)).wait()
    return server.store.versions("clips")[0]


def _artifact(clips: dict[str, al.Audio]) -> wandb.Artifact:
    artifact = wandb.Artifact("clips", "dataset", metadata={"language": "en"})
    for name, audio in clips.items():
        artifact.add(audio, name)
    artifact.add(wandb.Table(["name", "audio"], [[name, audio] for name, audio in clips.items()]), "table")
    artifact.add(wandb.Table(["audios"], [[[clips["wav-1-bare"], clips["flac-2-captioned"]]]]), "lists")
    return artifact


@pytest.fixture(scope="module")
def back(logged: Artifact, read: Read) -> Any:
    """What a process with empty caches gets back."""
    return read({"clips:latest": [*KINDS, *OTHERS, "table"]})["clips:latest"]


@pytest.mark.parametrize("name", KINDS + OTHERS)
def test_a_clip_comes_back_whole(name: str, back: Any, clips: dict[str, al.Audio]) -> None:
    assert back["things"][name] == describe(clips[name])


@pytest.mark.parametrize("name", KINDS + OTHERS)
def test_a_clip_in_a_table_comes_back_whole(name: str, back: Any, clips: dict[str, al.Audio]) -> None:
    assert dict(back["things"]["table"]["data"])[name] == describe(clips[name])


def test_the_table_comes_back_in_order(back: Any) -> None:
    assert back["things"]["table"]["columns"] == ["name", "audio"]
    assert [row[0] for row in back["things"]["table"]["data"]] == KINDS + OTHERS


def test_a_list_in_a_cell_is_stored_clip_by_clip(server: Server, logged: Artifact, clips: dict[str, al.Audio]) -> None:
    table = json.loads(server.store.object(logged.entries["lists.table.json"]["digest"]))
    [[cell]] = table["data"]
    for stored, name in zip(cell, ("wav-1-bare", "flac-2-captioned"), strict=True):
        assert stored["sample_rate"] == 16_000
        assert stored["caption"] == clips[name].caption
        assert _sha256(server, logged, stored["path"]) == clips[name].sha256


def test_every_file_of_a_download_has_the_bytes_that_were_logged(
    server: Server, back: Any, logged: Artifact, clips: dict[str, al.Audio]
) -> None:
    assert back["files"] == {path: _sha256(server, logged, path) for path in logged.files}
    assert {audio.sha256 for audio in clips.values()} <= set(back["files"].values())


def test_clips_alone_are_fetched_one_by_one_without_the_rest(server: Server, back: Any) -> None:
    assert any(request.startswith("GET /artifactsV2/default/listeners/sounds/clips/") for request in server.requests)


def test_equal_clips_are_one_file_whatever_their_captions(logged: Artifact, clips: dict[str, al.Audio]) -> None:
    media = [path for path in logged.files if path.startswith("media/audio/")]
    assert len(media) == len({audio.sha256 for audio in clips.values()})


def test_version_aliases_and_metadata_come_back(back: Any) -> None:
    assert back["version"] == "v0"
    assert back["aliases"] == ["latest"]
    assert back["metadata"] == {"language": "en"}


def test_equal_content_makes_no_new_version(server: Server, logged: Artifact, clips: dict[str, al.Audio]) -> None:
    uploads = list(server.store.uploads)
    with wandb.init(project="sounds") as run:
        again = run.log_artifact(_artifact(clips), aliases=["again"]).wait()
        assert again.version == "v0"
    assert server.store.versions("clips") == [logged]
    assert "again" in logged.aliases
    assert server.store.uploads == uploads


def test_other_content_makes_a_new_version_that_uploads_only_what_is_new(
    server: Server, logged: Artifact, clips: dict[str, al.Audio], noise: Noise
) -> None:
    before = len(server.store.uploads)
    added = al.Audio(noise(7), 8000)
    artifact = wandb.Artifact("more", "dataset")
    for name, audio in {**clips, "added": added}.items():
        artifact.add(audio, name)
    with wandb.init(project="sounds") as run:
        run.log_artifact(artifact).wait()
    uploaded = [server.store.objects[digest] for digest in server.store.uploads[before:]]
    assert [data for data in uploaded if data[:1] != b"{"] == [stored_bytes(added)]


@pytest.fixture(scope="module")
def second(logged: Artifact, script: Script, server: Server) -> Artifact:
    """An artifact of clips that were fetched from the first one."""
    uploads = len(server.store.uploads)
    script("refer", "clips:latest", "second", "flac-2-captioned", "table")
    assert all(server.store.objects[digest][:1] == b"{" for digest in server.store.uploads[uploads:])
    return server.store.versions("second")[0]


def test_a_fetched_clip_in_a_second_artifact_is_a_reference(second: Artifact, logged: Artifact, server: Server) -> None:
    assert [path for path in second.files if not path.endswith(".json")] == []
    assert second.references
    for path, address in second.references.items():
        assert address.startswith("wandb-artifact://")
        referred = server.store.referred(address)
        assert referred in logged.entries.values()
        assert referred is not None
        assert referred["digest"] == second.entries[path]["digest"]


def test_a_referred_clip_comes_back_whole(second: Artifact, read: Read, clips: dict[str, al.Audio]) -> None:
    things = read({"second:latest": ["clip", "table"]})["second:latest"]["things"]
    assert things["clip"] == describe(clips["flac-2-captioned"])
    assert things["table"]["data"] == [[name, describe(audio)] for name, audio in clips.items()]


def test_a_clip_that_was_logged_in_another_artifact_is_a_reference(server: Server, online: Path, noise: Noise) -> None:
    audio = al.Audio(noise(11), 16_000, "in two artifacts")
    with wandb.init(project="sounds") as run:
        for name in ("home", "guest"):
            artifact = wandb.Artifact(name, "dataset")
            artifact.add(wandb.Table(["audio"], [[audio]]), "table")
            run.log_artifact(artifact).wait()
    [home], [guest] = server.store.versions("home"), server.store.versions("guest")
    [address] = guest.references.values()
    assert server.store.referred(address) in home.entries.values()


def test_a_clip_whose_artifact_is_not_on_the_server_yet_is_copied_rather_than_lost(
    server: Server, online: Path, noise: Noise
) -> None:
    audio = al.Audio(noise(15), 16_000, "in two artifacts")
    with wandb.init(project="sounds") as run:
        for name in ("early", "late"):
            artifact = wandb.Artifact(name, "dataset")
            artifact.add(wandb.Table(["audio"], [[audio]]), "table")
            run.log_artifact(artifact)
    [late] = server.store.versions("late")
    assert not late.references and late.index == 0


def test_a_table_that_was_logged_to_the_run_is_a_reference_in_an_artifact(
    server: Server, online: Path, noise: Noise
) -> None:
    audio = al.Audio(noise(12), 16_000, "in a table")
    table = wandb.Table(["audio"], [[audio]])
    with wandb.init(project="sounds") as run:
        run.log({"table": table})
        artifact = wandb.Artifact("holder", "dataset")
        artifact.add(table, "table")
        run.log_artifact(artifact).wait()
        back = describe(run.use_artifact("holder:latest").get("table"))
    assert back["data"] == [[describe(audio)]]
    assert list(server.store.versions("holder")[0].references) == ["table.table.json"]


def test_a_draft_of_a_version_takes_more_clips(server: Server, online: Path, noise: Noise) -> None:
    clips = {"first": al.Audio(noise(13), 16_000, "first"), "second": al.Audio(noise(14), 8000, "second")}
    with wandb.init(project="sounds") as run:
        artifact = wandb.Artifact("growing", "dataset")
        artifact.add(clips["first"], "first")
        draft = run.log_artifact(artifact).wait().new_draft()
        draft.add(clips["second"], "second")
        run.log_artifact(draft).wait()
        grown = run.use_artifact("growing:v1")
        assert {name: describe(grown.get(name)) for name in clips} == {
            name: describe(audio) for name, audio in clips.items()
        }


def _sha256(server: Server, artifact: Artifact, path: str) -> str:
    return hashlib.sha256(server.store.object(artifact.entries[path]["digest"])).hexdigest()
