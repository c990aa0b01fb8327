"""Type aliases shared by the package."""

from __future__ import annotations

import os
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["FormatName", "Layout", "OnInvalid", "Overload", "PCMArray", "Samples", "StrPath", "SubtypeName"]

Samples: TypeAlias = npt.NDArray[np.float32]
"""float32 samples [shape=(frames, channels)], full scale is [-1, 1]."""

PCMArray: TypeAlias = npt.NDArray[np.int16] | npt.NDArray[np.int32]
"""Integer samples [shape=(frames, channels)], full scale is the whole range of the dtype."""

AnyArray: TypeAlias = npt.NDArray[Any]

StrPath: TypeAlias = str | os.PathLike[str]

Layout: TypeAlias = Literal["auto", "frames_first", "channels_first"]
OnInvalid: TypeAlias = Literal["raise", "zero"]
Overload: TypeAlias = Literal["clip", "scale", "float"]
FormatName: TypeAlias = Literal["wav", "flac", "ogg", "opus", "mp3"]
SubtypeName: TypeAlias = Literal["PCM_16", "PCM_24", "PCM_32", "FLOAT", "VORBIS", "OPUS", "MPEG_LAYER_III"]
