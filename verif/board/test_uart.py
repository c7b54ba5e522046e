# SPDX-License-Identifier: Apache-2.0
"""uart_rx and uart_tx: even and odd cycles a bit, and defects of both."""

from __future__ import annotations

import pytest

from hw.board import BOARD
from tools.cocotb_run import Results, lint, run, with_mutant

RX, TX = "verif.board.bench_uart_rx", "verif.board.bench_uart_tx"
BENCH = {"uart_rx": RX, "uart_tx": TX}


def simulate(module: str, divisor: int, change: tuple[str, str] | None = None, testcase: str | None = None) -> Results:
    sources = [BOARD / f"{module}.sv"]
    if change:
        sources = with_mutant(sources, module, *change)
    return run(
        module, BENCH[module], sources=sources, parameters={"Divisor": divisor}, testcase=testcase, check=not change
    )


@pytest.mark.parametrize("module", BENCH)
@pytest.mark.parametrize("divisor", [8, 16, 17])
def test_uart(module: str, divisor: int) -> None:
    simulate(module, divisor)


DEFECTS = {
    "samples once": ("uart_rx", "(line_q && before_q[0]) || (line_q && before_q[1]) || (before_q[0] && before_q[1])",
                     "line_q && before_q[0] && before_q[1]", "spikes"),
    "takes any start bit": ("uart_rx", "if (bit_q == '0 && vote) state_q <= Idle;", "", "spikes"),
    "samples late": ("uart_rx", "Divisor / 2;", "Divisor - 1;", "data/rate=fast"),
    "ignores the stop bit": ("uart_rx", "valid_o <= vote;", "valid_o <= 1'b1;", "low_stop_bits"),
    "a break is many errors": ("uart_rx", "vote ? Idle : Recover", "Idle", "low_stop_bits"),
    "a line that is low at reset is an error": ("uart_rx", "before_q         <= '0;",
                                                "{before_q, line_q, meta_q} <= '1;", "low_at_reset"),
    "sends the highest bit first": ("uart_tx", "bits_q <= {1'b1, data_i}",
                                    "bits_q <= {1'b1, {<<{data_i}}}", "data/idle=random"),
    "forgets the stop bit": ("uart_tx", "4'd10", "4'd9", "data/idle=none"),
    "a bit is a cycle long": ("uart_tx", "CountW'(Divisor - 1)", "CountW'(Divisor - 2)", "data/idle=random"),
}  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(defect: tuple[str, str, str, str]) -> None:
    module, old, new, found_by = defect
    assert list(simulate(module, 16, (old, new), found_by).failed) == [found_by]


@pytest.mark.parametrize(("module", "least"), [("uart_rx", 6), ("uart_tx", 2)])
def test_a_rate_that_is_too_high_is_refused(module: str, least: int) -> None:
    source = [BOARD / f"{module}.sv"]
    assert lint(module, {"Divisor": least}, source) == ""
    sentence = f"Divisor is {least - 1}, it must be at least {least}"
    assert sentence in " ".join(lint(module, {"Divisor": least - 1}, source).split())
