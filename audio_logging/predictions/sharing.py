"""Which samples each of several processes predicts, and how their predictions come together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from audio_logging.clip import AudioClip
from audio_logging.encoding.pcm import to_int16
from audio_logging.predictions.prediction import Prediction
from audio_logging.predictions.processes import Processes
from audio_logging.predictions.samples import Sample

__all__ = ["Collected", "Sharing"]


@dataclass(frozen=True)
class Collected:
    """What all processes predicted, in the first of them.

    Attributes
    ----------
    predictions : list of (Sample, Prediction)
        In the order of the samples, each once.
    problems : list of str
        What failed elsewhere.
    """

    predictions: list[tuple[Sample, Prediction]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Sharing:
    """Divides samples among processes. All of them have to make this, and to call `collect`, together.

    Where all processes have chosen the same samples, each predicts a part of them, of one size, so that models that
    are spread over the processes are called as often in each; otherwise each predicts its own.

    Parameters
    ----------
    processes : Processes
    chosen : sequence of Sample
        By this process.
    most : int
        How many samples to keep of what all processes have chosen together.

    Attributes
    ----------
    samples : list of Sample
        In the first process all of them, in the order of the data set.
    share : list of Sample
        What this process predicts.

    Raises
    ------
    ProcessError
        A process did not answer.
    """

    def __init__(self, processes: Processes, chosen: Sequence[Sample], most: int) -> None:
        self._processes = processes
        identities = [sample.identity for sample in chosen]
        listed = processes.gather(identities)
        alike = processes.from_first(all(others == listed[0] for others in listed))
        self.share = _equal_part(chosen, processes.rank, processes.count) if alike else list(chosen)
        self.samples = list(chosen)
        self._by_identity = dict(zip(identities, chosen, strict=True))
        if not alike:
            sent = {identity: _small(sample) for identity, sample in self._by_identity.items()}
            self._merge(processes.gather(sent), most)

    def collect(
        self, predictions: Sequence[tuple[Sample, Prediction]], problem: BaseException | None = None
    ) -> Collected:
        """Bring predictions to the first process; audio goes as 16-bit integers.

        Parameters
        ----------
        predictions : sequence of (Sample, Prediction)
            Of this process.
        problem : exception, optional
            What went wrong here instead.

        Returns
        -------
        Collected
            Empty in all processes but the first.

        Raises
        ------
        ProcessError
            A process did not answer.
        """
        said = None if problem is None else f"rank {self._processes.rank}: {problem}"
        sent = {sample.identity: _small_prediction(made) for sample, made in predictions}
        gathered = self._processes.gather((sent, said))
        found = {identity: made for parts, _ in reversed(gathered) for identity, made in parts.items()}
        if self._processes.is_first:  # what is here already need not lose anything
            found.update({sample.identity: made for sample, made in predictions})
        known = [(sample, found[identity]) for identity, sample in self._by_identity.items() if identity in found]
        problems = [text for _, text in gathered[1:] if text is not None]
        return Collected(known if self._processes.is_first else [], problems)

    def _merge(self, gathered: Sequence[dict[str, Sample]], most: int) -> None:
        if not self._processes.is_first:
            return
        merged = {identity: (sample, rank) for rank, part in enumerate(gathered) for identity, sample in part.items()}
        ordered = sorted(merged.items(), key=lambda item: (item[1][0].position, item[1][1]))[:most]
        mine, self._by_identity = self._by_identity, {}
        taken: set[str] = set()
        for identity, (sample, rank) in ordered:
            name = sample.clip_id if sample.clip_id not in taken else f"{sample.clip_id}-rank{rank}"
            taken.add(name)
            self._by_identity[identity] = replace(mine.get(identity, sample), clip_id=name)
        self.samples = list(self._by_identity.values())


def _equal_part(samples: Sequence[Sample], rank: int, count: int) -> list[Sample]:
    """Return every `count`-th sample from `rank` on, and the first ones again where that is fewer than others have."""
    part = list(samples[rank::count])
    most = -(-len(samples) // count)
    return part + list(samples[: most - len(part)])


def _small(sample: Sample) -> Sample:
    reference = None if sample.reference is None else _as_int16(sample.reference)
    return replace(sample, clip=_as_int16(sample.clip), reference=reference)


def _small_prediction(prediction: Prediction) -> Prediction:
    return prediction if prediction.audio is None else replace(prediction, audio=_as_int16(prediction.audio))


def _as_int16(clip: AudioClip) -> AudioClip:
    """Return a clip as 16-bit integers, unless that would clip it."""
    if clip.peak > 1:
        return clip
    return AudioClip.adopt(to_int16(clip), clip.sample_rate, invalid_samples=clip.invalid_samples)
