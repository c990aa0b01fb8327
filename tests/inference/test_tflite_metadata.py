from __future__ import annotations

import io
import stat
import struct
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio_logging.inference.audio_format import AudioFormat
from audio_logging.inference.calibration import read_calibration
from audio_logging.inference.errors import MetadataError
from audio_logging.inference.packed_files import MAX_BYTES, MAX_MEMBERS, read_packed
from audio_logging.inference.tflite_metadata import read_metadata

MakeMetadata = Callable[..., bytes]
MakeTFLite = Callable[..., bytes]
Pack = Callable[[Mapping[str, bytes | str]], bytes]

LABELS = "a\nb\nc\nd\n"


def test_metadata_says_format_labels_and_threshold(
    make_metadata: MakeMetadata, make_tflite: MakeTFLite, pack: Pack
) -> None:
    model = make_tflite(make_metadata(audio=(44100, 2), threshold=0.25), pack({"labels.txt": LABELS}))
    metadata = read_metadata(model)
    assert metadata is not None
    assert metadata.audio == AudioFormat(channels=2, sample_rate=44100)
    (output,) = metadata.outputs
    assert output.labels == ("a", "b", "c", "d")
    assert output.threshold == 0.25
    assert output.calibration is None


@pytest.mark.parametrize("text", ["a\nb\nc\nd", "a\r\nb\r\nc\r\nd\r\n"])
def test_line_ends_of_every_kind(make_metadata: MakeMetadata, make_tflite: MakeTFLite, pack: Pack, text: str) -> None:
    metadata = read_metadata(make_tflite(make_metadata(), pack({"labels.txt": text})))
    assert metadata is not None
    assert metadata.outputs[0].labels == ("a", "b", "c", "d")


def test_calibration_is_read(make_metadata: MakeMetadata, make_tflite: MakeTFLite, pack: Pack) -> None:
    files = {"labels.txt": LABELS, "fit.txt": "1,2,0.5\n\n0.5,1,0,0.25\n1,1,1"}
    model = make_tflite(make_metadata(calibration=("fit.txt", 1, 0.125)), pack(files))
    metadata = read_metadata(model)
    assert metadata is not None
    calibration = metadata.outputs[0].calibration
    assert calibration is not None
    assert calibration.transformation == 1
    assert calibration.default_score == 0.125
    assert calibration.parameters[2].tolist() == [0.5, 1, 0, 0.25]


def test_a_model_without_metadata_has_none(make_tflite: MakeTFLite) -> None:
    assert read_metadata(make_tflite(None)) is None


def test_an_input_that_is_no_audio_has_no_format(
    make_metadata: MakeMetadata, make_tflite: MakeTFLite, pack: Pack
) -> None:
    metadata = read_metadata(make_tflite(make_metadata(audio=None), pack({"labels.txt": LABELS})))
    assert metadata is not None
    assert metadata.audio is None


def test_labels_without_a_locale_come_before_translations(shared_data: Path) -> None:
    metadata = read_metadata((shared_data / "models" / "yamnet_audio_classifier_with_metadata.tflite").read_bytes())
    assert metadata is not None
    assert metadata.audio == AudioFormat(channels=1, sample_rate=16000)
    labels = metadata.outputs[0].labels
    assert labels is not None
    assert (len(labels), labels[0], labels[-1]) == (521, "Speech", "Field recording")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "names 'labels.txt', which is not packed into it"),
        ({"labels.txt": b"x" * (MAX_BYTES + 1)}, "'labels.txt', packed into the model, is larger than 16777216 bytes"),
        ({"labels.txt": b""}, "got 0 labels, wanted 1 to 1000000"),
        ({"labels.txt": b"\n" * 1_100_000}, "got 1100000 labels, wanted 1 to 1000000"),
    ],
)
def test_packed_labels_that_cannot_be_used(
    make_metadata: MakeMetadata, make_tflite: MakeTFLite, pack: Pack, files: dict[str, bytes], message: str
) -> None:
    model = make_tflite(make_metadata(), pack(files))
    with pytest.raises(MetadataError, match=message):
        read_metadata(model)


def test_a_model_without_a_zip_behind_it(make_metadata: MakeMetadata, make_tflite: MakeTFLite) -> None:
    with pytest.raises(MetadataError, match=r"cannot read 'labels.txt', packed into the model: File is not a zip file"):
        read_metadata(make_tflite(make_metadata()))


def test_a_zip_bomb_is_not_unpacked() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("labels.txt", "w") as file:
        for _ in range(100):
            file.write(bytes(2**20))
    started = time.monotonic()
    with pytest.raises(MetadataError, match="is larger than 16777216 bytes: no list of labels is"):
        read_packed(bomb.getvalue(), "labels.txt")
    assert time.monotonic() - started < 2


def test_a_zip_that_lies_about_sizes_is_not_unpacked(pack: Pack) -> None:
    honest = pack({"labels.txt": bytes(64 * 2**20)})
    small = honest.replace(struct.pack("<I", 64 * 2**20), struct.pack("<I", 4))
    with pytest.raises(MetadataError, match=r"labels.txt"):
        read_packed(small, "labels.txt")


def test_links_and_folders_are_refused() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        link = zipfile.ZipInfo("labels.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("folder/", "")
    for name in ("labels.txt", "folder/"):
        with pytest.raises(MetadataError, match="is a link or a folder; wanted a file"):
            read_packed(data.getvalue(), name)


def test_encrypted_files_are_refused(pack: Pack) -> None:
    data = bytearray(pack({"labels.txt": LABELS}))
    data[6] |= 1  # the flag in the local header, and in the central directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(MetadataError, match="encrypted"):
        read_packed(bytes(data), "labels.txt")


def test_too_many_packed_files_are_refused(pack: Pack) -> None:
    with pytest.raises(MetadataError, match=f"got {MAX_MEMBERS + 1} files packed into the model"):
        read_packed(pack({str(index): b"" for index in range(MAX_MEMBERS + 1)}), "1")


@pytest.mark.parametrize("model", [b"", b"TFL3", b"\0" * 100, b"\x10\0\0\0TFL3", b"\xff\xff\xff\xffTFL3" + b"\0" * 50])
def test_what_is_no_model_is_refused(model: bytes) -> None:
    with pytest.raises(MetadataError, match=r"wanted b'TFL3'|outside of the"):
        read_metadata(model)


def test_damaged_models_end_in_an_error_of_our_own_or_a_result(
    make_metadata: MakeMetadata, make_tflite: MakeTFLite, pack: Pack
) -> None:
    files = {"labels.txt": LABELS, "fit.txt": "1,1,0\n" * 4}
    whole = make_tflite(make_metadata(calibration=("fit.txt", 2, 0.5), threshold=0.5), pack(files), frames=8)

    @settings(max_examples=400, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def damage(data: st.DataObject) -> None:
        model = bytearray(whole[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else whole)
        for place in data.draw(st.lists(st.integers(0, max(len(model) - 1, 0)), max_size=8)):
            if model:
                model[place] = data.draw(st.integers(0, 255))
        started = time.monotonic()
        try:
            read_metadata(bytes(model))
        except MetadataError:
            pass
        assert time.monotonic() - started < 1

    damage()


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_end_in_an_error_of_our_own(data: bytes) -> None:
    with pytest.raises(MetadataError):
        read_metadata(b"\x20\0\0\0TFL3" + data[:8].ljust(8, b"\xff"))
    with pytest.raises(MetadataError):
        read_packed(data, "labels.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expected non-empty score calibration file"),
        ("1,2,3", r"Mismatch between number of labels \(2\) and score calibration parameters \(1\)"),
        ("1,2\n1,2,3", "Expected 3 or 4 parameters per line in score calibration file, got 2"),
        ("1,2,3,4,5\n", "Expected 3 or 4 parameters per line in score calibration file, got 5"),
        ("1,2,x\n1,2,3", "Could not parse score calibration parameter as float: '1,2,x'"),
        ("1,2,nan\n1,2,3", "got score calibration parameters '1,2,nan', wanted finite numbers"),
    ],
)
def test_calibration_that_cannot_be_used(text: str, message: str) -> None:
    with pytest.raises(MetadataError, match=message):
        read_calibration(text, classes=2, transformation=0, default_score=0.0)


def test_an_unknown_transformation_is_refused() -> None:
    with pytest.raises(MetadataError, match="got score transformation 3, wanted 0 to 2"):
        read_calibration("1,2,3", classes=1, transformation=3, default_score=0.0)


@pytest.mark.parametrize("transformation", [0, 1, 2])
def test_calibration_is_the_formula_of_the_schema(transformation: int) -> None:
    calibration = read_calibration("2,3,-1\n\n1,1,0,0.5", classes=3, transformation=transformation, default_score=0.125)
    scores = np.array([[0.2, 0.9, 0.4], [0.7, 0.1, 0.6]])
    bent = {0: scores, 1: np.log(scores), 2: np.log(scores) - np.log(1 - scores)}[transformation]
    wanted = np.full((2, 3), 0.125)
    wanted[:, 0] = 2 / (1 + np.exp(-(3 * bent[:, 0] - 1)))
    wanted[1, 2] = 1 / (1 + np.exp(-bent[1, 2]))
    assert np.allclose(calibration.apply(scores), wanted)


def test_logarithms_of_zero_and_one_stay_finite() -> None:
    for transformation in (1, 2):
        calibration = read_calibration("1,1,0", classes=1, transformation=transformation, default_score=0.0)
        with np.errstate(all="raise", under="ignore"):
            made = calibration.apply(np.array([[0.0], [1e-20], [1e-10], [1.0]]))
        assert (np.diff(made[:, 0]) >= 0).all()
        assert np.isfinite(made).all()
