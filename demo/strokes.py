# SPDX-License-Identifier: Apache-2.0
"""From the path of a pen to the 28x28 image that the device sees, as EMNIST was made from scanned forms.

EMNIST (Cohen, Afshar, Tapson, van Schaik, "EMNIST: an extension of MNIST to handwritten letters", 2017, section II)
takes a binary scan of 128x128 pixels, blurs it (Gaussian, sigma 1), crops it to the character, centres that in a square
without changing its aspect, pads it with 2 pixels of the final image, and resamples to 28x28 by bicubic interpolation,
with intensities over the whole range. Here the binary scan is drawn from the path, at a size that does not depend on
that of the canvas:

    path of LONG_SIDE on its longer side -> round pen of PEN -> blur of SIGMA -> crop -> square -> 2/28 at each border
    -> bicubic -> brightest pixel 255

PEN and SIGMA are in pixels of the drawing. They were set so that letter forms of ``golden.data.glyphs`` come out as
EMNIST's test images are: width of the strokes, share of grey among the ink, longer side of the character.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from golden.data.images import IMAGE_SIDE
from spec.errors import InputError

LONG_SIDE = 84.0  # pixels of the drawing
PEN = 11.0
SIGMA = 2.0
BORDER = 2  # pixels of the image, at each side
MAX_STROKES = 60
MAX_POINTS = 4000  # of all strokes
LARGEST = 1e5  # of a coordinate
_ROOM = 16  # pixels around the path, for pen and blur
_FAINT = 8  # what the crop still counts as ink, of 255


def check_strokes(strokes: Sequence[Sequence[Sequence[float]]]) -> list[np.ndarray]:
    """Strokes as float64 (points, 2) each; empty ones are left out.

    Raises:
        InputError: there is no point, too many of them, or one that is no pair of finite numbers in range.
    """
    if not isinstance(strokes, Sequence) or isinstance(strokes, str):
        raise InputError("strokes: a list of strokes is needed, each a list of points [x, y]")
    if len(strokes) > MAX_STROKES:
        raise InputError(f"strokes: has {len(strokes)} strokes, at most {MAX_STROKES} are allowed")
    checked, count = [], 0
    for number, stroke in enumerate(strokes, 1):
        try:
            points = np.asarray(stroke, np.float64)
        except (TypeError, ValueError):
            raise InputError(f"strokes: stroke {number} is not a list of points [x, y]") from None
        if not points.size:
            continue
        if points.ndim != 2 or points.shape[1] != 2:
            raise InputError(f"strokes: stroke {number} is not a list of points [x, y]")
        if not (np.abs(points) <= LARGEST).all():  # also what is not a number
            raise InputError(f"strokes: stroke {number} has a coordinate beyond {LARGEST:g} or that is no number")
        count += len(points)
        checked.append(points)
    if count > MAX_POINTS:
        raise InputError(f"strokes: has {count} points, at most {MAX_POINTS} are allowed")
    if not checked:
        raise InputError("strokes: has no point, at least one is needed")
    return checked


def draw_strokes(strokes: Sequence[Sequence[Sequence[float]]]) -> np.ndarray:
    """Draw pen strokes as EMNIST would have them.

    Args:
        strokes: of points (x, y), x to the right and y down, in any unit.

    Returns:
        uint8 (28, 28), upright, ink 255 on background 0; the brightest pixel is 255.

    Raises:
        InputError: as :func:`check_strokes`.
    """
    paths = check_strokes(strokes)
    points = np.concatenate(paths)
    low, high = points.min(0), points.max(0)
    size = float((high - low).max())
    scale = LONG_SIDE / size if size > 0 else 0.0  # a dot is a dot, however small
    side = int(LONG_SIDE) + 2 * _ROOM
    scan = Image.new("L", (side, side))
    pen = ImageDraw.Draw(scan)
    for path in paths:
        _draw(pen, (path - (low + high) / 2) * scale + side / 2)
    blurred = np.asarray(scan.filter(ImageFilter.GaussianBlur(SIGMA)), np.float64)
    rows, columns = (np.flatnonzero((blurred > _FAINT).any(axis)) for axis in (1, 0))
    ink = blurred[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _fit(ink)


def _draw(pen: ImageDraw.ImageDraw, path: np.ndarray) -> None:
    """One stroke of a round pen; path: float64 (points, 2), pixels."""
    if len(path) > 1:
        pen.line([tuple(point) for point in path], fill=255, width=round(PEN))
    for x, y in path:
        pen.ellipse((x - PEN / 2, y - PEN / 2, x + PEN / 2, y + PEN / 2), fill=255)


def _fit(ink: np.ndarray) -> np.ndarray:
    """Into the middle of a square with a border, as 28x28: float64 (rows, columns) to uint8 (28, 28)."""
    longer = max(ink.shape)
    border = round(longer * BORDER / (IMAGE_SIDE - 2 * BORDER))
    square = np.zeros((longer + 2 * border,) * 2, np.float32)
    top, left = ((len(square) - length) // 2 for length in ink.shape)
    square[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    small = np.asarray(Image.fromarray(square).resize((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.BICUBIC))
    return np.rint(np.clip(small / small.max(), 0, 1) * 255).astype(np.uint8)
