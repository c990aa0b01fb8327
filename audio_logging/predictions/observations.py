"""Observations: outputs that validation computed, and the place in the training that they are of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Observations"]


class Observations:
    """Keeps the outputs of the latest validation by clip id.

    Validation comes before the call that tells where training stands, so the first such call gives it its place; from
    then on its outputs are of that place only, since the model goes on.

    Attributes
    ----------
    outputs : dict
    """

    def __init__(self) -> None:
        self.outputs: dict[str, Any] = {}
        self._place: int | None = None
        self._is_running = False
        self._was_any = False

    def add(self, outputs: Mapping[str, Any]) -> None:
        """Keep outputs, maybe none; the first ones after a call of `are_of` begin a new validation."""
        if not self._is_running:
            self.outputs = {}
        self._is_running = self._was_any = True
        self.outputs.update({clip_id: detached(output) for clip_id, output in outputs.items()})

    def are_of(self, place: int | None) -> bool:
        """Return whether the latest validation is of this place in the training.

        Parameters
        ----------
        place : int or None
            Step or epoch.
        """
        if self._is_running:
            self._place, self._is_running = place, False
        return self._was_any and self._place == place


def detached(output: Any) -> Any:
    """Return an output without its graph, and out of reach of later changes.

    Parameters
    ----------
    output : object

    Returns
    -------
    object
    """
    if hasattr(output, "detach"):
        return output.detach().cpu().clone()
    if isinstance(output, Mapping):
        return {key: detached(value) for key, value in output.items()}
    return output.copy() if hasattr(output, "copy") else output
