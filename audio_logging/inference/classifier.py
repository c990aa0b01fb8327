"""AudioClassifier: labelled, scored, timed predictions for any audio, from a model of any of several formats."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from audio_logging._types import StrPath
from audio_logging.clip import AudioClip
from audio_logging.errors import PredictionError
from audio_logging.inference.callable_network import CallableNetwork
from audio_logging.inference.classification import Classification
from audio_logging.inference.hearing import Heard, check_windows, hear
from audio_logging.inference.many import amount_of, clips_of
from audio_logging.inference.opening import ModelOptions, OpenedClassifier, check_label_count, open_classifier
from audio_logging.inference.scores import (
    Aggregate,
    FunctionName,
    LabelScore,
    apply_function,
    check_aggregate,
    check_top_k,
)
from audio_logging.inference.windows import PadPolicy, WindowPolicy
from audio_logging.inputs import as_clip

__all__ = ["AudioClassifier", "Result"]

TOP_K = 5
"""As in Transformers; the seed's TransformersPHP returns one."""

Result: TypeAlias = Sequence[LabelScore]
"""What one input gets: its best classes, best first."""


class AudioClassifier:
    """Classifies audio; made by :meth:`from_pretrained` or :func:`audio_logging.pipeline`.

    A clip is mixed to mono by the mean of its channels, resampled with soxr to what the model wants, and cut into
    windows; what the model says of them is put together. Threads may share a classifier.

    Parameters
    ----------
    opened : OpenedClassifier
    policy : WindowPolicy
        How clips are cut unless a call says otherwise.
    """

    def __init__(self, opened: OpenedClassifier, policy: WindowPolicy) -> None:
        self._opened, self._policy = opened, policy

    @classmethod
    def from_pretrained(
        cls,
        model: StrPath | Callable[..., Any],
        *,
        quantized: bool = False,
        labels: Sequence[str] | None = None,
        sample_rate: int | None = None,
        window: float | None = None,
        hop: float | None = None,
        pad: PadPolicy | None = None,
        output: str | None = None,
        embedding: str | None = None,
        num_threads: int = 1,
        batch_size: int = 8,
    ) -> AudioClassifier:
        """Open a model on this machine; nothing is downloaded.

        Parameters
        ----------
        model : path, callable or Transformers pipeline
            A folder in the Hugging Face layout (``config.json``, ``preprocessor_config.json``, ``onnx/model.onnx``);
            one ``.onnx`` file, with `labels` and `sample_rate` where no such files lie beside it; a ``.tflite`` file
            with metadata, or with `labels` and `sample_rate`; a function from a list of clips to one row of scores a
            clip (see :class:`~audio_logging.inference.callable_network.CallableNetwork`); or a Transformers pipeline.
        quantized : bool
            Whether ``model_quantized.onnx`` is taken before ``model.onnx`` where a folder has both.
        labels : sequence of str, optional
            Names of the classes in order; default: the model's own.
        sample_rate : int, optional
            [Hz] What the model wants, where nothing else says so.
        window, hop : float, optional
            [s]
        pad : {"zero", "shift", "drop", "short"}, optional
            How clips are cut; see :class:`~audio_logging.inference.windows.WindowPolicy`.
        output : str, optional
            Name of the output with the scores; default: ``logits``, else the first.
        embedding : str, optional
            Name of an output to be read as an embedding; in a TFLite model, of any tensor. Default: ``embeddings``
            where an ONNX model has it.
        num_threads : int
            Threads in one call of the model. One is the fastest for small models, and disturbs training the least.
        batch_size : int
            Windows that a model with an open batch dimension gets at once. Models that are quantised while they run
            get one, since each window would change the others' scores.

        Returns
        -------
        AudioClassifier

        Raises
        ------
        ModelFileNotFoundError, ModelRuntimeError, ModelError
            The model is not there, cannot be read or cannot be used; the first two are RuntimeErrors (and the first a
            FileNotFoundError), the last a ValueError.
        MissingDependencyError
            The package that runs it is not installed.
        AudioTypeError, AudioValueError
            Something that is no model, or an argument out of range.
        """
        options = ModelOptions(quantized, labels, sample_rate, output, embedding, num_threads, batch_size)
        model = Path(os.fspath(model)) if isinstance(model, (str, os.PathLike)) else model
        return cls(open_classifier(model, options), WindowPolicy(window, hop, pad))

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Names of the classes in order; None for a callable that has not been called yet."""
        network = self._opened.network
        return network.labels if isinstance(network, CallableNetwork) else self._opened.labels

    @property
    def sample_rate(self) -> int | None:
        """[Hz] What clips are resampled to; None when the model takes any."""
        return self._opened.network.sound.sample_rate

    @property
    def window(self) -> float | None:
        """[s] Length of a window; None when each clip is one."""
        sound = self._opened.network.sound
        frames = sound.frames or sound.longest
        if self._policy.window is not None or frames is None or sound.sample_rate is None:
            return self._policy.window
        return frames / sound.sample_rate

    @property
    def threshold(self) -> float | None:
        """Least score of a result, from the model's metadata."""
        return self._opened.threshold

    @property
    def has_embedding(self) -> bool:
        """Whether results have embeddings."""
        return len(self._opened.network.sizes) > 1

    @property
    def name(self) -> str:
        """The model file that was opened, or the callable's name."""
        return self._opened.name

    def classify(
        self,
        value: Any,
        sample_rate: int | None = None,
        *,
        function_to_apply: FunctionName | None = None,
        window: float | None = None,
        hop: float | None = None,
        pad: PadPolicy | None = None,
        threshold: float | None = None,
    ) -> Classification:
        """Classify one clip, and return the scores of all classes in all windows.

        Parameters
        ----------
        value : object
            Anything that :func:`audio_logging.as_clip` takes.
        sample_rate : int, optional
            [Hz] For bare samples.
        function_to_apply : {"softmax", "sigmoid", "none"}, optional
            Default: as the model's ``problem_type`` asks; none for TFLite models and callables, which return scores.
        window, hop : float, optional
            [s]
        pad : {"zero", "shift", "drop", "short"}, optional
            As in :meth:`from_pretrained`, for this call.
        threshold : float, optional
            Default: that of the model's metadata.

        Returns
        -------
        Classification

        Raises
        ------
        AudioLoggingError
            The clip cannot be read, holds NaN or is empty; an argument is out of range.
        ModelRuntimeError, PredictionError
            The model or the callable failed, or returned NaN.
        """
        clips = [as_clip(value, sample_rate)]
        policy = self._policy.changed(window, hop, pad)
        (result,) = self._stream(clips, policy, function_to_apply, threshold)
        return result

    def stream(
        self,
        values: Any,
        sample_rate: int | None = None,
        *,
        function_to_apply: FunctionName | None = None,
        window: float | None = None,
        hop: float | None = None,
        pad: PadPolicy | None = None,
        threshold: float | None = None,
    ) -> Iterator[Classification]:
        """Classify many clips one after the other, keeping in memory no more of them than a batch needs.

        Parameters
        ----------
        values : list, data set or iterator
            Of anything that :func:`audio_logging.as_clip` takes; items of data sets may be dictionaries with
            ``audio``, pairs of audio and label, or tuples of samples, sample rate and more.
        sample_rate, function_to_apply, window, hop, pad, threshold
            As in :meth:`classify`.

        Yields
        ------
        Classification
            In order.

        Raises
        ------
        AudioLoggingError
            As :meth:`classify`, while iterating.
        """
        policy = self._policy.changed(window, hop, pad)
        return self._stream(clips_of(values, sample_rate), policy, function_to_apply, threshold)

    def __call__(
        self,
        inputs: Any,
        top_k: Any = TOP_K,
        *,
        function_to_apply: FunctionName | None = None,
        aggregate: Aggregate = "mean",
        window: float | None = None,
        hop: float | None = None,
        pad: PadPolicy | None = None,
        threshold: float | None = None,
        sample_rate: int | None = None,
    ) -> Any:
        """Classify one clip or many.

        A PredictionLogger may call it as its ``predict``: with a model, which is ignored, and a list of clips; it then
        gets what :meth:`predict` returns.

        Parameters
        ----------
        inputs : object
            Anything that :func:`audio_logging.as_clip` takes, a list of that, or a data set.
        top_k : int >= 0 or None
            How many classes; None, or more than there are, for all.
        function_to_apply : {"softmax", "sigmoid", "none"}, optional
            Default: as the model's ``problem_type`` asks; none for TFLite models and callables, which return scores.
        aggregate : {"mean", "max", "vote", "none"}
            How the windows of a clip become one result; "none" returns the classes of each window, with ``start`` and
            ``end`` [s].
        window, hop : float, optional
            [s]
        pad : {"zero", "shift", "drop", "short"}, optional
            As in :meth:`from_pretrained`, for this call.
        threshold : float, optional
            Leave out classes with lower scores. Default: that of the model's metadata.
        sample_rate : int, optional
            [Hz] For bare samples.

        Returns
        -------
        list of {"label": str, "score": float}
            For one clip, always a list, best first, ties by index. A list of such lists for a list of clips, whatever
            `top_k` is; an iterator of such lists for a data set.

        Raises
        ------
        AudioLoggingError, ModelRuntimeError, PredictionError
            As :meth:`classify`; a negative `top_k`.
        """
        if isinstance(top_k, (list, tuple)):
            return self.predict(top_k)
        count = check_top_k(top_k)
        check_aggregate(aggregate)
        amount = amount_of(inputs)
        clips = iter([as_clip(inputs, sample_rate)]) if amount == "one" else clips_of(inputs, sample_rate)
        classified = self._stream(clips, self._policy.changed(window, hop, pad), function_to_apply, threshold)
        results = (result.top(count, aggregate=aggregate) for result in classified)
        if amount == "stream":
            return results
        return next(results) if amount == "one" else list(results)

    def predict(
        self, clips: Sequence[AudioClip], *, top_k: int | None = TOP_K, aggregate: Aggregate = "mean"
    ) -> list[dict[str, Any]]:
        """Return rows for PredictionLogger.

        Parameters
        ----------
        clips : sequence of AudioClip
        top_k : int or None
        aggregate : {"mean", "max", "vote"}

        Returns
        -------
        list of dict
            As :meth:`Classification.prediction`.

        Raises
        ------
        AudioLoggingError
            As :meth:`classify`.
        """
        return [result.prediction(top_k, aggregate=aggregate) for result in self.stream(list(clips))]

    def check_windows(self, policy: WindowPolicy) -> None:
        """Refuse windows that the model does not take.

        Parameters
        ----------
        policy : WindowPolicy
            What a call would ask for.

        Raises
        ------
        AudioValueError
        """
        check_windows(self._opened.network, self._policy.changed(policy.window, policy.hop, policy.pad))

    def __repr__(self) -> str:
        count = "?" if self.labels is None else str(len(self.labels))
        rate = "any rate" if self.sample_rate is None else f"{self.sample_rate} Hz"
        return f"AudioClassifier({Path(self.name).name}, {count} classes, {rate})"

    def _stream(
        self, clips: Iterable[AudioClip], policy: WindowPolicy, function: FunctionName | None, threshold: float | None
    ) -> Iterator[Classification]:
        name = self._opened.function if function is None else function
        least = self._opened.threshold if threshold is None else threshold
        for heard in hear(clips, self._opened.network, policy):
            yield self._classification(heard, name, least)

    def _classification(self, heard: Heard, function: str, threshold: float | None) -> Classification:
        outputs, labels, calibration = heard.output(0), self.labels, self._opened.calibration
        if labels is None:
            raise PredictionError("nothing names the classes of the model; pass labels=[...]")
        check_label_count(labels, outputs.shape[1])
        scores = apply_function(outputs if calibration is None else calibration.apply(outputs), function)
        embeddings = heard.output(1) if self.has_embedding else None
        return Classification(labels, scores, heard.times, heard.plan.coverage, threshold, embeddings)
