# SPDX-License-Identifier: Apache-2.0
"""Each layer of the local experts and the gate alone: C-simulated, compiled to Verilog by Bambu, and simulated.

Bambu, an open HLS compiler, is looked for on PATH, or named by the environment variable BAMBU. Without it the layers
are C-simulated only.
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
    add_jobs,
    add_le_bank,
    add_limit,
    add_local_experts,
    add_out,
    add_theta,
    command,
)
from hls.bambu import DEFAULT_CLOCK_NS
from spec.paths import BUILD
from verif.layers import flow


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--tops le_hidden,le_out --limit 50")
    add_design(parser)
    add_ge(parser)
    add_local_experts(parser)
    add_le_bank(parser)
    add_images(parser)
    add_limit(parser, 200, least=1)
    add_theta(parser)
    parser.add_argument(
        "--tops", type=lambda text: tuple(text.split(",")), metavar="NAME,..", help="layers to run (default: all)"
    )
    add_clock(parser, DEFAULT_CLOCK_NS)
    add_jobs(parser, "compilations at a time")
    add_out(parser, "where layers.json goes", BUILD / "hls")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Do everything."""
    given = vars(options().parse_args(arguments))
    return DONE if flow.run(flow.LayersFlow(**given)) else DIFFERS


if __name__ == "__main__":
    run(main)
