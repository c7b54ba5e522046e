# SPDX-License-Identifier: Apache-2.0
"""From strokes to pixels: upright, centred, of one size and width, as EMNIST's images are; and bad strokes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from demo import strokes as preprocessing
from demo.story import handwriting
from demo.strokes import MAX_POINTS, MAX_STROKES, draw_strokes
from golden.data import CLASSES
from spec.errors import InputError

LETTER_L = [[[10, 0], [10, 100]], [[10, 100], [60, 100]]]


def test_upright_and_not_mirrored() -> None:
    ink = draw_strokes(LETTER_L) > 127
    assert ink.dtype == bool and ink.shape == (28, 28)
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    assert len(rows) > len(columns)
    assert ink[rows[0], columns[0] : columns[0] + 3].any() and not ink[rows[0], columns[-1] - 2 :].any()
    assert ink[rows[-1] - 1].sum() > ink[rows[0] + 1].sum()  # the bar is at the bottom


@pytest.mark.parametrize(("scale", "shift"), [(0.01, 0), (7, -300), (300, 20000)])
def test_size_and_place_on_the_paper_do_not_matter(scale: float, shift: float) -> None:
    moved = [[[x * scale + shift, y * scale - shift] for x, y in stroke] for stroke in LETTER_L]
    assert (draw_strokes(moved) == draw_strokes(LETTER_L)).all()


def test_centred_with_a_border_and_the_whole_range() -> None:
    for character in "qL7W":
        image = draw_strokes(handwriting(character, 0, 0))
        assert image.max() == 255 and image.min() == 0
        places = [np.flatnonzero((image > 32).any(axis)) for axis in (0, 1)]
        assert max(place[-1] - place[0] + 1 for place in places) in (22, 23, 24, 25)
        for place in places:
            assert abs(place[0] - (27 - place[-1])) <= 1


def test_a_dot_is_a_dot() -> None:
    assert (draw_strokes([[[5, 5]]]) == draw_strokes([[[900.5, 3]]])).all()
    assert (draw_strokes([[[5, 5]]]) > 127).mean() > 0.15


def like_emnist() -> tuple[float, float]:
    """Share of ink, and width of strokes in pixels, of all characters of the built-in letter forms."""
    images = np.stack([draw_strokes(handwriting(character, 0, 0)) for character in CLASSES])
    ink = images > 127
    inner = ink[:, 1:-1, 1:-1] & ink[:, :-2, 1:-1] & ink[:, 2:, 1:-1] & ink[:, 1:-1, :-2] & ink[:, 1:-1, 2:]
    edge = ink.sum((1, 2)) - inner.sum((1, 2))
    return float(images.mean() / 255), float(2 * np.median(ink.sum((1, 2)) / edge))


def test_ink_and_width_are_those_of_emnist(monkeypatch: pytest.MonkeyPatch) -> None:
    share, width = like_emnist()  # of 6,000 EMNIST test images: 0.174, and 3.23 by the same count
    assert abs(share - 0.174) < 0.02 and abs(width - 3.23) < 0.25
    monkeypatch.setattr(preprocessing, "PEN", 4.0)  # the control: a thin pen
    assert like_emnist()[1] < 2.6


@pytest.mark.parametrize(
    ("strokes", "words"),
    [
        ([], "has no point"),
        ([[]], "has no point"),
        ("abc", "a list of strokes is needed"),
        ([[[1, 2, 3]]], "stroke 1 is not a list of points"),
        ([[[1, "x"]]], "stroke 1 is not a list of points"),
        ([[[1, 2]], [[math.nan, 2]]], "stroke 2 has a coordinate"),
        ([[[1e9, 2]]], "beyond 100000"),
        ([[[1, 2]]] * (MAX_STROKES + 1), f"at most {MAX_STROKES}"),
        ([[[1, 2]] * (MAX_POINTS + 1)], f"at most {MAX_POINTS}"),
    ],
)
def test_bad_strokes_are_one_sentence(strokes: object, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        draw_strokes(strokes)
    assert "\n" not in str(refused.value)
