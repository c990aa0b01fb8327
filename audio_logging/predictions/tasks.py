"""Tasks: what each kind of model is measured by, clip by clip."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from audio_logging.errors import AudioValueError
from audio_logging.predictions import measures

__all__ = ["TASKS", "Metric", "Task", "TaskName", "find_task"]

TaskName: TypeAlias = Literal["classification", "multilabel", "asr", "tts", "separation", "codec"]

Metric: TypeAlias = Callable[[Any, Any], Any]
"""``metric(prediction, reference)``: clips for models that make audio, else texts, else labels."""


@dataclass(frozen=True)
class Task:
    """What a kind of model is measured by.

    Attributes
    ----------
    metrics : dict of callable
        Per clip, by the name of their column.
    several_labels : bool
        Whether a clip can have several labels at once.
    input_is_reference : bool
        Whether what the model makes is to be like its input, where the sample has no reference of its own.
    """

    metrics: Mapping[str, Metric] = field(default_factory=dict)
    several_labels: bool = False
    input_is_reference: bool = False


_CLOSENESS: Mapping[str, Metric] = {
    "si_sdr_db": measures.si_sdr,
    "log_spectral_distance_db": measures.log_spectral_distance,
    "level_difference_db": measures.level_difference,
}

TASKS: Mapping[str, Task] = {
    "classification": Task(),
    "multilabel": Task({"label_overlap": measures.label_overlap}, several_labels=True),
    "asr": Task({"word_error_rate": measures.word_error_rate, "character_error_rate": measures.character_error_rate}),
    # What is synthesised is never aligned with a recording of the same text, so nothing here goes frame by frame.
    "tts": Task(
        {"level_difference_db": measures.level_difference, "duration_difference": measures.duration_difference}
    ),
    "separation": Task(_CLOSENESS),
    "codec": Task(_CLOSENESS, input_is_reference=True),
}
"""Whether a label is correct is told for every task that has labels."""


def find_task(name: TaskName | None) -> Task:
    """Return a task by its name; None has no measures.

    Parameters
    ----------
    name : {"classification", "multilabel", "asr", "tts", "separation", "codec"} or None

    Returns
    -------
    Task

    Raises
    ------
    AudioValueError
        There is no such task.
    """
    if name is None:
        return Task()
    if name not in TASKS:
        raise AudioValueError(f"got task={name!r}, wanted one of {', '.join(map(repr, TASKS))}")
    return TASKS[name]
