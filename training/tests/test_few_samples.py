# SPDX-License-Identifier: Apache-2.0
"""Few training images: which ones are kept, what a device answers without any, and what the report says of them."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from golden.data import LabelledImages
from golden.tests.small import GATE, blobs
from spec.network import build_moe
from training import few_samples, personalize, seed_runs, seeds
from training.few_samples import Task, before_the_user, kept_images
from training.few_samples_note import few_samples_note, fits
from training.gate import GATES
from training.local_expert import USUAL
from training.personalize import Recipe
from training.tests.test_personalize import GATE_TOML
from training.tests.test_seeds import data  # noqa: F401

RECIPE = Recipe.of(tomllib.loads(GATE_TOML))
LABELS = np.repeat(np.arange(5), [1, 2, 3, 8, 20])


@pytest.fixture
def task(network_path: Path, tmp_path: Path, monkeypatch):
    """Makes a task of user 1 of a preset with this start."""
    for table, start in ((USUAL, "generic"), (USUAL, "random"), (GATES, "generic"), (GATES, "random")):
        monkeypatch.setitem(table, start, replace(table[start], epochs=3, learning_rate=2e-2))

    def make(count: int | None, start: str = "usual", le_start: str = "factory", work: str = "work") -> Task:
        (tmp_path / f"{le_start}.toml").write_text(GATE_TOML.replace('"random"', f'"{le_start}"'))
        gate = str(tmp_path / f"{le_start}.toml")
        return Task(gate, network_path, 1, 0, False, tmp_path / work, count, start)

    return make


def test_kept_images_are_so_many_of_each_class_and_fewer_are_part_of_more() -> None:
    before = kept_images(LABELS, 0, 0)
    assert len(before) == 0
    for count in (1, 2, 3, 5, 10):
        kept = kept_images(LABELS, count, 0)
        assert np.bincount(LABELS[kept]).tolist() == np.minimum(np.bincount(LABELS), count).tolist()
        assert set(before) < set(kept) and (np.diff(kept) > 0).all()
        before = kept
    assert kept_images(LABELS, None, 0).tolist() == list(range(len(LABELS)))


def test_the_draw_depends_on_the_seed() -> None:
    draws = {tuple(kept_images(LABELS, 2, seed)) for seed in range(4)}
    assert len(draws) == 4
    assert tuple(kept_images(LABELS, 2, 0)) in draws


def test_without_images_the_factory_bank_answers_and_it_has_not_seen_the_user(task, data, monkeypatch) -> None:  # noqa: F811
    monkeypatch.setattr(seeds.UserTraining, "train", None)
    training, images = (ready := task(0).prepare()).training, ready.train
    bank, start = before_the_user(training, images), training.start(images)
    for one, other in zip(bank.local_experts[0], start, strict=True):
        assert (one.weight == other.weight).all() and (one.bias == other.bias).all()
    assert any(layer.weight.any() for layer in bank.gate)
    assert task(0).run()["images"] == 0
    # Were it asked for without the user's images, nobody would be left out of the writers.
    assert before_the_user(training, images.select(np.zeros(0, int))).digest() != bank.digest()


def test_few_images_start_from_the_head_of_all(task, data, tmp_path, monkeypatch) -> None:  # noqa: F811
    """Another writer shares a tenth of the user's images, and none of the few that are kept."""
    users = seed_runs.users_source()
    few = kept_images(users.train(1).labels, 1, 0)
    shared = np.setdiff1d(np.arange(len(users.train(1))), few)
    images = users.data.images.copy()
    count = len(users.train(1)) // 10
    images[np.flatnonzero(users.user == 1)[:count]] = users.train(1).images[shared][:count]
    users = replace(users, data=replace(users.data, images=images))
    monkeypatch.setattr(seed_runs, "users_source", lambda: users)
    for count in (0, 1, None):
        task(count).run()
    assert len(list((tmp_path / "work").glob("factory-*"))) == 1
    monkeypatch.setattr(seeds.UserTraining, "others", lambda self, images: self.writers)
    task(1, work="other").run()
    assert list((tmp_path / "work").glob("factory-*"))[0].name not in {p.name for p in tmp_path.glob("other/*")}


@pytest.mark.parametrize("le_start", ["generic", "random"])
def test_without_a_gate_the_ge_answers(task, data, le_start: str) -> None:  # noqa: F811
    row = task(0, le_start=le_start).run()
    assert row["overall"] == row["ge"] and row["generic_overall"] == row["generic_ge"]
    assert row["gn"] == row["generic_to_le"] == 0
    assert ("le" in row) == (le_start == "generic")
    trained = task(None, le_start=le_start).run()
    assert trained["gn"] > 0 and trained["overall"] != trained["ge"]  # a gate that learned does send images


def test_a_head_without_writers_is_another_start(task, data) -> None:  # noqa: F811
    usual, generic = task(0).prepare(), task(0, "generic")
    rows = task(0).run(), generic.run()
    assert rows[0]["le"] != rows[1]["le"] and rows[1]["overall"] == rows[1]["ge"]
    assert usual.training.writers  # what the row of the other start leaves out


def test_a_start_without_writers_is_worth_no_image(task, data, monkeypatch) -> None:  # noqa: F811
    """Both starts are compared at their best: the other one holds nothing back."""
    worth = []
    real = personalize.train_local_expert

    def seen(moe, samples, start, config, rehearsal):
        worth.append(config.start_worth)
        return real(moe, samples, start, config, rehearsal)

    monkeypatch.setattr(personalize, "train_local_expert", seen)
    task(1).run()
    task(1, "generic").run()
    assert worth == [USUAL["factory"].start_worth, 0.0] and worth[0] > 0


def test_rows_are_kept_and_belong_to_their_number_of_images(task, data, monkeypatch) -> None:  # noqa: F811
    rows = [task(count).run() for count in (1, 2)]
    assert [row["images"] for row in rows] == [62, 124]
    monkeypatch.setattr(few_samples.Task, "_bank", None)
    assert [task(count).run() for count in (1, 2)] == rows
    with pytest.raises(TypeError):
        task(3).run()


def test_test_images_change_no_bank(task, data, monkeypatch) -> None:  # noqa: F811
    banks = []
    real = few_samples.Task._bank
    monkeypatch.setattr(few_samples.Task, "_bank", lambda *given: banks.append(real(*given)) or banks[-1])
    first = task(2, work="a").run()
    data["test"], data["own"] = blobs(2, 12), blobs(2, 13, 40)
    second = task(2, work="b").run()
    assert banks[0].digest() == banks[1].digest() and first != second


def result_of(moe, tasks_rows: list[dict]) -> dict:
    """A study's result from made-up rows of one preset."""
    tasks = [Task("test", Path(), row["user"], row["seed"], False, Path(), row["count"]) for row in tasks_rows]
    about = {"measured_on": "Made up.", "command": "none"}
    return few_samples.record(tasks, tasks_rows, {"test": (moe, RECIPE)}, about)


def made_up(moe) -> dict:
    """Two users; users' accuracy is 0.6 without images, and a tenth more with each further count."""
    figures = ("overall", "balanced", "le", "le_balanced", "ge", "ge_balanced", "generic_overall", "generic_ge")
    return result_of(
        moe,
        [
            {
                "user": user,
                "seed": 0,
                "count": count,
                "start": "usual",
                "images": 62 * each,
                "classes": 62 if each else 0,
            }
            | {key: 0.5 if "ge" in key.split("_") else 0.6 + 0.1 * place + 0.02 * user for key in figures}
            for user in (1, 2)
            for place, (count, each) in enumerate(((0, 0), (2, 2), (None, 8)))
        ],
    )


def images(per_class: int, classes: int = 62) -> LabelledImages:
    whole = blobs(per_class, 0)
    return whole.select(np.flatnonzero(whole.labels < classes))


def test_the_note_is_that_of_the_nearest_number_of_images(moe, tmp_path) -> None:
    file = tmp_path / "few_samples.json"
    file.write_text(json.dumps(made_up(moe)))
    few = few_samples_note(moe, RECIPE, images(1), file)
    assert few.startswith("For comparison, 2 users with 2 images a class") and "after 73.0 %" in few
    many = few_samples_note(moe, RECIPE, images(30), file)
    assert "with 8 images a class" in many and "after 83.0 %" in many
    assert few_samples_note(moe, RECIPE, images(3, classes=5), file) == few  # of the classes that were written


def test_no_note_of_another_network_or_without_a_study(moe, network, tmp_path) -> None:
    file = tmp_path / "few_samples.json"
    assert few_samples_note(moe, RECIPE, images(2), file) is None
    file.write_text(json.dumps(made_up(moe)))
    assert few_samples_note(moe, RECIPE, images(2), file)
    other = build_moe(network, {**GATE, "local_expert": {**GATE["local_expert"], "pool": 6}})
    assert fits(other, RECIPE) != fits(moe, RECIPE) != fits(moe, replace(RECIPE, gate_cost=0.25))
    assert few_samples_note(other, RECIPE, images(2), file) is None
    file.write_text("{")
    assert few_samples_note(moe, RECIPE, images(2), file) is None


def test_means_and_tables_are_those_of_the_rows(moe) -> None:
    result = made_up(moe)
    points = result["gates"]["test"]["starts"]["usual"]
    assert [point["images_a_class"] for point in points] == [0, 2, 8]
    assert [point["mean"]["overall"]["mean"] for point in points] == pytest.approx([0.63, 0.73, 0.83])
    text = few_samples.as_markdown(result)
    assert "| 2 | 2.0 | 73.00 |" in text and "| all | 8.0 |" in text and "±" not in text
    rows = result["gates"]["test"]["rows"]
    rows += [{**row, "seed": 1, "overall": row["overall"] + 0.02} for row in rows]
    assert "| 2 | 2.0 | 74.00 ± 1.41 |" in few_samples.as_markdown(result_of(moe, rows))
