"""Colour maps, each a palette of 256 colours from dark to light."""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

import numpy as np

__all__ = ["COLOURS", "Colour", "ColourMap", "palette"]

ColourMap: TypeAlias = Literal["inferno", "viridis", "magma", "grey"]

Colour: TypeAlias = tuple[int, int, int]

COLOURS: dict[str, str] = {
    "inferno": "000004 0c0826 240c4f 420a68 5d126e 781c6d 932667 ae305c c73e4c dd513a ed6925 f8850f fca50a fac62d "
    "f2e661 fcffa4",
    "viridis": "440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e 1f988b 22a884 35b779 54c568 7ad151 a5db36 "
    "d2e21b fde725",
    "magma": "000004 0b0924 20114b 3b0f70 57157e 721f81 8c2981 a8327d c43c75 de4968 f1605d fa7f5e fe9f6d febf84 "
    "fddea0 fcfdbf",
    "grey": "000000 ffffff",
}
"""Colours at equal distances. The first three are every 17th of matplotlib's 256 (S. van der Walt and N. Smith, for
viridis with E. Firing, 2015, https://bids.github.io/colormap, CC0); between them these are off by 7 of 255 at most."""


@cache
def palette(name: str) -> tuple[Colour, ...]:
    """Return the 256 colours of a map, the darkest first.

    Parameters
    ----------
    name : {"inferno", "viridis", "magma", "grey"}

    Returns
    -------
    tuple of (red, green, blue)
        Each 0 to 255.
    """
    stops = np.array([tuple(bytes.fromhex(colour)) for colour in COLOURS[name].split()], float)
    at = np.linspace(0, len(stops) - 1, 256)
    parts = [np.rint(np.interp(at, np.arange(len(stops)), part)).astype(int).tolist() for part in stops.T]
    return tuple(zip(*parts, strict=True))
