# SPDX-License-Identifier: Apache-2.0
"""The importance loss is what the literature says, a capacity is never exceeded, and both change a gate's training."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from golden.integer_model import MoeModel
from golden.tests.small import GATE, blobs
from spec.errors import InputError
from spec.network import Mode, Moe, build_moe
from training.gate import HeadConfig, UserData, train_gate
from training.gate_balance import Balance, Wanted, capacity_limit, capped_origins, importance_loss
from training.personalize import make_bank
from training.tests.test_gate import DIM, generic_data, user_data

SECOND = DIM - 30
SURE = 50.0  # a logit that leaves the others no probability


def one_hot(experts: list[int], outputs: int) -> torch.Tensor:
    logits = torch.zeros(len(experts), outputs)
    logits[torch.arange(len(experts)), torch.tensor(experts)] = SURE
    return logits


def test_the_loss_is_nothing_for_even_use_and_greatest_for_one_expert() -> None:
    origin = torch.ones(4, dtype=torch.int64)
    assert importance_loss(one_hot([1, 2, 3, 4], 5), origin).item() == pytest.approx(0, abs=1e-5)
    assert importance_loss(one_hot([2, 2, 2, 2], 5), origin).item() == pytest.approx(3, rel=1e-5)


def test_generic_samples_and_the_generic_logit_do_not_count() -> None:
    even, origin = one_hot([1, 2], 3), torch.tensor([1, 2])
    more = torch.cat([even, one_hot([1, 1, 1], 3)])
    assert importance_loss(more, torch.cat([origin, torch.zeros(3, dtype=torch.int64)])).item() == pytest.approx(0)
    even[:, 0] += 7
    assert importance_loss(even, origin).item() == pytest.approx(0)
    assert importance_loss(even, torch.zeros(2, dtype=torch.int64)).item() == 0
    assert importance_loss(one_hot([1, 1], 2), origin).item() == 0  # one local expert has nobody to be even with


def test_it_is_the_loss_of_switch_transformers_less_its_minimum() -> None:
    """N times the sum of f and P, where f, the share of hard choices, is P."""
    logits = torch.randn(100, 5, generator=torch.Generator().manual_seed(0))
    importance = torch.softmax(logits[:, 1:], 1).mean(0)
    switch = 4 * (importance * importance).sum()
    assert importance_loss(logits, torch.ones(100, dtype=torch.int64)).item() == pytest.approx(
        switch.item() - 1, abs=1e-5
    )


def test_its_gradient_takes_from_the_busiest() -> None:
    logits = torch.tensor([[0.0, 2.0, 0.0], [0.0, 1.0, 0.0]], requires_grad=True)
    importance_loss(logits, torch.tensor([1, 2])).backward()
    assert (logits.grad[:, 1] > 0).all() and (logits.grad[:, 2] < 0).all()
    assert (logits.grad[:, 0] == 0).all()


def wanted(count: int, number: int, experts: int, seed: int) -> Wanted:
    """Images of which the user's own expert gets most right, another one some, and the GE some."""
    rng = np.random.default_rng(seed)
    right = rng.random((count, experts)) < 0.4
    right[:, number] = rng.random(count) < 0.9
    return Wanted(right, rng.random(count) < 0.5)


@pytest.mark.parametrize("capacity", [0.5, 1.0, 1.1, 1.5])
@pytest.mark.parametrize("count", [(90, 20, 30, 40), (40, 40, 40, 40), (7, 1, 1, 1)])
def test_no_expert_gets_more_than_its_capacity(count: tuple[int, ...], capacity: float) -> None:
    users = [wanted(n, i, len(count), i) for i, n in enumerate(count)]
    origins = capped_origins(users, capacity)
    found = np.bincount(np.concatenate(origins), minlength=1 + len(count))
    assert found.sum() == sum(count)
    assert found[1:].max() <= capacity_limit(sum(count), len(count), capacity)
    for number, (user, origin) in enumerate(zip(users, origins, strict=True), start=1):
        for image in np.flatnonzero((origin != number) & (origin > 0)):
            assert user.right[image, origin[image] - 1]  # nobody is sent to an expert that is wrong


def test_without_a_binding_capacity_every_image_stays() -> None:
    """Negative control: the same users exceed a smaller capacity."""
    users = [wanted(n, i, 2, i) for i, n in enumerate((30, 20))]
    stay = capped_origins(users, 2.0)
    assert all((origin == i).all() for i, origin in enumerate(stay, start=1))
    assert max(map(len, stay)) > capacity_limit(50, 2, 1.0)
    assert not all((origin == i).all() for i, origin in enumerate(capped_origins(users, 1.0), start=1))


def test_those_go_that_lose_least() -> None:
    right = np.array([[True, False], [True, True], [False, True], [True, False]])
    first = Wanted(right, np.array([False, False, False, True]))
    second = Wanted(np.zeros((0, 2), bool), np.zeros(0, bool))
    assert capped_origins([first, second], 1.0)[0].tolist() == [1, 2, 2, 1]
    assert capped_origins([first, second], 0.5)[0].tolist() == [1, 0, 2, 0]  # the other one's room is used up


def test_a_balance_below_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="neither may be below 0"):
        Balance(loss=-1)
    assert [b.name for b in (Balance(), Balance(0.1), Balance(0, 1.1), Balance(1, 2))] == [
        "none", "soft 0.1", "hard 1.1", "soft 1, hard 2",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def moe(network) -> Moe:
    return build_moe(network, {**GATE, "local_experts": 2})


@pytest.fixture(scope="module")
def users(moe: Moe) -> list[UserData]:
    """Two writers whom a gate takes for one another when it learns for a short time; the first has more images."""
    return [user_data(moe, blobs(9, 1, brightness=DIM)), user_data(moe, blobs(4, 3, brightness=SECOND))]


def share_of_first(moe: Moe, users: list[UserData], balance: Balance) -> float:
    """Share of the local answers to both writers' new images, as many of each, that the first expert gives."""
    gate = train_gate(moe, generic_data(moe, blobs(6, 2)), users, HeadConfig(12, 1e-2, 128), balance=balance)
    bank = make_bank(moe, [user.expert for user in users], gate)
    images = np.concatenate([blobs(2, 8, brightness=DIM).images, blobs(2, 9, brightness=SECOND).images])
    experts = MoeModel(moe).run(images, Mode.MOE_PARALLEL, bank).experts
    return float((experts == 1).sum() / max((experts > 0).sum(), 1))


def test_both_balances_take_from_the_larger_user(moe: Moe, users: list[UserData]) -> None:
    assert share_of_first(moe, users, Balance()) > 0.8  # without a balance the one with more images gets most
    assert 0.3 < share_of_first(moe, users, Balance(loss=10)) < 0.7
    assert 0.3 < share_of_first(moe, users, Balance(capacity=1.0)) < 0.7


def test_no_balance_changes_nothing(moe: Moe, users: list[UserData]) -> None:
    generic = generic_data(moe, blobs(2, 2))
    first = train_gate(moe, generic, users, HeadConfig(2, 1e-2, 128))
    second = train_gate(moe, generic, users, HeadConfig(2, 1e-2, 128), balance=Balance(capacity=8))
    other = train_gate(moe, generic, users, HeadConfig(2, 1e-2, 128), balance=Balance(loss=1))
    assert all((a.weight == b.weight).all() for a, b in zip(first.weights, second.weights, strict=True))
    assert any((a.weight != b.weight).any() for a, b in zip(first.weights, other.weights, strict=True))
