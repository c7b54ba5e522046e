# SPDX-License-Identifier: Apache-2.0
"""Generate the HLS (hls4ml and hand-written), simulate it in C, compare it with the integer model, and hand it off.

With a vendor's HLS compiler on PATH, synthesis, co-simulation and RTL export follow.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import (
    Parser,
    add_clock,
    add_design,
    add_ge,
    add_images,
    add_le_bank,
    add_limit,
    add_local_experts,
    add_mode,
    add_out,
    add_stages,
    add_theta,
    command,
    modes_of,
)
from hls import vendor
from spec.paths import BUILD
from verif import hls_flow


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--preset small --gate paper --local-experts 2 --limit 500")
    add_design(parser)
    add_ge(parser)
    add_local_experts(parser)
    add_le_bank(parser)
    add_images(parser)
    add_limit(parser, 200)
    add_mode(parser)
    add_theta(parser)
    add_stages(parser, hls_flow.KNOWN, tuple(hls_flow.KNOWN))
    parser.add_argument(
        "--part", default=vendor.DEFAULT_PART, metavar="NAME", help="device for the vendor's tool (default %(default)s)"
    )
    add_clock(parser, vendor.DEFAULT_CLOCK_NS)
    add_out(parser, "where summary.md and summary.json go", BUILD / "hls")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Do everything."""
    given = vars(options().parse_args(arguments))
    modes = modes_of(given.pop("mode"))
    return DONE if hls_flow.run(hls_flow.Flow(**given, modes=modes)) else DIFFERS


if __name__ == "__main__":
    run(main)
