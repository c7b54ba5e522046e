# SPDX-License-Identifier: Apache-2.0
"""The networks follow the preset's layer list and the arithmetic contract."""

from __future__ import annotations

import copy
import math

import pytest
import torch

from golden.tests.small import PRESET, blobs
from golden.torch_model import build_float, build_quantised, quantise_from, to_pixels
from spec.errors import InputError
from spec.presets import load_toml


def test_lenet_has_the_shapes_of_the_design() -> None:
    model = build_float(load_toml("networks", "lenet5"))
    pixels = torch.zeros(2, 1, 28, 28)
    assert model.features(pixels).shape == (2, 20, 12, 12)
    assert model(pixels).shape == (2, 62)
    weights = {name: value.numel() for name, value in model.state_dict().items() if name.endswith("weight")}
    expected = {"conv1.weight": 500, "conv2.weight": 25_000, "fc1.weight": 400_000, "fc2.weight": 31_000}
    assert weights == expected


def test_every_scale_is_a_power_of_two_and_pixels_are_bytes(quantised_model) -> None:
    images = blobs(1, 5).images
    pixels = quantised_model.pixels(to_pixels(images))
    assert float(pixels.scale) == 2**-8
    assert torch.equal(pixels.value.squeeze(1) * 256, torch.from_numpy(images).float())
    for layer in PRESET["layer"]:
        if layer["kind"] != "pool":
            quantised = getattr(quantised_model, layer["name"]).quant_weight()
            assert math.log2(float(quantised.scale)).is_integer()
            assert float(quantised.bit_width) == layer["weight_bits"]


def test_the_bias_is_on_the_accumulator_scale(quantised_model) -> None:
    accumulator = quantised_model.conv1(quantised_model.pixels(to_pixels(blobs(1, 5).images)))
    assert float(accumulator.scale) == 2**-8 * float(quantised_model.conv1.quant_weight().scale)
    integers = accumulator.value / accumulator.scale
    assert torch.equal(integers, integers.round())


def test_layers_come_from_the_list() -> None:
    preset = copy.deepcopy(PRESET)
    preset["layer"].insert(2, {"name": "conv2", "kind": "conv", "channels": 6, "kernel": 3, "weight_bits": 4})
    model = build_quantised(preset)
    assert [name for name, _ in model.named_children()][-6:] == [
        "conv2", "conv2_relu", "flatten", "fc1", "fc1_relu", "fc2",
    ]  # fmt: skip
    assert model.fc1.weight.shape == (20, 6 * 10 * 10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "x", "kind": "batchnorm"}, "kind 'batchnorm' is not supported"),
        ({"name": "x", "kind": "pool", "size": 5}, "a window of 5 does not divide 12x12"),
    ],
)
def test_unsupported_layers_are_refused(change: dict, message: str) -> None:
    preset = copy.deepcopy(PRESET)
    preset["layer"].insert(2, change)
    with pytest.raises(InputError, match=message):
        build_float(preset)


def test_float_weights_of_another_network_are_refused() -> None:
    preset = copy.deepcopy(PRESET)
    preset["layer"][2]["name"] = "other"
    with pytest.raises(InputError, match="does not fit the network preset"):
        quantise_from(PRESET, build_float(preset), to_pixels(blobs(1, 0).images))
