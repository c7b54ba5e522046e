# SPDX-License-Identifier: Apache-2.0
"""weight_rom: narrow, wide, a single word; and a file that is not there."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif import models
from verif.unit.memory_data import WEIGHT_FILE, contents

BENCH = "verif.unit.bench_weight_rom"


@pytest.mark.parametrize(("width", "depth"), [(5, 1), (32, 10), (400, 17)])
def test_weight_rom(width: int, depth: int) -> None:
    run(
        "weight_rom",
        BENCH,
        parameters={"Width": width, "Depth": depth, "InitFile": WEIGHT_FILE},
        files={WEIGHT_FILE: models.memory_text(contents(width, depth))},
    )


@pytest.mark.parametrize("low", [0, 144, 360])
def test_a_piece_of_the_words(low: int) -> None:
    run(
        "weight_rom",
        BENCH,
        parameters={"Width": 40, "Depth": 17, "InitFile": WEIGHT_FILE, "FileW": 400, "Low": low},
        files={WEIGHT_FILE: models.memory_text(contents(400, 17))},
    )


def test_wrong_contents_are_found() -> None:
    words = contents(32, 10)
    words[7] ^= 1 << 31
    results = run(
        "weight_rom",
        BENCH,
        parameters={"Width": 32, "Depth": 10, "InitFile": WEIGHT_FILE},
        files={WEIGHT_FILE: models.memory_text(words)},
        check=False,
    )
    assert list(results.failed) == ["reads"]


def test_missing_file_stops_the_simulation() -> None:
    parameters = {"Width": 32, "Depth": 10, "InitFile": WEIGHT_FILE}
    results = run("weight_rom", BENCH, parameters=parameters, check=False)
    assert f"cannot open the memory file '{WEIGHT_FILE}'" in str(results.failed)
