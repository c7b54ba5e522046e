# SPDX-License-Identifier: Apache-2.0
"""What a gate with several local experts learns from an image: whose it is, and who answers it rightly.

Whose an image is is more than the gate must know: any expert that is right will do. With one local expert, as in the
paper, both are nearly the same; with N most of the work would go into telling writers apart where several experts
read what they write.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def targets(origin: np.ndarray, right: np.ndarray) -> np.ndarray:
    """int64 (N, 1 + outputs): origin, and for every output of the gate whether it is accepted.

    Accepted are the experts that answer rightly; when there is none, and for generic samples, the origin.

    Args:
        origin: int64 (N,), 0 generic, i local expert i - 1.
        right: bool (N, outputs), that expert's answer is right, the GE's first; no matter for generic samples.
    """
    accepted = right & (origin > 0)[:, None]
    nobody = ~accepted.any(1)
    accepted[nobody, origin[nobody]] = True
    return np.concatenate([origin[:, None], accepted], axis=1).astype(np.int64)


def gate_losses(logits: Tensor, target: Tensor, any_right: float) -> Tensor:
    """Of each sample, the mean of two negative log-likelihoods: of its origin, and of all accepted experts together.

    Args:
        logits: float32 (N, outputs).
        target: int64 (N, 1 + outputs), as :func:`targets`.
        any_right: weight of the second, 0..1.
    """
    origin = functional.cross_entropy(logits, target[:, 0], reduction="none")
    refused = target[:, 1:] == 0
    accepted = -torch.logsumexp(functional.log_softmax(logits, 1).masked_fill(refused, -torch.inf), 1)
    return (1 - any_right) * origin + any_right * accepted
