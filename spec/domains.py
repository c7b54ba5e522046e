# SPDX-License-Identifier: Apache-2.0
"""Power domains of the accelerator, and what works in which."""

from __future__ import annotations

from spec.network import MatrixLayer, Moe

DOMAINS = ("fe", "ge", "le", "gn")
"""Those that can be switched, in the order of the registers: front end, global expert, local experts, gate."""

ALWAYS_ON = "aon"
"""Streams, registers, sequencers, mux, counters, feature store and bank loader."""


def domain_layers(moe: Moe) -> dict[str, tuple[MatrixLayer, ...]]:
    """Matrix layers of each switched domain, by the names of :data:`DOMAINS`."""

    def matrices(layers: tuple) -> tuple[MatrixLayer, ...]:
        return tuple(layer for layer in layers if isinstance(layer, MatrixLayer))

    return {
        "fe": matrices(moe.network.front_end),
        "ge": matrices(moe.network.tail),
        "le": (moe.le,),
        "gn": moe.runtime_layers[1:],
    }
