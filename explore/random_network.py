# SPDX-License-Identifier: Apache-2.0
"""A network of a description (``configs/networks``) with random weights: what hardware of its sizes costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spec.errors import InputError
from spec.fixedpoint import FixedPoint, signed_bits
from spec.kinds import kind_named
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.layer import Layer
from spec.kinds.matrix import accumulator_for_weights
from spec.network import Network

SPREAD = 0.3  # of the weights, as a part of their range: a trained layer's are small, its accumulators narrow
BIAS = 256  # of either sign


def random_network(description: Mapping[str, Any], seed: int = 0) -> Network:
    """A network of the description's layers, shapes and widths; the same weights for the same seed.

    Raises:
        InputError: a layer does not fit, or a key is missing.
    """
    try:
        return _build(description, np.random.default_rng(seed))
    except KeyError as missing:
        raise InputError(f"network '{description.get('name', '?')}' lacks the key {missing}") from None


def _build(description: Mapping[str, Any], rng: np.random.Generator) -> Network:
    image, bits = description["image"], description["arithmetic"]["activation_bits"]
    shape = Shape(image["height"], image["width"], image["channels"])
    activation = pixel = FixedPoint(image["bits"], False, image["bits"])
    layers: list[Layer] = []
    weights: dict[str, LayerWeights] = {}
    entries = description["layer"]
    for entry in entries:
        kind = kind_named(entry["kind"])
        behind = kind.shape_after(entry, shape)
        if not kind.weighted:
            layers.append(kind(entry["name"], shape, entry["size"], activation))
        else:
            sizes = {"kernel": entry["kernel"]} if kind.image_only else {}
            inputs = shape.channels * entry["kernel"] ** 2 if kind.image_only else shape.size
            weight = FixedPoint(entry["weight_bits"], True, entry["weight_bits"] - 1)
            drawn = rng.normal(0, SPREAD * -weight.minimum, (behind.channels, inputs))
            values = LayerWeights(
                np.clip(np.rint(drawn), weight.minimum, weight.maximum).astype(np.int64),
                rng.integers(-BIAS, BIAS, behind.channels),
            )
            low, high = accumulator_for_weights(values, activation)
            fraction = activation.fraction_bits + weight.fraction_bits
            bias = FixedPoint(signed_bits(-BIAS, BIAS - 1), True, fraction)
            accumulator = FixedPoint(signed_bits(low, high), True, fraction)
            # An eighth of the largest accumulator is full scale: values round, saturate and cut off at 0.
            output = FixedPoint(bits, False, fraction - max(high.bit_length() - bits - 3, 0))
            raw = entry is entries[-1]
            layers.append(
                kind(entry["name"], shape, behind.channels, activation, weight, bias, accumulator,
                     None if raw else output, **sizes)
            )  # fmt: skip
            weights[entry["name"]] = values
            activation = output
        shape = behind
    return Network(description["name"], layers[0].in_shape, pixel, tuple(layers), weights, description["tap"])
