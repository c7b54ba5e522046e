# SPDX-License-Identifier: Apache-2.0
"""A plain int64 numpy model of the whole accelerator, image by image: slow, obvious, independent of the fast one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from spec.bank import Bank
from spec.network import LayerWeights, MatrixLayer, Mode, Moe, PoolLayer


def round_half_even(value: Fraction) -> int:
    """Python's own rounding of an exact fraction is half to even."""
    return round(value)


def activate(accumulator: np.ndarray, layer: MatrixLayer) -> np.ndarray:
    """Requantise with exact fractions, one value at a time."""
    if layer.output is None:
        return accumulator
    values = [round_half_even(Fraction(int(a), 2**layer.shift)) for a in accumulator.ravel()]
    return np.clip(np.array(values, np.int64), 0, 2**layer.output.bits - 1).reshape(accumulator.shape)


def matrix(layer: MatrixLayer, weights: LayerWeights, x: np.ndarray) -> np.ndarray:
    """A convolution of (H, W, C) or a dense layer on (inputs,), all int64."""
    if layer.kernel is None:
        return activate(weights.weight @ x.ravel() + weights.bias, layer)
    k = layer.kernel
    rows = []
    for y in range(x.shape[0] - k + 1):
        columns = [weights.weight @ x[y : y + k, c : c + k].ravel() + weights.bias for c in range(x.shape[1] - k + 1)]
        rows.append(columns)
    return activate(np.array(rows), layer)


def pool(layer: PoolLayer, x: np.ndarray) -> np.ndarray:
    """Largest value of each window."""
    n = layer.size
    return np.array(
        [[x[y : y + n, c : c + n].max((0, 1)) for c in range(0, x.shape[1], n)] for y in range(0, x.shape[0], n)]
    )


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
            x = pool(step, x) if isinstance(step, PoolLayer) else matrix(step, moe.network.weights[step.name], x)
            layers[step.name] = x
        return x

    features = run(moe.network.front_end, image.astype(np.int64)[:, :, None])
    if mode == Mode.GE_ONLY:
        return first_of_the_largest(run(moe.network.tail, features)), 0, layers
    pooled = layers["le_pool"] = pool(moe.le_pool, features)
    local = [matrix(moe.le, weights, pooled) for weights in bank.local_experts]
    layers |= {f"le{i}": logits for i, logits in enumerate(local)}
    if mode == Mode.LE_ONLY:
        return first_of_the_largest(local[local_expert]), local_expert + 1, layers
    x = layers["gate_pool"] = pool(moe.gate_pool, features)
    x = list(x.ravel())
    if moe.confidence_shift is not None:
        for logits in local:
            second, top = sorted(logits.tolist())[-2:]
            for value in (top, top - second):
                x.append(min(max(round_half_even(Fraction(value, 2**moe.confidence_shift)), 0), 255))
    x = np.array(x, np.int64)
    if moe.gate_hidden:
        x = layers["gate_hidden"] = matrix(moe.gate_hidden, bank.gate_hidden, x)
    gate = layers["gate_out"] = matrix(moe.gate_out, bank.gate_out, x)
    best = first_of_the_largest(gate[1:])
    expert = best + 1 if gate[1 + best] - gate[0] > theta else 0
    if mode == Mode.MOE_PARALLEL or expert == 0:
        generic = first_of_the_largest(run(moe.network.tail, features))
    return (generic if expert == 0 else first_of_the_largest(local[expert - 1])), expert, layers
