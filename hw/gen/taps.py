# SPDX-License-Identifier: Apache-2.0
"""Verification taps: where in the RTL each layer's output stream can be watched.

A tap has the layer's name in the integer model, so that both sides can be compared name by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from spec.folding import Folding
from spec.network import Layer, MatrixLayer, Moe, activation_type


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


def taps(moe: Moe, folding: Folding, top: str = "u_top.u_core") -> tuple[Tap, ...]:
    """All taps below the instance ``top`` of moe_core."""
    network = moe.network
    feature_lanes = folding.layers[[x for x in network.front_end if isinstance(x, MatrixLayer)][-1].name].pe
    result = _chain_taps(network.front_end, folding, 1, f"{top}.u_front_end")
    result += _chain_taps(network.tail, folding, feature_lanes, f"{top}.u_ge.u_tail")

    def stream(name: str, at: str, prefix: str, data: str, lanes: int, bits: int, signed: bool, values: int) -> Tap:
        return Tap(name, f"{at}.{prefix}_valid", f"{at}.{prefix}_ready", f"{at}.{data}", lanes, bits, signed, values)

    def logits(name: str, at: str, layer: MatrixLayer) -> Tap:
        return stream(name, at, "logit", "logit", 1, layer.accumulator.bits, True, layer.outputs)

    feature_bits = network.feature_type.bits
    result.append(logits(network.layers[-1].name, f"{top}.u_ge", network.layers[-1]))
    le, gate = f"{top}.gen_le[0].u_le", f"{top}.u_gn"
    pooled = moe.le_pool.out_shape.size
    result.append(stream("le_pool", le, "pool", "pool_data", feature_lanes, feature_bits, False, pooled))
    for i in range(moe.local_experts):
        result.append(logits(f"le{i}", f"{top}.gen_le[{i}].u_le", moe.le))
    pooled = moe.gate_pool.out_shape.size
    result.append(stream("gate_pool", gate, "pool", "pool_data", feature_lanes, feature_bits, False, pooled))
    if moe.gate_hidden:
        lanes, units = folding.layers["gate_hidden"].pe, moe.gate_hidden.outputs
        at = f"{gate}.gen_hidden"
        result.append(stream("gate_hidden", at, "hidden", "hidden_data", lanes, feature_bits, False, units))
    result.append(logits("gate_out", gate, moe.gate_out))
    return tuple(result)
