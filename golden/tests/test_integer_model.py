# SPDX-License-Identifier: Apache-2.0
"""The fast integer model against a plain int64 model, on random networks, in every mode and layer."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from golden.integer_model import MoeModel, NetworkModel, confidence, gate_decision, pool
from golden.kinds import step
from golden.tests.reference import answer
from spec.bank import random_bank
from spec.fixedpoint import FixedPoint, requantize, signed_bits
from spec.kinds.average_pool import SIZES, AveragePool
from spec.kinds.conv import Convolution
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.dense import Dense
from spec.kinds.matrix import MatrixLayer, accumulator_for_weights
from spec.kinds.max_pool import MaxPool
from spec.network import NO_CLASS, Mode, Moe, Network
from spec.tiny import averaged_accelerator, max_averaged_accelerator, tiny_images, tiny_moe, tiny_network

MODES = [Mode.GE_ONLY, Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED]
IMAGES = 12


def middle_theta(moe: Moe, bank, images: np.ndarray) -> int:
    """A threshold that sends about half of the images to the local experts."""
    logits = MoeModel(moe).run(images, Mode.MOE_PARALLEL, bank, keep_layers=True).layers["gate_out"].astype(np.int64)
    return int(np.median(logits[:, 1:].max(1) - logits[:, 0]))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("gate", "experts", "seed"), [("general", 1, 0), ("linear", 2, 1), ("general", 3, 2)])
def test_every_layer_equals_the_plain_model(gate, experts, seed, mode):
    moe = tiny_moe(gate, experts, seed)
    bank, images = random_bank(moe, seed), tiny_images(IMAGES, seed)
    theta, local = middle_theta(moe, bank, images), experts - 1
    # Batches of 5 do not divide the images: the joints are tested too.
    fast = MoeModel(moe).run(images, mode, bank, theta, local, keep_layers=True, batch=5)
    quiet = MoeModel(moe).run(images, mode, bank, theta, local)
    assert (fast.classes == quiet.classes).all() and (fast.experts == quiet.experts).all()
    seen = set()
    for i, image in enumerate(images):
        number, expert, layers = answer(moe, image, mode, bank, theta, local)
        assert (fast.classes[i], fast.experts[i]) == (number, expert)
        seen.add(expert > 0)
        for name, values in layers.items():
            rows = fast.used.get(name, np.arange(IMAGES))
            row = np.flatnonzero(rows == i)
            assert len(row) == 1, f"{name} did not run for image {i}"
            assert (fast.layers[name][row[0]].ravel() == values.ravel()).all(), f"{name} of image {i}"
        for name in moe.network.tail if mode == Mode.MOE_GATED else ():
            assert (i in fast.used[name.name]) == (expert == 0)
    if mode in (Mode.MOE_PARALLEL, Mode.MOE_GATED):
        assert seen == {False, True}  # otherwise the mux was not tested


def test_random_layers_round_saturate_and_cut_off():
    """The networks of these tests reach every branch of the requantisation."""
    network = tiny_network()
    taps = {}
    NetworkModel(network).front_end(tiny_images(20), taps)
    assert (taps["conv1"] == 0).any() and (taps["conv1"] == 255).any()
    layer = network.layers[0]
    raw = replace(layer, output=None)
    accumulators = step(raw, network.weights["conv1"])(torch.from_numpy(tiny_images(20)).reshape(-1, 14, 14, 1))
    remainder = accumulators.to(torch.int64).numpy() & ((1 << layer.shift) - 1)
    assert (remainder == 1 << (layer.shift - 1)).any(), "no exact half among the accumulators"


def test_class_ties_go_to_the_lowest_index():
    network = tiny_network()
    weights = dict(network.weights)
    equal = np.tile(weights["fc2"].weight[:1], (7, 1))
    weights["fc2"] = LayerWeights(equal, np.array([-5, 3, 3, 1, 3, 0, 3]))
    moe = replace(tiny_moe(), network=replace(network, weights=weights))
    result = MoeModel(moe).run(tiny_images(5), Mode.GE_ONLY, None)
    assert (result.classes == 1).all()


def test_gate_ties_go_to_the_generic_expert_and_to_the_lowest_local_one():
    logits = np.array([[10, 10, 3], [10, 11, 11], [10, 3, 11], [-5, -6, -7]], np.int32)
    assert gate_decision(logits, 0).tolist() == [0, 1, 2, 0]
    assert gate_decision(logits, 1).tolist() == [0, 0, 0, 0]
    assert gate_decision(logits, -1).tolist() == [1, 1, 2, 0]
    assert gate_decision(logits, -2).tolist() == [1, 1, 2, 1]


def test_gate_difference_does_not_wrap_at_32_bits():
    logits = np.array([[-(2**31), 2**31 - 1], [2**31 - 1, -(2**31)]], np.int32)
    assert gate_decision(logits, 2**31 - 1).tolist() == [1, 0]
    assert gate_decision(logits, -(2**31)).tolist() == [1, 0]


def test_confidence_is_the_top_and_the_margin_rounded_and_saturated():
    logits = np.array([[100, 36, 90, -5], [-9, -3, -30, -40], [5000, 0, 0, 5000]], np.int32)
    assert confidence(logits, 3, 8).tolist() == [[12, 1], [0, 1], [255, 0]]  # 12.5 and 1.25; -3/8 and 6/8; 625


def test_without_a_bank_the_ge_answers_and_le_only_says_no_class():
    moe, images = tiny_moe("general", 2), tiny_images(3)
    generic = MoeModel(moe).run(images, Mode.GE_ONLY, None)
    for mode in (Mode.MOE_PARALLEL, Mode.MOE_GATED):
        result = MoeModel(moe).run(images, mode, None)
        assert (result.classes == generic.classes).all() and (result.experts == 0).all()
    alone = MoeModel(moe).run(images, Mode.LE_ONLY, None, local_expert=1)
    assert (alone.classes == NO_CLASS).all() and (alone.experts == 2).all()


def test_no_images_and_mode_off():
    moe = tiny_moe()
    bank = random_bank(moe, 0)
    for mode in MODES:
        result = MoeModel(moe).run(tiny_images(0), mode, bank, keep_layers=True)
        assert len(result.classes) == len(result.experts) == 0
    with pytest.raises(ValueError, match="OFF accepts no image"):
        MoeModel(moe).run(tiny_images(1), Mode.OFF, bank)


def _one_layer(weights: LayerWeights, kernel: int | None, shape: Shape, shift: int | None) -> MatrixLayer:
    pixel = FixedPoint(8, False, 8)
    kind = FixedPoint(16, True, 0)
    low, high = accumulator_for_weights(weights, pixel)
    accumulator = FixedPoint(signed_bits(low, high), True, 8)
    output = None if shift is None else FixedPoint(8, False, 8 - shift)
    types = (pixel, kind, kind, accumulator, output)
    if kernel is None:
        return Dense("x", shape, len(weights.weight), *types)
    return Convolution("x", shape, len(weights.weight), *types, kernel)


@pytest.mark.parametrize("kernel", [None, 3])
def test_products_are_exact_up_to_the_edge_of_float32(kernel):
    """Worst case: sums as close below 2**24 as they come, in layers wide enough for blocked and vectorised kernels."""
    shape = Shape(1, 1, 512) if kernel is None else Shape(8, 8, 64)
    inputs = 512 if kernel is None else 9 * 64
    largest = (2**24 - 1) // (255 * inputs)
    rng = np.random.default_rng(0)
    weight = rng.choice([largest, largest - 1, -largest], (32, inputs), p=[0.98, 0.01, 0.01])
    layer_weights = LayerWeights(weight, rng.integers(-500, 500, 32))
    layer = _one_layer(layer_weights, kernel, shape, None)
    product = step(layer, layer_weights)
    assert product.dtype == torch.float32
    x = rng.choice([255, 254, 0], (40, shape.height, shape.width, shape.channels), p=[0.98, 0.01, 0.01])
    found = product(torch.from_numpy(x.astype(np.uint8))).to(torch.int64).numpy()
    if kernel is None:
        expected = x.reshape(40, -1) @ weight.T + layer_weights.bias
    else:
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
        expected = windows.reshape(40, 6, 6, -1) @ weight.T + layer_weights.bias
    assert (found == expected).all()
    assert expected.max() > 0.9 * 2**24


@pytest.mark.parametrize("kernel", [None, 3])
def test_wide_sums_take_float64(kernel):
    shape = Shape(1, 1, 18) if kernel is None else Shape(5, 5, 2)
    rng = np.random.default_rng(0)
    layer_weights = LayerWeights(rng.integers(-(2**15), 2**15, (4, 18)), rng.integers(-(2**15), 2**15, 4))
    product = step(_one_layer(layer_weights, kernel, shape, None), layer_weights)
    assert product.dtype == torch.float64
    x = rng.integers(0, 256, (3, shape.height, shape.width, shape.channels), dtype=np.uint8)
    found = product(torch.from_numpy(x)).to(torch.int64).numpy().reshape(3, -1, 4)
    if kernel is None:
        windows = x.reshape(3, 1, 18).astype(np.int64)
    else:
        windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.int64), (3, 3), (1, 2))
        windows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(3, 9, 18)
    assert (found == windows @ layer_weights.weight.T + layer_weights.bias).all()


def test_a_bias_that_hides_a_large_sum_still_counts_against_float32():
    """The sum of the products alone may pass 2**24 although bias and products together stay below it."""
    weight = np.full((1, 520), 127)
    layer_weights = LayerWeights(weight, np.array([-(2**23)]))
    low, high = accumulator_for_weights(layer_weights, FixedPoint(8, False, 8))
    assert max(-low, high) < 2**24 < weight.sum() * 255
    assert step(_one_layer(layer_weights, None, Shape(1, 1, 520), None), layer_weights).dtype == torch.float64


@pytest.mark.parametrize("shift", [0, 1, 7])
def test_requantised_products_equal_the_one_rounding_function(shift):
    rng = np.random.default_rng(shift)
    layer_weights = LayerWeights(rng.integers(-8, 8, (16, 30)), rng.integers(-300, 300, 16))
    layer = _one_layer(layer_weights, None, Shape(1, 1, 30), shift)
    x = rng.integers(0, 256, (200, 30))
    x[:100] = np.where(layer_weights.weight[0] > 0, 255, 0)  # a large sum that saturates at every shift
    layer_weights.weight[0] *= 20
    found = step(layer, layer_weights)(torch.from_numpy(x.astype(np.uint8))).numpy()
    expected = requantize(x @ layer_weights.weight.T + layer_weights.bias, shift, 8)
    assert (found == expected).all() and (expected == 255).any() and (expected == 0).any()


POOLED = [averaged_accelerator(2, (a, b)).moe for a in (AveragePool, MaxPool) for b in (AveragePool, MaxPool)]
POOLED.append(max_averaged_accelerator().moe)


@pytest.mark.parametrize(
    "moe", POOLED, ids=lambda moe: "-".join(x.pool for x in (*moe.network.layers, moe.le.pool) if x.pool)
)
@pytest.mark.parametrize("mode", [Mode.MOE_PARALLEL, Mode.LE_ONLY])
def test_other_pools_equal_the_plain_model(moe, mode):
    bank, images = random_bank(moe, 4), tiny_images(IMAGES, 4)
    theta = middle_theta(moe, bank, images)
    fast = MoeModel(moe).run(images, mode, bank, theta, 1, keep_layers=True, batch=5)
    quiet = MoeModel(moe).run(images, mode, bank, theta, 1)
    assert (fast.classes == quiet.classes).all() and (fast.experts == quiet.experts).all()
    for i, image in enumerate(images):
        number, expert, layers = answer(moe, image, mode, bank, theta, 1)
        assert (fast.classes[i], fast.experts[i]) == (number, expert)
        assert {"pool1", "le_pool"} <= set(layers)
        for name, values in layers.items():
            assert (fast.layers[name][i].ravel() == values.ravel()).all(), f"{name} of image {i}"


@pytest.mark.parametrize("size", SIZES)
def test_an_average_is_rounded_half_to_even(size):
    """Every remainder, ties with an even and with an odd quotient among them, and the largest sum."""
    layer = AveragePool("x", Shape(size, size, 1), size, FixedPoint(8, False, 8))
    area = size * size
    sums = np.unique(np.concatenate([np.arange(min(6 * area, 255 * area + 1)), [255 * area, 255 * area - 1]]))
    flat = np.zeros((len(sums), area), np.uint8)
    for row, total in zip(flat, sums, strict=True):
        row[:] = total // area
        row[: total % area] += 1
    found = pool(flat.reshape(-1, size, size, 1), layer).ravel()
    assert found.tolist() == [round(Fraction(int(total), area)) for total in sums]


@pytest.mark.parametrize("pools", [(MaxPool, MaxPool), (AveragePool, MaxPool)])
def test_pooling_before_requantisation_changes_nothing(pools):
    """Rounding is monotone, so the fast path may take a maximum first; a mean it may not."""
    network, images = tiny_network(3, pools=pools), tiny_images(30, 3)
    taps: dict[str, np.ndarray] = {}
    NetworkModel(network).front_end(images, taps)
    assert (NetworkModel(network).features(images) == taps["pool1"]).all()


def test_network_that_begins_with_a_pool():
    """Layer kinds in another order than LeNet's: nothing is hard-wired."""
    network = tiny_network()
    first = MaxPool("pool0", Shape(28, 28, 1), 2, network.pixel)
    wider = Network("wide", Shape(28, 28, 1), network.pixel, (first, *network.layers), network.weights, "pool1")
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28), dtype=np.uint8)
    pooled = images.reshape(4, 14, 2, 14, 2).max((2, 4))
    assert (NetworkModel(wider).logits(images) == NetworkModel(network).logits(pooled)).all()
