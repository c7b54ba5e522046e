# SPDX-License-Identifier: Apache-2.0
"""A small network preset, gate preset and data set, so that training tests take seconds."""

from __future__ import annotations

import numpy as np

from golden.data import LabelledImages

PRESET = {
    "name": "small",
    "tap": "pool1",
    "image": {"height": 28, "width": 28, "channels": 1, "bits": 8},
    "arithmetic": {"activation_bits": 8, "bias_bits": 16},
    "layer": [
        {"name": "conv1", "kind": "conv", "channels": 4, "kernel": 5, "weight_bits": 6},
        {"name": "pool1", "kind": "pool", "size": 2},
        {"name": "fc1", "kind": "dense", "features": 20, "weight_bits": 4},
        {"name": "fc2", "kind": "dense", "features": 62, "weight_bits": 4},
    ],
}

GATE = {
    "name": "test",
    "local_experts": 1,
    "local_expert": {"pool": 4, "weight_bits": 8, "weight_fraction_bits": 6, "start": "random"},
    "gate": {
        "pool": 6,
        "hidden": 4,
        "confidence": True,
        "confidence_shift": 8,
        "hidden_shift": 8,
        "weight_bits": 8,
        "weight_fraction_bits": 6,
        "threshold": "validation",
    },
}


def blobs(per_class: int, seed: int, brightness: int = 255) -> LabelledImages:
    """Images whose class is the place of a bright square on an 8 x 8 grid; the noise depends on the seed."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(62, dtype=np.uint8), per_class)
    images = rng.integers(0, 40, (len(labels), 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = 2 + 3 * (int(label) // 8), 2 + 3 * (int(label) % 8)
        image[row : row + 3, column : column + 3] = brightness
    return LabelledImages(images, labels, f"blobs {seed}")
