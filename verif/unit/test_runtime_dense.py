# SPDX-License-Identifier: Apache-2.0
"""runtime_dense: memory words of one and of several 32-bit chunks, 1 to 16 banks, raw and requantised."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found
from verif.unit.memory_data import BIAS_FILE, WEIGHT_FILE, layer, layer_files
from verif.unit.runtime_weights import RuntimeLayer

BENCH = "verif.unit.bench_runtime_dense"


def shape(in_words: int, out_words: int, pe: int, simd: int, banks: int, **others: int) -> dict[str, int]:
    """Parameters of a shape, with the accumulator that any weights need."""
    types = {"ActW": 8, "WgtW": 8, "BiasW": 16, **others}
    layer = RuntimeLayer(in_words * simd, out_words * pe, pe, simd, types["ActW"], types["WgtW"], types["BiasW"])
    return {
        "InWords": in_words,
        "OutWords": out_words,
        "Pe": pe,
        "Simd": simd,
        "Banks": banks,
        "Tags": 8,
        "AccW": layer.acc_bits,
        "Requant": 0,
        "Shift": 0,
        **types,
    }


# 2, 3 and 5 words (2**k + 1) do not tell a word counter that runs backwards from one that runs forwards: 4 and 6 do.
SHAPES = {
    "one chunk": shape(4, 4, 1, 4, banks=2),
    "3 weight and 2 bias chunks": shape(6, 3, 3, 4, banks=3, Requant=1, Shift=9),
    "one word, one fold": shape(1, 1, 2, 1, banks=16, WgtW=5, ActW=6, BiasW=9, Multiplier=1),
    "1 bank, 7-bit weights": shape(5, 1, 5, 1, banks=1, WgtW=7, Tags=2),
}
BAKED = shape(3, 2, 3, 4, banks=1, Baked=1, WeightFile=WEIGHT_FILE, BiasFile=BIAS_FILE)
DEFECTS = {
    "ignores the bank": ("runtime_dense", ".in_bank_i  (mvu_bank),", ".in_bank_i  ('0),", "bank_switch"),
    "takes the next bank early": ("runtime_dense", "(taken && last_word),", "(taken),", "bank_switch"),
    "counts words backwards": ("runtime_dense", "'0 : word_q + 1'b1;", "'0 : word_q - 1'b1;", "bank_switch"),
    "writes alias": ("runtime_memory", "32'(write_i.bank) < Banks", "1'b1", "bank_that_does_not_exist"),
    "wrong chunk stride": ("runtime_memory", "Shift  = $clog2(Chunks)", "Shift  = Chunks", "address_map"),
    "starts without a tag": (
        "runtime_dense",
        "announced  = in_valid_i && tag_valid && !held_q;",
        "announced  = in_valid_i && !held_q;",
        "waits_for_its_tag",
    ),
}


@pytest.mark.parametrize("parameters", SHAPES.values(), ids=SHAPES)
def test_runtime_dense(parameters: dict[str, int]) -> None:
    run("runtime_dense", BENCH, parameters=parameters)


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str, str]) -> None:
    check_found("runtime_dense", BENCH, Defect(*change), SHAPES["3 weight and 2 bias chunks"])


def baked_files() -> dict[str, str]:
    """The memory files that the bench expects."""
    inputs, outputs = BAKED["InWords"] * BAKED["Simd"], BAKED["OutWords"] * BAKED["Pe"]
    return layer_files(*layer(outputs, inputs, BAKED["WgtW"], BAKED["BiasW"]), BAKED)


def test_baked_weights() -> None:
    results = run("runtime_dense", BENCH, parameters=BAKED, files=baked_files())
    assert "writes_have_no_effect" in results.passed


@pytest.mark.parametrize("name", [WEIGHT_FILE, BIAS_FILE])
def test_a_changed_bit_in_a_baked_memory_is_found(name: str) -> None:
    files = baked_files()
    first, rest = files[name].split("\n", 1)
    files[name] = f"{int(first, 16) ^ 1:x}\n{rest}"
    results = run(
        "runtime_dense", BENCH, parameters=BAKED, files=files, testcase="data/idle=none/stall=none", check=False
    )
    assert results.failed, f"no test noticed another weight in {name}"
