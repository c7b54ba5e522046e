# SPDX-License-Identifier: Apache-2.0
"""Folding: how many multipliers each layer gets, and how its weights are laid out for them.

A layer with folding (PE, SIMD) computes PE outputs from SIMD inputs per cycle. Its weight memory holds one word of
PE x SIMD weights per step; steps run over the input words, and for each input word over all output folds
(input-stationary order).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spec.errors import InputError
from spec.network import MatrixLayer, Moe

MULTIPLIERS = ("dsp", "dsp_pair", "lut", "graph")


@dataclass(frozen=True)
class LayerFolding:
    """PE outputs x SIMD inputs per cycle, and what the products are made of.

    ``multiplier``: ``dsp`` takes one multiplier block a product, ``dsp_pair`` one for the products of two outputs
    with the same input (narrow weights), ``lut`` logic only, ``graph`` an adder graph of the constant weights that
    needs no product and takes a whole window a cycle (PE = outputs, SIMD = inputs).
    """

    pe: int
    simd: int
    multiplier: str = "dsp"

    @property
    def lut(self) -> bool:
        """Whether the products are built from logic."""
        return self.multiplier == "lut"

    @property
    def graph(self) -> bool:
        """Whether the layer is an adder graph."""
        return self.multiplier == "graph"

    @property
    def multiplier_blocks(self) -> int:
        """Multiplier blocks of one instance."""
        products = self.pe * self.simd
        return {"dsp": products, "dsp_pair": products // 2, "lut": 0, "graph": 0}[self.multiplier]


@dataclass(frozen=True)
class Folding:
    """Folding of every matrix layer, by layer name, and the number of banks of run-time weights."""

    name: str
    weight_banks: int
    layers: dict[str, LayerFolding]

    def multipliers(self, moe: Moe) -> int:
        """Multiplier blocks of the whole accelerator (products made of logic not counted)."""
        return sum(
            self.layers[layer.name].multiplier_blocks * (moe.local_experts if layer is moe.le else 1)
            for layer in matrix_layers(moe)
        )


def matrix_layers(moe: Moe) -> tuple[MatrixLayer, ...]:
    """Every layer with a folding: the GE's, then those loaded at run time."""
    frozen = tuple(layer for layer in moe.network.layers if isinstance(layer, MatrixLayer))
    return (*frozen, *moe.runtime_layers)


def input_words(layer: MatrixLayer, folding: LayerFolding) -> int:
    """Input words of SIMD lanes per matrix-vector product; extra inputs are padded to whole words."""
    spatial = layer.inputs - layer.extra_inputs
    return spatial // folding.simd + -(-layer.extra_inputs // folding.simd)


def output_words(layer: MatrixLayer, folding: LayerFolding) -> int:
    """Output words of PE lanes per matrix-vector product (the number of output folds)."""
    return layer.outputs // folding.pe


def cycles_per_image(layer: MatrixLayer, folding: LayerFolding) -> int:
    """Cycles that the layer is busy with one image."""
    if folding.graph:
        return layer.in_shape.height * layer.in_shape.width
    return layer.positions * input_words(layer, folding) * output_words(layer, folding)


def pack_weights(layer: MatrixLayer, folding: LayerFolding, weight: np.ndarray) -> np.ndarray:
    """Memory image of a weight matrix.

    Args:
        weight: (outputs, inputs) integers.

    Returns:
        (words, PE * SIMD) integers: word ``i * output_words + f`` holds, in lane ``p * SIMD + s``, the weight of
        output ``f * PE + p`` and input ``i * SIMD + s``; lanes that pad the extra inputs are 0.
    """
    n_in, n_out = input_words(layer, folding), output_words(layer, folding)
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
    return np.asarray(bias, np.int64).reshape(output_words(layer, folding), folding.pe)


def build_folding(config: dict, moe: Moe) -> Folding:
    """Check a folding preset (a dictionary as read from ``configs/folding``) against the network.

    Raises:
        InputError: a layer has no folding, PE does not divide its outputs, SIMD does not divide its inputs, or
            SIMD and the width of the stream that feeds the layer do not divide one another.
    """
    name = config.get("name", "?")
    banks = config.get("weight_banks", 2)
    if not 2 <= banks <= 16:
        raise InputError(f"folding '{name}': weight_banks is {banks}, allowed are 2 to 16")
    layers: dict[str, LayerFolding] = {}
    for layer in matrix_layers(moe):
        if layer.name not in config:
            raise InputError(f"folding '{name}' has no section [{layer.name}]")
        section = config[layer.name]
        layers[layer.name] = _layer_folding(name, layer, section, frozen=layer.name in moe.network.weights)
    lanes = 1  # pixels arrive one channel value a beat
    feature_lanes = 1
    for layer in moe.network.layers:
        if isinstance(layer, MatrixLayer):
            lanes = _check(name, layer, layers[layer.name], lanes)
        if layer.name == moe.network.tap:
            feature_lanes = lanes
    _check(name, moe.le, layers["le"], feature_lanes)
    gate_lanes = feature_lanes
    for layer in moe.runtime_layers[1:]:
        gate_lanes = _check(name, layer, layers[layer.name], gate_lanes)
    return Folding(name, banks, layers)


def _layer_folding(preset: str, layer: MatrixLayer, section: dict, frozen: bool) -> LayerFolding:
    multiplier = section.get("multiplier", "dsp")
    where = f"folding '{preset}', layer {layer.name}"
    if multiplier not in MULTIPLIERS:
        raise InputError(f"{where}: multiplier is '{multiplier}', allowed are {', '.join(MULTIPLIERS)}")
    if multiplier == "graph":
        if not frozen or layer.kernel is None or layer.output is None:
            raise InputError(f"{where}: an adder graph is for a convolution with constant weights")
        return LayerFolding(layer.outputs, layer.inputs, multiplier)
    folding = LayerFolding(section.get("pe", 0), section.get("simd", 0), multiplier)
    if multiplier == "dsp_pair":
        # Both weights and a guard for the product's width share one 18-bit multiplier input.
        packed = 2 * layer.weight.bits + layer.input.bits + 1
        if folding.pe % 2 or packed > 18:
            raise InputError(f"{where}: dsp_pair needs an even pe (is {folding.pe}) and at most 4-bit weights")
    return folding


def _check(preset: str, layer: MatrixLayer, folding: LayerFolding, lanes: int) -> int:
    """Check one layer that is fed by words of ``lanes`` values; returns the lanes of its output."""
    if folding.graph:
        return folding.pe
    where = f"folding '{preset}', layer {layer.name}"
    if folding.pe < 1 or layer.outputs % folding.pe:
        raise InputError(f"{where}: pe = {folding.pe} does not divide its {layer.outputs} outputs")
    unit = layer.in_shape.channels if layer.kernel is not None else layer.in_shape.size
    what = "input channels" if layer.kernel is not None else "inputs"
    if folding.simd < 1 or unit % folding.simd:
        raise InputError(f"{where}: simd = {folding.simd} does not divide its {unit} {what}")
    if folding.simd % lanes and lanes % folding.simd:
        raise InputError(f"{where}: simd = {folding.simd} and the {lanes} lanes that feed it do not divide one another")
    return folding.pe
