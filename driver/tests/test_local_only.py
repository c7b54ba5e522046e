# SPDX-License-Identifier: Apache-2.0
"""A device with front end and local experts only: it loads whole banks, answers and learns, and has no other mode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import driver.verify
from driver import Accelerator
from driver.lessons import Session
from driver.read_back import read_bank
from driver.verify import DeviceCheck
from driver.verilated import VerilatedTransport, build_device
from golden.integer_model import MoeModel
from golden.learner import Learner, learn_inputs
from hw.gen.build import generate
from hw.regs.map import register
from spec.bank import random_bank
from spec.bank_file import device_words, save_bank
from spec.domains import DOMAINS
from spec.errors import InputError
from spec.learning import LearnRule
from spec.network import Mode
from spec.tiny import local_only_accelerator, tiny_accelerator, tiny_images

DESIGN = local_only_accelerator()
BANK = random_bank(DESIGN.moe, 1)
IMAGES = tiny_images(24, 3)
ABSENT = (Mode.GE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED)
GE, GN = DOMAINS.index("ge"), DOMAINS.index("gn")


@pytest.fixture
def device() -> Iterator[Accelerator]:
    library = build_device(generate(DESIGN), optimise=False)
    with Accelerator(VerilatedTransport(DESIGN, library), DESIGN) as opened:
        yield opened


def golden(bank, expert: int = 0) -> np.ndarray:
    return MoeModel(DESIGN.moe).run(IMAGES, Mode.LE_ONLY, bank, local_expert=expert).classes


def test_it_answers_as_the_golden_model_while_users_change(device: Accelerator) -> None:
    other = random_bank(DESIGN.moe, 2)
    device.set_mode(Mode.LE_ONLY)
    for number, bank in enumerate((BANK, other)):
        device.load_user(bank, number)
        for expert in range(DESIGN.moe.local_experts):
            device.set_local_expert(expert)
            found = device.classify(IMAGES)
            assert (found.classes == golden(bank, expert)).all() and (found.experts == expert + 1).all()
            assert (found.banks == number).all() and not found.no_bank.any()
    assert (golden(BANK) != golden(other)).any()


def test_a_bank_file_for_any_device_fits(device: Accelerator, tmp_path: Path, monkeypatch) -> None:
    """That of a whole device, with its gate; the check that people use goes through the modes that there are."""
    path = tmp_path / "me.bank"
    save_bank(path, BANK, DESIGN.moe, tiny_accelerator("deep", 2).folding, {})
    monkeypatch.setattr(driver.verify.Accelerator, "open", lambda design: device)
    assert "24 images in LE_ONLY, every answer equals" in DeviceCheck(DESIGN)(path, IMAGES)


@pytest.mark.parametrize("mode", ABSENT)
def test_other_modes_are_refused(device: Accelerator, mode: Mode) -> None:
    with pytest.raises(InputError, match=f"'local_only' is local_only: there is no mode {mode.name}, only OFF and"):
        device.set_mode(mode)
    assert device.read("mode.mode") == Mode.OFF


@pytest.mark.parametrize("mode", ABSENT)
def test_a_program_that_asks_all_the_same_gets_mode_off(device: Accelerator, mode: Mode) -> None:
    device.load_user(BANK, 0)
    device.set_mode(Mode.LE_ONLY)
    assert (device.classify(IMAGES).classes == golden(BANK)).all()
    device.write("mode", mode=int(mode))
    device.transport.send(IMAGES[0].ravel())
    assert len(device.transport.receive(1, timeout=3000)[0]) == 0
    assert device.read("mode_status.mode") == Mode.OFF
    device.set_mode(Mode.LE_ONLY)
    assert len(device.transport.receive(1)[0]) == 1


def test_the_absent_domains_never_wake(device: Accelerator) -> None:
    every = register("power_control").pack(force_on=0b1111)
    device.transport.write(register("power_control").address, every)
    device.load_user(BANK, 0)
    device.set_mode(Mode.LE_ONLY)
    device.classify(IMAGES)
    assert read_bank(device, 0).digest() == BANK.without_gate().digest() != BANK.digest()
    on = [device.read(f"power_status[{number}].on") for number in range(len(DOMAINS))]
    assert on == [int(number not in (GE, GN)) for number in range(len(DOMAINS))]
    counters = device.counters()
    for name, domain in counters.domains.items():
        assert bool(domain.on_cycles) == bool(domain.macs) == (name in DESIGN.folding.domains)


def test_it_learns(device: Accelerator) -> None:
    """Own images in their order; the bank's CRC is that of the golden learner's weights, without a gate."""
    rule = LearnRule(local_margin=1 << 20, own_margin=1 << 20, generic_margin=1 << 20)
    device.load_user(BANK, 0)
    device.set_mode(Mode.LE_ONLY)
    session = Session(device, rule, bank=0)
    labels = np.arange(len(IMAGES)) % DESIGN.moe.network.classes
    found = session.learn(IMAGES, labels)
    model = MoeModel(DESIGN.moe)
    inputs, learner = learn_inputs(DESIGN.moe, BANK, model.ge.features(IMAGES)), Learner(DESIGN.moe, BANK, rule)
    given = zip(inputs.local, inputs.gate, labels, strict=True)
    taught = [learner.learn(local, gate, int(label), with_gate=False).answer for local, gate, label in given]
    assert (found.classes == taught).all()
    learned = learner.bank().without_gate()
    assert session.commit() == int(device_words(learned, DESIGN.moe, DESIGN.folding)[-1])
    assert learned.digest() != BANK.without_gate().digest()
