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

from spec.errors import InputError
from spec.fixedpoint import FixedPoint
from spec.kinds import pool_named, weighted
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.dense import Dense
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer
from spec.kinds.pool import PoolLayer

NO_CLASS = 255  # the class of a result that no expert answered
MOST_CLASSES = NO_CLASS
MOST_HIDDEN = 255  # hidden units of the gate: a register of 8 bits tells how many
ACTIVATION_BITS, LOGIT_BITS = 8, 32  # that layers give at most, as every implementation carries them


class Mode(IntEnum):
    """Operating modes (docs/architecture.md). The value is the encoding of the hardware's mode input."""

    OFF = 0
    GE_ONLY = 1
    LE_ONLY = 2
    MOE_PARALLEL = 3
    MOE_GATED = 4


RUNNING_MODES = (Mode.GE_ONLY, Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED)
"""The modes that answer images."""


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
        for layer in self.layers:
            _check_width(f"network {self.name}", layer)
        if self.classes > MOST_CLASSES:
            raise InputError(f"network {self.name}: has {self.classes} classes, at most {MOST_CLASSES} are supported")
        if not self.layers[-1].raw:
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
        return self.front_end[-1].out_type

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.layers[-1].out_shape.channels

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the whole GE per image."""
        return sum(layer.macs for layer in self.layers)

    @property
    def weighted_layers(self) -> tuple[MatrixLayer, ...]:
        """The layers with weights, in order."""
        return weighted(self.layers)

    def digest(self) -> str:
        """SHA-256 over shapes, types and weights: two networks with the same digest behave the same."""
        h = hashlib.sha256()
        for layer in self.layers:
            h.update(layer.fingerprint().encode())
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
    def arithmetic(self) -> str:
        """Names what is computed behind the tap: two descriptions with the same name and GE answer alike."""
        parts = (self.local_experts, self.le_pool, self.gate_pool, self.confidence_shift, self.runtime_layers)
        return repr(parts)

    @property
    def confidence_inputs(self) -> int:
        """Confidence inputs of the gate: top logit and margin of each local expert."""
        return 0 if self.confidence_shift is None else 2 * self.local_experts

    @property
    def runtime_layers(self) -> tuple[MatrixLayer, ...]:
        """Layers whose weights are loaded at run time, in the order of a bank (every local expert is an ``le``)."""
        return (self.le, *self.gate_layers)

    @property
    def gate_layers(self) -> tuple[MatrixLayer, ...]:
        """The gate's layers, in order."""
        return (*((self.gate_hidden,) if self.gate_hidden else ()), self.gate_out)

    @property
    def bank_layers(self) -> tuple[tuple[str, MatrixLayer], ...]:
        """Every layer of a bank by its name there, in the order of a bank: le0, le1, ..., then the gate's."""
        experts = tuple((f"le{i}", self.le) for i in range(self.local_experts))
        return (*experts, *((layer.name, layer) for layer in self.gate_layers))

    @property
    def weighted_layers(self) -> tuple[MatrixLayer, ...]:
        """Every layer with a folding: the GE's, then those loaded at run time (all local experts are one ``le``)."""
        return (*self.network.weighted_layers, *self.runtime_layers)


def _check_width(where: str, layer: Layer) -> None:
    most, what = (LOGIT_BITS, "logits") if layer.raw else (ACTIVATION_BITS, "activations")
    if layer.out_type.bits > most:
        raise InputError(
            f"{where}: {layer.name} gives {what} of {layer.out_type.bits} bits, at most {most} are supported"
        )


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

    def pool(name: str, config: dict) -> PoolLayer:
        shape, outputs, where = network.features, config["pool"], f"gate preset '{preset}'"
        if outputs < 1 or shape.height != shape.width or shape.height % outputs:
            raise InputError(f"{where}: {name} = {outputs} does not divide the {shape.height}x{shape.width} features")
        try:
            kind = pool_named(config.get("pool_kind", "max"))
            kind.check_size(shape.height // outputs)
        except InputError as error:
            raise InputError(f"{where}: {name}: {error}") from None
        return kind(name, shape, shape.height // outputs, feature)

    def dense(name: str, shape: Shape, extra: int, outputs: int, source: FixedPoint, cfg: dict, shift: int | None):
        weight = FixedPoint(cfg["weight_bits"], True, cfg["weight_fraction_bits"])
        return Dense.for_any_weights(name, shape, extra, outputs, source, weight, bias_bits, shift, feature.bits)

    le_pool = pool("le_pool", le_cfg)
    gate_pool = pool("gate_pool", gn_cfg)
    le = dense("le", le_pool.out_shape, 0, network.classes, feature, le_cfg, None)
    confidence_shift = gn_cfg["confidence_shift"] if gn_cfg["confidence"] else None
    extra = 2 * count if gn_cfg["confidence"] else 0
    hidden = None
    gate_in, gate_extra, gate_type = gate_pool.out_shape, extra, feature
    if gn_cfg["hidden"]:
        if not 1 <= gn_cfg["hidden"] <= MOST_HIDDEN:
            raise InputError(f"gate preset '{preset}': hidden is {gn_cfg['hidden']}, allowed are 0 to {MOST_HIDDEN}")
        hidden = dense("gate_hidden", gate_in, extra, gn_cfg["hidden"], feature, gn_cfg, gn_cfg["hidden_shift"])
        gate_in, gate_extra, gate_type = hidden.out_shape, 0, hidden.output
    out = dense("gate_out", gate_in, gate_extra, count + 1, gate_type, gn_cfg, None)
    for layer in (le, out):
        _check_width(f"gate preset '{preset}'", layer)
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
