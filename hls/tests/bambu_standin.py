# SPDX-License-Identifier: Apache-2.0
"""A stand-in for Bambu: takes its arguments, knows only tops that change the width of a stream, and gives its ports.

``STANDIN_DEFECT`` breaks it: ``narrow`` halves an output port as a compiler did that was given a structure, ``lost``
drops a word's lanes, ``fails`` ends with an error.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from spec.paths import ROOT

MODULE = """\
module {name}(clock, reset, start_port, done_port, in_dout, in_empty_n, in_read, out_din, out_full_n, out_write);
  input clock;
  input reset;
  input start_port;
  output done_port;
  input [{in_high}:0] in_dout;
  input in_empty_n;
  output in_read;
  output [{out_high}:0] out_din;
  input out_full_n;
  output out_write;
  reg [{unit_high}:0] held;
  reg [15:0] have;
  assign done_port = 1'b0;
  assign in_read = start_port && in_empty_n && have + {in_bits} <= {unit_bits};
  assign out_write = have >= {out_bits} && !in_read && out_full_n;
  assign out_din = held{defect};
  always @(posedge clock) begin
    if (!reset) have <= 0;
    else if (in_read) begin
      held <= (held & ~({{{unit_bits}{{1'b1}}}} << have)) | ({{{{({unit_bits}-{in_bits}){{1'b0}}}}, in_dout}} << have);
      have <= have + {in_bits};
    end else if (out_write) begin
      held <= held >> {out_bits};
      have <= have - {out_bits};
    end
  end
endmodule
"""


def module(name: str, ports: dict[str, int], defect: str) -> str:
    """Verilog of a change of width."""
    unit = 2 * max(ports.values())
    numbers = {"in_bits": ports["in"], "out_bits": ports["out"], "unit_bits": unit, "unit_high": unit - 1}
    high = (ports["out"] // 2 if defect == "narrow" else ports["out"]) - 1
    broken = " & ~1" if defect == "lost" else ""
    return MODULE.format(name=name, in_high=ports["in"] - 1, out_high=high, defect=broken, **numbers)


def main() -> int:
    """What the compiler does."""
    if "--version" in sys.argv:
        print("Version: stand-in 1.0")
        return 0
    defect = os.environ.get("STANDIN_DEFECT", "")
    name = next(word.split("=")[1] for word in sys.argv if word.startswith("--top-fname="))
    unit = next(word for word in sys.argv if word.endswith(".cpp"))
    listed = re.findall(r"hls::stream<ap_uint<(\d+)> >& (\w+)", Path(unit).read_text())
    ports = {port: int(bits) for bits, port in listed}
    if defect == "fails" or ports.keys() != {"in", "out"}:
        print(f"error: {name}: map::at")
        return 1
    Path(f"{name}.v").write_text(module(name, ports, defect))
    return 0


def install(directory: Path) -> Path:
    """Make it an executable in ``directory``; returns its path."""
    path = directory / "bambu"
    code = "import sys; from hls.tests.bambu_standin import main; sys.exit(main())"
    path.write_text(f"#!/bin/sh\nPYTHONPATH='{ROOT}' exec {sys.executable} -c '{code}' \"$@\"\n")
    path.chmod(0o755)
    return path
