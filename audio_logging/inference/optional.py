"""optional_import(name): packages that only some users need."""

from __future__ import annotations

import importlib
from typing import Any

from audio_logging.errors import MissingDependencyError

__all__ = ["optional_import"]


def optional_import(name: str, *, package: str, extra: str) -> Any:
    """Import a module that an extra brings.

    Parameters
    ----------
    name : str
        Module.
    package : str
        What it is called where it is installed from.
    extra : str
        The extra of this package that brings it.

    Returns
    -------
    module

    Raises
    ------
    MissingDependencyError
        It is not installed; the message says what to type.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingDependencyError(
            f'{package} is not installed or does not load ({error}); type: pip install "audio-logging[{extra}]"'
        ) from error
