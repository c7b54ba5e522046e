# SPDX-License-Identifier: Apache-2.0
"""What the parts of the hardware have to hold and to do, counted from specification and folding alone.

Nothing here is taken from the RTL: the same figures from synthesis (:mod:`hw.synth`) are compared with these.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from spec.domains import ALWAYS_ON, domain_layers
from spec.folding import Folding
from spec.kinds.matrix import MatrixLayer
from spec.network import Moe, name_in_bank
from spec.storage import feature_store_bits

GLOBAL = ("fe", "ge")  # the domains that the paper's GE consists of
PERSONAL = ("le", "gn")


@dataclass(frozen=True)
class Resources:
    """Of all instances of one part.

    ``weights``: of one user, without biases, as the paper's Table 1 counts them. ``macs``: products of one image that
    the part works on; ``lane_macs`` also those of lanes that pad a word. ``weight_memory_bits``: weight memories, all
    banks, without biases; an adder graph has none. ``buffer_bits``: window buffers, or the feature store.
    ``multipliers``: multiplier blocks.
    """

    weights: int = 0
    macs: int = 0
    lane_macs: int = 0
    weight_memory_bits: int = 0
    buffer_bits: int = 0
    multipliers: int = 0

    def __add__(self, other: Resources) -> Resources:
        return Resources(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Resources)))

    def __mul__(self, times: int) -> Resources:
        return Resources(*(getattr(self, f.name) * times for f in fields(Resources)))


def layer_resources(layer: MatrixLayer, folding: Folding, banks: int = 1) -> Resources:
    """One instance of a layer with ``banks`` banks of weights."""
    fold = folding.layers[layer.name]
    return Resources(
        weights=layer.weights,
        macs=layer.macs,
        lane_macs=layer.activity(fold).macs,
        weight_memory_bits=banks * layer.weight_memory_bits(fold),
        buffer_bits=layer.window_buffer_bits(fold),
        multipliers=fold.multiplier_blocks,
    )


def layers(moe: Moe, folding: Folding) -> dict[str, dict[str, Resources]]:
    """Every instance of a matrix layer, by switched domain; the local experts' layers by their names in a bank"""
    found = {}
    for domain, members in domain_layers(moe).items():
        banks = folding.weight_banks if domain in PERSONAL else 1
        there = [layer for layer in members if folding.is_present(layer, moe)]
        counted = {layer.name: layer_resources(layer, folding, banks) for layer in there}
        if domain == "le":
            experts = range(moe.local_experts)
            counted = {name_in_bank(name, i): part for i in experts for name, part in counted.items()}
        found[domain] = counted
    return found


def domains(moe: Moe, folding: Folding) -> dict[str, Resources]:
    """Every domain: aon (always on, which has the feature store), fe, ge, le, gn."""
    store = 0 if folding.local_only else feature_store_bits(moe)
    parts = {name: sum(members.values(), Resources()) for name, members in layers(moe, folding).items()}
    return {ALWAYS_ON: Resources(buffer_bits=store), **parts}


def personal_share(parts: dict[str, Resources]) -> dict[str, float]:
    """LE and GN over the GE (front end included), of each quantity of which the GE has any."""
    personal, ge = (asdict(sum((parts[name] for name in names), Resources())) for names in (PERSONAL, GLOBAL))
    return {name: personal[name] / ge[name] for name in ge if ge[name]}
