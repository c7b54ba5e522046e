# SPDX-License-Identifier: Apache-2.0
"""A plain int64 numpy model of the whole accelerator, image by image: slow, obvious, independent of the fast one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from spec.bank import Bank
from spec.kinds.average_pool import AveragePool
from spec.kinds.conv import Convolution
from spec.kinds.data import LayerWeights
from spec.kinds.dense import Dense
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer
from spec.kinds.max_average_pool import MaxAveragePool
from spec.kinds.max_pool import MaxPool
from spec.network import Mode, Moe, name_in_bank


def round_half_even(value: Fraction) -> int:
    """Python's own rounding of an exact fraction is half to even."""
    return round(value)


def activate(accumulator: np.ndarray, layer: MatrixLayer) -> np.ndarray:
    """Requantise with exact fractions, one value at a time."""
    if layer.output is None:
        return accumulator
    values = [round_half_even(Fraction(int(a), 2**layer.shift)) for a in accumulator.ravel()]
    return np.clip(np.array(values, np.int64), 0, 2**layer.output.bits - 1).reshape(accumulator.shape)


def dense(layer: Dense, weights: LayerWeights, x: np.ndarray) -> np.ndarray:
    """A dense layer on (inputs,), all int64."""
    return activate(weights.weight @ x.ravel() + weights.bias, layer)


def convolution(layer: Convolution, weights: LayerWeights, x: np.ndarray) -> np.ndarray:
    """A convolution of (H, W, C), all int64."""
    k = layer.kernel
    rows = []
    for y in range(x.shape[0] - k + 1):
        columns = [weights.weight @ x[y : y + k, c : c + k].ravel() + weights.bias for c in range(x.shape[1] - k + 1)]
        rows.append(columns)
    return activate(np.array(rows), layer)


def windows(size: int, x: np.ndarray) -> list[list[np.ndarray]]:
    """Rows of windows of ``size`` x ``size``, each (size, size, C)."""
    n = size
    return [[x[y : y + n, c : c + n] for c in range(0, x.shape[1], n)] for y in range(0, x.shape[0], n)]


def max_pool(layer: MaxPool, weights: None, x: np.ndarray) -> np.ndarray:
    """Largest value of each window."""
    return np.array([[window.max((0, 1)) for window in row] for row in windows(layer.size, x)])


def average_pool(layer: AveragePool, weights: None, x: np.ndarray) -> np.ndarray:
    """Mean of each window, as an exact fraction."""

    def mean(window: np.ndarray) -> list[int]:
        return [round_half_even(Fraction(int(values.sum()), values.size)) for values in np.moveaxis(window, 2, 0)]

    return np.array([[mean(window) for window in row] for row in windows(layer.size, x)])


def max_average_pool(layer: MaxAveragePool, weights: None, x: np.ndarray) -> np.ndarray:
    """Of each window the largest values of all channels, then their means."""
    return np.concatenate([max_pool(layer, None, x), average_pool(layer, None, x)], axis=2)


LAYERS = {
    Convolution: convolution,
    Dense: dense,
    MaxPool: max_pool,
    AveragePool: average_pool,
    MaxAveragePool: max_average_pool,
}


def compute(layer: Layer, x: np.ndarray, weights: LayerWeights | None = None) -> np.ndarray:
    """The output of one layer."""
    return LAYERS[type(layer)](layer, weights, x)


def first_of_the_largest(values: np.ndarray) -> int:
    """Arg max by a loop: only a larger value replaces an earlier one."""
    best = 0
    for i, value in enumerate(values):
        if value > values[best]:
            best = i
    return best


def answer(
    moe: Moe, image: np.ndarray, mode: Mode, bank: Bank, theta: int = 0, local_expert: int = 0
) -> tuple[int, int, dict[str, np.ndarray]]:
    """Class, expert, and every layer's output of one uint8 image (H, W)."""
    layers: dict[str, np.ndarray] = {}

    def run(steps, x: np.ndarray) -> np.ndarray:
        for step in steps:
            x = compute(step, x, moe.network.weights.get(step.name))
            layers[step.name] = x
        return x

    features = run(moe.network.front_end, image.astype(np.int64)[:, :, None])
    if mode == Mode.GE_ONLY:
        return first_of_the_largest(run(moe.network.tail, features)), 0, layers
    pooled = layers["le_pool"] = compute(moe.le.pool, features)
    local = []
    for i, weights in enumerate(bank.local_experts):
        x = pooled
        for layer, one in zip(moe.le.layers, weights, strict=True):
            x = layers[name_in_bank(layer.name, i)] = compute(layer, x, one)
        local.append(x)
    if mode == Mode.LE_ONLY:
        return first_of_the_largest(local[local_expert]), local_expert + 1, layers
    x = layers["gate_pool"] = compute(moe.gate.pool, features)
    x = list(x.ravel())
    if moe.confidence_shift is not None:
        for logits in local:
            second, top = sorted(logits.tolist())[-2:]
            for value in (top, top - second):
                x.append(min(max(round_half_even(Fraction(value, 2**moe.confidence_shift)), 0), 255))
    x = np.array(x, np.int64)
    for layer, one in zip(moe.gate.layers, bank.gate, strict=True):
        x = layers[layer.name] = compute(layer, x, one)
    gate = x
    best = first_of_the_largest(gate[1:])
    expert = best + 1 if gate[1 + best] - gate[0] > theta else 0
    if mode == Mode.MOE_PARALLEL or expert == 0:
        generic = first_of_the_largest(run(moe.network.tail, features))
    return (generic if expert == 0 else first_of_the_largest(local[expert - 1])), expert, layers
