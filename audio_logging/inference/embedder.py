"""AudioEmbedder: vectors that describe sounds, with the surface of tflite_support.task.audio.AudioEmbedder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np

from audio_logging._types import StrPath
from audio_logging.clip import AudioClip
from audio_logging.errors import AudioShapeError, AudioValueError, NonFiniteAudioError, SampleRateError
from audio_logging.inference.audio_format import AudioFormat
from audio_logging.inference.embedder_model import open_embedder
from audio_logging.inference.embedder_options import AudioEmbedderOptions, BaseOptions
from audio_logging.inference.embedding import (
    Embedding,
    EmbeddingResult,
    FeatureVector,
    WindowEmbeddings,
    cosine_similarity,
    feature_values,
)
from audio_logging.inference.errors import ModelError
from audio_logging.inference.hearing import Heard, check_windows, hear
from audio_logging.inference.many import amount_of, clips_of
from audio_logging.inference.microphone import AudioRecord
from audio_logging.inference.network import Network
from audio_logging.inference.tensor_audio import TensorAudio
from audio_logging.inference.windows import PadPolicy, Piece, WindowPolicy
from audio_logging.inputs import as_clip

__all__ = ["AudioEmbedder"]


class AudioEmbedder:
    """Extracts feature vectors from audio; made by :meth:`create_from_file` or :meth:`create_from_options`.

    Parameters
    ----------
    options : AudioEmbedderOptions
    network : Network
        Its outputs are the vectors.
    """

    def __init__(self, options: AudioEmbedderOptions, network: Network) -> None:
        self._options, self._network = options, network
        self._policy = WindowPolicy(options.window)

    @classmethod
    def create_from_file(
        cls,
        file_path: StrPath,
        *,
        output: str | None = None,
        sample_rate: int | None = None,
        window: float | None = None,
    ) -> AudioEmbedder:
        """Open a model: a TFLite file, an ONNX file, or a folder in the Hugging Face layout.

        Parameters
        ----------
        file_path : path
        output : str, optional
            Name of the output of an ONNX model that is the embedding (default: ``embeddings``, else the only one), or
            of a tensor inside a TFLite model (default: all of its outputs).
        sample_rate : int, optional
            [Hz] What the model wants, where nothing else says so.
        window : float, optional
            [s] Length of a window for models that take any.

        Returns
        -------
        AudioEmbedder

        Raises
        ------
        ModelError
            A ValueError: not a model, or one that is no embedder.
        ModelRuntimeError
            A RuntimeError: the file cannot be read.
        MissingDependencyError
            The package that runs it is not installed.
        """
        base = BaseOptions(file_name=file_path)
        return cls.create_from_options(
            AudioEmbedderOptions(base, output=output, sample_rate=sample_rate, window=window)
        )

    @classmethod
    def create_from_options(cls, options: AudioEmbedderOptions) -> AudioEmbedder:
        """Open a model.

        Parameters
        ----------
        options : AudioEmbedderOptions

        Returns
        -------
        AudioEmbedder

        Raises
        ------
        ModelError, ModelRuntimeError, MissingDependencyError
            As :meth:`create_from_file`.
        """
        return cls(options, open_embedder(options))

    @property
    def options(self) -> AudioEmbedderOptions:
        """What it was made with."""
        return self._options

    @property
    def name(self) -> str:
        """The model file that was opened."""
        base = self._options.base_options
        return str(base.file_name) if base.file_content is None else f"<{len(base.file_content)} bytes>"

    @property
    def required_audio_format(self) -> AudioFormat:
        """Channels and sample rate [Hz] that the model wants."""
        sound = self._network.sound
        return AudioFormat(sound.channels or 1, sound.sample_rate or 0)

    @property
    def required_input_buffer_size(self) -> int:
        """How many samples the model takes at once, of all channels.

        Raises
        ------
        ModelError
            It takes any number, and no window was asked for.
        """
        return self._frames * self.required_audio_format.channels

    @property
    def number_of_output_layers(self) -> int:
        """How many vectors a window gets."""
        return len(self._network.sizes)

    def get_embedding_dimension(self, output_index: int) -> int:
        """Return how many numbers an output layer's vector has; -1 when there is no such layer.

        Parameters
        ----------
        output_index : int

        Returns
        -------
        int

        Raises
        ------
        ModelError
            An ONNX model that does not say.
        """
        if not 0 <= output_index < self.number_of_output_layers:
            return -1
        size = self._network.sizes[output_index]
        if size is None:
            raise ModelError("the model does not say how large its embedding is; embed a clip to see")
        return size

    def create_input_tensor_audio(self) -> TensorAudio:
        """Return an empty buffer of the format and size that the model takes.

        Returns
        -------
        TensorAudio

        Raises
        ------
        ModelError
            As `required_input_buffer_size`.
        """
        return TensorAudio(self.required_audio_format, self._frames)

    def create_audio_record(self) -> AudioRecord:
        """Return a recorder with the format and size that the model takes.

        Returns
        -------
        AudioRecord

        Raises
        ------
        MissingDependencyError
            sounddevice is not installed.
        MicrophoneError
            There is no PortAudio or no microphone.
        ModelError
            As `required_input_buffer_size`.
        """
        wanted = self.required_audio_format
        return AudioRecord(wanted.channels, wanted.sample_rate, self._frames)

    @overload
    def embed(self, audio: TensorAudio) -> EmbeddingResult: ...

    @overload
    def embed(
        self,
        audio: Any,
        sample_rate: int | None = ...,
        *,
        window: float | None = ...,
        hop: float | None = ...,
        pad: PadPolicy | None = ...,
    ) -> Any: ...

    def embed(
        self,
        audio: Any,
        sample_rate: int | None = None,
        *,
        window: float | None = None,
        hop: float | None = None,
        pad: PadPolicy | None = None,
    ) -> Any:
        """Return the feature vectors of audio.

        Parameters
        ----------
        audio : TensorAudio or object
            A TensorAudio of exactly the format and size that the model takes, which nobody alters; or anything that
            :func:`audio_logging.as_clip` takes, a list of that, or a data set: mixed, resampled and cut into windows.
        sample_rate : int, optional
            [Hz] For bare samples.
        window, hop : float, optional
            [s]
        pad : {"zero", "shift", "drop", "short"}, optional
            How clips are cut; see :class:`~audio_logging.inference.windows.WindowPolicy`.

        Returns
        -------
        EmbeddingResult
            A list of them for a list, an iterator of them for a data set.

        Raises
        ------
        AudioLoggingError
            A ValueError: the wrong format or size, NaN, a clip that cannot be read.
        ModelRuntimeError
            A RuntimeError: the model failed.
        """
        if isinstance(audio, TensorAudio):
            return self._embed_tensor(audio)
        amount = amount_of(audio)
        clips = iter([as_clip(audio, sample_rate)]) if amount == "one" else clips_of(audio, sample_rate)
        heard = hear(clips, self._network, self._policy.changed(window, hop, pad))
        results = (self._result(item) for item in heard)
        if amount == "stream":
            return results
        return next(results) if amount == "one" else list(results)

    def embed_windows(
        self,
        value: Any,
        sample_rate: int | None = None,
        *,
        output_index: int = 0,
        window: float | None = None,
        hop: float | None = None,
        pad: PadPolicy | None = None,
        clip_id: str | None = None,
    ) -> WindowEmbeddings:
        """Return one layer's vectors for all windows of a clip, as arrays.

        Parameters
        ----------
        value : object
            Anything that :func:`audio_logging.as_clip` takes.
        sample_rate : int, optional
            [Hz] For bare samples.
        output_index : int
            Which layer.
        window, hop, pad
            As in :meth:`embed`.
        clip_id : str, optional
            Kept with the result, for maps.

        Returns
        -------
        WindowEmbeddings
            Of length 1 where the options say so; not quantised.

        Raises
        ------
        AudioLoggingError, ModelRuntimeError
            As :meth:`embed`; no such layer.
        """
        if not 0 <= output_index < self.number_of_output_layers:
            raise AudioValueError(f"got output_index={output_index}, wanted 0 to {self.number_of_output_layers - 1}")
        policy = self._policy.changed(window, hop, pad)
        (heard,) = hear([as_clip(value, sample_rate)], self._network, policy)
        return self._windows(heard, output_index, clip_id)

    def predict(self, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
        """Return rows for PredictionLogger: the mean of the first layer's vectors over the windows of each clip.

        Parameters
        ----------
        clips : sequence of AudioClip

        Returns
        -------
        list of dict
            ``embedding``, and ``windows`` (their number) for a clip of several.

        Raises
        ------
        AudioLoggingError, ModelRuntimeError
            As :meth:`embed`.
        """
        return [_row(self._windows(heard, 0)) for heard in self._heard(clips)]

    def __call__(self, model: object, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:  # noqa: ARG002
        """Let a PredictionLogger call it as its ``predict``; the model that is trained does not matter.

        Parameters
        ----------
        model : object
            Ignored.
        clips : sequence of AudioClip

        Returns
        -------
        list of dict
            As :meth:`predict`.
        """
        return self.predict(clips)

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
        check_windows(self._network, self._policy.changed(policy.window, policy.hop, policy.pad))

    @staticmethod
    def cosine_similarity(u: FeatureVector, v: FeatureVector) -> float:
        """Return how alike two vectors are: 1 for the same direction, 0 for a right angle.

        Parameters
        ----------
        u, v : FeatureVector

        Returns
        -------
        float in [-1, 1]

        Raises
        ------
        AudioValueError
            Different sizes or kinds, no numbers, or only zeros.
        """
        return cosine_similarity(u, v)

    @property
    def _frames(self) -> int:
        sound = self._network.sound
        frames = sound.frames or sound.longest
        if frames is not None:
            return frames
        if self._policy.window is None or sound.sample_rate is None:
            raise ModelError("the model takes any number of samples; pass window=1.0 [s] to get buffers of one size")
        return max(1, round(self._policy.window * sound.sample_rate))

    def _heard(self, clips: Iterable[AudioClip]) -> Iterator[Heard]:
        return hear(clips, self._network, self._policy)

    def _embed_tensor(self, audio: TensorAudio) -> EmbeddingResult:
        self._check(audio)
        lengths = np.array([audio.buffer_size], np.int64)
        outputs = self._network.run(Piece(audio.buffer[np.newaxis], lengths, audio.format.sample_rate))
        return EmbeddingResult([self._embedding(output[0], index) for index, output in enumerate(outputs)])

    def _check(self, audio: TensorAudio) -> None:
        wanted, got, size = self.required_audio_format, audio.format, int(audio.buffer.size)
        if got.channels != wanted.channels:
            raise AudioShapeError(
                f"Input audio buffer channel number {got.channels} does not match the model required audio channel "
                f"number {wanted.channels}."
            )
        if got.sample_rate != wanted.sample_rate:
            raise SampleRateError(
                f"Input audio sample rate {got.sample_rate} does not match the model required audio sample rate "
                f"{wanted.sample_rate}."
            )
        if size != self.required_input_buffer_size:
            raise AudioShapeError(
                f"Input audio buffer size {size} does not match the model required input size "
                f"{self.required_input_buffer_size}."
            )
        if not np.isfinite(audio.buffer).all():
            raise NonFiniteAudioError("got NaN or infinity among the samples, wanted finite ones")

    def _result(self, heard: Heard) -> EmbeddingResult:
        layers = [heard.output(index) for index in range(self.number_of_output_layers)]
        return EmbeddingResult(
            [
                self._embedding(layer[window], index, start, end)
                for window, (start, end) in enumerate(heard.times.tolist())
                for index, layer in enumerate(layers)
            ]
        )

    def _embedding(self, output: Any, index: int, start: float | None = None, end: float | None = None) -> Embedding:
        options = self._options.embedding_options
        values = feature_values(output, l2_normalize=bool(options.l2_normalize), quantize=bool(options.quantize))
        return Embedding(FeatureVector(values), index, start, end)

    def _windows(self, heard: Heard, index: int, clip_id: str | None = None) -> WindowEmbeddings:
        l2_normalize = bool(self._options.embedding_options.l2_normalize)
        values = feature_values(heard.output(index), l2_normalize=l2_normalize, quantize=False)
        return WindowEmbeddings(values.astype(np.float32), heard.times, heard.plan.coverage, clip_id)


def _row(embedded: WindowEmbeddings) -> dict[str, Any]:
    row: dict[str, Any] = {"embedding": embedded.values.mean(axis=0)}
    return row if len(embedded.values) == 1 else {**row, "windows": len(embedded.values)}
