# SPDX-License-Identifier: Apache-2.0
"""Switching activity by mode and power domain: nothing moves in a domain that is off.

``scripts/power_activity.py`` runs a small device in every mode, each in a run of its own, and prints for each domain
the edges of its gated clock and the toggles of all nets and memories in it, from the SAIF of the run. Each run is
recorded from when the mode's domains have come to rest, with images: all of them local, so that the GE sleeps in
MOE_GATED; in OFF they wait outside.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from driver import Accelerator
from driver.verilated import VerilatedTransport, build_device
from hw.gen.build import GeneratedHardware, generate
from hw.power.upf import UPF, read_upf
from spec.bank import random_bank
from spec.domains import DOMAINS
from spec.errors import InputError
from spec.network import Mode
from spec.presets import Accelerator as Design
from verif.saif import Activity, read_saif

TOP = "TOP/moe_accelerator"
IMAGES = 6
SETTLING = 2000  # cycles, more than any sequence with the default delays
EVERY_IMAGE_LOCAL = -(1 << 31)  # gate threshold


@dataclass(frozen=True)
class DomainActivity:
    """One domain in one run.

    ``on``: its switch was closed from the first to the last cycle. ``clock_edges``: rising edges of its clock.
    ``toggles``: changes of all bits in it, inputs and weight memories included.
    """

    on: bool
    clock_edges: int
    toggles: int


def domain_activity(activity: Activity, switched_on: dict[str, bool]) -> dict[str, DomainActivity]:
    """Activity of each switched domain of the UPF file, by its name; instances of one domain are added up."""
    scopes = sorted({net.scope for net in activity.nets.values()})
    found = {}
    for name, on in switched_on.items():
        edges = toggles = 0
        for element in read_upf(UPF, scopes).domains[name].elements:
            edges = max(edges, activity.nets[element, "clk_i"].high)  # each phase at 1 is one unit of time
            toggles += sum(net.toggles for net in activity.below(element))
        found[name] = DomainActivity(on, edges, toggles)
    return found


def run_mode(device: Accelerator, mode: Mode, images: np.ndarray) -> dict[str, DomainActivity]:
    """Bring a mode to rest, then record it while it answers images.

    Raises:
        InputError: a domain was switched while it was recorded.
    """
    transport = device.transport
    device.load_user(random_bank(device.design.moe, 1))
    device.set_threshold(EVERY_IMAGE_LOCAL)
    device.set_mode(mode)
    transport.run(SETTLING)
    before = transport.power.switch
    wakes = _wake_ups(device)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "activity.saif"
        transport.trace(path)
        for image in images:
            transport.send(image.ravel())
        if mode != Mode.OFF:
            transport.receive(len(images))
        transport.run(SETTLING)
        transport.trace(None)
        activity = read_saif(path, TOP)
    if transport.power.switch != before or _wake_ups(device) != wakes:
        raise InputError(f"a domain was switched while mode {mode.name} was recorded")
    names = [f"PD_{name.upper()}" for name in DOMAINS]
    return domain_activity(activity, dict(zip(names, before, strict=True)))


def _wake_ups(device: Accelerator) -> list[int]:
    return [domain.wake_ups for domain in device.counters().domains.values()]


def measure(
    design: Design, images: np.ndarray, hardware: GeneratedHardware | None = None, modes: Sequence[Mode] = tuple(Mode)
) -> dict[str, dict[str, DomainActivity]]:
    """Every mode in a device of its own; ``hardware`` may have a defect."""
    library = build_device(hardware or generate(design), optimise=False, saif=True)
    table = {}
    for mode in modes:
        with Accelerator(VerilatedTransport(design, library), design) as device:
            table[mode.name] = run_mode(device, mode, images)
    return table


def findings(table: dict[str, dict[str, DomainActivity]]) -> list[str]:
    """What is not as it should be: anything that moves in a domain that is off, or nothing in one that is on."""
    found = []
    for mode, domains in table.items():
        for name, domain in domains.items():
            counts = f"{domain.clock_edges:,} clock edges and {domain.toggles:,} toggles"
            if not domain.on and (domain.clock_edges or domain.toggles):
                found.append(f"{name} is off in {mode} and has {counts}.")
            if domain.on and not (domain.clock_edges and domain.toggles):
                found.append(f"{name} is on in {mode} and has {counts}.")
    return found


def print_table(table: dict[str, dict[str, DomainActivity]]) -> None:
    """Clock edges and toggles of each domain in each mode."""
    names = list(next(iter(table.values())))
    print(f"{'':<14}" + "".join(f"{name:>22}" for name in names))
    print(f"{'mode':<14}" + f"{'edges':>10}{'toggles':>12}" * len(names))
    for mode, domains in table.items():
        cells = (f"{domain.clock_edges:>10,}{domain.toggles:>12,}" for domain in domains.values())
        print(f"{mode:<14}" + "".join(cells))


def sample_images(design: Design, count: int, seed: int) -> np.ndarray:
    """Random images, uint8 (count, height, width)."""
    shape = design.moe.network.in_shape
    return np.random.default_rng(seed).integers(0, 256, (count, shape.height, shape.width), np.uint8)
