# SPDX-License-Identifier: Apache-2.0
"""Augmentation moves, bends and thickens, each image by its own draw, and by the generator alone."""

from __future__ import annotations

import pytest
import torch

from golden.tests.small import blobs
from training.augment import ELASTIC, mild, random_affine, random_elastic, random_thickness, strong


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def pixels() -> torch.Tensor:
    return torch.from_numpy(blobs(1, 0).images).float().unsqueeze(1)


@pytest.mark.parametrize("augment", [mild, strong, random_elastic, random_thickness])
def test_every_image_changes_by_its_own_draw_and_by_the_seed_alone(pixels, augment) -> None:
    changed = augment(pixels, generator())
    assert changed.shape == pixels.shape
    assert (changed != pixels).flatten(1).any(1).all()
    assert torch.equal(changed, augment(pixels, generator()))
    twins = augment(pixels[:1].repeat(2, 1, 1, 1), generator())
    assert not torch.equal(twins[0], twins[1])
    assert changed.min() >= 0 and changed.max() <= 255.01  # a bilinear mean of bytes


def test_strength_0_leaves_images_alone(pixels) -> None:
    assert torch.equal(random_affine(pixels, 0.0, generator()), pixels)


def test_strokes_become_thicker_or_thinner(pixels) -> None:
    ink = random_thickness(pixels, generator()).sum((1, 2, 3)) / pixels.sum((1, 2, 3))
    assert (ink > 1.1).any() and (ink < 0.9).any()


def test_no_pixel_moves_further_than_said() -> None:
    """Of an image whose brightness is the column, the change is at most the largest displacement."""
    columns = torch.arange(28.0).expand(20, 1, 28, 28) + 100
    moved = (random_elastic(columns, generator()) - columns)[:, :, 4:-4, 4:-4].abs()
    assert 0.5 * ELASTIC < moved.max() <= ELASTIC
