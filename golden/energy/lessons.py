# SPDX-License-Identifier: Apache-2.0
"""Energy proxy of learning on the device: what lessons add to inference, with the costs of the first proxy.

A comparison costs what the subtraction of its operands does. No other kind of operation is needed.
"""

from __future__ import annotations

from collections.abc import Mapping

from golden.energy.expected import ExpectedCounts, ExpectedPart
from golden.energy.hardware import KINDS, hardware_energy
from golden.energy.operations import OPERATIONS, Operations
from spec.activity import image_activity
from spec.domains import ALWAYS_ON
from spec.folding import Folding
from spec.learning import DITHER_BITS, LARGEST_SHIFT, LFSR_STEPS, MARGIN_BITS
from spec.lesson_activity import HeadActivity, LearningActivity, LearningHead, image_watched, lesson_activity
from spec.network import Moe

RANDOM_BITS = 2 * DITHER_BITS  # of the LFSR


def lesson_counts(moe: Moe, folding: Folding, with_gate: int, without: int) -> ExpectedCounts:
    """Counters of labelled images, as :func:`golden.energy.expected.expected_counts` has them of others.

    The GE never sees them and the feature store keeps none.

    Args:
        with_gate: lessons that the gate learns from too: they pass all local experts and the gate.
        without: the others, which pass the local expert that learns.
    """
    one = image_activity(moe, folding)
    work = {
        "fe": one.front_end * (with_gate + without),
        "ge": one.ge_tail * 0,
        "le": one.local_expert * (with_gate * moe.local_experts + without),
        "gn": one.gate * with_gate,
    }
    return ExpectedCounts({name: ExpectedPart(**vars(part)) for name, part in work.items()}, 0, 0)


def learning_energy(
    moe: Moe, folding: Folding, activity: LearningActivity, operations: Operations = OPERATIONS
) -> dict[str, dict[str, float]]:
    """pJ by domain (aon, le, gn) and kind, beside inference; ``mac`` has the additions.

    Args:
        moe, folding: the device.
        activity: of any number of images.
        operations: energy of one operation.
    """
    random = activity.randoms * LFSR_STEPS * RANDOM_BITS * operations.add.pj  # a step costs an addition: too much
    return {
        ALWAYS_ON: {**dict.fromkeys(KINDS, 0.0), "mac": random},
        "le": _head_energy(LearningHead.of_local_expert(moe), folding, activity.local, operations),
        "gn": _head_energy(LearningHead.of_gate(moe), folding, activity.gate, operations),
    }


def by_kind(energy: dict[str, dict[str, float]]) -> dict[str, float]:
    """pJ of all domains, by kind."""
    return {kind: sum(kinds[kind] for kinds in energy.values()) for kind in KINDS}


def inference_energy(
    moe: Moe, folding: Folding, with_gate: int, without: int, operations: Operations = OPERATIONS
) -> dict[str, dict[str, float]]:
    """pJ by domain and kind of the answers to labelled images (see :func:`lesson_counts`), all weights on chip."""
    counts = lesson_counts(moe, folding, with_gate, without)
    return hardware_energy(moe, folding, counts, operations=operations).picojoule


def lesson_rows(moe: Moe, folding: Folding, operations: Operations = OPERATIONS) -> dict[str, dict[str, float]]:
    """pJ by kind of one of everything that a lesson may be made of, by its name.

    A local expert's two rows stand in two words here.
    """
    pair = 0, moe.network.classes - 1

    def added(activity: LearningActivity) -> dict[str, float]:
        return by_kind(learning_energy(moe, folding, activity, operations))

    def lesson(local: tuple[int, int] | None, gate: tuple[int, int] | None, again: bool = False) -> LearningActivity:
        return lesson_activity(moe, folding, True, True, local, gate, again)

    def less(whole: dict[str, float], part: dict[str, float]) -> dict[str, float]:
        return {kind: whole[kind] - part[kind] for kind in KINDS}

    def more(whole: dict[str, float], part: dict[str, float]) -> dict[str, float]:
        return {kind: whole[kind] + part[kind] for kind in KINDS}

    alone, both = (inference_energy(moe, folding, gate, 1 - gate, operations) for gate in (0, 1))
    watched, kept = added(image_watched(moe, folding)), added(lesson(None, None))
    heads = by_kind({name: kinds for name, kinds in both.items() if name != "fe"})
    return {
        "inference without the gate": by_kind(alone),
        "inference with the gate": by_kind(both),
        "the device can learn, without the gate": added(image_watched(moe, folding, with_gate=False)),
        "the device can learn, with the gate": watched,
        "a label, for both": less(kept, watched),
        "the local expert moves": less(added(lesson(pair, None)), kept),
        "the gate moves": less(added(lesson(None, (1, 0))), kept),
        "a correction of both that moves nothing": more(heads, added(lesson(None, None, True))),
    }


def lesson_lines(rows: Mapping[str, Mapping[str, float]], ge: float) -> list[list[str]]:
    """Cells of the table of :func:`lesson_rows`: name, sums, weights, buffers, total in nJ, per cent of a GE image."""
    lines = []
    for name, kinds in rows.items():
        total = sum(kinds.values())
        cells = [f"{kinds[kind] / 1000:,.3f}" for kind in ("mac", "weights", "buffers")]
        lines.append([name, *cells, f"{total / 1000:,.3f}", f"{100 * total / ge:.4f}"])
    return lines


def _head_energy(head: LearningHead, folding: Folding, work: HeadActivity, operations: Operations) -> dict[str, float]:
    layer, fold = head.layer, folding.layers[head.layer.name]
    first = head.first
    logit = (head.back or layer).accumulator.bits
    difference = max(logit, MARGIN_BITS) + 2
    adds = work.logits * logit + work.margins * 2 * difference  # a margin is a difference and a comparison
    # Of every input of a word that is read: its dither, and the comparison with it, for the largest shift there is.
    adds += work.weight_reads * fold.simd * 2 * LARGEST_SHIFT
    # Of every weight of a word that is written: up or down by one, and whether it stands at either end.
    adds += work.weight_writes * fold.pe * fold.simd * 3 * layer.weight.bits
    weights = (work.weight_reads + work.weight_writes) * layer.weight_word_bits(fold)
    if head.back:
        behind = folding.layers[head.back.name]
        adds += work.compare_reads * behind.simd * head.back.weight.bits  # greater and less, of each pair of words
        weights += work.compare_reads * head.back.weight_word_bits(behind)
    kept = (work.input_writes + work.input_reads) * fold.simd * layer.input.bits
    ring = (work.ring_writes + work.ring_reads) * folding.layers[first.name].simd * first.input.bits
    return {
        **dict.fromkeys(KINDS, 0.0),
        "mac": adds * operations.add.pj,
        "weights": weights * operations.on_chip.pj,
        "buffers": (kept + ring) * operations.on_chip.pj,
    }
