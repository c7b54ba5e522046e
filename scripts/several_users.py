# SPDX-License-Identifier: Apache-2.0
"""Measure devices of several users, a local expert each: accuracies, who finds the right expert, how even the load is.

Local experts are trained once a user, a gate for each device; finished ones are kept, so an interrupted call goes on.
With --choose the balance of the gate's training is compared on training data; with --rtl the first device of four users
(or of the largest number below) answers its mixed images as simulated hardware. Exit code 1: an answer of it differs.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence
from typing import Any

import torch

from _arguments import (
    Parser,
    add_choose,
    add_gate,
    add_ge,
    add_json,
    add_keep,
    add_limit,
    add_preset,
    add_users,
    add_work,
    command,
    number_list,
    require_real,
    whole_number,
)
from _results import hand_over
from hw.gen.digest import digest_of
from spec.errors import InputError
from spec.folding import build_folding
from spec.models_digest import models_digest
from spec.paths import BUILD
from spec.presets import SHARED_GATE, Accelerator, load_toml
from tools.yosys import DEVICE
from training import several_choice as choice
from training import several_table as table
from training.gate_balance import Balance
from training.several import Device, Mixed, Several
from training.table_files import TableData
from verif.several import run_device

MOST = 8  # local experts of a device
ON_RTL = 4
BALANCES = {"none": Balance(), "soft": choice.SOFT, "hard": choice.HARD}


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--experts 1,2 --users 1,2,3,4")
    add = parser.add_argument
    add("--experts", type=number_list, default=(1, 2, 4, 8), metavar="N[,..]",
        help="local experts of a device, 1 to 8; 1 is always measured (default 1,2,4,8)")  # fmt: skip
    add_gate(parser, SHARED_GATE)
    add("--balance", choices=tuple(BALANCES), help="of the gate's training (default: the gate preset's)")
    add("--draws", type=whole_number(1), default=1, metavar="N", help="draws of neighbours (default %(default)s)")
    add_choose(parser, "balances and widths of the gate")
    add("--rtl", action="store_true", help="let a simulated device of four users answer, and compare")
    add_limit(parser, 0, "images of that device")
    add_preset(parser)
    add_users(parser, " (default)")
    add_ge(parser)
    add_work(parser, BUILD / "several", "local experts, banks and finished rows, to go on from")
    add_json(parser)
    add_keep(parser, "docs/results/several.{md,json}", beside=("choose", "rtl"))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, measure, print."""
    parser = options()
    given = parser.parse_args(arguments)
    if not given.rtl:
        parser.refuse(given, ("limit",), "a call without --rtl")
    torch.set_num_threads(1)  # the steps are too small to share
    sizes = sorted({1, *given.experts})
    if sizes[-1] > MOST:
        raise InputError(f"--experts names {sizes[-1]}, a device has at most {MOST} local experts")
    data = TableData.load(given.users)
    require_real(given.keep, data)
    if sizes[-1] > len(data.numbers):
        raise InputError(f"--experts names {sizes[-1]}, there are {len(data.numbers)} users; leave it out")
    several = Several.load(given.gate, given.ge, data.train, data.users, given.work)
    balance = BALANCES[given.balance] if given.balance else several.balance
    groups = {n: table.devices(data.numbers, n, given.draws, balance if n > 1 else Balance()) for n in sizes}
    rows = {n: table.measured(several, devices, data) for n, devices in groups.items()}
    folding = load_toml("folding", given.preset)
    foldings = {n: build_folding(folding, several.moe(n)) for n in sizes}
    result: dict[str, Any] = {
        "data": data.about(),
        "gate": several.single.moe.preset,
        "network": several.single.moe.network.digest(),
        "balance": balance.name,
        "draws": given.draws,
        "sources": models_digest(),
        "sizes": [table.summary(rows[n], rows[1]) for n in sizes],
        "devices": [row for n in sizes for row in rows[n]],
        "hardware": table.hardware(several, foldings),
        "multipliers_of_the_device": DEVICE["MULT18X18D"],
    }
    if given.choose:
        result["choice"] = _choice(several, data, given)
    if given.rtl:
        experts = max(n for n in sizes if n <= ON_RTL)
        design = Accelerator(several.moe(experts), foldings[experts])
        result["device"] = _on_rtl(several, design, groups[experts][0], data, given.limit)
    hand_over(given, table.NAME, table.as_markdown(result, data), result)
    device = result.get("device")
    return DIFFERS if device and (device["wrong"] or device["counter_differences"]) else DONE


def _choice(several: Several, data: TableData, given: Any) -> dict[str, Any]:
    """Cross-validation with the largest number of local experts up to four."""
    experts = max(n for n in (1, *given.experts) if n <= ON_RTL)
    found = {
        name: choice.cross_validate(several, data.users, data.numbers, experts, given.work, candidates=candidates)
        for name, candidates in (("balances", choice.BALANCES), ("gates", choice.GATES))
    }
    balance, gate = choice.chosen(found["balances"]), choice.narrowest(found["gates"])
    return {"experts": experts, **found, "chosen": {"balance": balance["balance"], "hidden": gate["hidden"]}}


def _on_rtl(several: Several, design: Accelerator, device: Device, data: TableData, limit: int) -> dict[str, Any]:
    sources = digest_of([design])  # before the work: an edit meanwhile makes no old figure a new one
    mixed = Mixed.of([data.users.test(user) for user in device.users], data.test).take(limit)
    several.bank(device)
    return {"sources": sources, **run_device(design, several.bank_file(device), device, mixed)}


if __name__ == "__main__":
    run(main)
