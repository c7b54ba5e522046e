# SPDX-License-Identifier: Apache-2.0
"""bank_loader: many and few memories, 1 to 16 banks, memory words of 1 to 128 chunks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.cocotb_run import PARAMETERS_VARIABLE, Results, run, with_mutant
from verif.unit.loader_model import SHAPES, TOP, sources

BENCH = "verif.unit.bench_bank_loader"


def simulate(name: str, files: list[Path], testcase: str | None = None) -> Results:
    """Run the bench, or one test of it, on the shape ``name``."""
    env = {PARAMETERS_VARIABLE: json.dumps({"shape": name})}
    return run(TOP, BENCH, sources=files, testcase=testcase, env=env, check=False)


@pytest.mark.parametrize("name", SHAPES)
def test_bank_loader(name: str) -> None:
    simulate(name, sources(name)).check()


DEFECTS = {
    "writes the weights of a foreign GE": (
        "match_q[i] <= word_i == Header[i];",
        "match_q[i] <= word_i == Header[i] || (i == 3 && word_i[30:0] == Header[3][30:0]);",
        "foreign/index=3",
    ),
    "takes any checksum": ("else if (crc_q != CrcResidue)", "else if (1'b0)", "damaged"),
    "the checksum goes on from the load before": ("crc_q  <= '1;", "", "checksum_of_an_empty_message_does_not_count"),
    "loads the bank that images are accepted with": (
        "else if (target_valid && target_q == select_i)",
        "else if (1'b0)",
        "start_is_refused",
    ),
    "loads a bank that images use": ("else if (target_busy)", "else if (1'b0)", "start_is_refused"),
    "commits a load that lacks a word": (
        "else if (!complete_q)",
        "else if (!complete_q && count_q != CountW'(Total - 1))",
        "incomplete",
    ),
    "drops the word that is too many": (
        "complete_q ? bank_reason__OVERRUN : bank_reason__NONE",
        "bank_reason__NONE",
        "overrun",
    ),
    "a refusal is forgotten at the commit": (
        "commit_reason = reason_q;",
        "commit_reason = bank_reason__NONE;",
        "overrun",
    ),
    "activates when not asked to": (
        "activate_q  <= commit_accepted && !word_taken && activate_now_q;",
        "activate_q  <= commit_accepted && !word_taken;",
        "loads/pattern=none",
    ),
    "a spoilt bank stays valid": ("if (drop_i[b]) valid_q[b] <= 1'b0;", "", "invalidated"),
    "the old weights stay valid while they are overwritten": (
        "(invalidate_q || (start_q && !start_refused))",
        "(invalidate_q)",
        "abort",
    ),
    "banks outlive the supply of their memories": (
        "        valid_q <= '0;\n        if (memory_lost)",
        "        if (memory_lost)",
        "memory_lost",
    ),
}


WALK = {
    "addresses without room for the chunk": ("address_o = address_o << 1;", "address_o = address_o;"),
    "a memory has a word more": ("SegmentWords[segment_q] - 1'b1;", "SegmentWords[segment_q];"),
}
CHANGES = {
    **{name: ("bank_loader", *change) for name, change in DEFECTS.items()},
    **{name: ("bank_walk", *change, "loads/pattern=none") for name, change in WALK.items()},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_defect_is_found(change: tuple[str, str, str, str]) -> None:
    module, old, new, found_by = change
    name = "6 memories, 3 banks"
    results = simulate(name, with_mutant(sources(name), module, old, new), found_by)
    assert list(results.failed) == [found_by], f"{found_by} did not notice that {old!r} became {new!r}"
