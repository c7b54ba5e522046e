# SPDX-License-Identifier: Apache-2.0
"""Draw, misread, correct, understood: the story that the page tells, by a visitor with a pointer."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image

from demo.visitor import Visitor
from golden.data import CLASSES
from golden.data.glyphs import skeletons
from spec.errors import CheckFailed

CHARACTER, FORM = "z", 1  # a z with a tail, which most people would not write
FIRST, AGAIN = 1, 2  # two drawings of it
_BOX = 560.0  # of 1000: height of a capital letter on the paper
_EVERY = 4  # points of a letter form to one of the pointer
MOST_BYTES = 2_000_000  # of the film
_COLOURS = 96
_SAMPLED = 6  # frames whose colours are taken


def handwriting(character: str, form: int, seed: int) -> list[list[list[float]]]:
    """Strokes of one of the built-in letter forms, a little different for each seed, for a paper of 1000x1000."""
    rng = np.random.default_rng([seed, CLASSES.index(character)])
    skeleton = skeletons(character)[form]
    points = skeleton.points @ (np.eye(2) + rng.normal(0, 0.04, (2, 2)))
    points = points + np.sin(points @ rng.uniform(-5, 5, (2, 3))) @ rng.normal(0, 0.02, (3, 2))
    low, high = points.min(0), points.max(0)
    points = 500 + (points - (low + high) / 2) * _BOX
    strokes = []
    for number in np.unique(skeleton.stroke):
        line = points[skeleton.stroke == number]
        strokes.append(np.concatenate([line[:-1:_EVERY], line[-1:]]).round(1).tolist())
    return strokes


def tell(visitor: Visitor, moment: Callable[[str], object] = lambda what: None) -> tuple[str, str]:
    """Draw a character, correct it if it is misread, and draw it again.

    Args:
        moment: is told what can be seen now: ``drawing`` (after every movement of the pointer), ``misread``,
            ``corrected``, ``understood``.

    Returns:
        What the first and the second drawing were read as.

    Raises:
        CheckFailed: the first was not misread, or the second not understood by the local expert.
    """

    def draw(seed: int) -> str:
        visitor.clear()
        for points in handwriting(CHARACTER, FORM, seed):
            visitor.stroke(points, lambda: moment("drawing"))
        visitor.answered()
        return visitor.text("letter")

    first = draw(FIRST)
    if first == CHARACTER:
        raise CheckFailed(f"the first {CHARACTER} was read right, there is nothing to correct")
    moment("misread")
    visitor.correct(CHARACTER)
    moment("corrected")
    second = draw(AGAIN)
    if second != CHARACTER or not visitor.text("who").startswith("Local expert"):
        raise CheckFailed(f"after the correction a {CHARACTER} is still read as {second}: {visitor.text('who')}")
    moment("understood")
    return first, second


def film(frames: list[tuple[bytes, int]], scale: float = 1.0) -> bytes:
    """An animated PNG of screenshots.

    Args:
        frames: PNG of each, and for how many milliseconds it is shown.
        scale: of its pixels to those of the screenshots.

    Raises:
        CheckFailed: it is larger than a page of documentation should load.
    """
    whole = [Image.open(BytesIO(content)).convert("RGB") for content, _ in frames]
    size = tuple(round(side * scale) for side in whole[0].size)
    small = [image.resize(size, Image.Resampling.LANCZOS) for image in whole]
    # One palette for all, of those shown longest: what does not change from frame to frame is not stored again.
    longest = sorted(range(len(frames)), key=lambda number: -frames[number][1])[:_SAMPLED]
    sample = Image.new("RGB", (size[0], len(longest) * size[1]))
    for place, number in enumerate(longest):
        sample.paste(small[number], (0, place * size[1]))
    palette = sample.quantize(_COLOURS, dither=Image.Dither.NONE)
    images = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in small]
    shown = [time for _, time in frames]
    made = BytesIO()
    images[0].save(made, "PNG", save_all=True, append_images=images[1:], duration=shown, loop=0, optimize=True)
    if made.tell() > MOST_BYTES:
        raise CheckFailed(f"the film has {made.tell()} bytes, at most {MOST_BYTES} are wanted")
    return made.getvalue()
