# SPDX-License-Identifier: Apache-2.0
"""The cheapest folding for given targets, exactly: layer by layer, for every width that a stream may have.

Cost is a sum over layers of what depends on a layer's own folding and on the width of the stream in front of it; so the
best way to each width behind a layer is all that must be remembered of the layers before. Targets are of the layers by
themselves: how long an image really takes is known of the whole folding only (:mod:`explore.cycles`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from explore import surroundings
from explore.cycles import ingress_cycles, layer_cycles
from explore.devices import DEVICES
from explore.fit import BLOCKS, MULTIPLIERS, REGISTERS, SITES, CostModel
from explore.parts import frozen, learns
from explore.structure import Structure, runtime_layer, weights_in_logic
from spec.errors import InputError
from spec.folding import Folding, absent_folding
from spec.kinds.data import LayerFolding
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer
from spec.network import Head, Moe, Network

MOST_LANES = 512  # products a cycle of one layer
MOST_BLOCKS = max(device.cells[MULTIPLIERS] for device in DEVICES.values())  # of one layer
MOST_LUT_BITS = 8  # weights whose products may be made of logic
MOST_GRAPH = 1000  # weights of an adder graph
REGISTER_PRICE = 0.2  # LUT4 sites that a flip-flop counts as, so that of equals the one with fewer is taken


@dataclass(frozen=True)
class Targets:
    """What each layer must reach, and what cells other than LUT4 sites cost, in sites.

    Attributes:
        ge, local: cycles that a layer may be busy with an image for the GE, None if there is none, and for a local one.
        block, multiplier: price of a block RAM and of a multiplier.
        behind: cycles of the GE's layers behind its first pool, which comes in bursts; None: as ``ge``.
    """

    ge: int | None
    local: int
    block: float
    multiplier: float
    behind: float | None = None


@dataclass(frozen=True)
class Equipment:
    """What a folding preset says beside its layers."""

    banks: int = 2
    learning: bool = True
    local_only: bool = False

    @classmethod
    def of(cls, folding: Folding) -> Equipment:
        """That of a folding."""
        return cls(folding.weight_banks, folding.learning, folding.local_only)


@cache
def divisors(number: int) -> tuple[int, ...]:
    """All divisors, in order."""
    return tuple(d for d in range(1, number + 1) if number % d == 0)


@cache
def options(layer: MatrixLayer, constant: bool) -> tuple[LayerFolding, ...]:
    """Foldings of a layer that the hardware can have; ``constant``: its weights are."""
    found = []
    for pe in divisors(layer.outputs):
        for simd in divisors(layer.unit):
            lanes = pe * simd
            if lanes > MOST_LANES:
                continue
            if lanes <= MOST_BLOCKS:
                found.append(LayerFolding(pe, simd, "dsp"))
            if layer.weight.bits <= MOST_LUT_BITS:
                found.append(LayerFolding(pe, simd, "lut"))
            if constant and layer.pairs(pe) and lanes // 2 <= MOST_BLOCKS:
                found.append(LayerFolding(pe, simd, "dsp_pair"))
    if layer.weights <= MOST_GRAPH and _has_graph(layer, constant):
        found.append(LayerFolding(layer.outputs, layer.inputs, "graph"))
    return tuple(found)


def _has_graph(layer: MatrixLayer, constant: bool) -> bool:
    try:
        layer.check_graph(layer.name, constant)
    except InputError:
        return False
    return True


Way = tuple[float, tuple[tuple[str, LayerFolding], ...]]  # cost, and the foldings on the way


class Step(NamedTuple):
    """One layer with one folding.

    Attributes:
        after: values of a word behind it.
        cycles: that it is busy with an image.
        price: LUT4 sites, and what its flip-flops count as.
    """

    fold: LayerFolding | None
    after: int
    cycles: int
    price: float
    blocks: int
    multipliers: int


class FoldingChoice:
    """Chooses foldings for one network and gate.

    Args:
        known: costs of layers, to be shared by choices of the same model and equipment.
    """

    def __init__(
        self, moe: Moe, model: CostModel, equipment: Equipment | None = None, known: dict | None = None
    ) -> None:
        self.moe, self.model, self.has = moe, model, equipment or Equipment()
        self._known: dict = {} if known is None else known
        self._always_on: dict = {}  # costs by lanes: they depend on the whole device
        # Layers of other networks with the same sizes and types cost the same; adder graphs depend on the weights.
        self._of = {layer.name: (layer, *_weights(moe.network, layer)) for layer in moe.network.layers}
        around = (moe.local_experts, moe.confidence_shift, bool(moe.le.hidden), moe.network.feature_type)
        for head in (moe.le, moe.gate):
            self._of |= {layer.name: (layer, head.pool, head.layers[0].output, around) for layer in head.layers}
        self._of = {name: known_as(self._known, key) for name, key in self._of.items()}

    def targets(self) -> tuple[list[int], list[int]]:
        """Cycles an image that a layer of some folding has, for the GE and for the local experts, in order."""
        least = ingress_cycles(self.moe.network.in_shape.size)

        def all_of(layers: Iterable[Layer], constant: bool) -> set[int]:
            weighted = [layer for layer in layers if layer.weighted]
            return {layer.cycles(fold, 1) for layer in weighted for fold in options(layer, constant)}

        runtime = self.moe.le.layers if self.has.local_only else self.moe.runtime_layers
        ge, heads = all_of(self.moe.network.layers, True), all_of(runtime, False)
        front = all_of(self.moe.network.front_end, True)
        return (
            sorted({max(least, cycles) for cycles in ge}),
            sorted({max(least, cycles) for cycles in heads | front}),
        )

    def best(self, targets: Targets, name: str) -> Folding | None:
        """The folding of least cost; None when none is as fast as wanted."""
        network, local_only = self.moe.network, self.has.local_only
        both = targets.local if local_only else min(targets.ge, targets.local)
        if both < ingress_cycles(network.in_shape.size):
            return None
        found: Way | None = None
        for lanes, way in sorted(self._chain({1: (0.0, ())}, network.front_end, both, targets).items()):
            rest = self._price(self._always_on, lanes, targets, lambda lanes=lanes: self._aon(lanes))
            parts = [way, self._head(self.moe.le, lanes, targets)]
            if not local_only:
                parts += [self._tail(lanes, targets), self._head(self.moe.gate, lanes, targets)]
            if all(part is not None for part in parts):
                total = rest + sum(cost for cost, _ in parts)
                if found is None or total < found[0]:
                    found = (total, tuple(fold for _, folds in parts for fold in folds))
        if found is None:
            return None
        chosen, weighted = dict(found[1]), self.moe.weighted_layers
        layers = {layer.name: chosen.get(layer.name) or absent_folding(layer) for layer in weighted}
        return Folding(name, self.has.banks, layers, self.has.learning, local_only)

    # ---- Ways through layers -----------------------------------------------------------------------------------
    def _chain(self, ways: dict[int, Way], layers: Sequence[Layer], most: float, targets: Targets) -> dict[int, Way]:
        """The cheapest way to every number of lanes behind the layers, which go on from ``ways``."""
        for layer in layers:
            steps = {into: self._steps(layer, into) for into in ways}
            ways = _further(ways, layer.name, steps, most, targets)
        return ways

    def _tail(self, lanes: int, targets: Targets) -> Way | None:
        bits, tail = self.moe.network.layers[-1].out_type.bits, self.moe.network.tail
        pooled = next((i for i, layer in enumerate(tail, 1) if not layer.weighted), len(tail))
        most = targets.ge if targets.behind is None else targets.behind
        to_pool = self._chain({lanes: (0.0, ())}, tail[:pooled], targets.ge, targets)
        ways = []
        for after, (cost, folds) in self._chain(to_pool, tail[pooled:], most, targets).items():
            answer = self._price(self._known, ("class", after, bits), targets, lambda n=after: _arg_max(n, bits))
            ways.append((cost + answer, folds))
        return min(ways, key=lambda way: way[0], default=None)

    def _head(self, head: Head, lanes: int, targets: Targets) -> Way | None:
        if layer_cycles(head.pool, None, lanes) > targets.local:
            return None
        ways: dict[int, Way] = {head.pool.lanes_after(None, lanes): (0.0, ())}
        for layer in head.layers:
            steps = {into: self._head_steps(head, layer, into, lanes) for into in ways}
            ways = _further(ways, layer.name, steps, targets.local, targets)
        return min(ways.values(), key=lambda way: way[0], default=None)

    # ---- One layer ---------------------------------------------------------------------------------------------
    def _steps(self, layer: Layer, into: int) -> list[Step]:
        """Every folding of a layer of the GE behind words of ``into`` values that synthesis takes."""
        key = (self._of[layer.name], into)
        if key not in self._known:
            self._known[key] = [
                self._step(layer, fold, into, frozen(self.moe.network, layer, fold, into), 1)
                for fold in (options(layer, True) if layer.weighted else (None,))
                if fits_stream(layer, fold, into) and (fold is None or fold.graph or not weights_in_logic(layer, fold))
            ]
        return self._known[key]

    def _head_steps(self, head: Head, layer: MatrixLayer, into: int, lanes: int) -> list[Step]:
        """The same of a local expert or of the gate, with what stands around the layer."""
        key = (self._of[layer.name], into, lanes)
        copies = self.moe.local_experts if head is self.moe.le else 1
        if key not in self._known:
            self._known[key] = [
                self._step(layer, fold, into, self._around(head, layer, fold, into, lanes), copies)
                for fold in options(layer, False)
                if fits_stream(layer, fold, into)
            ]
        return self._known[key]

    def _step(self, layer: Layer, fold: LayerFolding | None, into: int, part: Structure, copies: int) -> Step:
        cost = self.model.cost(part)
        price = copies * (cost[SITES] + REGISTER_PRICE * cost[REGISTERS])
        multipliers = copies * fold.multiplier_blocks if fold else 0
        after, busy = layer.lanes_after(fold, into), layer_cycles(layer, fold, into)
        return Step(fold, after, busy, price, copies * cost[BLOCKS], multipliers)

    def _around(self, head: Head, layer: MatrixLayer, fold: LayerFolding, into: int, lanes: int) -> Structure:
        """A layer of a head with what stands in front of it, behind it, and what moves its weights."""
        moved = self.has.learning and learns(layer, head, self.moe)
        found = runtime_layer(layer, fold, self.has.banks, moved)
        if layer is head.layers[0]:
            found += surroundings.before_head(self.moe, head, lanes, fold, self.has.learning)
        else:
            before = head.layers[0]
            found += surroundings.between_layers(before.output.bits, before.outputs, into, fold.simd)
        if layer is head.out:
            found += surroundings.behind_head(layer, fold, head is self.moe.le)
        if moved:
            found += surroundings.learner(layer, fold, layer is not head.out)
        return found

    def _aon(self, lanes: int) -> Structure:
        return surroundings.always_on(self.moe, lanes, self.has.learning, not self.has.local_only)

    def _price(self, known: dict, key: Hashable, targets: Targets, made: Callable[[], Structure]) -> float:
        """Price of a part that is no layer."""
        if key not in known:
            known[key] = self.model.cost(made())
        cost = known[key]
        return cost[SITES] + REGISTER_PRICE * cost[REGISTERS] + targets.block * cost[BLOCKS]


def _further(
    ways: Mapping[int, Way], name: str, steps: Mapping[int, Sequence[Step]], most: float, targets: Targets
) -> dict[int, Way]:
    """The cheapest ways behind one more layer, of those that take at most ``most`` cycles."""
    behind: dict[int, Way] = {}
    for into, (cost, folds) in ways.items():
        for step in steps[into]:
            if step.cycles > most:
                continue
            made = cost + step.price + targets.block * step.blocks + targets.multiplier * step.multipliers
            if step.after not in behind or made < behind[step.after][0]:
                behind[step.after] = (made, (*folds, (name, step.fold)) if step.fold else folds)
    return behind


def known_as(known: dict, key: tuple) -> int:
    """A number for what a layer is; equal ones have the same."""
    return known.setdefault(("number", key), len(known))


def _weights(network: Network, layer: Layer) -> tuple:
    if not layer.weighted or layer.weights > MOST_GRAPH:
        return ()
    values = network.weights[layer.name]
    return values.weight.tobytes(), values.bias.tobytes()


def fits_stream(layer: Layer, fold: LayerFolding | None, lanes: int) -> bool:
    """Whether a folding takes words of ``lanes`` values."""
    return fold is None or layer.takes(fold, lanes)


def _arg_max(lanes: int, bits: int) -> Structure:
    found = Structure()
    surroundings.arg_max(found, lanes, bits)
    return found
