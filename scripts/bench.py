# SPDX-License-Identifier: Apache-2.0
"""Measure this project beside its peers: cycles, multipliers, cells, speed and accuracy on the same images.

Peers are generated on the spot and run by the same Verilator; NNgen is installed into an environment of its own. About
an hour of one core without synthesis of the peers; finished peers are kept, so an interrupted call goes on.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import (
    Parser,
    add_images,
    add_json,
    add_keep,
    add_limit,
    add_work,
    command,
    name_list,
    require_real,
    whole_number,
)
from _results import as_typed, hand_over
from hw.gen.digest import rtl_digest
from report.figures.bench import FILE, picture
from spec.files import write_bytes
from spec.paths import BUILD
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, load_accelerator
from verif.compare.images import load_image_set
from verif.peers import table
from verif.peers.bench import OURS, PEERS
from verif.peers.bench import run as run_peers
from verif.peers.request import Request


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--limit 50 --simulated 2 --synthesis 0")
    add = parser.add_argument
    add("--peers", type=name_list(PEERS), default=tuple(PEERS), metavar="NAME[,..]",
        help=f"beside this project, out of {', '.join(PEERS)} (default: all)")  # fmt: skip
    add_images(parser)
    add_limit(parser, 200, least=4)
    add("--simulated", type=whole_number(1), default=4, metavar="N",
        help="images through a peer's RTL or C simulation; accuracy is over all (default %(default)s)")  # fmt: skip
    add("--synthesis", type=whole_number(0), default=7200, metavar="SECONDS",
        help="after which a peer's synthesis is given up; 0 leaves it out (default %(default)s)")  # fmt: skip
    add_work(parser, BUILD / "bench", "what peers generate and finished rows, to go on from")
    add_json(parser)
    add_keep(parser, "docs/results/bench.{md,json}, docs/images/bench.svg", beside=("synthesis", "simulated"))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; something differs when a row differs from its own model, or a target is missed."""
    given = options().parse_args(arguments)
    design = load_accelerator(DEFAULT_FOLDING, DEFAULT_GATE)
    data = load_image_set(given.images, given.limit, None, design.moe.network.classes)
    require_real(given.keep, data)
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    names = dict.fromkeys((OURS, *given.peers))
    request = Request(data.images, data.labels, given.simulated, design)
    rows = run_peers(list(names), request, given.work, given.synthesis)
    about = {
        "command": as_typed(__file__, arguments),
        "sources": sources,
        "design": design.name,
        "data": {"name": data.name, "images": len(data), "synthetic": data.synthetic},
    }
    result = table.record(rows, OURS, about)
    hand_over(given, table.NAME, table.as_markdown(result), result)
    if given.keep:
        write_bytes(FILE, picture(result["rows"]).encode())
    return DIFFERS if result["findings"] else DONE


if __name__ == "__main__":
    run(main)
