# SPDX-License-Identifier: Apache-2.0
"""Banks of run-time weights: random ones, and refusal of what does not fit."""

from dataclasses import replace

import numpy as np
import pytest

from spec.bank import Bank, random_bank
from spec.errors import InputError
from spec.network import LayerWeights
from spec.tiny import tiny_moe


def test_random_bank_uses_the_whole_range():
    moe = tiny_moe()
    values = np.concatenate([random_bank(moe, seed).local_experts[0][-1].weight.ravel() for seed in range(30)])
    assert (values.min(), values.max()) == (moe.le.out.weight.minimum, moe.le.out.weight.maximum)


def _with_weight(bank: Bank, value: int) -> Bank:
    ((layer,),) = bank.local_experts
    weight = layer.weight.copy()
    weight[0, 0] = value
    return replace(bank, local_experts=((LayerWeights(weight, layer.bias),),))


def test_check_refuses_what_does_not_fit():
    moe, bank = tiny_moe(), random_bank(tiny_moe(), 0)
    bank.check(moe)
    with pytest.raises(InputError, match="gate preset 'general', not for 'linear'"):
        bank.check(tiny_moe("linear"))
    with pytest.raises(InputError, match="made for the global expert"):
        bank.check(tiny_moe(seed=1))
    with pytest.raises(InputError, match="has 3 layers, the accelerator 4"):
        bank.check(tiny_moe("general", 2))
    with pytest.raises(InputError, match="le0 has values outside 8/16 bits"):
        _with_weight(bank, 128).check(moe)
    out = bank.gate[-1]
    short = replace(bank, gate=(*bank.gate[:-1], LayerWeights(out.weight[:, 1:], out.bias)))
    with pytest.raises(InputError, match="gate_out has shape"):
        short.check(moe)
