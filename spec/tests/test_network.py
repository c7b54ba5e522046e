# SPDX-License-Identifier: Apache-2.0
"""Network specification: interval analysis, shapes, counts of the paper, and refusals."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from spec.errors import InputError
from spec.fixedpoint import FixedPoint, signed_bits
from spec.kinds.average_pool import SIZES, AveragePool
from spec.kinds.conv import Convolution
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.dense import Dense
from spec.kinds.matrix import accumulator_for_any_weights, accumulator_for_weights
from spec.kinds.max_average_pool import MaxAveragePool
from spec.kinds.max_pool import MaxPool
from spec.network import Network, build_moe
from spec.tiny import GATES, tiny_moe, tiny_network

ACTIVATION = FixedPoint(8, False, 8)


def test_interval_is_reached_and_never_exceeded():
    rng = np.random.default_rng(0)
    for _ in range(50):
        weights = LayerWeights(rng.integers(-8, 8, (3, 7)), rng.integers(-300, 300, 3))
        low, high = accumulator_for_weights(weights, ACTIVATION)
        # The extremes are reached by inputs that are 0 or full scale, according to each weight's sign.
        extremes = [
            (weights.weight * np.where((weights.weight * sign) > 0, 255, 0)).sum(1) + weights.bias for sign in (1, -1)
        ]
        assert max(int(extremes[0].max()), 0) == high
        assert min(int(extremes[1].min()), 0) == low
        # No partial sum of any order leaves the interval of its output.
        inputs = rng.integers(0, 256, 7)
        order = rng.permutation(7)
        partial = weights.bias[:, None] + np.cumsum((weights.weight * inputs)[:, order], 1)
        assert partial.min() >= low and partial.max() <= high


def test_widths_of_the_network_hold_every_sum_and_are_tight():
    network = tiny_network()
    for layer in network.weighted_layers:
        low, high = accumulator_for_weights(network.weights[layer.name], layer.input)
        assert layer.accumulator.minimum <= low and high <= layer.accumulator.maximum
        assert layer.accumulator.bits == signed_bits(low, high)


def test_any_weights_width_is_the_worst_case():
    weight, bias = FixedPoint(8, True, 6), FixedPoint(16, True, 14)
    bits = accumulator_for_any_weights(9, ACTIVATION, weight, bias)
    worst = LayerWeights(np.full((1, 9), weight.minimum), np.array([bias.minimum]))
    low, _ = accumulator_for_weights(worst, ACTIVATION)
    assert -(2 ** (bits - 1)) <= low < -(2 ** (bits - 2))


def test_any_weights_width_covers_random_weights():
    moe = tiny_moe("general", 3)
    rng = np.random.default_rng(1)
    for layer in moe.runtime_layers:
        for _ in range(20):
            weights = LayerWeights(
                rng.choice([layer.weight.minimum, layer.weight.maximum], (layer.outputs, layer.inputs)),
                rng.choice([layer.bias.minimum, layer.bias.maximum], layer.outputs),
            )
            low, high = accumulator_for_weights(weights, layer.input)
            assert layer.accumulator.minimum <= low and high <= layer.accumulator.maximum


def _lenet() -> Network:
    """The paper's network (Fig. 3) with zero weights: only its shapes matter here."""
    layers, weights = [], {}
    shape = Shape(28, 28, 1)
    for name, outputs, kernel in (("conv1", 20, 5), ("conv2", 50, 5), ("fc1", 500, None), ("fc2", 62, None)):
        output = None if name == "fc2" else ACTIVATION
        kind = FixedPoint(4, True, 3)
        types = (ACTIVATION, kind, kind, kind, output)
        layers.append(
            Convolution(name, shape, outputs, *types, kernel) if kernel else Dense(name, shape, outputs, *types)
        )
        zeros = np.zeros((outputs, layers[-1].inputs), np.int64)
        weights[name] = LayerWeights(zeros, np.zeros(outputs, np.int64))
        shape = layers[-1].out_shape
        if kernel:
            layers.append(MaxPool(f"pool{name[-1]}", shape, 2, ACTIVATION))
            shape = layers[-1].out_shape
    return Network("lenet5", Shape(28, 28, 1), ACTIVATION, tuple(layers), weights, "pool1")


def test_counts_of_the_papers_network():
    network = _lenet()
    matrices = network.weighted_layers
    assert [layer.macs for layer in matrices] == [288_000, 1_600_000, 400_000, 31_000]
    assert [layer.weights for layer in matrices] == [500, 25_000, 400_000, 31_000]
    assert network.macs == 2_319_000 and network.features == Shape(12, 12, 20)


@pytest.mark.parametrize(("pool", "share"), [(12, 40.38), (6, 10.09), (4, 4.49), (3, 2.52), (2, 1.12), (1, 0.28)])
def test_table_1_of_the_paper(pool, share):
    """Weights of an LE and a GN with n = m relative to the GE's (arXiv 1811.00056, Table 1)."""
    gate = copy.deepcopy(GATES["linear"])
    gate["local_expert"]["pool"] = gate["gate"]["pool"] = pool
    network = _lenet()
    moe = build_moe(network, gate)
    ge = sum(layer.weights for layer in network.layers)
    assert round(100 * (moe.le.weights + moe.gate.out.weights) / ge, 2) == share


def test_digest_depends_on_weights_and_types():
    network = tiny_network()
    assert network.digest() == tiny_network().digest()
    assert network.digest() == replace(network, name="other").digest()
    weights = dict(network.weights)
    changed = weights["fc2"].weight.copy()
    changed[0, 0] += 1
    weights["fc2"] = LayerWeights(changed, weights["fc2"].bias)
    assert network.digest() != replace(network, weights=weights).digest()


def test_gate_with_confidence_has_two_inputs_for_each_local_expert():
    moe = tiny_moe("general", 3)
    assert moe.confidence_inputs == 6 and moe.gate.layers[0].extra_inputs == 6
    assert moe.gate.layers[0].inputs == 2 * 2 * 4 + 6 and moe.gate.out.outputs == 4


def _change(section: str, key: str, value: object) -> dict:
    gate = copy.deepcopy(GATES["general"])
    if value is None:
        del gate[section][key]
    else:
        gate[section][key] = value
    return gate


def _average(section: str, pool: int, kind: str = "average") -> dict:
    gate = _change(section, "pool", pool)
    gate[section]["pool_kind"] = kind
    return gate


def test_the_pools_of_expert_and_gate_are_of_the_kind_that_the_preset_names():
    gate = _average("local_expert", 3)
    moe = build_moe(tiny_network(), gate)
    assert moe.le.pool == AveragePool("le_pool", Shape(6, 6, 4), 2, moe.network.feature_type)
    assert moe.gate.pool == tiny_moe("general").gate.pool


def test_a_pool_of_maximum_and_average_doubles_the_channels():
    gate = _average("local_expert", 3, "max_average")
    moe = build_moe(tiny_network(), gate)
    assert moe.le.pool == MaxAveragePool("le_pool", Shape(6, 6, 4), 2, moe.network.feature_type)
    assert moe.le.pool.out_shape == Shape(3, 3, 8) and moe.le.out.inputs == 2 * tiny_moe("general").le.out.inputs
    assert moe.gate.pool == tiny_moe("general").gate.pool


def test_a_pool_of_maximum_and_average_is_no_layer_of_a_network():
    network = tiny_network()
    pool = network.layers[1]
    layers = (network.layers[0], MaxAveragePool(**vars(pool)), *network.layers[2:])
    with pytest.raises(InputError, match="network tiny: pool1: max-average pooling is no layer of a network, only a"):
        replace(network, layers=layers)


def test_an_average_is_exact_and_its_sum_fits():
    for size in SIZES:
        layer = AveragePool("x", Shape(size, size, 1), size, ACTIVATION)
        assert 2**layer.shift == size * size
        assert layer.accumulator.maximum >= size * size * 255 > layer.accumulator.maximum // 2


@pytest.mark.parametrize(
    ("gate", "experts", "text"),
    [
        (_change("local_expert", "pool", 4), 1, "le_pool = 4 does not divide the 6x6 features"),
        (_change("gate", "pool", 0), 1, "gate_pool = 0 does not divide"),
        (_change("gate", "weight_bits", None), 1, "lacks the key 'weight_bits'"),
        (_change("local_expert", "pool_kind", "median"), 1, "le_pool: pool_kind is 'median', allowed are max, average"),
        (_average("gate", 2), 1, "gate_pool: average pooling by 3 is not supported, .* one of 1, 2, 4, 8, 16"),
        (_change("gate", "hidden", 256), 1, "hidden is 256, allowed are 0 to 255"),
        (_change("local_expert", "weight_bits", 24), 1, "le gives logits of 38 bits, at most 32 are supported"),
        (_average("gate", 2, "max_average"), 1, "gate_pool: average pooling by 3 is not supported, .* one of 1, 2, 4"),
        (GATES["general"], 9, "local_experts is 9, allowed are 1 to 8"),
        (GATES["general"], -1, "local_experts is -1, allowed are 1 to 8"),
    ],
)
def test_bad_gate_presets_are_refused(gate, experts, text):
    with pytest.raises(InputError, match=text):
        build_moe(tiny_network(), gate, experts)


def test_unknown_tap_is_refused():
    with pytest.raises(InputError, match="there is no layer 'pool9' to tap"):
        replace(tiny_network(), tap="pool9")


def test_network_must_end_with_raw_logits():
    network = tiny_network()
    with pytest.raises(InputError, match="raw logits"):
        replace(network, layers=network.layers[:-1])
