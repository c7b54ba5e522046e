# SPDX-License-Identifier: Apache-2.0
"""Regions of section 2.3, subsets of samples, and the alternative training."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from golden.data import LabelledImages
from golden.integer_model import MoeModel, NetworkModel
from golden.tests.small import blobs
from spec.errors import InputError
from spec.tests.commands import call
from training import personalize, regions_study, retrained, soft_study
from training.alternative import train_corrector, train_finder
from training.features import Copies, Kind, extract, join
from training.gate import GATES
from training.local_expert import USUAL
from training.personalize import Recipe, fit_expert, fit_gate, generic_data, make_bank, measure, user_data
from training.regions import REGIONS, printed_shares, region_shares, regions
from training.retrained import OneUser
from training.subsets import balanced_choice, subset
from training.tests.test_tables import as_if_written, quick  # noqa: F401
from training.user_training import UserTraining


# ---- Regions ---------------------------------------------------------------------------------------------------------
def test_every_image_is_in_one_region_and_a_perfect_gate_reaches_three() -> None:
    rng = np.random.default_rng(0)
    ge, le, labels = rng.random(300) < 0.6, rng.random(300) < 0.8, rng.integers(0, 62, 300)
    inside = regions(ge, le)
    assert (np.sum(list(inside.values()), axis=0) == 1).all()
    shares = region_shares(ge, le, labels)
    assert shares["r1"] + shares["r3"] == pytest.approx(ge.mean())
    assert shares["r1"] + shares["r2"] == pytest.approx(le.mean())
    assert shares["r1"] + shares["r2"] + shares["r3"] == pytest.approx((ge | le).mean())
    assert sum(shares[f"{name}_balanced"] for name in REGIONS) == pytest.approx(1)


def test_a_region_is_who_is_right() -> None:
    ge, le = np.array([1, 0, 1, 0], bool), np.array([1, 1, 0, 0], bool)
    for place, name in enumerate(REGIONS):
        assert np.flatnonzero(regions(ge, le)[name]).tolist() == [place]
    assert regions(le, ge)["r2"].tolist() != regions(ge, le)["r2"].tolist()


def test_balanced_shares_count_classes_alike() -> None:
    shares = region_shares(np.array([1, 1, 1, 0], bool), np.ones(4, bool), np.array([3, 3, 3, 5]))
    assert (shares["r1"], shares["r1_balanced"], shares["r2"], shares["r2_balanced"]) == (0.75, 0.5, 0.25, 0.5)


def test_the_papers_regions_are_those_of_its_table() -> None:
    found = printed_shares()
    assert sum(found.values()) == pytest.approx(1)
    assert found["r1"] + found["r3"] == pytest.approx(0.7509, abs=1e-4)  # GE
    assert found["r1"] + found["r2"] == pytest.approx(0.9281, abs=1e-4)  # LE


# ---- Subsets ---------------------------------------------------------------------------------------------------------
def test_a_subset_has_its_images_with_all_their_copies(moe) -> None:
    samples = extract(moe, blobs(1, 0), Copies(mild=2))
    chosen = np.zeros(62, bool)
    chosen[[3, 40, 61]] = True
    part = subset(samples, chosen)
    assert len(part) == 9 and part.kind.tolist() == [Kind.IMAGE] * 3 + [Kind.MILD] * 6
    assert part.labels[:3].tolist() == [3, 40, 61]
    assert (part.labels == part.labels[part.source]).all()
    assert np.array_equal(part.local[:3], samples.local[chosen.nonzero()[0]])
    assert np.array_equal(part.gate[6:], samples.gate[124 + chosen.nonzero()[0]])


def test_both_sets_keep_their_copies_when_joined(moe) -> None:
    first, second = extract(moe, blobs(1, 0), Copies(mild=1)), extract(moe, blobs(1, 1), Copies(mild=2))
    both = join([first, second])
    assert len(both) == len(first) + len(second)
    labels = both.labels[both.kind == Kind.IMAGE]
    assert (both.labels == labels[both.source]).all() and len(labels) == 124
    assert not np.array_equal(both.source, np.concatenate([first.source, second.source]))  # images counted through


def test_a_balanced_choice_takes_rare_classes_first() -> None:
    labels = np.array([0] * 10 + [1] * 3 + [2])
    chosen = balanced_choice(labels, 6, 0)
    assert np.bincount(labels[chosen]).tolist() in ([3, 2, 1], [2, 3, 1])
    assert balanced_choice(labels, 100, 0).all()
    assert not np.array_equal(chosen, balanced_choice(labels, 6, 1))


# ---- Alternative training --------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def trained(moe, tmp_path_factory) -> tuple[UserTraining, OneUser]:
    """One user of blobs; the GE, which is untrained, is said to know the classes below 40."""
    generic, images, recipe = blobs(4, 5, brightness=120), blobs(6, 0), Recipe(mild_copies=1)
    training = UserTraining(moe, recipe, generic, 0, tmp_path_factory.mktemp("work"))
    training.__dict__["generic"] = generic_data(moe, generic, recipe.copies)  # instead of the cached property's
    samples = extract(moe, images, Copies(mild=1))
    expert = fit_expert(moe, recipe, samples, training.generic, None, epochs=8)
    gate = fit_gate(moe, recipe, training.generic, user_data(moe, images, samples, expert), epochs=2)
    logits = NetworkModel(moe.network).logits(images.images)
    known = images.labels < 40
    logits[known, images.labels[known]] = logits.max() + 1
    logits[~known, images.labels[~known]] = logits.min() - 1
    return training, OneUser(images, samples, logits, expert, make_bank(moe, [expert], gate))


@pytest.fixture
def short(monkeypatch) -> None:
    monkeypatch.setitem(USUAL, "random", replace(USUAL["random"], epochs=30))
    monkeypatch.setitem(GATES, "random", replace(GATES["random"], epochs=6))


@pytest.mark.usefixtures("short")
def test_the_corrector_learns_the_mistakes_and_nothing_else(moe, trained) -> None:
    training, user = trained
    corrector = train_corrector(training, user)
    assert np.array_equal(corrector.wrong, user.images.labels >= 40)
    assert set(corrector.samples.labels) == set(range(40, 62))
    assert len(corrector.expert.held_out_logits) == 2 * corrector.wrong.sum()
    bank = make_bank(
        moe, [corrector.expert], fit_gate(moe, training.recipe, training.generic, _as_data(user), epochs=1)
    )
    right = measure(MoeModel(moe), bank, user.images).le
    assert right[corrector.wrong].mean() > 0.6
    assert right[~corrector.wrong].mean() < 0.1  # it never saw these classes


def _as_data(user: OneUser):
    return personalize.UserData(user.samples, user.expert, user.ge)


@pytest.mark.usefixtures("short")
def test_the_finder_finds_mistakes_and_the_usual_gate_does_not(moe, trained) -> None:
    training, user = trained
    free = replace(moe, threshold="zero")  # generic blobs of an untrained GE tell nothing about a threshold
    training = replace(training, moe=free)
    training.__dict__["generic"] = trained[0].generic
    corrector = train_corrector(training, user)
    found = {}
    for name, bank in (
        ("usual", user.bank),
        ("alternative", train_finder(training, user, corrector, False)),
        ("generic", train_finder(training, user, corrector, True)),
    ):
        local = measure(MoeModel(free), bank, user.images).local
        found[name] = local[corrector.wrong].mean() - local[~corrector.wrong].mean()
    assert found["alternative"] > 0.5 and found["generic"] > 0.3
    assert abs(found["usual"]) < 0.3


def test_without_mistakes_there_is_nothing_to_learn(trained) -> None:
    training, user = trained
    perfect = np.eye(62, dtype=np.int32)[user.images.labels]
    for logits, count in ((perfect, 0), (-perfect, len(perfect))):
        with pytest.raises(InputError, match=f"gets {count} of {len(perfect)} images wrong"):
            train_corrector(training, replace(user, ge_logits=logits))


# ---- Commands --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["regions", "soft_gate"])
def test_the_command_goes_on_and_refuses_to_keep_built_in_handwriting(
    name: str,
    quick: list[str],  # noqa: F811
    tmp_path,
    monkeypatch,
    capsys,
) -> None:
    call_it = [*quick, "--gate", "paper", "--users", "1"]
    assert call(name, *call_it, "--json", tmp_path / "once.json") == 0
    printed = capsys.readouterr().out
    study = {"regions": regions_study, "soft_gate": soft_study}[name]
    monkeypatch.setattr(study.Retrained, "user", lambda *a: pytest.fail("a finished row was computed again"))
    assert call(name, *call_it, "--json", tmp_path / "again.json") == 0
    assert capsys.readouterr().out == printed
    result = json.loads((tmp_path / "again.json").read_text())
    assert result == json.loads((tmp_path / "once.json").read_text())
    assert list(result["gates"]) == ["paper"] and [row["user"] for row in result["gates"]["paper"]["users"]] == [1]
    assert call(name, "--keep") == 2
    assert "figures of built-in handwriting are not kept" in capsys.readouterr().err
    assert call(name, *call_it, "--keep") == 2
    assert "leave --gate out" in capsys.readouterr().err


def test_regions_of_the_command_are_those_of_its_answers(quick, tmp_path, monkeypatch) -> None:  # noqa: F811
    assert call("regions", *quick, "--gate", "paper", "--users", "2", "--json", tmp_path / "result.json") == 0
    (user,) = json.loads((tmp_path / "result.json").read_text())["gates"]["paper"]["users"]
    for part in ("train", "test"):
        shares = user[part]
        assert shares["r1"] + shares["r3"] == pytest.approx(shares["ge"])
        assert shares["r1"] + shares["r2"] == pytest.approx(shares["le"])
    assert user["ge_wrong"] / user["images"] == pytest.approx(user["train"]["r2"] + user["train"]["r4"])
    assert user["usual"]["le"] == user["test"]["le"]
    assert len({user[training]["bank"] for training in regions_study.TRAININGS}) == len(regions_study.TRAININGS)
    for training in regions_study.TRAININGS:
        assert 0 <= user[training]["overall"] <= 1


def test_experts_of_other_settings_are_not_taken(quick, tmp_path, monkeypatch) -> None:  # noqa: F811
    data = retrained.TableData.load((1,))
    one = retrained.Retrained("paper", data, tmp_path)
    before = one.settings(1)
    assert before == one.settings(1) and before != one.settings(2)
    assert replace(one, seed=1).settings(1) != before
    monkeypatch.setitem(USUAL, "random", replace(USUAL["random"], epochs=3))
    assert one.settings(1) != before


def test_both_results_are_kept(quick, tmp_path, monkeypatch) -> None:  # noqa: F811
    as_if_written(monkeypatch)
    for study in ("regions", "soft_gate"):
        # only the linear gate, whose training is short here
        monkeypatch.setattr(_script(study), "TRAINED_GATES", ("paper",))
        assert call(study, *quick, "--keep") == 0
        assert json.loads((tmp_path / "out" / f"{study}.json").read_text())["sources"]
        assert "`paper`" in (tmp_path / "out" / f"{study}.md").read_text()


def _script(name: str):
    from spec.tests.commands import load

    return load(name)


def test_an_image_set_of_one_class_is_no_trouble() -> None:
    data = LabelledImages(np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8), "zeros")
    assert region_shares(np.ones(3, bool), np.ones(3, bool), data.labels)["r1_balanced"] == 1
