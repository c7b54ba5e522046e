# SPDX-License-Identifier: Apache-2.0
"""The golden learner against one written weight by weight, and what its rule promises."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from golden.integer_model import MoeModel, NetworkModel
from golden.learner import Learner, learn_inputs, moving
from golden.tests.reference import round_half_even
from spec.bank import Bank, random_bank
from spec.errors import InputError
from spec.learning import LARGEST_SHIFT, LFSR_STEPS, SMALLEST_SHIFT, WEYL, LearnRule, next_random
from spec.network import Mode, Moe, build_moe
from spec.tiny import GATES, tiny_network
from spec.tiny_variants import random_images

RULE = LearnRule(
    local_margin=40_000, local_shift=8, own_margin=30_000, generic_margin=20_000, gate_shift=9, seed=0xDEADBEEF
)
CASES = {"linear": 1, "deep": 2, "general": 1}  # gate preset: local experts


def slow_lfsr(state: int) -> int:
    """Bit by bit: x^32 + x^22 + x^2 + x + 1, in Galois form."""
    bits = [state >> i & 1 for i in range(32)]
    for _ in range(LFSR_STEPS):
        out, bits = bits[0], [*bits[1:], 0]
        for power in (32, 22, 2, 1):
            bits[power - 1] ^= out
    return sum(bit << i for i, bit in enumerate(bits))


class SlowLearner:
    """The rule as a text would put it: plain integers, loops, one weight at a time."""

    def __init__(self, moe: Moe, bank: Bank, rule: LearnRule, expert: int) -> None:
        self.moe, self.rule, self.expert, self.state = moe, rule, expert, rule.seed
        self.local = [[(one.weight.tolist(), one.bias.tolist()) for one in e] for e in bank.local_experts]
        self.gate = [(one.weight.tolist(), one.bias.tolist()) for one in bank.gate]

    @staticmethod
    def dense(weights, layer, x):
        sums = [sum(w * v for w, v in zip(row, x, strict=True)) + b for row, b in zip(*weights, strict=True)]
        if layer.output is None:
            return sums
        return [min(max(round_half_even(Fraction(s, 1 << layer.shift)), 0), 255) for s in sums]

    @staticmethod
    def rival(logits, target):
        best = None
        for i, value in enumerate(logits):
            if i != target and (best is None or value > logits[best]):
                best = i
        return best

    def push(self, rows, directions, x, shift, start):
        lost = 0
        for row, direction in enumerate(directions):
            for i, value in enumerate(x):
                if direction and value > (start + i * WEYL) % 2**shift:
                    wanted = rows[row][i] + direction
                    if -128 <= wanted <= 127:
                        rows[row][i] = wanted
                    else:
                        lost += 1
        return lost

    def learn(self, local, gate, label, own, with_gate):
        self.state = slow_lfsr(self.state)
        moe, rule = self.moe, self.rule
        logits = [self.dense(e[-1], moe.le.out, x.tolist()) for e, x in zip(self.local, local, strict=True)]
        mine = logits[self.expert]
        x = gate.tolist()
        if moe.confidence_shift is not None:
            for one in logits:
                top, second = sorted(one)[-1], sorted(one)[-2]
                for value in (top, top - second):
                    x.append(min(max(round_half_even(Fraction(value, 1 << moe.confidence_shift)), 0), 255))
        target, margin = (self.expert + 1, rule.own_margin) if own else (0, rule.generic_margin)
        hidden = self.dense(self.gate[0], moe.gate.layers[0], x) if moe.gate.hidden else None
        answers = self.dense(self.gate[-1], moe.gate.out, x if hidden is None else hidden)
        other = self.rival(answers, target)
        lost = 0
        if with_gate and answers[target] - answers[other] < margin:
            out = self.gate[-1][0]
            if hidden is None:
                directions = [(i == target) - (i == other) for i in range(len(answers))]
            else:
                pulls = [out[target][k] - out[other][k] for k in range(len(hidden))]
                directions = [((p > 0) - (p < 0)) * (0 < h < 255) for p, h in zip(pulls, hidden, strict=True)]
            lost += self.push(self.gate[0][0], directions, x, rule.gate_shift, self.state >> 16)
        if own:
            other = self.rival(mine, label)
            if mine[label] - mine[other] < rule.local_margin:
                directions = [(i == label) - (i == other) for i in range(len(mine))]
                lost += self.push(
                    self.local[self.expert][-1][0],
                    directions,
                    local[self.expert].tolist(),
                    rule.local_shift,
                    self.state & 0xFFFF,
                )
        return mine.index(max(mine)), lost


def setting(name: str):
    moe = build_moe(tiny_network(), GATES[name], CASES[name])
    bank = random_bank(moe, seed=5)
    images = random_images(60, seed=6)
    rng = np.random.default_rng(7)
    inputs = learn_inputs(moe, bank, NetworkModel(moe.network).features(images))
    return moe, bank, images, inputs, rng.integers(0, moe.network.classes, 60), rng.random(60) < 0.7


@pytest.mark.parametrize("name", CASES)
def test_learner_equals_the_one_written_weight_by_weight(name):
    moe, bank, _, inputs, labels, own = setting(name)
    for expert in range(moe.local_experts):
        fast, slow = Learner(moe, bank, RULE, expert), SlowLearner(moe, bank, RULE, expert)
        moved, saturated = [0, 0], 0
        for i in range(len(labels)):
            image = (inputs.local[i], inputs.gate[i], int(labels[i]), bool(own[i]), i % 4 != 0)
            lesson = fast.learn(*image)
            answer, lost = slow.learn(*image)
            assert (lesson.answer, lesson.saturations, fast.random) == (answer, lost, slow.state)
            assert (lesson.local_pair is not None, lesson.gate_pair is not None) == (lesson.local, lesson.gate)
            assert not lesson.local or lesson.local_pair[0] == labels[i] != lesson.local_pair[1]
            moved[0] += lesson.local
            moved[1] += lesson.gate
            saturated += lost
            now = fast.bank()
            for theirs, ours in zip(slow.local, now.local_experts, strict=True):
                assert [w for w, _ in theirs] == [one.weight.tolist() for one in ours]
            assert [w for w, _ in slow.gate] == [one.weight.tolist() for one in now.gate]
        assert min(moved) > 5 and saturated > 0, "the images teach too little to show a difference"


def test_answers_are_those_of_the_integer_model():
    moe, bank, images, inputs, labels, _ = setting("deep")
    learner = Learner(moe, bank, RULE, expert=1)
    for i in range(20):
        before = learner.bank()
        expected = MoeModel(moe).run(images[i : i + 1], Mode.LE_ONLY, before, local_expert=1).classes[0]
        assert learner.learn(inputs.local[i], inputs.gate[i], int(labels[i])).answer == expected
    assert learner.bank().digest() != bank.digest()


def test_generic_image_leaves_the_local_experts_alone_and_biases_never_move():
    moe, bank, _, inputs, labels, _ = setting("deep")
    learner = Learner(moe, bank, RULE)
    lessons = [learner.learn(inputs.local[i], inputs.gate[i], int(labels[i]), own=False) for i in range(30)]
    now = learner.bank()
    assert any(lesson.gate for lesson in lessons) and not any(lesson.local for lesson in lessons)
    for (name, before), (_, after) in zip(bank.layers(), now.layers(), strict=True):
        assert np.array_equal(before.bias, after.bias)
        assert np.array_equal(before.weight, after.weight) == (name != "gate_hidden"), name


def test_without_gate_only_the_expert_moves():
    moe, bank, _, inputs, labels, _ = setting("general")
    learner = Learner(moe, bank, RULE, gate=False)
    for i in range(30):
        learner.learn(inputs.local[i], inputs.gate[i], int(labels[i]))
    changed = [
        name
        for (name, before), (_, after) in zip(bank.layers(), learner.bank().layers(), strict=True)
        if not np.array_equal(before.weight, after.weight)
    ]
    assert changed == ["le0"]


def test_an_image_that_leaves_the_gate_alone_teaches_the_expert_the_same():
    moe, bank, _, inputs, labels, _ = setting("deep")
    both, one = Learner(moe, bank, RULE), Learner(moe, bank, RULE)
    for i in range(30):
        image = inputs.local[i], inputs.gate[i], int(labels[i])
        assert replace(both.learn(*image), gate=False, gate_pair=None, saturations=0) == replace(
            one.learn(*image, with_gate=False), saturations=0
        )
        assert both.random == one.random
    before, learned, alone = (dict(b.layers()) for b in (bank, both.bank(), one.bank()))
    assert np.array_equal(learned["le0"].weight, alone["le0"].weight)
    assert np.array_equal(alone["gate_hidden"].weight, before["gate_hidden"].weight)
    assert not np.array_equal(learned["gate_hidden"].weight, before["gate_hidden"].weight)


@pytest.mark.parametrize("shift", [SMALLEST_SHIFT, 11, LARGEST_SHIFT])
def test_probability_is_exactly_input_over_two_to_the_shift(shift):
    inputs = np.array([0, 1, 2, 100, 254, 255])
    counts = sum(moving(inputs, shift, start).astype(int) for start in range(1 << 16))
    assert counts.tolist() == [int(x) << (16 - shift) for x in inputs]


def test_lfsr_is_the_stated_polynomial_and_has_its_period():
    state = 1
    for _ in range(200):
        assert next_random(state) == slow_lfsr(state)
        state = next_random(state)
    # x^32 + x^22 + x^2 + x + 1 is primitive: x has the order 2^32 - 1, so none of its divisors.
    order = 2**32 - 1
    for prime in (3, 5, 17, 257, 65537):
        assert _power_of_x(order // prime) != 1
    assert _power_of_x(order) == 1


def _power_of_x(exponent: int) -> int:
    modulus = 1 << 32 | 1 << 22 | 0b111

    def times(a: int, b: int) -> int:
        product = 0
        while b:
            product ^= a if b & 1 else 0
            a, b = a << 1, b >> 1
            a ^= modulus if a >> 32 else 0
        return product

    result, square = 1, 2
    while exponent:
        result = times(result, square) if exponent & 1 else result
        square, exponent = times(square, square), exponent >> 1
    return result


@pytest.mark.parametrize(
    ("field", "value"),
    [("local_margin", -1), ("own_margin", 1 << 24), ("local_shift", 7), ("gate_shift", 16), ("seed", 0)],
)
def test_rule_out_of_range_is_refused(field, value):
    with pytest.raises(InputError, match=field):
        replace(RULE, **{field: value})


def test_unknown_label_and_expert_are_refused():
    moe, bank, _, inputs, _, _ = setting("general")
    learner = Learner(moe, bank, RULE)
    with pytest.raises(InputError, match=f"label is {moe.network.classes}"):
        learner.learn(inputs.local[0], inputs.gate[0], moe.network.classes)
    assert learner.bank().digest() == bank.digest() and learner.random == RULE.seed
    with pytest.raises(InputError, match="no local expert 1"):
        Learner(moe, bank, RULE, expert=1)
