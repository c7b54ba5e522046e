# SPDX-License-Identifier: Apache-2.0
"""The usual alternative to LE and GN (paper, section 4.4.3): retrain the GE's last dense layers on one user's images.

In floating point, without augmentation and without a second thought for generic handwriting: what the paper compares
with. The result replaces the GE, so it needs weights that can be written, 431,000 of LeNet-5 for every user.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from golden.data import LabelledImages
from golden.torch_model import Network
from spec.errors import InputError
from training.fit import predict
from training.heads import EpochData, HeadConfig, train_head
from training.local_expert import FOLDS
from training.sampling import folds

LAYERS = 2
"""Dense layers that are retrained: both of LeNet-5, which the paper found better than the last one alone."""

FINE_TUNE = HeadConfig(epochs=30, learning_rate=1e-3, batch=64, weight_decay=1e-2, label_smoothing=0.1)
"""Set once, before any result was seen; weight decay and label smoothing are those of the GE's own training."""


@dataclass(frozen=True)
class FineTuned:
    """A network of one user, the epochs that cross-validation chose, and the accuracy (0..1) it found there."""

    model: Network
    epochs: int
    validation: float


def fine_tune(model: Network, train: LabelledImages, config: HeadConfig = FINE_TUNE, layers: int = LAYERS) -> FineTuned:
    """Retrain the last dense layers of a float network on a user's training images; ``model`` stays as it is.

    Cross-validation over the user's own training images chooses the number of epochs, as for a local expert; the layers
    are then trained on all of them.

    Raises:
        InputError: there are too few images to validate on, or fewer dense layers.
    """
    fold = folds(train.labels, FOLDS, config.seed)
    if len(np.unique(fold)) < 2:
        raise InputError(f"{train.name}: {len(train)} images are too few to choose the epochs of fine-tuning")
    inputs = frozen_output(model, train.images, layers)
    labels = torch.from_numpy(train.labels.astype(np.int64))
    right = np.zeros((config.epochs, len(train)), bool)
    for number in np.unique(fold):
        out = torch.from_numpy(fold == number)
        tail = retrained_part(copy.deepcopy(model), layers)
        for epoch in train_head(tail, plain_epochs(inputs[~out], labels[~out], config.seed), config):
            with torch.no_grad():
                right[epoch - 1, out.numpy()] = (tail(inputs[out]).argmax(1) == labels[out]).numpy()
    accuracy = right.mean(1)
    epochs = int(accuracy.argmax()) + 1
    tuned = copy.deepcopy(model)
    for epoch in train_head(retrained_part(tuned, layers), plain_epochs(inputs, labels, config.seed), config):
        if epoch == epochs:
            break
    tuned.eval()
    return FineTuned(tuned, epochs, float(accuracy[epochs - 1]))


def retrained_part(model: Network, layers: int = LAYERS) -> nn.Sequential:
    """The last dense layers and what follows each, sharing their parameters with ``model``.

    Raises:
        InputError: the network has fewer dense layers.
    """
    return nn.Sequential(*list(model)[_first_retrained(model, layers) :])


def retrained_weights(model: Network, layers: int = LAYERS) -> int:
    """Weights that fine-tuning changes, without biases: what every user needs of their own."""
    return sum(layer.weight.numel() for layer in retrained_part(model, layers) if isinstance(layer, nn.Linear))


def accuracy(model: nn.Module, data: LabelledImages) -> float:
    """Share of right answers of a float network, 0..1."""
    return float((predict(model, data.images).argmax(1) == data.labels).mean())


def frozen_output(model: Network, images: np.ndarray, layers: int = LAYERS) -> Tensor:
    """What the retrained part reads of uint8 images (N, 28, 28): float32 (N, inputs), computed once."""
    frozen = nn.Sequential(*list(model)[: _first_retrained(model, layers)])
    return torch.from_numpy(predict(frozen, images))


def _first_retrained(model: Network, layers: int) -> int:
    dense = [index for index, layer in enumerate(model) if isinstance(layer, nn.Linear)]
    if len(dense) < layers:
        raise InputError(f"fine-tuning retrains {layers} dense layers, the network has {len(dense)}")
    return dense[-layers]


def plain_epochs(inputs: Tensor, labels: Tensor, seed: int) -> EpochData:
    """Epochs that go once through all images in a fresh order."""

    def epoch_data(epoch: int) -> tuple[Tensor, Tensor, Tensor]:
        order = torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(len(labels)))
        return inputs[order], labels[order], torch.ones(len(order))

    return epoch_data
