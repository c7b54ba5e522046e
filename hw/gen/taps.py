# SPDX-License-Identifier: Apache-2.0
"""Verification taps: where in the RTL each layer's output stream can be watched.

A tap has the layer's name in the integer model, so that both sides can be compared name by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from hw.hierarchy import BRANCHES, CLASS, GE_TAIL, HIDDEN, POOLED
from spec.folding import Folding
from spec.network import Layer, MatrixLayer, Moe, PoolLayer, activation_type


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
        if isinstance(layer, MatrixLayer):
            if layer.output is None:
                continue  # raw logits are watched where they leave one by one
            lanes = folding.layers[layer.name].pe
        at = f"{path}.u_{layer.name}"
        bits = activation_type(layer).bits
        taps.append(
            Tap(
                layer.name,
                f"{at}.out_valid_o",
                f"{at}.out_ready_i",
                f"{at}.out_data_o",
                lanes,
                bits,
                False,
                layer.out_shape.size,
            )
        )
    return taps


def taps(moe: Moe, folding: Folding, top: str = "u_top") -> tuple[Tap, ...]:
    """All taps below the instance ``top`` of moe_top."""
    network = moe.network

    def at(domain: str, number: int = 0) -> str:
        return f"{top}.{BRANCHES[domain].path(number)}"

    feature_lanes = folding.layers[[x for x in network.front_end if isinstance(x, MatrixLayer)][-1].name].pe
    result = _chain_taps(network.front_end, folding, 1, at("fe"))
    result += _chain_taps(network.tail, folding, feature_lanes, f"{top}.{GE_TAIL}")

    def stream(name: str, at: str, prefix: str, data: str, lanes: int, bits: int, signed: bool, values: int) -> Tap:
        return Tap(name, f"{at}.{prefix}_valid", f"{at}.{prefix}_ready", f"{at}.{data}", lanes, bits, signed, values)

    def logits(name: str, at: str, layer: MatrixLayer) -> Tap:
        return stream(name, at, "logit", "logit", 1, layer.accumulator.bits, True, layer.outputs)

    def pool(name: str, at: str, layer: PoolLayer) -> Tap:
        return stream(name, at, "pool", "pool_data", feature_lanes, feature_bits, False, layer.out_shape.size)

    feature_bits = network.feature_type.bits
    result.append(logits(network.layers[-1].name, f"{at('ge')}.{CLASS}", network.layers[-1]))
    pooled = moe.le_pool.out_shape.size
    result.append(
        stream("le_pool", f"{at('le')}.{POOLED}", "pool", "pool_data", feature_lanes, feature_bits, False, pooled)
    )
    for i in range(moe.local_experts):
        result.append(logits(f"le{i}", f"{at('le', i)}.{CLASS}", moe.le))
    pooled = moe.gate_pool.out_shape.size
    result.append(
        stream("gate_pool", f"{at('gn')}.{POOLED}", "pool", "pool_data", feature_lanes, feature_bits, False, pooled)
    )
    if moe.gate_hidden:
        lanes, units = folding.layers["gate_hidden"].pe, moe.gate_hidden.outputs
        hidden = f"{at('gn')}.{HIDDEN}"
        result.append(stream("gate_hidden", hidden, "hidden", "hidden_data", lanes, feature_bits, False, units))
    result.append(logits("gate_out", at("gn"), moe.gate_out))
    return tuple(result)
