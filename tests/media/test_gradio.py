"""What we give to the real gradio.Audio comes out as it went in, and as_clip takes what it gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import audio_logging as al
from audio_logging.encoding import decode, encode

RATE = 22_050

Samples = npt.NDArray[np.int16]


@pytest.fixture(scope="module")
def gradio(require: Callable[[str], ModuleType], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Gradio, which takes seconds to import; it neither calls home nor writes outside of the test's folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        yield require("gradio")


@pytest.fixture(params=[1, 2], ids=["mono", "stereo"])
def samples(request: pytest.FixtureRequest) -> Samples:
    """All of 16 bits, with both ends."""
    values = np.random.default_rng(1).integers(-(2**15), 2**15, (4000, request.param), dtype=np.int16)
    values[:2] = [[-(2**15)], [2**15 - 1]]
    return values


def shown(component: Any, value: Any) -> Path:
    """Return the file that Gradio hands to the browser."""
    return Path(component.postprocess(value).path)


def test_what_we_give_is_shown_to_the_bit(gradio: Any, samples: Samples) -> None:
    audio = al.Audio(samples, RATE)
    clip = decode(shown(gradio.Audio(), audio.to_gradio()))
    assert clip.sample_rate == RATE
    assert clip.stored.dtype == np.int16
    assert (clip.stored == samples).all()


@pytest.mark.parametrize("stored_as", ["flac", "wav"])
def test_whatever_it_is_stored_as(stored_as: str, gradio: Any, samples: Samples) -> None:
    audio = al.Audio(samples, RATE, format=stored_as)
    assert (decode(shown(gradio.Audio(), audio.to_gradio())).stored == samples).all()


def test_a_quiet_clip_stays_quiet(gradio: Any) -> None:
    """Handed over as floating point, Gradio would raise it to full scale."""
    quiet = np.full(1000, 0.001, np.float32)
    clip = decode(shown(gradio.Audio(), al.Audio(quiet, RATE).to_gradio()))
    assert clip.peak == pytest.approx(0.001, abs=2**-16)


@pytest.mark.parametrize("kind", ["numpy", "filepath"])
def test_what_it_gives_is_a_clip(kind: str, gradio: Any, samples: Samples, tmp_path: Path) -> None:
    component = gradio.Audio(type=kind)
    path = shown(component, al.Audio(samples, RATE).to_gradio())
    given = component.preprocess(gradio.data_classes.FileData(path=str(path)))
    assert isinstance(given, tuple if kind == "numpy" else str)
    clip = al.as_clip(given)
    assert clip.sample_rate == RATE
    assert (np.rint(clip.samples * 2**15) == samples).all()
    assert (al.Audio(given).clip().samples == clip.samples).all()


def test_there_and_back_again_is_the_same_clip(gradio: Any, samples: Samples) -> None:
    component = gradio.Audio(type="numpy")
    audio = al.Audio(samples, RATE)
    path = shown(component, audio.to_gradio())
    again = al.Audio(component.preprocess(gradio.data_classes.FileData(path=str(path))))
    assert again.sha256 == audio.sha256


def test_a_file_is_taken_by_its_path(gradio: Any, samples: Samples, tmp_path: Path) -> None:
    path = tmp_path / "clip.flac"
    path.write_bytes(encode(al.as_clip(samples, RATE), "flac").data)
    assert (decode(shown(gradio.Audio(), path)).stored == samples).all()


def test_no_clip_is_none(gradio: Any) -> None:
    assert gradio.Audio().postprocess(None) is None
    assert gradio.Audio(type="numpy").preprocess(None) is None
