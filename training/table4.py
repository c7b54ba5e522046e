# SPDX-License-Identifier: Apache-2.0
"""The paper's Tables 4 and 5 on the data at hand (``scripts/table4.py``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from golden import paper_tables
from golden.data import LabelledImages
from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.bank_file import load_bank
from spec.errors import InputError
from spec.network import Moe
from spec.paths import BUILD, MODELS, bank_file
from spec.presets import TRAINED_GATES, load_moe, load_toml
from spec.progress import progress_bar
from tools.rows import cached_row
from training import fine_tune as tuning
from training import harris
from training.fit import fingerprint, predict
from training.global_expert import load_float_weights
from training.personalize import measure, table_2_row
from training.pooled_sizes import mean_row, personal_weights
from training.shares import balanced_share, both_shares
from training.store import head_file, load_head
from training.table_files import LICENCE, PAPER_DATA, SEED, TableData
from training.untrained import overall, untrained_bank

NAME = "table4"
SEEDS = 20  # random LE and GN: what a random gate gives to the LE is anything from no image to all, so one says little
MODELS_IN_TABLE = {
    **{f"moe_{gate}": f"MoE, gate `{gate}`" for gate in TRAINED_GATES},
    "harris": "[7]",
    "fine_tuning": "fine-tuning",
}
_RECIPE = 2  # to be raised when the same settings give other weights
_SETS = ("customised", "emnist")
_AFTER = (*_SETS, "customised_balanced")  # what is given of every user after training


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
    """Every user's row of Table 2 with the trained bank, and ``overall_balanced``: the same with every class alike."""
    result = []
    model = MoeModel(moe)
    for user in progress_bar(data.numbers, description=f"gate '{moe.preset}' after training", unit="user"):
        bank, test = load_bank(bank_file(moe.preset, user, banks), moe), data.users.test(user)
        own, other = measure(model, bank, test), measure(model, bank, data.test)
        result.append({**table_2_row(own, other), "overall_balanced": balanced_share(own.overall, test.labels)})
    return result


def float_rows(
    model: nn.Module,
    name: str,
    settings: str,
    customise: Callable[[LabelledImages], tuning.FineTuned],
    data: TableData,
    work: Path,
) -> list[dict[str, float]]:
    """Every user's accuracies (0..1) before and after training of a float network, its epochs and their validation.

    Args:
        model: the network before it.
        settings: all that ``customise`` depends on besides ``model`` and the user's images.
        customise: trains on a user's images and leaves ``model`` as it is.
    """
    parameters = harris.digest(model)
    emnist = tuning.accuracy(model, data.test)

    def right(network: nn.Module, test: LabelledImages) -> tuple[float, float]:
        return both_shares(predict(network, test.images).argmax(1) == test.labels, test.labels)

    result = []
    for user in progress_bar(data.numbers, description=name, unit="user"):
        train, test = data.users.train(user), data.users.test(user)

        def compute(train=train, test=test) -> dict[str, float]:
            tuned = customise(train)
            before, after = right(model, test), right(tuned.model, test)
            return {
                "before_customised": before[0],
                "before_customised_balanced": before[1],
                "before_emnist": emnist,
                "after_customised": after[0],
                "after_customised_balanced": after[1],
                "after_emnist": tuning.accuracy(tuned.model, data.test),
                "epochs": tuned.epochs,
                "validation": tuned.validation,
            }

        depends_on = {
            "recipe": _RECIPE,
            "settings": f"{name}: {settings}",
            "model": parameters,
            "data": [fingerprint(part) for part in (train, test, data.test)],
        }
        result.append(cached_row(work, depends_on, compute))
    return result


def moe_row(moe: Moe, options: Models, data: TableData) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """A row of Table 4, and the users' rows it is the mean of."""
    head = head_file(options.directory, moe.preset) if moe.le_start == "generic" else None
    before = before_training(moe, options.seeds, None, data, options.work)
    after = after_training(moe, options.directory / "banks", data)
    mean = mean_row(after, ("ge", "generic_ge", "overall", "generic_overall", "overall_balanced"))
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
        "after_customised_balanced": mean["overall_balanced"],
    }
    if head:
        start = before_training(moe, options.seeds, head, data, options.work)
        row |= {f"before_{name}_generic_head": float(np.mean(start[name])) for name in _SETS}
    names = dict(zip(_AFTER, ("overall", "generic_overall", "overall_balanced"), strict=True))
    return row, [{name: r[key] for name, key in names.items()} for r in after]


def fine_tuning_row(options: Models, data: TableData) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """The same for fine-tuning."""
    model = _float_ge(options)
    settings = f"{tuning.FINE_TUNE} {tuning.FOLDS} folds {tuning.LAYERS} layers"
    users = float_rows(
        model,
        "fine-tuning",
        settings,
        lambda train: tuning.fine_tune(model, train, tuning.FINE_TUNE),
        data,
        options.work,
    )
    return _float_row({"weights_per_user": tuning.retrained_weights(model)}, users)


def harris_row(options: Models, moe: Moe, data: TableData) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """The same for reference [7], in whose size it counts how many weights the MoE of the paper's gate has."""
    model = harris.augment(_float_ge(options), personal_weights(moe))
    validation = harris.train_generic(model, data.train, options.work, harris.GENERIC)
    settings = f"{harris.CUSTOMISED} {tuning.FOLDS} folds"
    users = float_rows(model, "[7]", settings, lambda train: harris.customise(model, train), data, options.work)
    added = harris.added_weights(model)
    about = {
        "weights_per_user": added,
        "moe_by_this": personal_weights(moe) / added,
        "task_specific_outputs": model[1].out_features,
        "generic_validation": validation,
    }
    return _float_row(about, users)


def _float_ge(options: Models) -> nn.Module:
    return load_float_weights(load_toml("networks", options.network), options.directory / "ge_float.npz")


def _float_row(about: dict[str, Any], users: list[dict[str, float]]) -> tuple[dict[str, Any], list[dict[str, float]]]:
    means = tuple(f"{when}_{name}" for when in ("before", "after") for name in _AFTER)
    by_user = [{**{name: r[f"after_{name}"] for name in _AFTER}, **r} for r in users]
    return {"arithmetic": "float32", **about, **mean_row(users, means)}, by_user


def tables(options: Models, data: TableData) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str]:
    """The rows of Table 4 and of Table 5, and the digest of the integer GE."""
    found = {}
    moes = {gate: load_moe(gate, options.directory / "ge.onnx") for gate in TRAINED_GATES}
    for gate, moe in moes.items():
        found[f"moe_{gate}"] = moe_row(moe, options, data)
    found["harris"] = harris_row(options, moes["paper"], data)
    found["fine_tuning"] = fine_tuning_row(options, data)
    rows, users = [], [{"user": user} for user in data.numbers]
    for model, name in MODELS_IN_TABLE.items():
        row, by_user = found[model]
        rows.append({"model": model, "name": name, **row})
        trained = () if row["arithmetic"] == "integer" else ("epochs", "validation")
        for user, own in zip(users, by_user, strict=True):
            user |= {f"{model}_{key}": own[key] for key in (*_AFTER, *trained)}
    return rows, users, moes["paper"].network.digest()


def as_markdown(rows: list[dict[str, Any]], users: list[dict[str, Any]], seeds: int, data: TableData) -> str:
    """Both tables for people, with the paper's figures beside ours."""

    def cell(share: float) -> str:
        return f"{100 * share:.2f}"

    printed = {row["model"]: row for row in paper_tables.TABLE_4}
    columns = [f"{when}_{name}" for when in ("before", "after") for name in _SETS]
    lines4 = []
    for row in rows:
        paper = printed["moe" if row["model"].startswith("moe_") else row["model"]]
        cells = [row["name"], f"{row['weights_per_user']:,}"]
        cells += [*(f"{cell(row[key])} ({paper[key]:.2f})" for key in columns), cell(row["after_customised_balanced"])]
        lines4.append("| " + " | ".join(cells) + " |")
    keys = [f"{model}_{name}" for model in MODELS_IN_TABLE for name in _SETS]
    lines5 = [f"| {user['user']} | " + " | ".join(cell(user[key]) for key in keys) + " |" for user in users]
    mean = mean_row(users, tuple(keys))
    lines5.append("| **mean** | " + " | ".join(f"**{cell(mean[key])}**" for key in keys) + " |")
    by = {row["model"]: row for row in rows}
    paper, tuned, augmented, fine = (by[model] for model in ("moe_paper", "moe_tuned", "harris", "fine_tuning"))
    others = ", ".join(f"`{gate}`: {by[f'moe_{gate}']['weights_per_user']:,}" for gate in TRAINED_GATES[1:])
    low, high = min(paper["before_to_le"]), max(paper["before_to_le"])
    spread = " and ".join(
        f"{name} from {cell(paper[f'before_{key}_range'][0])} to {cell(paper[f'before_{key}_range'][1])}"
        for name, key in (("customised", "customised"), ("EMNIST", "emnist"))
    )
    head5 = " | ".join(f"{MODELS_IN_TABLE[m]}: {n}" for m in MODELS_IN_TABLE for n in ("customised", "EMNIST"))
    config, generic, own = tuning.FINE_TUNE, harris.GENERIC, harris.CUSTOMISED
    return (
        f"{LICENCE}# Tables 4 and 5 of arXiv 1811.00056 on our data\n\nAccuracy of the whole, in per cent. "
        f"{data.sentence()} In brackets what the paper prints. {PAPER_DATA}\n\n"
        "| model | weights of a user | before: customised | before: EMNIST | after: customised | after: EMNIST "
        "| after: customised, every class alike |\n|---|---|---|---|---|---|---|\n" + "\n".join(lines4) + "\n\n"
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
        f"{paper['weights_per_user']:,} ({others}), biases not counted.\n"
        "* [7] (Harris et al., ASP-DAC 2018), as the paper describes it: a task-specific network and an aggregation "
        "layer augment the trained network, are first trained with generic data, and are all that a user's images "
        "train. The paper gives no layers of it, only that LE and GN are "
        f"{paper_tables.MOE_BY_HARRIS_SIZE:.2f} % of its size. Decided by us: a dense layer with ReLU from the "
        f"{harris.POOLED} x {harris.POOLED} features that LE and GN of `paper` see to "
        f"{augmented['task_specific_outputs']} outputs, then a dense layer from these and the class outputs of the "
        "float GE to the classes; the number of outputs "
        f"follows from the size ({augmented['weights_per_user']:,} weights: {cell(augmented['moe_by_this'])} %). "
        f"The GE stays frozen in both trainings. Generic training: {generic.epochs} epochs of {generic.per_class} "
        "images a class, augmented as for the GE, the epoch chosen on the GE's validation images "
        f"({cell(augmented['generic_validation'])}); a user's training: as for fine-tuning, 1 to "
        f"{own.epochs} epochs, learning rate {own.learning_rate:g}, the best of five by cross-validation on the users' "
        "training images (that of fine-tuning was not searched for). Float32, not quantised.\n"
        "* `tuned` and `rich` also learn from augmented copies and generic images; `paper`, [7] and fine-tuning do not "
        "once they are with the user. `rich` starts from a head that knows other writers, never the user.\n"
        "* Users' accuracy is the share of right answers at the classes' own frequencies; the last column is the mean "
        "over the classes. EMNIST is class-balanced.\n\n"
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
