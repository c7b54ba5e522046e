# SPDX-License-Identifier: Apache-2.0
"""Built-in synthetic handwriting: everything runs without a download, and says that nobody wrote it.

A writer is a style (slant, width, pen, preferred form and own deformation of each letter, ...) drawn from a
seed; an image is one of the writer's letter forms (`golden.data.glyphs`), deformed a little further, fitted
into a centred box as EMNIST does (its glyphs are 21 to 24 pixels on the longer side), and drawn
(`golden.data.raster`). The parameter ranges were set by eye against EMNIST. Accuracy on this data says
nothing about real handwriting.

The same seed gives the same bytes on the same NumPy build.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from golden.data.emnist import Split
from golden.data.glyphs import skeletons
from golden.data.handwriting import Handwriting, stratified_test_mask
from golden.data.images import CLASSES, IMAGE_SIDE, DataError, LabelledImages
from golden.data.raster import draw

NAME = "built-in synthetic handwriting"

# First part of a writer's seed: users, generic training and generic test never share a writer.
_USERS, _GENERIC = 0, {"train": 1, "test": 2}

_GENERIC_IMAGES_PER_WRITER = 2  # of each class: many writers, few images of each, as in EMNIST.
_FORM_ODDS = {1: (1.0,), 2: (0.65, 0.35), 3: (0.55, 0.3, 0.15)}  # that a form is a writer's usual one
_STRAY = 0.06  # of a writer's images are not in the usual form
_WAVES = 3
_MAX_STROKES = 4


@dataclass(frozen=True)
class _Field:
    """A smooth displacement, a sum of plane waves. It depends on position only, so joints stay joined."""

    frequency: np.ndarray  # (B, _WAVES, 2) radians per cap height
    phase: np.ndarray  # (B, _WAVES)
    amplitude: np.ndarray  # (B, _WAVES, 2) cap heights

    @classmethod
    def random(cls, rng: np.random.Generator, count: int, amplitude: float) -> _Field:
        return cls(
            rng.uniform(-5, 5, (count, _WAVES, 2)).astype(np.float32),
            rng.uniform(0, 2 * np.pi, (count, _WAVES)).astype(np.float32),
            rng.normal(0, amplitude, (count, _WAVES, 2)).astype(np.float32),
        )

    def at(self, points: np.ndarray, index: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Displacement of `points` (B, P, 2) by the fields picked by `index`: (B, P, 2)."""
        wave = np.sin(points @ self.frequency[index].transpose(0, 2, 1) + self.phase[index, None])
        return wave @ self.amplitude[index]


class _Writer:
    """One writer's style, drawn from a seed sequence such as (kind, seed, number)."""

    def __init__(self, key: tuple[int, ...]) -> None:
        self._rng = rng = np.random.default_rng(key)
        self.slant = np.clip(rng.normal(0.16, 0.17), -0.2, 0.55)
        self.rotation = rng.normal(0, 0.05)  # radians
        self.width = rng.uniform(0.8, 1.3)
        self.ascender = rng.uniform(0.75, 1.1)
        self.descender = rng.uniform(0.7, 1.1)
        self.radius = rng.uniform(0.9, 2.1)  # pixels
        self.softness = rng.uniform(0.9, 1.6)  # pixels
        self.blur = rng.uniform(0.04, 0.16)
        self.box = rng.uniform(22, 24)  # pixels
        self.unsteadiness = rng.uniform(0.6, 1.4)  # scale of every variation between two images of a letter
        self.field = _Field.random(rng, len(CLASSES), 0.035)
        self.form = [rng.choice(len(forms), p=_FORM_ODDS[len(forms)]) for forms in map(skeletons, CLASSES)]

    def _letters(self, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (B, P, 2) and strokes (B, P): the writer's usual form, now and then another one."""
        rng = self._rng
        strays = rng.random(len(labels)) < _STRAY
        picks = rng.random(len(labels))
        chosen = []
        for label, stray, pick in zip(labels, strays, picks, strict=True):
            forms = skeletons(CLASSES[label])
            chosen.append(forms[int(pick * len(forms)) if stray else self.form[label]])
        return np.stack([form.points for form in chosen]), np.stack([form.stroke for form in chosen])

    def write(self, labels: np.ndarray) -> np.ndarray:
        """Write one image per label: integer (B,) -> uint8 (B, 28, 28)."""
        rng, count, shaky = self._rng, len(labels), self.unsteadiness

        def vary(scale: float, *shape: int) -> np.ndarray:
            return rng.normal(0, scale * shaky, (count, *shape)).astype(np.float32)

        points, stroke = self._letters(labels)
        x, y = points[..., 0], points[..., 1]
        y = np.where(y > 1, 1 + (y - 1) * self.descender, y)
        y = np.where(y < 0.4, 0.4 - (0.4 - y) * self.ascender, y)
        points = np.stack([x * self.width * np.exp(vary(0.06, 1)), y], axis=-1).astype(np.float32)
        points += self.field.at(points, labels) + _Field.random(rng, count, 0.02 * shaky).at(points)
        # Each stroke is put down a little off its place: bars that miss, stems that overshoot.
        points += np.take_along_axis(vary(0.022, _MAX_STROKES, 2), stroke[..., None], axis=1)

        slant, angle = self.slant + vary(0.04), self.rotation + vary(0.035)
        cos, sin = np.cos(angle), np.sin(angle)
        # Rows: where the x and y unit vectors go. Slant leans to the right; y points down.
        turn = np.stack([cos, sin, -sin - slant * cos, cos - slant * sin], axis=-1).reshape(count, 2, 2)
        points = (points @ turn).astype(np.float32)

        radius = (self.radius * np.exp(vary(0.07))).astype(np.float32)
        low, high = points.min(axis=1), points.max(axis=1)
        box = self.box - np.abs(vary(0.6)) - 2 * radius
        points -= ((low + high) / 2)[:, None]
        points *= (box / np.maximum((high - low).max(axis=1), 1e-3))[:, None, None]
        points += (IMAGE_SIDE - 1) / 2
        return draw(points, radius, np.full(count, self.softness, np.float32), np.full(count, self.blur, np.float32))


def _check(**counts: int) -> None:
    for name, value in counts.items():
        minimum = 0 if name == "seed" else 1
        if value < minimum:
            raise DataError(f"Synthetic handwriting: {name} is {value}, at least {minimum} is required.")


def generate(writers: int, per_class: int, seed: int) -> Handwriting:
    """Generate the handwriting of several users.

    Args:
        writers: number of users, 1 or more. User k is the same for any number of writers.
        per_class: images of each of the 62 classes a user writes, 1 or more; 25 % of them are for test.
        seed: 0 or more; the same seed gives the same bytes.

    Returns:
        writers * 62 * per_class images, marked as synthetic.

    Raises:
        DataError: an argument is out of range.
    """
    _check(writers=writers, per_class=per_class, seed=seed)
    labels = np.tile(np.arange(len(CLASSES), dtype=np.uint8), per_class)
    images = np.concatenate([_Writer((_USERS, seed, number)).write(labels) for number in range(writers)])
    user = np.repeat(np.arange(writers), len(labels))
    labels = np.tile(labels, writers)
    data = LabelledImages(images, labels, NAME, synthetic=True)
    return Handwriting(data, user, stratified_test_mask(labels, user))


def generate_generic(per_class: int, split: Split, seed: int) -> LabelledImages:
    """Generate a generic data set: few images of each of many writers.

    Args:
        per_class: images of each of the 62 classes, 1 or more.
        split: "train" or "test"; they share no writer, with each other or with the users of `generate`.
        seed: 0 or more; the same seed gives the same bytes.

    Returns:
        62 * per_class images, marked as synthetic.

    Raises:
        DataError: an argument is out of range.
    """
    _check(per_class=per_class, seed=seed)
    if split not in _GENERIC:
        raise DataError(f"Split {split!r} found, synthetic handwriting has 'train' and 'test'.")
    once = np.arange(len(CLASSES), dtype=np.uint8)
    images = []
    for number, written in enumerate(range(0, per_class, _GENERIC_IMAGES_PER_WRITER)):
        copies = min(_GENERIC_IMAGES_PER_WRITER, per_class - written)
        images.append(_Writer((_GENERIC[split], seed, number)).write(np.tile(once, copies)))
    name = f"{NAME}, generic {split}"
    return LabelledImages(np.concatenate(images), np.tile(once, per_class), name, synthetic=True)
