# SPDX-License-Identifier: Apache-2.0
"""A tiny random accelerator for tests: every layer kind at a size that builds and simulates in seconds.

14x14 image -> conv1 3x3x4 -> pool1 -> (6x6x4 features) -> conv2 3x3x6 -> pool2 -> (2x2x6) -> fc1 8 -> fc2 7 classes.
"""

from __future__ import annotations

import numpy as np

from spec.folding import build_folding
from spec.kinds.average_pool import AveragePool
from spec.kinds.data import Shape
from spec.kinds.max_pool import MaxPool
from spec.kinds.pool import PoolLayer
from spec.network import Moe, Network, build_moe
from spec.presets import Accelerator
from spec.random_network import RandomNetwork

GATES = {
    "linear": {
        "name": "linear",
        "local_expert": {"pool": 3, "weight_bits": 8, "weight_fraction_bits": 6, "start": "random"},
        "gate": {
            "pool": 3,
            "hidden": 0,
            "confidence": False,
            "weight_bits": 8,
            "weight_fraction_bits": 6,
            "threshold": "zero",
        },
    },
    "general": {
        "name": "general",
        "local_expert": {"pool": 3, "weight_bits": 8, "weight_fraction_bits": 6, "start": "generic"},
        "gate": {
            "pool": 2,
            "hidden": 6,
            "confidence": True,
            "confidence_shift": 8,
            "hidden_shift": 8,
            "weight_bits": 8,
            "weight_fraction_bits": 6,
            "threshold": "validation",
        },
    },
}
GATES["deep"] = {
    **GATES["general"],
    "name": "deep",
    "local_expert": {**GATES["general"]["local_expert"], "hidden": 8, "hidden_shift": 8},
}
AVERAGED = {
    **GATES["general"],
    "name": "averaged",
    "local_expert": {**GATES["general"]["local_expert"], "pool_kind": "average"},
    "gate": {**GATES["general"]["gate"], "pool": 3, "pool_kind": "average"},
}
"""The general gate with average pools before the local experts and before the gate."""

MAX_AVERAGED = {
    **GATES["deep"],
    "name": "max_averaged",
    "local_expert": {**GATES["deep"]["local_expert"], "pool_kind": "max_average"},
    "gate": {**AVERAGED["gate"], "pool_kind": "max_average"},
}
"""Local experts with a hidden layer, and pools that give maxima and averages."""

FOLDING = {
    "name": "tiny",
    "weight_banks": 2,
    "conv1": {"pe": 4, "simd": 1},
    "conv2": {"pe": 3, "simd": 2},
    "fc1": {"pe": 4, "simd": 3, "multiplier": "lut"},
    "fc2": {"pe": 1, "simd": 2},
    "le_hidden": {"pe": 2, "simd": 4},
    "le": {"pe": 1, "simd": 4},
    "le_out": {"pe": 1, "simd": 4},
    "gate_hidden": {"pe": 2, "simd": 2},
    "gate_out": {"pe": 1, "simd": 1},
}


LOCAL_ONLY = {
    "name": "local_only",
    "local_only": True,
    **{key: value for key, value in FOLDING.items() if key in ("weight_banks", "conv1", "le_hidden", "le", "le_out")},
}
"""Of a device with front end and local experts only."""


def tiny_network(
    seed: int = 0, name: str = "tiny", pools: tuple[type[PoolLayer], type[PoolLayer]] = (MaxPool, MaxPool)
) -> Network:
    """A random GE (:mod:`spec.random_network`); ``pools``: kinds of ``pool1`` and ``pool2``."""
    made = RandomNetwork(np.random.default_rng(seed), Shape(14, 14, 1))
    made.conv("conv1", 4, 6)
    made.pool("pool1", pools[0])
    made.conv("conv2", 6, 4)
    made.pool("pool2", pools[1])
    made.dense("fc1", 8, 3)
    made.dense("fc2", 7, 4, last=True)
    return made.network(name, "pool1")


def tiny_moe(gate: str = "general", local_experts: int = 1, seed: int = 0) -> Moe:
    """A tiny GE with local experts and a gate of :data:`GATES`."""
    return build_moe(tiny_network(seed), GATES[gate], local_experts)


def tiny_accelerator(gate: str = "general", local_experts: int = 1, seed: int = 0) -> Accelerator:
    """A tiny accelerator, folded as :data:`FOLDING` says."""
    moe = tiny_moe(gate, local_experts, seed)
    return Accelerator(moe, build_folding(FOLDING, moe))


def local_only_accelerator(gate: str = "deep", local_experts: int = 2) -> Accelerator:
    """A tiny accelerator with front end and local experts only."""
    moe = tiny_moe(gate, local_experts)
    return Accelerator(moe, build_folding(LOCAL_ONLY, moe))


def averaged_accelerator(
    local_experts: int = 2, pools: tuple[type[PoolLayer], type[PoolLayer]] = (AveragePool, MaxPool)
) -> Accelerator:
    """A tiny accelerator that averages: in the GE by ``pools``, before the local experts, and before the gate."""
    moe = build_moe(tiny_network(name="averaged", pools=pools), AVERAGED, local_experts)
    return Accelerator(moe, build_folding(FOLDING, moe))


def max_averaged_accelerator(local_experts: int = 2, lanes: int = 4) -> Accelerator:
    """A tiny accelerator whose local experts and gate read the maximum and the average of each window.

    ``lanes`` of the four channels of the features come in a word.
    """
    moe = build_moe(tiny_network(), MAX_AVERAGED, local_experts)
    return Accelerator(moe, build_folding({**FOLDING, "conv1": {"pe": lanes, "simd": 1}}, moe))


def tiny_images(count: int, seed: int = 0) -> np.ndarray:
    """uint8 (count, 14, 14) images: strokes of full ink, grey noise and empty background."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 14, 14), dtype=np.uint8)
    images[rng.random(images.shape) < 0.5] = 0
    images[rng.random(images.shape) < 0.2] = 255
    return images
