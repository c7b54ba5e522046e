# SPDX-License-Identifier: Apache-2.0
"""The paper's Tables 4 and 5 on the data at hand (``scripts/table4.py``)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from golden import paper_tables
from golden.integer_model import MoeModel
from golden.torch_model import Network
from spec.bank import Bank
from spec.bank_file import load_bank
from spec.errors import InputError
from spec.network import Moe
from spec.paths import BUILD, MODELS, bank_file
from spec.presets import TRAINED_GATES, load_moe, load_toml
from spec.progress import progress_bar
from training import fine_tune as tuning
from training.fit import fingerprint
from training.global_expert import load_float_weights
from training.personalize import evaluate
from training.pooled_sizes import mean_row, personal_weights
from training.row_cache import cached_row
from training.store import head_file, load_head
from training.table_files import LICENCE, PAPER_DATA, SEED, TableData
from training.untrained import overall, untrained_bank

NAME = "table4"
SEEDS = 20  # random LE and GN: what a random gate gives to the LE is anything from no image to all, so one says little
MODELS_IN_TABLE = {
    "moe_paper": "MoE, gate `paper`",
    "moe_tuned": "MoE, gate `tuned`",
    "harris": "[7]",
    "fine_tuning": "fine-tuning",
}
_RECIPE = 1  # to be raised when the same settings give other weights
_SETS = ("customised", "emnist")
_PRINTED = {"moe_paper": "moe", "moe_tuned": "moe", "harris": "harris", "fine_tuning": "fine_tuning"}


@dataclass(frozen=True)
class Models:
    """What is compared: trained models below ``directory``, ``seeds`` random starts, and where finished rows are kept.

    ``network`` is the network preset of the float GE.
    """

    directory: Path = MODELS
    network: str = "lenet5"
    seeds: int = SEEDS
    work: Path = BUILD / "table4"


def before_training(moe: Moe, seeds: int, head: Path | None, data: TableData, work: Path) -> dict[str, list[float]]:
    """Overall accuracy (0..1) of each random start, by test set, and the shares that go to the LE (``.._to_le``).

    On users' images it is the mean over the users.

    Args:
        head: file of a generic head that the local expert has instead of random weights.

    Raises:
        InputError: the file has none that fits.
    """
    weights = None if head is None else load_head(head, moe)
    if head is not None and weights is None:
        raise InputError(f"{head}: has no generic head for the gate preset '{moe.preset}' on this global expert")
    tests = [data.users.test(user) for user in data.numbers]
    model = MoeModel(moe)
    rows = []
    start = "random LE and GN" if head is None else "generic LE, random GN"
    for seed in progress_bar(range(seeds), description=f"gate '{moe.preset}', {start}", unit="start"):
        bank = untrained_bank(moe, seed, weights)

        def compute(bank: Bank = bank) -> dict[str, float]:
            customised = np.mean([overall(model, bank, test) for test in tests], axis=0).tolist()
            emnist = overall(model, bank, data.test)
            names = (f"{name}{what}" for name in _SETS for what in ("", "_to_le"))
            return dict(zip(names, (*customised, *emnist), strict=True))

        depends_on = {
            "recipe": _RECIPE,
            "bank": bank.digest(),
            "network": moe.network.digest(),
            "arithmetic": moe.arithmetic,
            "test": [fingerprint(test) for test in (*tests, data.test)],
        }
        rows.append(cached_row(work, depends_on, compute))
    return {key: [row[key] for row in rows] for key in rows[0]}


def after_training(moe: Moe, banks: Path, data: TableData) -> list[dict[str, float]]:
    """Every user's row of Table 2 with the trained bank."""
    result = []
    for user in progress_bar(data.numbers, description=f"gate '{moe.preset}' after training", unit="user"):
        bank = load_bank(bank_file(moe.preset, user, banks), moe)
        result.append(evaluate(moe, bank, data.users.test(user), data.test))
    return result


def fine_tuned(model: Network, data: TableData, work: Path) -> list[dict[str, float]]:
    """Every user's accuracies (0..1) before and after fine-tuning, with the chosen epochs and their validation."""
    digest = hashlib.sha256(b"".join(value.numpy().tobytes() for value in model.state_dict().values())).hexdigest()
    emnist = tuning.accuracy(model, data.test)
    result = []
    for user in progress_bar(data.numbers, description="fine-tuning", unit="user"):
        train, test = data.users.train(user), data.users.test(user)

        def compute(train=train, test=test) -> dict[str, float]:
            tuned = tuning.fine_tune(model, train, tuning.FINE_TUNE)
            return {
                "before_customised": tuning.accuracy(model, test),
                "before_emnist": emnist,
                "after_customised": tuning.accuracy(tuned.model, test),
                "after_emnist": tuning.accuracy(tuned.model, data.test),
                "epochs": tuned.epochs,
                "validation": tuned.validation,
            }

        depends_on = {
            "recipe": _RECIPE,
            "fine_tuning": f"{tuning.FINE_TUNE} {tuning.FOLDS} folds {tuning.LAYERS} layers",
            "model": digest,
            "data": [fingerprint(part) for part in (train, test, data.test)],
        }
        result.append(cached_row(work, depends_on, compute))
    return result


def moe_row(moe: Moe, options: Models, data: TableData) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """A row of Table 4, and the users' rows it is the mean of."""
    head = head_file(options.directory, moe.preset) if moe.le_start == "generic" else None
    before = before_training(moe, options.seeds, None, data, options.work)
    after = after_training(moe, options.directory / "banks", data)
    mean = mean_row(after, ("ge", "generic_ge", "overall", "generic_overall"))
    row: dict[str, Any] = {
        "arithmetic": "integer",
        "weights_per_user": personal_weights(moe),
        "ge_customised": mean["ge"],
        "ge_emnist": mean["generic_ge"],
        **{f"before_{name}": float(np.mean(before[name])) for name in _SETS},
        **{f"before_{name}_range": [min(before[name]), max(before[name])] for name in _SETS},
        "before_to_le": before["emnist_to_le"],
        "after_customised": mean["overall"],
        "after_emnist": mean["generic_overall"],
    }
    if head:
        start = before_training(moe, options.seeds, head, data, options.work)
        row |= {f"before_{name}_generic_head": float(np.mean(start[name])) for name in _SETS}
    return row, [{"customised": r["overall"], "emnist": r["generic_overall"]} for r in after]


def fine_tuning_row(options: Models, data: TableData) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """The same for fine-tuning."""
    model = load_float_weights(load_toml("networks", options.network), options.directory / "ge_float.npz")
    users = fine_tuned(model, data, options.work)
    means = tuple(f"{when}_{name}" for when in ("before", "after") for name in _SETS)
    about = {"arithmetic": "float32", "weights_per_user": tuning.retrained_weights(model)}
    by_user = [{"customised": r["after_customised"], "emnist": r["after_emnist"], **r} for r in users]
    return {**about, **mean_row(users, means)}, by_user


def tables(options: Models, data: TableData) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str]:
    """The rows of Table 4 and of Table 5, and the digest of the integer GE; None is what was not measured."""
    found = {}
    for gate in TRAINED_GATES:
        moe = load_moe(gate, options.directory / "ge.onnx")
        found[f"moe_{gate}"] = moe_row(moe, options, data)
    found["fine_tuning"] = fine_tuning_row(options, data)
    nothing = {f"{when}_{name}": None for when in ("before", "after") for name in _SETS}
    rows, users = [], [{"user": user} for user in data.numbers]
    for model, name in MODELS_IN_TABLE.items():
        row, by_user = found.get(model, ({"arithmetic": None, "weights_per_user": None, **nothing}, None))
        rows.append({"model": model, "name": name, **row})
        for index, user in enumerate(users):
            user |= {f"{model}_{key}": by_user[index][key] if by_user else None for key in _SETS}
    for user, tuned in zip(users, found["fine_tuning"][1], strict=True):
        user |= {f"fine_tuning_{key}": tuned[key] for key in ("epochs", "validation")}
    return rows, users, moe.network.digest()


def as_markdown(rows: list[dict[str, Any]], users: list[dict[str, Any]], seeds: int, data: TableData) -> str:
    """Both tables for people, with the paper's figures beside ours."""

    def cell(share: float | None) -> str:
        return "not measured" if share is None else f"{100 * share:.2f}"

    printed = {row["model"]: row for row in paper_tables.TABLE_4}
    columns = [f"{when}_{name}" for when in ("before", "after") for name in _SETS]
    lines4 = []
    for row in rows:
        weights = "not measured" if row["weights_per_user"] is None else f"{row['weights_per_user']:,}"
        paper = printed[_PRINTED[row["model"]]]
        cells = [row["name"], weights, *(f"{cell(row[key])} ({paper[key]:.2f})" for key in columns)]
        lines4.append("| " + " | ".join(cells) + " |")
    measured = [model for model in MODELS_IN_TABLE if model != "harris"]
    keys = [f"{model}_{name}" for model in measured for name in _SETS]
    lines5 = [f"| {user['user']} | " + " | ".join(cell(user[key]) for key in keys) + " |" for user in users]
    mean = mean_row(users, tuple(keys))
    lines5.append("| **mean** | " + " | ".join(f"**{cell(mean[key])}**" for key in keys) + " |")
    by = {row["model"]: row for row in rows}
    paper, tuned, fine = by["moe_paper"], by["moe_tuned"], by["fine_tuning"]
    low, high = min(paper["before_to_le"]), max(paper["before_to_le"])
    spread = " and ".join(
        f"{name} from {cell(paper[f'before_{key}_range'][0])} to {cell(paper[f'before_{key}_range'][1])}"
        for name, key in (("customised", "customised"), ("EMNIST", "emnist"))
    )
    head5 = " | ".join(f"{MODELS_IN_TABLE[m]}: {n}" for m in measured for n in ("customised", "EMNIST"))
    config = tuning.FINE_TUNE
    return (
        f"{LICENCE}# Tables 4 and 5 of arXiv 1811.00056 on our data\n\nAccuracy of the whole, in per cent. "
        f"{data.sentence()} In brackets what the paper prints. {PAPER_DATA}\n\n"
        "| model | weights of a user | before: customised | before: EMNIST | after: customised | after: EMNIST |\n"
        "|---|---|---|---|---|---|\n" + "\n".join(lines4) + "\n\n"
        f"* MoE: integer golden model. The GE alone: customised {cell(paper['ge_customised'])}, EMNIST "
        f"{cell(paper['ge_emnist'])}. *After* are the trained banks of Table 2.\n"
        f"* *Before*, LE and GN are random integers, as a fresh layer has them: mean of {seeds} random starts. They "
        f"differ widely: with gate `paper` they give from {cell(low)} to {cell(high)} of EMNIST to the LE, and the "
        f"accuracies are {spread}. With gate `tuned` an LE does not start "
        f"from random weights but from a generic head; with that and a random GN: customised "
        f"{cell(tuned['before_customised_generic_head'])}, EMNIST {cell(tuned['before_emnist_generic_head'])}.\n"
        "* Fine-tuning: the last two dense layers (fc1, fc2) of the float GE, in float32 and not quantised "
        "afterwards, on each user's training images alone, without augmentation; AdamW, learning rate "
        f"{config.learning_rate:g} (fixed beforehand, not searched for), batch {config.batch}; the epochs, "
        f"1 to {config.epochs}, are chosen by cross-validation on the user's training images. Test data choose "
        f"nothing. A fine-tuned user has {fine['weights_per_user']:,} weights, an MoE user "
        f"{paper['weights_per_user']:,} (`tuned`: {tuned['weights_per_user']:,}), biases not counted.\n"
        "* `tuned` also learns from augmented copies and from generic images; `paper` and fine-tuning do not.\n"
        "* [7] (Harris et al., ASP-DAC 2018) was not built.\n\n"
        f"## Table 5: after training, by user\n\n| user | {head5} |\n" + "|---" * (len(keys) + 1) + "|\n"
        "" + "\n".join(lines5) + "\n\nReproduce: `python scripts/table4.py --keep`.\n"
    )


def record(
    data: TableData,
    seeds: int,
    rows: list[dict[str, Any]],
    users: list[dict[str, Any]],
    network: str,
    sources: str | None,
) -> dict[str, Any]:
    """The result as plain data; ``sources`` names the state of the models, None for others than those shipped."""
    return {
        "data": data.about(),
        "seed": SEED,
        "random_starts": seeds,
        "network": network,
        "sources": sources,
        "rows": rows,
        "users": users,
    }
