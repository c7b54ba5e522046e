# SPDX-License-Identifier: Apache-2.0
"""Does the RTL have the power domains, isolation, retention and sequencers that moe_accelerator.upf says?"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import sys
from collections.abc import Sequence
from pathlib import Path

from _arguments import Parser, add_design, command, load_design
from hw.gen.build import generate
from hw.power.check import check, isolation_table
from hw.power.netlist import elaborate
from hw.power.upf import UPF, read_upf
from spec.files import named_by_user


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--table")
    add_design(parser)
    parser.add_argument(
        "--upf", type=Path, default=UPF, metavar="FILE", help="the power intent (default: the shipped one)"
    )
    parser.add_argument("--table", action="store_true", help="print the isolation table of docs/power.md")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare power intent and RTL."""
    given = options().parse_args(arguments)
    elaborated = elaborate(generate(load_design(given, whole=True)))
    instances = [path for path in elaborated.netlist.instances if path]
    with named_by_user(given.upf, "read"):
        intent = read_upf(given.upf, instances)
    result = check(intent, elaborated)
    if given.table:
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
    if not result.findings and not given.table:
        print(f"ok   {given.upf.name} and the RTL agree")
    return DIFFERS if result.findings else DONE


if __name__ == "__main__":
    run(main)
