# SPDX-License-Identifier: Apache-2.0
"""A bank: the run-time weights of the local experts and the gate, as loaded into the hardware for one user."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from spec.errors import InputError
from spec.network import LayerWeights, Moe, name_in_bank


@dataclass(frozen=True)
class Bank:
    """Integer weights of the local experts and the gate (layouts as in :class:`spec.network.LayerWeights`).

    ``network_digest`` names the GE that the bank was trained for. Weights of a local expert and of the gate come layer
    by layer, as in :class:`spec.network.Head`.
    """

    preset: str
    network_digest: str
    local_experts: tuple[tuple[LayerWeights, ...], ...]
    gate: tuple[LayerWeights, ...]

    def layers(self) -> tuple[tuple[str, LayerWeights], ...]:
        """All layers by name, in the order of :attr:`spec.network.Moe.bank_layers`."""
        experts = tuple(
            (name_in_bank(name, i), weights)
            for i, expert in enumerate(self.local_experts)
            for name, weights in zip(("le_hidden", "le")[-len(expert) :], expert, strict=True)
        )
        return (*experts, *zip(("gate_hidden", "gate_out")[-len(self.gate) :], self.gate, strict=True))

    def without_gate(self) -> Bank:
        """What a device without a gate gives back: zeros in the place of the gate's weights."""
        zeros = tuple(LayerWeights(np.zeros_like(one.weight), np.zeros_like(one.bias)) for one in self.gate)
        return replace(self, gate=zeros)

    def digest(self) -> str:
        """SHA-256 over all weights and biases."""
        h = hashlib.sha256()
        for name, weights in self.layers():
            h.update(name.encode() + weights.weight.astype("<i8").tobytes() + weights.bias.astype("<i8").tobytes())
        return h.hexdigest()

    def check(self, moe: Moe, origin: str = "bank") -> None:
        """Refuse a bank that was made for another GE, preset or shape, or whose values do not fit their types.

        Raises:
            InputError: says what differs.
        """
        if self.preset != moe.preset:
            raise InputError(f"{origin}: made for the gate preset '{self.preset}', not for '{moe.preset}'")
        if self.network_digest != moe.network.digest():
            raise InputError(
                f"{origin}: made for the global expert {self.network_digest[:12]}, not {moe.network.digest()[:12]}"
            )
        specs = [layer for _, layer in moe.bank_layers]
        if len(specs) != len(self.layers()):
            raise InputError(f"{origin}: has {len(self.layers())} layers, the accelerator {len(specs)}")
        for (name, weights), spec in zip(self.layers(), specs, strict=True):
            expected = (spec.outputs, spec.inputs)
            if weights.weight.shape != expected or weights.bias.shape != expected[:1]:
                raise InputError(f"{origin}: {name} has shape {weights.weight.shape}, the accelerator {expected}")
            if not (spec.weight.contains(weights.weight) and spec.bias.contains(weights.bias)):
                raise InputError(f"{origin}: {name} has values outside {spec.weight.bits}/{spec.bias.bits} bits")


def random_bank(moe: Moe, seed: int) -> Bank:
    """A bank of uniformly random weights over the full range of each type: for tests, not for use."""
    rng = np.random.default_rng(seed)

    def draw(spec) -> LayerWeights:
        return LayerWeights(
            rng.integers(spec.weight.minimum, spec.weight.maximum + 1, (spec.outputs, spec.inputs)),
            rng.integers(spec.bias.minimum, spec.bias.maximum + 1, spec.outputs),
        )

    gate_hidden = [draw(layer) for layer in moe.gate.hidden]
    experts = tuple(tuple(map(draw, moe.le.layers)) for _ in range(moe.local_experts))
    return Bank(moe.preset, moe.network.digest(), experts, (*gate_hidden, draw(moe.gate.out)))
