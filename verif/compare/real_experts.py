# SPDX-License-Identifier: Apache-2.0
"""Local experts, gate and mux in PyTorch on real values: what the paper describes, before any integer.

With ``quantise`` every requantisation of the hardware is done on the real values, and all results divided by their
scale are the hardware's integers. Without it nothing is rounded or saturated.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from golden.integer_model import Answers
from spec.bank import Bank
from spec.fixedpoint import FixedPoint
from spec.kinds.data import LayerWeights
from spec.kinds.matrix import MatrixLayer
from spec.kinds.pool import PoolLayer
from spec.network import Mode, Moe, name_in_bank
from verif.compare.kinds import real_kind

Tail = Callable[[Tensor], dict[str, Tensor]]
"""Outputs of the GE's layers behind the tap, in stream order, the logits last, for the images with these indices."""


def stream_order(x: Tensor) -> Tensor:
    """(N, channels, height, width) to (N, height, width, channels), the order of the hardware's streams."""
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


class RealExperts:
    """Answers images from real-valued features in every mode; the GE's tail is passed in."""

    def __init__(self, moe: Moe, bank: Bank, theta: int, local_expert: int, quantise: bool) -> None:
        self.moe, self.bank, self.local_expert, self.quantise = moe, bank, local_expert, quantise
        self.theta = theta * moe.gate.out.accumulator.scale

    def _dense(self, layer: MatrixLayer, weights: LayerWeights, x: Tensor) -> Tensor:
        weight = torch.from_numpy(weights.weight) * layer.weight.scale
        bias = torch.from_numpy(weights.bias) * layer.bias.scale
        y = functional.linear(x, weight.double(), bias.double())
        return y if layer.output is None else self._activate(y, layer.output)

    def _activate(self, x: Tensor, kind: FixedPoint) -> Tensor:
        return self._round(x, kind) if self.quantise else functional.relu(x)

    def _round(self, x: Tensor, kind: FixedPoint) -> Tensor:
        if not self.quantise:
            return x
        return torch.round(x / kind.scale).clamp(kind.minimum, kind.maximum) * kind.scale

    def _pool(self, features: Tensor, pool: PoolLayer) -> Tensor:
        return stream_order(real_kind(pool).pool(features, pool, self._round))

    def _confidence(self, logits: Tensor) -> Tensor:
        """Top logit and margin, (N, 2); the gate takes them as if they were on the features' scale."""
        feature = self.moe.network.feature_type
        unit = self.moe.le.out.accumulator.scale * 2.0**self.moe.confidence_shift  # one step of a confidence input
        top2 = logits.topk(2, dim=1).values
        inputs = torch.stack([top2[:, 0], top2[:, 0] - top2[:, 1]], 1) / unit * feature.scale
        return self._activate(inputs, feature)

    def _gate(self, features: Tensor, local: list[Tensor], layers: dict[str, Tensor]) -> Tensor:
        """Expert of each image: int64 (N,), 0 for the GE."""
        moe = self.moe
        pooled = layers["gate_pool"] = self._pool(features, moe.gate.pool)
        x = pooled.flatten(1)
        if moe.confidence_shift is not None:
            x = torch.cat([x, *map(self._confidence, local)], 1)
        for layer, weights in zip(moe.gate.layers, self.bank.gate, strict=True):
            x = layers[layer.name] = self._dense(layer, weights, x)
        logits = x
        best = logits[:, 1:].max(1)
        return torch.where(best.values - logits[:, 0] > self.theta, best.indices + 1, 0)

    def answer(self, features: Tensor, mode: Mode, tail: Tail) -> tuple[Answers, dict[str, Tensor]]:
        """Answer images from their features.

        Args:
            features: float64 (N, channels, height, width).

        Returns:
            The answers, and the real-valued output of every layer behind the features that ran, in stream order.
            Answers.used tells for which images the tail's layers ran.
        """
        n = len(features)
        layers: dict[str, Tensor] = {}
        expert = torch.zeros(n, dtype=torch.int64)
        local: list[Tensor] = []
        if mode != Mode.GE_ONLY:
            pooled = layers["le_pool"] = self._pool(features, self.moe.le.pool)
            for i, layers_of in enumerate(self.bank.local_experts):
                x = pooled.flatten(1)
                for layer, weights in zip(self.moe.le.layers, layers_of, strict=True):
                    x = layers[name_in_bank(layer.name, i)] = self._dense(layer, weights, x)
                local.append(x)
        if mode == Mode.LE_ONLY:
            expert[:] = self.local_expert + 1
        elif mode != Mode.GE_ONLY:
            expert = self._gate(features, local, layers)
        classes = torch.zeros(n, dtype=torch.int64)
        for i, logits in enumerate(local):
            mine = expert == i + 1
            classes[mine] = logits[mine].argmax(1)
        answers = Answers(np.zeros(0, np.uint8), expert.numpy().astype(np.uint8))
        if mode != Mode.LE_ONLY:
            rows = torch.nonzero(expert == 0).flatten() if mode == Mode.MOE_GATED else torch.arange(n)
            behind = tail(rows)
            generic = torch.zeros(n, dtype=torch.int64)
            generic[rows] = list(behind.values())[-1].argmax(1)
            classes = torch.where(expert == 0, generic, classes)
            if mode == Mode.MOE_GATED:
                answers.used = dict.fromkeys(behind, rows.numpy())
            layers |= behind
        answers.classes = classes.numpy().astype(np.uint8)
        return answers, layers
