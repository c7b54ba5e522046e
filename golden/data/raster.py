# SPDX-License-Identifier: Apache-2.0
"""Draw pen strokes as anti-aliased, slightly blurred 28x28 images, many at a time."""

from __future__ import annotations

import numpy as np

from golden.data.images import IMAGE_SIDE

_BATCH = 128  # Images drawn together: the distance map of a batch stays in a core's level-2 cache.


def _distance(points: np.ndarray) -> np.ndarray:
    """Distance of each pixel centre to the nearest point: float32 (B, P, 2) -> float32 (B, 28, 28)."""
    centres = np.arange(IMAGE_SIDE, dtype=np.float32)
    # (P, B, 28): the squared distance is separable, so one broadcast addition per point gives the whole map.
    squared_x, squared_y = ((centres - points[:, :, axis].T[:, :, None]) ** 2 for axis in (0, 1))
    nearest = np.full((len(points), IMAGE_SIDE, IMAGE_SIDE), np.inf, np.float32)
    squared = np.empty_like(nearest)
    for along_x, along_y in zip(squared_x, squared_y, strict=True):
        np.add(along_y[:, :, None], along_x[:, None, :], out=squared)
        np.minimum(nearest, squared, out=nearest)
    return np.sqrt(nearest, out=nearest)


def _blur(ink: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Convolve rows and columns of (B, 28, 28) with (w, 1 - 2w, w), w (B,); the border stays as it is."""
    w = weight[:, None, None]
    for axis in (1, 2):
        inner = [slice(None)] * 3
        before, after = inner.copy(), inner.copy()
        inner[axis], before[axis], after[axis] = slice(1, -1), slice(None, -2), slice(2, None)
        smooth = ink.copy()
        smooth[tuple(inner)] += w * (ink[tuple(before)] + ink[tuple(after)] - 2 * ink[tuple(inner)])
        ink = smooth
    return ink


def draw(points: np.ndarray, radius: np.ndarray, softness: np.ndarray, blur: np.ndarray) -> np.ndarray:
    """Draw a round pen that visits `points`.

    Args:
        points: float32 (N, P, 2), x and y in pixels; pixel (row r, column c) has its centre at x = c, y = r.
            Neighbouring points of a stroke are at most about one pixel apart.
        radius: float32 (N,), half the stroke width, pixels.
        softness: float32 (N,), width of the grey edge, pixels.
        blur: float32 (N,), 0 (none) .. 0.25, weight of each neighbour.

    Returns:
        uint8 (N, 28, 28), white on black; the brightest pixel of each image is 255.
    """
    images = np.empty((len(points), IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    for start in range(0, len(points), _BATCH):
        part = slice(start, start + _BATCH)
        edge = softness[part, None, None]
        ink = np.clip((radius[part, None, None] - _distance(points[part])) / edge + 0.5, 0, 1)
        ink = _blur(ink, blur[part])
        ink /= ink.max(axis=(1, 2), keepdims=True)
        images[part] = np.rint(255 * ink)
    return images
