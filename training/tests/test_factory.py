# SPDX-License-Identifier: Apache-2.0
"""Factory heads and banks: they know other writers, and nothing of the user who is left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from golden.data import Handwriting, LabelledImages
from golden.tests.small import GATE, blobs
from spec.bank_file import load_bank, read_bank_file
from spec.errors import InputError
from spec.folding import build_folding
from spec.network import Moe, build_moe
from spec.paths import bank_file, factory_file
from spec.presets import load_moe
from training import factory
from training.factory import Writer, train_factory_head
from training.factory_banks import WRITERS, factory_bank, save_writers, writers_of
from training.factory_step import FactoryStep
from training.features import extract
from training.heads import HeadConfig, integer_logits
from training.personalize import Recipe
from training.user_training import UserTraining

CONFIG = HeadConfig(epochs=8, learning_rate=2e-2, batch=128)
EPOCH_SAMPLES = 1000
RECIPE = Recipe(mild_copies=1, strong_copies=1, rehearsal=0.3, gate_cost=0.5)
FOLDING = {"name": "small", "conv1": {"pe": 4, "simd": 1}} | {
    layer: {"pe": 2, "simd": 4} for layer in ("fc1", "fc2", "le", "gate_hidden")
} | {"gate_out": {"pe": 1, "simd": 2}}  # fmt: skip


def hand(brightness: int) -> LabelledImages:
    """A writer with a pen of their own."""
    return blobs(3, 30 + brightness, brightness)


@pytest.fixture(scope="module")
def moe(network) -> Moe:
    return build_moe(network, {**GATE, "local_expert": {**GATE["local_expert"], "start": "factory"}})


@pytest.fixture
def small(monkeypatch) -> None:
    """Training that fits the small data set."""
    monkeypatch.setattr(factory, "FACTORY", CONFIG)
    monkeypatch.setattr(factory, "EPOCH_SAMPLES", EPOCH_SAMPLES)


def writers(*brightness: int) -> Handwriting:
    """Writers of three images a class, the last of which is for test."""
    parts = [hand(one) for one in brightness]
    images, labels = (np.concatenate([getattr(part, key) for part in parts]) for key in ("images", "labels"))
    user, is_test = np.repeat(np.arange(len(parts)), 186), np.tile(np.arange(186) >= 124, len(parts))
    return Handwriting(LabelledImages(images, labels, "writers"), user, is_test)


def step(moe: Moe, out: Path, users: Handwriting) -> FactoryStep:
    folding = build_folding(FOLDING, moe)
    return FactoryStep(moe, RECIPE, folding, blobs(6, 1), blobs(2, 2), users, 0, out, out / "work")


def parts_of(weights) -> list[bytes]:
    return [part.tobytes() for layer in weights for part in (layer.weight, layer.bias)]


def test_a_head_knows_hands_like_those_it_has_seen(moe) -> None:
    generic = extract(moe, blobs(6, 1))
    unseen = extract(moe, hand(100))
    accuracies = []
    for others in ([], [extract(moe, hand(one)) for one in (90, 110)]):
        head = train_factory_head(moe, generic, others, replace(CONFIG, epochs=20), 3000)
        answers = integer_logits(moe.le.layers, head, unseen.local).argmax(1)
        accuracies.append(float((answers == unseen.labels).mean()))
    assert accuracies[1] > accuracies[0] + 0.1, accuracies


def test_a_bank_knows_nothing_of_the_writer_who_is_left_out(moe, tmp_path, small) -> None:
    torch.set_num_threads(1)
    users, changed = writers(150, 110, 80), writers(150, 110, 60)  # the third writes otherwise
    for name, data in (("a", users), ("b", changed)):
        step(moe, tmp_path / name, data).run({}, False)
    banks = {
        name: [load_bank(factory_file("test", one, tmp_path / name / "banks"), moe) for one in (None, 1, 3)]
        for name in "ab"
    }
    for which, same in ((0, False), (1, False), (2, True)):
        first, second = (banks[name][which] for name in "ab")
        assert (first.digest() == second.digest()) == same
    info = read_bank_file(factory_file("test", 3, tmp_path / "a" / "banks")).info
    assert info["writers"] == [1, 2] and 0 <= info["test"]["overall"] <= 1

    shipped = tmp_path / "a" / "banks"
    assert writers_of(shipped / "test", users.train(2)) == [2]
    for images, without in ((users.train(3), 3), (users.train(1).select(np.arange(2)), 1), (changed.train(3), None)):
        found = factory_bank(moe, shipped, images)
        assert found.digest() == load_bank(factory_file("test", without, shipped), moe).digest()
    strokes = users.train(1).images.copy()
    strokes[:3] = users.train(2).images[:3]  # plain strokes of two writers may be the same image
    save_writers(tmp_path, [LabelledImages(strokes, users.train(1).labels, "one"), users.train(2)])
    assert writers_of(tmp_path, users.train(2).select(np.arange(3))) == []
    assert writers_of(tmp_path, users.train(2)) == [2] and writers_of(tmp_path, users.train(3)) == []
    training = UserTraining(moe, RECIPE, blobs(6, 1), 0, tmp_path / "work", banks=shipped)
    assert parts_of(training.start(users.train(3))) == parts_of(banks["a"][2].local_experts[0])
    with pytest.raises(InputError, match=r"has images of writers \[1, 2, 3\]"):
        factory_bank(moe, shipped, users.data)
    other = build_moe(moe.network, {**GATE, "local_expert": {**GATE["local_expert"], "pool": 3}})
    assert factory_bank(replace(other, preset="test"), shipped, hand(90)) is None
    (shipped / "test" / WRITERS).write_bytes(b"half")
    with pytest.raises(InputError, match="not a readable list of writers"):
        factory_bank(moe, shipped, hand(90))

    (shipped / "test" / WRITERS).unlink()
    with pytest.raises(InputError, match="nobody knows whose images the factory banks have seen"):
        factory_bank(moe, shipped, hand(90))

    written = {path: path.stat().st_mtime_ns for path in shipped.glob("test/*.bank")}
    factory_file("test", 2, shipped).unlink()
    step(moe, tmp_path / "a", users).run({}, True)
    again = {path: path.stat().st_mtime_ns for path in shipped.glob("test/*.bank")}
    assert again.keys() == written.keys() and sum(again[path] != written[path] for path in written) == 1
    step(moe, tmp_path / "a", changed).run({}, True)  # of other writers: only what none of them changed is kept
    kept = [path.stem for path in again if path.stat().st_mtime_ns == again[path]]
    assert kept == ["factory_without_user03"]
    assert writers_of(shipped / "test", changed.train(3)) == [3] and writers_of(shipped / "test", users.train(3)) == []


def test_without_a_shipped_bank_a_head_is_made_that_leaves_the_user_out(moe, tmp_path, small) -> None:
    users, changed = writers(150, 110, 80), writers(150, 110, 60)
    starts = []
    for name, data in (("a", users), ("b", changed)):
        training = UserTraining(moe, RECIPE, blobs(6, 1), 0, tmp_path / name, writers=data.train_parts())
        starts.append([parts_of(training.start(data.train(number))) for number in (1, 3)])
    assert starts[0][0] != starts[1][0] and starts[0][1] == starts[1][1]
    kept = list((tmp_path / "a").glob("factory-*.npz"))
    assert len(kept) == 2


def test_two_writers_are_too_few_to_leave_one_out(moe, tmp_path) -> None:
    with pytest.raises(InputError, match="2 writers, factory banks need at least 3"):
        step(moe, tmp_path, writers(150, 110)).run({}, False)


def test_the_ge_answers_each_image_once(moe) -> None:
    writer = Writer.of(moe, RECIPE, hand(90))
    assert len(writer.ge) == 186 and len(writer.samples) == 186 * 3


def test_the_shipped_factory_banks_fit_and_leave_their_writer_out() -> None:
    moe = load_moe("rich")
    everybody = read_bank_file(factory_file("rich"))
    everybody.check(moe)
    numbers = everybody.info["writers"]
    for left_out in numbers:
        file = read_bank_file(factory_file("rich", left_out))
        file.check(moe)
        assert file.info["writers"] == [number for number in numbers if number != left_out]
        assert file.bank.digest() != everybody.bank.digest()
        read_bank_file(bank_file("rich", left_out)).check(moe)
    with np.load(factory_file("rich").parent / WRITERS) as stored:
        assert np.unique(stored["writer"]).tolist() == numbers
