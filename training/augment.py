# SPDX-License-Identifier: Apache-2.0
"""Light augmentation of handwriting: small random affine maps of the pixel grid."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

ROTATION = math.radians(10)
SHEAR = 0.2
SCALE = 0.12
SHIFT = 2.0  # pixels


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
