# SPDX-License-Identifier: Apache-2.0
"""moe_registers: guard and generated register block against the register description."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hw.regs.files import BLOCK, RDL
from tools.cocotb_run import Results, lint, mutate, run, with_mutant
from verif.unit.registers import RDL_VARIABLE, TOP, sources

BENCH = "verif.unit.bench_moe_regs"


def simulate(files: Sequence[Path], tests: Sequence[str] | None = None, rdl: Path = RDL) -> Results:
    """Run the bench on ``files``, which it compares with the description ``rdl``."""
    return run(TOP, BENCH, sources=files, testcase=tests, env={RDL_VARIABLE: str(rdl)}, check=False)


def test_lint_is_clean() -> None:
    assert lint(TOP, sources=sources()) == ""


def test_moe_registers() -> None:
    simulate(sources()).check()


# Text of the description, replacement, the test that must see that the design is another one, and what it says.
OTHER_DESCRIPTIONS = {
    "reset value": ("reset = 1000;", "reset = 1001;", "reset_values", "power_timeout is 0x3e8, expected 0x3e9"),
    "read-only, not writable": (
        'field { `SETTING desc = "Number of the bank."; } bank[3:0];',
        'field { sw = r; hw = r; reset = 0; desc = "Number of the bank."; } bank[3:0];',
        "access",
        "write of 0x88, strobe 0xf",
    ),
    "written, not cleared": ("onwrite = woclr; ", "", "access", "irq_status"),
    "address": ("} theta @ 0x048;", "} theta @ 0x070;", "access", "0x70"),
}


@pytest.mark.parametrize("change", OTHER_DESCRIPTIONS.values(), ids=OTHER_DESCRIPTIONS)
def test_another_description_is_seen(change: tuple[str, str, str, str]) -> None:
    old, new, found_by, said = change
    results = simulate(sources(), [found_by], mutate(RDL, old, new))
    assert list(results.failed) == [found_by]
    assert said in results.failed[found_by]


# Module, text, replacement, the test that must fail; all in one build, since each is seen by a test of its own.
DEFECTS = (
    ("axil_guard", "partial_q <= strobe != '1;", "partial_q <= 1'b0;", "refused/kind=partial"),
    ("axil_guard", "partial_q || address_q[ByteW-1:0] != '0;", "partial_q;", "refused/kind=odd_write"),
    ("axil_guard", "= master_request_i.araddr[ByteW-1:0] != '0;", "= 1'b0;", "refused/kind=odd_read"),
    (
        Path(BLOCK).stem,
        "if(hwif_in.irq_status.no_bank.hwset) begin",
        "if(hwif_in.irq_status.no_bank.hwset && !decoded_req_is_wr) begin",
        "events",
    ),
)


def test_defects_are_found() -> None:
    files = sources()
    for module, old, new, _ in DEFECTS:
        files = with_mutant(files, module, old, new)
    seen = [found_by for *_, found_by in DEFECTS]
    unharmed = ["refused/kind=gap_write", "reset_values"]
    results = simulate(files, [*seen, *unharmed])
    assert sorted(results.failed) == sorted(seen)
    assert sorted(results.passed) == sorted(unharmed)


# What counter_reader keeps: text, replacement, the test that must fail.
READER_DEFECTS = {
    "does not wait for the block": ("block_response_i.arready && !kept_q;", "!kept_q;", "counters_behind_reads"),
    "does not wait for the fetch": ("kept_q ? here_q :", "kept_q ? 1'b1 :", "counters/pattern=none"),
    "lets others pass": ("block_response_i.arready && !kept_q;", "block_response_i.arready;", "counters/pattern=none"),
    "forgets the first counter": (">= AddrW'(moe_regs_pkg", "> AddrW'(moe_regs_pkg", "reset_values"),
    "keeps what must fail": (" && !read_fails_i;", ";", "refused/kind=odd_read"),
    "fails what it keeps": ("= !kept_q && read_fails_i;", "= read_fails_i;", "counters/pattern=none"),
    "fetches the other half": (
        "address_q[AddrW-1-:WordAddrW]",
        "address_q[AddrW-1-:WordAddrW] ^ WordAddrW'(1)",
        "reset_values",
    ),
    "fetches while the block has another": (" && reads_q == '0,", ",", "counters_behind_reads"),
    "fetches after a reset": ("      kept_q  <= 1'b0;\n      here_q", "      here_q", "fuzz/pattern=none"),
}


@pytest.mark.parametrize("change", READER_DEFECTS.values(), ids=READER_DEFECTS)
def test_a_defect_of_the_reader_is_found(change: tuple[str, str, str]) -> None:
    old, new, found_by = change
    results = simulate(with_mutant(sources(), "counter_reader", old, new), [found_by])
    assert list(results.failed) == [found_by], f"{found_by} did not notice that {old!r} became {new!r}"
