# SPDX-License-Identifier: Apache-2.0
"""serial_bridge: every test of its bench, lint, style of its sources, and defects that the bench must see."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw.board import BOARD, bridge_sources
from hw.tests.test_manifest import before_their_users
from spec.tests.cases import some_always
from tools.cocotb_run import lint, run, with_mutant
from tools.manifest import findings, read_manifest
from verif.unit.test_synthesis import BLOCK_RAM, LUT_RAM, cells

BENCH = "verif.board.bench_serial_bridge"
PARAMETERS = {"Divisor": 8, "GapCycles": 400, "ImageBytes": 37, "ResultsDepth": 5, "LabelW": 11}


def test_serial_bridge() -> None:
    run("serial_bridge", BENCH, sources=bridge_sources(), parameters=PARAMETERS, levels=2)


def test_the_manifest_has_every_file_in_order() -> None:
    assert findings(read_manifest(BOARD), BOARD) == []
    assert before_their_users(bridge_sources()) == []


@pytest.mark.parametrize("parameters", [{}, PARAMETERS, {"ImageBytes": 2046, "ResultsDepth": 255, "LabelW": 16}])
def test_lint_is_clean(parameters: dict[str, int]) -> None:
    assert lint("serial_bridge", parameters, bridge_sources()) == ""


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"ImageBytes": 2047}, "ImageBytes is 2047, a request has room for 2046"),
        ({"GapCycles": 175}, "GapCycles is 175, a byte alone takes 160"),
        ({"ResultsDepth": 256}, "result_queue: Depth is 256, allowed are 2 to 255"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(parameters: dict[str, int], sentence: str) -> None:
    assert sentence in " ".join(lint("serial_bridge", parameters, bridge_sources()).split())


@pytest.mark.parametrize("module", ["frame_receiver", "image_buffer"])
def test_a_payload_and_an_image_are_a_block_ram_each(tmp_path: Path, module: str) -> None:
    found = cells(tmp_path, module, BOARD)
    assert found[BLOCK_RAM] == 1 and LUT_RAM not in found


RECEIVER, COMMANDS, SENDER = "frame_receiver", "serial_commands", "frame_sender"
DEFECTS = {
    "takes any checksum": (RECEIVER, "(crc == Residue) ? Full : Skip", "Full", "noise/kind=flip"),
    "hunts on in damage": (RECEIVER, "if (byte_error_i) state_q <= Skip;", "if (byte_error_i) state_q <= Hunt;",
                           "a_frame_in_damage_is_none"),
    "finds a frame in damage": (RECEIVER, "? Header : Skip;", "? Header : Hunt;", "a_frame_in_damage_is_none"),
    "waits for ever for the rest": (RECEIVER, "        if (quiet) begin\n", "        if (1'b0) begin\n",
                                    "noise/kind=cut"),
    "a gap too short": (RECEIVER, "GapW'(GapCycles - 1)", "GapW'(GapCycles - 2)", "pauses"),
    "takes any length": (RECEIVER, "(length > 16'(Bytes)) ? Skip : ", "", "too_long"),
    "overlooks what comes too early": (RECEIVER, "(overrun_q || something) ? Skip : Hunt", "Hunt",
                                       "a_request_too_early"),
    "the checksum leaves the header out": (RECEIVER, "else if (byte_valid_i) crc_q <= crc;",
                                           "else if (byte_valid_i && state_q != Header) crc_q <= crc;", "hello"),
    "does a repeated request again": (COMMANDS, "request_i.sequence_number == sequence_q &&", "1'b0 &&", "repeats"),
    "hello answers as before": (COMMANDS, " && request_i.kind != 8'(KindHello);", ";", "hello"),
    "takes an image without room": (COMMANDS, "request_i.kind == 8'(KindImage) && image_busy_i", "1'b0", "no_room"),
    "loses the address's upper bits": (COMMANDS, "wanted[15:AddrW] != '0", "1'b0", "bus_errors"),
    "goes on after a bus error": (COMMANDS, "if (access_error_i || over) state_q", "if (over) state_q", "bus_errors"),
    "takes any length of a write": (COMMANDS, " && request_i.length[1:0] == 2'd2", "", "bad_requests"),
    "takes images that are too long": (COMMANDS, "request_i.length <= 16'(2 + ImageBytes)", "1'b1", "bad_requests"),
    "cuts a label that is too long": (COMMANDS, "(word_q[31:16] >> LabelW) != '0", "1'b0", "bad_requests"),
    "says nothing of damage": (COMMANDS, "damaged_q <= 1'b1;", "damaged_q <= 1'b0;", "noise/kind=loss"),
    "counts a result too many": ("result_queue", " - 8'(pop);", ";", "results"),
    "a result more than once": (COMMANDS, "assign result_ready_o = state_q == Collect && ",
                                "assign result_ready_o = state_q == Collect && !words_q[0] && ", "results"),
    "the label stays": ("image_buffer", "(next_q == '0) ? label_q : '0", "label_q", "images/pattern=none"),
    "the last pixel comes early": ("image_buffer", "next_q == count_q - 1'b1", "next_q + 2 >= count_q",
                                   "images/pattern=none"),
    "withdraws an address": ("register_master", "if (m_axil_arready) m_axil_arvalid <= 1'b0;",
                             "m_axil_arvalid <= 1'b0;", "registers/pattern=random"),
    "never tells of an error": ("register_master", "error_o <= m_axil_bresp != '0;", "error_o <= 1'b0;", "bus_errors"),
    "a wrong length": (SENDER, "16'(StatusBytes) + ", "16'd0 + ", "hello"),
    "the checksum leaves the words out": (SENDER, "(state_q == Words || ", "(", "hello"),
    "leaves the words out": (SENDER, "Wait: state_q <= Arrive;", "Wait: state_q <= Check;", "hello"),
    "reads a word too early": (SENDER, "(word_q == answer_i.words - 1'b1) ? Settle : Wait",
                               "(word_q == answer_i.words - 1'b1) ? Settle : Arrive", "latencies"),
}  # fmt: skip


@pytest.mark.parametrize("defect", some_always(DEFECTS, 9))
def test_a_defect_is_found(defect: tuple[str, str, str, str]) -> None:
    module, old, new, found_by = defect
    sources = with_mutant(bridge_sources(), module, old, new)
    results = run(
        "serial_bridge", BENCH, sources=sources, parameters=PARAMETERS, testcase=found_by, check=False, levels=2
    )
    assert list(results.failed) == [found_by], f"{found_by} did not notice that {old!r} became {new!r}"
