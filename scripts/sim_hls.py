# SPDX-License-Identifier: Apache-2.0
"""Run the RTL's test bench on the Verilog that an HLS compiler exports, where there is one or a tool to make it."""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence
from pathlib import Path

from _arguments import Parser, command
from spec import tiny_variants as tiny
from spec.errors import CheckFailed, InputError
from tools.cocotb_run import SimulationError
from verif.top import exported


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--variant two")
    add = parser.add_argument
    add("--variant", choices=tiny.VARIANTS, help="accelerator with one, two or eight local experts (default: all)")
    add("--export", type=Path, metavar="DIR", help="Verilog that was exported elsewhere; needs --variant")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how many tests passed and which failed; that there is nothing to simulate is said, and no failure."""
    given = options().parse_args(arguments)
    if given.export and not given.variant:
        raise InputError("--export needs --variant, which says what was exported")
    failed = False
    for variant in [given.variant] if given.variant else tiny.VARIANTS:
        export = given.export or exported.find_or_make_export(tiny.accelerator(variant))
        if export is None:
            print(f"{variant}: {exported.NOTHING}", flush=True)
            continue
        try:
            results = exported.simulate(variant, export)
        except SimulationError as error:  # the Verilog is what is tested here, and not this project's
            raise CheckFailed(f"{export}: {error}") from None
        print(f"{variant}: {len(results.passed)} tests passed, {len(results.failed)} failed, on {export}", flush=True)
        for name, message in results.failed.items():
            print(f"  {name}: {message}")
        failed |= bool(results.failed)
    return DIFFERS if failed else DONE


if __name__ == "__main__":
    run(main)
