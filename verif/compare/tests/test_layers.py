# SPDX-License-Identifier: Apache-2.0
"""Comparison of one layer, and which layers exist in which mode."""

import numpy as np
import pytest

from golden.integer_model import MoeModel
from spec.bank import random_bank
from spec.network import Mode
from spec.tiny import tiny_images, tiny_moe
from verif.compare.layers import LayerOutput, compare_layer, layer_shapes

SHAPE = (2, 3, 4)


def output(images: list[int], values: np.ndarray | None = None) -> LayerOutput:
    """Values that tell the image and the element: image * 100 + element."""
    if values is None:
        values = np.array(images)[:, None] * 100 + np.arange(24)
    return LayerOutput(np.array(images, np.int64), values)


def test_equal_layers_have_no_difference():
    assert compare_layer("x", SHAPE, output([3, 4]), output([3, 4])) == (0, None)
    empty = LayerOutput(np.zeros(0, np.int64), np.zeros(0))
    assert compare_layer("x", SHAPE, empty, empty) == (0, None)


def test_first_difference_has_image_index_and_both_values():
    found = output([3, 4, 5])
    found.values[1, 17] = -1  # row 1, column 1, channel 1
    found.values[1, 20] = -1
    found.values[2, 0] = -1
    count, first = compare_layer("conv", SHAPE, output([3, 4, 5]), found)
    assert count == 2
    assert (first.image, first.index, first.expected, first.found) == (4, (1, 1, 1), 417, -1)
    assert str(first) == "conv[1, 1, 1] of image 4: expected 417, found -1"


def test_a_fraction_is_a_difference_and_is_shown():
    found = LayerOutput(np.array([0]), np.array([[2.5]]))
    _, first = compare_layer("x", (1,), LayerOutput(np.array([0]), np.array([[2]])), found)
    assert (first.expected, first.found) == (2, 2.5)


def test_images_that_only_one_side_ran():
    count, first = compare_layer("x", SHAPE, output([1, 2, 5]), output([2, 5, 7]))
    assert count == 2 and first.image == 1 and first.found == "it did not run"
    count, first = compare_layer("x", SHAPE, output([2]), output([0, 2]))
    assert count == 1 and first.image == 0 and first.found == "it ran"


@pytest.mark.parametrize("surplus", [-1, 1, 24])
def test_a_wrong_number_of_values_fails_every_image(surplus):
    values = np.resize(output([1, 2]).values.ravel(), 48 + surplus)
    count, first = compare_layer("x", SHAPE, output([1, 2]), output([1, 2], values))
    assert count == 2 and first.found == f"{48 + surplus} values"


def test_values_without_images_are_a_difference():
    empty = np.zeros(0, np.int64)
    count, first = compare_layer("x", SHAPE, output([4]), LayerOutput(empty, empty))
    assert count == 1 and first.image == 4


@pytest.mark.parametrize("gate", ["linear", "general", "deep"])
@pytest.mark.parametrize("mode", [m for m in Mode if m != Mode.OFF])
def test_every_layer_of_the_integer_model_is_compared(mode, gate):
    moe = tiny_moe(gate, 3)
    result = MoeModel(moe).run(tiny_images(5), mode, random_bank(moe, 0), keep_layers=True)
    shapes = layer_shapes(moe, mode, local_expert=0)
    others = {name for name, _ in moe.bank_layers if name.startswith(("le1", "le2"))}
    left_out = others if mode == Mode.LE_ONLY else set()  # computed by the model, not by the hardware
    assert set(result.layers) - left_out == set(shapes) - {"expert", "class"}
    for name in set(result.layers) - left_out:
        shape = result.layers[name].shape[1:]
        assert np.prod(shape) == np.prod(shapes[name]) and (len(shape) == 1 or shape == shapes[name])


def test_order_follows_the_data():
    names = list(layer_shapes(tiny_moe("general", 2), Mode.MOE_GATED))
    expected = "conv1 pool1 le_pool le0 le1 gate_pool gate_hidden gate_out expert conv2 pool2 fc1 fc2 class"
    assert names == expected.split()
    assert "le_pool" not in layer_shapes(tiny_moe("general", 2), Mode.LE_ONLY, local_expert=1)
