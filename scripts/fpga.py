# SPDX-License-Identifier: Apache-2.0
"""Place and route the device, a board with it, or one module alone, with open tools: clocks, bitstream, floor plan."""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import replace

from _arguments import (
    Parser,
    add_design,
    add_json,
    add_keep,
    add_module,
    add_seeds,
    add_workers,
    command,
    load_design,
    shown,
    workers_of,
)
from hw.board.boards import Board, load_board, pll
from hw.gen.digest import rtl_digest
from hw.place import record
from hw.place.netlist import device_instances, netlist
from hw.place.seeds import CELLS, run_seeds
from report.figures.floor_plan import floor_plan
from spec.errors import InputError
from spec.files import write_bytes, write_json
from spec.paths import ROOT
from spec.presets import Accelerator
from tools.nextpnr import BITSTREAM, DEVICES, GRADES, PACKAGES, Target

PICTURE = ROOT / "docs" / "images" / "fpga.png"
_DEFAULT = Target()
_ON_NO_BOARD = ("package", "target", "clocks")  # which a board says


def megahertz(text: str) -> float:
    """Type of an option: a frequency, MHz."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 10_000:
        raise argparse.ArgumentTypeError(f"is '{text}', a number of MHz above 0 is needed")
    return value


def clock_targets(text: str) -> dict[str, float]:
    """Type of an option: ``CLOCK=MHZ``, separated by commas."""
    found = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not (name and equals):
            raise argparse.ArgumentTypeError(f"has '{part}', CLOCK=MHZ is needed")
        found[name] = megahertz(value)
    return found


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--module feature_store --grade 6")
    add_design(parser)
    add = parser.add_argument
    add_module(parser, "place this module (or instance) of the device alone, between registers")
    add("--modules", action="store_true", help="list the modules and the instances that --module knows, and end")
    add("--board", metavar="NAME", help="a board of configs/boards, or a .toml file: its top, pins, device and clock")
    add("--mhz", type=megahertz, metavar="MHZ", help="of the board's PLL, instead of what its file says")
    add("--size", choices=tuple(DEVICES), help=f"of the ECP5 (default: the board's, or {_DEFAULT.device})")
    add(
        "--package", metavar="NAME", help=f"its package (default: the largest, {_DEFAULT.package} of {_DEFAULT.device})"
    )
    add("--grade", type=int, choices=GRADES, help=f"speed grade (default: the board's, or {_DEFAULT.grade})")
    add("--target", type=megahertz, default=_DEFAULT.mhz, metavar="MHZ", help="of every clock (default %(default)g)")
    add("--clocks", type=clock_targets, default={}, metavar="CLOCK=MHZ[,..]", help="targets of single clocks")
    add("--flat", action="store_true", help="of the device: do not keep domains and layers as modules")
    add_seeds(parser, 1, "seeds 1 to N; those that are finished are not repeated")
    add_workers(parser, "seeds at a time")
    add_json(parser)
    beside = ("preset", "gate", "board", "module", "mhz", "grade", "size", *_ON_NO_BOARD, "flat", "seeds")
    add_keep(parser, "docs/results/fpga.{json,md}; of a device docs/images/fpga.png", beside=beside)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; something differs when a clock misses its target, is missing, or a seed has no result."""
    parser = options()
    given = parser.parse_args(arguments)
    board = None
    if given.board:
        parser.refuse(given, ("module", "modules", *_ON_NO_BOARD), "--board")
        board = _board(given)
    elif given.mhz:
        parser.error("--mhz is that of a board: name one with --board")
    design = load_design(given)
    if given.modules:
        _list(design)
        return DONE
    target = _target(given, board)
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    what = (
        f"module {given.module}"
        if given.module
        else "the whole device, which takes a quarter of an hour and more a seed"
    )
    print(f"{design.name}: {what} ...", flush=True)
    found = netlist(design, given.module, given.flat, board=board)
    seeds = range(1, given.seeds + 1)
    directory, done = run_seeds(found, target, seeds, workers_of(given))
    result = record.record(found, target, directory, done, sources, given.flat)
    print(record.terminal(result))
    best = directory / f"seed_{result['best_seed']}"
    picture = floor_plan(
        json.loads((best / CELLS).read_text())["cells"],
        record.part_of(found),
        record.title(result),
    )
    result["picture"] = record.picture_digest(picture)
    plan = directory / "floor_plan.png"
    write_bytes(plan, picture)
    print(f"\nbitstream: {shown(best / BITSTREAM)}, floor plan: {shown(plan)}")
    if given.json:
        write_json(given.json, result)
    if given.keep:
        record.keep(result, picture, PICTURE)
    return DIFFERS if result["findings"] else DONE


def _board(given: argparse.Namespace) -> Board:
    """The board, or one with another device (pins are those of the package), another grade or another clock."""
    board = load_board(given.board)
    changed = {"device": given.size, "grade": given.grade, "clock_mhz": given.mhz}
    if given.size:
        if board.package not in PACKAGES[given.size]:
            raise InputError(f"--size {given.size}: {DEVICES[given.size]} has no package {board.package}")
        changed["title"] = board.title.replace(_short(board.device), _short(given.size))
    board = replace(board, **{name: value for name, value in changed.items() if value is not None})
    pll(board.oscillator_mhz, board.clock_mhz)  # refuses a clock that it cannot make
    return board


def _short(device: str) -> str:
    """What stands for a device in a board's title: 85F."""
    return DEVICES[device].rpartition("-")[2]


def _target(given: argparse.Namespace, board: Board | None) -> Target:
    """What is placed on."""
    if board:
        return Target(board.device, board.package, board.grade, board.clock_mhz, lpf=board.constraints())
    size = given.size or _DEFAULT.device
    packages = PACKAGES[size]
    if given.package not in (None, *packages):
        raise InputError(f"--package {given.package}: {DEVICES[size]} has {', '.join(packages)}")
    grade = given.grade or _DEFAULT.grade
    return Target(size, given.package or packages[-1], grade, given.target, given.clocks)


def _list(design: Accelerator) -> None:
    """Every module with its instances, those that are alike in one line."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in device_instances(design):
        groups.setdefault((one.module, one.shape), []).append(one.path)
    for (module, _), paths in groups.items():
        more = f" (and {len(paths) - 1} like it)" if len(paths) > 1 else ""
        print(f"{module:22} {paths[0]}{more}")


if __name__ == "__main__":
    run(main)
