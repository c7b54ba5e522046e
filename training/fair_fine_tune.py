# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning with everything that a local expert's training has: factory writers, augmented copies, rehearsal.

The last dense layers of the float GE are first trained at the factory, on generic handwriting and on other writers,
then on one user's images, their copies and generic samples. Batches are made as for a local expert, by the same
functions; what differs are the layers, 431,000 weights of LeNet-5 on its float features.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from golden.data import LabelledImages
from golden.torch_model import Network
from training.factory import factory_epochs
from training.features import NO_COPIES, Copies, Samples, copied_images, samples_of
from training.fine_tune import frozen_output, retrained_part
from training.heads import HeadConfig, train_head
from training.local_expert import FROM_FACTORY, ExpertConfig, Rehearsal, user_epochs
from training.personalize import one_thread


@dataclass(frozen=True)
class FairConfig:
    """Settings of both trainings.

    ``factory`` with ``factory_samples`` in each epoch, half of them generic; ``personal``, which runs all its epochs.
    Epochs at the factory and both learning rates are the best of some on held-out training images
    (``scripts/fine_tune_choice.py``); the rest is that of a local expert.
    """

    factory: HeadConfig = HeadConfig(epochs=5, learning_rate=1e-4, weight_decay=1e-2, label_smoothing=0.1)
    factory_samples: int = 25_600  # 100 batches
    personal: ExpertConfig = replace(FROM_FACTORY, learning_rate=1e-3, epoch_samples=2000)


FAIR = FairConfig()


class Tail(nn.Sequential):
    """The last dense layers of a float network: features of any dtype (N, inputs) to float32 logits (N, classes)."""

    @staticmethod
    def of(model: Network) -> Tail:
        """A copy; ``model`` stays as it is."""
        return Tail(*retrained_part(copy.deepcopy(model)))

    def forward(self, features: Tensor) -> Tensor:
        """Logits."""
        return super().forward(features.float())

    def answers(self, features: np.ndarray) -> np.ndarray:
        """Class of each sample, int64 (N,)."""
        with torch.no_grad():
            return torch.cat([self(part) for part in torch.from_numpy(features).split(2000)]).argmax(1).numpy()


def frozen_samples(model: Network, data: LabelledImages, copies: Copies = NO_COPIES, seed: int = 0) -> Samples:
    """Float features of a data set and of its copies, those that :func:`training.features.extract` makes.

    Returns:
        ``local`` float16 (N, inputs), what a :class:`Tail` reads; ``gate`` is empty.
    """
    parts = [frozen_output(model, images).numpy().astype(np.float16) for images in copied_images(data, copies, seed)]
    features = np.concatenate(parts)
    return samples_of(data, copies, features, np.empty((len(features), 0), np.uint8))


def factory_tail(
    start: Tail, generic: Samples, writers: Sequence[Samples], seed: int = 0, config: FairConfig = FAIR
) -> Tail:
    """Trained on generic handwriting, class-balanced, and, for half of every batch, on that of other writers.

    Args:
        start: the GE's; stays as it is.
        writers: as often as they write; the user is not among them.
    """
    settings = replace(config.factory, seed=seed)
    tail = copy.deepcopy(start)
    with one_thread():
        for _ in train_head(tail, factory_epochs(generic, writers, seed, config.factory_samples), settings):
            pass
    return tail


def personal_tail(start: Tail, own: Samples, rehearsal: Rehearsal, seed: int = 0, config: FairConfig = FAIR) -> Tail:
    """Trained on one user's images and copies, and on as many generic samples; every epoch is run.

    Args:
        start: the GE's or the factory's; stays as it is.
    """
    settings = replace(config.personal, seed=seed)
    tail = copy.deepcopy(start)
    with one_thread():
        for _ in train_head(tail, user_epochs(own, rehearsal, settings), settings):
            pass
    return tail
