# SPDX-License-Identifier: Apache-2.0
"""The bit-accurate integer model of the accelerator: the reference that every implementation must equal.

Integers are carried in floating-point matrix products, which is exact as long as every partial sum stays below
2**24 (float32) or 2**53 (float64), in whatever order it is summed; the weights themselves pick the dtype per layer.
Convolutions are matrix products of their windows, never a library's convolution: that may be a Winograd or FFT
transform, whose intermediate results are no integers, or may round its operands to bfloat16.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from spec.bank import Bank
from spec.fixedpoint import requantize
from spec.network import (
    NO_CLASS,
    LayerWeights,
    MatrixLayer,
    Mode,
    Moe,
    Network,
    PoolLayer,
)

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


class _Product:
    """One matrix layer with its weights in the narrowest exact floating-point dtype."""

    def __init__(self, layer: MatrixLayer, weights: LayerWeights) -> None:
        # Bounds every partial sum of any subset of products and bias, not only those that start with the bias.
        bound = np.abs(weights.weight).sum(1) * layer.input.maximum + np.abs(weights.bias)
        exact32 = bound.max() < 1 << 24
        self.layer = layer
        self.dtype = torch.float32 if exact32 else torch.float64
        self.weight = torch.from_numpy(weights.weight.astype(np.float64)).to(self.dtype)
        self.bias = torch.from_numpy(weights.bias.astype(np.float64)).to(self.dtype)

    def accumulate(self, x: torch.Tensor) -> torch.Tensor:
        """Accumulators of integers (N, H, W, C) or (N, inputs): (N, H', W', outputs) or (N, outputs), float carrier."""
        layer = self.layer
        x = x.to(self.dtype)
        if layer.kernel is None:
            return torch.addmm(self.bias, x.reshape(len(x), layer.inputs), self.weight.T)
        out, k = layer.out_shape, layer.kernel
        windows = x.unfold(1, k, 1).unfold(2, k, 1).permute(0, 1, 2, 4, 5, 3)  # N, H', W', k, k, C
        acc = torch.addmm(self.bias, windows.reshape(-1, layer.inputs), self.weight.T)
        return acc.reshape(len(x), out.height, out.width, out.channels)

    def activate(self, acc: torch.Tensor) -> torch.Tensor:
        """Requantise accumulators in place; raw logits stay as they are."""
        if self.layer.output is None:
            return acc
        # Exact: a power-of-two scale, and torch.round rounds half to even.
        return acc.mul_(2.0**-self.layer.shift).round_().clamp_(0, self.layer.output.maximum)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """The layer's output: :meth:`accumulate`, then :meth:`activate`."""
        return self.activate(self.accumulate(x))


def _max_pool(x: torch.Tensor, size: int) -> torch.Tensor:
    """Maximum over windows of (N, H, W, C): whole strided slices, which vectorises where a reduction does not."""
    result = x[:, ::size, ::size]
    for offset in range(1, size * size):
        result = torch.maximum(result, x[:, offset // size :: size, offset % size :: size])
    return result


def _to_numpy(x: torch.Tensor, layer: MatrixLayer | PoolLayer) -> np.ndarray:
    raw = isinstance(layer, MatrixLayer) and layer.output is None
    return x.to(torch.int32 if raw else torch.uint8).numpy()


class NetworkModel:
    """The frozen GE alone."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._steps = [
            _Product(layer, network.weights[layer.name]) if isinstance(layer, MatrixLayer) else layer
            for layer in network.layers
        ]

    def _run(self, x: torch.Tensor, first: int, last: int, taps: dict[str, np.ndarray] | None) -> torch.Tensor:
        if taps is None:
            return self._run_fused(x, self._steps[first:last])
        for layer, step in zip(self.network.layers[first:last], self._steps[first:last], strict=True):
            x = _max_pool(x, step.size) if isinstance(step, PoolLayer) else step(x)
            taps[layer.name] = _to_numpy(x, layer)
        return x

    @staticmethod
    def _run_fused(x: torch.Tensor, steps: list[_Product | PoolLayer]) -> torch.Tensor:
        """The same without intermediate results: pools come before the requantisation that precedes them.

        Requantisation is monotone, so it commutes with the maximum, and there is less left to requantise.
        """
        pending: _Product | None = None
        for step in steps:
            if isinstance(step, PoolLayer):
                x = _max_pool(x, step.size)
                continue
            x = step.accumulate(x if pending is None else pending.activate(x))
            pending = step
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
        pooled = _max_pool(features, self.moe.le_pool.size)
        if taps is not None:
            taps["le_pool"] = _to_numpy(pooled, self.moe.le_pool)
        logits = []
        for i, weights in enumerate(bank.local_experts):
            logits.append(_to_numpy(_Product(self.moe.le, weights)(pooled), self.moe.le))
            if taps is not None:
                taps[f"le{i}"] = logits[-1]
        return logits

    def gate_logits(
        self, features: torch.Tensor, local_logits: list[np.ndarray], bank: Bank, taps: dict | None = None
    ) -> np.ndarray:
        """int32 gate logits (N, 1 + local experts), generic first."""
        moe = self.moe
        pooled = _max_pool(features, moe.gate_pool.size)
        x = pooled.flatten(1)
        if taps is not None:
            taps["gate_pool"] = _to_numpy(pooled, moe.gate_pool)
        if moe.confidence_shift is not None:
            bits = moe.network.feature_type.bits
            extra = np.concatenate([confidence(y, moe.confidence_shift, bits) for y in local_logits], 1)
            x = torch.cat([x, torch.from_numpy(extra.astype(np.float32)).to(x.dtype)], 1)
        if moe.gate_hidden:
            x = _Product(moe.gate_hidden, bank.gate_hidden)(x)
            if taps is not None:
                taps["gate_hidden"] = _to_numpy(x, moe.gate_hidden)
        logits = _to_numpy(_Product(moe.gate_out, bank.gate_out)(x), moe.gate_out)
        if taps is not None:
            taps["gate_out"] = logits
        return logits

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
