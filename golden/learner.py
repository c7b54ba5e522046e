# SPDX-License-Identifier: Apache-2.0
"""The golden learner: what a device that learns by itself makes of its weights, bit for bit (:mod:`spec.learning`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch

from golden.integer_model import confidence
from golden.kinds import step
from spec.bank import Bank
from spec.errors import InputError
from spec.fixedpoint import requantize
from spec.kinds.matrix import MatrixLayer
from spec.learning import DITHER_BITS, WEYL, LearnRule, next_random
from spec.network import Head, LayerWeights, Moe

_BELOW_ALL = -(1 << 62)  # no logit is so small


@dataclass(frozen=True)
class LearnInputs:
    """What the heads see of N images.

    Attributes:
        local: uint8 (N, local experts, inputs of a local expert's output layer).
        gate: uint8 (N, pooled inputs of the gate).
    """

    local: np.ndarray
    gate: np.ndarray


@dataclass(frozen=True)
class Lesson:
    """What became of one labelled image.

    Attributes:
        answer: class that the local expert gave it, before it learned.
        local, gate: whether their weights were to move.
        saturations: movements that the end of a weight's range prevented.
        local_pair, gate_pair: target and rival among the logits of a head whose weights were to move.
    """

    answer: int
    local: bool = False
    gate: bool = False
    saturations: int = 0
    local_pair: tuple[int, int] | None = None
    gate_pair: tuple[int, int] | None = None


def learn_inputs(moe: Moe, bank: Bank, features: np.ndarray, batch: int = 500) -> LearnInputs:
    """What the heads see of uint8 features (N, h, w, c): nothing of it changes while the device learns."""
    hidden = len(moe.le.hidden)
    parts = [torch.from_numpy(features[i : i + batch]).float() for i in range(0, len(features), batch)]
    local = [np.stack([_inputs(moe.le, x, expert[:hidden]) for expert in bank.local_experts], 1) for x in parts]
    return LearnInputs(np.concatenate(local), np.concatenate([_inputs(moe.gate, x, ()) for x in parts]))


def _inputs(head: Head, features: torch.Tensor, hidden: Sequence[LayerWeights]) -> np.ndarray:
    x = step(head.pool)(features).flatten(1)
    for layer, weights in zip(head.layers[: len(hidden)], hidden, strict=True):
        x = step(layer, weights)(x)
    return x.to(torch.uint8).numpy()


class Learner:
    """Learns one labelled image after the other.

    Args:
        moe: the accelerator.
        bank: weights to start from; it stays as it is.
        rule: see :class:`spec.learning.LearnRule`.
        expert: which local expert learns own images.
        gate: whether the gate learns as well.
    """

    def __init__(self, moe: Moe, bank: Bank, rule: LearnRule, expert: int = 0, gate: bool = True) -> None:
        bank.check(moe)
        if not 0 <= expert < moe.local_experts:
            raise InputError(f"learning: there is no local expert {expert}, only {moe.local_experts}")
        self.moe, self.rule, self.expert, self.gate = moe, rule, expert, gate
        self.random = rule.seed  # state of the LFSR
        self._start = bank
        # float64 carries the integers: sums stay far below 2**53.
        self._local = [_Layer(moe.le.out, weights[-1]) for weights in bank.local_experts]
        self._gate = [_Layer(layer, weights) for layer, weights in zip(moe.gate.layers, bank.gate, strict=True)]

    def bank(self) -> Bank:
        """The bank as it is now."""
        start = self._start
        experts = zip(start.local_experts, self._local, strict=True)
        return replace(
            start,
            local_experts=tuple((*before[:-1], now.weights()) for before, now in experts),
            gate=tuple(now.weights() for now in self._gate),
        )

    def learn(
        self, local: np.ndarray, gate: np.ndarray, label: int, own: bool = True, with_gate: bool = True
    ) -> Lesson:
        """Learn one image.

        Args:
            local, gate: of :func:`learn_inputs`, of this image.
            label: its class; of a generic image it does not matter.
            own: the user's image; else a generic one, which the gate shall leave to the GE.
            with_gate: whether the gate learns from this image too.

        Raises:
            InputError: there is no such class.
        """
        if not 0 <= label < self.moe.network.classes:
            raise InputError(f"learning: label is {label}, allowed are 0 to {self.moe.network.classes - 1}")
        self.random = next_random(self.random)
        for_local, for_gate = self.random & 0xFFFF, self.random >> DITHER_BITS
        logits = [layer.sums(x) for layer, x in zip(self._local, local, strict=True)]
        answer = int(logits[self.expert].argmax())
        # Both see the weights from before the image: the gate's confidence inputs come from the same logits.
        gate_lost, gate_pair = None, None
        if self.gate and with_gate:
            gate_lost, gate_pair = self._learn_gate(gate, logits, own, for_gate)
        local_lost, local_pair = None, None
        if own:
            expert, rule = self._local[self.expert], self.rule
            rival = rival_within(logits[self.expert], label, rule.local_margin)
            if rival is not None:
                directions = one_against_one(len(logits[self.expert]), label, rival)
                local_lost = expert.move(directions, moving(local[self.expert], rule.local_shift, for_local))
                local_pair = (label, rival)
        lost = (local_lost or 0) + (gate_lost or 0)
        return Lesson(answer, local_lost is not None, gate_lost is not None, lost, local_pair, gate_pair)

    def _learn_gate(
        self, pooled: np.ndarray, logits: list[np.ndarray], own: bool, start: int
    ) -> tuple[int, tuple[int, int]] | tuple[None, None]:
        """Movements that were lost, and target and rival; None for both if the gate has nothing to learn."""
        moe, rule = self.moe, self.rule
        inputs = pooled
        if (shift := moe.confidence_shift) is not None:
            bits = moe.network.feature_type.bits
            inputs = np.concatenate([inputs, confidence(np.array(logits), shift, bits).ravel()], dtype=np.float64)
        target, margin = (self.expert + 1, rule.own_margin) if own else (0, rule.generic_margin)
        first, out = self._gate[0], self._gate[-1]
        sums = first.sums(inputs)
        hidden = None if first is out else first.requantized(sums)
        answers = sums if hidden is None else out.sums(hidden)
        rival = rival_within(answers, target, margin)
        if rival is None:
            return None, None
        if hidden is None:
            directions = one_against_one(len(answers), target, rival)
        else:  # a unit at either end of its range would not follow
            passes = (hidden > 0) & (hidden < first.layer.out_type.maximum)
            directions = np.sign(out.weight[target] - out.weight[rival]) * passes
        return first.move(directions, moving(inputs, rule.gate_shift, start)), (target, rival)


class _Layer:
    """A layer whose weights move: integers, carried in float64."""

    def __init__(self, layer: MatrixLayer, weights: LayerWeights) -> None:
        self.layer = layer
        self.weight = weights.weight.astype(np.float64)
        self._bias = weights.bias.astype(np.float64)
        self._least, self._most = layer.weight.minimum, layer.weight.maximum

    def weights(self) -> LayerWeights:
        return LayerWeights(self.weight.astype(np.int64), self._bias.astype(np.int64))

    def sums(self, inputs: np.ndarray) -> np.ndarray:
        """int64 (outputs,)."""
        return (self.weight @ inputs + self._bias).astype(np.int64)

    def requantized(self, sums: np.ndarray) -> np.ndarray:
        return requantize(sums, self.layer.shift, self.layer.out_type.bits)

    def move(self, directions: np.ndarray, columns: np.ndarray) -> int:
        """Move each row's weights one step in its direction, where ``columns`` says so; return how many could not.

        Args:
            directions: -1, 0 or 1 (outputs,).
            columns: bool (inputs,).
        """
        rows = np.flatnonzero(directions)
        wanted = self.weight[rows] + directions[rows, None] * columns
        self.weight[rows] = kept = np.minimum(np.maximum(wanted, self._least), self._most)
        return int(np.count_nonzero(wanted != kept))


def rival_within(logits: np.ndarray, target: int, margin: int) -> int | None:
    """Index of the largest logit but ``target``'s, the lowest on a tie; None if the target's is ``margin`` above it.

    Args:
        logits: int64 (outputs,).
    """
    others = logits.copy()
    others[target] = _BELOW_ALL
    rival = int(others.argmax())
    return rival if logits[target] - logits[rival] < margin else None


def one_against_one(rows: int, target: int, rival: int) -> np.ndarray:
    """Directions of rows: the target's up, its rival's down."""
    directions = np.zeros(rows, np.int64)
    directions[target], directions[rival] = 1, -1
    return directions


def moving(inputs: np.ndarray, shift: int, start: int) -> np.ndarray:
    """Which inputs' weights move: bool (inputs,).

    Args:
        inputs: activations, 0 to 255.
        shift: the probability is input / 2**shift.
        start: 16 bits of the LFSR.
    """
    return inputs.astype(np.int64) > (start + _weyl(len(inputs)) & (1 << shift) - 1)


@cache
def _weyl(inputs: int) -> np.ndarray:
    return np.arange(inputs, dtype=np.int64) * WEYL
