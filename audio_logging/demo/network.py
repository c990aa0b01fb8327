"""The network behind the denoiser: one hidden layer, a mask as output, trained with Adam, in NumPy."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["MaskNetwork"]

FloatArray: TypeAlias = npt.NDArray[np.float32]

HIDDEN = 128
"""Units of the hidden layer, rectified and linear."""

LEARNING_RATE = 1e-3
"""Step size; it and the three numbers below are those of Kingma and Ba, Adam, ICLR 2015, algorithm 1."""

MEAN_DECAY, SQUARE_DECAY, EPSILON = 0.9, 0.999, 1e-8


class MaskNetwork:
    """Maps a row of inputs to a mask in (0, 1), so that mask times noisy is near clean.

    Parameters
    ----------
    inputs, outputs : int > 0
        Length of an input row and of a mask.
    generator : numpy.random.Generator
        Draws the first weights. The first masks are near 0.9: all is kept until something is learned.
    """

    def __init__(self, inputs: int, outputs: int, *, generator: np.random.Generator) -> None:
        # He et al., Delving deep into rectifiers, ICCV 2015, equation 10; the output layer begins small
        first = generator.standard_normal((inputs, HIDDEN)) * np.sqrt(2 / inputs)
        second = generator.standard_normal((HIDDEN, outputs)) * 0.01
        start = np.zeros(HIDDEN), np.full(outputs, 2.0)
        self._weights = [array.astype(np.float32) for array in (first, start[0], second, start[1])]
        self._means = [np.zeros_like(weight) for weight in self._weights]
        self._squares = [np.zeros_like(weight) for weight in self._weights]
        self._steps = 0

    def mask(self, inputs: FloatArray) -> FloatArray:
        """Return the mask for each row.

        Parameters
        ----------
        inputs : ndarray [shape=(rows, inputs)], float32

        Returns
        -------
        ndarray [shape=(rows, outputs)], float32 in [0, 1]
        """
        return self._mask_of(self._hidden(inputs))

    def step(self, inputs: FloatArray, noisy: FloatArray, clean: FloatArray) -> float:
        """Learn from one mini-batch.

        Parameters
        ----------
        inputs : ndarray [shape=(rows, inputs)], float32
        noisy, clean : ndarray [shape=(rows, outputs)], float32
            Magnitudes; `clean` may be negative where the phases oppose each other.

        Returns
        -------
        float
            Squared error of mask times noisy, summed over the batch, as it was before this step.
        """
        hidden = self._hidden(inputs)
        mask = self._mask_of(hidden)
        error = mask * noisy - clean
        slope = error * noisy * mask * (1 - mask) * np.float32(2 / len(inputs))
        back = (slope @ self._weights[2].T) * (hidden > 0)
        self._descend([inputs.T @ back, back.sum(axis=0), hidden.T @ slope, slope.sum(axis=0)])
        return float(np.square(error, dtype=np.float64).sum())

    def _hidden(self, inputs: FloatArray) -> FloatArray:
        return np.maximum(inputs @ self._weights[0] + self._weights[1], 0)

    def _mask_of(self, hidden: FloatArray) -> FloatArray:
        # the logistic function written so that it cannot overflow
        return np.asarray(0.5 + 0.5 * np.tanh(0.5 * (hidden @ self._weights[2] + self._weights[3])), np.float32)

    def _descend(self, gradients: list[FloatArray]) -> None:
        self._steps += 1
        rate = LEARNING_RATE * np.sqrt(1 - SQUARE_DECAY**self._steps) / (1 - MEAN_DECAY**self._steps)
        for weight, mean, square, gradient in zip(self._weights, self._means, self._squares, gradients, strict=True):
            mean += (1 - MEAN_DECAY) * (gradient - mean)
            square += (1 - SQUARE_DECAY) * (gradient * gradient - square)
            weight -= np.float32(rate) * mean / (np.sqrt(square) + np.float32(EPSILON))
