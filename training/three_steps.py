# SPDX-License-Identifier: Apache-2.0
"""Command line of the three-step training; see ``scripts/train.py``.

Steps hand over files, so each can run alone: ``ge`` writes ``ge.onnx``; ``le`` reads it and writes the
generic head and one expert per user; ``gn`` reads those and writes one bank per user.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from golden.data import DataError, Handwriting, LabelledImages, balanced_subset, generic_source, users_source
from spec import __version__
from spec.bank_file import load_bank, save_bank
from spec.errors import InputError
from spec.files import write_text
from spec.folding import build_folding
from spec.network import Moe, build_moe
from spec.paths import MODELS, ROOT, bank_file, user_name
from spec.presets import DEFAULT_FOLDING, load_toml
from spec.qonnx_reader import read_qonnx
from training import global_expert as ge_step
from training import local_expert as le_step
from training.export import export_network
from training.features import Samples
from training.gate import GenericData
from training.local_expert import train_generic_head
from training.personalize import (
    Recipe,
    evaluate,
    fit_expert,
    fit_gate,
    generic_data,
    make_bank,
    user_data,
    user_samples,
)
from training.store import load_expert, load_head, save_expert, save_head

GATES = ("paper", "tuned")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="train.py",
        description="Train the global expert (ge), local experts (le), gates (gn) or everything (all). Data: "
        "EMNIST_DIR and USERS_NPZ; without them built-in synthetic handwriting.",
    )
    parser.add_argument("step", choices=("ge", "le", "gn", "all"))
    parser.add_argument("--network", default="lenet5", help="network preset for step ge (default: lenet5)")
    parser.add_argument("--gate", help="gate preset, a name or a .toml file (default: paper and tuned)")
    parser.add_argument("--folding", default=DEFAULT_FOLDING, help="folding preset that banks are packed for")
    parser.add_argument("--user", default="all", help="user number, from 1, or all (default)")
    parser.add_argument("--epochs", type=int, help="epochs of the chosen step (ge: of the float network)")
    parser.add_argument("--quantised-epochs", type=int, help="epochs of the quantised global expert")
    parser.add_argument("--seed", type=int, default=0, help="seed of every random choice (default: 0)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="CPU threads (default: all)")
    parser.add_argument("--resume", action="store_true", help="continue an interrupted run")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the metrics as JSON")
    parser.add_argument("--out", type=Path, metavar="DIR", help="directory for artefacts (default: models)")
    parser.add_argument("--work", type=Path, metavar="DIR", help="directory for checkpoints (default: build/train)")
    options = parser.parse_args(arguments)
    for name in ("epochs", "quantised_epochs", "threads"):
        if (value := getattr(options, name)) is not None and value < 1:
            parser.error(f"--{name.replace('_', '-')} is {value}, at least 1 is needed")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run the command; exit code 0, or 2 after one sentence about bad input."""
    options = parse(arguments)
    torch.set_num_threads(options.threads)
    try:
        metrics = run(options)
    except (InputError, DataError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    if options.json:
        write_text(options.json, json.dumps(metrics, indent=1) + "\n")
    return 0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run the chosen steps, on the classes of the data that the network knows; returns the metrics."""
    new = options.step in ("ge", "all")
    classes = ge_step.classes(load_toml("networks", options.network)) if new else None
    generic_train, generic_test = generic_source("train"), generic_source("test")
    metrics: dict[str, Any] = {
        "date": date.today().isoformat(),
        "command": f"python scripts/train.py {options.step}",
        "seed": options.seed,
        "generic": generic_train.name,
        "synthetic": generic_train.synthetic,
    }
    users = None
    if options.step != "ge":
        users = users_source()
        numbers = _user_numbers(options.user, users)
        metrics["users"] = users.data.name
        metrics["synthetic"] = generic_train.synthetic or users.data.synthetic
    default = ROOT / "build" / "models" if metrics["synthetic"] else MODELS
    out, work = options.out or default, options.work or ROOT / "build" / "train"
    if metrics["synthetic"]:
        print("Training on built-in synthetic handwriting: the results say nothing about real handwriting.")
    classes = classes or read_qonnx(out / "ge.onnx").classes
    generic_train, generic_test = generic_train.of_classes(classes), generic_test.of_classes(classes)
    print(f"Generic data: {generic_train.name}. Artefacts go to {out}.")
    if new:
        metrics["ge"] = _train_ge(options, generic_train, generic_test, out, work)
    if users is None:
        return metrics
    users = users.of_classes(classes)
    network = read_qonnx(out / "ge.onnx")
    presets = [options.gate] if options.gate else GATES
    about = {key: metrics[key] for key in ("users", "generic", "synthetic", "command", "seed")}
    about["tool"] = f"personal-moe-fpga {__version__}"
    test = balanced_subset(generic_test, options.seed)
    for name in presets:
        preset = load_toml("gates", name)
        moe = build_moe(network, preset)
        metrics[moe.preset] = _train_preset(options, moe, preset, generic_train, test, users, numbers, about, out, work)
    return metrics


def _user_numbers(text: str, users: Handwriting) -> list[int]:
    if text == "all":
        return list(users.users)
    if not text.isdigit() or int(text) not in users.users:
        raise InputError(f"--user is '{text}', allowed are all and {users.users[0]} to {users.users[-1]}")
    return [int(text)]


def _train_ge(
    options: argparse.Namespace, train: LabelledImages, test: LabelledImages, out: Path, work: Path
) -> dict[str, Any]:
    """Step 1; writes ``ge.onnx`` and ``ge_float.npz``."""
    preset = load_toml("networks", options.network)
    float_epochs = options.epochs or ge_step.FLOAT.epochs
    quantised_epochs = options.quantised_epochs or ge_step.QUANTISED.epochs
    ge = ge_step.train_global_expert(
        preset,
        train,
        replace(ge_step.FLOAT, epochs=float_epochs, seed=options.seed),
        replace(ge_step.QUANTISED, epochs=quantised_epochs, seed=options.seed),
        work / "ge",
        options.resume,
    )
    export_network(ge.quantised_model, preset, out / "ge.onnx")
    ge_step.save_float_weights(ge.float_model, out / "ge_float.npz")
    stored = ge_step.load_float_weights(preset, out / "ge_float.npz")
    figures = {
        "float": ge_step.accuracy_on_test(ge.float_model, test, options.seed),
        "float_stored_as_float16": ge_step.accuracy_on_test(stored, test, options.seed),
        "quantised": ge_step.accuracy_on_test(ge.quantised_model, test, options.seed),
    }
    for name, figure in figures.items():
        print(f"GE {name:24} {figure['accuracy']:7.2%} of {figure['images']} class-balanced test images")
    return {**ge.metrics, "test": figures}


def _train_preset(
    options: argparse.Namespace,
    moe: Moe,
    preset: dict,
    generic_train: LabelledImages,
    test: LabelledImages,
    users: Handwriting,
    numbers: list[int],
    about: dict[str, Any],
    out: Path,
    work: Path,
) -> dict[str, Any]:
    """Steps 2 and 3 of one gate preset for the chosen users."""
    recipe = Recipe.of(preset)
    copies = recipe.augmented_copies
    folding = build_folding(load_toml("folding", options.folding), moe)
    generic: GenericData | None = None
    metrics: dict[str, Any] = {}
    bar = tqdm(numbers, desc=f"{moe.preset}: users", unit="user")
    for number in bar:
        expert_path = work / moe.preset / f"{user_name(number)}.npz"
        bank_path = bank_file(moe.preset, number, out / "banks")
        if options.step != "le" and options.resume and _is_current(bank_path, moe):
            continue
        if generic is None:
            bar.write(f"{moe.preset}: computing the features of generic data")
            generic = generic_data(moe, generic_train, copies > 0, options.seed)
        train, held_out = users.train(number), users.test(number)
        started = time.monotonic()
        samples = user_samples(moe, train, copies, options.seed)
        if options.step == "gn":
            expert = load_expert(expert_path, moe, samples)
        else:
            expert = _train_le(options, moe, recipe, samples, generic, out)
            save_expert(expert_path, moe, expert)
        record: dict[str, Any] = {
            "train_images": len(train),
            "test_images": len(held_out),
            "le_epochs": expert.epochs,
            "le_validation": expert.validation,
        }
        if options.step != "le":
            epochs = options.epochs if options.step == "gn" else None
            user = user_data(moe, train, samples, expert)
            gate = fit_gate(moe, recipe, generic, user, options.seed, epochs)
            bank = make_bank(moe, [expert], gate)
            record |= {"gate": gate.metrics, "test": evaluate(moe, bank, held_out, test)}
            save_bank(bank_path, bank, moe, folding, {"user": number, **about, "test": record["test"]})
            figures = "  ".join(f"{key} {value:.1%}" for key, value in record["test"].items())
            bar.write(f"{moe.preset} user {number:2}: {figures}")
        record["seconds"] = round(time.monotonic() - started, 1)
        metrics[user_name(number)] = record
    return metrics


def _train_le(
    options: argparse.Namespace, moe: Moe, recipe: Recipe, samples: Samples, generic: GenericData, out: Path
) -> le_step.LocalExpert:
    """Step 2 for one user; trains the generic head first when there is none for this GE."""
    start = None
    if moe.le_start == "generic":
        path = out / "le_generic.npz"
        start = load_head(path, moe)
        if start is None:
            config = replace(le_step.GENERIC, seed=options.seed)
            start = train_generic_head(moe, generic.learning, generic.validation, config)
            save_head(path, moe, start)
    epochs = options.epochs if options.step == "le" else None
    return fit_expert(moe, recipe, samples, generic, start, options.seed, epochs)


def _is_current(path: Path, moe: Moe) -> bool:
    """Whether a finished bank for this very GE and preset is there."""
    try:
        load_bank(path, moe)
    except InputError:
        return False
    return True
