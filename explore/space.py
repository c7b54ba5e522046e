# SPDX-License-Identifier: Apache-2.0
"""What may be chosen: the axes of the search, and the network and gate that a choice describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from explore.choice import divisors
from explore.quantise import narrowed
from spec.network import Moe, Network, build_moe

AXES = ("folding", "widths", "pooling", "hidden", "experts")
LEAST_WEIGHT, LEAST_ACTIVATION = 2, 4  # bits
HIDDEN_LOCAL, HIDDEN_GATE = (0, 10, 20, 40, 80), (0, 6, 12, 16, 32)  # units
HIDDEN_SHIFT, CONFIDENCE_SHIFT = 8, 9  # of a gate preset that has none
EXPERTS = (1, 2, 3, 4)

Suggest = Callable[[str, Sequence[int]], int]
"""Chooses one of several values for a name."""


@dataclass(frozen=True)
class Choice:
    """What was chosen beside the folding; the empty one is network and gate as given.

    Attributes:
        widths: (layer, bits of its weights), and ``activations``; empty when all are the file's.
        gate: (name, value) of what differs from the gate preset.
    """

    widths: tuple[tuple[str, int], ...] = ()
    gate: tuple[tuple[str, int], ...] = ()

    def text(self) -> str:
        """For tables: what differs."""
        return " ".join(f"{name}={value}" for name, value in (*self.widths, *self.gate))


@dataclass
class Space:
    """A network file and a gate preset, and which axes are free.

    Attributes:
        images: uint8 (N, height, width), to choose scales of narrower values by; needed for the axis widths.
    """

    network: Network
    gate: Mapping[str, Any]
    axes: Sequence[str]
    experts: int | None = None
    images: np.ndarray | None = None
    _networks: dict = field(default_factory=dict, repr=False)

    def choose(self, suggest: Suggest) -> Choice:
        """One choice on every free axis."""
        widths: list[tuple[str, int]] = []
        gate: list[tuple[str, int]] = []
        if "widths" in self.axes:
            most = self._widths()
            least = {name: LEAST_ACTIVATION if name == "activations" else LEAST_WEIGHT for name in most}
            bits = {name: suggest(name, range(least[name], most[name] + 1)) for name in most}
            widths = [] if bits == most else list(bits.items())
        if "pooling" in self.axes:
            sizes = divisors(self.network.features.height)
            gate += [(name, suggest(name, sizes)) for name in ("n", "m")]
        if "hidden" in self.axes:
            gate.append(("hidden", suggest("hidden", HIDDEN_LOCAL)))
            gate.append(("gate_hidden", suggest("gate_hidden", HIDDEN_GATE)))
        if "experts" in self.axes:
            gate.append(("experts", suggest("experts", EXPERTS)))
        return Choice(tuple(widths), tuple(gate))

    def narrowest(self) -> dict[str, int]:
        """Which of the values of :meth:`choose` make the narrowest network: names of the axis widths, and 0."""
        return dict.fromkeys(self._widths(), 0) if "widths" in self.axes else {}

    def _widths(self) -> dict[str, int]:
        """Bits that the file has, by the names of :attr:`Choice.widths`."""
        weights = {layer.name: layer.weight.bits for layer in self.network.weighted_layers}
        return {**weights, "activations": self.network.feature_type.bits}

    def network_of(self, choice: Choice) -> Network:
        """The network with the chosen widths."""
        if not choice.widths:
            return self.network
        if choice.widths not in self._networks:
            bits = dict(choice.widths)
            activations = bits.pop("activations")
            self._networks[choice.widths] = narrowed(self.network, bits, activations, self.images)
        return self._networks[choice.widths]

    def gate_of(self, choice: Choice) -> dict[str, Any]:
        """The gate preset with the chosen sizes."""
        made, chosen = dict(self.gate), dict(choice.gate)
        local, gate = dict(made["local_expert"]), dict(made["gate"])
        for section, keys in (
            (local, {"n": "pool", "hidden": "hidden"}),
            (gate, {"m": "pool", "gate_hidden": "hidden"}),
        ):
            section.update({key: chosen[name] for name, key in keys.items() if name in chosen})
            section.setdefault("hidden_shift", HIDDEN_SHIFT)
        gate.setdefault("confidence_shift", CONFIDENCE_SHIFT)
        made |= {"local_expert": local, "gate": gate}
        if choice.gate:
            made["name"] = f"{self.gate['name']}_chosen"
        return made

    def given(self) -> Moe:
        """The accelerator's network without any choice."""
        return self.moe(Choice())

    def moe(self, choice: Choice) -> Moe:
        """The chosen accelerator's network.

        Raises:
            InputError: its parts do not fit one another.
        """
        experts = dict(choice.gate).get("experts", self.experts)
        return build_moe(self.network_of(choice), self.gate_of(choice), experts)
