# SPDX-License-Identifier: Apache-2.0
"""Try the demonstration's server (scripts/demo.py): scribbles and load against the golden model, times in a browser.

Stages: scribbles (random drawings in every mode), load (many clients at a time, each with a bank of its own), times
(from pen-up to the answer on the page, in headless Chromium), pictures (two screenshots of the page and a film).
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field

from _arguments import (
    Parser,
    add_design,
    add_json,
    add_out,
    add_seed,
    add_stages,
    command,
    load_design,
    shown,
    whole_number,
)
from demo import trial
from demo.client import Client
from demo.pictures import take, times
from demo.serve import running
from demo.service import Service
from demo.visitor import Visitor
from spec.files import write_json
from spec.paths import BUILD
from spec.progress import progress_bar
from tools.browser import Browser

STAGES = ("scribbles", "load", "times", "pictures")
WANTED = 300.0  # milliseconds to an answer, at most


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--stages scribbles,load --requests 200")
    add_design(parser)
    add_stages(parser, STAGES, STAGES)
    for flag, number, what in (
        ("--scribbles", 500, "random drawings"),
        ("--clients", 20, "clients at a time"),
        ("--requests", 2000, "requests of all clients"),
        ("--drawings", 200, "drawings whose time is taken"),
    ):
        parser.add_argument(
            flag, type=whole_number(1), default=number, metavar="N", help=f"{what} (default %(default)s)"
        )
    add_seed(parser)
    add_out(parser, "where the pictures go", BUILD / "demo" / "pictures")
    add_json(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stages; something differs when an answer does, or when answers come too late."""
    given = options().parse_args(arguments)
    design = load_design(given, learns=True)
    service, outcome = Service(design), _Findings()
    try:
        with running(service) as address:
            if "scribbles" in given.stages:
                _scribbles(address, service, given, outcome)
            if "load" in given.stages:
                _load(address, service, given, outcome)
            if {"times", "pictures"} & set(given.stages):
                with Browser() as browser:
                    visitor = Visitor(address, browser)
                    if "times" in given.stages:
                        _times(visitor, given, outcome)
                    if "pictures" in given.stages:
                        for path in take(visitor, given.out):
                            print(f"picture: {shown(path)}, {path.stat().st_size:,} bytes")
    finally:
        service.close()
    for one in outcome.wrong:
        print(one)
    if given.json:
        write_json(given.json, {**outcome.figures, "findings": outcome.wrong})
    return DIFFERS if outcome.wrong else DONE


@dataclass
class _Findings:
    """Figures of the stages by their names, and what was wrong."""

    figures: dict[str, dict] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def note(self, stage: str, wrong: list[str], /, **figures: float) -> None:
        self.figures[stage] = {key: round(value, 2) for key, value in figures.items()}
        self.wrong += wrong


def _scribbles(address: str, service: Service, given: Namespace, outcome: _Findings) -> None:
    client = Client(address)
    found = trial.scribbles(client, service.design, service.sessions.start.weights.bank, given.scribbles, given.seed)
    client.close()
    outcome.note("scribbles", found.wrong, answers=found.answers, wrong=len(found.wrong), seconds=found.seconds)
    said = f"{found.answers} answers in all modes, {len(found.wrong)} differ from the golden model"
    print(f"scribbles: {said}; {found.seconds:.0f} s")


def _load(address: str, service: Service, given: Namespace, outcome: _Findings) -> None:
    with progress_bar(description="load", unit=" requests", total=given.requests) as bar:
        found = trial.load(address, service.design, given.clients, given.requests, lambda: bar.update(1))
    outcome.note(
        "load", found.wrong, clients=given.clients, answers=found.answers, wrong=len(found.wrong),
        seconds=found.seconds, slowest=found.slowest,
    )  # fmt: skip
    said = (
        f"{given.clients} clients, {found.answers} of {given.requests} requests answered, {len(found.wrong)} findings"
    )
    print(f"load: {said}; {found.seconds:.0f} s, slowest answer {found.slowest:.1f} s")


def _times(visitor: Visitor, given: Namespace, outcome: _Findings) -> None:
    middle, late = trial.middle_and_late(times(visitor, given.drawings))
    wrong = [f"times: 95 % of the answers take up to {late:.0f} ms, {WANTED:.0f} are wanted"] if late > WANTED else []
    outcome.note("times", wrong, drawings=given.drawings, median_ms=middle, late_ms=late)
    said = "drawings, from the pen's lift to the answer on the page"
    print(f"times: {given.drawings} {said}: median {middle:.0f} ms, 95th percentile {late:.0f} ms")


if __name__ == "__main__":
    run(main)
