# SPDX-License-Identifier: Apache-2.0
"""What is compared, as a user asks for it, and the setup of the stages that follows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spec.bank_file import load_bank
from spec.errors import InputError
from spec.paths import MODELS, bank_file
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, load_accelerator
from verif.compare.images import ImageSet, load_image_set
from verif.compare.stage import Setup
from verif.faults import find_fault


@dataclass(frozen=True)
class Request:
    """An accelerator, its bank, and how it is built and set.

    Attributes:
        preset, gate: folding and gate preset.
        ge: QONNX file of the global expert.
        le_bank: bank of LE and GN weights; None takes user 1's of the gate preset.
        baked: LE and GN are constants (RTL).
        local_experts: their number; None takes the gate preset's.
        local_expert: who answers in LE_ONLY.
        theta: the gate's threshold.
        inject_fault: site of a fault in the simulated design.
    """

    preset: str = DEFAULT_FOLDING
    gate: str = DEFAULT_GATE
    ge: Path = MODELS / "ge.onnx"
    le_bank: Path | None = None
    baked: bool = False
    local_experts: int | None = None
    local_expert: int = 0
    theta: int = 0
    inject_fault: str | None = None


def load_setup(request: Request) -> tuple[Setup, int]:
    """Everything the stages need, and whose bank it is (the number in the file's name, else 1).

    Raises:
        InputError: a preset, model or bank that is missing or does not fit.
    """
    accelerator = load_accelerator(request.preset, request.gate, request.ge, request.local_experts)
    path = request.le_bank or bank_file(accelerator.moe.preset)
    bank = load_bank(path, accelerator.moe)
    if not 0 <= request.local_expert < accelerator.moe.local_experts:
        last = accelerator.moe.local_experts - 1
        raise InputError(f"--local-expert is {request.local_expert}, allowed are 0 to {last}")
    fault = find_fault(request.inject_fault) if request.inject_fault else None
    weights = request.ge.with_name(f"{request.ge.stem}_float.npz")
    number = re.search(r"user(\d+)", path.stem)
    if request.baked:
        accelerator = accelerator.bake(bank)
    setup = Setup(
        accelerator, bank, request.ge, weights if weights.exists() else None, request.theta, request.local_expert, fault
    )
    return setup, int(number[1]) if number else 1


def load_images(setup: Setup, source: Path | None, limit: int, users: Sequence[int] | None) -> ImageSet:
    """Images that fit the network; as :func:`verif.compare.images.load_image_set`.

    Raises:
        InputError: they cannot be read, or have another shape.
    """
    network = setup.accelerator.moe.network
    data, shape = load_image_set(source, limit, users, network.classes), network.in_shape
    if (shape.height, shape.width, shape.channels) != (*data.images.shape[1:], 1):
        found = f"{data.images.shape[1]}x{data.images.shape[2]}x1"
        raise InputError(f"{setup.ge}: takes images of {shape}, the data has {found}")
    return data
