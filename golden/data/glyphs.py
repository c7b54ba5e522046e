# SPDX-License-Identifier: Apache-2.0
"""Pen-stroke skeletons of the 62 classes, the letter forms that the synthetic writers choose from.

Each form is a path in a small language. Units: cap height 100, x right, y down, cap line y = 0, x-height line
y = 40, base line y = 100, descenders to y = 140.

    M x y                  lift the pen and put it down here
    L x y                  straight line
    Q cx cy x y            quadratic Bezier curve
    E cx cy rx ry a0 a1    line to, then along, an ellipse from angle a0 to a1; degrees, 0 = right, 90 = down

The forms are this project's own drawings; no font and no data set was used.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

POINTS = 112
"""Points of a skeleton. The longest one, on a 24-pixel box, then has a point about every 0.9 pixel."""

_ARGUMENTS = {"M": 2, "L": 2, "Q": 4, "E": 6}

# The first form of a class is the most usual one.
FORMS: dict[str, tuple[str, ...]] = {
    "0": ("E 29 50 29 50 -90 -450", "E 24 50 23 50 -70 -440", "E 31 50 31 50 -90 -450 M 56 8 L 6 92"),
    "1": ("M 10 0 L 10 100", "M 0 22 L 22 0 L 22 100", "M 0 20 L 22 0 L 22 100 M 2 100 L 44 100"),
    "2": (
        "M 4 24 Q 6 0 32 0 Q 60 0 60 28 Q 60 50 2 100 L 64 100",
        "M 6 22 Q 12 0 34 0 Q 60 2 56 30 Q 50 62 16 92 Q 0 104 2 88 Q 8 74 30 92 Q 48 104 68 90",
    ),
    "3": (
        "M 4 12 Q 14 0 30 0 Q 56 0 56 24 Q 56 46 24 48 Q 62 50 62 74 Q 62 100 30 100 Q 8 100 0 86",
        "M 4 0 L 56 0 L 28 42 Q 62 44 62 72 Q 62 100 30 100 Q 8 100 0 88",
    ),
    "4": ("M 10 0 L 0 56 L 62 56 M 46 6 L 44 100", "M 44 100 L 44 0 L 0 66 L 62 66"),
    "5": (
        "M 58 0 L 12 0 L 8 44 Q 20 36 34 36 Q 62 38 62 68 Q 62 100 30 100 Q 10 100 0 88",
        "M 12 4 L 8 44 Q 20 36 34 36 Q 62 38 62 68 Q 62 100 30 100 Q 10 100 0 88 M 12 2 L 62 0",
    ),
    "6": (
        "M 48 0 Q 4 30 2 68 Q 2 100 30 100 Q 58 100 58 74 Q 58 50 32 50 Q 8 50 3 76",
        "M 34 0 Q 4 40 2 74 Q 4 100 28 100 Q 52 98 50 76 Q 46 56 28 58 Q 8 62 3 80",
    ),
    "7": (
        "M 0 0 L 58 0 L 22 100",
        "M 0 0 L 58 0 Q 30 40 24 100 M 12 52 L 54 52",
        "M 0 14 L 2 0 L 58 0 L 20 100",
    ),
    "8": (
        "M 54 16 Q 46 0 30 0 Q 6 0 6 22 Q 6 40 30 48 Q 60 58 60 78 Q 60 100 30 100 Q 0 100 0 78 "
        "Q 0 58 30 48 Q 54 40 54 16",
        "E 29 23 23 23 90 450 E 29 73 29 27 -90 270",
    ),
    "9": (
        "M 54 26 Q 50 0 28 0 Q 2 0 2 28 Q 2 52 28 52 Q 50 52 54 24 L 48 100",
        "M 54 26 Q 50 0 28 0 Q 2 0 2 28 Q 2 52 28 52 Q 50 52 54 24 Q 58 88 14 100",
    ),
    "A": (
        "M 0 100 L 32 0 L 64 100 M 12 64 L 52 64",
        "M 0 100 Q 0 0 32 0 Q 62 0 62 100 M 2 58 L 62 58",
        "M 0 100 L 36 0 L 56 100 M 10 68 L 60 62",
    ),
    "B": (
        "M 4 0 L 4 100 M 4 0 Q 56 -2 54 24 Q 52 46 6 48 Q 62 48 60 74 Q 58 102 4 100",
        "M 6 4 L 4 100 M -4 8 Q 20 -4 34 0 Q 54 4 50 26 Q 46 46 8 48 Q 60 46 58 72 Q 54 104 -6 98",
    ),
    "C": (
        "M 62 18 Q 50 0 34 0 Q 0 2 0 50 Q 0 100 36 100 Q 54 100 64 84",
        "M 66 8 Q 2 -12 0 52 Q 0 108 66 96",
    ),
    "D": (
        "M 4 0 L 4 100 M 4 0 Q 64 0 64 50 Q 64 100 4 100",
        "M 8 4 L 6 98 M -8 2 Q 66 -8 64 48 Q 62 104 -6 98",
    ),
    "E": (
        "M 56 0 L 2 0 L 2 100 L 58 100 M 2 48 L 46 48",
        "M 4 0 L 4 100 M 4 0 L 56 0 M 4 48 L 46 48 M 4 100 L 58 100",
        "M 56 12 Q 46 0 30 0 Q 6 0 6 24 Q 6 46 34 46 Q 0 48 0 74 Q 0 100 32 100 Q 50 100 60 86",
    ),
    "F": ("M 58 0 L 4 0 L 2 100 M 4 46 L 46 46", "M 8 0 L 4 100 M -6 0 L 58 -2 M -4 50 L 48 46"),
    "G": (
        "M 60 16 Q 50 0 34 0 Q 0 2 0 50 Q 0 100 34 100 Q 62 100 62 58 L 34 58",
        "M 58 14 Q 46 0 32 0 Q 0 4 0 52 Q 2 98 32 98 Q 56 96 60 56 M 36 58 L 62 56 L 62 104",
    ),
    "H": ("M 0 0 L 0 100 M 58 0 L 58 100 M 0 50 L 58 50", "M 4 0 L 0 100 M 58 0 L 60 100 M -6 54 L 66 46"),
    "I": ("M 25 0 L 25 100 M 0 0 L 50 0 M 0 100 L 50 100", "M 10 0 L 10 100"),
    "J": (
        "M 50 0 L 50 72 Q 50 100 26 100 Q 2 100 0 74",
        "M 18 0 L 76 0 M 48 0 L 48 72 Q 48 100 26 100 Q 4 100 0 78",
    ),
    "K": ("M 2 0 L 2 100 M 56 0 L 4 58 M 18 44 L 60 100", "M 2 0 L 2 100 M 58 4 L 6 54 L 62 98"),
    "L": ("M 4 0 L 2 100 L 56 100", "M 6 0 L 4 90 Q 4 100 16 100 Q 40 100 56 92"),
    "M": (
        "M 0 100 L 4 0 L 38 66 L 72 0 L 76 100",
        "M 0 100 L 2 0 Q 30 0 34 90 Q 40 0 66 0 Q 72 40 72 100",
    ),
    "N": ("M 0 100 L 2 0 L 58 100 L 60 0", "M 0 0 L 0 100 M 0 0 L 56 100 M 56 0 L 56 100"),
    "O": ("E 40 50 40 50 -90 -450", "E 36 50 38 50 -50 -440"),
    "P": (
        "M 4 0 L 4 100 M 4 2 Q 58 -8 56 28 Q 54 58 4 54",
        "M 8 6 L 4 100 M -6 12 Q 30 -10 48 6 Q 64 30 42 46 Q 28 56 8 54",
    ),
    "Q": (
        "E 38 46 38 46 -90 -450 M 44 62 L 82 104",
        "E 36 48 36 48 -90 -450 M 30 78 Q 46 66 58 92 Q 66 104 80 96",
    ),
    "R": (
        "M 4 0 L 4 100 M 4 2 Q 58 -8 56 28 Q 54 54 4 54 M 22 54 L 62 100",
        "M 8 4 L 4 100 M -6 10 Q 30 -8 48 6 Q 62 26 42 42 Q 28 52 8 52 Q 36 60 64 98",
    ),
    "S": (
        "M 56 14 Q 46 0 30 0 Q 4 0 4 24 Q 4 42 30 50 Q 60 58 60 78 Q 60 100 30 100 Q 8 100 0 84",
        "M 60 6 Q 10 -10 8 24 Q 10 42 34 50 Q 62 62 52 84 Q 36 108 -2 92",
    ),
    "T": ("M 0 0 L 68 0 M 34 0 L 34 100", "M -2 6 Q 30 -6 70 0 M 36 2 Q 32 60 28 100"),
    "U": ("M 0 0 L 0 64 Q 0 100 31 100 Q 62 100 62 64 L 62 0", "M 0 0 Q -4 100 28 100 Q 62 98 62 0 L 64 98"),
    "V": ("M 0 0 L 32 100 L 64 0", "M 0 4 Q 24 50 30 100 Q 38 40 70 0"),
    "W": (
        "M 0 0 L 20 100 L 42 24 L 64 100 L 84 0",
        "M 0 0 Q 2 100 22 100 Q 42 98 42 26 Q 44 98 64 100 Q 84 98 86 0",
    ),
    "X": ("M 0 0 L 60 100 M 60 0 L 0 100", "M 2 4 Q 20 12 34 52 Q 46 92 64 96 M 64 0 L 0 100"),
    "Y": ("M 0 0 L 31 50 M 62 0 L 31 50 L 31 100", "M 0 0 Q 8 50 30 50 Q 56 46 62 0 M 62 0 L 34 100"),
    "Z": ("M 2 0 L 60 0 L 0 100 L 64 100", "M 2 2 L 60 0 L 0 98 L 64 100 M 12 52 L 52 48"),
    "a": (
        "M 46 50 Q 38 40 26 40 Q 0 42 0 72 Q 0 100 22 100 Q 44 98 47 44 L 47 86 Q 48 100 62 98",
        "M 6 50 Q 14 40 28 40 Q 48 40 48 60 L 48 100 M 48 68 Q 4 66 2 84 Q 4 100 22 100 Q 42 98 48 82",
        "E 24 70 24 29 -20 -360 M 48 42 L 50 100",
    ),
    "b": (
        "M 4 0 L 4 100 M 4 66 Q 12 46 30 46 Q 52 48 52 73 Q 52 100 28 100 Q 10 100 4 86",
        "M 6 0 L 2 80 Q 4 100 24 100 Q 46 98 46 76 Q 44 58 26 58 Q 8 60 3 80",
    ),
    "c": (
        "M 50 52 Q 42 40 28 40 Q 0 42 0 70 Q 0 100 28 100 Q 44 100 54 88",
        "M 48 46 Q 4 30 2 70 Q 4 106 54 94",
    ),
    "d": (
        "M 48 62 Q 40 46 24 46 Q 0 48 0 74 Q 0 100 22 100 Q 42 98 48 80 M 49 0 L 48 100",
        "M 46 60 Q 38 50 24 50 Q 0 52 0 76 Q 0 100 20 100 Q 42 98 50 0 L 48 84 Q 48 100 62 98",
    ),
    "e": (
        "M 2 72 L 50 68 Q 48 40 26 40 Q 0 42 0 70 Q 0 100 28 100 Q 44 100 56 88",
        "M 2 86 Q 50 74 46 54 Q 42 40 26 40 Q 2 44 2 74 Q 6 100 30 100 Q 48 98 60 80",
    ),
    "f": (
        "M 54 8 Q 46 -2 34 0 Q 20 4 20 30 L 20 100 M 0 46 L 44 46",
        "M 44 4 Q 22 -8 22 40 L 22 112 Q 18 140 2 132 M -2 52 L 44 50",
    ),
    "g": (
        "M 46 52 Q 38 40 24 40 Q 0 42 0 68 Q 0 94 22 94 Q 42 92 46 48 L 46 112 Q 46 140 22 140 Q 4 140 0 124",
        "E 24 62 22 22 -30 -390 L 46 106 Q 40 146 8 134 Q -4 124 20 112 Q 40 104 62 96",
    ),
    "h": (
        "M 4 0 L 4 100 M 4 70 Q 12 48 28 48 Q 48 50 48 70 L 48 100",
        "M 6 0 L 2 100 Q 8 48 28 50 Q 44 54 44 84 Q 44 100 58 98",
    ),
    "i": ("M 8 42 L 8 100 M 8 14 L 9 18", "M 4 44 L 6 88 Q 8 100 22 96 M 10 14 L 14 20"),
    "j": (
        "M 30 42 L 30 116 Q 28 140 12 140 Q 0 138 -4 124 M 30 14 L 31 18",
        "M 8 42 L 36 42 L 34 116 Q 28 142 4 132 M 32 14 L 34 18",
    ),
    "k": (
        "M 4 0 L 4 100 M 44 46 L 5 78 M 16 70 L 48 100",
        "M 4 0 L 4 100 Q 10 48 34 52 Q 42 66 8 74 L 48 100",
    ),
    "l": (
        "M 8 0 L 8 100",
        "M 6 0 L 6 84 Q 8 102 26 96",
        "M 0 72 Q 44 30 32 6 Q 18 -10 16 40 L 18 84 Q 20 104 40 88",
    ),
    "m": (
        "M 2 42 L 2 100 M 2 62 Q 10 42 22 42 Q 36 44 36 62 L 36 100 M 36 62 Q 44 42 56 42 Q 70 44 70 62 L 70 100",
        "M 0 44 L 4 100 Q 6 44 22 42 Q 36 46 34 100 Q 40 44 56 42 Q 70 46 68 84 Q 70 100 82 98",
    ),
    "n": (
        "M 2 42 L 2 100 M 2 62 Q 12 42 26 42 Q 46 44 46 64 L 46 100",
        "M 0 44 L 4 100 Q 8 44 28 42 Q 44 46 42 84 Q 44 100 58 98",
    ),
    "o": ("E 27 70 27 30 -90 -450", "E 24 70 25 29 -50 -430 Q 40 50 54 46"),
    "p": (
        "M 4 42 L 4 140 M 4 62 Q 12 40 30 40 Q 52 42 52 70 Q 52 98 28 98 Q 10 98 4 82",
        "M 0 44 L 8 40 L 4 140 M 7 60 Q 34 26 48 56 Q 54 96 8 94",
    ),
    "q": (
        "M 46 52 Q 36 40 24 40 Q 0 42 0 68 Q 0 94 20 94 Q 42 92 46 60 M 47 42 L 46 140 L 64 120",
        "E 23 66 23 26 -20 -360 M 47 42 L 46 140",
    ),
    "r": ("M 4 42 L 4 100 M 4 66 Q 14 40 34 44 Q 42 46 44 54", "M 2 44 L 4 100 Q 6 46 44 44"),
    "s": (
        "M 42 50 Q 34 40 22 40 Q 2 40 2 54 Q 2 66 22 70 Q 46 74 46 86 Q 46 100 22 100 Q 4 100 0 90",
        "M 0 88 Q 20 76 28 42 Q 32 62 44 76 Q 46 104 6 96",
    ),
    "t": (
        "M 20 4 L 20 86 Q 22 100 44 94 M 0 36 L 42 36",
        "M 22 0 L 20 100 M 0 34 L 44 32",
    ),
    "u": (
        "M 2 42 L 2 78 Q 4 100 22 100 Q 42 98 45 72 M 45 42 L 45 86 Q 46 100 58 98",
        "M 0 42 Q -4 100 22 100 Q 46 98 46 42 L 47 100",
    ),
    "v": ("M 0 42 L 24 100 L 48 42", "M 0 44 Q 18 60 22 100 Q 34 60 40 44 Q 46 40 58 46"),
    "w": (
        "M 0 42 L 16 100 L 33 54 L 50 100 L 66 42",
        "M 0 42 Q -2 100 18 100 Q 34 98 34 56 Q 34 98 52 100 Q 72 98 70 42",
    ),
    "x": ("M 0 42 L 46 100 M 46 42 L 0 100", "M 0 48 Q 14 36 23 70 Q 32 104 48 94 M 48 42 L 0 100"),
    "y": (
        "M 2 42 L 25 92 M 50 42 L 8 140",
        "M 2 42 L 2 74 Q 4 94 22 94 Q 42 92 46 42 L 46 112 Q 46 140 20 140 Q 4 140 0 126",
    ),
    "z": ("M 2 42 L 46 42 L 0 100 L 50 100", "M 0 44 L 44 42 L 6 88 Q 40 84 36 116 Q 26 146 0 132"),
}


class Skeleton(NamedTuple):
    """One letter form as evenly spaced points along its strokes.

    Attributes:
        points: float32 (POINTS, 2), x and y in units of the cap height.
        stroke: int64 (POINTS,), number of the stroke of each point, from 0.
    """

    points: np.ndarray
    stroke: np.ndarray


def _trace(path: str) -> list[np.ndarray]:
    """Follow a path: one finely sampled polyline (M, 2) per stroke."""
    tokens = path.split()
    strokes: list[list[np.ndarray]] = []
    position = 0
    while position < len(tokens):
        command = tokens[position]
        count = _ARGUMENTS[command]
        values = np.array(tokens[position + 1 : position + 1 + count], np.float64)
        position += 1 + count
        t = np.linspace(0, 1, 33)[:, None]
        if command == "M" or not strokes:
            strokes.append([])
        if command in "ML":
            strokes[-1].append(values[None])
        elif command == "Q":
            start, control, end = strokes[-1][-1][-1], values[:2], values[2:]
            strokes[-1].append((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)
        else:
            angle = np.deg2rad(values[4] + t * (values[5] - values[4]))
            strokes[-1].append(values[:2] + values[2:4] * np.hstack([np.cos(angle), np.sin(angle)]))
    return [np.concatenate(parts) for parts in strokes]


def _resample(path: str) -> Skeleton:
    """Spread POINTS points evenly over the strokes of a path, at least two on each."""
    strokes = _trace(path)
    along = [np.r_[0, np.cumsum(np.hypot(*np.diff(line, axis=0).T))] for line in strokes]
    lengths = np.array([distance[-1] for distance in along])
    counts = np.maximum(2, np.floor(lengths / lengths.sum() * POINTS).astype(int))
    counts[lengths.argmax()] += POINTS - counts.sum()
    points = [
        np.column_stack([np.interp(np.linspace(0, distance[-1], count), distance, axis) for axis in line.T])
        for line, distance, count in zip(strokes, along, counts, strict=True)
    ]
    return Skeleton((np.concatenate(points) / 100).astype(np.float32), np.repeat(np.arange(len(strokes)), counts))


@cache
def skeletons(character: str) -> tuple[Skeleton, ...]:
    """The letter forms of one character of `golden.data.images.CLASSES`, the most usual first."""
    return tuple(_resample(path) for path in FORMS[character])
