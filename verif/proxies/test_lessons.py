# SPDX-License-Identifier: Apache-2.0
"""Cost of whole courses: counted lesson by lesson on a tiny device, and shown as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from golden.energy.hardware import KINDS
from golden.energy.lessons import lesson_rows
from hw.gen.build import generate
from spec import tiny_variants as tiny
from spec.learning import LearnRule
from training.course import Course
from verif.bulk.library import build_library
from verif.bulk.simulator import BulkSimulator
from verif.compare.courses import Lecture
from verif.proxies import lessons

VARIANT = "two"
DESIGN = tiny.accelerator(VARIANT)
RULE = LearnRule(local_margin=20_000, local_shift=8, own_margin=0, generic_margin=0, gate_shift=8, seed=77)
COURSE = Course(passes=2, every=4, generic=1)
OWN, SEED, START = 20, 3, 2


@dataclass(frozen=True)
class Small:
    """What a course needs of ``LabelledImages``, whose images have 28 x 28 pixels."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, index: np.ndarray) -> Small:
        return Small(self.images[index], self.labels[index])


def labelled(count: int, seed: int) -> Small:
    """Random images with random labels."""
    labels = np.random.default_rng(seed).integers(0, DESIGN.moe.network.classes, count)
    return Small(tiny.random_images(count, seed), labels)


@pytest.fixture(scope="module")
def library():
    """The device, compiled quickly."""
    return build_library(generate(DESIGN), optimise=False)


def take(library, rule: LearnRule = RULE, other_bank: bool = False) -> dict:
    simulator = BulkSimulator(DESIGN, library=library, threads=1)
    if other_bank:
        load = simulator.load_bank
        simulator.load_bank = lambda bank, number: load(tiny.bank(VARIANT, 1), number)
    start = tiny.bank(VARIANT, START)
    lecture = Lecture("somebody", DESIGN, start, labelled(OWN, 1), labelled(60, 2), rule, COURSE)
    found = lessons.take_course(lecture, SEED, simulator)
    simulator.close()
    return found


@pytest.fixture(scope="module")
def taken(library) -> dict:
    """A course."""
    return take(library)


def test_a_course_is_the_sum_of_its_lessons(taken) -> None:
    own, generic = 2 * OWN, 2 * OWN // 4
    assert (taken["own"], taken["generic"], taken["images"], taken["with_gate"]) == (own, generic, 50, 20)
    assert taken["different_images"] == OWN + generic
    assert 0 < taken["local_moves"] < own and 0 < taken["gate_moves"] < 20
    assert taken["mismatches"] == 0
    # 25 images a pass, one after the other, and the latency of the last one.
    pixels = DESIGN.moe.network.in_shape.size
    assert pixels < taken["interval"] and 50 * taken["interval"] < taken["cycles"] < 1.25 * 50 * taken["interval"]
    rows = {name: sum(kinds.values()) for name, kinds in lesson_rows(DESIGN.moe, DESIGN.folding).items()}
    add = 0.1 / 32
    margin = 2 * (24 + 2) * add  # no logit of the tiny device has more bits than a margin
    expected = (
        30 * rows["the device can learn, without the gate"]
        + 20 * rows["the device can learn, with the gate"]
        + own * margin
        + 20 * margin
        + 50 * 16 * 32 * add
        + taken["local_moves"] * rows["the local expert moves"]
        + taken["gate_moves"] * rows["the gate moves"]
    )
    assert sum(taken["learning"].values()) == pytest.approx(expected)
    inference = 30 * rows["inference without the gate"] + 20 * rows["inference with the gate"]
    assert sum(taken["inference"].values()) == pytest.approx(inference)


def test_a_course_that_breaks_off_frees_its_simulator(monkeypatch) -> None:
    closed = []
    pupil = SimpleNamespace(close=lambda: closed.append(True))
    monkeypatch.setattr(lessons, "RtlPupil", lambda *_: pupil)
    lecture = Lecture("nobody", DESIGN, tiny.bank(VARIANT, START), labelled(OWN, 1), labelled(60, 2), RULE, COURSE)
    with pytest.raises(AttributeError):  # of the stand-in, which cannot be taught
        lessons.take_course(lecture, SEED)
    assert closed == [True]


def test_a_stricter_rule_costs_more(library, taken) -> None:
    strict = take(library, replace(RULE, local_margin=200_000))
    assert strict["local_moves"] > taken["local_moves"] and strict["inference"] == taken["inference"]
    assert sum(strict["learning"].values()) > sum(taken["learning"].values())


def test_a_device_that_learns_otherwise_is_seen(library) -> None:
    assert take(library, other_bank=True)["mismatches"] > 0


def user(number: int, **changes: int) -> dict:
    """Made-up figures of a user."""
    kinds = dict.fromkeys(KINDS, 0.0)
    counts = {"own": 900, "generic": 180, "with_gate": 270, "local_moves": 400, "gate_moves": 40, "images": 1080}
    counts |= {"different_images": 1000, "cycles": 1_000_000, "mismatches": 0}
    energy = {"inference": {**kinds, "mac": 90e6, "weights": 10e6}, "learning": {**kinds, "buffers": 1e6}}
    return {"user": number, **counts, **energy, **changes}


def made_up(*users: dict) -> dict:
    about = {"command": "a command", "data": {"users": "made-up users"}, "passes": 1, "seed": 0}
    return {**about, **lessons.record(DESIGN, users)}


def test_the_record_is_the_mean_and_compares_with_retraining() -> None:
    result = made_up(user(1), user(2, cycles=3_000_000, mismatches=4))
    course = result["course"]
    assert (course["cycles"], course["mismatches"], course["total"]) == (2_000_000, 4, pytest.approx(101e6))
    assert "user" not in course
    by_case = {(row["arithmetic"], row["trunk_kept"], row["dram"]): row for row in result["retraining"]}
    assert len(by_case) == 8
    # fc1 24->8 and fc2 8->7, 17 batches of 64; the trunk has 8,640 products.
    kept = by_case["8-bit integers", True, False]
    macs = 1000 * 8640 + 1080 * (2 * 248 + 56) + 17 * 248
    words = 17 * (5 * 248 + 56)
    total = macs * 0.3 + words * 8 * 10 / 64
    assert (kept["macs"], kept["cycles"]) == (macs, -(-macs // 156))
    assert kept["total"] == pytest.approx(total)
    assert kept["by_learned"][0] == pytest.approx(total / 101e6)
    assert kept["by_learned"][1] < kept["by_learned"][0] < kept["by_learned"][2]
    assert kept["cycles_by_learned"] == pytest.approx(kept["cycles"] / 2e6)
    assert by_case["8-bit integers", False, False]["macs"] - macs == 80 * 8640
    assert by_case["32-bit float", True, True]["total"] > by_case["32-bit float", True, False]["total"] > total


def test_the_tables_show_the_record() -> None:
    result = made_up(user(1), user(2, local_moves=500))
    text = lessons.as_markdown(result)
    assert "| LE moves | 450 | 0.417 |" in text
    assert "| both | 0.101 mJ | 93.52 nJ |" in text
    assert "moves in 50 % of the own images, the gate in 15 % of those" in text and "Learning is 1.0 % of" in text
    assert "With 700 own images a course takes 0.8 million cycles." in text
    least = [
        min(kind(row) for row in result["retraining"])
        for kind in (lambda r: r["by_learned"][0], lambda r: r["cycles_by_learned"])
    ]
    assert f"learning with {1 / least[0]:.1f} passes instead of 1, and as many cycles with {1 / least[1]:.1f}." in text
    assert "| 2 | 900 | 180 | 500 | 40 | 1.00 | 0.101 | 0.99 |" in text
    assert text.count("8-bit integers") == 4 and "`a command`" in text
    assert lessons.as_markdown(made_up(user(1))) != text
