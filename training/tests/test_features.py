# SPDX-License-Identifier: Apache-2.0
"""Pooled features are those of the integer golden model, in its order."""

from __future__ import annotations

import numpy as np
import torch

from golden.integer_model import MoeModel
from golden.tests.small import blobs
from spec.bank import random_bank
from spec.network import Mode
from training.augment import random_affine
from training.features import Copies, extract


def test_features_equal_the_layers_of_the_integer_model(moe) -> None:
    data = blobs(1, 3)
    samples = extract(moe, data)
    answers = MoeModel(moe).run(data.images, Mode.MOE_PARALLEL, random_bank(moe, 0), keep_layers=True)
    assert np.array_equal(samples.local, answers.layers["le_pool"].reshape(len(data), -1))
    assert np.array_equal(samples.gate, answers.layers["gate_pool"].reshape(len(data), -1))


def test_copies_follow_and_name_their_source(moe) -> None:
    data = blobs(1, 3)
    samples = extract(moe, data, Copies(mild=2), seed=1)
    assert np.array_equal(samples.source, np.tile(np.arange(62), 3))
    assert np.array_equal(samples.labels, data.labels[samples.source])
    assert np.array_equal(samples.local[:62], extract(moe, data).local)
    assert not np.array_equal(samples.local[62:124], samples.local[:62])
    assert np.array_equal(samples.local, extract(moe, data, Copies(mild=2), seed=1).local)


def test_augmentation_moves_and_is_seeded() -> None:
    pixels = torch.from_numpy(blobs(1, 0).images).float().unsqueeze(1)
    moved = random_affine(pixels, 1.0, torch.Generator().manual_seed(0))
    assert moved.shape == pixels.shape and not torch.equal(moved, pixels)
    assert torch.equal(moved, random_affine(pixels, 1.0, torch.Generator().manual_seed(0)))
    assert torch.equal(random_affine(pixels, 0.0, torch.Generator()), pixels)
