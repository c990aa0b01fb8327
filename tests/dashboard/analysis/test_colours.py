"""Palettes are smooth, rise in brightness, and are near to those they are named after."""

from __future__ import annotations

import numpy as np
import pytest

from audio_logging.dashboard.analysis.colours import COLOURS, palette

KNOWN = {
    "inferno": {8: (4, 3, 18), 100: (144, 37, 104), 128: (188, 55, 84), 200: (251, 157, 7), 247: (243, 245, 134)},
    "viridis": {8: (71, 13, 96), 100: (42, 118, 142), 128: (33, 145, 140), 200: (112, 207, 87), 247: (234, 229, 26)},
    "magma": {8: (3, 3, 18), 100: (137, 40, 129), 128: (183, 55, 121), 200: (253, 152, 105), 247: (252, 238, 176)},
    "grey": {0: (0, 0, 0), 1: (1, 1, 1), 128: (128, 128, 128), 255: (255, 255, 255)},
}
"""Of matplotlib's tables."""


@pytest.mark.parametrize("name", COLOURS)
def test_256_colours_from_dark_to_light_in_small_steps(name: str) -> None:
    colours = np.array(palette(name))
    assert colours.shape == (256, 3)
    assert colours.min() >= 0 and colours.max() <= 255
    assert np.abs(np.diff(colours, axis=0)).max() <= 6
    luminance = colours @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > -0.3).all()
    assert luminance[0] < 35 and luminance[-1] > 210


@pytest.mark.parametrize("name", KNOWN)
def test_they_look_like_their_models(name: str) -> None:
    for place, colour in KNOWN[name].items():
        assert np.abs(np.subtract(palette(name)[place], colour)).max() <= 7


def test_every_map_is_compared() -> None:
    assert KNOWN.keys() == COLOURS.keys()
