# SPDX-License-Identifier: Apache-2.0
"""What a head computes while training is what its integers compute."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spec.fixedpoint import FixedPoint, requantize
from spec.network import LayerWeights
from training.heads import Head, HeadConfig, dense_integers, fake_quantise, head_logits, train_head

TYPE = FixedPoint(8, False, 5)


def test_fake_quantisation_is_the_requantiser() -> None:
    accumulator = np.arange(-3000, 12_000)
    real = torch.from_numpy(accumulator / 2.0**10).float()
    assert np.array_equal(fake_quantise(real, TYPE).numpy() * 32, requantize(accumulator, 5, 8))


def test_the_gradient_passes_except_where_it_saturates() -> None:
    values = torch.tensor([-1.0, 0.3, 5.0, 9.0], requires_grad=True)
    fake_quantise(values, TYPE).sum().backward()
    assert values.grad.tolist() == [0, 1, 1, 0]


@pytest.fixture
def head(moe) -> Head:
    head = Head([moe.gate.layers[0], moe.gate.out], seed=1)
    with torch.no_grad():
        for layer in head:
            layer.weight.mul_(30)  # so that weights and hidden values saturate
            layer.bias.uniform_(-1, 1, generator=torch.Generator().manual_seed(0))
    return head


def test_training_forward_equals_the_integers(moe, head) -> None:
    inputs = np.random.default_rng(0).integers(0, 256, (50, moe.gate.layers[0].inputs)).astype(np.uint8)
    with torch.no_grad():
        real = head(torch.from_numpy(inputs)).double().numpy()
    integers = head_logits(head, inputs)
    assert np.array_equal(integers * moe.gate.out.accumulator.scale, real)
    hidden = dense_integers(moe.gate.layers[0], head.integers()[0], inputs.astype(np.int64))
    assert hidden.max() == 255 and hidden.min() == 0


def test_integers_fit_their_types_and_load_back(moe, head) -> None:
    weights = head.integers()[0]
    assert moe.gate.layers[0].weight.contains(weights.weight) and weights.weight.max() == 127
    assert moe.gate.layers[0].bias.contains(weights.bias)
    other = Head([moe.gate.layers[0], moe.gate.out], seed=2)
    other[0].load_integers(weights)
    assert np.array_equal(other.integers()[0].weight, weights.weight)
    assert np.array_equal(other.integers()[0].bias, weights.bias)


def test_a_weight_of_zero_takes_no_part(moe) -> None:
    head = Head([moe.gate.out], seed=0)
    x = torch.randint(0, 256, (64, moe.gate.out.inputs), generator=torch.Generator().manual_seed(0))
    y = (x.float().mean(1) > 127).long()
    mislabelled = torch.cat([y, 1 - y])
    weight = torch.cat([torch.ones(64), torch.zeros(64)])
    for _ in train_head(head, lambda _: (torch.cat([x, x]), mislabelled, weight), HeadConfig(300, 0.05, batch=128)):
        pass
    assert (head_logits(head, x.numpy()).argmax(1) == y.numpy()).mean() > 0.9


def test_a_head_on_normalised_inputs_starts_from_the_same_integers_and_is_exact(moe) -> None:
    layer, rng = moe.gate.layers[0], np.random.default_rng(0)
    inputs = rng.integers(0, 200, (50, layer.inputs)) // rng.choice(
        [1, 2, 5, 50, 300], layer.inputs
    )  # some are always 0
    weights = LayerWeights(
        rng.integers(-100, 100, (layer.outputs, layer.inputs)), rng.integers(-900, 900, layer.outputs)
    )
    plain, normalised = Head([layer], 0), Head([layer], 0)
    normalised.normalise(inputs)
    for head in (plain, normalised):
        head.load_integers([weights])
        (found,) = head.integers()
        assert np.array_equal(found.weight, weights.weight) and np.array_equal(found.bias, weights.bias)
        real = head(torch.from_numpy(inputs)).detach().double() / layer.output.scale
        assert np.array_equal(np.rint(real.numpy()), head_logits(head, inputs))
    assert not torch.equal(plain[0].weight, normalised[0].weight)
