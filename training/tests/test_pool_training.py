# SPDX-License-Identifier: Apache-2.0
"""Distillation of a pool: what it learns, why the scale of logits matters, resumption, and the commands."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from golden.data import generate_generic
from golden.integer_model import MoeModel
from golden.tests.small import blobs
from spec.bank_file import read_bank_file
from spec.network import LayerWeights, Mode
from spec.tests.commands import call
from training import pool_distil as distil
from training import pool_query, pool_table, pool_training, table_files
from training.features import extract
from training.pool import Pool
from training.pool_data import PoolData, pool_data
from training.pool_distil import Scale
from training.pool_groups import FINER_GROUPS, GROUPS, QUERIES, query_classes
from training.pool_training import PoolTraining, validation_accuracy
from training.tests.test_personalize import FOLDING_TOML, GATE_TOML
from training.tests.test_pool import small_moe

ALL = ("digits", "upper", "lower")
DEEP_TOML = GATE_TOML.replace("[gate]", "hidden = 24\nhidden_shift = 8\n[gate]")
DEEP_FOLDING = FOLDING_TOML + "le_hidden = {pe = 2, simd = 4}\nle_out = {pe = 2, simd = 4}\n"


@pytest.fixture
def quick(monkeypatch) -> None:
    """Short trainings."""
    monkeypatch.setattr(distil, "PER_CLASS", 8)
    for name, epochs in (("LIBRARY_CONFIG", 30), ("EXPERT_CONFIG", 10), ("FROM_LIBRARY", 10)):
        monkeypatch.setattr(distil, name, replace(getattr(distil, name), epochs=epochs, batch=64))
    monkeypatch.setattr(pool_training, "SCRATCH", replace(pool_training.SCRATCH, batch=64))


@pytest.fixture
def training(quick, network, tmp_path) -> PoolTraining:
    """A training on blobs, by a teacher that knows them all."""
    moe = small_moe(network, hidden=24)
    data = pool_data(moe, blobs(12, 1), tmp_path)
    sure = np.full(data.teacher.shape, -3.0)
    sure[np.arange(len(sure)), data.labels] = 3.0
    known = (sure / data.teacher_scale).astype(np.int32)
    held = extract(moe, blobs(6, 9))
    more = {"validation_inputs": held.local, "validation_labels": held.labels}
    return PoolTraining(moe, replace(data, teacher=known, **more), tmp_path)


def accuracy(training: PoolTraining, pool: Pool, names) -> float:
    return validation_accuracy(training.moe, training.data, pool.library, *pool.rows(names))


def test_a_pool_learns_every_query(training) -> None:
    pool = training.pool()
    for query in QUERIES:
        assert accuracy(training, pool, query) > 0.8, query
    hidden, rows = training.scratch(query_classes(GROUPS, ("digits",)), 0)
    assert validation_accuracy(training.moe, training.data, hidden, GROUPS["digits"], rows) > 0.4


def test_another_scale_of_one_group_costs_mixed_queries_only(training) -> None:
    pool = training.pool()
    digits = pool.experts["digits"]
    factor = 8
    small = LayerWeights(np.rint(digits.weight / factor).astype(int), np.rint(digits.bias / factor).astype(int))
    wrong = Pool(pool.library, GROUPS, pool.experts | {"digits": small})
    assert accuracy(training, wrong, ALL) < accuracy(training, pool, ALL) - 0.02
    assert accuracy(training, wrong, ("upper", "lower")) == accuracy(training, pool, ("upper", "lower"))


@pytest.mark.parametrize("scale", Scale)
def test_every_way_gives_rows_of_its_group(training, scale: Scale) -> None:
    library = training.library(0)
    rows = training.expert(library, GROUPS["upper"], 0, scale)
    layer = training.moe.le.out
    assert rows.weight.shape == (26, layer.inputs) and rows.bias.shape == (26,)
    assert layer.weight.contains(rows.weight) and layer.bias.contains(rows.bias)
    assert (scale == Scale.SLICE) == np.array_equal(rows.weight, library.out.weight[10:36])
    again = distil.train_expert(training.moe, training.data, library, GROUPS["upper"], 0, scale)
    assert np.array_equal(again.weight, rows.weight)
    # by itself every expert knows its group
    assert validation_accuracy(training.moe, training.data, library.hidden, GROUPS["upper"], rows) > 0.4


def test_an_expert_knows_no_other_expert(training) -> None:
    """Groups in halves leave the digits' expert as it is: it is distilled with the library alone."""
    pools = training.pool(), training.pool(groups=FINER_GROUPS)
    assert np.array_equal(pools[0].experts["digits"].weight, pools[1].experts["digits"].weight)
    assert set(pools[1].experts) == set(FINER_GROUPS)


def test_the_labels_of_a_group_are_its_own(training) -> None:
    """Negative control: a teacher and labels of other classes teach another expert."""
    data: PoolData = training.data
    moved = replace(data, labels=(data.labels + 1) % 62, teacher=np.roll(data.teacher, 1, axis=1))
    library, upper = training.library(0), GROUPS["upper"]
    right, wrong = (
        validation_accuracy(training.moe, data, library.hidden, upper, rows)
        for rows in (distil.train_expert(training.moe, given, library, upper, 0, Scale.NONE) for given in (data, moved))
    )
    assert wrong < right / 2


def test_an_interrupted_training_goes_on(training, monkeypatch) -> None:
    expected, trained = training.pool(1).digest(), []
    training = replace(training, work=training.work / "again")
    train_expert = distil.train_expert

    def interrupted(*arguments, **options) -> LayerWeights:
        if len(trained) == 1:
            raise KeyboardInterrupt
        trained.append(train_expert(*arguments, **options))
        return trained[-1]

    monkeypatch.setattr(distil, "train_expert", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training.pool(1)
    monkeypatch.setattr(distil, "train_library", lambda *_, **__: pytest.fail("the library was there"))
    monkeypatch.setattr(distil, "train_expert", lambda *a, **k: trained.append(train_expert(*a, **k)) or trained[-1])
    assert training.pool(1).digest() == expected
    assert len(trained) == 3


# ---- The commands ----------------------------------------------------------------------------------------------------
@pytest.fixture
def pool_command(quick, network_path, tmp_path, monkeypatch):
    """Runs the command on the small network."""
    monkeypatch.setattr(pool_query, "generic_source", lambda split: blobs(6 if split == "train" else 2, 1))
    (tmp_path / "gate.toml").write_text(DEEP_TOML)
    (tmp_path / "folding.toml").write_text(DEEP_FOLDING)
    places = {"--train": ("--work", tmp_path / "work"), "--classes": ("--preset", tmp_path / "folding.toml")}
    same = ["--ge", network_path, "--gate", tmp_path / "gate.toml"]
    return lambda what, *arguments: call("pool", *same, *places[what], what, *arguments)


def test_from_training_to_a_bank_that_answers_no_letter(pool_command, network, tmp_path, capsys) -> None:
    file, bank = tmp_path / "pool.npz", tmp_path / "digits.bank"
    assert pool_command("--train", "--out", file, "--json", tmp_path / "pool.json") == 0
    record = json.loads((tmp_path / "pool.json").read_text())
    assert record["groups"]["digits"] == "0123456789" and set(record["validation"]) > {"digits"}
    assert pool_command("--classes", "digits", "--pool", file, "--out", bank) == 0
    assert "answers 0123456789; put together in" in capsys.readouterr().out
    for wrong in ("digits,greek", ""):
        assert pool_command("--classes", wrong, "--pool", file, "--out", tmp_path / "none.bank") == 2
        name = wrong.rpartition(",")[2]
        assert (
            capsys.readouterr().err == f"pool.py: there is no group of classes '{name}', known are {', '.join(ALL)}\n"
        )
    assert not (tmp_path / "none.bank").exists()
    found = read_bank_file(bank)
    assert found.info["groups"] == ["digits"] and found.info["pool"] == record["pool"]
    moe = small_moe(network, hidden=24)
    for mode in (Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED):
        answers = MoeModel(moe).run(blobs(2, 5).images, mode, found.bank)
        assert answers.classes.max() < 10 and len(np.unique(answers.classes)) > 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "either --classes or --train is needed"),
        (("--classes", "digits", "--train"), "either --classes or --train is needed"),
        (("--classes", "digits", "--pool", "nowhere.npz"), "there is no pool of experts"),
        (("--classes", "digits", "--gate", "tuned"), "its local expert has no hidden layer"),
        (("--train", "--gate", "tuned"), "its local expert has no hidden layer"),
        (("--train", "--pool", "other.npz"), "--pool does nothing beside --train"),
        (("--train", "--device"), "--device does nothing beside --train"),
        (("--train", "--preset", "ecp5_85_folded"), "--preset does nothing beside --train"),
        (("--classes", "digits", "--seed", "3"), "--seed does nothing beside --classes"),
        (("--classes", "digits", "--work", "there"), "--work does nothing beside --classes"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, capsys, arguments, said: str) -> None:
    assert call("pool", *arguments, "--out", tmp_path / "x") == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_the_table_on_built_in_handwriting(quick, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(pool_table, "generic_source", lambda split: generate_generic(4, split, 1))
    monkeypatch.setattr(pool_table, "QUERIES", QUERIES[:2])
    monkeypatch.setattr(table_files, "RESULTS", tmp_path / "out")
    for name in ("LIBRARY_CONFIG", "EXPERT_CONFIG", "FROM_LIBRARY"):
        monkeypatch.setattr(distil, name, replace(getattr(distil, name), epochs=1))
    monkeypatch.setattr(pool_training, "SCRATCH", replace(pool_training.SCRATCH, epochs=1))
    common = ("--work", tmp_path / "work", "--without-times", "--pools", 2, "--json", tmp_path / "table.json")
    assert call("pool_table", *common) == 0
    assert "| digits + upper | 36 |" in capsys.readouterr().out
    result = json.loads((tmp_path / "table.json").read_text())
    assert [len(row["pool"]) for row in result["rows"]] == [2, 2]
    assert all(row["outside"] == [0, 0] for row in result["rows"]) and result["times"] is None
    assert len(result["validation"]["none"]) == 2
    assert call("pool_table", "--work", tmp_path / "work", "--keep") == 2
    assert "figures of built-in handwriting are not kept" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
