# SPDX-License-Identifier: Apache-2.0
"""Corrections where the gate has learned long before the local expert: a linear gate without confidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from driver import Accelerator
from driver.lessons import Session
from driver.read_back import read_bank
from driver.verilated import VerilatedTransport, build_device
from golden.integer_model import NetworkModel
from golden.learner import Learner, learn_inputs
from hw.gen.altered import altered_sources
from hw.gen.build import generate
from hw.regs.map import encodings
from spec import tiny_variants as tiny
from spec.bank import Bank, random_bank
from spec.bank_file import device_words
from spec.folding import build_folding
from spec.learning import LearnRule
from spec.network import Mode
from spec.presets import Accelerator as Design
from spec.tiny import FOLDING
from tools.mutants import Replacement

RULE = LearnRule(
    local_margin=2**20, local_shift=8, own_margin=2**20, generic_margin=2**20, gate_shift=8, seed=0xDEADBEEF
)


@pytest.fixture(scope="module")
def design() -> Design:
    moe = tiny.accelerator("one").moe
    slow = {**FOLDING, "le": {"pe": 1, "simd": 1}, "gate_out": {"pe": 2, "simd": 4}}
    return Design(moe, build_folding(slow, moe))


@contextmanager
def opened(design: Design, *defects: Replacement) -> Iterator[Accelerator]:
    hardware = generate(design)
    if defects:
        hardware = replace(hardware, rtl=altered_sources(defects, "slow_expert"))
    library = build_device(hardware, optimise=False)
    with Accelerator(VerilatedTransport(design, library), design) as device:
        device.set_mode(Mode.MOE_GATED)
        device.load_user(random_bank(design.moe, 5), 0)
        yield device


@pytest.fixture
def device(design: Design) -> Iterator[Accelerator]:
    with opened(design) as sound:
        yield sound


def learned(design: Design, image: np.ndarray, label: int) -> Bank:
    """The bank after one lesson, by the golden learner."""
    start = random_bank(design.moe, 5)
    learner = Learner(design.moe, start, RULE, 0)
    inputs = learn_inputs(design.moe, start, NetworkModel(design.moe.network).features(image))
    learner.learn(inputs.local[0], inputs.gate[0], label, True, True)
    return learner.bank()


def test_the_expert_is_slower_than_the_gate(design: Design) -> None:
    """Else nothing here is tested."""
    moe, folding = design.moe, design.folding.layers
    layers = moe.le.layers[0], moe.gate.layers[0]
    expert, gate = (layer.macs // (folding[layer.name].pe * folding[layer.name].simd) for layer in layers)
    assert expert > 20 * gate


def checksums(design: Design, device: Accelerator) -> tuple[int, int]:
    """Of a commit right behind a correction: the device's, and the golden learner's."""
    image = tiny.random_images(1, 1)
    session = Session(device, RULE, bank=0)
    sequence, label = int(device.classify(image).sequence[0]), 3
    session.correct(sequence, label)
    crc = session.commit()
    return crc, int(device_words(learned(design, image, label), design.moe, design.folding)[-1])


def test_a_commit_waits_for_the_expert(design: Design, device: Accelerator) -> None:
    found, expected = checksums(design, device)
    assert found == expected


def loaded_behind_a_correction(design: Design, device: Accelerator) -> Bank:
    """What a bank is that was loaded as soon as a correction was cancelled and no lesson was on its way."""
    image = tiny.random_images(1, 1)
    session = Session(device, RULE, bank=0)
    session.correct(int(device.classify(image).sequence[0]), 3)
    device.write("learn_command", cancel=1)
    # While the local expert still learns nothing may be loaded, and no other session opens.
    while device.read("learn_status.lessons"):
        device.transport.run(1)
    device.load_user(random_bank(design.moe, 5), 0)
    device.transport.run(2000)
    assert device.read("learn_status.state") == encodings()["learn_state"]["CANCELLED"]
    return read_bank(device, 0)


def test_a_cancelled_correction_is_over_before_the_next_session(design: Design, device: Accelerator) -> None:
    assert loaded_behind_a_correction(design, device).digest() == random_bank(design.moe, 5).digest()


def test_a_correction_that_ends_with_the_gate_is_seen(design: Design) -> None:
    defect = Replacement("corrections.sv", "if (unseen == '0) state_q", "if (gate_done_i) state_q")
    with opened(design, defect) as device:
        found = loaded_behind_a_correction(design, device)
    assert found.digest() != random_bank(design.moe, 5).digest()
