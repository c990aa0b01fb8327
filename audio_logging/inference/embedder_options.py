"""Options of AudioEmbedder, as in tflite_support, and what its models of other formats need."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from audio_logging._types import StrPath
from audio_logging.inference.errors import ModelError, ModelRuntimeError

__all__ = ["AudioEmbedderOptions", "BaseOptions", "EmbeddingOptions"]


@dataclass(frozen=True)
class BaseOptions:
    """Which model, and how it runs.

    Attributes
    ----------
    file_name : path, optional
    file_content : bytes, optional
        Comes before `file_name` when both are given.
    num_threads : int
        -1 for the default, which is one.
    use_coral : bool, optional
        Not supported.
    """

    file_name: StrPath | None = None
    file_content: bytes | None = None
    num_threads: int | None = -1
    use_coral: bool | None = None

    @property
    def threads(self) -> int:
        """How many threads to use.

        Raises
        ------
        ModelError
            0, or another negative number than -1.
        """
        if self.num_threads is None or self.num_threads == -1:
            return 1
        if self.num_threads < 1:
            raise ModelError("`num_threads` must be greater than 0 or equal to -1.")
        return self.num_threads

    @property
    def model(self) -> Path | bytes:
        """The model to open.

        Raises
        ------
        ModelError
            None is given.
        ModelRuntimeError
            `use_coral` is True.
        """
        if self.file_name is None and self.file_content is None:
            raise ModelError("Missing mandatory `model_file` field in `base_options`")
        if not self.file_content and not (self.file_content is None and str(self.file_name)):
            raise ModelError(
                "ExternalFile must specify at least one of 'file_content', 'file_name' or 'file_descriptor_meta'."
            )
        if self.use_coral:
            raise ModelRuntimeError("Plugin did not create EdgeTpuCoral delegate.")
        return bytes(self.file_content) if self.file_content is not None else Path(str(self.file_name))


@dataclass(frozen=True)
class EmbeddingOptions:
    """What becomes of each output layer's vector.

    Attributes
    ----------
    l2_normalize : bool, optional
        Whether it gets length 1; default: no.
    quantize : bool, optional
        Whether it becomes 8-bit integers; default: no. Only sensible for vectors of length 1.
    """

    l2_normalize: bool | None = None
    quantize: bool | None = None


@dataclass(frozen=True)
class AudioEmbedderOptions:
    """Options of an embedder.

    Attributes
    ----------
    base_options : BaseOptions
    embedding_options : EmbeddingOptions
    output : str, optional
        Name of the output of an ONNX model that is the embedding, or of a tensor inside a TFLite model.
    sample_rate : int, optional
        [Hz] What the model wants, where nothing else says so.
    window : float, optional
        [s] Length of a window for models that take any.
    """

    base_options: BaseOptions
    embedding_options: EmbeddingOptions = field(default_factory=EmbeddingOptions)
    output: str | None = None
    sample_rate: int | None = None
    window: float | None = None
