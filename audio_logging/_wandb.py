"""Every private name of wandb that this package uses, each with its reason; `tests/contracts/test_wandb.py` pins them.

Read and tried with wandb 0.31.0.
"""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import wandb
from wandb.sdk.artifacts._internal_artifact import InternalArtifact
from wandb.sdk.artifacts.artifact_instance_cache import artifact_instance_cache_by_client_id
from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from wandb.sdk.artifacts.staging import get_staging_dir
from wandb.sdk.data_types import _dtypes
from wandb.sdk.data_types._private import MEDIA_TMP
from wandb.sdk.data_types.audio import _AudioFileType
from wandb.sdk.data_types.base_types.media import BatchableMedia
from wandb.sdk.data_types.base_types.wb_value import WBValue, _client_ids_allowed
from wandb.sdk.lib import filesystem
from wandb.sdk.lib.paths import LogicalPath
from wandb.sdk.wandb_run import TeardownHook, TeardownStage

from audio_logging.storage.content import Content
from audio_logging.storage.files import write_file

__all__ = [
    "AudioBase",
    "add_address",
    "add_client_reference",
    "add_staged_file",
    "add_table",
    "artifact_of",
    "audio_file",
    "caption_of",
    "current_step",
    "is_finished",
    "is_in_no_artifact",
    "is_logged",
    "is_reference",
    "link_media",
    "log_table",
    "media_may_be_linked",
    "new_staged_file",
    "on_finish",
    "open_step",
    "publish_file",
    "reference_of",
    "register",
    "run_folder",
    "same_process",
    "temporary_folder",
    "wait_until_logged",
]


class _TakesPlainAudio(type):
    """Lets a plain wandb.Audio pass for an instance of ours.

    ``run.log`` of a list asks ``isinstance(v, type(list[0]))`` (wandb.sdk.data_types.utils.val_to_json) to decide
    whether it is a batch; without this a list that begins with ours and holds a plain one would not be.
    """

    def __instancecheck__(cls, instance: object) -> bool:
        return type.__instancecheck__(cls, instance) or (cls.__base__ is AudioBase and type(instance) is wandb.Audio)


class AudioBase(wandb.Audio, metaclass=_TakesPlainAudio):
    """wandb.Audio over a `Content`: what wandb's code reads from its own attributes, computed when it is read.

    wandb's run, table and artifact code reads ``_path``, ``_sha256``, ``_size``, ``_is_tmp``, ``_caption``,
    ``_sample_rate``, ``_duration``, ``_run`` and ``_extension`` of a media object.
    """

    content: Content

    def __init__(self, content: Content, caption: str | None) -> None:
        BatchableMedia.__init__(self, caption=caption)
        self.content = content
        self._extension = None

    @property
    def caption(self) -> str | None:
        """Text shown with the clip."""
        return self._caption

    @property
    def run(self) -> wandb.Run | None:
        """The run that the clip was logged to, or None."""
        return self._run

    def attach(self, run: wandb.Run) -> None:
        """Say that the clip's file now lies in a run's folder."""
        self._run = run

    def detached_state(self) -> dict[str, Any]:
        """Return the attributes that a copy has: it belongs to no run and to no artifact."""
        return {**self.__dict__, "_run": None, "_artifact_source": None, "_artifact_target": None}

    def plain_json(self, run_or_artifact: wandb.Run | wandb.Artifact) -> dict[str, Any]:
        """Return the JSON that wandb.Audio would write."""
        return dict(super().to_json(run_or_artifact))  # type: ignore[no-untyped-call]

    # wandb assigns None to _path in Media.__init__ and new values in bind_to_run, which we override.
    @property
    def _path(self) -> str:
        return self.content.path()

    @_path.setter
    def _path(self, value: object) -> None:
        pass

    @property
    def _sha256(self) -> str:  # type: ignore[override]
        return self.content.sha256

    @property
    def _size(self) -> int | None:  # type: ignore[override]
        return self.content.size

    @property
    def _is_tmp(self) -> bool:  # type: ignore[override]
        return self.content.is_temporary

    @property
    def _duration(self) -> float | None:  # type: ignore[override]
        return cast("float | None", cast("Any", self).duration)

    @property
    def _sample_rate(self) -> int | None:  # type: ignore[override]
        return cast("int | None", cast("Any", self).sample_rate)


def register(audio_class: type[wandb.Audio]) -> None:
    """Make tables and artifacts know a subclass of wandb.Audio as ``audio-file``.

    A table looks a value's class up exactly (``TypeRegistry.types_by_class``); without an entry the column would be
    ``pythonObject`` and would not mix with plain wandb.Audio. Reading back goes by ``WBValue.type_mapping()``, which
    finds subclasses by itself unless it was cached before they existed.
    """
    _dtypes.TypeRegistry.types_by_class()[audio_class] = _AudioFileType
    if WBValue._type_mapping is not None:
        WBValue._type_mapping["audio-file"] = audio_class


def audio_file(audio: wandb.Audio) -> tuple[str, str | None]:
    """Return the path or address of a plain wandb.Audio, and the file's SHA-256, which it takes when it is made."""
    return str(audio._path), audio._sha256


def caption_of(audio: wandb.Audio) -> str | None:
    """Return the caption of any wandb.Audio."""
    return audio._caption


def reference_of(audio: wandb.Audio) -> str | None:
    """Return the address that any wandb.Audio is, or that the artifact it was read from has for it.

    ``Audio.resolve_ref`` gives the same, but fails for a file that is from no artifact.
    """
    if is_reference(str(audio._path)):
        return str(audio._path)
    if audio._artifact_source is None:
        return None
    return cast("str | None", wandb.Audio.resolve_ref(audio))


def is_reference(path: str) -> bool:
    """Whether wandb takes a path for an address (gs, s3, http, https)."""
    return bool(wandb.Audio.path_is_reference(path))


def temporary_folder() -> Path:
    """Return wandb's own folder for media that is not logged yet; it goes when the process ends."""
    return Path(MEDIA_TMP.name)


def publish_file(run: wandb.Run, path: str) -> None:
    """Tell wandb to upload a file of the run's folder; `path` is relative to it."""
    run._publish_file(path)


def media_may_be_linked(run: wandb.Run) -> bool:
    """Whether the user's settings want media files linked rather than copied."""
    return bool(getattr(run._settings, "allow_media_symlink", False))


def link_media(run: wandb.Run, source: Path, target: Path) -> None:
    """Link a file into the run's folder (symbolic, hard, or a copy where neither works), as the settings say."""
    filesystem.link_or_copy(run._settings, source.resolve(), target)


def current_step(run: wandb.Run) -> int:
    """Return the step of the row that is open, without asking wandb's service, which takes a millisecond.

    In shared mode it is this writer's own count.
    """
    return int(run._local_step)


def open_step(run: wandb.Run) -> int:
    """Return the step of the row that is open, as wandb's service sees it after everything sent so far.

    In shared mode, where the server counts, it is this writer's own count of rows.
    """
    if getattr(run._settings, "_shared", False):
        return current_step(run)
    return int(run.step)


def on_finish(run: wandb.Run, call: Callable[[], Any]) -> None:
    """Have something called when the run is about to finish, while it can still be logged to."""
    run._teardown_hooks.insert(0, TeardownHook(call, TeardownStage.EARLY))


def is_finished(run: wandb.Run) -> bool:
    """Whether the run takes no more rows; the stand-in that ``mode="disabled"`` makes (NoopRun) does not say."""
    return bool(getattr(run, "_is_finished", False))


def same_process(run: wandb.Run) -> bool:
    """Whether the run was started by this process, rather than by one that it was forked from."""
    return bool(run._init_pid == os.getpid())


def is_logged(artifact: wandb.Artifact) -> bool:
    """Whether others may refer to the artifact: it was handed to an offline run, or the server has it.

    wandb itself refers sooner, but its service uploads artifacts side by side: a table that reaches the server before
    what it refers to is dropped without a word.
    """
    uploading = artifact._is_draft_save_started() and artifact.state != "COMMITTED"
    return bool(artifact._final) and not uploading


def wait_until_logged(artifact: wandb.Artifact, seconds: int) -> None:
    """Wait until the server has an artifact that was logged; offline there is nothing to wait for.

    Raises
    ------
    wandb.errors.WaitTimeoutError, wandb.errors.CommError
        It took too long, or failed.
    """
    if artifact._is_draft_save_started():
        artifact.wait(timeout=seconds)


def add_client_reference(artifact: wandb.Artifact, home: wandb.Artifact, entry: str) -> bool:
    """Refer from one artifact to an entry of another one that was logged by this process, offline too.

    wandb does the same for whole tables (``WBValue._get_artifact_entry_ref_url``); its service resolves the client
    id when the artifacts are uploaded. It looks the artifact up in a cache of a hundred, so we put ours back.

    Returns
    -------
    bool
        False where the settings do not allow it.
    """
    if not _client_ids_allowed() or home._client_id is None:
        return False
    artifact_instance_cache_by_client_id[home._client_id] = home
    artifact.add_reference(f"wandb-client-artifact://{home._client_id}/{entry}", name=entry)
    return True


def is_in_no_artifact(audio: wandb.Audio) -> bool:
    """Whether the clip was neither read from an artifact nor added to one, so that its JSON names none."""
    return audio._artifact_source is None and audio._artifact_target is None


_folders: weakref.WeakKeyDictionary[wandb.Run, Path] = weakref.WeakKeyDictionary()


def run_folder(run: wandb.Run) -> Path:
    """Return the folder of a run's files; ``run.dir`` works it out from a dozen settings at every call."""
    if run not in _folders:
        _folders[run] = Path(run.dir)
    return _folders[run]


def add_address(artifact: wandb.Artifact, url: str, name: str) -> None:
    """Add a reference to an address without looking at what is behind it.

    ``Artifact.add_reference(url, checksum=False)`` makes the same entry, but wants the bucket's client library.
    """
    if artifact.manifest.get_entry_by_path(name) is None:
        artifact.manifest.add_entry(ArtifactManifestEntry(path=LogicalPath(name), ref=url, digest=url))


def artifact_of(audio: wandb.Audio) -> wandb.Artifact | None:
    """Return the artifact that the clip was read from, or None."""
    source = audio._artifact_source
    return None if source is None else source.artifact


def new_staged_file() -> Path:
    """Return an unused path in wandb's folder for files of artifacts that are not uploaded yet, named as wandb does."""
    return Path(get_staging_dir()) / f"tmp{os.urandom(4).hex()}"


def add_staged_file(artifact: wandb.Artifact, file: Path, name: str) -> None:
    """Add a file that nobody will change: wandb need not copy it."""
    if artifact.manifest.get_entry_by_path(name) is None:
        artifact.add_file(str(file), name=name, policy="immutable")


def add_table(artifact: wandb.Artifact, table: wandb.Table, name: str) -> None:
    """Add a table to an artifact, its JSON written once.

    ``Artifact.add`` writes it three times, with an fsync, and leaves one copy in the staging folder that nobody needs.
    """
    entry = table.with_suffix(name)
    staged = new_staged_file()
    text = json.dumps(table.to_json(artifact), sort_keys=True, separators=(",", ":"))
    write_file(staged, text.encode("utf-8"))
    add_staged_file(artifact, staged, entry)
    table._set_artifact_target(artifact, entry)


def log_table(run: wandb.Run, key: str, table: wandb.Table) -> dict[str, Any]:
    """Log a table as ``run.log`` does, but for the row: that is returned, to be logged when its turn comes.

    wandb.sdk.data_types.utils._log_table_artifact makes an artifact of the table and its media, then the table's
    preview becomes a file of the run.
    """
    artifact = InternalArtifact(f"run-{run.id}-{key}", "run_table")
    add_table(artifact, table, key)
    run.log_artifact(artifact)
    table.bind_to_run(run, key, current_step(run))
    return dict(table.to_json(run))
