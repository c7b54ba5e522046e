# SPDX-License-Identifier: Apache-2.0
"""The comparison engine with stages made for the purpose: every kind of wrong answer must be seen."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from golden.integer_model import Answers, MoeModel
from spec.network import Mode
from verif.compare.comparison import run_modes, run_stage
from verif.compare.report import mode_as_json, mode_table, verdict
from verif.compare.stage import Chunk, StageRun, StageStopped
from verif.compare.tests.setup import IMAGES, image_set, tiny_setup

MODES = [mode for mode in Mode if mode != Mode.OFF]
Change = Callable[[int, Answers], None]


class ModelStage:
    """Plays an exact stage: the integer model's answers in chunks of 7, changed by ``change``."""

    name = "model"
    exact = True

    def __init__(self, setup, change: Change = lambda first, answers: None, threads: int = 1) -> None:
        self.setup, self.change, self.threads = setup, change, threads
        self.model = MoeModel(setup.accelerator.moe)

    def run(self, images, mode, on_chunk, description):
        s = self.setup

        def work(first: int) -> None:
            part = images[first : first + 7]
            answers = self.model.run(part, mode, s.bank, s.theta, s.local_expert, keep_layers=True)
            self.change(first, answers)
            on_chunk(Chunk(first, answers))

        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(work, reversed(range(0, len(images), 7))))
        return StageRun(1.0)

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def setup(tmp_path_factory):
    return tiny_setup(tmp_path_factory.mktemp("ge"))


@pytest.mark.parametrize("mode", MODES)
def test_equal_answers_are_equal(setup, mode):
    report = run_stage(setup, ModelStage(setup, threads=3), image_set().images, mode)
    assert not report.differs and report.first is None
    assert set(report.mismatches.values()) == {0} and report.agreement == 1
    assert report.answered.all()
    if mode == Mode.MOE_GATED:
        assert len(set(report.experts)) >= 2


def broken_layer(name: str, image: int) -> Change:
    """Change the last value of a layer's output for one image."""

    def change(first: int, answers: Answers) -> None:
        rows = answers.used.get(name, np.arange(len(answers.classes)))
        row = np.flatnonzero(rows + first == image)
        if len(row) and name in answers.layers:
            answers.layers[name].reshape(len(rows), -1)[row[0], -1] ^= 1

    return change


def test_one_wrong_value_is_found_with_its_place(setup):
    report = run_stage(setup, ModelStage(setup, broken_layer("conv2", 23)), image_set().images, Mode.MOE_PARALLEL)
    assert report.differs
    assert {name: n for name, n in report.mismatches.items() if n} == {"conv2": 1}
    assert (report.first.layer, report.first.image, report.first.index) == ("conv2", 23, (3, 3, 5))
    assert report.first.found == report.first.expected ^ 1


def test_first_difference_is_first_in_network_order_not_in_image_order(setup):
    def change(first: int, answers: Answers) -> None:
        broken_layer("fc2", 1)(first, answers)
        broken_layer("pool1", 30)(first, answers)
        broken_layer("pool1", 18)(first, answers)

    report = run_stage(setup, ModelStage(setup, change), image_set().images, Mode.GE_ONLY)
    assert (report.first.layer, report.first.image) == ("pool1", 18)
    assert (report.mismatches["pool1"], report.mismatches["fc2"]) == (2, 1)


def test_a_layer_that_is_missing_is_a_mismatch(setup):
    report = run_stage(
        setup, ModelStage(setup, lambda first, answers: answers.layers.pop("fc1")), image_set().images, Mode.GE_ONLY
    )
    assert report.mismatches["fc1"] == IMAGES and report.first.layer == "fc1"


def test_a_tail_that_ran_for_the_wrong_image_is_a_mismatch(setup):
    """MOE_GATED: the values fit, but one image that should have spared the GE woke it."""

    def change(first: int, answers: Answers) -> None:
        if first == 0:
            local = np.flatnonzero(answers.experts > 0)[0]
            for name in answers.used:
                rows = np.sort(np.append(answers.used[name], local))
                at = int(np.flatnonzero(rows == local)[0])
                answers.layers[name] = np.insert(answers.layers[name], at, 0, axis=0)
                answers.used[name] = rows

    report = run_stage(setup, ModelStage(setup, change), image_set().images, Mode.MOE_GATED)
    assert report.first.layer == "conv2" and report.first.found == "it ran"
    assert report.mismatches["conv2"] == 1 and report.mismatches["expert"] == 0


@pytest.mark.parametrize(("field", "layer"), [("classes", "class"), ("experts", "expert")])
def test_a_wrong_result_is_a_mismatch(setup, field, layer):
    def change(first: int, answers: Answers) -> None:
        if first == 14:
            getattr(answers, field)[3] += 1

    report = run_stage(setup, ModelStage(setup, change), image_set().images, Mode.MOE_PARALLEL)
    assert {name: n for name, n in report.mismatches.items() if n} == {layer: 1}
    assert report.first.image == 17


def test_fields_of_the_result_word_are_compared(setup):
    class Stage(ModelStage):
        def run(self, images, mode, on_chunk, description):
            def take(chunk: Chunk) -> None:
                n = len(chunk.answers.classes)
                found = np.zeros(n, int)
                found[2] = chunk.first == 7
                chunk.fields["status"] = (np.zeros(n, int), found)
                on_chunk(chunk)

            return super().run(images, mode, take, description)

    report = run_stage(setup, Stage(setup), image_set().images, Mode.GE_ONLY)
    assert report.mismatches["status"] == 1
    assert (report.first.layer, report.first.image, report.first.found) == ("status", 9, 1)


def test_a_stage_that_stops_fails_and_the_missing_answers_count(setup):
    class Stage(ModelStage):
        def run(self, images, mode, on_chunk, description):
            super().run(images[:14], mode, on_chunk, description)
            raise StageStopped("the RTL hung")

    report = run_stage(setup, Stage(setup), image_set().images, Mode.GE_ONLY)
    assert report.differs and report.stopped == "the RTL hung"
    assert report.mismatches["class"] == IMAGES - 14
    assert (report.first.layer, report.first.image, report.first.found) == ("class", 14, "none")


def test_a_stage_that_silently_answers_too_few_fails(setup):
    class Stage(ModelStage):
        def run(self, images, mode, on_chunk, description):
            return super().run(images[:-1], mode, on_chunk, description)

    report = run_stage(setup, Stage(setup), image_set().images, Mode.GE_ONLY)
    assert report.differs and report.mismatches["class"] == 1 and report.first.image == IMAGES - 1


def test_an_inexact_stage_never_fails_but_its_agreement_is_told(setup):
    class Stage(ModelStage):
        exact = False

    def change(first: int, answers: Answers) -> None:
        answers.classes[0] += first == 0

    report = run_stage(setup, Stage(setup, change), image_set().images, Mode.GE_ONLY)
    assert not report.differs and report.agreement == 1 - 1 / IMAGES


def test_reports_tell_the_verdict(setup):
    data = image_set()
    broken = ModelStage(setup, broken_layer("fc2", 5))
    bad = run_modes(setup, [broken], data.images, [Mode.GE_ONLY, Mode.LE_ONLY])
    text, equal = verdict(bad, len(data))
    assert not equal and text.startswith("MISMATCH in GE_ONLY (")
    assert "DIFFERS, first at fc2[6] of image 5" in mode_table(Mode.GE_ONLY, bad[Mode.GE_ONLY], data)
    entry = mode_as_json(bad[Mode.GE_ONLY], data)
    assert entry["mismatches"]["fc2"] == 1 and entry["mismatches"]["class"] == 0 and not entry["bit_exact"]
    assert entry["first_difference"]["layer"] == "fc2"
    good = run_modes(setup, [ModelStage(setup)], data.images, [Mode.MOE_GATED])
    text, equal = verdict(good, len(data))
    assert equal and text.startswith("EQUAL: model = integer model")
    assert "bit-exact" in mode_table(Mode.MOE_GATED, good[Mode.MOE_GATED], data)
    entry = mode_as_json(good[Mode.MOE_GATED], data)
    assert entry["bit_exact"] and set(entry["mismatches"].values()) == {0}
    assert sum(entry["experts"].values()) == IMAGES and set(entry["accuracy_by_set"]) == {"generic", "user 1"}


def test_nothing_compared_does_not_read_like_success():
    text, _ = verdict({Mode.GE_ONLY: []}, 5)
    assert text.startswith("NOTHING COMPARED")
