# SPDX-License-Identifier: Apache-2.0
"""The alternative training of the paper's section 2.3: the LE learns what the GE gets wrong, the gate finds it.

The LE is trained on R2 and R4 alone, the user's images that the GE answers wrongly; the gate tells them from the rest
of the user's images. Everything else is as the gate preset says: its shapes, where the LE starts, augmented copies,
rehearsal of generic samples, and how the threshold is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spec.bank import Bank
from spec.errors import InputError
from training.features import Kind, Samples, join
from training.gate import UserData
from training.local_expert import LocalExpert
from training.personalize import fit_expert, fit_gate, make_bank
from training.retrained import OneUser
from training.subsets import balanced_choice, subset
from training.user_training import UserTraining


@dataclass(frozen=True)
class Corrector:
    """A local expert that learned from the GE's mistakes alone.

    Attributes:
        wrong: bool (images,), which of the user's training images these are.
        samples: of these images.
        expert: trained on them; its held-out logits are theirs.
    """

    wrong: np.ndarray
    samples: Samples
    expert: LocalExpert


def train_corrector(training: UserTraining, user: OneUser) -> Corrector:
    """The LE of the alternative training.

    Raises:
        InputError: the GE makes no mistake on this user's images, or nothing else.
    """
    wrong = user.ge != user.images.labels
    if wrong.all() or not wrong.any():
        raise InputError(
            f"{user.images.name}: the global expert gets {int(wrong.sum())} of {len(wrong)} images wrong; the "
            "alternative training needs some that are wrong and some that are right"
        )
    samples = subset(user.samples, wrong)
    start = training.start(user.images)
    expert = fit_expert(training.moe, training.recipe, samples, training.generic, start, training.seed)
    return Corrector(wrong, samples, expert)


def train_finder(training: UserTraining, user: OneUser, corrector: Corrector, generic_too: bool) -> Bank:
    """The gate of the alternative training, and the bank of both.

    Args:
        generic_too: whether as many generic images stand beside those of the user that must stay with the GE; the
            paper's alternative does not have them.
    """
    rest = subset(user.samples, ~corrector.wrong)
    if generic_too:
        learning = training.generic.learning
        images = learning.kind == Kind.IMAGE
        count = int((~corrector.wrong).sum())
        rest = join([rest, subset(learning, balanced_choice(learning.labels[images], count, training.seed))])
    generic = replace(training.generic, learning=rest)
    mistakes = UserData(corrector.samples, corrector.expert, user.ge[corrector.wrong])
    gate = fit_gate(training.moe, training.recipe, generic, mistakes, training.seed)
    return make_bank(training.moe, [corrector.expert], gate)
