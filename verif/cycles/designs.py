# SPDX-License-Identifier: Apache-2.0
"""Random small accelerators: network, gate, local experts and folding."""

from __future__ import annotations

import numpy as np

from hw.gen.memory import bank_segments
from spec.errors import InputError
from spec.folding import build_folding
from spec.kinds import KINDS, weighted
from spec.kinds.data import MULTIPLIERS, Shape
from spec.kinds.matrix import MatrixLayer
from spec.kinds.pool import PoolLayer
from spec.network import Moe, Network, build_moe
from spec.presets import Accelerator
from spec.random_network import RandomNetwork

_TRIES = 1000  # of designs whose streams do not fit


def random_accelerator(seed: int) -> Accelerator:
    """A design that builds in seconds, named after its seed; every kind of layer and of product occurs over seeds."""
    rng = np.random.default_rng([seed, 0xC7C1E])
    for _ in range(_TRIES):
        try:
            network = _network(rng, f"random{seed}")
            moe = build_moe(network, _gate(rng, network), int(rng.choice([1, 1, 2, 3])))
            folding = build_folding(_folding(rng, moe), moe)
            bank_segments(moe, folding)
            return Accelerator(moe, folding)
        except InputError:  # what divides what is checked there, and only there
            continue
    raise RuntimeError(f"seed {seed}: no design in {_TRIES} tries fits")


def _divisors(number: int) -> list[int]:
    return [d for d in range(1, number + 1) if number % d == 0]


def _pool_size(rng: np.random.Generator, kind: type[PoolLayer], side: int) -> int:
    """A small window that divides the image; one of 1 is rare."""
    sizes = [size for size in _divisors(side) if 1 < size <= 4]
    size = int(rng.choice(sizes)) if sizes and rng.random() < 0.9 else 1
    kind.check_size(size)
    return size


def _network(rng: np.random.Generator, name: str) -> Network:
    pools = [kind for kind in KINDS.values() if issubclass(kind, PoolLayer) and kind.in_network]
    side = int(rng.integers(8, 15))
    made = RandomNetwork(rng, Shape(side, side, int(rng.choice([1, 1, 1, 2]))))

    def pooled(layer: str) -> None:
        kind = pools[rng.integers(len(pools))]
        made.pool(layer, kind, _pool_size(rng, kind, made.shape.height))

    made.conv("conv1", int(rng.choice([2, 3, 4, 6])), int(rng.integers(2, 7)), int(rng.integers(2, 4)))
    if rng.random() < 0.8:
        pooled("pool1")
    tap = made.names[-1]
    if rng.random() < 0.7:
        kernel = min(int(rng.integers(1, 4)), made.shape.height)
        made.conv("conv2", int(rng.choice([2, 4, 6, 12, 16])), int(rng.integers(2, 7)), kernel)
        if rng.random() < 0.6:
            pooled("pool2")
    if rng.random() < 0.7:
        made.dense("fc1", int(rng.choice([4, 6, 8, 16, 24])), int(rng.integers(2, 6)))
    made.dense("fc2", int(rng.choice([2, 3, 5, 7, 8, 10, 12, 20])), int(rng.integers(2, 6)), last=True)
    return made.network(name, tap)


def _gate(rng: np.random.Generator, network: Network) -> dict:
    pools = [kind.pool for kind in KINDS.values() if issubclass(kind, PoolLayer) and kind.pool]

    def head() -> dict:
        bits = {"weight_bits": 8, "weight_fraction_bits": 6, "hidden_shift": 8}
        side = int(rng.choice(_divisors(network.features.height)))
        hidden = int(rng.choice([0, 0, 4, 6, 8]))
        return {**bits, "pool": min(side, 7), "pool_kind": str(rng.choice(pools)), "hidden": hidden}

    return {
        "name": "random",
        "local_expert": {**head(), "start": "random"},
        "gate": {**head(), "confidence": bool(rng.random() < 0.6), "confidence_shift": 8, "threshold": "zero"},
    }


def _folding(rng: np.random.Generator, moe: Moe) -> dict:
    frozen = weighted(moe.network.layers)

    def section(layer: MatrixLayer) -> dict:
        known = MULTIPLIERS if layer in frozen else ("dsp", "lut")
        # window_parallel has no windows of 1x1; among few narrow weights some inputs may have none but 0.
        if getattr(layer, "kernel", 0) == 1 or layer.weight.bits < 4:
            known = tuple(name for name in known if name != "graph")
        outputs = _divisors(layer.outputs)
        return {
            "pe": int(rng.choice(outputs if rng.random() < 0.5 else outputs[-3:])),  # wide words are queued otherwise
            "simd": int(rng.choice(_divisors(layer.unit))),
            "multiplier": str(rng.choice(known)),
        }

    return {
        "name": "random",
        "weight_banks": 2,
        "learning": bool(rng.random() < 0.7),
        **{layer.name: section(layer) for layer in moe.weighted_layers},
    }
