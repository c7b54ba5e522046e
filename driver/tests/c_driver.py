# SPDX-License-Identifier: Apache-2.0
"""Compiles C programs with the C driver and the simulated device of the tests."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from driver.tests.devices import design, library
from driver.verilated import MODEL
from hw.gen.build import generate
from hw.regs.files import HEADER, register_files

C = Path(__file__).parents[1] / "c"
PROGRAM = Path(__file__).with_name("c_program.c")
DRIVER, LEARN = C / "moe_driver.c", C / "moe_learn.c"
TIMEOUT_CYCLES = 20_000  # without a result; an image of the tiny design takes some hundreds
_WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-pedantic")


def compile_c(directory: Path, sources: Iterable[Path], *options: str) -> Path:
    """Compile C sources with the strictest warnings as errors; the register header is written to ``directory``.

    Returns:
        Path of the program.

    Raises:
        AssertionError: the compiler says something; the message has it.
    """
    (directory / HEADER).write_text(register_files()[HEADER])
    program = directory / "program"
    includes = [f"-I{directory}", f"-I{C}", f"-I{MODEL.parent}"]
    command = ["gcc", *_WARNINGS, *includes, *map(str, sources), *options, "-o", str(program)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0 and not run.stderr, run.stderr
    return program


def compile_with_device(directory: Path, program: Path, driver: Path = DRIVER, learn: Path = LEARN) -> Path:
    """Compile a program with the driver (or an altered one), linked to the simulated device."""
    device = library()
    sources = [program, driver, learn, C / "moe_simulated.c"]
    return compile_c(
        directory, sources, str(device), f"-Wl,-rpath,{device.parent}", f"-DMOE_TIMEOUT_CYCLES={TIMEOUT_CYCLES}"
    )


def memory_directory() -> Path:
    """The argument of a program that opens the simulated device."""
    return generate(design()).directory


def calls(program: Path, *lines: str) -> list[dict]:
    """Run calls (name, file, two numbers) and return what each printed."""
    run = subprocess.run(
        [program, memory_directory()], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=100
    )
    assert run.returncode == 0, run.stderr
    printed = [json.loads(line) for line in run.stdout.splitlines()]
    assert [entry["call"] for entry in printed] == [line.split()[0] for line in lines]
    return printed
