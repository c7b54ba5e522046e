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
MOST_HIDDEN = 255  # hidden units of a local expert or the gate: a register of 8 bits tells how many
BIAS_BITS = 16  # of layers with run-time weights
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
            if not layer.in_network:
                raise layer.not_in_network(f"network {self.name}: {layer.name}")
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
class Head:
    """A small network with run-time weights on the tapped features: what a local expert and the gate are.

    Attributes:
        pool: of the features.
        layers: dense layers behind it: hidden ones, if any, and the one whose raw logits are the result.
    """

    pool: PoolLayer
    layers: tuple[MatrixLayer, ...]

    @property
    def hidden(self) -> tuple[MatrixLayer, ...]:
        """All layers but the last."""
        return self.layers[:-1]

    @property
    def out(self) -> MatrixLayer:
        """The last layer."""
        return self.layers[-1]

    @property
    def weights(self) -> int:
        """Number of weights without biases."""
        return sum(layer.weights for layer in self.layers)


def name_in_bank(layer: str, expert: int) -> str:
    """Name of a local expert's layer in a bank and wherever else its instances are told apart.

    The output layer is ``le0``, ``le1``, ..., with a hidden layer or without, the hidden one ``le0_hidden``, ...
    """
    return layer.removesuffix("_out").replace("le", f"le{expert}", 1)


STARTS = ("random", "generic", "factory")
THRESHOLDS = ("zero", "validation")


@dataclass(frozen=True)
class Moe:
    """The whole accelerator: the GE, N local experts and the gate, with every layer's types and widths."""

    network: Network
    preset: str
    local_experts: int
    le: Head  # of every local expert: all are alike but for their weights
    gate: Head
    confidence_shift: int | None  # None: the gate takes no confidence inputs
    le_start: str  # of STARTS: what a local expert's training starts from
    threshold: str  # of THRESHOLDS: how the gate's is chosen

    @property
    def arithmetic(self) -> str:
        """Names what is computed behind the tap: two descriptions with the same name and GE answer alike."""
        parts = (self.local_experts, self.le.pool, self.gate.pool, self.confidence_shift, self.runtime_layers)
        return repr(parts)

    @property
    def confidence_inputs(self) -> int:
        """Confidence inputs of the gate: top logit and margin of each local expert."""
        return 0 if self.confidence_shift is None else 2 * self.local_experts

    @property
    def runtime_layers(self) -> tuple[MatrixLayer, ...]:
        """Layers whose weights are loaded at run time, in the order of a bank (those of every local expert once)."""
        return (*self.le.layers, *self.gate.layers)

    @property
    def bank_layers(self) -> tuple[tuple[str, MatrixLayer], ...]:
        """Every layer of a bank by its name there, in the order of a bank: those of le0, le1, ..., then the gate's."""
        experts = range(self.local_experts)
        local = tuple((name_in_bank(layer.name, i), layer) for i in experts for layer in self.le.layers)
        return (*local, *((layer.name, layer) for layer in self.gate.layers))

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
    where = f"gate preset '{preset}'"
    count = local_experts or gate.get("local_experts", 1)
    if not 1 <= count <= 8:
        raise InputError(f"{where}: local_experts is {count}, allowed are 1 to 8")
    feature = network.feature_type

    def pool(name: str, config: dict) -> PoolLayer:
        shape, outputs = network.features, config["pool"]
        if outputs < 1 or shape.height != shape.width or shape.height % outputs:
            raise InputError(f"{where}: {name} = {outputs} does not divide the {shape.height}x{shape.width} features")
        try:
            kind = pool_named(config.get("pool_kind", "max"))
            kind.check_size(shape.height // outputs)
        except InputError as error:
            raise InputError(f"{where}: {name}: {error}") from None
        return kind(name, shape, shape.height // outputs, feature)

    def head(name: str, cfg: dict, out: str, outputs: int, extra: int) -> Head:
        pooled = pool(f"{name}_pool", cfg)
        weight = FixedPoint(cfg["weight_bits"], True, cfg["weight_fraction_bits"])
        layers: list[MatrixLayer] = []
        shape, source = pooled.out_shape, feature

        def dense(title: str, units: int, more: int, shift: int | None) -> None:
            layers.append(
                Dense.for_any_weights(title, shape, more, units, source, weight, BIAS_BITS, shift, feature.bits)
            )
            _check_width(where, layers[-1])

        if units := cfg.get("hidden", 0):
            if not 1 <= units <= MOST_HIDDEN:
                raise InputError(f"{where}: {name}: hidden is {units}, allowed are 0 to {MOST_HIDDEN}")
            dense(f"{name}_hidden", units, extra, cfg["hidden_shift"])
            shape, source, extra = layers[-1].out_shape, layers[-1].output, 0
        dense(out, outputs, extra, None)
        return Head(pooled, tuple(layers))

    confidence = gn_cfg["confidence"]
    for name, value, known in (("start", le_cfg["start"], STARTS), ("threshold", gn_cfg["threshold"], THRESHOLDS)):
        if value not in known:
            raise InputError(f"{where}: {name} is '{value}', allowed are {', '.join(known)}")
    return Moe(
        network,
        preset,
        count,
        head("le", le_cfg, "le_out" if le_cfg.get("hidden") else "le", network.classes, 0),
        head("gate", gn_cfg, "gate_out", count + 1, 2 * count if confidence else 0),
        gn_cfg["confidence_shift"] if confidence else None,
        le_cfg["start"],
        gn_cfg["threshold"],
    )
