# SPDX-License-Identifier: Apache-2.0
"""Random small accelerators: network, gate, local experts and folding."""

from __future__ import annotations

import numpy as np

from hw.cycles.model import CycleModel
from hw.gen.memory import bank_segments
from spec import tiny_variants
from spec.errors import InputError
from spec.folding import build_folding
from spec.kinds import KINDS, weighted
from spec.kinds.data import MULTIPLIERS, Shape
from spec.kinds.matrix import MatrixLayer
from spec.kinds.max_pool import MaxPool
from spec.kinds.pool import PoolLayer
from spec.network import Moe, Network, build_moe
from spec.presets import Accelerator
from spec.random_network import RandomNetwork
from spec.tiny import FOLDING, GATES

_POOLED = {part: {**GATES["linear"][part], "pool": 1} for part in ("local_expert", "gate")}
_TRIES = 1000  # of designs whose streams do not fit


def named_accelerators() -> list[Accelerator]:
    """Designs in which what is rare among random ones happens: features pile up, wide words wait in a stream_chain."""
    return [*map(tiny_variants.accelerator, tiny_variants.VARIANTS), _wide()]


def _wide() -> Accelerator:
    """A pool takes the words of two folds as fast as they come."""
    made = RandomNetwork(np.random.default_rng(0), Shape(10, 10, 1))
    made.conv("conv1", 4, 6)
    made.pool("pool1", MaxPool)
    made.conv("conv2", 16, 4)
    made.pool("pool2", MaxPool)
    made.dense("fc2", 7, 4, last=True)
    moe = build_moe(made.network("wide", "pool1"), {**GATES["linear"], **_POOLED}, 1)
    folding = {"conv1": {"multiplier": "graph"}, "conv2": {"pe": 8, "simd": 4}, "fc2": {"pe": 7, "simd": 8}}
    return Accelerator(moe, build_folding({**FOLDING, **folding}, moe))


def _dense_tail(name: str, classes: int, pe: int, simd: int) -> Accelerator:
    """A GE of one dense layer behind the front end."""
    made = RandomNetwork(np.random.default_rng(0), Shape(8, 8, 1))
    made.conv("conv1", 4, 6)
    made.pool("pool1", MaxPool)
    made.dense("fc2", classes, 3, last=True)
    moe = build_moe(made.network(name, "pool1"), {**GATES["linear"], **_POOLED}, 1)
    folding = {"conv1": {"multiplier": "graph"}, "fc2": {"pe": pe, "simd": simd}}
    return Accelerator(moe, build_folding({**FOLDING, **folding}, moe))


def splitting_accelerator() -> Accelerator:
    """The GE's first layer splits words: it decides a cycle before it takes one, and the clamps must not close then."""
    return _dense_tail("splitting", classes=8, pe=1, simd=2)


def dozing_accelerator() -> Accelerator:
    """The GE's arg max takes just as long as the power manager takes to see that nothing moves.

    So the manager sees an idle GE in the very cycle in which its class leaves.
    """
    for classes in range(2, 100):
        accelerator = _dense_tail("dozing", classes, pe=classes, simd=4)
        if CycleModel(accelerator).doze() == 0:
            return accelerator
    raise RuntimeError("no number of classes keeps the arg max busy for as long as the power manager counts")


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
    pools = [kind for kind in KINDS.values() if kind.pool and kind.in_network]
    side = int(rng.integers(8, 15))
    made = RandomNetwork(rng, Shape(side, side, int(rng.choice([1, 1, 1, 2]))))

    def pooled(layer: str) -> None:
        kind = pools[rng.integers(len(pools))]
        made.pool(layer, kind, _pool_size(rng, kind, made.shape.height))

    made.conv("conv1", int(rng.choice([2, 3, 4, 6])), int(rng.integers(3, 7)), int(rng.integers(2, 4)))
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
    pools = [kind.pool for kind in KINDS.values() if kind.pool]

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
        if layer.weight.bits < 4:  # among few narrow weights some inputs may have none but 0
            known = tuple(name for name in known if name != "graph")
        if layer.name == "conv1" and "graph" in known and rng.random() < 0.5:
            return {"multiplier": "graph"}  # a front end that is faster than the rest
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
