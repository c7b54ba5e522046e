# SPDX-License-Identifier: Apache-2.0
"""Mixed images of several users through the simulated device, against the integer model, with the device's counters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from driver.accelerator import Accelerator, Results
from golden.integer_model import Answers, MoeModel
from spec.bank_file import load_bank
from spec.network import Mode
from spec.presets import Accelerator as Design
from spec.progress import progress_bar
from training.several import Device, Mixed, figures, loads

PACKET = 200  # images of one call of the device


def differing(found: Results, expected: Answers) -> np.ndarray:
    """bool (N,): the device's answer is not the model's, in class or expert, or it carries a status."""
    flagged = found.short | found.long | found.no_bank | found.disabled
    return (found.classes != expected.classes) | (found.experts != expected.experts) | flagged


def run_device(
    design: Design, bank_file: Path, device: Device, mixed: Mixed, opened: Accelerator | None = None
) -> dict[str, Any]:
    """Answer mixed images in MOE_GATED and say what differs from the integer model.

    Args:
        bank_file: of the device's users, packed for any folding.
        opened: a device; default: a simulated one, built when it is not there yet.

    Returns:
        ``wrong`` answers; ``counter_differences``, counters of answers that are not what its answers add up to; the
        device's ``answers_ge`` and ``answers_le`` by its counters and their ``load``; ``cycles`` an image; and what
        :func:`training.several.figures` makes of the device's own answers.

    Raises:
        InputError: the bank is not of this design.
        DriverError: the device refuses the bank or does not answer.
    """
    bank, model = load_bank(bank_file, design.moe), MoeModel(design.moe)
    accelerator = opened or Accelerator.open(design=design)
    try:
        accelerator.load_user(bank_file)
        accelerator.set_mode(Mode.MOE_GATED)
        accelerator.counters(clear=True)
        classes, experts, wrong = [], [], 0
        for first in progress_bar(range(0, len(mixed.labels), PACKET), description="device", unit="packet"):
            images = mixed.images[first : first + PACKET]
            found = accelerator.classify(images)
            wrong += int(differing(found, model.run(images, Mode.MOE_GATED, bank)).sum())
            classes.append(found.classes)
            experts.append(found.experts)
        counters = accelerator.counters()
    finally:
        if opened is None:
            accelerator.close()
    own = Answers(np.concatenate(classes), np.concatenate(experts))
    counted = np.bincount(own.experts, minlength=1 + len(device.users)).tolist()
    by_device = [counters.answers_ge, *counters.answers_le]
    about = figures(device, mixed, own)
    return {
        "design": design.name,
        "images": len(mixed.labels),
        "wrong": wrong,
        "counter_differences": sum(a != b for a, b in zip(counted, by_device, strict=True)),
        "answers_ge": counters.answers_ge,
        "answers_le": list(counters.answers_le),
        "cycles": counters.cycles / len(mixed.labels),
        **{key: about[key] for key in ("accuracy", "emnist", "right_of_local")},
        "by_user": about["users"],
        "users": list(device.users),
        "load": loads(counters.answers_le),
    }
