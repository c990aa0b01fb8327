"""Pictures as PNG files with a palette: one byte a pixel, before compression."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import png

from audio_logging.dashboard.analysis.colours import Colour

__all__ = ["palette_png"]


def palette_png(pixels: npt.NDArray[np.uint8], palette: tuple[Colour, ...]) -> bytes:
    """Return a picture as a PNG file.

    Parameters
    ----------
    pixels : ndarray of uint8 [shape=(height, width)]
        Places in the palette; the first row is the top.
    palette : tuple of (red, green, blue)
        At most 256.

    Returns
    -------
    bytes
    """
    height, width = pixels.shape
    file = io.BytesIO()
    writer = png.Writer(width, height, palette=palette, bitdepth=8)
    writer.write_packed(file, (row.tobytes() for row in pixels))
    return file.getvalue()
