"""Audio files in folders as batches for training: Keras's ``audio_dataset_from_directory`` without TensorFlow.

Data flows one way::

    arguments -> finding (index, label_table) -> shuffle, split -> epochs -> batches -> dataset -> torch, tensorflow
                                       files -> wav, soundfile -> reading -> clips ---^

Examples
--------
>>> from audio_logging.datasets import audio_dataset_from_directory
>>> audio_dataset_from_directory.__name__
'audio_dataset_from_directory'
"""

from __future__ import annotations

from audio_logging.datasets.batches import Batch
from audio_logging.datasets.dataset import AudioDataset
from audio_logging.datasets.directory import audio_dataset_from_directory
from audio_logging.datasets.errors import AudioReadError, MissingFolderError, ReaderDiedError
from audio_logging.datasets.report import BadFile, ReadingReport

__all__ = [
    "AudioDataset",
    "AudioReadError",
    "BadFile",
    "Batch",
    "MissingFolderError",
    "ReaderDiedError",
    "ReadingReport",
    "audio_dataset_from_directory",
]
