# SPDX-License-Identifier: Apache-2.0
"""A served device for the tests: the real one, simulated, of which there is one build for all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch

from demo.desk import Desk
from demo.serve import running
from demo.service import Service
from driver import Accelerator
from driver.verilated import VerilatedTransport, build_device
from hw.gen.build import generate
from spec.bank import Bank
from spec.bank_file import load_bank
from spec.learning import LearnRule
from spec.paths import factory_file
from spec.presets import Accelerator as Design
from spec.presets import load_accelerator, load_toml


@cache
def design() -> Design:
    """The default device."""
    return load_accelerator()


@cache
def factory() -> Bank:
    """What everybody begins with."""
    return load_bank(factory_file(design().moe.preset), design().moe)


@cache
def service() -> Service:
    """One for all tests of a file; each test opens sessions of its own."""
    torch.set_num_threads(1)
    # The library that measures switching is there already when the tests of the proxies have run, or they need it.
    library = build_device(generate(design()), saif=True)
    device = Accelerator(VerilatedTransport(design(), library), design())
    rule = LearnRule.of(load_toml("gates", design().moe.preset), design().moe)
    return Service(design(), Desk(design(), rule, device))


@contextmanager
def served(work: Path) -> Iterator[str]:
    """Address of a server while the block runs; ``work``: its own folder."""
    with running(service(), work=work) as address:
        yield address
