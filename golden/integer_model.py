# SPDX-License-Identifier: Apache-2.0
"""The bit-accurate integer model of the accelerator: the reference that every implementation must equal.

Integers are carried in floating-point matrix products, which is exact as long as every partial sum stays below
2**24 (float32) or 2**53 (float64), in whatever order it is summed; the weights themselves pick the dtype per layer.
What each kind of layer computes stands in :mod:`golden.kinds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from golden.kinds import Step, step
from spec.bank import Bank
from spec.fixedpoint import requantize
from spec.kinds.layer import Layer
from spec.kinds.pool import PoolLayer
from spec.network import NO_CLASS, Head, LayerWeights, Mode, Moe, Network, name_in_bank

BATCH = 250  # images per inner step: intermediate results stay in the cache


@dataclass
class Answers:
    """What the accelerator answers, and what every layer produced on the way.

    ``classes`` and ``experts`` are uint8 of shape (N,) (expert 0 is the GE; class 255: no expert answered).
    ``layers`` maps a layer's name to its output, first axis the images that used the layer: uint8 activations in
    the order row, column, channel, or int32 logits.
    ``used`` maps the same names to the indices of those images where it is not all of them.
    """

    classes: np.ndarray
    experts: np.ndarray
    layers: dict[str, np.ndarray] = field(default_factory=dict)
    used: dict[str, np.ndarray] = field(default_factory=dict)


def _to_numpy(x: torch.Tensor, layer: Layer) -> np.ndarray:
    return x.to(torch.int32 if layer.raw else torch.uint8).numpy()


def pool(features: np.ndarray, layer: PoolLayer) -> np.ndarray:
    """What a pool makes of features: uint8 (N, H, W, C) to uint8 (N, H/size * W/size * C), flattened."""
    return _to_numpy(step(layer)(torch.from_numpy(np.ascontiguousarray(features))), layer).reshape(len(features), -1)


class NetworkModel:
    """The frozen GE alone."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._steps = [step(layer, network.weights.get(layer.name)) for layer in network.layers]

    def _run(self, x: torch.Tensor, first: int, last: int, taps: dict[str, np.ndarray] | None) -> torch.Tensor:
        if taps is None:
            return self._run_fused(x, self._steps[first:last])
        for layer, compute in zip(self.network.layers[first:last], self._steps[first:last], strict=True):
            x = compute(x)
            taps[layer.name] = _to_numpy(x, layer)
        return x

    @staticmethod
    def _run_fused(x: torch.Tensor, steps: list[Step]) -> torch.Tensor:
        """The same without intermediate results: max pools come before the requantisation that precedes them.

        Requantisation is monotone, so it commutes with the maximum, and there is less left to requantise.
        """
        pending: Step | None = None
        for compute in steps:
            if compute.commutes:
                x = compute(x)
                continue
            x = compute.accumulate(x if pending is None else pending.activate(x))
            pending = compute
        return x if pending is None else pending.activate(x)

    def front_end(self, images: np.ndarray, taps: dict[str, np.ndarray] | None = None) -> torch.Tensor:
        """Features of (N, H, W) or (N, H, W, C) uint8 images: (N, h, w, c) integers in a float carrier."""
        s = self.network.in_shape
        x = torch.from_numpy(np.ascontiguousarray(images)).reshape(-1, s.height, s.width, s.channels)
        return self._run(x, 0, self.network.tap_index, taps)

    def tail(self, features: torch.Tensor, taps: dict[str, np.ndarray] | None = None) -> np.ndarray:
        """int32 logits (N, classes) of the GE for features."""
        x = self._run(features, self.network.tap_index, len(self.network.layers), taps)
        return _to_numpy(x.reshape(len(x), self.network.classes), self.network.layers[-1])

    def features(self, images: np.ndarray, batch: int = BATCH) -> np.ndarray:
        """uint8 features (N, h, w, c) at the tap, as local experts and the gate see them."""
        parts = [self.front_end(images[i : i + batch]).to(torch.uint8).numpy() for i in range(0, len(images), batch)]
        f = self.network.features
        return np.concatenate(parts) if parts else np.zeros((0, f.height, f.width, f.channels), np.uint8)

    def logits(self, images: np.ndarray, batch: int = BATCH) -> np.ndarray:
        """int32 logits (N, classes)."""
        parts = [self.tail(self.front_end(images[i : i + batch])) for i in range(0, len(images), batch)]
        return np.concatenate(parts) if parts else np.zeros((0, self.network.classes), np.int32)


def confidence(logits: np.ndarray, shift: int, bits: int) -> np.ndarray:
    """The gate's confidence inputs of one expert: top logit and margin to the second, requantised.

    Args:
        logits: int32 (N, classes).
        shift: right shift (round half to even) before saturation to unsigned ``bits``.

    Returns:
        int64 (N, 2).
    """
    top2 = np.partition(logits, -2, axis=1)[:, -2:].astype(np.int64)
    return requantize(np.stack([top2[:, 1], top2[:, 1] - top2[:, 0]], 1), shift, bits)


def gate_decision(gate_logits: np.ndarray, theta: int) -> np.ndarray:
    """Which expert answers: 0 for the GE, i for local expert i - 1.

    The best local logit (lowest index on a tie) must exceed the generic logit by more than ``theta``.
    ``gate_logits`` is int (N, 1 + local experts).
    """
    local = gate_logits[:, 1:].astype(np.int64)
    best = local.argmax(1)
    wins = local[np.arange(len(local)), best] - gate_logits[:, 0] > theta
    return np.where(wins, best + 1, 0).astype(np.uint8)


class MoeModel:
    """GE, local experts, gate and mux: the accelerator's answers in every mode."""

    def __init__(self, moe: Moe) -> None:
        self.moe = moe
        self.ge = NetworkModel(moe.network)

    def local_logits(self, features: torch.Tensor, bank: Bank, taps: dict | None = None) -> list[np.ndarray]:
        """int32 logits (N, classes) of every local expert."""
        head = self.moe.le
        pooled = self._pooled(head, features, taps)
        logits = []
        for i, weights in enumerate(bank.local_experts):
            names = [name_in_bank(layer.name, i) for layer in head.layers]
            logits.append(self._dense(head, pooled, weights, taps, names))
        return logits

    def gate_logits(
        self, features: torch.Tensor, local_logits: list[np.ndarray], bank: Bank, taps: dict | None = None
    ) -> np.ndarray:
        """int32 gate logits (N, 1 + local experts), generic first."""
        moe = self.moe
        x = self._pooled(moe.gate, features, taps)
        if moe.confidence_shift is not None:
            bits = moe.network.feature_type.bits
            extra = np.concatenate([confidence(y, moe.confidence_shift, bits) for y in local_logits], 1)
            x = torch.cat([x, torch.from_numpy(extra.astype(np.float32)).to(x.dtype)], 1)
        return self._dense(moe.gate, x, bank.gate, taps, [layer.name for layer in moe.gate.layers])

    @staticmethod
    def _pooled(head: Head, features: torch.Tensor, taps: dict | None) -> torch.Tensor:
        pooled = step(head.pool)(features)
        if taps is not None:
            taps[head.pool.name] = _to_numpy(pooled, head.pool)
        return pooled.flatten(1)

    @staticmethod
    def _dense(
        head: Head, x: torch.Tensor, weights: Sequence[LayerWeights], taps: dict | None, names: Sequence[str]
    ) -> np.ndarray:
        """int32 logits of the head's layers; what each gives goes to ``taps`` under its name."""
        for name, layer, one in zip(names, head.layers, weights, strict=True):
            x = step(layer, one)(x)
            if taps is not None:
                taps[name] = _to_numpy(x, layer)
        return _to_numpy(x, head.out)

    def run(
        self,
        images: np.ndarray,
        mode: Mode,
        bank: Bank | None,
        theta: int = 0,
        local_expert: int = 0,
        keep_layers: bool = False,
        batch: int = BATCH,
    ) -> Answers:
        """Answer every image.

        Args:
            images: uint8 (N, H, W).
            mode: any mode but OFF, which accepts no image.
            bank: run-time weights; None is a device without a valid bank: MoE modes answer as the GE does and
                LE_ONLY answers class 255.
            theta: the gate's threshold.
            local_expert: which local expert answers in LE_ONLY.
            keep_layers: also return every layer's output.
        """
        if mode == Mode.OFF:
            raise ValueError("mode OFF accepts no image")
        parts = [
            self._run(images[i : i + batch], Mode(mode), bank, theta, local_expert, keep_layers)
            for i in range(0, max(len(images), 1), batch)
        ]
        total = Answers(
            np.concatenate([p.classes for p in parts]),
            np.concatenate([p.experts for p in parts]),
        )
        for name in parts[0].layers:
            total.layers[name] = np.concatenate([p.layers[name] for p in parts])
        for name in parts[0].used:
            offsets = [p.used[name] + i * batch for i, p in enumerate(parts)]
            total.used[name] = np.concatenate(offsets)
        return total

    def _run(self, images, mode, bank, theta, local_expert, keep) -> Answers:
        taps: dict[str, np.ndarray] | None = {} if keep else None
        n = len(images)
        features = self.ge.front_end(images, taps)
        if mode == Mode.GE_ONLY or (bank is None and mode != Mode.LE_ONLY):
            classes = self.ge.tail(features, taps).argmax(1)
            return Answers(classes.astype(np.uint8), np.zeros(n, np.uint8), taps or {})
        if bank is None:
            expert = np.full(n, local_expert + 1, np.uint8)
            return Answers(np.full(n, NO_CLASS, np.uint8), expert, taps or {})
        local = self.local_logits(features, bank, taps)
        if mode == Mode.LE_ONLY:
            expert = np.full(n, local_expert + 1, np.uint8)
            return Answers(local[local_expert].argmax(1).astype(np.uint8), expert, taps or {})
        expert = gate_decision(self.gate_logits(features, local, bank, taps), theta)
        used: dict[str, np.ndarray] = {}
        candidates = np.zeros((1 + len(local), n), np.int64)
        if mode == Mode.MOE_GATED:
            generic = np.flatnonzero(expert == 0)
            candidates[0, generic] = self.ge.tail(features[torch.from_numpy(generic)], taps).argmax(1)
            used = {layer.name: generic for layer in self.moe.network.tail} if keep else {}
        else:
            candidates[0] = self.ge.tail(features, taps).argmax(1)
        candidates[1:] = [y.argmax(1) for y in local]
        classes = candidates[expert, np.arange(n)].astype(np.uint8)
        return Answers(classes, expert, taps or {}, used)
