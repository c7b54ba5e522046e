# SPDX-License-Identifier: Apache-2.0
"""All parts of an accelerator: what synthesis keeps apart, and so what is measured and estimated one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explore import surroundings
from explore.structure import Structure, frozen_layer, graph_layer, runtime_layer
from hw.gen.adder_graph import AdderGraph, adder_graph
from spec.domains import ALWAYS_ON
from spec.kinds.data import LayerFolding
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer
from spec.network import Head, Moe, Network, name_in_bank
from spec.presets import Accelerator

REST = "rest"  # of a domain: all of it but its layers


@dataclass(frozen=True, order=True)
class Part:
    """A layer of a domain, or the domain's rest."""

    domain: str
    name: str = REST


def graph_of(network: Network, layer: Layer) -> AdderGraph:
    """A layer's adder graph."""
    return adder_graph(f"{layer.name}_graph", network.weights[layer.name], layer.input, layer.accumulator)


def frozen(network: Network, layer: Layer, fold: LayerFolding | None, lanes: int) -> Structure:
    """A layer of the GE that gets words of ``lanes`` values."""
    if not layer.weighted:
        found = Structure()
        surroundings.pool(found, layer, lanes)
        return found
    return graph_layer(layer, graph_of(network, layer), lanes) if fold.graph else frozen_layer(layer, fold, lanes)


def learns(layer: MatrixLayer, head: Head, moe: Moe) -> bool:
    """Whether a layer's weights are moved on a device that learns: a local expert's last, the gate's first."""
    return layer is (head.out if head is moe.le else head.layers[0])


def structures(design: Accelerator) -> dict[Part, Structure]:
    """What every part consists of."""
    moe, folding = design.moe, design.folding
    network, streams = moe.network, folding.streams(moe)
    whole = not folding.local_only
    found = {Part(ALWAYS_ON): surroundings.always_on(moe, streams.features, folding.learning, whole)}
    for domain, layers in (("fe", network.front_end), *((("ge", network.tail),) if whole else ())):
        rest = Structure()
        for layer in layers:
            part = frozen(network, layer, folding.layers.get(layer.name), streams.into[layer.name])
            if layer.weighted:
                found[Part(domain, layer.name)] = part
            else:
                rest += part
        if layers[-1].raw:
            surroundings.arg_max(rest, streams.after[layers[-1].name], layers[-1].out_type.bits)
        found[Part(domain)] = rest
    for domain, head in (("le", moe.le), *((("gn", moe.gate),) if whole else ())):
        found |= _head(design, domain, head, streams.features)
    for part, structure in found.items():
        if part.name == REST:
            copies = moe.local_experts if part.domain == "le" else 1
            structure.add({part.domain: copies}, {part.domain: copies})
    return found


def _head(design: Accelerator, domain: str, head: Head, lanes: int) -> dict[Part, Structure]:
    moe, folding = design.moe, design.folding
    local = head is moe.le
    copies = moe.local_experts if local else 1
    folds = [folding.layers[layer.name] for layer in head.layers]
    rest = surroundings.before_head(moe, head, lanes, folds[0], folding.learning)
    if head.hidden:
        hidden = head.hidden[0]
        rest += surroundings.between_layers(hidden.output.bits, hidden.outputs, folds[0].pe, folds[1].simd)
    rest += surroundings.behind_head(head.out, folds[-1], local)
    found = {}
    for layer, fold in zip(head.layers, folds, strict=True):
        moved = folding.learning and learns(layer, head, moe)
        if moved:
            rest += surroundings.learner(layer, fold, layer is not head.out)
        made = runtime_layer(layer, fold, folding.weight_banks, moved)
        for expert in range(copies):
            found[Part(domain, name_in_bank(layer.name, expert) if local else layer.name)] = made
    return {Part(domain): rest.times(copies), **found}


def measured(design: Accelerator, row: Mapping) -> dict[Part, dict[str, int]]:
    """Cells of every part, from a measured point of the design; a domain's rest is the domain without its layers."""
    cells: dict[Part, dict[str, int]] = {}
    parts = structures(design)
    for part in parts:
        if part.name != REST:
            cells[part] = dict(row["layers"][part.name])
    for domain, whole in row["domains"].items():
        if Part(domain) not in parts:
            continue
        inside = [found for part, found in cells.items() if part.domain == domain]
        cells[Part(domain)] = {
            kind: count - sum(found.get(kind, 0) for found in inside) for kind, count in whole.items()
        }
    return cells
