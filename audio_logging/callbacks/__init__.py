"""One line in the user's own training script, for each framework a file that imports only that framework.

Keras, Lightning and Transformers have an ``AudioCallback`` each, Ignite has ``attach``; a loop of one's own calls
:class:`audio_logging.PredictionLogger` itself. All of them log at first after one training step, then when the rule
says so, then at last, and know an epoch by how many were completed.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["ignite", "keras", "lightning", "transformers"]


def __getattr__(name: str) -> ModuleType:
    """Import a framework's file when it is first used, as in ``audio_logging.callbacks.keras.AudioCallback``."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
