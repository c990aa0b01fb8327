from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_logging.errors import AudioDurationError, AudioShapeError, AudioValueError
from audio_logging.inference.sound import SoundSpec, prepare
from audio_logging.inference.windows import PAD_POLICIES, PadPolicy, WindowPolicy, plan_windows
from audio_logging.inputs import as_clip


@pytest.mark.parametrize(
    ("frames", "size", "hop", "starts", "lengths"),
    [
        (1, 10, 10, [0], [1]),
        (9, 10, 10, [0], [9]),
        (10, 10, 10, [0], [10]),
        (11, 10, 10, [0, 10], [10, 1]),
        (20, 10, 10, [0, 10], [10, 10]),
        (25, 10, 5, [0, 5, 10, 15], [10, 10, 10, 10]),
        (26, 10, 5, [0, 5, 10, 15, 20], [10, 10, 10, 10, 6]),
        (15, 10, 20, [0], [10]),
        (25, 10, 20, [0, 20], [10, 5]),
    ],
)
def test_windows_begin_every_hop_until_one_reaches_the_end(
    frames: int, size: int, hop: int, starts: list[int], lengths: list[int]
) -> None:
    plan = plan_windows(frames, size=size, hop=hop, pad="zero", sample_rate=10)
    assert plan.starts.tolist() == starts
    assert plan.lengths.tolist() == lengths
    assert plan.coverage == lengths[-1] / size


@pytest.mark.parametrize(
    ("pad", "starts", "values"),
    [
        ("zero", [0, 4, 8], [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 0]]),
        ("shift", [0, 4, 6], [[0, 1, 2, 3], [4, 5, 6, 7], [6, 7, 8, 9]]),
        ("drop", [0, 4], [[0, 1, 2, 3], [4, 5, 6, 7]]),
        ("short", [0, 4, 8], [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]),
    ],
)
def test_what_becomes_of_the_end(pad: PadPolicy, starts: list[int], values: list[list[float]]) -> None:
    plan = plan_windows(10, size=4, hop=4, pad=pad, sample_rate=2)
    samples = np.arange(10, dtype=np.float32)[:, None]
    windows = [window[:, 0].tolist() for piece in plan.pieces(samples, 2) for window in piece.samples]
    assert plan.starts.tolist() == starts
    assert windows == values
    assert plan.times(5.0)[-1].tolist() == [starts[-1] / 2, min(5.0, starts[-1] / 2 + 2)]


@pytest.mark.parametrize("pad", PAD_POLICIES)
def test_a_clip_shorter_than_a_window_still_has_one(pad: PadPolicy) -> None:
    plan = plan_windows(3, size=10, hop=10, pad=pad, sample_rate=10)
    (piece,) = plan.pieces(np.ones((3, 2), np.float32), 8)
    assert piece.samples.shape == (1, 3 if pad == "short" else 10, 2)
    assert piece.samples[0, :3].tolist() == [[1, 1]] * 3
    assert piece.lengths.tolist() == [3]
    assert not piece.samples[0, 3:].any()
    assert plan.coverage == 0.3


@given(
    frames=st.integers(1, 300),
    size=st.integers(1, 60),
    hop=st.integers(1, 60),
    pad=st.sampled_from(PAD_POLICIES),
    most=st.integers(1, 9),
)
def test_windows_are_pieces_of_the_clip_with_silence_behind(
    frames: int, size: int, hop: int, pad: PadPolicy, most: int
) -> None:
    samples = np.arange(1, frames + 1, dtype=np.float32)[:, None]
    samples.flags.writeable = False
    plan = plan_windows(frames, size=size, hop=hop, pad=pad, sample_rate=100)
    pieces = list(plan.pieces(samples, most))
    assert sum(len(piece.lengths) for piece in pieces) == len(plan.starts) == len(plan.times(frames / 100))
    windows = [
        (window, length) for piece in pieces for window, length in zip(piece.samples, piece.lengths, strict=True)
    ]
    for start, (window, length) in zip(plan.starts, windows, strict=True):
        assert window[:length, 0].tolist() == samples[start : start + length, 0].tolist()
        assert not window[length:].any()
    assert 0 < plan.coverage <= 1
    if hop <= size and pad != "drop":
        covered = np.zeros(frames, bool)
        for start, (_, length) in zip(plan.starts, windows, strict=True):
            covered[start : start + length] = True
        assert covered.all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": 0}, "got window=0, wanted seconds above 0"),
        ({"window": float("nan")}, "got window=nan"),
        ({"hop": -1.0}, r"got hop=-1.0, wanted seconds above 0, for example hop=1.0"),
        ({"hop": float("inf")}, "got hop=inf"),
        ({"window": "1"}, "got window='1'"),
        ({"window": True}, "got window=True"),
        ({"pad": "reflect"}, "got pad='reflect', wanted one of 'zero', 'shift', 'drop', 'short'"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(AudioValueError, match=message):
        WindowPolicy(**arguments)  # type: ignore[arg-type]


def test_a_model_of_one_length_takes_no_other() -> None:
    spec = SoundSpec(16000, frames=15600)
    assert spec.plan(31200, 16000, WindowPolicy(window=0.975)).size == 15600
    with pytest.raises(AudioValueError, match=r"got window=1.0 s, but the model takes windows of 0.975 s only"):
        spec.plan(31200, 16000, WindowPolicy(window=1.0))
    with pytest.raises(AudioValueError, match="got pad='short', but the model takes one length only"):
        spec.plan(31200, 16000, WindowPolicy(pad="short"))


def test_a_model_with_a_longest_window_takes_shorter_ones() -> None:
    spec = SoundSpec(16000, longest=32000, pads=True)
    assert spec.plan(100000, 16000, WindowPolicy()).size == 32000
    assert spec.plan(100000, 16000, WindowPolicy(window=1.0)).size == 16000
    with pytest.raises(AudioValueError, match=r"got window=3.0 s, but the model hears 2 s at most"):
        spec.plan(100000, 16000, WindowPolicy(window=3.0))


def test_channels_are_mixed_by_their_mean_before_resampling() -> None:
    stereo = np.stack([np.full(8000, 0.5), np.full(8000, -0.25)], axis=1)
    mono = prepare(as_clip((8000, stereo)), SoundSpec(8000))
    assert mono.shape == (8000, 1)
    assert (mono == 0.125).all()
    assert len(prepare(as_clip((8000, stereo)), SoundSpec(16000))) == 16000


def test_a_mono_clip_is_repeated_for_a_model_with_more_channels() -> None:
    assert prepare(as_clip((8000, np.ones(4) / 2)), SoundSpec(8000, channels=2)).tolist() == [[0.5, 0.5]] * 4
    with pytest.raises(AudioShapeError, match="got a clip with 3 channels, wanted 2 for this model, or one"):
        prepare(as_clip((8000, np.ones((4, 3)) / 2)), SoundSpec(8000, channels=2))


def test_a_file_that_says_it_lasts_for_years_is_refused_before_it_is_resampled() -> None:
    with pytest.raises(AudioDurationError, match=r"which has 1.6e\+09 frames at the model's 16000 Hz; wanted at most"):
        prepare(as_clip((1, np.zeros(100_000))), SoundSpec(16000))


@pytest.mark.parametrize("rate", [1, 7, 8001, 192000, 2**31 - 1])
def test_every_sample_rate_leaves_at_least_one_frame(rate: int) -> None:
    samples = prepare(as_clip((rate, np.linspace(-1, 1, 50))), SoundSpec(8000))
    assert samples.ndim == 2
    assert len(samples) >= 1
    assert np.isfinite(samples).all()
