# SPDX-License-Identifier: Apache-2.0
"""Reference [7] of the paper (Harris et al., ASP-DAC 2018): a trained base network, augmented, as a float network.

The paper says (sections 1, 3 and 4.4.3): a task-specific network and an aggregation layer augment the base; the whole
is trained with generic data; later a user's images train these two parts alone. By its figures LE and GN, 11,520
weights, are 58.79 % of them. It gives no layers. What is decided here:

* The task-specific network is one dense layer with a ReLU on what a local expert of the gate `paper` reads: the base's
  pool1 maps, max-pooled to 3 x 3.
* The aggregation layer is one dense layer from the class outputs of the base and the outputs of the task-specific
  network to the classes.
* The task-specific network has as many outputs as make the size that the paper prints (:func:`outputs_of_size`).
* The aggregation layer starts by passing the base's class outputs through. From random weights the whole stayed below
  the base on the validation images of its generic training.
* The base is the float GE of the other rows and stays as it is, also while the rest learns from generic images.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from golden import paper_tables
from golden.data import LabelledImages
from golden.torch_model import Network
from spec.errors import InputError
from training.fine_tune import FINE_TUNE, FineTuned, fine_tune, retrained_weights
from training.fit import FitConfig, fingerprint, fit
from training.global_expert import validation_split
from training.heads import HeadConfig

POOLED = 3
"""The task-specific network sees the base's features at 3 x 3, as LE and GN of the paper do."""

GENERIC = FitConfig(epochs=12, learning_rate=3e-3, per_class=250, averaging=0.99)
"""The provider's training of the added parts: the GE's own, shorter, for few weights learn. Out of the learning rates
1e-3 and 3e-3 the better one on the validation images."""

CUSTOMISED = replace(FINE_TUNE, learning_rate=1e-2)
"""A user's training: as for fine-tuning, with the learning rate, out of 1e-3, 3e-3, 1e-2, 2e-2 and 3e-2, of the best
cross-validated accuracy on the users' training images."""

RETRAINED = 2  # dense layers: the task-specific network and the aggregation layer


class FrozenBase(nn.Module):
    """The base and what it gives: class outputs, then features pooled to 3 x 3; nothing in it learns.

    Raises:
        InputError: 3 x 3 windows of one size do not cover the features.
    """

    def __init__(self, network: Network, side: int, channels: int, classes: int) -> None:
        super().__init__()
        if side % POOLED:
            raise InputError(f"the task-specific network reads {POOLED}x{POOLED} features, {side}x{side} do not divide")
        self.network = network.requires_grad_(False)
        self.window = side // POOLED
        self.classes = classes
        self.features = POOLED * POOLED * channels

    def forward(self, pixels: Tensor) -> Tensor:
        """float32 (N, 1, H, W) pixels to (N, classes + features)."""
        value = pixels
        for name, layer in self.network.named_children():
            value = layer(value)
            if name == self.network.tap:
                features = functional.max_pool2d(value, self.window).flatten(1)
        return torch.cat([value, features], 1)


class TaskSpecific(nn.Linear):
    """The task-specific network; the base's class outputs pass beside it: (N, classes + outputs)."""

    def __init__(self, classes: int, features: int, outputs: int) -> None:
        super().__init__(features, outputs)
        self.classes = classes

    def forward(self, both: Tensor) -> Tensor:
        """float32 (N, classes + features), as :class:`FrozenBase` gives it."""
        return torch.cat([both[:, : self.classes], functional.relu(super().forward(both[:, self.classes :]))], 1)


def outputs_of_size(features: int, classes: int, weights: float) -> int:
    """Outputs h of the task-specific network that bring the added weights closest to ``weights``, without biases.

    features * h + (classes + h) * classes = weights.

    Raises:
        InputError: the class outputs alone take more.
    """
    outputs = round((weights - classes * classes) / (features + classes))
    if outputs < 1:
        raise InputError(f"{weights:,.0f} weights are too few for an aggregation layer of {classes} classes")
    return outputs


def augment(base: Network, moe_weights: int, seed: int = 0) -> nn.Sequential:
    """Base, task-specific network and aggregation layer: (N, 1, 28, 28) pixels to (N, classes) logits.

    The task-specific network is fresh; the aggregation layer passes the base's class outputs through.

    Args:
        base: the trained float network; it is frozen in place.
        moe_weights: LE and GN of the paper's gate, of which the added parts have the paper's multiple.

    Raises:
        InputError: the base does not allow this shape.
    """
    with torch.no_grad():
        blank = torch.zeros(1, 1, 28, 28)
        _, channels, side, _ = base.features(blank).shape
        classes = base(blank).shape[1]
    frozen = FrozenBase(base, side, channels, classes)
    size = moe_weights / (paper_tables.MOE_BY_HARRIS_SIZE / 100)
    outputs = outputs_of_size(frozen.features, classes, size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        task = TaskSpecific(classes, frozen.features, outputs)
        aggregation = nn.Linear(classes + outputs, classes)
    with torch.no_grad():
        aggregation.weight.copy_(torch.eye(classes, classes + outputs))
        aggregation.bias.zero_()
    return nn.Sequential(frozen, task, aggregation)


def added_weights(model: nn.Sequential) -> int:
    """Weights of task-specific network and aggregation layer, without biases: what every user needs of their own."""
    return retrained_weights(model, RETRAINED)


def digest(model: nn.Module) -> str:
    """SHA-256 of all parameters."""
    state = model.state_dict()
    return hashlib.sha256(b"".join(name.encode() + state[name].numpy().tobytes() for name in state)).hexdigest()


def train_generic(model: nn.Sequential, train: LabelledImages, work: Path, config: FitConfig = GENERIC) -> float:
    """The provider's training, in place, on the images that the GE learned from; its held-out ones choose the epoch.

    It goes on where an interrupted call with the same start, data and settings stopped.

    Args:
        train: generic images.
        work: directory for the checkpoint.

    Returns:
        Class-balanced accuracy on the held-out images at that epoch, 0..1.
    """
    rest, held_out = validation_split(train)
    learning, validation = train.select(rest), train.select(held_out)
    run = hashlib.sha256(f"{digest(model)} {config} {fingerprint(train)}".encode()).hexdigest()
    work.mkdir(parents=True, exist_ok=True)
    history = fit(model, learning, validation, config, work / f"harris-{run[:16]}.pt", True, "[7], generic training")
    return max(record["validation"] for record in history)


def customise(model: nn.Sequential, train: LabelledImages, config: HeadConfig | None = None) -> FineTuned:
    """A user's training: of the two added parts alone, with epochs by cross-validation as for fine-tuning.

    Raises:
        InputError: there are too few images to validate on.
    """
    return fine_tune(model, train, config or CUSTOMISED, RETRAINED)
