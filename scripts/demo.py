# SPDX-License-Identifier: Apache-2.0
"""Serve the page in front of the simulated device: draw, be misread, correct it, be understood (docs/demo.md)."""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_design, add_host, add_port, command, load_design
from demo.serve import LOOPBACK, address_of, listen, server
from demo.service import WORK, Service


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--port 8001")
    add_design(parser)
    add_host(parser, LOOPBACK)
    add_port(parser)
    parser.add_argument(
        "--name", action="append", default=[], metavar="HOST",
        help="another name by which browsers reach this machine, with --host; may be given several times",
    )  # fmt: skip
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    given = options().parse_args(arguments)
    design = load_design(given, learns=True)
    with listen(given.host, given.port) as listener:  # before the device is built: a port that is taken is said at once
        print(f"simulated device {design.name}: built when it is not there yet, which takes about a minute", flush=True)
        service = Service(design)
        try:
            print(f"Draw at {address_of(given.host, listener)} (interrupt to end)", flush=True)
            server(service, listener, given.host, given.name, WORK).run(sockets=[listener])
        finally:
            service.close()
    return DONE


if __name__ == "__main__":
    run(main)
