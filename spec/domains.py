# SPDX-License-Identifier: Apache-2.0
"""Power domains of the accelerator, and what works in which."""

from __future__ import annotations

from spec.kinds import weighted
from spec.kinds.matrix import MatrixLayer
from spec.network import Moe

DOMAINS = ("fe", "ge", "le", "gn")
"""Those that can be switched, in the order of the registers: front end, global expert, local experts, gate."""

ALWAYS_ON = "aon"
"""Streams, registers, sequencers, mux, counters, feature store and bank loader."""


def domain_layers(moe: Moe) -> dict[str, tuple[MatrixLayer, ...]]:
    """Layers with weights of each switched domain, by the names of :data:`DOMAINS`."""
    return {
        "fe": weighted(moe.network.front_end),
        "ge": weighted(moe.network.tail),
        "le": moe.le.layers,
        "gn": moe.gate.layers,
    }
