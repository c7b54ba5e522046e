# SPDX-License-Identifier: Apache-2.0
"""One bank file for several users who share a device, a local expert each (``scripts/shared_device.py``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from golden.data import balanced_subset, generic_source, load_handwriting, users_source
from spec import __version__
from spec.bank_file import save_bank
from spec.errors import InputError
from spec.folding import build_folding
from spec.paths import BUILD, MODELS
from spec.presets import DEFAULT_FOLDING, SHARED_GATE, Accelerator, load_toml
from spec.qonnx_reader import read_qonnx
from training.several import Device, Mixed, Several
from training.user_training import chosen_users

WORK = BUILD / "several"
DEVICE_IMAGES = 200  # mixed images that the device must answer


@dataclass(frozen=True)
class Request:
    """Who shares a device, and what it is.

    Attributes:
        out: the bank file.
        users: their numbers; user i has local expert i - 1 of this order. Empty for everybody.
        data: file or folder with their handwriting; None takes USERS_NPZ.
        gate, preset: gate preset, and folding of the device.
        ge: QONNX file of the global expert.
        seed: of the gate.
    """

    out: Path
    users: Sequence[int]
    data: Path | None = None
    gate: str = SHARED_GATE
    preset: str = DEFAULT_FOLDING
    ge: Path = MODELS / "ge.onnx"
    seed: int = 0


# Makes a check of a design: from a bank file and images to a sentence, or an error (driver.verify.DeviceCheck).
DeviceCheckMaker = Callable[[Accelerator], Callable[[Path, np.ndarray], str]]


def run(request: Request, check: DeviceCheckMaker | None = None) -> dict[str, Any]:
    """Train, write and try the bank; returns :func:`training.several.figures` on held-out and generic test images.

    Raises:
        InputError: there is no such user or preset, a device has fewer local experts, a user has no test image, or the
            bank cannot be written.
    """
    classes = read_qonnx(request.ge).classes
    users = (load_handwriting(request.data) if request.data else users_source()).of_classes(classes)
    numbers = chosen_users(request.users, users)
    several = Several.load(request.gate, request.ge, generic_source("train").of_classes(classes), users, WORK)
    moe = several.moe(len(numbers))
    folding = build_folding(load_toml("folding", request.preset), moe)
    if request.out.is_dir():
        raise InputError(f"{request.out}: --out must be a file here")
    device = Device(numbers, request.seed, several.balance)
    generic = balanced_subset(generic_source("test").of_classes(moe.network.classes), seed=0)
    mixed = Mixed.of([users.test(user) for user in numbers], generic)
    found = several.measure(device, mixed)
    info = {
        "users": list(numbers),
        "data": users.name,
        "generic": several.single.generic_train.name,
        "synthetic": users.synthetic or several.single.generic_train.synthetic,
        "tool": f"personal-moe-fpga {__version__}",
        "own": found["users"],
        "generic_test": {"accuracy": found["emnist"], "local": found["generic_to_local"]},
    }
    save_bank(request.out, several.bank(device), moe, folding, info)
    if check:
        print(check(Accelerator(moe, folding))(request.out, mixed.images[:DEVICE_IMAGES]))
    return {"gate": moe.preset, "folding": folding.name, "bank": str(request.out), **info, **found}


def as_text(result: dict[str, Any]) -> str:
    """The report for people."""
    lines = [f"{'user':6}{'local expert':>14}{'held-out':>10}{'right':>9}{'to their own':>14}{'load':>7}"]
    for number, (user, load) in enumerate(zip(result["own"], result["load"], strict=True), start=1):
        lines.append(
            f"{user['user']:<6}{number:>14}{user['images']:>10}{100 * user['accuracy']:>7.1f} %"
            f"{100 * user['own']:>12.1f} %{load:>7.2f}"
        )
    generic = result["generic_test"]
    lines.append(
        f"generic images: {100 * generic['accuracy']:.1f} % right, {100 * generic['local']:.1f} % to a local expert"
    )
    return "\n".join(lines)
