"""The dataset as PyTorch sees it. This file alone imports PyTorch.

`TorchStream` gives whole batches. DataLoader's workers share an epoch: worker k of n reads batches k, k + n, and so on,
and DataLoader asks them in turn, so every batch comes once and in the same order as without workers. All workers must
mean the same epoch, though each is a copy that cannot count for the others; so they take it from the seed that
DataLoader draws for them once an epoch, which ``torch.manual_seed`` makes repeatable, or from `set_epoch`. What they
share with the main process are a few numbers in shared memory.
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


class TorchStream(IterableDataset):  # mypy does not follow torch
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
        self._resumed = torch.tensor([_NOT_SET, 0, _NOT_SET], dtype=torch.int64).share_memory_()
        self._in_workers = torch.zeros((), dtype=torch.int64).share_memory_()

    def __len__(self) -> int:
        return len(self.dataset)

    def __iter__(self) -> Iterator[Any]:
        return map(self._to_tensors, self._batches())

    def set_epoch(self, number: int) -> None:
        """Let the loops from now on be this epoch; workers that live on hear it too.

        Parameters
        ----------
        number : int >= 0
            Counted from 0. The epoch that `load_state_dict` was just told of goes on where it stood.

        Raises
        ------
        AudioValueError
            It is negative.
        """
        if int(self._resumed[0]) != number or int(self._resumed[2]) != _NOT_SET:
            self.dataset.set_epoch(number)
            self._resumed.fill_(_NOT_SET)
        self._chosen.fill_(number)

    def state_dict(self, *, batches: int | None = None) -> dict[str, Any]:
        """Return where the latest loop stands; see :meth:`AudioDataset.state_dict`.

        Parameters
        ----------
        batches : int >= 0, optional
            How many batches of this epoch your loop has had, counted from the first of the epoch. With workers nobody
            else knows, and `set_epoch` must have said which epoch it is.

        Returns
        -------
        dict

        Raises
        ------
        AudioValueError
            Workers read, and the epoch or `batches` is not known.
        """
        if not self._in_workers or get_worker_info() is not None:
            return self.dataset.state_dict()
        epoch = int(self._chosen)
        if epoch == _NOT_SET or batches is None:
            raise AudioValueError(
                "got a stream that DataLoader's workers read ahead; wanted the epoch and the batches that your loop "
                "has had. Type stream.set_epoch(epoch) before each epoch, and stream.state_dict(batches=...)"
            )
        return {**self.dataset.state_dict(), "epoch": epoch, "batch": min(batches, len(self))}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Let the next loop, with workers or without, go on where another one stood.

        Parameters
        ----------
        state : dict
            What `state_dict` returned. It holds for one loop.

        Raises
        ------
        AudioValueError
            See :meth:`AudioDataset.load_state_dict`.
        """
        self.dataset.load_state_dict(state)
        self._chosen.fill_(_NOT_SET)
        self._resumed.copy_(torch.tensor([state["epoch"], state["batch"], _NOT_SET]))

    def _batches(self) -> Iterator[Batch]:
        worker = get_worker_info()
        self._in_workers.fill_(worker is not None)
        if worker is None:
            self._resumed.fill_(_NOT_SET)
            return self.dataset.batches()
        epoch, first = self._start((worker.seed - worker.id + self._begun) % _EPOCH_BITS)
        self._begun += 1
        return self.dataset.epoch(epoch, first=first + worker.id, every=worker.num_workers)

    def _start(self, loop: int) -> tuple[int, int]:
        """Return the epoch and the first batch of a loop, which all workers know by the same number.

        The first loop after `load_state_dict` puts its number down as the one that goes on; all its workers write the
        same, so it does not matter which is first.
        """
        epoch, batch, owner = self._resumed.tolist()
        if epoch != _NOT_SET and owner in (_NOT_SET, loop):
            self._resumed[2] = loop
            return epoch, batch
        chosen = int(self._chosen)
        return (loop if chosen == _NOT_SET else chosen), 0


class TorchFiles(Dataset):  # mypy does not follow torch
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
