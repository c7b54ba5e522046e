# SPDX-License-Identifier: Apache-2.0
"""Random memory contents that a test writes to files and its bench, in another process, expects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from verif import models

WEIGHT_FILE, BIAS_FILE = "weights.hex", "bias.hex"


def contents(width: int, depth: int) -> list[int]:
    """``depth`` random words of ``width`` bits, always the same."""
    rng = np.random.default_rng(width * 1000 + depth)
    return [int.from_bytes(rng.bytes((width + 7) // 8), "little") % 2**width for _ in range(depth)]


def layer(outputs: int, inputs: int, weight_bits: int, bias_bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights (outputs, inputs) and biases (outputs,) over their full ranges, always the same."""
    rng = np.random.default_rng([outputs, inputs, weight_bits])
    weights = rng.integers(-(2 ** (weight_bits - 1)), 2 ** (weight_bits - 1), (outputs, inputs))
    bias = rng.integers(-(2 ** (bias_bits - 1)), 2 ** (bias_bits - 1), outputs)
    return weights, bias


def layer_files(weights: np.ndarray, bias: np.ndarray, parameters: Mapping[str, int | str]) -> dict[str, str]:
    """The two memory files of dense_layer or conv_layer."""
    pe, simd = int(parameters["Pe"]), int(parameters["Simd"])
    folded = models.fold_weights(weights, pe, simd)
    return {
        WEIGHT_FILE: models.memory_text(models.stream(folded, pe * simd, int(parameters["WgtW"]))),
        BIAS_FILE: models.memory_text(models.stream(bias, pe, int(parameters["BiasW"]))),
    }
