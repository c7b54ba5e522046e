# SPDX-License-Identifier: Apache-2.0
"""The three-step training (``scripts/train.py``).

Steps hand over files, so each can run alone: ``ge`` writes ``ge.onnx``; ``factory`` reads it and writes the banks that
a device has before anybody personalised it; ``le`` reads those and writes the generic head and one expert per user;
``gn`` reads those and writes one bank per user.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from golden.data import Handwriting, LabelledImages, balanced_subset, generic_source, users_source
from spec import __version__
from spec.bank_file import load_bank, save_bank
from spec.errors import InputError
from spec.folding import build_folding
from spec.network import Moe, build_moe
from spec.paths import BUILD, MODELS, bank_file, user_name
from spec.presets import DEFAULT_FOLDING, TRAINED_GATES, load_toml
from spec.progress import progress_bar
from spec.qonnx_reader import read_qonnx
from training import global_expert as ge_step
from training.export import export_network
from training.factory_step import LEAST_WRITERS, FactoryStep
from training.personalize import Recipe, table_2_row
from training.store import head_file, save_head
from training.user_training import Expert, UserTraining, chosen_users

STEPS = ("ge", "factory", "le", "gn", "all")


@dataclass(frozen=True)
class Steps:
    """What is trained, and on what.

    Attributes:
        step: one of :data:`STEPS`.
        network: network preset for step ge.
        gate: gate preset; None trains all of :data:`spec.presets.TRAINED_GATES`.
        preset: folding preset that banks are packed for.
        users: their numbers; None or none for all.
        epochs: of the chosen step (ge: of the float network); None for the usual number.
        quantised_epochs: of the quantised global expert.
        seed: of every random choice.
        resume: continue an interrupted run.
        out, work: directories of artefacts and of checkpoints; artefacts go to models/, of synthetic data to build/.
    """

    step: str
    network: str = "lenet5"
    gate: str | None = None
    preset: str = DEFAULT_FOLDING
    users: Sequence[int] | None = None
    epochs: int | None = None
    quantised_epochs: int | None = None
    seed: int = 0
    resume: bool = False
    out: Path | None = None
    work: Path = BUILD / "train"


def run(options: Steps) -> dict[str, Any]:
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
        numbers = chosen_users(options.users, users)
        metrics["users"] = users.data.name
        metrics["synthetic"] = generic_train.synthetic or users.data.synthetic
    out, work = options.out or (BUILD / "models" if metrics["synthetic"] else MODELS), options.work
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
    presets = [options.gate] if options.gate else TRAINED_GATES
    about = {key: metrics[key] for key in ("users", "generic", "synthetic", "command", "seed")}
    about["tool"] = f"personal-moe-fpga {__version__}"
    test = balanced_subset(generic_test, options.seed)
    for name in presets:
        preset = load_toml("gates", name)
        moe = build_moe(network, preset)
        if options.step == "all" and moe.le_start == "factory" and len(users.users) < LEAST_WRITERS:
            print(f"{moe.preset}: no factory banks, they need {LEAST_WRITERS} writers and {users.name} has fewer.")
        elif options.step in ("factory", "all") and moe.le_start == "factory":
            folding = build_folding(load_toml("folding", options.preset), moe)
            step = FactoryStep(moe, Recipe.of(preset), folding, generic_train, test, users, options.seed, out, work)
            metrics[f"{moe.preset}_factory"] = step.run(about, options.resume)
        if options.step == "factory":
            continue
        metrics[moe.preset] = _train_preset(options, moe, preset, generic_train, test, users, numbers, about, out, work)
    return metrics


def _train_ge(options: Steps, train: LabelledImages, test: LabelledImages, out: Path, work: Path) -> dict[str, Any]:
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
    options: Steps,
    moe: Moe,
    preset: dict,
    generic_train: LabelledImages,
    test: LabelledImages,
    users: Handwriting,
    numbers: Sequence[int],
    about: dict[str, Any],
    out: Path,
    work: Path,
) -> dict[str, Any]:
    """Steps 2 and 3 of one gate preset for the chosen users."""
    folding = build_folding(load_toml("folding", options.preset), moe)
    recipe, writers = Recipe.of(preset), users.train_parts()
    training = UserTraining.beside(out, moe, recipe, generic_train, options.seed, work, writers, options.seed)
    if moe.le_start == "generic":
        save_head(head_file(out, moe.preset), moe, training.generic_head)
    metrics: dict[str, Any] = {}
    bar = progress_bar(numbers, description=f"{moe.preset}: users", unit="user")
    for number in bar:
        bank_path = bank_file(moe.preset, number, out / "banks")
        if options.step != "le" and options.resume and _is_current(bank_path, moe):
            continue
        train, held_out = users.train(number), users.test(number)
        started = time.monotonic()
        trained = training.train(
            train,
            work / moe.preset / f"{user_name(number)}.npz",
            Expert.LOAD if options.step == "gn" else Expert.TRAIN,
            expert_only=options.step == "le",
            expert_epochs=options.epochs if options.step == "le" else None,
            gate_epochs=options.epochs if options.step == "gn" else None,
        )
        record: dict[str, Any] = {
            "train_images": len(train),
            "test_images": len(held_out),
            "le_epochs": trained.expert.epochs,
            "le_validation": trained.expert.validation,
        }
        if trained.bank:
            row = table_2_row(*training.measure(trained.bank, held_out, test))
            record |= {"gate": trained.gate.metrics, "test": row}
            save_bank(bank_path, trained.bank, moe, folding, {"user": number, **about, "test": row})
            bar.write(f"{moe.preset} user {number:2}: " + "  ".join(f"{key} {value:.1%}" for key, value in row.items()))
        record["seconds"] = round(time.monotonic() - started, 1)
        metrics[user_name(number)] = record
    return metrics


def _is_current(path: Path, moe: Moe) -> bool:
    """Whether a finished bank for this very GE and preset is there."""
    try:
        load_bank(path, moe)
    except InputError:
        return False
    return True
