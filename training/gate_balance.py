# SPDX-License-Identifier: Apache-2.0
"""Balanced use of several local experts while their gate is trained: a soft loss, and a hard capacity.

Both follow work on sparsely-gated layers. The soft one is the importance loss of Shazeer et al. 2017 (arXiv
1701.06538, equation 7); where the share of hard choices is the mean probability, it is the auxiliary loss of Switch
Transformers (arXiv 2101.03961, equation 4) less its minimum. The hard one is a capacity factor times the fair share, as
there; that an expert beyond it is not chosen is the hard constraint of convolutional mixture-of-experts layers
(Pavlitska et al., arXiv 2204.10598). Otherwise than there, it is known here whose an image is: who is to answer is
learnt from labels, not from the loss of the answer alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spec.errors import InputError


@dataclass(frozen=True)
class Balance:
    """How the local experts' load is kept even in training; as it is created, not at all.

    Attributes:
        loss: weight of :func:`importance_loss`, 0: none.
        capacity: most local images that an expert may be given, in fair shares (:func:`capped_origins`); 0: any number.
    """

    loss: float = 0.0
    capacity: float = 0.0

    def __post_init__(self) -> None:
        if self.loss < 0 or self.capacity < 0:
            raise InputError(f"a balance of loss {self.loss} and capacity {self.capacity}: neither may be below 0")

    @property
    def name(self) -> str:
        """For people."""
        parts = [f"soft {self.loss:g}"] * (self.loss > 0) + [f"hard {self.capacity:g}"] * (self.capacity > 0)
        return ", ".join(parts) or "none"


def importance_loss(logits: Tensor, origin: Tensor) -> Tensor:
    """Squared coefficient of variation of the local experts' importance, over the local samples of a batch.

    An expert's importance is the sum of the probabilities that it is given among the local experts. Generic samples
    take no part: that they go to no local expert is no imbalance.

    Args:
        logits: float32 (N, 1 + local experts), the generic one first.
        origin: int64 (N,), 0 generic, i local expert i - 1.

    Returns:
        A scalar: 0 when all are alike, and without local samples; local experts - 1 when one has all.
    """
    local = logits[origin > 0, 1:]
    if not len(local) or local.shape[1] < 2:
        return logits.sum() * 0
    importance = torch.softmax(local, dim=1).mean(0)
    return importance.var(correction=0) / importance.mean() ** 2


@dataclass(frozen=True)
class Wanted:
    """One user's training images, as a capacity must know them.

    Attributes:
        right: bool (images, local experts), that expert's answer is right; of the user's own, one that has not seen it.
        ge: bool (images,), the GE's answer is right.
    """

    right: np.ndarray
    ge: np.ndarray


def capacity_limit(images: int, experts: int, capacity: float) -> int:
    """Most images of an expert: ``capacity`` fair shares of all, rounded up."""
    return int(np.ceil(capacity * images / experts - 1e-9))


def capped_origins(users: Sequence[Wanted], capacity: float) -> list[np.ndarray]:
    """Whom the gate is to learn to choose for each user's images when no expert may have more than its capacity.

    An image belongs to its user's expert. Of an expert with too many, those go elsewhere that lose least by it: to a
    local expert with room that is right, the emptiest first, else to the GE, as in a Switch Transformer what is beyond
    the capacity passes the experts by.

    Returns:
        For each user int64 (images,): 0 the GE, i local expert i - 1.
    """
    experts, count = len(users), [len(user.ge) for user in users]
    limit = capacity_limit(sum(count), experts, capacity)
    room = [limit - own for own in count]
    found = [np.full(own, number + 1, np.int64) for number, own in enumerate(count)]
    for number, user in enumerate(users):
        others = [j for j in range(experts) if j != number]
        elsewhere = user.ge | user.right[:, others].any(1)
        loss = user.right[:, number].astype(int) - elsewhere.astype(int)
        for image in np.argsort(loss, kind="stable")[: max(0, -room[number])]:
            able = [j for j in others if room[j] > 0 and user.right[image, j]]
            target = max(able, key=lambda j: room[j], default=None)
            if target is not None:
                room[target] -= 1
            found[number][image] = 0 if target is None else target + 1
    return found
