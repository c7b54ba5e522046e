# SPDX-License-Identifier: Apache-2.0
"""Learning on the device: the rule, and the numbers that golden model, HLS and RTL share.

One labelled image at a time. A margin perceptron moves weights, never biases, of one layer of a head: the output rows
of a local expert (its hidden layer stays), and the hidden rows of the gate (its output layer stays; of a gate without
a hidden layer the output rows). A weight moves by one at most, with probability ``input / 2**shift``, and stays where
it is at the end of its range.

What is random comes from a 32-bit Galois LFSR that advances :data:`LFSR_STEPS` steps before each learned image: its
low half starts the local expert's dither, its high half the gate's. Input i of the layer moves when

    input  >  (start + i * WEYL) mod 2**shift

so that one random number serves a whole image, whatever the folding: an odd step visits all residues before it comes
back to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spec.errors import InputError
from spec.network import Moe

LFSR_TAPS = 0x80200003  # x^32 + x^22 + x^2 + x + 1, a maximal sequence
LFSR_STEPS = 16
DITHER_BITS = 16
WEYL = 40503  # odd
SMALLEST_SHIFT, LARGEST_SHIFT = 8, 15  # inputs have 8 bits: a weight moves by one at most
MARGIN_BITS = 24
LABEL_BITS = 11  # of TUSER with an image's first pixel: class in bits 7 to 0
LABEL_OWN, LABEL_GATE, LABEL_VALID = 8, 9, 10  # bits: the user's image; the gate learns, too; there is a label
COURSE = "course"  # of a preset's section: how the device is taught, nothing that it holds
_MARGINS = ("local_margin", "own_margin", "generic_margin")
_SHIFTS = ("local_shift", "gate_shift")


@dataclass(frozen=True)
class LearnRule:
    """The settings of learning, as the registers hold them.

    Attributes:
        local_shift, gate_shift: a weight moves with probability input / 2**shift.
        local_margin: an own image is learned when its label's logit is not this much above the best other one.
        own_margin, generic_margin: the same for the gate's logits, of own images and of generic ones.
        seed: first state of the LFSR, not 0.
    """

    local_margin: int = 8192
    local_shift: int = 8
    own_margin: int = 4096
    generic_margin: int = 4096
    gate_shift: int = 10
    seed: int = 1

    def __post_init__(self) -> None:
        for name in _MARGINS:
            if not 0 <= getattr(self, name) < 1 << MARGIN_BITS:
                raise InputError(
                    f"learning: {name} is {getattr(self, name)}, allowed are 0 to {(1 << MARGIN_BITS) - 1}"
                )
        for name in _SHIFTS:
            if not SMALLEST_SHIFT <= getattr(self, name) <= LARGEST_SHIFT:
                raise InputError(
                    f"learning: {name} is {getattr(self, name)}, allowed are {SMALLEST_SHIFT} to {LARGEST_SHIFT}"
                )
        if not 0 < self.seed < 1 << 32:
            raise InputError(f"learning: seed is {self.seed}, allowed are 1 to {(1 << 32) - 1}")

    @staticmethod
    def of(preset: dict[str, Any], moe: Moe, seed: int = 1) -> LearnRule:
        """The rule of a gate preset: its section ``[learning]``, whose margins are logits, in the heads' own integers.

        Args:
            preset: as read from ``configs/gates``; all settings must be there, none has a default. What the section
                has beside them, the course, is not the device's (:mod:`training.course`).
            moe: the preset's accelerator: one logit is 2**fraction bits of its local experts' and its gate's logits.
            seed: first state of the LFSR.

        Raises:
            InputError: there is no such section, or a setting is missing, unknown or out of range.
        """
        where = f"gate preset '{preset.get('name', '?')}'"
        if "learning" not in preset:
            raise InputError(
                f"{where} has no section [learning], so a device with it cannot learn; "
                "scripts/learning_study.py --choose compares rules for it"
            )
        given, names = preset["learning"], (*_MARGINS, *_SHIFTS)
        if wrong := sorted((given.keys() ^ set(names)) - {COURSE}):
            what = "lacks" if wrong[0] in names else "has the unknown key"
            raise InputError(f"{where}: learning {what} {wrong[0]}, its settings are {', '.join(names)}")
        for name in names:
            kinds = (int, float) if name in _MARGINS else (int,)
            if not isinstance(given[name], kinds) or isinstance(given[name], bool):
                kind = "a number" if name in _MARGINS else "a whole number"
                raise InputError(f"{where}: learning: {name} is {given[name]!r}, {kind} is needed")
        local, gate = (1 << head.out.accumulator.fraction_bits for head in (moe.le, moe.gate))
        try:
            return LearnRule(
                local_margin=round(given["local_margin"] * local),
                local_shift=given["local_shift"],
                own_margin=round(given["own_margin"] * gate),
                generic_margin=round(given["generic_margin"] * gate),
                gate_shift=given["gate_shift"],
                seed=seed,
            )
        except InputError as error:
            raise InputError(f"{where}: {error}") from None


def next_random(state: int) -> int:
    """The LFSR's state after :data:`LFSR_STEPS` steps."""
    for _ in range(LFSR_STEPS):
        state = state >> 1 ^ (LFSR_TAPS if state & 1 else 0)
    return state


def label_word(label: int, own: bool = True, with_gate: bool = True) -> int:
    """A label as it stands in TUSER of an image's first pixel."""
    return 1 << LABEL_VALID | int(with_gate) << LABEL_GATE | int(own) << LABEL_OWN | label
