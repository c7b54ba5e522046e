# SPDX-License-Identifier: Apache-2.0
"""The table of several users on one device (``scripts/several_users.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spec.folding import Folding
from spec.progress import progress_bar
from spec.resources import Resources, domains, layers
from tools.rows import cached_row
from training.fit import fingerprint
from training.gate_balance import Balance
from training.several import Device, Mixed, Several, assignments
from training.several_choice import LEAST_LOAD, MOST_LOAD
from training.table_files import LICENCE, TableData

NAME = "several"
MOST_LOSS = 0.025
"""A user of a shared device shall have at most so much less accuracy than on a device of their own."""


def devices(numbers: Sequence[int], experts: int, seeds: int, balance: Balance) -> list[Device]:
    """The devices that are measured."""
    return [Device(group, seed, balance) for seed in range(seeds) for group in assignments(numbers, experts, seed)]


def measured(several: Several, chosen: Sequence[Device], data: TableData) -> list[dict[str, Any]]:
    """A row for each device (:func:`training.several.figures`), finished ones from where they are kept."""
    rows = []
    name = f"gate '{several.single.moe.preset}', {len(chosen[0].users)} local experts"
    for device in progress_bar(chosen, description=name, unit="device"):
        tests = [data.users.test(user) for user in device.users]
        depends_on = {
            "bank": several.depends_on(device),
            "test": [fingerprint(test) for test in (*tests, data.test)],
        }
        row = cached_row(several.work, depends_on, lambda d=device, t=tests: several.measure(d, Mixed.of(t, data.test)))
        rows.append({"seed": device.seed, "device": list(device.users), **row})
    return rows


def summary(rows: Sequence[dict[str, Any]], alone: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over the devices of one size, worst cases, and what users lose against devices of their own.

    Args:
        alone: rows of devices with one local expert; a user's figure is the mean over them.

    Returns:
        ``loss``: share by user (their mean over the devices they are on), ``worst_loss`` of any user of any device;
        ``load``: least and largest; ``holds``: what was to be shown, by name.
    """
    single = {user: np.mean(found) for user, found in _by_user(alone).items()}
    shared = _by_user(rows)
    loss = {user: float(single[user] - np.mean(found)) for user, found in shared.items()}
    worst = max(float(single[user] - min(found)) for user, found in shared.items())
    load = [value for row in rows for value in row["load"]]
    keys = ("accuracy", "emnist", "generic_to_local", "right_of_local")
    return {
        "experts": len(rows[0]["users"]),
        "devices": len(rows),
        **{key: float(np.mean([row[key] for row in rows])) for key in keys},
        **{key: float(np.mean([user[key] for row in rows for user in row["users"]])) for key in ("local", "own")},
        "by_user": {str(user): float(np.mean(found)) for user, found in sorted(shared.items())},
        "loss": {str(user): loss[user] for user in sorted(loss)},
        "worst_loss": worst,
        "load": [min(load), max(load)],
        "holds": {
            "users": max(loss.values()) <= MOST_LOSS,
            "every_device": worst <= MOST_LOSS,
            "load": load_holds(load),
        },
    }


def load_holds(load: Sequence[float]) -> bool:
    """Whether every local expert is used, and none far more than the others."""
    return min(load) >= LEAST_LOAD and max(load) <= MOST_LOAD


def _by_user(rows: Sequence[dict[str, Any]]) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    for row in rows:
        for user in row["users"]:
            found.setdefault(user["user"], []).append(user["accuracy"])
    return found


def hardware(several: Several, folding: dict[int, Folding]) -> list[dict[str, Any]]:
    """What local experts and gate of each number of local experts hold, counted from the specification alone."""
    rows = []
    for experts, fold in folding.items():
        moe = several.moe(experts)
        parts = domains(moe, fold)
        one: Resources = sum((p for name, p in layers(moe, fold)["le"].items() if name.startswith("le0")), Resources())
        rows.append(
            {
                "experts": experts,
                "folding": fold.name,
                "weight_banks": fold.weight_banks,
                "le_weight_bits": one.weight_memory_bits,
                "weight_bits": parts["le"].weight_memory_bits + parts["gn"].weight_memory_bits,
                "le_multipliers": one.multipliers,
                "multipliers": fold.multipliers(moe),
            }
        )
    return rows


def as_markdown(result: dict[str, Any], data: TableData) -> str:
    """The result for people."""
    parts = [_head(result, data), _sizes(result), _users(result)]
    parts += [_choice(result["choice"])] if result.get("choice") else []
    parts += [_device(result["device"])] if result.get("device") else []
    parts.append(_hardware(result["hardware"], result["multipliers_of_the_device"]))
    return LICENCE + "\n\n".join(parts) + "\n\nReproduce: `python scripts/several_users.py --choose --rtl --keep`.\n"


def _per_cent(share: float) -> str:
    return f"{100 * share:.2f}"


def _head(result: dict[str, Any], data: TableData) -> str:
    return (
        f"# Several users on one device\n\nGate preset `{result['gate']}`, balance of the gate's training: "
        f"{result['balance']}. {data.sentence()} All answers are the integer model's. A device's images are those of "
        f"all its users and the generic ones, mixed. Each user is equally often on a device of each size; "
        f"{result['draws']} draw(s) of neighbours."
    )


def _sizes(result: dict[str, Any]) -> str:
    lines = [
        "| local experts | devices | users | EMNIST | to any LE | to their own LE | right LE, of local ones "
        "| load, by the mean | most that a user loses, mean of devices | on one device |",
        "|" + "---|" * 10,
    ]
    for row in result["sizes"]:
        cells = [row["experts"], row["devices"]]
        cells += [_per_cent(row[key]) for key in ("accuracy", "emnist", "local", "own", "right_of_local")]
        cells += [" to ".join(f"{value:.2f}" for value in row["load"])]
        cells += [_points(max(row["loss"].values())), _points(row["worst_loss"])]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    words = (
        "In per cent; losses in points against the user's own device with one local expert. *Right LE*: of the users' "
        "images that a local expert answers, how many their own one does. *Load*: answers of a local expert to the "
        "mixed images, by the mean of the device's."
    )
    return "\n".join(lines) + f"\n\n{words}\n\n" + "\n".join(_verdicts(result["sizes"]))


def _points(share: float) -> str:
    return f"{100 * share:.2f}"


def _verdicts(sizes: Sequence[dict[str, Any]]) -> list[str]:
    """Of every size with several local experts, whether it does what was to be shown."""
    lines = []
    for row in sizes:
        if row["experts"] == 1:
            continue
        holds = row["holds"]
        beyond = {user: loss for user, loss in row["loss"].items() if loss > MOST_LOSS}
        users = "every user" if holds["users"] else f"all users but {', '.join(beyond)}"
        more = "" if holds["users"] else f" (they lose {', '.join(_points(loss) for loss in beyond.values())})"
        once = "too" if holds["every_device"] else f"not: one loses {_points(row['worst_loss'])}"
        load = (
            f"within {LEAST_LOAD:g} and {MOST_LOAD:g}"
            if holds["load"]
            else f"not within {LEAST_LOAD:g} and {MOST_LOAD:g}"
        )
        lines.append(
            f"* {row['experts']} local experts: {users} within {_points(MOST_LOSS)} points of an own device{more}, in "
            f"the mean over devices; on every single device {once}. Loads {load}."
        )
    return lines


def _users(result: dict[str, Any]) -> str:
    sizes = result["sizes"]
    head = " | ".join(f"{row['experts']} local expert{'s' * (row['experts'] > 1)}" for row in sizes)
    lines = [f"## By user\n\n| user | {head} |", "|---" * (1 + len(sizes)) + "|"]
    for user in sizes[0]["by_user"]:
        cells = [_per_cent(row["by_user"][user]) for row in sizes]
        lines.append(f"| {user} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _choice(choice: dict[str, Any]) -> str:
    """Balances, then widths of the gate."""
    asked = {"balances": ("Which balance", "balance"), "gates": ("How wide a gate", "hidden")}
    parts = []
    for name, (title, key) in asked.items():
        parts.append(f"## {title}\n\nCross-validation on training data, {choice['experts']} local experts.\n")
        parts.append(f"{_candidates(choice[name], key)}\n\nChosen: {choice['chosen'][key]}.\n")
    return "\n".join(parts).rstrip() + " ± is the standard error over devices, of the gain over the first line."


def _candidates(rows: Sequence[dict[str, Any]], key: str) -> str:
    lines = [
        f"| {key} | users | EMNIST | right LE | load | mean of users and EMNIST, gain in points |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [str(row[key]), *(_per_cent(row[key]) for key in ("accuracy", "emnist", "right_of_local"))]
        cells.append(" to ".join(f"{value:.2f}" for value in row["load"]))
        cells.append(f"{_points(row['gain'])} ± {_points(row['gain_error'])}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _device(device: dict[str, Any]) -> str:
    counted = ", ".join(f"{value:.2f}" for value in device["load"])
    return (
        f"## On the RTL\n\nUsers {', '.join(map(str, device['users']))} on one device ({device['design']}), "
        f"{device['images']:,} mixed images in MOE_GATED: {device['wrong']} answers differ from the integer model's, "
        f"{device['counter_differences']} counters from the answers. Answers by the device's counters: GE "
        f"{device['answers_ge']:,}, local experts {', '.join(f'{n:,}' for n in device['answers_le'])}; load {counted}. "
        f"From the device's own answers: users {_per_cent(device['accuracy'])}, EMNIST {_per_cent(device['emnist'])}; "
        f"{device['cycles']:,.0f} cycles an image."
    )


def _hardware(rows: Sequence[dict[str, Any]], limit: int) -> str:
    lines = [
        "## What it takes\n\nCounted from the specification. A local expert is a block of its own, with memories for "
        f"{rows[0]['weight_banks']} banks.\n",
        "| local experts | weight memory of an LE, bits | of all LE and GN, bits | multipliers of an LE "
        f"| of the device (an ECP5-85 has {limit}) |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [f"{row[key]:,}" for key in ("le_weight_bits", "weight_bits", "le_multipliers", "multipliers")]
        lines.append(f"| {row['experts']}, `{row['folding']}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)
