# SPDX-License-Identifier: Apache-2.0
"""Devices of several users: who shares one, what is measured, what is kept, and that test data choose nothing."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from golden.data import Handwriting, LabelledImages
from golden.integer_model import Answers
from golden.tests.small import GATE, blobs
from spec.bank import Bank
from spec.errors import InputError
from spec.network import LayerWeights, build_moe
from training import several, several_choice, several_table
from training.gate import GATES
from training.gate_balance import Balance
from training.local_expert import USUAL
from training.personalize import Recipe
from training.several import Device, Mixed, Several, assignments, figures, loads
from training.several_choice import Candidate
from training.user_training import UserTraining

BRIGHTNESS = (150, 90, 60)


@pytest.mark.parametrize("experts", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_user_is_equally_often_on_a_device(experts: int, seed: int) -> None:
    numbers = range(1, 11)
    groups = assignments(numbers, experts, seed)
    assert all(len(set(group)) == experts for group in groups)
    counts = np.bincount(np.concatenate(groups), minlength=11)[1:]
    assert set(counts) == {len(groups) * experts // 10}


def test_a_seed_gives_other_neighbours() -> None:
    assert assignments(range(1, 11), 4, 0) == assignments(range(1, 11), 4, 0) != assignments(range(1, 11), 4, 1)


def test_a_device_needs_as_many_users() -> None:
    with pytest.raises(InputError, match="needs as many users, the data have 3"):
        assignments((1, 2, 3), 4, 0)


def mixed() -> Mixed:
    return Mixed(np.zeros((8, 1, 1), np.uint8), np.arange(8), np.array([0, 0, 1, 1, 1, 2, 2, 2]))


def test_figures_of_known_answers() -> None:
    answers = Answers(np.array([0, 9, 2, 3, 9, 5, 6, 9], np.uint8), np.array([0, 1, 1, 1, 2, 2, 0, 1], np.uint8))
    found = figures(Device((4, 7)), mixed(), answers)
    first, second = found["users"]
    assert (first["user"], first["accuracy"], first["local"], first["own"]) == (4, 2 / 3, 1.0, 2 / 3)
    assert (second["user"], second["accuracy"], second["local"], second["own"]) == (7, 2 / 3, 2 / 3, 1 / 3)
    assert found["accuracy"] == pytest.approx(2 / 3) and found["emnist"] == 0.5
    assert found["generic_to_local"] == 0.5
    assert found["right_of_local"] == 3 / 5
    assert found["answers"] == [4, 2] and found["load"] == pytest.approx([4 / 3, 2 / 3])


def test_loads() -> None:
    assert loads([1, 3, 2]) == [0.5, 1.5, 1.0]
    assert loads([0, 0]) == [0.0, 0.0]
    assert several_table.load_holds([0.5, 2.0])
    assert not several_table.load_holds([0.49, 1.5]) and not several_table.load_holds([0.9, 2.01])


def test_mixed_images_keep_their_owners() -> None:
    own = [blobs(1, 1, brightness) for brightness in (100, 60)]
    found = Mixed.of(own, blobs(2, 0))
    assert np.bincount(found.owner).tolist() == [124, 62, 62]
    assert found.images[found.owner == 2].max() == 60
    assert len(set(found.take(30).owner)) == 3  # every stretch has all of them
    assert found.take(0) is found and len(found.take(7).labels) == 7


# ---- Training on the small network -----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def handwriting() -> Handwriting:
    """Three writers of different brightness."""
    parts = [blobs(6, 20 + user, brightness) for user, brightness in enumerate(BRIGHTNESS)]
    data = LabelledImages(*(np.concatenate([getattr(p, k) for p in parts]) for k in ("images", "labels")), "writers")
    user, is_test = np.repeat(np.arange(3), 6 * 62), np.tile(np.arange(6 * 62) >= 4 * 62, 3)
    return Handwriting(data, user, is_test)


@pytest.fixture
def trained(network, handwriting: Handwriting, tmp_path: Path, monkeypatch) -> Several:
    monkeypatch.setitem(USUAL, "random", replace(USUAL["random"], epochs=4, learning_rate=2e-2))
    monkeypatch.setitem(GATES, "random", replace(GATES["random"], epochs=6))
    monkeypatch.setattr(several, "DEFAULT_FOLDING", str(tmp_path / "folding.toml"))
    (tmp_path / "folding.toml").write_text(
        'name = "small"\nconv1 = {pe = 4, simd = 1}\nfc1 = {pe = 2, simd = 4}\nfc2 = {pe = 2, simd = 4}\n'
        "le = {pe = 2, simd = 4}\ngate_hidden = {pe = 2, simd = 4}\ngate_out = {pe = 1, simd = 2}\n"
    )
    recipe = Recipe(1, any_right=0.0)  # every expert reads every blob: whose it is would not matter
    single = UserTraining(build_moe(network, GATE), recipe, blobs(25, 1), 0, tmp_path)
    return Several(single, GATE, handwriting.train, tmp_path)


def test_what_experts_of_a_device_start_from_has_seen_none_of_its_users(network, handwriting: Handwriting, tmp_path):
    preset = {**GATE, "local_expert": {**GATE["local_expert"], "start": "factory"}}
    writers = handwriting.train_parts()
    single = UserTraining(build_moe(network, preset), Recipe(1), blobs(25, 1), 0, tmp_path, None, 0, tmp_path, writers)
    shared = Several(single, preset, handwriting.train, tmp_path)
    assert shared.training((1,)) is single  # a device of one leaves its user out anyway
    of_two = shared.training((1, 3))
    assert of_two.banks is None and of_two.writers == (writers[1],)


def test_users_share_a_device_and_are_measured(trained: Several, handwriting: Handwriting, network) -> None:
    device = Device((1, 3))
    tests = Mixed.of([handwriting.test(user) for user in device.users], blobs(2, 30))
    found = trained.measure(device, tests)
    assert found["right_of_local"] > 0.8 and several_table.load_holds(found["load"])
    assert all(user["own"] > 0.7 for user in found["users"])


def test_a_gate_that_may_choose_any_right_expert_cares_less_whose_an_image_is(
    trained: Several, handwriting: Handwriting
) -> None:
    device = Device((1, 3))
    tests = Mixed.of([handwriting.test(user) for user in device.users], blobs(2, 30))
    recipe = replace(trained.single.recipe, any_right=1.0)
    free = replace(trained, single=replace(trained.single, recipe=recipe))
    assert free.bank_file(device) != trained.bank_file(device)
    assert free.measure(device, tests)["right_of_local"] < trained.measure(device, tests)["right_of_local"]


def forced(bank: Bank) -> Bank:
    """The bank with a gate that gives every image to the first local expert."""
    *hidden, out = bank.gate
    bias = np.full_like(out.bias, -30_000)
    bias[1] = 30_000
    return replace(bank, gate=(*hidden, LayerWeights(np.zeros_like(out.weight), bias)))


def test_a_gate_forced_to_one_expert_fails_the_checks(trained: Several, handwriting: Handwriting, monkeypatch) -> None:
    """Negative control of the load and of finding the right expert."""
    device = Device((1, 3))
    tests = Mixed.of([handwriting.test(user) for user in device.users], blobs(2, 30))
    bank = forced(trained.bank(device))
    monkeypatch.setattr(Several, "bank", lambda self, device: bank)
    found = trained.measure(device, tests)
    assert found["load"] == [2.0, 0.0] and not several_table.load_holds(found["load"])
    assert found["users"][1]["own"] == 0.0 and found["right_of_local"] == 0.5
    summary = several_table.summary([found], [found])
    assert not summary["holds"]["load"]


def test_experts_and_banks_are_trained_once(trained: Several) -> None:
    first = trained.bank(Device((1, 2)))
    stamps = {path: os.stat(path).st_mtime_ns for path in trained.work.glob("*.*") if path.suffix in (".bank", ".npz")}
    again = replace(trained)  # knows nothing but the files
    assert again.bank(Device((1, 2))).digest() == first.digest()
    other = again.bank(Device((1, 2), seed=1))
    assert other.digest() != first.digest() and other.local_experts[0][0].weight.tolist() == (
        first.local_experts[0][0].weight.tolist()
    )
    assert {path: os.stat(path).st_mtime_ns for path in stamps} == stamps
    file = trained.bank_file(Device((1, 2)))
    file.write_bytes(file.read_bytes()[:-9])
    assert trained.bank(Device((1, 2))).digest() == first.digest()  # trained anew, and the same


def test_another_balance_is_another_bank(trained: Several) -> None:
    files = {trained.bank_file(Device((1, 2), 0, one.balance)) for one in several_choice.BALANCES}
    assert len(files) == len(several_choice.BALANCES)


def test_a_split_learns_from_nothing_that_it_measures(trained: Several, handwriting: Handwriting) -> None:
    split = several_choice.split(trained, handwriting, 1)
    learnt, measured = split.several.images(2), split.users(2)
    assert len(learnt) + len(measured) == len(handwriting.train(2))
    assert not {image.tobytes() for image in learnt.images} & {image.tobytes() for image in measured.images}
    test = {image.tobytes() for image in handwriting.test(2).images}
    assert not test & {image.tobytes() for image in (*learnt.images, *measured.images)}
    known = trained.single.generic.validation
    assert 0 < len(split.several.generic.validation) < len(known)
    assert len(split.several.generic.validation) + len(split.several.unseen) == len(known)


def test_cross_validation_compares_and_resumes(trained: Several, handwriting: Handwriting, monkeypatch) -> None:
    candidates = (Candidate(), Candidate(Balance(loss=1.0)), Candidate(hidden=6))
    rows = several_choice.cross_validate(trained, handwriting, (1, 2), 2, trained.work, candidates=candidates)
    assert [row["balance"] for row in rows] == ["none", "soft 1", "none"] and rows[0]["gain"] == 0.0
    assert [row["hidden"] for row in rows] == [None, None, 6]
    monkeypatch.setattr(Several, "measure", None)  # finished rows are read
    again = several_choice.cross_validate(trained, handwriting, (1, 2), 2, trained.work, candidates=candidates)
    assert again == rows


def row(gain: float, error: float, load: tuple[float, float]) -> dict:
    return {"gain": gain, "gain_error": error, "load": list(load)}


def test_only_a_sure_gain_is_chosen() -> None:
    even, uneven = (0.8, 1.2), (0.1, 1.9)
    none, small, large = row(0, 0, even), row(0.001, 0.002, even), row(0.005, 0.002, even)
    assert several_choice.chosen([none, small]) is none
    assert several_choice.chosen([none, small, large]) is large
    assert several_choice.chosen([none, row(0.01, 0.001, uneven), large]) is large
    assert several_choice.chosen([row(0, 0, uneven), row(-0.01, 0.001, even)])["gain"] == -0.01


def test_the_narrowest_gate_within_the_error_of_the_best_is_chosen() -> None:
    def gate(*scores: float) -> dict:
        return {"scores": list(scores), "score": sum(scores) / len(scores)}

    narrow, good, best = gate(0.80, 0.70), gate(0.85, 0.75), gate(0.849, 0.753)
    assert several_choice.narrowest([narrow, good, best]) is good
    assert several_choice.narrowest([good, narrow, best]) is good
    assert several_choice.narrowest([narrow, gate(0.84, 0.74), gate(0.85, 0.752)])["score"] == pytest.approx(0.801)


def test_a_wider_gate_changes_the_gate_alone(trained: Several) -> None:
    wider = Candidate(hidden=6).of(trained)
    usual, wide = trained.bank(Device((1, 2))), wider.bank(Device((1, 2)))
    assert wide.gate[0].weight.shape[0] == 6 != usual.gate[0].weight.shape[0]
    assert [w.weight.tolist() for w in wide.local_experts[1]] == [w.weight.tolist() for w in usual.local_experts[1]]


def test_a_loss_beyond_the_limit_is_said() -> None:
    def rows(accuracies: tuple[float, float], experts: int) -> list[dict]:
        users = [
            {"user": i, "images": 10, "accuracy": value, "local": 0.9, "own": 0.8}
            for i, value in enumerate(accuracies, 1)
        ]
        same = {"accuracy": 0.9, "emnist": 0.7, "generic_to_local": 0.1, "right_of_local": 0.9}
        if experts == 1:
            return [{"users": [user], "load": [1.0], **same} for user in users]
        return [{"users": users, "load": [0.9, 1.1], **same}]

    alone = rows((0.9, 0.9), 1)
    good = several_table.summary(rows((0.89, 0.91), 2), alone)
    bad = several_table.summary(rows((0.89, 0.87), 2), alone)
    assert good["holds"] == {"users": True, "every_device": True, "load": True}
    assert not bad["holds"]["users"] and bad["worst_loss"] == pytest.approx(0.03)
    words = several_table._verdicts([bad])[0]
    assert "all users but 2" in words and "3.00" in words
