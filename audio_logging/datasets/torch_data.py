"""The dataset as PyTorch sees it. This file alone imports PyTorch.

`TorchStream` gives whole batches. DataLoader's workers share an epoch: worker k of n reads batches k, k + n, and so on,
and DataLoader asks them in turn, so every batch comes once and in the same order as without workers. All workers must
mean the same epoch, though each is a copy that cannot count for the others; so they take it from the seed that
DataLoader draws for them once an epoch, which ``torch.manual_seed`` makes repeatable, or from `set_epoch`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_logging._types import Samples
from audio_logging.errors import AudioValueError, MissingDependencyError

try:
    import torch
    from torch.utils.data import Dataset, IterableDataset, get_worker_info
except ImportError as error:
    raise MissingDependencyError("to_torch() needs PyTorch. Type: pip install torch") from error

if TYPE_CHECKING:
    from audio_logging.datasets.batches import Batch
    from audio_logging.datasets.dataset import AudioDataset

__all__ = ["TorchFiles", "TorchStream", "make_torch_dataset"]

_EPOCH_BITS = 2**60
_NOT_SET = -1


def make_torch_dataset(dataset: AudioDataset, style: str, layout: str) -> TorchStream | TorchFiles:
    """Return the dataset for PyTorch; see :meth:`AudioDataset.to_torch`.

    Parameters
    ----------
    dataset : AudioDataset
    style : {"iterable", "map"}
    layout : {"frames_first", "channels_first"}

    Returns
    -------
    TorchStream or TorchFiles

    Raises
    ------
    AudioValueError
        No such style or layout, or files left out of a "map".
    """
    if layout not in {"frames_first", "channels_first"}:
        raise AudioValueError(f"got layout={layout!r}, wanted 'frames_first' or 'channels_first'")
    if style not in {"iterable", "map"}:
        raise AudioValueError(f"got style={style!r}, wanted 'iterable' or 'map'")
    to_tensors = _ToTensors(channels_first=layout == "channels_first")
    if style == "map" and dataset.report.on_error == "skip":
        raise AudioValueError("style='map' cannot leave files out. Build the dataset with on_error='zero' or 'raise'")
    return TorchStream(dataset, to_tensors) if style == "iterable" else TorchFiles(dataset, to_tensors)


class TorchStream(IterableDataset):  # type: ignore[misc]  # mypy does not follow torch
    """The batches of an AudioDataset, as tensors.

    Parameters
    ----------
    dataset : AudioDataset
        Where they come from.
    to_tensors : callable
        Makes tensors of a batch.
    """

    def __init__(self, dataset: AudioDataset, to_tensors: _ToTensors) -> None:
        super().__init__()
        self.dataset = dataset
        self._to_tensors = to_tensors
        self._begun = 0
        self._chosen = torch.full((), _NOT_SET, dtype=torch.int64).share_memory_()

    def __len__(self) -> int:
        return len(self.dataset)

    def __iter__(self) -> Iterator[Any]:
        return map(self._to_tensors, self._batches())

    def set_epoch(self, number: int) -> None:
        """Let the loops from now on be this epoch; workers that live on hear it too.

        Parameters
        ----------
        number : int >= 0
            Counted from 0.

        Raises
        ------
        AudioValueError
            It is negative.
        """
        self.dataset.set_epoch(number)
        self._chosen.fill_(number)

    def state_dict(self) -> dict[str, Any]:
        """Return where the latest loop without workers stands; see :meth:`AudioDataset.state_dict`."""
        return self.dataset.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another loop stood; see :meth:`AudioDataset.load_state_dict`."""
        self.dataset.load_state_dict(state)

    def _batches(self) -> Iterator[Batch]:
        worker = get_worker_info()
        if worker is None:
            return self.dataset.batches()
        chosen = int(self._chosen)
        epoch = chosen if chosen != _NOT_SET else (worker.seed - worker.id + self._begun) % _EPOCH_BITS
        self._begun += 1
        return self.dataset.epoch(epoch, first=worker.id, every=worker.num_workers)


class TorchFiles(Dataset):  # type: ignore[misc]  # mypy does not follow torch
    """One file of an AudioDataset at a time, as tensors, by its place in ``file_paths``.

    Random windows go where PyTorch's generator says, which DataLoader seeds in every worker.

    Parameters
    ----------
    dataset : AudioDataset
        Where they come from.
    to_tensors : callable
        Makes tensors of a clip.
    """

    def __init__(self, dataset: AudioDataset, to_tensors: _ToTensors) -> None:
        self.dataset = dataset
        self._to_tensors = to_tensors

    def __len__(self) -> int:
        return len(self.dataset.file_paths)

    def __getitem__(self, index: int) -> Any:
        place = float(torch.rand(())) if self.dataset.random_windows else 0.0
        item = self.dataset.item(index, place=place)
        if item is None:  # cannot be: files are not left out, see make_torch_dataset
            raise IndexError(index)
        return self._to_tensors(item)

    def collate(self, items: list[Any]) -> Any:
        """Pad items to the longest and stack them, for ``DataLoader(collate_fn=...)``.

        Parameters
        ----------
        items : list
            What ``[]`` returned.

        Returns
        -------
        tensor or tuple of (tensor, tensor)
            Audio [shape=(batch, frames, channels)], or channels first, and labels.
        """
        if self.dataset.labels is None:
            return self._to_tensors.pad(items)
        audio, labels = zip(*items, strict=True)
        return self._to_tensors.pad(list(audio)), torch.stack([torch.as_tensor(label) for label in labels])


class _ToTensors:
    """Turns arrays into tensors without copying, where the layout allows."""

    def __init__(self, *, channels_first: bool) -> None:
        self.channels_first = channels_first

    def __call__(self, batch: Batch) -> Any:
        audio = [self._audio(one) for one in batch.audio] if isinstance(batch.audio, list) else self._audio(batch.audio)
        return audio if batch.labels is None else (audio, _label(batch.labels))

    def pad(self, clips: list[Any]) -> Any:
        """Return clips in one tensor, zeros at the end."""
        axis = -1 if self.channels_first else -2
        longest = max(clip.shape[axis] for clip in clips)
        behind = (0,) if self.channels_first else (0, 0, 0)
        return torch.stack([torch.nn.functional.pad(clip, (*behind, longest - clip.shape[axis])) for clip in clips])

    def _audio(self, samples: Samples) -> Any:
        tensor = torch.from_numpy(samples)
        return tensor.transpose(-1, -2).contiguous() if self.channels_first else tensor


def _label(labels: Any) -> Any:
    """Return labels as a tensor; text stays text."""
    values = np.asarray(labels)
    if values.dtype.kind not in "biuf":
        return labels.tolist()
    return torch.as_tensor(values.astype(np.int64) if values.dtype.kind in "iu" else values)
