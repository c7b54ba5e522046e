# SPDX-License-Identifier: Apache-2.0
"""The cases that every proxy is measured on: each mode with images for the local expert, and with images for the GE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from golden.data import generic_source, users_source
from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.bank_file import load_bank
from spec.errors import InputError
from spec.network import RUNNING_MODES, Mode
from spec.paths import bank_file
from spec.presets import Accelerator as Design

LOCAL, GENERIC = "local", "generic"
KINDS = (LOCAL, GENERIC)
USER = 1
SETTLE = 200  # cycles without work until every domain is where it rests, with the default delays and idle time
_BLOCK = 50  # images that are looked at together
_RANDOM = 100  # random images to choose from


@dataclass(frozen=True)
class Case:
    """Images of one kind in one mode.

    ``kind``: ``local`` when the golden gate sends every image to a local expert, ``generic`` when it sends them to
    the GE. ``images``: uint8 (N, H, W). ``theta``: the gate threshold that this holds for and that a device must be
    given; 0 on real images.
    """

    mode: Mode
    kind: str
    images: np.ndarray
    theta: int = 0

    @property
    def name(self) -> str:
        """For tables and messages, for example ``MOE_GATED, local``."""
        return f"{self.mode.name}, {self.kind}"


def user_bank(design: Design) -> Bank:
    """The user's trained bank for the design's gate preset.

    Raises:
        InputError: there is none, or it does not fit.
    """
    return load_bank(bank_file(design.moe.preset, USER), design.moe)


def cases(design: Design, bank: Bank, per_case: int) -> tuple[Case, ...]:
    """All modes with both kinds, modes first, at threshold 0.

    Local images are the first of the user's test images that the gate sends to the local expert, generic ones the
    first of the generic test images that it sends to the GE: nothing else is chosen.

    Args:
        design, bank: whose gate it is.
        per_case: images of each case.

    Raises:
        InputError: there are too few images of a kind.
    """
    _check(per_case)
    users, generic = users_source(), generic_source("test")
    sources = {
        LOCAL: (users.test(USER).images, f"the test images of user {USER} of {users.name}"),
        GENERIC: (generic.images, f"the test images of {generic.name}"),
    }
    return _every_mode(MoeModel(design.moe), bank, sources, per_case, 0)


def random_cases(design: Design, bank: Bank, per_case: int, seed: int) -> tuple[Case, ...]:
    """The same on random images, for designs that no data fit; the threshold lets the gate decide for both kinds.

    Raises:
        InputError: the gate's logits hardly differ from image to image.
    """
    _check(per_case)
    model = MoeModel(design.moe)
    images = _random_images(design, max(_RANDOM, 4 * per_case), seed)
    logits = model.run(images, Mode.MOE_PARALLEL, bank, keep_layers=True).layers["gate_out"].astype(np.int64)
    theta = int(np.median(logits[:, 1:].max(1) - logits[:, 0]))
    sources = dict.fromkeys(KINDS, (images, f"{len(images)} random images"))
    return _every_mode(model, bank, sources, per_case, theta)


def _check(per_case: int) -> None:
    if per_case < 1:
        raise InputError(f"{per_case} images a case are wanted; at least 1 is needed")


def _every_mode(
    model: MoeModel, bank: Bank, sources: dict[str, tuple[np.ndarray, str]], count: int, theta: int
) -> tuple[Case, ...]:
    """All cases from images and what they are called, by kind."""
    found = {kind: _first(model, bank, *sources[kind], kind == LOCAL, count, theta) for kind in KINDS}
    return tuple(Case(mode, kind, found[kind], theta) for mode in RUNNING_MODES for kind in KINDS)


def _random_images(design: Design, count: int, seed: int) -> np.ndarray:
    """Images of random density, uint8 (count, H, W): they reach more decisions than noise alone."""
    rng = np.random.default_rng(seed)
    shape = design.moe.network.in_shape
    pixels = rng.integers(0, 256, (count, shape.height, shape.width), np.uint8)
    return pixels * (rng.random(pixels.shape) < rng.random((count, 1, 1)))


def _first(
    model: MoeModel, bank: Bank, images: np.ndarray, source: str, local: bool, count: int, theta: int
) -> np.ndarray:
    """The first ``count`` images that the golden gate sends to a local expert, or to the GE, uint8 (count, H, W).

    Raises:
        InputError: there are too few.
    """
    found: list[np.ndarray] = []
    for start in range(0, len(images), _BLOCK):
        block = images[start : start + _BLOCK]
        experts = model.run(block, Mode.MOE_PARALLEL, bank, theta).experts
        found += list(block[(experts != 0) == local])
        if len(found) >= count:
            return np.stack(found[:count])
    expert = "a local expert" if local else "the GE"
    raise InputError(f"{count} images are wanted that the gate sends to {expert}; {source} have {len(found)}")
