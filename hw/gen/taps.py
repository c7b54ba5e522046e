# SPDX-License-Identifier: Apache-2.0
"""Verification taps: where in the RTL each layer's output stream can be watched.

A tap has the layer's name in the integer model, so that both sides can be compared name by name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hw.hierarchy import BRANCHES, CLASS, GE_TAIL, HIDDEN, POOLED
from spec.folding import Folding
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer
from spec.kinds.pool import PoolLayer
from spec.network import Head, Moe, name_in_bank


@dataclass(frozen=True)
class Tap:
    """One watched stream: ``lanes`` values of ``bits`` a beat, ``values`` values an image."""

    name: str
    valid: str
    ready: str
    data: str
    lanes: int
    bits: int
    signed: bool
    values: int


def _chain_taps(layers: tuple[Layer, ...], folding: Folding, lanes: int, path: str) -> list[Tap]:
    taps = []
    for layer in layers:
        lanes = folding.lanes_after(layer, lanes)
        if layer.raw:
            continue  # raw logits are watched where they leave one by one
        at = f"{path}.u_{layer.name}"
        taps.append(
            Tap(
                layer.name,
                f"{at}.out_valid_o",
                f"{at}.out_ready_i",
                f"{at}.out_data_o",
                lanes,
                layer.out_type.bits,
                False,
                layer.out_shape.size,
            )
        )
    return taps


def taps(moe: Moe, folding: Folding, top: str = "u_top") -> tuple[Tap, ...]:
    """All taps below the instance ``top`` of moe_top, of what the device has."""
    network, whole = moe.network, not folding.local_only

    def at(domain: str, number: int = 0) -> str:
        return f"{top}.{BRANCHES[domain].path(number)}"

    feature_lanes = folding.streams(moe).features
    result = _chain_taps(network.front_end, folding, 1, at("fe"))
    if whole:
        result += _chain_taps(network.tail, folding, feature_lanes, f"{top}.{GE_TAIL}")

    def stream(name: str, at: str, prefix: str, data: str, lanes: int, bits: int, signed: bool, values: int) -> Tap:
        return Tap(name, f"{at}.{prefix}_valid", f"{at}.{prefix}_ready", f"{at}.{data}", lanes, bits, signed, values)

    def logits(name: str, at: str, layer: MatrixLayer) -> Tap:
        return stream(name, at, "logit", "logit", 1, layer.accumulator.bits, True, layer.outputs)

    def pool(name: str, at: str, layer: PoolLayer) -> Tap:
        return stream(name, at, "pool", "pool_data", feature_lanes, feature_bits, False, layer.out_shape.size)

    feature_bits = network.feature_type.bits
    if whole:
        result.append(logits(network.layers[-1].name, f"{at('ge')}.{CLASS}", network.layers[-1]))

    def hidden(head: Head, at: str) -> list[Tap]:
        """One entry for the hidden layer, if there is one; its name is still that of all local experts."""
        return [
            stream(
                layer.name, f"{at}.{HIDDEN}", "hidden", "hidden_data", folding.layers[layer.name].pe, feature_bits,
                False, layer.outputs,
            )
            for layer in head.hidden
        ]  # fmt: skip

    result.append(pool(moe.le.pool.name, f"{at('le')}.{POOLED}", moe.le.pool))
    for i in range(moe.local_experts):
        result += [replace(tap, name=name_in_bank(tap.name, i)) for tap in hidden(moe.le, at("le", i))]
        result.append(logits(name_in_bank(moe.le.out.name, i), f"{at('le', i)}.{CLASS}", moe.le.out))
    if whole:
        result.append(pool(moe.gate.pool.name, f"{at('gn')}.{POOLED}", moe.gate.pool))
        result += hidden(moe.gate, at("gn"))
        result.append(logits(moe.gate.out.name, at("gn"), moe.gate.out))
    return tuple(result)
