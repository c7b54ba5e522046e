# SPDX-License-Identifier: Apache-2.0
"""What users with about as many images a class got in the kept study: a line of ``personalize``'s report."""

from __future__ import annotations

import json
import math
from hashlib import sha256
from pathlib import Path
from typing import Any

from golden.data import LabelledImages
from spec.network import Moe
from spec.paths import RESULTS
from training.personalize import Recipe
from training.user_training import training_settings

FILE = RESULTS / "few_samples.json"


def fits(moe: Moe, recipe: Recipe) -> str:
    """16 hex digits: figures of one network or training say nothing about another with the same name."""
    parts = (moe.network.digest(), moe.arithmetic, moe.le_start, moe.threshold, training_settings(moe, recipe))
    return sha256(" ".join(map(str, parts)).encode()).hexdigest()[:16]


def few_samples_note(moe: Moe, recipe: Recipe, train: LabelledImages, file: Path | None = None) -> str | None:
    """One sentence; None when there is no readable study, or it knows nothing of this preset.

    Args:
        train: what the user's bank is made from: the study's row with the nearest number of images a class is taken.
        file: default: ``FILE``.
    """
    found = _points(moe, fits(moe, recipe), file or FILE)
    classes = int((train.class_counts() > 0).sum())
    if not found or not classes:
        return None
    users, points = found
    each = len(train) / classes
    point = min(points, key=lambda one: abs(math.log(one["images_a_class"] / each)))
    before, after, generic = (100 * point["mean"][key]["mean"] for key in ("ge", "overall", "generic_overall"))
    images = f"{point['images_a_class']:.1f}".removesuffix(".0")
    return (
        f"For comparison, {users} users with {images} image{'s' * (images != '1')} a class, in the mean: GE alone "
        f"{before:.1f} %, after {after:.1f} %, generic {generic:.1f} % (docs/results/few_samples.md)."
    )


def _points(moe: Moe, digest: str, file: Path) -> tuple[int, list[dict[str, Any]]] | None:
    """Number of users, and the study's points with at least one image."""
    try:
        gate = json.loads(file.read_text())["gates"][moe.preset]
        points = [point for point in gate["starts"]["usual"] if point["images_a_class"] > 0]
        known = gate["fits"] == digest and points
        return (len({row["user"] for row in gate["rows"]}), points) if known else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
