# SPDX-License-Identifier: Apache-2.0
"""What is proven, with the defects that each proof must find."""

from __future__ import annotations

from hw.formal.runner import Control, Proof

ORDER = Proof(
    "power_sequencer order",
    "never off while not isolated; order of every sequence; Error is safe; what was retained is restored",
    top="power_sequencer_order",
    design="power_sequencer",
    depth=4,
    reach=20,
    controls=(
        Control("isolates too late", "isolate_then_save", "state_d > PowerDrain;", "state_d > PowerIsolate;"),
        Control(
            "clamps open too early",
            "isolated_unless_powered",
            "state_d < PowerUnisolate",
            "state_d < PowerClock",
        ),
        Control(
            "reset released with the clock's start",
            "clock_under_reset",
            "else if (acked) after = PowerClock;",
            "else if (acked) after = PowerReleaseReset;",
        ),
        Control("reset before save", "saves_while_running", "state_d <= PowerSave;", "state_d <= PowerIsolate;"),
        Control("drain skipped", "drain_then_isolate", "else if (idle_i) after", "else after"),
        Control("closes on who comes", "open_for_who_comes", "(isolate_o || !on_i)", "(isolate_o || !on_i || idle_i)"),
        Control("no acknowledge filter", "acknowledge_then_clock", "switch_ack_i && ack_q;", "switch_ack_i;"),
        Control(
            "retention dropped while off",
            "restored_if_retained",
            "state_d != PowerSave && keep_d;",
            "state_d != PowerSave && state_d != PowerOff && keep_d;",
        ),
        Control(
            "a withdrawn wake-up loses what was retained",
            "restored_if_retained",
            "if (state_d == PowerUnisolate) keep_d",
            "if (state_d == PowerUnisolate || (state_q == PowerRestore && !on_i)) keep_d",
        ),
        Control(
            "work while draining",
            "accepts_only_when_on",
            "accept_o    <= state_d == PowerOn;",
            "accept_o    <= !isolate_o;",
        ),
        Control(
            "the switch stays closed in Error",
            "error_is_safe",
            "state_d <= PowerReset;\n      on_o",
            "(state_d <= PowerReset || state_d == PowerError);\n      on_o",
        ),
    ),
)

_BOUNDS = dict(top="power_sequencer_bounds", design="power_sequencer", depth=18, reach=30)
BOUNDS = (
    Proof(
        "power_sequencer bounds, switch answers",
        "delay <= 2, switch within 3 cycles: on in 14 cycles, off in 13 when idle, and no error",
        parameters={"Answers": 1},
        controls=(
            Control("on bound one less", "switched_on", parameters={"OnBound": 13}),
            # A whole sequence on must come first: small constants keep the search short.
            Control(
                "off bound one less",
                "switched_off",
                parameters={"MaxDelay": 1, "MaxLag": 1, "OffBound": 1 + 1 + 3 + 3 - 1},
            ),
            Control("gives up early", "no_error", "<= count_q >= timeout_i -", "<= count_q + 16'd1 >= timeout_i -"),
        ),
        **_BOUNDS,
    ),
    Proof(
        "power_sequencer bounds, any switch",
        "delay <= 2, time-out <= 7: on or Error in 16 cycles, off or Error in 15 when idle",
        parameters={"Answers": 0},
        controls=(
            Control("on bound one less", "switched_on", parameters={"OnBound": 15}),
            Control("off bound one less", "switched_off", parameters={"OffBound": 14}),
            Control("time-out one cycle late", "switched_on", "<= count_q >= timeout_i -", "<= count_q > timeout_i -"),
        ),
        **_BOUNDS,
    ),
)

_SCOREBOARD = ("stream_scoreboard",)
_FIFO_CONTROLS = (
    Control("pushes into a full queue", "takes_unless_full", "count_q != CountW'(Depth);", "1'b1;"),
    Control("shows the word after", "right_word_in_its_place", "mem[rd_ptr_q];", "mem[wr_ptr_q];"),
    Control("forgets a word", "offers_what_it_holds", "else if (pop && !push) count_q", "else if (pop) count_q"),
)
FIFOS = tuple(
    Proof(
        f"stream_fifo, depth {depth}",
        "every word once, in order, unchanged; a waiting word stays",
        top="stream_fifo_proof",
        design="stream_fifo",
        depth=8,
        parameters={"Depth": depth},
        uses=_SCOREBOARD,
        controls=controls,
    )
    for depth, controls in (
        (1, (Control("overwrites a waiting word", "takes_unless_full", "= !valid_q || out_ready_i;", "= 1'b1;"),)),
        (3, _FIFO_CONTROLS),
        (4, ()),
    )
)

SKID = Proof(
    "stream_skid",
    "every word once, in order, unchanged; a waiting word stays",
    top="stream_skid_proof",
    design="stream_skid",
    depth=8,
    uses=_SCOREBOARD,
    controls=(
        Control("takes a third word", "takes_unless_full", " in_ready_o   <= 1'b0;", " in_ready_o   <= 1'b1;"),
        Control("loses the spare", "offers_what_it_holds", "in_valid_i || !ready_copy_q;", "in_valid_i;"),
        Control("overwrites the spare", "right_word_in_its_place", "if (ready_copy_q) spare_q", "spare_q"),
    ),
)

_WIDTH_CONTROLS = {
    (4, 2): (
        Control("drops the last group", "offers_whole_words", "valid_copy_q <= !last_copy_q;", "valid_copy_q <= 1'b0;"),
        Control("does not shift", "right_word_in_its_place", "data_q >> OutW;", "data_q;"),
    ),
    (1, 3): (
        Control(
            "overwrites a waiting word", "not_more_than_it_holds", "= !last_q || !valid_q || out_ready_i;", "= 1'b1;"
        ),
        Control("swaps lanes", "right_word_in_its_place", "{in_data_i, group_q};", "{group_q, in_data_i};"),
    ),
    (4, 1): (),
    (2, 4): (),
}
WIDTHS = tuple(
    Proof(
        f"stream_width, {i} to {o} lanes",
        "every lane once, in order, unchanged; a waiting word stays",
        top="stream_width_proof",
        design="stream_width",
        depth=8,
        parameters={"InLanes": i, "OutLanes": o},
        uses=_SCOREBOARD,
        controls=controls,
    )
    for (i, o), controls in _WIDTH_CONTROLS.items()
)

FORK = Proof(
    "stream_fork, 3 outputs",
    "each beat once to each selected output; an offer stays until it is taken",
    top="stream_fork_proof",
    design="stream_fork",
    depth=6,
    controls=(
        Control("gives a beat twice", "never_twice", "in_select_i & ~done_q;", "in_select_i;"),
        Control(
            "completes early",
            "everyone_has_it",
            "&(~in_select_i | done_q | out_ready_i)",
            "|(~in_select_i | done_q | out_ready_i)",
        ),
        Control("waits for the unselected", "not_held_up", "&(~in_select_i | done_q", "&(done_q"),
    ),
)

MUX = Proof(
    "expert_mux, 1 local expert",
    "exactly one result for each descriptor, of the chosen expert; a waiting result stays",
    top="expert_mux_proof",
    design="expert_mux",
    depth=6,
    controls=(
        Control("overwrites a waiting result", "one_result_each", "complete_q && !out_valid_o;", "complete_q;"),
        Control("a class of a GE that did not run", "right_result", "expert == '0 && needs_ge", "expert == '0"),
        Control("keeps the GE's answer", "consumes_its_own", "fire && needs_ge;", "1'b0;"),
        Control(
            "does not wait for the gate", "nothing_without_all_items", "(gate_valid_i || !image_i.use_gate)", "1'b1"
        ),
    ),
)

_GATE_CONTROLS = (
    Control(
        "a tie goes to the local expert", "formula", "(difference > DiffW'(theta_i))", "(difference >= DiffW'(theta_i))"
    ),
    Control("the highest index wins a tie", "formula", "in_data_i > best_q;", "in_data_i >= best_q;"),
    Control("overwrites a waiting decision", "one_decision_each", "= !last || !(whole_q || out_valid_o);", "= 1'b1;"),
)
GATES = tuple(
    Proof(
        f"gate_decide, {count - 1} local expert{'s' * (count > 2)}",
        "exactly one expert, 0 to N, by the formula, for any threshold; a waiting decision stays",
        top="gate_decide_proof",
        design="gate_decide",
        depth=2 * count + 4,
        parameters={"Count": count, "DataW": 3},
        controls=controls,
    )
    for count, controls in ((2, ()), (3, _GATE_CONTROLS), (4, ()))
)

PROOFS = (ORDER, *BOUNDS, *FIFOS, SKID, *WIDTHS, FORK, MUX, *GATES)
