# SPDX-License-Identifier: Apache-2.0
"""The device on AMD's seventh series: cells by open synthesis, and a project for Vivado (which is not run)."""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_design, add_json, add_keep, add_out, command, load_design, shown
from hw.amd import record, vivado
from hw.amd.cells import PARTS
from spec.files import write_json
from spec.paths import BUILD

WORK = BUILD / "amd"


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--project")
    add_design(parser)
    add = parser.add_argument
    add("--project", action="store_true", help="write the project for Vivado, and do not synthesise")
    add("--fpga", choices=tuple(PARTS), default=next(iter(PARTS)), help="of the project (default %(default)s)")
    add_out(parser, "the project (default build/amd/DESIGN)")
    add_json(parser)
    add_keep(parser, "docs/results/amd.{md,json}", beside=("preset", "gate"))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the project, or count; something differs when synthesis made otherwise than counted."""
    parser = options()
    given = parser.parse_args(arguments)
    design = load_design(given)
    if given.project:
        parser.refuse(given, ("json",), "--project")
        directory = given.out or WORK / design.name
        names = vivado.project(design, given.fpga, directory)
        print(f"{shown(directory)}: {len(names)} files; there: vivado -mode batch -source {vivado.SCRIPT}")
        return DONE
    parser.refuse(given, ("fpga", "out"), "a call without --project")
    print(f"{design.name}: synthesising for AMD's seventh series, several minutes ...", flush=True)
    result = record.measure(design, WORK / f"{design.name}.log")
    print(record.terminal(result))
    if given.json:
        write_json(given.json, result)
    if given.keep:
        record.keep(result)
    return DIFFERS if result["findings"] else DONE


if __name__ == "__main__":
    run(main)
