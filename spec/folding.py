# SPDX-License-Identifier: Apache-2.0
"""Folding: how many multipliers each layer gets, and how its weights are laid out for them.

A layer with folding (PE, SIMD) computes PE outputs from SIMD inputs per cycle. Its weight memory holds one word of
PE x SIMD weights per step; steps run over the input words, and for each input word over all output folds
(input-stationary order).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from spec.domains import DOMAINS
from spec.errors import InputError
from spec.kinds.data import LayerFolding
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer
from spec.network import Mode, Moe

WORD_BITS = 32  # of what a bank is loaded with
_LOCAL_MODES = (Mode.OFF, Mode.LE_ONLY)


@dataclass(frozen=True)
class Streams:
    """How many values a word of each stream carries: ``into`` and ``after`` a layer, by the layer's name.

    Covered are the GE's layers and the pools and layers of the local experts and the gate. ``features``: at the tap.
    """

    into: dict[str, int]
    after: dict[str, int]
    features: int


@dataclass(frozen=True)
class Folding:
    """Folding of every matrix layer, by layer name, and the number of banks of run-time weights.

    ``learning``: the hardware can move the run-time weights itself (:mod:`spec.learning`). ``local_only``: it has the
    front end and the local experts, no tail of the global expert and no gate. The layers that are not there have the
    :func:`absent_folding`, which says how a bank's words for them stand; banks are the same for every device.
    """

    name: str
    weight_banks: int
    layers: dict[str, LayerFolding]
    learning: bool = True
    local_only: bool = False

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes that the device has."""
        return _LOCAL_MODES if self.local_only else tuple(Mode)

    def check_mode(self, mode: Mode) -> None:
        """Refuse a mode that the device does not have.

        Raises:
            InputError: says which ones it has.
        """
        if mode not in self.modes:
            known = " and ".join(known.name for known in self.modes)
            raise InputError(f"folding '{self.name}' is local_only: there is no mode {mode.name}, only {known}")

    @property
    def domains(self) -> tuple[str, ...]:
        """The switched domains in which there is something, by the names of :mod:`spec.domains`."""
        return ("fe", "le") if self.local_only else DOMAINS

    def is_present(self, layer: Layer, moe: Moe) -> bool:
        """Whether the device has a layer of the GE, of the local experts or of the gate, or one of their pools."""
        heads = (moe.network.front_end, (moe.le.pool, *moe.le.layers))
        return not self.local_only or any(layer in layers for layers in heads)

    def multipliers(self, moe: Moe) -> int:
        """Multiplier blocks of the whole accelerator (products made of logic not counted)."""
        return sum(
            self.layers[layer.name].multiplier_blocks * (moe.local_experts if layer in moe.le.layers else 1)
            for layer in moe.weighted_layers
            if self.is_present(layer, moe)
        )

    def lanes_after(self, layer: Layer, lanes: int) -> int:
        """Values of a layer's output word when its input words carry ``lanes``."""
        return layer.lanes_after(self.layers.get(layer.name), lanes)

    def words_apart(self, layer: Layer, lanes: int) -> bool:
        """Whether words leave a layer every other cycle at most, when they enter with ``lanes`` values."""
        return layer.words_apart(self.layers.get(layer.name), lanes)

    def streams(self, moe: Moe) -> Streams:
        """The width of every stream; pixels arrive one channel value a word."""
        into: dict[str, int] = {}
        after: dict[str, int] = {}

        def chain(layers: Iterable[Layer], lanes: int) -> int:
            for layer in layers:
                into[layer.name], lanes = lanes, self.lanes_after(layer, lanes)
                after[layer.name] = lanes
            return lanes

        features = chain(moe.network.front_end, 1)
        chain(moe.network.tail, features)
        chain((moe.le.pool, *moe.le.layers), features)
        chain((moe.gate.pool, *moe.gate.layers), features)
        return Streams(into, after, features)


def pack_weights(layer: MatrixLayer, folding: LayerFolding, weight: np.ndarray) -> np.ndarray:
    """Memory image of a weight matrix.

    Args:
        weight: (outputs, inputs) integers.

    Returns:
        (words, PE * SIMD) integers: word ``i * output_words + f`` holds, in lane ``p * SIMD + s``, the weight of
        output ``f * PE + p`` and input ``i * SIMD + s``; lanes that pad the extra inputs are 0.
    """
    n_in, n_out = layer.input_words(folding), layer.output_words(folding)
    padded = np.zeros((layer.outputs, n_in * folding.simd), np.int64)
    padded[:, : layer.inputs] = weight
    blocks = padded.reshape(n_out, folding.pe, n_in, folding.simd)
    return blocks.transpose(2, 0, 1, 3).reshape(n_in * n_out, folding.pe * folding.simd)


def unpack_weights(
    lanes: np.ndarray, folding: LayerFolding, outputs: int, inputs: int
) -> tuple[np.ndarray, np.ndarray]:
    """What :func:`pack_weights` packed: weights (outputs, inputs), and the lanes that pad them, (outputs, rest)."""
    n_out, n_in = outputs // folding.pe, -(-inputs // folding.simd)
    blocks = lanes.reshape(n_in, n_out, folding.pe, folding.simd).transpose(1, 2, 0, 3)
    padded = blocks.reshape(outputs, n_in * folding.simd)
    return padded[:, :inputs], padded[:, inputs:]


def pack_bias(layer: MatrixLayer, folding: LayerFolding, bias: np.ndarray) -> np.ndarray:
    """Memory image of a bias vector: (output words, PE) integers."""
    return np.asarray(bias, np.int64).reshape(layer.output_words(folding), folding.pe)


def build_folding(config: dict, moe: Moe) -> Folding:
    """Check a folding preset (a dictionary as read from ``configs/folding``) against the network.

    Raises:
        InputError: a layer has no folding, or one although the device does not have it, PE does not divide its outputs,
            SIMD does not divide its inputs, or SIMD and the width of the stream that feeds the layer do not divide one
            another.
    """
    name = config.get("name", "?")
    banks = config.get("weight_banks", 2)
    if not 2 <= banks <= 16:
        raise InputError(f"folding '{name}': weight_banks is {banks}, allowed are 2 to 16")
    learning, local_only = _flag(config, "learning", True), _flag(config, "local_only", False)
    folding = Folding(name, banks, {}, learning, local_only)
    there = [layer for layer in moe.weighted_layers if folding.is_present(layer, moe)]
    for layer in moe.weighted_layers:
        if layer not in there:
            if layer.name in config:
                raise InputError(f"folding '{name}' is local_only: it cannot have the section [{layer.name}]")
            folding.layers[layer.name] = absent_folding(layer)
            continue
        if layer.name not in config:
            raise InputError(f"folding '{name}' has no section [{layer.name}]")
        frozen = layer.name in moe.network.weights
        folding.layers[layer.name] = layer.make_folding(_where(name, layer), config[layer.name], frozen)
    lanes = folding.streams(moe).into
    for layer in there:
        layer.check_folding(_where(name, layer), folding.layers[layer.name], lanes[layer.name])
    return folding


def absent_folding(layer: MatrixLayer) -> LayerFolding:
    """Of a layer that the device does not have: as many weights as can stand in a word that loads a bank."""
    fit = max(WORD_BITS // layer.weight.bits, 1)
    return LayerFolding(1, max(simd for simd in range(1, fit + 1) if layer.unit % simd == 0), "lut")


def _flag(config: dict, key: str, default: bool) -> bool:
    value = config.get(key, default)
    if not isinstance(value, bool):
        raise InputError(f"folding '{config.get('name', '?')}': {key} is {value!r}, allowed are true and false")
    return value


def _where(preset: str, layer: Layer) -> str:
    return f"folding '{preset}', layer {layer.name}"
