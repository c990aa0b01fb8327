"""A small classifier of clips, trained epoch by epoch with scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from audio_logging.clip import AudioClip
from audio_logging.demo.features import FEATURES, FloatArray, log_mel, summarise
from audio_logging.errors import AudioValueError, MissingDependencyError

try:
    from sklearn.neural_network import MLPClassifier
except ImportError as error:
    raise MissingDependencyError('scikit-learn is not installed; type: pip install "audio-logging[demo]"') from error

__all__ = ["EPOCHS", "Classifier"]

EPOCHS = 12
"""How often the demo shows the training clips to the classifier."""

HIDDEN = 128
"""Units of the one hidden layer."""

STEPS_PER_EPOCH = 16
"""Roughly how many steps of Adam an epoch makes, so that small and large sets learn at the same pace."""

Scores: TypeAlias = npt.NDArray[np.float64]


class Classifier:
    """A network of one hidden layer over log-mel features (:mod:`audio_logging.demo.features`).

    Parameters
    ----------
    class_names : sequence of str
        At least two, each once. Scores have one column per name, in this order.
    sample_rate : int > 0
        [Hz] What clips are resampled to before features are computed; training features must have had the same.
    seed : int >= 0
        Same seed and same calls, same classifier; NumPy's global random state is left alone.

    Attributes
    ----------
    class_names : tuple of str
    sample_rate : int
        [Hz]
    epochs : int
        Epochs trained so far.

    Raises
    ------
    AudioValueError
        Fewer than two class names, or one twice.
    """

    def __init__(self, class_names: Sequence[str], *, sample_rate: int, seed: int = 0) -> None:
        if len(class_names) < 2 or len(set(class_names)) < len(class_names):
            raise AudioValueError(f"got class_names={tuple(class_names)}, wanted at least two names, each once")
        self.class_names = tuple(class_names)
        self.sample_rate = sample_rate
        self.epochs = 0
        self._random_state = np.random.RandomState(seed)
        self._network: Any = None

    def fit_epoch(self, features: FloatArray, labels: Sequence[str]) -> float:
        """Train on every example once, in mini-batches and shuffled anew.

        Parameters
        ----------
        features : ndarray [shape=(examples, 1020)], float32
            From :func:`~audio_logging.demo.features.summarise`.
        labels : sequence of str [length=examples]
            Class names.

        Returns
        -------
        float
            Mean cross-entropy [nat] over the epoch's mini-batches, each taken before the step it caused, with the
            (small) weight penalty.

        Raises
        ------
        AudioValueError
            Features and labels do not fit together, or a label is no class name.
        """
        targets = self._targets(features, labels)
        if self._network is None:
            self._network = self._new_network(len(features))
        self._network.partial_fit(features, targets, classes=np.arange(len(self.class_names)))
        self.epochs += 1
        return float(self._network.loss_)

    def scores(self, features: FloatArray) -> Scores:
        """Return the probability of each class.

        Parameters
        ----------
        features : ndarray [shape=(examples, 1020)], float32

        Returns
        -------
        ndarray [shape=(examples, classes)], float64 in [0, 1]
            Softmax; every row adds up to 1. Before the first epoch all classes are as likely.
        """
        if self._network is None or not len(features):
            return np.full((len(features), len(self.class_names)), 1 / len(self.class_names))
        return np.asarray(self._network.predict_proba(features), np.float64)

    def features(self, clips: Iterable[AudioClip]) -> FloatArray:
        """Return what the network is shown of clips.

        Parameters
        ----------
        clips : iterable of AudioClip
            Of any sample rate, level, length and channels.

        Returns
        -------
        ndarray [shape=(clips, 1020)], float32
        """
        spectrograms = [log_mel(clip, self.sample_rate) for clip in clips]
        return summarise(spectrograms) if spectrograms else np.zeros((0, FEATURES), np.float32)

    def embeddings(self, features: FloatArray) -> FloatArray:
        """Return what the hidden layer makes of features; clips that the network takes for alike lie near each other.

        Parameters
        ----------
        features : ndarray [shape=(examples, 1020)], float32

        Returns
        -------
        ndarray [shape=(examples, 128)], float32 >= 0
            Behind the rectifier; zeros before the first epoch.
        """
        if self._network is None:
            return np.zeros((len(features), HIDDEN), np.float32)
        hidden = features @ self._network.coefs_[0] + self._network.intercepts_[0]
        return np.asarray(np.maximum(hidden, 0), np.float32)

    def predict_scores(self, clips: Iterable[AudioClip]) -> Scores:
        """Return the probability of each class for each clip.

        Parameters
        ----------
        clips : iterable of AudioClip
            As :meth:`features`.

        Returns
        -------
        ndarray [shape=(clips, classes)], float64 in [0, 1]
            As :meth:`scores`.
        """
        return self.scores(self.features(clips))

    def accuracy(self, features: FloatArray, labels: Sequence[str]) -> float:
        """Return the share of examples whose likeliest class is right, in [0, 1].

        Raises
        ------
        AudioValueError
            As :meth:`fit_epoch`.
        """
        targets = self._targets(features, labels)
        return float((self.scores(features).argmax(axis=1) == targets).mean())

    def loss(self, features: FloatArray, labels: Sequence[str]) -> float:
        """Return the mean cross-entropy [nat] of examples, without learning from them.

        Raises
        ------
        AudioValueError
            As :meth:`fit_epoch`.
        """
        targets = self._targets(features, labels)
        right = self.scores(features)[np.arange(len(targets)), targets]
        return float(-np.log(np.maximum(right, np.finfo(np.float64).tiny)).mean())

    def _targets(self, features: FloatArray, labels: Sequence[str]) -> npt.NDArray[np.int64]:
        if len(features) != len(labels) or not len(labels):
            raise AudioValueError(f"got {len(features)} rows of features and {len(labels)} labels, wanted one each")
        places = {name: place for place, name in enumerate(self.class_names)}
        unknown = sorted(set(labels) - places.keys())
        if unknown:
            raise AudioValueError(f"got label {unknown[0]!r}, wanted one of {', '.join(self.class_names)}")
        return np.array([places[label] for label in labels], np.int64)

    def _new_network(self, examples: int) -> Any:
        # a RandomState of our own, not the seed: with a number, partial_fit would shuffle alike in every epoch
        return MLPClassifier(
            hidden_layer_sizes=(HIDDEN,),
            alpha=1e-3,
            batch_size=min(max(examples // STEPS_PER_EPOCH, 16), 128, examples),
            random_state=self._random_state,
        )
