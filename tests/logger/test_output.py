"""What goes into a run's folder, in real offline runs."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import wandb

from audio_logging.encoding import EncodedAudio
from audio_logging.errors import AudioDecodeError, AudioLoggingWarning
from audio_logging.inputs import to_source
from audio_logging.logger import output as output_module
from audio_logging.logger.output import RunOutput, StoredClip, list_json, output_of
from audio_logging.media.audio import Audio
from audio_logging.runs import open_run
from audio_logging.storage.conversion import Conversion, Converted, convert
from audio_logging.storage.details import AudioDetails
from audio_logging.storage.files import copy_file

Tone = npt.NDArray[np.float32]

pytestmark = pytest.mark.usefixtures("wandb_offline")


@pytest.fixture
def run() -> wandb.Run:
    return wandb.init(project="output", settings=wandb.Settings(x_save_requirements=False))


@pytest.fixture
def output(run: wandb.Run) -> RunOutput:
    return output_of(run)


@pytest.fixture
def clip(tone: Tone) -> Converted:
    return convert(to_source(tone), Conversion(format_of_samples="flac"), 16_000)


def files(output: RunOutput) -> list[str]:
    folder = output.folder / "media"
    return sorted(path.relative_to(output.folder).as_posix() for path in folder.rglob("*") if path.is_file())


def summary_of(run: wandb.Run) -> dict[str, Any]:
    return open_run(Path(run.dir).parent, wait=10).summary


def test_all_loggers_of_a_run_share_one_output(run: wandb.Run) -> None:
    assert output_of(run) is output_of(run)
    other = wandb.init(project="other", reinit="create_new")
    assert output_of(other) is not output_of(run)
    other.finish()


def test_a_clip_is_one_file_however_often_it_is_stored_under_a_key(output: RunOutput, clip: Converted) -> None:
    assert isinstance(clip, EncodedAudio)
    stored = {output.store(clip, "val/clip") for _ in range(10)}
    assert stored == {(f"media/audio/val/clip_{clip.sha256[:20]}.flac", clip.sha256, clip.size)}
    assert files(output) == [path for path, _, _ in stored]
    assert (output.folder / files(output)[0]).read_bytes() == bytes(clip.data)


def test_each_key_has_a_file_of_its_own(output: RunOutput, clip: Converted) -> None:
    assert output.store(clip, "a")[0] != output.store(clip, "b")[0]
    assert len(files(output)) == 2


def test_a_file_that_was_removed_is_written_again(output: RunOutput, clip: Converted) -> None:
    path, _, _ = output.store(clip, "a")
    (output.folder / path).unlink()
    output.store(clip, "a")
    assert files(output) == [path]


def test_a_file_is_stored_byte_for_byte(output: RunOutput, wav_bytes: bytes, tmp_path: Path) -> None:
    (tmp_path / "take.wav").write_bytes(wav_bytes)
    path, _, size = output.store(convert(to_source(tmp_path / "take.wav"), Conversion()), "a")
    assert (output.folder / path).read_bytes() == wav_bytes
    assert size == len(wav_bytes)


def test_a_file_that_changes_while_it_is_copied_is_not_stored(
    output: RunOutput, wav_bytes: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change_and_copy(source: Path, folder: Path, name_for: Callable[[str], str]) -> tuple[Path, str, int]:
        source.write_bytes(wav_bytes + b"\0\0")
        return copy_file(source, folder, name_for)

    (tmp_path / "take.wav").write_bytes(wav_bytes)
    converted = convert(to_source(tmp_path / "take.wav"), Conversion())
    monkeypatch.setattr(output_module, "copy_file", change_and_copy)
    with pytest.raises(AudioDecodeError, match=r"take\.wav' was changed while it was copied"):
        output.store(converted, "a")
    assert files(output) == []


def test_a_folder_that_is_gone_is_not_made_again(output: RunOutput, clip: Converted) -> None:
    shutil.rmtree(output.folder)
    with pytest.raises(FileNotFoundError, match="the run's folder is gone"):
        output.store(clip, "a")
    assert not output.folder.exists()


def test_a_line_tells_all_of_a_stored_clip(output: RunOutput, clip: Converted) -> None:
    assert isinstance(clip, EncodedAudio)
    path, sha256, size = output.store(clip, "a")
    stored = StoredClip(path, sha256, size, AudioDetails.of(clip), "hello")
    output.note(
        stored, key="a", step=3, index=0, time=1.5, notes={"role": "sample", "label": "dog", "metrics": {"x": 1}}
    )
    line = json.loads((output.folder / "audio_logging/index.jsonl").read_text())
    assert line == {
        "key": "a",
        "step": 3,
        "index": 0,
        "path": path,
        "sha256": sha256,
        "size": size,
        "format": "flac",
        "sample_rate": 16_000,
        "frames": 16_000,
        "channels": 1,
        "duration": 1.0,
        "peak": 0.5,
        "clipped_samples": 0,
        "caption": "hello",
        "role": "sample",
        "label": "dog",
        "metrics": {"x": 1},
        "time": 1.5,
    }


def test_the_json_is_what_audio_itself_writes(run: wandb.Run, output: RunOutput, tone: Tone) -> None:
    audios = [Audio(tone, 16_000, caption="a", format="flac"), Audio(tone[:800], 16_000, format="flac")]
    ours = []
    for audio in audios:
        converted = convert(audio.source(), Conversion())
        assert isinstance(converted, EncodedAudio)
        ours.append(StoredClip(*output.store(converted, "a"), AudioDetails.of(converted), audio.caption))
        audio.bind_to_run(run, "a", 0)
    theirs = Audio.seq_to_json(audios, run, "a", 0)  # type: ignore[no-untyped-call]
    made = list_json(ours)
    for one, other in zip(made["audio"], theirs["audio"], strict=True):
        assert {**one, "path": ""} == {**other, "path": ""}
    assert {**made, "audio": []} == {**theirs, "audio": []}
    assert made["captions"] == ["a", ""]


def test_captions_are_absent_when_no_clip_has_one() -> None:
    clip = StoredClip("media/audio/a.wav", "0" * 64, 44, AudioDetails(sample_rate=8000, duration=0.5))
    assert list_json([clip, clip]) == {
        "_type": "audio",
        "count": 2,
        "audio": [clip.to_json(), clip.to_json()],
        "sampleRates": [8000, 8000],
        "durations": [0.5, 0.5],
    }
    assert "caption" not in clip.to_json()


def test_a_key_without_steps_moves_on_with_the_run_and_with_itself(run: wandb.Run, output: RunOutput) -> None:
    assert [output.step_for("a", None) for _ in range(3)] == [0, 1, 2]
    assert output.step_for("b", None) == 0
    for _ in range(10):
        run.log({"loss": 0})
    assert output.step_for("a", None) == 10
    assert output.step_for("a", 3) == 3
    assert output.step_for("a", None) == 10


def test_counts_are_in_the_summary_by_kind(run: wandb.Run, output: RunOutput) -> None:
    output.count("dropped", 3)
    output.count_error(OSError("disk full"))
    output.count_error(AudioDecodeError("no audio"))
    run.finish()
    summary = summary_of(run)
    assert {name: value for name, value in summary.items() if name.startswith("audio_logging/")} == {
        "audio_logging/dropped": 3,
        "audio_logging/errors": 2,
        "audio_logging/errors/OSError": 1,
        "audio_logging/errors/AudioDecodeError": 1,
    }


def test_a_run_without_incidents_has_none_in_its_summary(run: wandb.Run, output: RunOutput) -> None:
    output.summarise()
    run.finish()
    assert not [name for name in summary_of(run) if name.startswith("audio_logging/")]


def test_a_run_finishes_whatever_goes_wrong_at_its_end(run: wandb.Run, output: RunOutput) -> None:
    closed: list[str] = []

    def fail() -> None:
        raise RuntimeError("no")

    output.before_finish(fail)
    output.before_finish(lambda: closed.append("second"))
    with pytest.warns(AudioLoggingWarning, match="while the run was finished: RuntimeError: no"):
        run.finish()
    assert closed == ["second"]
    assert summary_of(run)["audio_logging/errors"] == 1


def test_what_was_closed_before_is_not_closed_again(run: wandb.Run, output: RunOutput) -> None:
    closed: list[int] = []

    def close() -> None:
        closed.append(1)

    output.before_finish(close)
    output.forget(close)
    output.forget(close)
    run.finish()
    assert closed == []


def test_a_finished_run_has_no_output_any_more(run: wandb.Run, output: RunOutput) -> None:
    run.finish()
    assert run not in output_module._outputs


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_does_not_finish_its_parents_output(output: RunOutput) -> None:
    closed: list[int] = []
    output.before_finish(lambda: closed.append(1))
    child = os.fork()
    if not child:
        output.finish()
        os._exit(len(closed))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_finishing_warns_of_nothing_when_nothing_went_wrong(run: wandb.Run, output: RunOutput, clip: Converted) -> None:
    output.store(clip, "a")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.finish()
