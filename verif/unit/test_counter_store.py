# SPDX-License-Identifier: Apache-2.0
"""counter_store: counters are exact and snapshots of one cycle, whatever commands come and when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tools.cocotb_run import PARAMETERS_VARIABLE, Results, run, with_mutant
from verif.unit.store_model import SHAPES, TOP, sources

BENCH = "verif.unit.bench_counter_store"


def simulate(shape: str, files: Sequence[Path], testcase: str | None = None) -> Results:
    """Run the bench, or one test of it, on a store of this shape."""
    env = {PARAMETERS_VARIABLE: json.dumps({"shape": shape})}
    return run(TOP, BENCH, sources=files, testcase=testcase, env=env, check=False)


@pytest.mark.parametrize("shape", SHAPES)
def test_counter_store(shape: str) -> None:
    simulate(shape, sources(shape)).check()


# Text, replacement, shape, the test that must see it.
DEFECTS = {
    "a clear loses the events of its cycle": (
        "restart_q ? Bits'(increment_q)",
        "restart_q ? '0",
        "four",
        "fullest",
    ),
    "a visit does not take what it adds": ("turn_d[n] || clear_i", "clear_i", "four", "fullest"),
    "a clear leaves the counts": ("turn_d[n] || clear_i", "turn_d[n]", "four", "every_distance"),
    "a clear leaves the totals": ("stale_q <= clear_q ? LeftW'(Counters) :", "stale_q <=", "four", "every_distance"),
    "a clear leaves the total that is visited": (
        "stale_q <= clear_q ? LeftW'(Counters) :",
        "stale_q <= clear_q ? LeftW'(Counters - 1) :",
        "four",
        "every_distance",
    ),
    "a clear goes on for a visit": (
        "stale_q <= clear_q ? LeftW'(Counters) :",
        "stale_q <= clear_q ? LeftW'(Counters + 1) :",
        "four",
        "every_distance",
    ),
    "a clear disturbs the snapshot before": (
        "base_q  <= is_empty ?",
        "base_q  <= is_stale ?",
        "four",
        "every_distance",
    ),
    "a snapshot forgets the clear before": (
        "is_empty   = take_q ? is_stale : empty_q != '0",
        "is_empty   = 1'b0",
        "four",
        "every_distance",
    ),
    "a snapshot's first visit forgets the clear before": (
        "is_empty   = take_q ? is_stale : empty_q != '0",
        "is_empty   = empty_q != '0",
        "four",
        "every_distance",
    ),
    "a snapshot takes its first visit for one after the clear": (
        "empty_q <= take_q ? stale_next :",
        "empty_q <= take_q ? stale_q :",
        "four",
        "every_distance",
    ),
    "a snapshot takes the clear of its own cycle for one before": (
        "empty_q <= take_q ? stale_next :",
        "empty_q <= take_q ? (clear_q ? LeftW'(Counters) : stale_next) :",
        "four",
        "every_distance",
    ),
    "a snapshot is of the next cycle": (
        "copy_q <= count_q;",
        "copy_q <= count_q + Bits'(increment_q);",
        "four",
        "every_distance",
    ),
    "a snapshot is copied late": ("if (take_q) copy_q", "if (add_open_q) copy_q", "four", "every_distance"),
    "a snapshot's first visit is that of the one before": (
        "take_q ? count : copy;",
        "copy;",
        "four",
        "every_distance",
    ),
    "a snapshot forgets its first visit": ("take_q || open_q != '0", "open_q != '0", "four", "every_distance"),
    "a snapshot forgets its last visit": ("LeftW'(Counters - 1)", "LeftW'(Counters - 2)", "four", "every_distance"),
    "a fetch does not wait for the visits": ("written = !is_open && ", "written = ", "four", "written_in_time"),
    "a fetch does not wait for the first visit": (
        "written = !is_open && ",
        "written = open_q == '0 && ",
        "four",
        "written_in_time",
    ),
    "a fetch does not wait for the last visit": (" && !add_open_q && !write_open_q", "", "four", "written_in_time"),
    "a fetch waits too long": (" && !write_open_q;", " && !write_open_q && !late_q;", "four", "written_in_time"),
    "the halves are exchanged": ("fetch_high_i ?", "!fetch_high_i ?", "four", "every_distance"),
    "the word does not stay": ("if (there_q) word_o", "word_o", "four", "randomised"),
    "a count that fills its bits": ("largest + Width'(1));", "largest);", "four", "fullest"),
    "counts have the bits of a shorter round": (
        "Width'(Counters) * largest",
        "Width'(Counters / 2) * largest",
        "wraps",
        "fullest",
    ),
    "a total of one bit less": (
        "total_q + Width'(add_count_q)",
        "Width'(total_q[Width-2:0]) + Width'(add_count_q)",
        "wraps",
        "fullest",
    ),
    "no carry into the upper half": (
        "total_q + Width'(add_count_q)",
        "{total_q[Width-1:Width/2], total_q[Width/2-1:0] + (Width/2)'(add_count_q)}",
        "upper_half",
        "fullest",
    ),
    "no carry into the highest bit of a snapshot": (
        "base_q + Width'(add_copy_q)",
        "{base_q[Width-1], base_q[Width-2:0] + (Width - 1)'(add_copy_q)}",
        "all_bits",
        "every_distance",
    ),
    "places are not asked": ("snapshot[Place[write_index_q]]", "snapshot[PlaceW'(write_index_q)]", "wraps", "fullest"),
    "totals outlive a reset": (
        "stale_q <= LeftW'(Counters);\n      open_q",
        "stale_q <= '0;\n      open_q",
        "four",
        "reset",
    ),
    "the snapshot outlives a reset": ("open_q  <= LeftW'(Counters);", "open_q  <= '0;", "four", "reset"),
    "the first snapshot is of what was before the reset": (
        "empty_q <= LeftW'(Counters);",
        "empty_q <= '0;",
        "four",
        "reset",
    ),
}


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str, str]) -> None:
    old, new, shape, found_by = change
    files = with_mutant(sources(shape), "counter_store", old, new)
    if "late_q" in new:
        files = with_mutant(files, files[0].stem, "  logic written, look, looked_q, there_q;", _LATE)
    results = simulate(shape, files, found_by)
    assert list(results.failed) == [found_by], f"{found_by} did not notice that {old!r} became {new!r}"


_LATE = "  logic written, look, looked_q, there_q, late_q;\n  always_ff @(posedge clk_i) late_q <= write_open_q;"


def test_an_increment_that_is_too_large_is_asserted() -> None:
    """The bench gives more than a store was made for."""
    old, new = ".Largest ({16'd5, 16'd0, 16'd3, 16'd1})", ".Largest ({16'd5, 16'd0, 16'd2, 16'd1})"
    results = simulate("four", with_mutant(sources("four"), TOP, old, new), "fullest")
    assert "counter 1 goes up by 3, at most by 2 is allowed" in str(results.failed)
