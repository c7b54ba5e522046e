# SPDX-License-Identifier: Apache-2.0
"""Energy proxy of learning and of retraining: sums done by hand on the tiny device, and what changes them."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from golden.energy.expected import expected_counts
from golden.energy.hardware import hardware_energy
from golden.energy.lessons import by_kind, learning_energy, lesson_counts, lesson_rows
from golden.energy.operations import OPERATIONS
from golden.energy.retraining import FLOAT, Retraining, integers, retraining
from spec.lesson_activity import HeadActivity, LearningActivity, LearningHead, image_watched, lesson_activity, total
from spec.network import Mode
from spec.presets import Accelerator, load_accelerator
from spec.tiny import tiny_accelerator

ADD, BIT = 0.1 / 32, 10 / 64  # pJ
SINGLE = {"local": None, "gate": None}


def total_energy(energy: dict[str, dict[str, float]]) -> float:
    """pJ of all domains and kinds."""
    return sum(by_kind(energy).values())


def deep() -> Accelerator:
    """A local expert 36-8-7 (folding 2x4, 1x4) and a gate 16 and 2 confidences-6-2 (folding 2x2, 1x1)."""
    return tiny_accelerator("deep")


def with_pe(design: Accelerator, layer: str, pe: int) -> Accelerator:
    """The same with another number of outputs a word."""
    layers = dict(design.folding.layers)
    layers[layer] = replace(layers[layer], pe=pe)
    return replace(design, folding=replace(design.folding, layers=layers))


# ---- What a lesson does ----------------------------------------------------------------------------------------------
def test_an_image_that_passes_by_hand() -> None:
    design = deep()
    seen = image_watched(design.moe, design.folding)
    # Local expert: 36 pooled values in words of 4, 8 hidden ones in words of 4. Gate: 16 values in words of 2, and 2.
    assert seen.local == HeadActivity(ring_writes=9, input_writes=2, logits=7)
    assert seen.gate == HeadActivity(ring_writes=8, input_writes=9, logits=2)
    alone = image_watched(design.moe, design.folding, with_gate=False)
    assert alone == LearningActivity(seen.local)
    two = tiny_accelerator("deep", 2)
    assert image_watched(two.moe, two.folding).local == seen.local * 2


def test_lessons_that_move_by_hand() -> None:
    design = deep()
    moe, folding = design.moe, design.folding
    seen = image_watched(moe, folding)
    kept = lesson_activity(moe, folding, True, True, **SINGLE)
    assert kept == replace(
        seen, local=seen.local + HeadActivity(margins=1), gate=seen.gate + HeadActivity(margins=1), randoms=1
    )
    moved = lesson_activity(moe, folding, True, True, (3, 5), (1, 0))
    # Two rows of two words; of the gate's hidden layer 9 words of 3 folds, of its output layer 2 rows of 6 words.
    assert moved.local == kept.local + HeadActivity(weight_reads=4, weight_writes=4, input_reads=4)
    assert moved.gate == kept.gate + HeadActivity(weight_reads=27, weight_writes=27, input_reads=27, compare_reads=12)
    generic = lesson_activity(moe, folding, False, True, None, (0, 1))
    assert generic.local == seen.local and generic.gate == moved.gate


def test_rows_in_one_word_are_moved_together() -> None:
    design = with_pe(deep(), "le_out", 7)
    for pair, words in (((3, 5), 2), ((0, 6), 2)):
        assert lesson_activity(design.moe, design.folding, True, False, pair, None).local.weight_writes == words
    linear = with_pe(tiny_accelerator("linear"), "gate_out", 2)
    head = LearningHead.of_gate(linear.moe)
    assert head.back is None and head.layer is linear.moe.gate.out
    inputs = linear.moe.gate.out.inputs // linear.folding.layers["gate_out"].simd
    assert head.update(linear.folding, 1, 0) == HeadActivity(inputs, inputs, 0, 0, inputs)


def test_a_correction_reads_the_ring_and_writes_none() -> None:
    design = deep()
    moe, folding = design.moe, design.folding
    image, correction = (lesson_activity(moe, folding, True, True, (3, 5), (1, 0), again) for again in (False, True))
    assert (correction.local.ring_reads, correction.local.ring_writes) == (image.local.ring_writes, 0)
    assert (correction.gate.ring_reads, correction.gate.ring_writes) == (image.gate.ring_writes, 0)
    assert correction.local.weight_writes == image.local.weight_writes


# ---- What it costs ---------------------------------------------------------------------------------------------------
def test_energy_by_hand() -> None:
    design = deep()
    moe, folding = design.moe, design.folding
    found = learning_energy(moe, folding, lesson_activity(moe, folding, True, True, (3, 5), (1, 0)))
    logit, gate_logit = moe.le.out.accumulator.bits, moe.gate.out.accumulator.bits
    assert logit < 24 and gate_logit < 24  # a margin has 24 bits, and their difference 26
    assert found["aon"]["mac"] == pytest.approx(16 * 32 * ADD)
    assert found["le"]["mac"] == pytest.approx((7 * logit + 2 * 26 + 4 * 4 * 30 + 4 * 4 * 24) * ADD)
    assert found["le"]["weights"] == pytest.approx((4 + 4) * 32 * BIT)
    assert found["le"]["buffers"] == pytest.approx((9 * 32 + 2 * 32 + 4 * 32) * BIT)
    adds = 2 * gate_logit + 2 * 26 + 27 * 2 * 30 + 27 * 4 * 24 + 12 * 8
    assert found["gn"]["mac"] == pytest.approx(adds * ADD)
    assert found["gn"]["weights"] == pytest.approx(((27 + 27) * 32 + 12 * 8) * BIT)
    assert found["gn"]["buffers"] == pytest.approx((8 * 16 + 9 * 16 + 27 * 16) * BIT)
    assert by_kind(found)["mac"] == pytest.approx(sum(kinds["mac"] for kinds in found.values()))


def test_every_count_costs_something() -> None:
    design = deep()
    for name in ("local", "gate"):
        for field in fields(HeadActivity):
            if (name, field.name) != ("local", "compare_reads"):  # nothing is behind a local expert's output layer
                activity = LearningActivity(**{name: HeadActivity(**{field.name: 1})})
                assert total_energy(learning_energy(design.moe, design.folding, activity)) > 0, f"{name} {field.name}"
    assert total_energy(learning_energy(design.moe, design.folding, LearningActivity(randoms=1))) > 0


def test_sums_and_bounds() -> None:
    design = deep()
    one = lesson_activity(design.moe, design.folding, True, True, (3, 5), (1, 0))
    assert total([one, one, one]) == one * 3
    low, middle, high = (
        total_energy(learning_energy(design.moe, design.folding, one, operations))
        for operations in (OPERATIONS.bound("low"), OPERATIONS, OPERATIONS.bound("high"))
    )
    assert 2 * low == pytest.approx(middle) == pytest.approx(high / 2)


def test_inference_of_a_lesson() -> None:
    """Without the gate that of LE_ONLY; with it MOE_GATED's, but nothing goes into the feature store."""
    design = tiny_accelerator("deep", 2)
    moe, folding = design.moe, design.folding
    alone = expected_counts(moe, folding, Mode.LE_ONLY, 3, 0)
    assert lesson_counts(moe, folding, 0, 3) == alone
    gated = expected_counts(moe, folding, Mode.MOE_GATED, 2, 0)
    assert lesson_counts(moe, folding, 2, 0) == replace(gated, feature_store_writes=0) != gated


def test_rows_of_a_lesson_add_up_to_it() -> None:
    """An image with a label that moves both: inference, what passes, the label, and both movements."""
    design = tiny_accelerator("deep", 2)
    moe, folding = design.moe, design.folding
    rows = {name: sum(kinds.values()) for name, kinds in lesson_rows(moe, folding).items()}
    whole = lesson_activity(moe, folding, True, True, (0, moe.network.classes - 1), (1, 0))
    added = total_energy(learning_energy(moe, folding, whole))
    watched, label = rows["the device can learn, with the gate"], rows["a label, for both"]
    assert added == pytest.approx(watched + label + rows["the local expert moves"] + rows["the gate moves"])
    inference = hardware_energy(moe, folding, lesson_counts(moe, folding, 1, 0)).total
    assert rows["inference with the gate"] == pytest.approx(inference)
    front = hardware_energy(moe, folding, lesson_counts(moe, folding, 1, 0)).picojoule["fe"]
    assert rows["a correction of both that moves nothing"] == pytest.approx(
        inference - sum(front.values()) + watched + label
    )  # the ring is read as much as an image writes it


def test_a_lesson_of_the_default_device_costs_little() -> None:
    """Even one that moves everything costs less than a fifth of its image, and a fiftieth of one of the GE."""
    design = load_accelerator()
    moe, folding = design.moe, design.folding
    lesson = total_energy(learning_energy(moe, folding, lesson_activity(moe, folding, True, True, (0, 1), (1, 0))))
    image = hardware_energy(moe, folding, lesson_counts(moe, folding, 1, 0)).total
    ge = hardware_energy(moe, folding, expected_counts(moe, folding, Mode.GE_ONLY, 1, 1)).total
    assert lesson < image / 5 and lesson < ge / 50


# ---- Retraining ------------------------------------------------------------------------------------------------------
def test_retraining_by_hand() -> None:
    """fc1 24->8 and fc2 8->7; the trunk has 144 positions of 9x4 products and 16 of 36x6. Ten images, batches of 4."""
    moe = tiny_accelerator().moe
    found = retraining(moe, images=10, through_trunk=5, batch=4)
    assert found == Retraining(
        trunk=5 * (144 * 36 + 16 * 216),
        forward=10 * (192 + 56),
        weight_gradients=10 * (192 + 56),
        input_gradients=10 * 56,
        update=3 * (192 + 56),
        words=3 * (5 * (192 + 56) + 56),
        dram_words=3 * (3 * (192 + 56) + 56),
    )
    macs = 5 * 8640 + 10 * (2 * 248 + 56) + 3 * 248
    assert found.macs == macs
    assert found.energy(FLOAT) == pytest.approx(
        {"mac": macs * 4.6, "weights": found.words * 5.0, "buffers": 0, "dram": 0}
    )
    assert found.energy(integers()) == pytest.approx(
        {"mac": macs * 0.3, "weights": found.words * 8 * BIT, "buffers": 0, "dram": 0}
    )
    assert found.energy(FLOAT, dram=True) == pytest.approx(found.energy(FLOAT) | {"dram": found.dram_words * 640})
    assert found.cycles(100) == -(-macs // 100) and found.cycles(macs - 1) == 2


def test_a_forgotten_part_changes_the_retraining() -> None:
    found = retraining(tiny_accelerator().moe, 10, 5, 4)
    for field in fields(Retraining):
        if field.name != "dram_words":
            less = replace(found, **{field.name: 0})
            assert sum(less.energy(FLOAT).values()) < sum(found.energy(FLOAT).values()), field.name
    assert replace(found, dram_words=0).energy(FLOAT, dram=True)["dram"] < found.energy(FLOAT, dram=True)["dram"]


def test_the_layers_of_the_paper_are_retrained() -> None:
    one = retraining(load_accelerator().moe, 1, 0, 1)
    assert (one.forward, one.input_gradients, one.trunk) == (800 * 500 + 500 * 62, 500 * 62, 0)
