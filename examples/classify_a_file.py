"""Classify an audio file with a model on this machine, window by window.

    python examples/classify_a_file.py FILE MODEL

MODEL is a folder in the Hugging Face layout, an ``.onnx`` or a ``.tflite`` file. Without arguments, a function stands
in for the model and a made-up sound for the file, so that the script runs anywhere.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from audio_logging import AudioClip
from audio_logging.inference import AudioClassifier, pipeline


def loudness(clips: list[AudioClip]) -> list[dict[str, float]]:
    """Return how loud each clip is, as a model would return its classes."""
    levels = [float(np.sqrt(np.mean(clip.samples**2))) for clip in clips]
    return [{"loud": min(1.0, 2 * level), "quiet": max(0.0, 1 - 2 * level)} for level in levels]


def made_up_sound() -> AudioClip:
    """Return three seconds of a tone that fades out."""
    time = np.arange(3 * 16000) / 16000
    return AudioClip(0.9 * np.sin(2 * np.pi * 440 * time) * (1 - time / 3), 16000)


def show(classifier: AudioClassifier, sound: Any) -> None:
    """Print the classes of the whole clip, and the best one of each second."""
    for row in classifier(sound, top_k=3):
        print(f"{row['score']:.3f}  {row['label']}")
    result = classifier.classify(sound, window=classifier.window or 1.0)
    for number in range(len(result)):
        for row in result.window(number, top_k=1):
            print(f"{row['start']:6.2f} to {row['end']:6.2f} s: {row['label']} ({row['score']:.3f})")


def main(arguments: list[str]) -> None:
    """Classify the file with the model that were named."""
    if len(arguments) == 2:
        show(pipeline("audio-classification", model=arguments[1]), arguments[0])
    elif not arguments:
        show(pipeline("audio-classification", model=loudness), made_up_sound())
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
