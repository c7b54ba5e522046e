# SPDX-License-Identifier: Apache-2.0
"""``python -m hw.power``: does the RTL have what ``moe_accelerator.upf`` says?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hw.gen.build import generate
from hw.power.check import check, isolation_table
from hw.power.netlist import elaborate
from hw.power.upf import UPF, read_upf
from spec.errors import InputError
from spec.presets import load_accelerator


def main() -> int:
    """Check; 0 when intent and RTL agree, 1 when they do not, 2 when one of them cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m hw.power", description=__doc__)
    parser.add_argument("--upf", type=Path, default=UPF, help="the power intent (default: %(default)s)")
    parser.add_argument("--preset", default="ecp5_85", help="folding preset (default: %(default)s)")
    parser.add_argument("--gate", default="tuned", help="gate preset (default: %(default)s)")
    parser.add_argument("--table", action="store_true", help="print the isolation table of docs/power.md")
    arguments = parser.parse_args()
    try:
        elaborated = elaborate(generate(load_accelerator(arguments.preset, arguments.gate)))
        instances = [path for path in elaborated.netlist.instances if path]
        result = check(read_upf(arguments.upf, instances), elaborated)
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if arguments.table:
        print(isolation_table(result))
    else:
        print("domain  instances  register bits  clamped outputs  sequencer")
        for domain in result.intent.domains.values():
            outputs = sum(entry.domain == domain.name for entry in result.clamped)
            sequencer = result.sequencer.get(domain.name)
            path = sequencer.path if sequencer else "-"
            print(f"{domain.name:<8}{len(domain.elements):>9}{result.registers[domain.name]:>15,}{outputs:>17}  {path}")
    for finding in result.findings:
        print(f"FAIL {finding}", file=sys.stderr)
    if not result.findings and not arguments.table:
        print(f"ok   {arguments.upf.name} and the RTL agree")
    return 1 if result.findings else 0


if __name__ == "__main__":
    sys.exit(main())
