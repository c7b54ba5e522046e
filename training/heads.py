# SPDX-License-Identifier: Apache-2.0
"""Quantisation-aware dense heads on frozen features: what local experts and the gate consist of.

The types come from the specification (fixed power-of-two scales), so that training sees the very rounding and
saturation of the hardware, and the integers are read off at the end without any calibration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from spec.fixedpoint import FixedPoint, requantize
from spec.kinds.data import LayerWeights
from spec.kinds.matrix import MatrixLayer


@dataclass(frozen=True)
class HeadConfig:
    """Settings of a head's training: AdamW with a cosine schedule down to zero.

    ``normalise``: on normalised inputs (:meth:`Head.normalise`). AdamW moves every weight alike, so without it inputs
    that are always small, such as means beside maxima, hardly count.
    """

    epochs: int
    learning_rate: float
    batch: int = 256
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    seed: int = 0
    normalise: bool = False


def fake_quantise(values: Tensor, kind: FixedPoint) -> Tensor:
    """Round half to even and saturate to a fixed-point type; the gradient passes where nothing saturates.

    For an unsigned type the saturation at zero is the ReLU.
    """
    inside = values.clamp(kind.minimum * kind.scale, kind.maximum * kind.scale)
    rounded = torch.round(inside / kind.scale) * kind.scale
    return inside + (rounded - inside).detach()


class QuantisedDense(nn.Module):
    """A dense layer of the specification: float parameters, used through their quantised values.

    The parameters are those of a layer on normalised inputs (mean 0, deviation 1), which learns much faster; the
    weights and biases of the layer itself follow from them. Without :meth:`normalise` both are the same.
    """

    def __init__(self, layer: MatrixLayer, generator: torch.Generator) -> None:
        super().__init__()
        self.layer = layer
        bound = layer.inputs**-0.5
        self.weight = nn.Parameter((torch.rand(layer.outputs, layer.inputs, generator=generator) * 2 - 1) * bound)
        self.bias = nn.Parameter(torch.zeros(layer.outputs))
        self.register_buffer("mean", torch.zeros(layer.inputs))
        self.register_buffer("deviation", torch.ones(layer.inputs))

    def normalise(self, mean: Tensor, deviation: Tensor) -> None:
        """Let the parameters act on inputs (x - mean) / deviation; both float32 (inputs,), deviation > 0."""
        self.mean.copy_(mean)
        self.deviation.copy_(deviation)

    def real(self) -> tuple[Tensor, Tensor]:
        """Weights and biases of the layer, not yet quantised."""
        weight = self.weight / self.deviation
        return weight, self.bias - weight @ self.mean

    def forward(self, x: Tensor) -> Tensor:
        """Real-valued (N, inputs) to (N, outputs), requantised when the layer is."""
        layer, (weight, bias) = self.layer, self.real()
        y = functional.linear(x, fake_quantise(weight, layer.weight), fake_quantise(bias, layer.bias))
        return y if layer.output is None else fake_quantise(y, layer.output)

    def load_integers(self, weights: LayerWeights) -> None:
        """Start from integer weights."""
        weight = torch.from_numpy(weights.weight * self.layer.weight.scale).float()
        bias = torch.from_numpy(weights.bias * self.layer.bias.scale).float()
        with torch.no_grad():
            self.weight.copy_(weight * self.deviation)
            self.bias.copy_(bias + weight @ self.mean)

    def integers(self) -> LayerWeights:
        """The integer weights of the current parameters."""
        weight, bias = self.real()

        def integer(values: Tensor, kind: FixedPoint) -> np.ndarray:
            scaled = values.detach().double() / kind.scale
            return torch.round(scaled).clamp(kind.minimum, kind.maximum).numpy().astype(np.int64)

        return LayerWeights(integer(weight, self.layer.weight), integer(bias, self.layer.bias))


class Head(nn.Sequential):
    """One or more quantised dense layers, from integers on the first layer's input scale to real logits."""

    def __init__(self, layers: Sequence[MatrixLayer], seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        super().__init__(*(QuantisedDense(layer, generator) for layer in layers))
        self.input_scale = layers[0].input.scale

    @classmethod
    def to_train(cls, layers: Sequence[MatrixLayer], config: HeadConfig, inputs: np.ndarray) -> Head:
        """A fresh one for these settings; ``inputs``, integers (N, inputs), are what normalising goes by."""
        head = cls(layers, config.seed)
        if config.normalise:
            head.normalise(inputs)
        return head

    def forward(self, integers: Tensor) -> Tensor:
        """Integers of any dtype (N, inputs) to float32 logits (N, outputs)."""
        return super().forward(integers.float() * self.input_scale)

    def normalise(self, integers: np.ndarray) -> None:
        """Take mean and deviation of the first layer's inputs from these, (N, inputs); before anything is loaded."""
        mean, deviation = integers.mean(0) * self.input_scale, integers.std(0) * self.input_scale
        floor = 0.05 * deviation.max() + self.input_scale * 1e-3  # of inputs that hardly ever change
        self[0].normalise(torch.from_numpy(mean).float(), torch.from_numpy(np.maximum(deviation, floor)).float())

    def integers(self) -> tuple[LayerWeights, ...]:
        """Integer weights of every layer."""
        return tuple(layer.integers() for layer in self)

    def load_integers(self, weights: Sequence[LayerWeights]) -> None:
        """Start from integer weights, one for every layer."""
        for layer, one in zip(self, weights, strict=True):
            layer.load_integers(one)


EpochData = Callable[[int], tuple[Tensor, Tensor, Tensor]]
"""Maps an epoch to shuffled inputs (N x inputs; integers for a :class:`Head`), labels (int64, N), loss weights
(float32, N)."""


Losses = Callable[[Tensor, Tensor], Tensor]
"""Maps a batch's logits and labels to the loss of each sample, (N,)."""
Penalty = Callable[[Tensor, Tensor], Tensor]
"""Maps a batch's logits and labels to a scalar that is added to its loss."""


def train_head(
    head: nn.Module,
    epoch_data: EpochData,
    config: HeadConfig,
    losses: Losses | None = None,
    penalty: Penalty | None = None,
) -> Iterator[int]:
    """Train in place and yield the number of finished epochs after each, so that the caller can validate.

    Args:
        head: maps inputs to logits: a :class:`Head`, or other layers behind frozen ones.
        epoch_data: the samples of an epoch, as a pure function of the epoch.
        losses: default: cross-entropy with the configured label smoothing.
        penalty: a further part of the loss.
    """

    def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
        return functional.cross_entropy(logits, y, label_smoothing=config.label_smoothing, reduction="none")

    losses = losses or cross_entropy
    optimiser = torch.optim.AdamW(head.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.epochs)
    for epoch in range(config.epochs):
        head.train()
        for x, y, weight in zip(*(part.split(config.batch) for part in epoch_data(epoch)), strict=True):
            logits = head(x)
            loss = (losses(logits, y) * weight).mean()
            if penalty is not None:
                loss = loss + penalty(logits, y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
        head.eval()
        yield epoch + 1


def head_logits(head: Head, inputs: np.ndarray) -> np.ndarray:
    """Integer logits int32 (N, outputs), exact: the head's integer weights applied in integer arithmetic."""
    return integer_logits([module.layer for module in head], head.integers(), inputs)


def integer_logits(layers: Sequence[MatrixLayer], weights: Sequence[LayerWeights], inputs: np.ndarray) -> np.ndarray:
    """int32 (N, outputs) of dense layers one behind the other, exact, on integers (N, inputs)."""
    x = inputs.astype(np.int64)
    for layer, one in zip(layers, weights, strict=True):
        x = dense_integers(layer, one, x)
    return x.astype(np.int32)


def dense_integers(layer: MatrixLayer, weights: LayerWeights, inputs: np.ndarray) -> np.ndarray:
    """int64 (N, outputs) of one dense layer on integers (N, inputs), requantised when the layer is.

    The product is carried in float64, exact because the accumulator has far fewer than 53 bits.
    """
    accumulator = inputs.astype(np.float64) @ weights.weight.T.astype(np.float64) + weights.bias
    accumulator = accumulator.astype(np.int64)
    return accumulator if layer.output is None else requantize(accumulator, layer.shift, layer.output.bits)
