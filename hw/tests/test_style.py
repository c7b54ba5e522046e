# SPDX-License-Identifier: Apache-2.0
"""House style of every SystemVerilog source, and that the check sees what is not."""

from __future__ import annotations

import subprocess

from hw.style import RULE, findings
from spec.paths import ROOT
from tools.mutants import Replacement


def test_sources_are_in_house_style() -> None:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.sv"], cwd=ROOT, capture_output=True)
    names = [name for name in listed.stdout.decode().split() if (ROOT / name).is_file()]
    assert "hw/rtl/moe_core.sv" in names
    assert [one for name in names for one in findings(name, (ROOT / name).read_text())] == []


RULED = "  // ---- Title ".ljust(RULE, "-")
GOOD = f"""{RULED}
module good (
);
  other #(
      .Width(1)
  ) u_other (
      .clk_i
  );
  simple u_simple (
  );
  if (a) begin : gen_a
  function automatic logic f (
endmodule
"""


def test_what_is_not_is_seen() -> None:
    assert findings("good.sv", GOOD) == []
    for old, new, finding in (
        (") u_other (", ") i_other (", "bad.sv:6: the instance i_other does not begin with u_."),
        ("simple u_simple (", "simple simple (", "bad.sv:9: the instance simple does not begin with u_."),
        ("if (a)", f"if ({'a' * 120})", "bad.sv:11: the line has 141 characters, allowed are 120."),
        (RULED, "  // -------- title", f"bad.sv:1: a section rule is '// ---- Title ----', {RULE} columns wide."),
        (RULED, f"{RULED}-", f"bad.sv:1: a section rule is '// ---- Title ----', {RULE} columns wide."),
    ):
        assert findings("bad.sv", Replacement("bad.sv", old, new).applied(GOOD)) == [finding]
