# SPDX-License-Identifier: Apache-2.0
"""A network file with narrower weights and activations, without retraining: what widths cost in accuracy at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch

from golden.kinds import step
from spec.errors import InputError
from spec.fixedpoint import FixedPoint, signed_bits
from spec.kinds.data import LayerWeights
from spec.kinds.matrix import MatrixLayer, accumulator_for_weights
from spec.network import Network

SHIFTS = 3  # scales that are tried: the one that holds every value, and the next finer ones


def narrowed(network: Network, weight_bits: Mapping[str, int], activation_bits: int, images: np.ndarray) -> Network:
    """The network with other widths; what it had is rounded (half to even) and saturated.

    Scales are powers of two, those with the least squared error: of a layer's weights, and of what it gives for
    ``images``. A layer, and the activations, that keep their width keep their values as far as they can.

    Args:
        weight_bits: layer -> bits; others keep theirs.
        activation_bits: of every layer's output.
        images: uint8 (N, height, width), to choose scales by.

    Raises:
        InputError: there is no such layer, or a width is wider than the file's.
    """
    names = {layer.name: layer for layer in network.weighted_layers}
    for name, bits in weight_bits.items():
        if name not in names:
            raise InputError(f"network {network.name} has no layer '{name}' with weights, only {', '.join(names)}")
        if not 2 <= bits <= names[name].weight.bits:
            raise InputError(f"{name}: weights of {bits} bits, allowed are 2 to the file's {names[name].weight.bits}")
    if not 2 <= activation_bits <= network.feature_type.bits:
        raise InputError(f"activations of {activation_bits} bits, allowed are 2 to {network.feature_type.bits}")
    x = torch.from_numpy(np.ascontiguousarray(images)).reshape(len(images), *_dims(network))
    activation, layers, weights = network.pixel, [], {}
    for layer in network.layers:
        if layer.weighted:
            made, values = _matrix(layer, network.weights[layer.name], activation, weight_bits.get(layer.name))
            sums = step(made, values).accumulate(x)
            if layer.output is not None:
                made = replace(made, output=_output(sums, made, layer.output, activation_bits))
                x = step(made, values).activate(sums)
                activation = made.output
            layers.append(made)
            weights[layer.name] = values
        else:
            made = replace(layer, activation=activation)
            x = step(made)(x)
            layers.append(made)
    return replace(network, layers=tuple(layers), weights=weights)


def _dims(network: Network) -> tuple[int, int, int]:
    shape = network.in_shape
    return shape.height, shape.width, shape.channels


def _matrix(
    layer: MatrixLayer, old: LayerWeights, source: FixedPoint, bits: int | None
) -> tuple[MatrixLayer, LayerWeights]:
    """The layer with weights of ``bits`` bits behind activations of ``source``; its output is that of before."""
    weight = layer.weight
    values = old.weight
    if bits is not None and bits != weight.bits:
        weight, values = _narrow(old.weight, weight, bits)
    fraction = source.fraction_bits + weight.fraction_bits
    bias = np.rint(old.bias * 2.0 ** (fraction - layer.bias.fraction_bits)).astype(np.int64)
    made = LayerWeights(values, bias)
    accumulator = FixedPoint(signed_bits(*accumulator_for_weights(made, source)), True, fraction)
    kind = FixedPoint(signed_bits(min(int(bias.min()), 0), max(int(bias.max()), 0)), True, fraction)
    return replace(layer, input=source, weight=weight, bias=kind, accumulator=accumulator), made


def _narrow(values: np.ndarray, kind: FixedPoint, bits: int) -> tuple[FixedPoint, np.ndarray]:
    """Type and integers of ``bits`` bits nearest to ``values``."""
    found = None
    for drop in range(kind.bits - bits, max(kind.bits - bits - SHIFTS, -1), -1):
        made = FixedPoint(bits, True, kind.fraction_bits - drop)
        rounded = np.clip(np.rint(values / 2.0**drop), made.minimum, made.maximum).astype(np.int64)
        error = float(((rounded * 2.0**drop - values) ** 2).sum())
        if found is None or error < found[0]:
            found = (error, made, rounded)
    return found[1], found[2]


def _output(sums: torch.Tensor, layer: MatrixLayer, old: FixedPoint, bits: int) -> FixedPoint:
    """Type of the activations: the old one, or that of ``bits`` bits with the least squared error of these sums."""
    if bits == old.bits and old.fraction_bits <= layer.accumulator.fraction_bits:
        return old
    found = None
    values = sums.double().clamp(min=0) * layer.accumulator.scale
    for fraction in range(old.fraction_bits - (old.bits - bits), old.fraction_bits - (old.bits - bits) + SHIFTS):
        if fraction > layer.accumulator.fraction_bits:
            break
        made = FixedPoint(bits, False, fraction)
        rounded = (values / made.scale).round().clamp(0, made.maximum) * made.scale
        error = float(((rounded - values) ** 2).sum())
        if found is None or error < found[0]:
            found = (error, made)
    return found[1] if found else FixedPoint(bits, False, layer.accumulator.fraction_bits)
