# SPDX-License-Identifier: Apache-2.0
"""A gate may choose any expert that is right: what is accepted, and what that loss is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from training.gate_loss import gate_losses, targets

ORIGIN = np.array([0, 1, 2, 2])
RIGHT = np.array([[True, True, True], [True, True, False], [False, True, False], [False, False, False]])


def test_who_is_accepted() -> None:
    assert targets(ORIGIN, RIGHT).tolist() == [
        [0, 1, 0, 0],  # generic: never a local expert, however right
        [1, 1, 1, 0],
        [2, 0, 1, 0],  # only another user's expert is right
        [2, 0, 0, 1],  # nobody is: the user's own
    ]


def test_the_loss_is_between_origin_and_any_right_one() -> None:
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    target = torch.from_numpy(targets(ORIGIN, RIGHT))
    probability = torch.softmax(logits, 1)
    origin, accepted = gate_losses(logits, target, 0.0), gate_losses(logits, target, 1.0)
    assert torch.allclose(origin, functional.cross_entropy(logits, target[:, 0], reduction="none"))
    expected = [probability[0, 0], probability[1, :2].sum(), probability[2, 1], probability[3, 2]]
    assert torch.allclose(accepted, -torch.log(torch.stack(expected)))
    assert torch.allclose(gate_losses(logits, target, 0.3), 0.7 * origin + 0.3 * accepted)


def test_an_accepted_expert_costs_nothing_and_a_refused_one_is_pushed_away() -> None:
    logits = torch.tensor([[0.0, 9.0, 0.0]], requires_grad=True)
    (loss,) = gate_losses(logits, torch.tensor([[2, 0, 1, 1]]), 1.0)
    assert loss.item() == pytest.approx(0, abs=1e-3)
    (loss,) = gate_losses(logits, torch.tensor([[2, 0, 0, 1]]), 1.0)
    loss.backward()
    assert logits.grad[0, 1] > 0.9 and logits.grad[0, 2] < -0.9
