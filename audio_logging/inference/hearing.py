"""hear(clips): run a network over the windows of many clips, in batches that may span several clips."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from audio_logging.clip import AudioClip
from audio_logging.inference.network import Network, Outputs
from audio_logging.inference.sound import prepare
from audio_logging.inference.windows import Piece, WindowPlan, WindowPolicy

__all__ = ["Heard", "check_windows", "hear"]


@dataclass(eq=False)
class Heard:
    """What a network says of one clip.

    Attributes
    ----------
    plan : WindowPlan
    duration : float
        [s] Of the clip.
    parts : list of Outputs
        The outputs, piece by piece.
    missing : int
        Windows that were not run yet.
    """

    plan: WindowPlan
    duration: float
    parts: list[Outputs] = field(default_factory=list)
    missing: int = 0

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Start and end [s] of each window's part of the clip [shape=(windows, 2)]."""
        return self.plan.times(self.duration)

    def output(self, index: int) -> npt.NDArray[np.float32]:
        """Return one output for all windows [shape=(windows, size)]."""
        arrays = [part[index] for part in self.parts]
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def hear(clips: Iterable[AudioClip], network: Network, policy: WindowPolicy) -> Iterator[Heard]:
    """Run a network over clips.

    Parameters
    ----------
    clips : iterable of AudioClip
        Taken one by one, as far ahead as a batch needs.
    network : Network
    policy : WindowPolicy

    Yields
    ------
    Heard
        One a clip, in order.
    """
    batch = _Batch(network)
    waiting: deque[Heard] = deque()
    for clip in clips:
        samples = prepare(clip, network.sound)
        rate = network.sound.sample_rate or clip.sample_rate
        plan = network.sound.plan(len(samples), rate, policy)
        heard = Heard(plan, clip.duration, missing=len(plan.starts))
        waiting.append(heard)
        for piece in plan.pieces(samples, network.most_windows):
            batch.add(heard, piece)
        while waiting and not waiting[0].missing:
            yield waiting.popleft()
    batch.run()
    yield from waiting


def check_windows(network: Network, policy: WindowPolicy) -> None:
    """Refuse windows that a network does not take.

    Raises
    ------
    AudioValueError
    """
    network.sound.plan(1, network.sound.sample_rate or 1, policy)


class _Batch:
    """Windows of one shape that wait to be run together."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._waiting: list[tuple[Heard, Piece]] = []
        self._count = 0

    def add(self, heard: Heard, piece: Piece) -> None:
        """Put the windows of a piece to the others, running what does not fit together."""
        count = len(piece.lengths)
        if self._waiting and (self._count + count > self._network.most_windows or not self._fits(piece)):
            self.run()
        self._waiting.append((heard, piece))
        self._count += count
        if self._count >= self._network.most_windows:
            self.run()

    def run(self) -> None:
        """Run what waits."""
        waiting, self._waiting, self._count = self._waiting, [], 0
        if not waiting:
            return
        outputs = self._network.run(_joined([piece for _, piece in waiting]))
        first = 0
        for heard, piece in waiting:
            end = first + len(piece.lengths)
            heard.parts.append(outputs if len(waiting) == 1 else [output[first:end] for output in outputs])
            heard.missing -= end - first
            first = end

    def _fits(self, piece: Piece) -> bool:
        _, other = self._waiting[0]
        return piece.samples.shape[1:] == other.samples.shape[1:] and piece.sample_rate == other.sample_rate


def _joined(pieces: list[Piece]) -> Piece:
    if len(pieces) == 1:
        return pieces[0]
    samples = np.concatenate([piece.samples for piece in pieces])
    return Piece(samples, np.concatenate([piece.lengths for piece in pieces]), pieces[0].sample_rate)
