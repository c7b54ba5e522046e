# SPDX-License-Identifier: Apache-2.0
"""Changes of sources: one token, only in code, every kind; replacements that occur exactly once."""

from __future__ import annotations

from pathlib import Path

import pytest

from spec.errors import InputError
from tools.cocotb_run import RTL
from tools.mutants import Replacement
from tools.sv_tokens import Source, tokens
from verif.mutants.changes import KINDS, changes

SAMPLE = """\
// A comment with 1 + 1, if (a && b) and x <= 0.
/// Another; !c
module sample
  import some_pkg::*;
#(
    parameter int unsigned Width = 8,
    localparam int unsigned Half = Width / 2 + 1
) (
    input  logic [Width-1:0] a_i,
    output logic [3:0] b_o
);
  if (Width < 1) begin : gen_bad_width
    $error("sample: Width is %0d, it must be at least 1 && more.", Width);
  end
  for (genvar s = 0; s < 2; s++) begin : gen_check
    if (s == 5) begin : gen_bad
      $error("sample: no %0d.", s);
    end
  end
  typedef enum logic [1:0] {Wait, Work = 2'd1, Done} state_e;
  state_e state_q;
  logic [Width-1:0] value_q;  /* 3 > 2 */
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Wait;
      value_q <= '0;
    end else if (a_i[0] && value_q <= 4'd9) begin
      value_q <= value_q + 1'b1;
      b_o <= table_q[index_q];
    end
  end
  stream_fifo #(.NeverFull(1'b1)) u_fifo (.*);
  logic unused_a;
  assign unused_a = ^{a_i[1], 1'b0};
`ifndef SYNTHESIS
  always_ff @(posedge clk_i) assert (value_q != 7 || a_i == 0) else $error("sample: 1 + 1");
`endif
endmodule
"""


def found(text: str) -> set[tuple[str, str, str]]:
    """Kind, old and new token text of all changes."""
    return {(change.kind, text[change.start : change.end], change.new) for change in changes("sample", text)}


def test_the_changes_of_a_sample() -> None:
    assert found(SAMPLE) == {
        ("operator", "!", ""),
        ("condition", "(!rst_ni)", "(!(!rst_ni))"),
        ("reset", "Wait", "Work"),
        ("reset", "'0", "'1"),
        ("condition", "(a_i[0] && value_q <= 4'd9)", "(!(a_i[0] && value_q <= 4'd9))"),
        ("index", "0", "1"),
        ("operator", "&&", "||"),
        ("operator", "<=", "<"),
        ("constant", "4'd9", "4'd10"),
        ("operator", "+", "-"),
        ("constant", "1'b1", "1'b0"),
        ("index", "index_q", "0"),
    }
    assert {kind for kind, *_ in found(SAMPLE)} == set(KINDS)


def test_a_number_keeps_its_size_and_base() -> None:
    text = SAMPLE.replace("4'd9", "8'hff").replace("+ 1'b1", "- 32'hdebb_20e3")
    assert ("constant", "8'hff", "8'hfe") in found(text)
    assert ("constant", "32'hdebb_20e3", "32'hdebb20e4") in found(text)


MODULES = [path for path in sorted(RTL.glob("*.sv")) if not path.stem.endswith("_pkg")]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_one_place_and_only_code(path: Path) -> None:
    """Of every change of the RTL: comments and strings stay, and what differs is one stretch of code."""
    text = path.read_text()
    source, everything = Source(text), changes(path.stem, text)
    code = {token.start for token, is_code in zip(source.tokens, source.code, strict=True) if is_code}
    before = [(token.kind, token.text) for token in tokens(text)]
    assert len(set(everything)) == len(everything)
    for number, change in enumerate(everything):
        changed = change.replacement(text).applied(text)
        assert changed == text[: change.start] + change.new + text[change.end :] != text
        assert change.start in code
        if number % 7 == 0:  # that the rest reads as before does not depend on the place
            after = [(token.kind, token.text) for token in tokens(changed)]
            first = next(i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1])
            grown = len(after) - len(before)
            assert grown == (3 if change.kind == "condition" else 0 if change.new else -1)
            if change.kind != "condition":
                assert before[first + 1 :] == after[first + 1 + grown :]
            assert not {kind for kind, _ in before[first : first + 1]} & {"comment", "string", "directive"}


def test_what_is_no_systemverilog_is_said() -> None:
    with pytest.raises(ValueError, match="line 2: '§' begins no SystemVerilog token"):
        tokens("module m;\n§")
    with pytest.raises(ValueError, match="line 1: '\\(' has no"):
        Source("assign a = (b;")


@pytest.mark.parametrize(("old", "times"), [("c", 0), ("a", 2), ("", 0)])
def test_a_replacement_occurs_once(old: str, times: int) -> None:
    with pytest.raises(InputError, match=f"m.sv has the text '{old}' {times} times, to be replaced it must occur once"):
        Replacement("m.sv", old, "d").applied("a b a")


def test_a_replacement_changes_something(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing would change"):
        Replacement("m.sv", "b", "b").applied("a b a")
    (tmp_path / "m.sv").write_text("a b a")
    Replacement("m.sv", "b", "c").apply(tmp_path)
    assert (tmp_path / "m.sv").read_text() == "a c a"
