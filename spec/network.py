# SPDX-License-Identifier: Apache-2.0
"""The network specification: the single source of truth for shapes, types and widths.

The integer golden model, the SystemVerilog parameters, the weight memories and the HLS sources are all derived
from these classes. A :class:`Network` is the frozen global expert (GE), read from QONNX by
:mod:`spec.qonnx_reader`; a :class:`Moe` adds the local experts (LE) and the gating network (GN) on its features.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

import numpy as np

from spec.errors import InputError
from spec.fixedpoint import FixedPoint, signed_bits

NO_CLASS = 255  # the class of a result that no expert answered


class Mode(IntEnum):
    """Operating modes (docs/architecture.md). The value is the encoding of the hardware's mode input."""

    OFF = 0
    GE_ONLY = 1
    LE_ONLY = 2
    MOE_PARALLEL = 3
    MOE_GATED = 4


@dataclass(frozen=True)
class Shape:
    """Shape of an activation; streams carry it in the order row, column, channel."""

    height: int
    width: int
    channels: int

    @property
    def size(self) -> int:
        """Number of values."""
        return self.height * self.width * self.channels

    def __str__(self) -> str:
        return f"{self.height}x{self.width}x{self.channels}"


@dataclass(frozen=True)
class MatrixLayer:
    """A layer of multiply-accumulates: a convolution (stride 1, no padding) or a dense layer (``kernel`` None).

    ``output`` is the type after ReLU and requantisation, or None when the raw accumulators leave the layer.
    ``extra_inputs`` counts inputs that follow the flattened feature map (the gate's confidence inputs).
    """

    name: str
    in_shape: Shape
    outputs: int
    kernel: int | None
    input: FixedPoint
    weight: FixedPoint
    bias: FixedPoint
    accumulator: FixedPoint
    output: FixedPoint | None
    extra_inputs: int = 0

    @property
    def out_shape(self) -> Shape:
        """Shape of the result."""
        if self.kernel is None:
            return Shape(1, 1, self.outputs)
        return Shape(self.in_shape.height - self.kernel + 1, self.in_shape.width - self.kernel + 1, self.outputs)

    @property
    def inputs(self) -> int:
        """Inputs of one output (the length of the dot product)."""
        if self.kernel is None:
            return self.in_shape.size + self.extra_inputs
        return self.kernel * self.kernel * self.in_shape.channels

    @property
    def positions(self) -> int:
        """Matrix-vector products per image."""
        return self.out_shape.height * self.out_shape.width

    @property
    def macs(self) -> int:
        """Multiply-accumulates per image."""
        return self.positions * self.inputs * self.outputs

    @property
    def weights(self) -> int:
        """Number of weights without biases, as the paper's Table 1 counts them."""
        return self.inputs * self.outputs

    @property
    def shift(self) -> int:
        """Right shift of the requantisation (0 without one)."""
        return 0 if self.output is None else self.accumulator.fraction_bits - self.output.fraction_bits


@dataclass(frozen=True)
class PoolLayer:
    """Max pooling; the stride equals the window."""

    name: str
    in_shape: Shape
    size: int
    activation: FixedPoint

    @property
    def out_shape(self) -> Shape:
        """Shape of the result."""
        s = self.in_shape
        return Shape(s.height // self.size, s.width // self.size, s.channels)


Layer = MatrixLayer | PoolLayer


@dataclass(frozen=True)
class LayerWeights:
    """Integer weights of one matrix layer.

    ``weight`` is int64 of shape (outputs, inputs); a convolution's inputs are in the order kernel row, kernel
    column, channel, a dense layer's in the order row, column, channel, then extra inputs: the order of the streams.
    ``bias`` is int64 of shape (outputs,), on the accumulator's scale.
    """

    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Network:
    """The frozen global expert: layers in order, integer weights by layer name, and where the features are tapped."""

    name: str
    in_shape: Shape
    pixel: FixedPoint
    layers: tuple[Layer, ...]
    weights: dict[str, LayerWeights] = field(repr=False)
    tap: str

    def __post_init__(self) -> None:
        names = [layer.name for layer in self.layers]
        if self.tap not in names:
            raise InputError(f"network {self.name}: there is no layer '{self.tap}' to tap, only {', '.join(names)}")
        if not isinstance(self.layers[-1], MatrixLayer) or self.layers[-1].output is not None:
            raise InputError(f"network {self.name}: the last layer must be a dense layer that gives raw logits")

    @property
    def tap_index(self) -> int:
        """Number of layers in the front end."""
        return [layer.name for layer in self.layers].index(self.tap) + 1

    @property
    def front_end(self) -> tuple[Layer, ...]:
        """The layers shared with local experts and the gate, up to and including the tap."""
        return self.layers[: self.tap_index]

    @property
    def tail(self) -> tuple[Layer, ...]:
        """The global expert's own layers, behind the tap."""
        return self.layers[self.tap_index :]

    @property
    def features(self) -> Shape:
        """Shape of the tapped features."""
        return self.front_end[-1].out_shape

    @property
    def feature_type(self) -> FixedPoint:
        """Type of the tapped features."""
        return activation_type(self.front_end[-1])

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.layers[-1].out_shape.channels

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the whole GE per image."""
        return sum(layer.macs for layer in self.layers if isinstance(layer, MatrixLayer))

    def digest(self) -> str:
        """SHA-256 over shapes, types and weights: two networks with the same digest behave the same."""
        h = hashlib.sha256()
        for layer in self.layers:
            h.update(repr(layer).encode())
            if layer.name in self.weights:
                h.update(self.weights[layer.name].weight.astype("<i8").tobytes())
                h.update(self.weights[layer.name].bias.astype("<i8").tobytes())
        return h.hexdigest()


@dataclass(frozen=True)
class Moe:
    """The whole accelerator: the GE, N local experts and the gate, with every layer's types and widths."""

    network: Network
    preset: str
    local_experts: int
    le_pool: PoolLayer
    le: MatrixLayer
    gate_pool: PoolLayer
    gate_hidden: MatrixLayer | None
    gate_out: MatrixLayer
    confidence_shift: int | None  # None: the gate takes no confidence inputs
    le_start: Literal["random", "generic"]
    threshold: Literal["zero", "validation"]

    @property
    def confidence_inputs(self) -> int:
        """Confidence inputs of the gate: top logit and margin of each local expert."""
        return 0 if self.confidence_shift is None else 2 * self.local_experts

    @property
    def runtime_layers(self) -> tuple[MatrixLayer, ...]:
        """Layers whose weights are loaded at run time, in the order of a bank (every local expert is an ``le``)."""
        return (self.le, *((self.gate_hidden,) if self.gate_hidden else ()), self.gate_out)


def activation_type(layer: Layer) -> FixedPoint:
    """Type of the values that leave a layer (its accumulators when it is not requantised)."""
    if isinstance(layer, PoolLayer):
        return layer.activation
    return layer.output or layer.accumulator


def accumulator_for_weights(weights: LayerWeights, inputs: FixedPoint) -> tuple[int, int]:
    """Interval of every partial sum of ``bias + weight @ x`` over all inputs x that ``inputs`` can represent.

    Activations are unsigned, so each partial sum lies between the bias plus all negative products and the bias
    plus all positive ones, whatever the order of summation: no width derived from this interval can wrap.
    """
    low = weights.bias + np.minimum(weights.weight, 0).sum(1) * inputs.maximum
    high = weights.bias + np.maximum(weights.weight, 0).sum(1) * inputs.maximum
    return int(min(low.min(), 0)), int(max(high.max(), 0))


def accumulator_for_any_weights(inputs: int, activation: FixedPoint, weight: FixedPoint, bias: FixedPoint) -> int:
    """Accumulator bits that hold any weights loadable at run time (worst case over the weight and bias types)."""
    low = bias.minimum + inputs * weight.minimum * activation.maximum
    high = bias.maximum + inputs * weight.maximum * activation.maximum
    return signed_bits(low, high)


def build_moe(network: Network, gate: dict, local_experts: int | None = None) -> Moe:
    """Combine a GE with a gate preset (a dictionary as read from ``configs/gates``).

    Raises:
        InputError: a pooling does not divide the feature map, or a required key is missing or out of range.
    """
    try:
        return _build_moe(network, gate, local_experts)
    except KeyError as missing:
        raise InputError(f"gate preset '{gate.get('name', '?')}' lacks the key {missing}") from None


def _build_moe(network: Network, gate: dict, local_experts: int | None) -> Moe:
    preset, le_cfg, gn_cfg = gate["name"], gate["local_expert"], gate["gate"]
    count = local_experts or gate.get("local_experts", 1)
    if not 1 <= count <= 8:
        raise InputError(f"gate preset '{preset}': local_experts is {count}, allowed are 1 to 8")
    feature = network.feature_type
    bias_bits = 16

    def pool(name: str, outputs: int) -> PoolLayer:
        shape = network.features
        if outputs < 1 or shape.height != shape.width or shape.height % outputs:
            raise InputError(
                f"gate preset '{preset}': {name} = {outputs} does not divide the {shape.height}x{shape.width} features"
            )
        return PoolLayer(name, shape, shape.height // outputs, feature)

    def dense(name: str, shape: Shape, extra: int, outputs: int, source: FixedPoint, cfg: dict, shift: int | None):
        weight = FixedPoint(cfg["weight_bits"], True, cfg["weight_fraction_bits"])
        fraction = source.fraction_bits + weight.fraction_bits
        bias = FixedPoint(bias_bits, True, fraction)
        bits = accumulator_for_any_weights(shape.size + extra, source, weight, bias)
        accumulator = FixedPoint(bits, True, fraction)
        output = None if shift is None else FixedPoint(feature.bits, False, fraction - shift)
        return MatrixLayer(name, shape, outputs, None, source, weight, bias, accumulator, output, extra)

    le_pool = pool("le_pool", le_cfg["pool"])
    gate_pool = pool("gate_pool", gn_cfg["pool"])
    le = dense("le", le_pool.out_shape, 0, network.classes, feature, le_cfg, None)
    confidence_shift = gn_cfg["confidence_shift"] if gn_cfg["confidence"] else None
    extra = 2 * count if gn_cfg["confidence"] else 0
    hidden = None
    gate_in, gate_extra, gate_type = gate_pool.out_shape, extra, feature
    if gn_cfg["hidden"]:
        hidden = dense("gate_hidden", gate_in, extra, gn_cfg["hidden"], feature, gn_cfg, gn_cfg["hidden_shift"])
        gate_in, gate_extra, gate_type = hidden.out_shape, 0, hidden.output
    out = dense("gate_out", gate_in, gate_extra, count + 1, gate_type, gn_cfg, None)
    return Moe(
        network,
        preset,
        count,
        le_pool,
        le,
        gate_pool,
        hidden,
        out,
        confidence_shift,
        le_cfg["start"],
        gn_cfg["threshold"],
    )
