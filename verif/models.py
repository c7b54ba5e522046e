# SPDX-License-Identifier: Apache-2.0
"""Plain numpy reference models of the RTL modules, written for clarity and independent of ``golden``.

Images are (height, width, channels), vectors are flat; all values are int64.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def requantize(acc: np.ndarray, shift: int, bits: int) -> np.ndarray:
    """Divide by 2**shift, round half to even, clamp to 0 .. 2**bits - 1.

    ``numpy.rint`` rounds half to even; float64 holds the quotient exactly below 2**53.
    """
    assert np.abs(acc).max(initial=0) < 2**53
    return np.clip(np.rint(acc / 2.0**shift), 0, 2**bits - 1).astype(np.int64)


def windows(image: np.ndarray, kernel: int) -> np.ndarray:
    """All windows of an image, stride 1, no padding: (out height, out width, kernel, kernel, channels)."""
    height, width, _ = image.shape
    return np.stack(
        [[image[y : y + kernel, x : x + kernel] for x in range(width - kernel + 1)] for y in range(height - kernel + 1)]
    )


def max_pool(image: np.ndarray, size: int) -> np.ndarray:
    """Largest value in each size x size tile: (height // size, width // size, channels)."""
    height, width, channels = image.shape
    tiles = image.reshape(height // size, size, width // size, size, channels)
    return tiles.max(axis=(1, 3))


def average_pool(image: np.ndarray, size: int) -> np.ndarray:
    """Mean of each size x size tile, half to even: (height // size, width // size, channels)."""
    height, width, channels = image.shape
    tiles = image.reshape(height // size, size, width // size, size, channels)
    return np.rint(tiles.sum(axis=(1, 3)) / size**2).astype(np.int64)


def max_average_pool(image: np.ndarray, size: int) -> np.ndarray:
    """Largest values, then means, of each tile: (height // size, width // size, 2 * channels)."""
    return np.concatenate([max_pool(image, size), average_pool(image, size)], axis=2)


def matrix_vector(weights: np.ndarray, bias: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """weights (outputs, inputs), bias (outputs,), vectors (n, inputs) -> exact sums (n, outputs)."""
    return vectors @ weights.T + bias


def arg_max(values: np.ndarray) -> tuple[int, int, int]:
    """Index of the largest value (the lowest on a tie), that value, and the second-largest value."""
    index = int(np.argmax(values))
    return index, int(values[index]), int(np.delete(values, index).max())


def accumulator_bits(weights: np.ndarray, bias: np.ndarray, act_bits: int) -> int:
    """Signed bits that hold every partial sum for unsigned ``act_bits``-bit inputs (interval analysis)."""
    top = 2**act_bits - 1
    low = int((np.minimum(weights, 0).sum(axis=1) * top + np.minimum(bias, 0)).min())
    high = int((np.maximum(weights, 0).sum(axis=1) * top + np.maximum(bias, 0)).max())
    return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length()) + 1


def pack(lanes: Iterable[int], bits: int) -> int:
    """Lanes -> stream word, lane 0 in the lowest bits, two's complement for negative values."""
    return sum((int(lane) & (1 << bits) - 1) << i * bits for i, lane in enumerate(lanes))


def unpack(word: int, bits: int, count: int, signed: bool = False) -> list[int]:
    """Stream word -> lanes, lane 0 first."""
    values = [word >> i * bits & (1 << bits) - 1 for i in range(count)]
    return [v - (1 << bits) if signed and v >> bits - 1 else v for v in values]


def stream(values: np.ndarray, lanes: int, bits: int) -> list[int]:
    """Any array, flattened in C order, as stream words of ``lanes`` values."""
    return [pack(group, bits) for group in np.asarray(values).reshape(-1, lanes).tolist()]


def fold_weights(weights: np.ndarray, pe: int, simd: int) -> np.ndarray:
    """(outputs, inputs) -> (words * folds, pe * simd) in the order of mvu's weight memory."""
    outputs, inputs = weights.shape
    folded = weights.reshape(outputs // pe, pe, inputs // simd, simd)  # fold, p, word, s
    return folded.transpose(2, 0, 1, 3).reshape(-1, pe * simd)


def memory_text(words: Iterable[int]) -> str:
    """Text of a $readmemh file with one word a line."""
    return "".join(f"{word:x}\n" for word in words)
