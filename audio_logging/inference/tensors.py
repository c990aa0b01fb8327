"""TensorSpec: what a model file says of one of its inputs or outputs, in either format."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TensorSpec"]


@dataclass(frozen=True)
class TensorSpec:
    """One input or output.

    Attributes
    ----------
    name : str
    shape : tuple of (int or None)
        None for a dimension that is open.
    dtype : str
        As numpy names it, such as "float32".
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str

    def __str__(self) -> str:
        dimensions = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.name!r} [{dimensions}] {self.dtype}"
