# SPDX-License-Identifier: Apache-2.0
"""Tables 1, 4 and 5: sizes from one set of features, random starts, interrupted runs, and which results are kept."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from golden.data import Handwriting, generate, generate_generic
from golden.energy import paper
from golden.integer_model import MoeModel
from golden.tests.small import GATE, blobs
from spec.errors import InputError
from spec.models_digest import models_digest
from spec.network import build_moe
from spec.presets import load_moe, load_toml
from spec.tests.commands import call, load
from tools.rows import cached_row
from training import fine_tune as tuning
from training import harris, personalize, table1, table4, table_files
from training.features import Copies, extract
from training.heads import Head
from training.local_expert import USUAL
from training.pooled_sizes import fit_bank, moe_of_size, personal_share, repool, unpooled_moe
from training.untrained import overall, untrained_bank


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """Few epochs, and little built-in handwriting of two writers; returns where the commands may write."""
    monkeypatch.setitem(USUAL, "random", replace(USUAL["random"], epochs=2))
    monkeypatch.setattr(personalize, "LINEAR_GATE", replace(personalize.LINEAR_GATE, epochs=2))
    monkeypatch.setattr(tuning, "FINE_TUNE", replace(tuning.FINE_TUNE, epochs=2))
    monkeypatch.setattr(harris, "CUSTOMISED", replace(harris.CUSTOMISED, epochs=2))
    monkeypatch.setattr(harris, "GENERIC", replace(harris.GENERIC, epochs=1, per_class=2))
    monkeypatch.setattr(table_files, "generic_source", lambda split: generate_generic(4, split, 1))
    monkeypatch.setattr(table_files, "users_source", lambda: generate(2, 8, 1))
    monkeypatch.setattr(table_files, "RESULTS", tmp_path / "out")
    return ["--work", str(tmp_path / "work")]


def as_if_written(monkeypatch) -> None:
    """The same handwriting, as if somebody had written it."""

    def users() -> Handwriting:
        people = generate(1, 8, 1)
        return Handwriting(replace(people.data, synthetic=False), people.user, people.is_test)

    monkeypatch.setattr(
        table_files, "generic_source", lambda split: replace(generate_generic(4, split, 1), synthetic=False)
    )
    monkeypatch.setattr(table_files, "users_source", users)


# ---- Sizes -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "pooled"),
    [*(("max", n) for n in (12, 6, 4, 3, 2, 1)), ("average", 3), ("max_average", 12), ("max_average", 3)],
)
def test_pooling_again_gives_the_samples_of_a_size(network, kind: str, pooled: int) -> None:
    data = blobs(1, 0)
    gate = GATE | {name: GATE[name] | {"pool_kind": kind} for name in ("local_expert", "gate")}
    unpooled = extract(unpooled_moe(network, gate), data, Copies(mild=1))
    moe = moe_of_size(network, gate, pooled)
    again, direct = repool(unpooled, moe), extract(moe, data, Copies(mild=1))
    for name in ("local", "gate", "labels", "source"):
        assert np.array_equal(getattr(again, name), getattr(direct, name))
    assert again.local.shape == (124, pooled * pooled * (8 if kind == "max_average" else 4))


def test_a_size_that_does_not_divide_the_maps_is_refused(network) -> None:
    with pytest.raises(InputError, match="does not divide the 12x12 features"):
        moe_of_size(network, GATE, 5)


def test_shares_of_weights_are_those_of_the_paper() -> None:
    network, preset = load_moe("paper").network, load_toml("gates", "paper")
    expected = paper.table_1(network)
    assert {n: personal_share(moe_of_size(network, preset, n)) for n in expected} == pytest.approx(expected)


def test_a_preset_with_a_generic_head_has_no_other_sizes(network) -> None:
    moe = build_moe(network, {**GATE, "local_expert": {**GATE["local_expert"], "start": "generic"}})
    with pytest.raises(InputError, match="start is 'generic'"):
        fit_bank(moe, personalize.Recipe(), blobs(1, 0), extract(moe, blobs(1, 0)), None)


def test_table_1_on_built_in_handwriting(quick, tmp_path, capsys) -> None:
    assert call("table1", *quick, "--sizes", "3", "--users", "1", "--json", tmp_path / "table.json") == 0
    assert "| 3x3x20 | 11,520 | 2.52 |" in capsys.readouterr().out
    assert json.loads((tmp_path / "table.json").read_text())["rows"][0]["pooled"] == 3
    assert call("table1", *quick, "--keep") == 2
    assert "figures of built-in handwriting are not kept" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_table_1_is_kept_and_goes_on_after_an_interruption(quick, tmp_path, monkeypatch) -> None:
    as_if_written(monkeypatch)
    monkeypatch.setattr(load("table1"), "TABLE_1_POOLED", (2, 1))
    trained = []

    def interrupted(*arguments) -> None:
        if len(trained) == 1:
            raise KeyboardInterrupt
        trained.append(fit_bank(*arguments))
        return trained[-1]

    monkeypatch.setattr(table1, "fit_bank", interrupted)
    assert call("table1", *quick, "--keep") == 130
    assert not (tmp_path / "out").exists()

    monkeypatch.setattr(table1, "fit_bank", lambda *arguments: trained.append(fit_bank(*arguments)) or trained[-1])
    assert call("table1", *quick, "--keep") == 0
    assert len(trained) == 2
    result = json.loads((tmp_path / "out" / "table1.json").read_text())
    assert [row["pooled"] for row in result["rows"]] == [2, 1]
    assert [row["users"][0]["bank"] for row in result["rows"]] == [bank.digest() for bank in trained]
    assert result["sources"] == models_digest() and result["data"]["synthetic"] is False
    assert "1x1x20" in (tmp_path / "out" / "table1.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--sizes", "0"], "--sizes: is '0', numbers from 1 separated by commas are needed"),
        (["--sizes", "1,x"], "--sizes: is '1,x', numbers from 1"),
        (["--sizes", ""], "--sizes: is '', numbers from 1"),
        (["--users", "1,3"], "--users names 3, the data have users 1 to 2"),
    ],
)
def test_a_bad_list_is_refused(quick, arguments: list[str], sentence: str, capsys) -> None:
    assert call("table1", *quick, *arguments) == 2
    assert sentence in capsys.readouterr().err


def test_a_part_of_a_table_is_not_kept(quick, tmp_path, monkeypatch, capsys) -> None:
    as_if_written(monkeypatch)
    parts = {"table1": ["--sizes", "3"], "table4": ["--seeds", "1"], "table2": ["--banks", str(tmp_path)]}
    for name, part in parts.items():
        work = quick if name != "table2" else []
        assert call(name, *work, *part, "--keep") == 2
        assert f"--keep is for the published result, leave {part[0]} out" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# ---- Rows ------------------------------------------------------------------------------------------------------------
def test_a_kept_row_is_read_only_for_the_same_settings(tmp_path) -> None:
    made = []

    def row(number: int) -> dict:
        made.append(number)
        return {"number": number}

    assert cached_row(tmp_path, {"seed": 0}, lambda: row(1)) == {"number": 1}
    assert cached_row(tmp_path, {"seed": 0}, lambda: row(2)) == {"number": 1}
    assert cached_row(tmp_path, {"seed": 1}, lambda: row(3)) == {"number": 3}
    for path in tmp_path.iterdir():
        path.write_text("{")
    assert cached_row(tmp_path, {"seed": 0}, lambda: row(4)) == {"number": 4}
    assert made == [1, 3, 4]


# ---- Before training -------------------------------------------------------------------------------------------------
def test_every_seed_is_another_start(moe) -> None:
    assert len({untrained_bank(moe, seed).digest() for seed in (0, 0, 1, 2)}) == 3


def test_overall_is_the_ge_or_the_le_by_the_gate(moe) -> None:
    model, data = MoeModel(moe), blobs(1, 0)
    bank = untrained_bank(moe, 0)
    for logit, share in ((1000, 1.0), (-1000, 0.0)):
        out = replace(bank.gate[-1], weight=0 * bank.gate[-1].weight, bias=np.array([0, logit]))
        forced = replace(bank, gate=(*bank.gate[:-1], out))
        own = personalize.measure(model, forced, data)
        right = own.le if share else own.ge
        assert overall(model, forced, data) == (pytest.approx(right.mean()), share)


def test_le_and_gn_of_a_random_start_do_not_share_weights(moe) -> None:
    def alike(expert: np.ndarray, gate: np.ndarray) -> float:
        return np.corrcoef(expert.ravel()[:200], gate.ravel()[:200])[0, 1]

    bank = untrained_bank(moe, 0)
    assert abs(alike(bank.local_experts[0][-1].weight, bank.gate[0].weight)) < 0.3
    same_seed = [Head([layer], 0).integers()[0].weight for layer in (moe.le.out, moe.gate.layers[0])]
    assert alike(*same_seed) > 0.9


def test_a_given_head_stays(moe) -> None:
    head = untrained_bank(moe, 5).local_experts[0]
    assert untrained_bank(moe, 0, head).local_experts[0] is head


# ---- Tables 4 and 5 --------------------------------------------------------------------------------------------------
def test_tables_4_and_5_on_built_in_handwriting(quick, tmp_path, capsys) -> None:
    assert call("table4", *quick, "--users", "2", "--seeds", "1") == 0
    printed = capsys.readouterr().out
    assert not (tmp_path / "out").exists()
    assert "not measured" not in printed and "| [7] | 19,574 |" in printed
    assert "| fine-tuning | 431,000 |" in printed and "| MoE, gate `paper` | 11,520 |" in printed


def test_tables_4_and_5_are_kept(quick, tmp_path, monkeypatch) -> None:
    as_if_written(monkeypatch)
    monkeypatch.setattr(table4, "SEEDS", 1)
    arguments = [*quick, "--seeds", "1", "--keep"]
    assert call("table4", *arguments) == 0
    result = json.loads((tmp_path / "out" / "table4.json").read_text())
    rows = {row["model"]: row for row in result["rows"]}
    (user,) = result["users"]
    assert list(rows) == ["moe_paper", "moe_tuned", "moe_rich", "harris", "fine_tuning"]
    for model, row in rows.items():
        for name in ("customised", "emnist"):
            assert row[f"after_{name}"] == user[f"{model}_{name}"]
            assert 0 <= row[f"before_{name}"] <= 1
        assert row["after_customised_balanced"] == user[f"{model}_customised_balanced"]
    kept = (tmp_path / "out" / "table4.md").read_text()

    for module in (tuning, harris):
        monkeypatch.setattr(module, "fine_tune", lambda *arguments: pytest.fail("a finished row was computed again"))
    assert call("table4", *arguments) == 0
    assert (tmp_path / "out" / "table4.md").read_text() == kept
