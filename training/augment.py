# SPDX-License-Identifier: Apache-2.0
"""Augmentation of handwriting: affine maps of the pixel grid, elastic ones, and thicker or thinner strokes.

Every image of a batch gets its own draw, and the generator is the only source of randomness.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

ROTATION = math.radians(10)
SHEAR = 0.2
SCALE = 0.12
SHIFT = 2.0  # pixels

ELASTIC = 2.0  # pixels: the largest displacement
SMOOTHNESS = 4  # pixels: standard deviation of the Gaussian that smooths the field of displacements
THICKER = 0.6  # of the way to the maximum of the 3 x 3 pixels around
THINNER = 0.4  # of the way to their minimum

MILD_AFFINE = 0.5  # strength
STRONG_AFFINE = 1.3


def mild(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """What one hand does from day to day: small affine maps. Float32 (N, 1, H, W) to the same."""
    return random_affine(pixels, MILD_AFFINE, generator)


def strong(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """What a hand might do: another pen, bent strokes, larger affine maps. Float32 (N, 1, H, W) to the same."""
    bent = random_elastic(random_thickness(pixels, generator), generator)
    return random_affine(bent, STRONG_AFFINE, generator)


def random_affine(pixels: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Rotate, shear, scale and shift each image by its own uniform draw (bilinear, zero outside).

    Args:
        pixels: float32 (N, C, H, W).
        strength: 0 leaves the images alone; 1 allows +-10 degrees, +-0.2 shear, +-12 % per axis, +-2 pixels.
        generator: the only source of randomness.

    Returns:
        float32 (N, C, H, W).
    """
    if strength == 0:
        return pixels
    draw = (torch.rand(len(pixels), 6, generator=generator) * 2 - 1) * strength
    angle = draw[:, 0] * ROTATION
    matrix = torch.zeros(len(pixels), 2, 3)
    matrix[:, 0, 0] = (1 + draw[:, 2] * SCALE) * torch.cos(angle)
    matrix[:, 0, 1] = draw[:, 1] * SHEAR - torch.sin(angle)
    matrix[:, 1, 0] = torch.sin(angle)
    matrix[:, 1, 1] = (1 + draw[:, 3] * SCALE) * torch.cos(angle)
    # grid coordinates run from -1 to 1 over the image, so one pixel is 2 / size
    matrix[:, 0, 2] = draw[:, 4] * SHIFT * 2 / pixels.shape[3]
    matrix[:, 1, 2] = draw[:, 5] * SHIFT * 2 / pixels.shape[2]
    grid = functional.affine_grid(matrix, list(pixels.shape), align_corners=False)
    return functional.grid_sample(pixels, grid, align_corners=False)


def random_elastic(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Bend each image by a smooth random field, the largest displacement uniform up to ``ELASTIC`` pixels.

    After P. Y. Simard, D. Steinkraus and J. C. Platt, ICDAR 2003.

    Args:
        pixels: float32 (N, C, H, W).
        generator: the only source of randomness.

    Returns:
        float32 (N, C, H, W), bilinear, zero outside.
    """
    count, _, height, width = pixels.shape
    field = torch.rand(2 * count, 1, height, width, generator=generator) * 2 - 1
    distance = torch.arange(-2 * SMOOTHNESS, 2 * SMOOTHNESS + 1)
    kernel = torch.exp(-(distance**2) / (2 * SMOOTHNESS**2))
    field = functional.conv2d(field, kernel.view(1, 1, 1, -1), padding=(0, 2 * SMOOTHNESS))
    field = functional.conv2d(field, kernel.view(1, 1, -1, 1), padding=(2 * SMOOTHNESS, 0))
    field = field.view(count, 2, height, width)
    largest = torch.rand(count, 1, 1, 1, generator=generator) * ELASTIC
    field = field / field.abs().amax((1, 2, 3), keepdim=True) * largest
    straight = functional.affine_grid(torch.eye(2, 3).repeat(count, 1, 1), list(pixels.shape), align_corners=False)
    pixel = torch.tensor([2 / width, 2 / height])
    return functional.grid_sample(pixels, straight + field.permute(0, 2, 3, 1) * pixel, align_corners=False)


def random_thickness(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Thicken or thin the strokes of each image, by a uniform draw, towards the maximum or minimum of 3 x 3 pixels.

    Args:
        pixels: float32 (N, C, H, W).
        generator: the only source of randomness.

    Returns:
        float32 (N, C, H, W).
    """
    draw = torch.rand(len(pixels), 1, 1, 1, generator=generator) * 2 - 1
    thick = functional.max_pool2d(pixels, 3, 1, 1)
    thin = -functional.max_pool2d(-pixels, 3, 1, 1)
    return torch.where(draw > 0, pixels.lerp(thick, THICKER * draw), pixels.lerp(thin, -THINNER * draw))
