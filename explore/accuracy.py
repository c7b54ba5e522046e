# SPDX-License-Identifier: Apache-2.0
"""Accuracy of a network with other widths, on images that only validate: no test image is ever looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from golden.data import LabelledImages, generic_source
from golden.integer_model import NetworkModel
from spec.errors import InputError
from spec.network import Network
from training.global_expert import validation_split

CALIBRATION = 256  # training images that choose the scales
VALIDATION = 2000  # images that a design's accuracy is measured on


@dataclass
class Validation:
    """Training images for scales and validation images for accuracy, of one data set.

    Attributes:
        name: of the data.
        scales: uint8 (N, height, width).
        held_out: images and labels.
        synthetic: whether they are built-in handwriting.
    """

    name: str
    scales: np.ndarray
    held_out: LabelledImages
    synthetic: bool
    _wrong: dict[str, float] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, network: Network) -> Validation:
        """Of the generic training data (EMNIST, or built-in handwriting), as far as the network knows its classes.

        Raises:
            InputError: the network does not take such images.
        """
        train = generic_source("train")
        shape = network.in_shape
        if train.images.shape[1:] != (shape.height, shape.width) or shape.channels != 1:
            raise InputError(f"network {network.name} takes images of {shape}, the data has {train.images.shape[1:]}")
        rest, held_out = (indices[train.labels[indices] < network.classes] for indices in validation_split(train))
        return cls(train.name, train.images[rest[:CALIBRATION]], train.select(held_out[:VALIDATION]), train.synthetic)

    def wrong(self, network: Network) -> float:
        """Share of the validation images that the network answers wrongly, 0..1."""
        key = network.digest()
        if key not in self._wrong:
            classes = NetworkModel(network).logits(self.held_out.images).argmax(1)
            self._wrong[key] = round(float((classes != self.held_out.labels).mean()), 6)
        return self._wrong[key]
