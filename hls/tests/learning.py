# SPDX-License-Identifier: Apache-2.0
"""Networks, banks and labelled images for the tests of learning, and their comparison with the golden learner."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from golden.descriptor import Descriptor, Settings
from golden.integer_model import MoeModel
from golden.learner import Learner, learn_inputs
from hls.learn import HlsLearner, Kind, Lessons
from hls.vectors import FRONT_END, GATE, LOCAL, expected_domains
from spec.bank import Bank, random_bank
from spec.folding import build_folding
from spec.learning import LearnRule
from spec.network import LayerWeights, Mode, build_moe
from spec.presets import Accelerator
from spec.tiny import FOLDING, GATES, max_averaged_accelerator, tiny_accelerator, tiny_images, tiny_network

RULE = LearnRule(
    local_margin=40_000, local_shift=8, own_margin=30_000, generic_margin=5_000, gate_shift=9, seed=0xDEADBEEF
)


def narrow_accelerator() -> Accelerator:
    """Weights of 6 bits and wide words, so that weights lie across two chunks of the weight memories."""
    preset = {**GATES["general"], "name": "narrow"}
    for head in ("local_expert", "gate"):
        preset[head] = {**preset[head], "weight_bits": 6, "weight_fraction_bits": 4}
    moe = build_moe(tiny_network(), preset, 1)
    return Accelerator(
        moe, build_folding({**FOLDING, "le": {"pe": 7, "simd": 4}, "gate_hidden": {"pe": 3, "simd": 4}}, moe)
    )


ACCELERATORS = {
    "linear": lambda: tiny_accelerator("linear", 2),
    "deep": lambda: tiny_accelerator("deep", 2),
    "general": lambda: tiny_accelerator("general", 1),
    "max_averaged": max_averaged_accelerator,
    "narrow": narrow_accelerator,
}


def extreme_bank(accelerator: Accelerator, seed: int) -> Bank:
    """Random weights, a third of those that learn at an end of their range or next to it: many cannot move."""
    return _altered(accelerator, seed, _to_the_ends)


def fresh_bank(accelerator: Accelerator, seed: int) -> Bank:
    """Layers that learn begin at 0, so that logits tie, and hidden units of the gate in the middle of their range.

    What these layers read, and the gate's output layer, are random.
    """
    return _altered(accelerator, seed, _to_zero)


BANKS = {"extreme": extreme_bank, "fresh": fresh_bank}


def _to_the_ends(rng: np.random.Generator, layer, one: LayerWeights) -> LayerWeights:
    low, high = layer.weight.minimum, layer.weight.maximum
    ends = rng.choice([low, low + 1, high - 1, high], one.weight.shape)
    return LayerWeights(np.where(rng.random(one.weight.shape) < 1 / 3, ends, one.weight), one.bias)


def _to_zero(rng: np.random.Generator, layer, one: LayerWeights) -> LayerWeights:
    middle = 0 if layer.raw else min((layer.out_type.maximum + 1) // 2 << layer.shift, layer.bias.maximum)
    return LayerWeights(np.zeros_like(one.weight), np.full_like(one.bias, middle))


def _altered(accelerator: Accelerator, seed: int, change) -> Bank:
    moe, rng = accelerator.moe, np.random.default_rng(seed)
    bank = random_bank(moe, seed)
    experts = tuple((*expert[:-1], change(rng, moe.le.out, expert[-1])) for expert in bank.local_experts)
    gate = (change(rng, moe.gate.layers[0], bank.gate[0]), *bank.gate[1:])
    return replace(bank, local_experts=experts, gate=gate)


@dataclass(frozen=True)
class Course:
    """Images uint8 (N, 14, 14), labels int64 (N,) and kinds (N,), own, generic and unlabelled ones mixed."""

    images: np.ndarray
    labels: np.ndarray
    kinds: np.ndarray


def course(accelerator: Accelerator, count: int, seed: int) -> Course:
    """Random images with random labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, accelerator.moe.network.classes, count)
    return Course(tiny_images(count, seed), labels, rng.choice(3, count, p=[0.2, 0.5, 0.3]))


@dataclass
class Compared:
    """How far a comparison came: ``difference`` says what was the first to differ, or is None.

    ``saturations``, ``local``, ``gate`` and ``ties`` count what occurred: movements that were prevented, images that
    moved weights, and learned images with a tie for the largest logit of the local expert.
    """

    difference: str | None = None
    saturations: int = 0
    local: int = 0
    gate: int = 0
    ties: int = 0


def compare(
    learner: HlsLearner,
    start: Bank,
    given: Course,
    mode: Mode,
    expert: int = 0,
    local: bool = True,
    gate: bool = True,
    number: int = 0,
    chunk: int = 50,
    **settings: int,
) -> Compared:
    """Let C simulation and golden learner learn the same images, and compare all that can be seen.

    Of each image: class, expert, status, bank, sequence number, domains, LFSR, what moved and what could not. Behind
    every ``chunk`` images: every weight and bias of the bank.

    Args:
        learner: it is loaded with ``start`` as bank ``number``, and has answered no image.
        given: what it is taught.
        mode: LE_ONLY, MOE_PARALLEL or MOE_GATED.
        expert, local, gate: who learns.
        settings: further settings of :meth:`hls.learn.HlsLearner.run`.
    """
    moe = learner.accelerator.moe
    golden = Learner(moe, start, learner.rule, expert, gate and mode != Mode.LE_ONLY)
    model, result = MoeModel(moe), Compared()
    inputs = learn_inputs(moe, start, model.ge.features(given.images))
    for first in range(0, len(given.images), chunk):
        part = slice(first, first + chunk)
        found = learner.run(
            given.images[part], given.labels[part], given.kinds[part], mode, number, expert, local, gate, **settings
        )
        for i in range(len(found.random)):
            n = first + i
            if given.kinds[n] == Kind.UNLABELLED:
                ordinary = model.run(given.images[n : n + 1], mode, golden.bank(), local_expert=0)
                answering = int(ordinary.experts[0])
                image = Descriptor.of(Settings(mode, number, 1 << number), n, moe.local_experts, 2)
                wanted = (int(ordinary.classes[0]), answering, *expected_domains(image, answering))
                lesson = (False, False, False, 0)
            else:
                out = golden.bank().local_experts[expert][-1]
                logits = out.weight @ inputs.local[n, expert].astype(np.int64) + out.bias
                result.ties += int((logits == logits.max()).sum() > 1)
                told = golden.learn(inputs.local[n], inputs.gate[n], int(given.labels[n]), given.kinds[n] == Kind.OWN)
                domains = FRONT_END | LOCAL | (GATE if golden.gate else 0)
                wanted = (told.answer, expert + 1, domains, domains)
                lesson = (True, told.local, told.gate, told.saturations)
                result.saturations += told.saturations
                result.local += told.local
                result.gate += told.gate
            wanted += (0, number, n % 4096, False, golden.random, *lesson)
            if (seen := _seen(found, i)) != wanted:
                result.difference = f"image {n}: {seen}, expected {wanted}"
                return result
        for (name, ours), (_, theirs) in zip(learner.bank(number).layers(), golden.bank().layers(), strict=True):
            if not (np.array_equal(ours.weight, theirs.weight) and np.array_equal(ours.bias, theirs.bias)):
                result.difference = f"{name} behind image {first + len(found.random) - 1}"
                return result
    if learner.random != golden.random:
        result.difference = "LFSR"
    return result


def _seen(found: Lessons, i: int) -> tuple:
    fields = found.fields
    return (
        int(fields.classes[i]), int(fields.experts[i]), *map(int, found.domains[i]), int(fields.status[i]),
        int(fields.banks[i]), int(fields.sequence[i]), bool(found.refused[i]), int(found.random[i]),
        bool(found.learned[i]), bool(found.local[i]), bool(found.gate[i]), int(found.saturations[i]),
    )  # fmt: skip
