# SPDX-License-Identifier: Apache-2.0
"""The cheapest folding for given targets, exactly: layer by layer, for every width that a stream may have.

Cost is a sum over layers of what depends on a layer's own folding and on the width of the stream in front of it; so the
best way to each width behind a layer is all that must be remembered of the layers before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from explore import surroundings
from explore.cycles import ingress_cycles, layer_cycles
from explore.fit import BLOCKS, MULTIPLIERS, REGISTERS, SITES, CostModel
from explore.parts import frozen, learns
from explore.structure import Structure, runtime_layer, weights_in_logic
from spec.errors import InputError
from spec.folding import Folding
from spec.kinds.data import LayerFolding
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer
from spec.network import Head, Moe, Network

MOST_LANES = 512  # products a cycle of one layer
MOST_BLOCKS = 156  # multiplier blocks of one layer
MOST_LUT_BITS = 8  # weights whose products may be made of logic
MOST_GRAPH = 1000  # weights of an adder graph
REGISTER_PRICE = 0.2  # LUT4 sites that a flip-flop counts as, so that of equals the one with fewer is taken


@dataclass(frozen=True)
class Targets:
    """What a folding must reach, and what cells other than LUT4 sites cost, in sites.

    Attributes:
        ge, local: cycles an image, at most, of the GE and of a local expert.
        block, multiplier: price of a block RAM and of a multiplier.
    """

    ge: int
    local: int
    block: float
    multiplier: float


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
            packed = 2 * layer.weight.bits + layer.input.bits + 1
            if constant and pe % 2 == 0 and packed <= 18 and lanes // 2 <= MOST_BLOCKS:
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


class FoldingChoice:
    """Chooses foldings for one network and gate.

    Args:
        banks, learning: of the folding.
        known: costs of layers, to be shared by choices of the same model, banks and learning.
    """

    def __init__(
        self, moe: Moe, model: CostModel, banks: int = 2, learning: bool = True, known: dict | None = None
    ) -> None:
        self.moe, self.model, self.banks, self.learning = moe, model, banks, learning
        self._known: dict = {} if known is None else known
        # Layers of other networks with the same sizes and types cost the same; adder graphs depend on the weights.
        self._of = {layer.name: (layer, *_weights(moe.network, layer)) for layer in moe.network.layers}
        around = (moe.local_experts, moe.confidence_shift, bool(moe.le.hidden))
        for head in (moe.le, moe.gate):
            self._of |= {layer.name: (layer, head.pool, head.layers[0].output, around) for layer in head.layers}
        self._of = {name: known_as(self._known, key) for name, key in self._of.items()}

    def targets(self) -> tuple[list[int], list[int]]:
        """Cycles an image that some folding has exactly, of the GE and of the local experts, in order."""
        least = ingress_cycles(self.moe.network.in_shape.size)

        def all_of(layers: Iterable[Layer], constant: bool) -> set[int]:
            weighted = [layer for layer in layers if layer.weighted]
            return {layer.cycles(fold, 1) for layer in weighted for fold in options(layer, constant)}

        ge, heads = all_of(self.moe.network.layers, True), all_of(self.moe.runtime_layers, False)
        front = all_of(self.moe.network.front_end, True)
        return (
            sorted({max(least, cycles) for cycles in ge}),
            sorted({max(least, cycles) for cycles in heads | front}),
        )

    def best(self, targets: Targets, name: str) -> Folding | None:
        """The folding of least cost; None when none is as fast as wanted."""
        network = self.moe.network
        both = min(targets.ge, targets.local)
        if both < ingress_cycles(network.in_shape.size):
            return None
        found: Way | None = None
        for lanes, way in sorted(self._chain(network.front_end, 1, both, targets).items()):
            rest = self._price((id(self), lanes), targets, lambda lanes=lanes: self._aon(lanes))
            parts = [way, self._tail(lanes, targets)]
            parts += [self._head(head, lanes, targets) for head in (self.moe.le, self.moe.gate)]
            if all(part is not None for part in parts):
                total = rest + sum(cost for cost, _ in parts)
                if found is None or total < found[0]:
                    found = (total, tuple(fold for _, folds in parts for fold in folds))
        return found and Folding(name, self.banks, dict(found[1]), self.learning)

    # ---- Ways through layers -----------------------------------------------------------------------------------
    def _chain(self, layers: Sequence[Layer], lanes: int, most: int, targets: Targets) -> dict[int, Way]:
        """The cheapest way to every number of lanes behind the layers."""
        ways: dict[int, Way] = {lanes: (0.0, ())}
        for layer in layers:
            behind: dict[int, Way] = {}
            for into, (cost, folds) in ways.items():
                for fold in options(layer, True) if layer.weighted else (None,):
                    if not fits_stream(layer, fold, into) or layer_cycles(layer, fold, into) > most:
                        continue
                    price = self._layer(layer, fold, into, targets)
                    if price is None:
                        continue
                    made = cost + price
                    after = layer.lanes_after(fold, into)
                    if after not in behind or made < behind[after][0]:
                        behind[after] = (made, (*folds, (layer.name, fold)) if fold else folds)
            ways = behind
        return ways

    def _tail(self, lanes: int, targets: Targets) -> Way | None:
        bits = self.moe.network.layers[-1].out_type.bits
        ways = []
        for after, (cost, folds) in self._chain(self.moe.network.tail, lanes, targets.ge, targets).items():
            ways.append((cost + self._price(("class", after, bits), targets, lambda n=after: _arg_max(n, bits)), folds))
        return min(ways, key=lambda way: way[0], default=None)

    def _head(self, head: Head, lanes: int, targets: Targets) -> Way | None:
        copies = self.moe.local_experts if head is self.moe.le else 1
        pooled = head.pool.lanes_after(None, lanes)
        if layer_cycles(head.pool, None, lanes) > targets.local:
            return None
        ways: dict[int, Way] = {pooled: (0.0, ())}
        for layer in head.layers:
            behind: dict[int, Way] = {}
            for into, (cost, folds) in ways.items():
                for fold in options(layer, False):
                    if not fits_stream(layer, fold, into) or layer_cycles(layer, fold, into) > targets.local:
                        continue
                    key = (self._of[layer.name], fold, into, lanes)
                    part = self._price(key, targets, lambda f=fold, i=into, y=layer: self._part(head, y, f, i, lanes))
                    made = cost + copies * part
                    if fold.pe not in behind or made < behind[fold.pe][0]:
                        behind[fold.pe] = (made, (*folds, (layer.name, fold)))
            ways = behind
        return min(ways.values(), key=lambda way: way[0], default=None)

    # ---- Prices ------------------------------------------------------------------------------------------------
    def _layer(self, layer: Layer, fold: LayerFolding | None, lanes: int, targets: Targets) -> float | None:
        """None when synthesis would refuse it."""
        if fold and not fold.graph and weights_in_logic(layer, fold):
            return None

        def made() -> tuple[Structure, int]:
            return frozen(self.moe.network, layer, fold, lanes), fold.multiplier_blocks if fold else 0

        return self._price((self._of[layer.name], fold, lanes), targets, made)

    def _part(self, head: Head, layer: MatrixLayer, fold: LayerFolding, into: int, lanes: int) -> tuple[Structure, int]:
        """A layer of a head with what stands in front of it, behind it, and what moves its weights."""
        moved = self.learning and learns(layer, head, self.moe)
        found = runtime_layer(layer, fold, self.banks, moved)
        if layer is head.layers[0]:
            found += surroundings.before_head(self.moe, head, lanes, fold, self.learning)
        else:
            before = head.layers[0]
            found += surroundings.between_layers(before.output.bits, before.outputs, into, fold.simd)
        if layer is head.out:
            found += surroundings.behind_head(layer, fold, head is self.moe.le)
        if moved:
            found += surroundings.learner(layer, fold, layer is not head.out)
        return found, fold.multiplier_blocks

    def _aon(self, lanes: int) -> tuple[Structure, int]:
        return surroundings.always_on(self.moe, lanes, self.learning), 0

    def _price(self, key: tuple, targets: Targets, made) -> float:
        if key not in self._known:
            structure, multipliers = made()
            self._known[key] = {**self.model.cost(structure), MULTIPLIERS: multipliers}
        cost = self._known[key]
        price = cost[SITES] + REGISTER_PRICE * cost[REGISTERS]
        return price + targets.block * cost[BLOCKS] + targets.multiplier * cost[MULTIPLIERS]


def known_as(known: dict, key: tuple) -> int:
    """A number for what a layer is; equal ones have the same."""
    return known.setdefault(("number", key), len(known))


def _weights(network: Network, layer: Layer) -> tuple:
    small = layer.weighted and layer.weights <= MOST_GRAPH
    return (network.weights[layer.name].weight.tobytes(),) if small else ()


def fits_stream(layer: Layer, fold: LayerFolding | None, lanes: int) -> bool:
    """Whether a folding takes words of ``lanes`` values."""
    return fold is None or fold.graph or fold.simd % lanes == 0 or lanes % fold.simd == 0


def _arg_max(lanes: int, bits: int) -> tuple[Structure, int]:
    found = Structure()
    surroundings.arg_max(found, lanes, bits)
    return found, 0
