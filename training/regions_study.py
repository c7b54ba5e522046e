# SPDX-License-Identifier: Apache-2.0
"""Regions R1 to R4, and usual against alternative training (paper, section 2.3), for ``scripts/regions.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from golden.integer_model import gate_decision
from spec.bank import Bank
from spec.paths import MODELS
from spec.progress import progress_bar
from tools.rows import cached_row
from training.alternative import train_corrector, train_finder
from training.features import Kind
from training.fit import fingerprint
from training.gate import gate_inputs
from training.heads import integer_logits
from training.regions import REGIONS, printed_shares, region_shares
from training.retrained import Retrained
from training.seen import Seen, measure_seen
from training.shares import balanced_share
from training.table_files import LICENCE, SEED, TableData

NAME = "regions"
TRAININGS = {
    "usual": "usual: LE on all, gate between user and generic",
    "alternative": "alternative: LE on R2 and R4, gate finds them",
    "alternative_generic": "the same, gate sees generic images too",
}
_WHOLE = {
    "overall": "users: overall",
    "overall_balanced": "users: overall, alike",
    "perfect_gate": "users: with a perfect gate",
    "generic_overall": "EMNIST: overall",
    "generic_to_le": "EMNIST: sent to LE",
}
_PARTS = {
    "le_where_ge_wrong_seen": "LE where the GE is wrong: images learned from",
    "le_where_ge_wrong_held_out": "held out",
    "le_where_ge_wrong_test": "test",
    "wrong_to_le_seen": "sent to LE, images learned from: GE wrong",
    "right_to_le_seen": "GE right",
    "wrong_to_le_test": "sent to LE, test: GE wrong",
    "right_to_le_test": "GE right",
}
_RECIPE = 2  # to be raised when the same settings give other figures


def rows(gate: str, data: TableData, work: Path, directory: Path = MODELS) -> list[dict[str, Any]]:
    """One row a user: regions on training and on test images, and what each training reaches."""
    retrained = Retrained(gate, data, work, directory)
    result = []
    for user in progress_bar(data.numbers, description=f"regions, gate '{gate}'", unit="user"):
        depends_on = {
            **retrained.settings(user),
            "study": f"{NAME} {_RECIPE}",
            "test": [fingerprint(part) for part in (data.users.test(user), data.test)],
        }
        result.append(cached_row(work, depends_on, lambda user=user: _row(retrained, user)))
    return result


def _row(retrained: Retrained, number: int) -> dict[str, Any]:
    user, data = retrained.user(number), retrained.data
    labels = user.images.labels
    learned, test = (Seen.of(retrained.model, part) for part in (user.images, data.users.test(number)))
    moe, images = retrained.training.moe, user.samples.select(user.samples.kind == Kind.IMAGE)
    ge_right, held_out = user.ge == labels, user.held_out.argmax(1) == labels
    corrector = train_corrector(retrained.training, user)
    # What the corrector says to images that it did not learn from; to the mistakes that is by cross-validation.
    corrections = integer_logits(moe.le.layers, corrector.expert.weights, images.local)
    corrections[corrector.wrong] = corrector.expert.held_out_logits[: int(corrector.wrong.sum())]

    def reached(bank: Bank, unseen: np.ndarray, epochs: int) -> dict[str, Any]:
        gate = integer_logits(moe.gate.layers, bank.gate, gate_inputs(moe, images, [unseen]))
        return _reached(retrained, bank, learned, test, unseen, gate_decision(gate, 0) > 0, epochs)

    found = {"usual": reached(user.bank, user.held_out, user.expert.epochs)}
    for name, generic_too in (("alternative", False), ("alternative_generic", True)):
        bank = train_finder(retrained.training, user, corrector, generic_too)
        found[name] = reached(bank, corrections, corrector.expert.epochs)
    own = measure_seen(retrained.model, user.bank, test)
    return {
        "user": number,
        "images": len(labels),
        "ge_wrong": int((~ge_right).sum()),
        "train": {"ge": float(ge_right.mean()), "le": float(held_out.mean())}
        | region_shares(ge_right, held_out, labels),
        "test": {"ge": float(own.ge.mean()), "le": float(own.le.mean())} | region_shares(own.ge, own.le, test.labels),
        **found,
    }


def _reached(
    retrained: Retrained,
    bank: Bank,
    learned: Seen,
    test: Seen,
    unseen: np.ndarray,
    local: np.ndarray,
    epochs: int,
) -> dict[str, Any]:
    """What one training reaches, by the integer model.

    Args:
        learned, test: the user's training and test images.
        unseen: int32 (training images, classes), of an LE that did not see them.
        local: bool (training images,), the gate gives them to the LE, with the confidence of such an LE: as it learned.
    """
    sets = (learned, test, retrained.generic_test)
    seen, own, other = (measure_seen(retrained.model, bank, part) for part in sets)
    unseen_right = unseen.argmax(1) == learned.labels
    return {
        "bank": bank.digest(),
        "epochs": epochs,
        "overall": float(own.overall.mean()),
        "overall_balanced": balanced_share(own.overall, test.labels),
        "le": float(own.le.mean()),
        "generic_overall": float(other.overall.mean()),
        "generic_ge": float(other.ge.mean()),
        "generic_to_le": float(other.local.mean()),
        "le_where_ge_wrong_seen": _mean(seen.le[~seen.ge]),
        "le_where_ge_wrong_held_out": _mean(unseen_right[~seen.ge]),
        "le_where_ge_wrong_test": _mean(own.le[~own.ge]),
        "wrong_to_le_seen": _mean(local[~seen.ge]),
        "right_to_le_seen": _mean(local[seen.ge]),
        "wrong_to_le_test": _mean(own.local[~own.ge]),
        "right_to_le_test": _mean(own.local[own.ge]),
    }


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def mean(table: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean over the users of every figure; users of whom a figure says nothing (None) are left out.

    ``perfect_gate`` is what GE and LE of a training would reach together if the gate never chose the wrong one.
    """
    table = [row | {name: row[name] | _perfect(row["test"]["ge"], row[name]) for name in TRAININGS} for row in table]

    def column(values: list[Any]) -> Any:
        if isinstance(values[0], dict):
            return {key: column([value[key] for value in values]) for key in values[0]}
        known = [value for value in values if value is not None]
        return float(np.mean(known)) if known else None

    return {
        part: column([{k: v for k, v in row[part].items() if k != "bank"} for row in table])
        for part in ("train", "test", *TRAININGS)
    }


def _perfect(ge: float, found: dict[str, Any]) -> dict[str, float]:
    wrong = found["le_where_ge_wrong_test"]
    return {"perfect_gate": ge if wrong is None else ge + (1 - ge) * wrong}


def record(tables: dict[str, list[dict[str, Any]]], data: TableData, sources: str | None) -> dict[str, Any]:
    """The result as plain data; ``sources`` names the state of the models, None for others than those shipped."""
    return {
        "data": data.about(),
        "seed": SEED,
        "arithmetic": "integer",
        "sources": sources,
        "paper": printed_shares(),
        "gates": {gate: {"mean": mean(table), "users": table} for gate, table in tables.items()},
    }


def as_markdown(result: dict[str, Any], data: TableData) -> str:
    """The tables for people."""
    parts = [
        f"{LICENCE}# Regions of section 2.3, and the alternative training\n\n"
        f"In per cent, mean over the users, by the integer golden model. {data.sentence()} Experts and gates are "
        f"trained anew by the gate preset's recipe, seed {SEED}; test data choose nothing. "
        "Reproduce: `python scripts/regions.py --keep`.\n\n"
        "R1: GE and LE right; R2: the LE alone; R3: the GE alone; R4: neither. *Training* images are judged by LEs "
        "that did not see them (cross-validation). *Alike*: every class counts alike, instead of at its own frequency. "
        "R1 + R2 + R3 is what a perfect gate would reach. Shares sent to the LE of "
        "images that the gate learned from are with the confidence of an LE that did not see them.\n"
    ]
    parts += [_section(gate, found, result["paper"]) for gate, found in result["gates"].items()]
    return "\n".join(parts)


def _cell(share: float | None) -> str:
    return "none" if share is None else f"{100 * share:.2f}"


def _section(gate: str, found: dict[str, Any], paper: dict[str, float]) -> str:
    average, users = found["mean"], found["users"]

    def regions(name: str, values: dict[str, float], suffix: str = "") -> str:
        shares = [values[f"{region}{suffix}"] for region in REGIONS]
        return "| " + " | ".join([name, *map(_cell, (*shares, sum(shares[:3])))]) + " |"

    lines = [
        regions(f"{where}{how}", average[part], suffix)
        for part, where in (("train", "training images"), ("test", "test images"))
        for how, suffix in (("", ""), (", alike", "_balanced"))
    ]
    lines.append(regions("test images, the paper's users", paper))
    by_user = [regions(f"{row['user']}", row["test"]) for row in users]

    def trainings(columns: dict[str, str]) -> str:
        body = [
            "| " + " | ".join([words, *(_cell(average[name][column]) for column in columns)]) + " |"
            for name, words in TRAININGS.items()
        ]
        head = "| training | " + " | ".join(columns.values()) + " |\n" + "|---" * (len(columns) + 1) + "|\n"
        return head + "\n".join(body)

    usual, other, both = (average[name] for name in TRAININGS)
    gaps = [t["le_where_ge_wrong_seen"] - t["le_where_ge_wrong_test"] for t in (usual, other)]

    def separation(found: dict[str, float], where: str) -> str:
        return f"{100 * (found[f'wrong_to_le_{where}'] - found[f'right_to_le_{where}']):.1f}"

    wrong, images = (int(np.mean([row[key] for row in users])) for key in ("ge_wrong", "images"))
    return (
        f"## Gate preset `{gate}`\n\n| | R1 | R2 | R3 | R4 | R1 + R2 + R3 |\n|---|---|---|---|---|---|\n"
        + "\n".join(lines)
        + "\n\nTest images by user:\n\n| user | R1 | R2 | R3 | R4 | R1 + R2 + R3 |\n|---|---|---|---|---|---|\n"
        + "\n".join(by_user)
        + f"\n\n{trainings(_WHOLE)}\n\n{trainings(_PARTS)}\n\n"
        f"R2 and R4 are {wrong} of a user's {images} training images (mean). On images that the GE gets wrong the LE "
        f"of the alternative training falls from {_cell(other['le_where_ge_wrong_seen'])} on those that it learned "
        f"from to {_cell(other['le_where_ge_wrong_test'])} on test images, {100 * gaps[1]:.1f} points; the usual one "
        f"by {100 * gaps[0]:.1f} points, to {_cell(usual['le_where_ge_wrong_test'])}. A gate that finds mistakes sends "
        "more of what the GE gets wrong than of what it gets right: by "
        f"{separation(other, 'seen')} points on images that the alternative's gate learned from and "
        f"{separation(other, 'test')} on test images; with generic images {separation(both, 'seen')} and "
        f"{separation(both, 'test')}.\n"
    )
