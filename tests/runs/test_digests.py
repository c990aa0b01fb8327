from __future__ import annotations

import base64
import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from audio_logging.errors import AudioValueError, NotFoundError
from audio_logging.runs import ArtifactIndex, open_run, verified_file

pb: Any = import_module("wandb.proto.wandb_internal_pb2")

CONTENT = b"RIFF and so on"
MD5 = base64.b64encode(hashlib.md5(CONTENT).digest()).decode()


@pytest.fixture
def check(make_run: Any, frame: Any) -> Any:
    """Look at an entry of a run whose file has `CONTENT`."""

    def look(*, algorithm: str = "", **entry: Any) -> str:
        artifact = pb.ArtifactRecord(name="set", digest_algorithm=algorithm)
        artifact.manifest.contents.add(**{"path": "x", "local_path": "files/x", **entry})
        folder = make_run(frame([pb.Record(artifact=artifact).SerializeToString()]), media={"x": CONTENT})
        [stored] = open_run(folder).artifacts()
        return verified_file(ArtifactIndex([stored]), stored, "x")

    return look


def test_a_file_that_is_as_it_was_logged_is_found(check: Any) -> None:
    assert Path(check(digest=MD5, size=len(CONTENT))).read_bytes() == CONTENT


def test_a_file_that_was_changed_is_refused_by_name(check: Any) -> None:
    with pytest.raises(
        AudioValueError, match="'x' of artifact 'set' was changed after it was logged: got 14 bytes with"
    ):
        check(digest="AAAA", size=len(CONTENT))


def test_a_file_of_another_size_is_refused(check: Any) -> None:
    with pytest.raises(AudioValueError, match="wanted 15 with"):
        check(size=15)


def test_another_digest_than_md5_cannot_be_checked_but_the_size_can(check: Any) -> None:
    assert check(algorithm="MANIFEST_XXH128", digest="AAAA", size=len(CONTENT))


def test_a_missing_file_is_named_with_advice(check: Any) -> None:
    with pytest.raises(NotFoundError, match=r"'files/gone' is not in .* 'audio-logging pack RUN -o run.tar' there"):
        check(local_path="files/gone")
