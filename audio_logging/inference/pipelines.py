"""pipeline(task, model): the way in that Transformers and TransformersPHP have."""

from __future__ import annotations

from typing import Any

from audio_logging.errors import AudioValueError
from audio_logging.inference.classifier import AudioClassifier

__all__ = ["pipeline"]

TASKS = ("audio-classification",)


def pipeline(task: str, model: Any = None, **options: Any) -> AudioClassifier:
    """Return something to call with audio.

    Parameters
    ----------
    task : "audio-classification"
    model : path, callable or Transformers pipeline
        As in :meth:`audio_logging.AudioClassifier.from_pretrained`; there is no default, since nothing is downloaded.
    **options
        More arguments of `from_pretrained`.

    Returns
    -------
    AudioClassifier
        ``classifier(inputs, top_k=5)`` returns a list of ``{"label", "score"}`` for one clip, and a list of such lists
        for a list of clips. So it is in Transformers; TransformersPHP returns bare pairs where ``topK`` is 1.

    Raises
    ------
    AudioValueError
        Another task, or no model.
    AudioLoggingError
        As `from_pretrained`.

    Examples
    --------
    >>> classify = pipeline("audio-classification", model=lambda clips: [{"loud": clip.peak} for clip in clips])
    >>> classify((8000, [0.5, -0.25]), top_k=1)
    [{'label': 'loud', 'score': 0.5}]
    """
    if task not in TASKS:
        raise AudioValueError(f"got task {task!r}, wanted one of {', '.join(map(repr, TASKS))}")
    if model is None:
        raise AudioValueError(
            "got no model, and none is downloaded. Pass model= with a folder in the Hugging Face layout, an .onnx or "
            ".tflite file, a callable or a Transformers pipeline"
        )
    return AudioClassifier.from_pretrained(model, **options)
