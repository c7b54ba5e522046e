# SPDX-License-Identifier: Apache-2.0
"""Banks of run-time weights: round trip, refusals, atomic writing."""

from dataclasses import replace

import numpy as np
import pytest

from golden.bank import Bank, random_bank
from golden.errors import InputError
from golden.spec import LayerWeights
from golden.tests.tiny import tiny_moe


@pytest.mark.parametrize("gate", ["linear", "general"])
@pytest.mark.parametrize("experts", [1, 3])
def test_save_and_load_give_the_same_bank(tmp_path, gate, experts):
    moe = tiny_moe(gate, experts)
    bank = random_bank(moe, 5)
    bank.save(tmp_path / "sub" / "bank.npz")
    loaded = Bank.load(tmp_path / "sub" / "bank.npz")
    loaded.check(moe)
    assert (loaded.preset, loaded.network_digest) == (bank.preset, bank.network_digest)
    assert [name for name, _ in loaded.layers()] == [name for name, _ in bank.layers()]
    for (_, a), (_, b) in zip(loaded.layers(), bank.layers(), strict=True):
        assert (a.weight == b.weight).all() and (a.bias == b.bias).all()
    assert [p.name for p in (tmp_path / "sub").iterdir()] == ["bank.npz"]


def test_random_bank_uses_the_whole_range():
    moe = tiny_moe()
    values = np.concatenate([random_bank(moe, seed).local_experts[0].weight.ravel() for seed in range(30)])
    assert (values.min(), values.max()) == (moe.le.weight.minimum, moe.le.weight.maximum)


def _with_weight(bank: Bank, value: int) -> Bank:
    weight = bank.local_experts[0].weight.copy()
    weight[0, 0] = value
    return replace(bank, local_experts=(LayerWeights(weight, bank.local_experts[0].bias),))


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
    short = replace(bank, gate_out=LayerWeights(bank.gate_out.weight[:, 1:], bank.gate_out.bias))
    with pytest.raises(InputError, match="gate_out has shape"):
        short.check(moe)


def test_save_refuses_values_that_would_wrap_and_leaves_no_file(tmp_path):
    with pytest.raises(InputError, match="does not fit 8-bit weights"):
        _with_weight(random_bank(tiny_moe(), 0), 200).save(tmp_path / "bank.npz")
    assert not list(tmp_path.iterdir())


def test_load_refuses_other_files(tmp_path):
    with pytest.raises(InputError, match="no such bank file"):
        Bank.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(InputError, match="not a bank file"):
        Bank.load(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(InputError, match="not a complete bank"):
        Bank.load(tmp_path / "other.npz")
    whole = tmp_path / "whole.npz"
    random_bank(tiny_moe(), 0).save(whole)
    (tmp_path / "cut.npz").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InputError, match="not a bank file"):
        Bank.load(tmp_path / "cut.npz")
