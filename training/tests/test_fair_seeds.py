# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning over users and seeds: the factory leaves the user out, test images only report, rows are kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from golden.data import Handwriting, LabelledImages
from golden.tests.small import PRESET, blobs
from golden.torch_model import build_float
from training import fair_choice, fair_seeds, personalize, seed_runs
from training.factory_banks import image_hashes
from training.fair_fine_tune import FairConfig
from training.fair_seeds import ALONE, BOTH, FACTORY, PAPER, VARIANTS, FairTask, user_weights
from training.fine_tune import FINE_TUNE, accuracy, fine_tune
from training.global_expert import VALIDATION_FRACTION, load_float_weights, save_float_weights
from training.heads import HeadConfig
from training.local_expert import ExpertConfig
from training.sampling import stratified_split
from training.tests.test_seeds import ChangingParts

CONFIG = FairConfig(
    HeadConfig(epochs=2, learning_rate=1e-2, batch=64),
    1000,
    ExpertConfig(epochs=3, learning_rate=1e-2, batch=64, epoch_samples=500),
)
SHORT = replace(FINE_TUNE, epochs=12, learning_rate=1e-2)
RECIPE = 'name = "few copies"\n[training]\nmild_copies = 1\nstrong_copies = 1\nrehearsal = 0.3\n'


def shared(one: LabelledImages, other: LabelledImages) -> bool:
    """Whether some image is in both."""
    return bool(np.isin(image_hashes(one.images), image_hashes(other.images)).any())


@pytest.fixture
def data(monkeypatch, tmp_path) -> dict[str, LabelledImages]:
    """Generic images, what three users learn from and are measured on; all can be changed."""
    (tmp_path / "recipe.toml").write_text(RECIPE)
    monkeypatch.setattr(fair_seeds, "RECIPE_OF", str(tmp_path / "recipe.toml"))
    monkeypatch.setattr(fair_seeds, "FINE_TUNE", SHORT)
    parts = ChangingParts({"train": blobs(6, 1), "test": blobs(2, 2), "own": blobs(2, 3, 150)})
    parts |= {f"user {user}": blobs(6, 20 + user, 120 + 20 * user) for user in (1, 2, 3)}

    def users() -> Handwriting:
        each = [part for user in (1, 2, 3) for part in (parts[f"user {user}"], parts["own"])]
        images, labels = (np.concatenate([getattr(part, key) for part in each]) for key in ("images", "labels"))
        user, is_test = np.repeat(np.arange(3), 496), np.tile(np.arange(496) >= 372, 3)
        return Handwriting(LabelledImages(images, labels, "three writers"), user, is_test)

    monkeypatch.setattr(seed_runs, "generic_source", lambda part: parts[part])
    monkeypatch.setattr(seed_runs, "users_source", users)
    return parts


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[str, Path]:
    """The small network's preset and untrained float weights."""
    directory = tmp_path_factory.mktemp("float")

    def entry(values: dict) -> str:
        plain = {key: value for key, value in values.items() if not isinstance(value, dict | list)}
        return "".join(f"{key} = {json.dumps(value)}\n" for key, value in plain.items())

    text = entry(PRESET) + "".join(f"[{name}]\n{entry(PRESET[name])}" for name in ("image", "arithmetic"))
    text += "".join(f"[[layer]]\n{entry(layer)}" for layer in PRESET["layer"])
    (directory / "small.toml").write_text(text)
    torch.manual_seed(0)
    save_float_weights(build_float(PRESET), directory / "ge_float.npz")
    return str(directory / "small.toml"), directory / "ge_float.npz"


@pytest.fixture
def task(files, tmp_path) -> Callable[..., FairTask]:
    """Makes a task of user 1."""
    network, weights = files

    def make(variant: str, validate: bool = False, work: str = "work", seed: int = 0) -> FairTask:
        return FairTask(variant, weights, network, 1, seed, validate, tmp_path / work, CONFIG)

    return make


def factory_files(task: FairTask) -> dict[str, bytes]:
    """What the factory made for a task, by name."""
    task.run()
    return {path.name: path.read_bytes() for path in task.work.glob("fair-factory-*")}


def test_the_factory_leaves_the_user_out(task, data, monkeypatch) -> None:
    before = factory_files(task(FACTORY, work="a"))
    assert len(before) == 1
    data["user 1"] = blobs(6, 90, 140)
    assert factory_files(task(FACTORY, work="b")) == before
    data["user 2"] = blobs(6, 91, 140)
    changed = factory_files(task(FACTORY, work="c"))
    assert set(changed.values()).isdisjoint(before.values())
    monkeypatch.setattr(fair_seeds, "is_writer", lambda images, writer: False)
    assert set(factory_files(task(FACTORY, work="d")).values()).isdisjoint(changed.values())


@pytest.mark.parametrize("variant", [PAPER, ALONE, BOTH])
def test_test_images_choose_nothing(task, data, variant) -> None:
    held_out, tested = task(variant, True, "a").run(), task(variant, False, "a").run()
    data["test"], data["own"] = blobs(2, 12, 60), blobs(2, 13, 40)
    assert task(variant, True, "b").run() == held_out
    other = task(variant, False, "b").run()
    assert other["overall"] != tested["overall"] and other["generic_overall"] != tested["generic_overall"]
    data["own"] = blobs(2, 3, 150)
    again = task(variant, False, "c").run()  # the user's figures are back, whatever the generic test images are
    assert (again["overall"], again["balanced"]) == (tested["overall"], tested["balanced"])


def test_the_variants_differ_and_are_kept(task, data, monkeypatch) -> None:
    rows = {variant: task(variant).run() for variant in VARIANTS}
    assert len({repr(row) for row in rows.values()}) == len(VARIANTS)
    assert all(row["ge"] < row["overall"] for variant, row in rows.items() if variant != FACTORY)
    assert task(BOTH, seed=1).run() != {**rows[BOTH], "seed": 1}
    monkeypatch.setattr(fair_seeds._Training, "tail", None)
    assert {variant: task(variant).run() for variant in VARIANTS} == rows


def test_other_settings_are_another_row(task, data) -> None:
    one = task(ALONE)
    other = replace(one, config=replace(CONFIG, personal=replace(CONFIG.personal, learning_rate=0.0)))
    row = other.run()
    assert row["overall"] == row["ge"] and one.run()["overall"] != row["overall"]


def test_the_papers_row_is_fine_tuning_as_it_is(task, data, files) -> None:
    network, weights = files
    model = load_float_weights(PRESET, weights)
    split = seed_runs.RunData.load(62).split(1, 0, False)
    tuned = fine_tune(model, split.train, SHORT).model
    row = task(PAPER).run()
    assert row["overall"] == pytest.approx(accuracy(tuned, split.own), abs=0.02)  # features of a row are float16
    assert row["ge"] == pytest.approx(accuracy(model, split.own), abs=0.02)


def test_generic_images_that_validate_are_never_learned_from(data) -> None:
    for seed in (0, 1):
        learning, validation = personalize.generic_images(data["train"], seed)
        other = seed_runs.RunData.load(62).split(1, seed, True).other
        assert len(learning) and not shared(learning, validation)
        assert not shared(learning, other)
    rest, _ = stratified_split(data["train"].labels, VALIDATION_FRACTION, 1)
    assert shared(data["train"].select(rest), other)  # another split's would be


def test_weights_of_a_user(files) -> None:
    dense = 12 * 12 * 4 * 20 + 20 * 62
    assert user_weights(*files) == (dense, pytest.approx(dense / (dense + 4 * 25)))


def test_the_best_of_a_variant_is_chosen() -> None:
    choices = fair_choice.factory_choices((5, 10), (1e-3,)) + fair_choice.personal_choices((1e-4, 1e-3))
    scores = ((0.5, 0.7), (0.6, 0.7), (0.9, 0.5), (0.8, 0.5), (0.8, 0.5), (0.8, 0.6))
    same = {"user": 1, "seed": 0, "balanced": 0.5, "ge": 0.5, "generic_ge": 0.5}
    rows = [[{**same, "overall": own, "generic_overall": other}] for own, other in scores]
    result = fair_choice.record(choices, rows, {})
    names = [choice.name for choice in choices]
    assert result["chosen"] == {FACTORY: names[1], ALONE: names[2], BOTH: names[5]}
    assert len(set(names)) == 6 and fair_choice.as_markdown(result).count("(best)") == 3
