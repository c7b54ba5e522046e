# SPDX-License-Identifier: Apache-2.0
"""Command line of personalisation; see ``scripts/personalize.py``.

One user's handwriting becomes a bank file; test images only report. What is slow and does not depend on the user,
the features of generic data, is computed once and kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from golden.data import Handwriting, LabelledImages, balanced_subset, generic_source, load_handwriting, users_source
from golden.integer_model import MoeModel
from spec import __version__
from spec.bank_file import BankFile, digest_words, layout_digest, read_bank_file, save_bank
from spec.errors import InputError
from spec.files import write_text
from spec.folding import Folding, build_folding
from spec.network import LayerWeights, Moe
from spec.paths import MODELS, ROOT, user_name
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, Accelerator, load_moe, load_toml
from training.feature_cache import cached_generic_data
from training.features import Samples
from training.fit import fingerprint
from training.gate import GenericData
from training.local_expert import GENERIC, LocalExpert, train_generic_head
from training.personalize import (
    Measured,
    Recipe,
    fit_expert,
    fit_gate,
    make_bank,
    measure,
    user_data,
    user_samples,
)
from training.store import load_expert, load_head, save_expert, save_head
from training.trust import trust_notes, unseen_classes, wilson_interval

WORK = ROOT / "build" / "personalize"
FIGURES = {"ge": "before: GE alone", "le": "LE alone", "overall": "after: GE and LE", "local": "sent to the LE"}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="personalize.py",
        description="Make a bank file for one user's handwriting: train a local expert and its gate on the frozen "
        "global expert. Generic data: EMNIST_DIR, or built-in synthetic handwriting.",
    )
    add = parser.add_argument
    add("--data", type=Path, metavar="PATH", help="the handwriting, .npz or folder of PNGs (default: USERS_NPZ)")
    add("--invert", action="store_true", help="the images are dark ink on light paper")
    add("--user", type=int, metavar="N", help="which user of the data, from 1 (default: the only one)")
    add("--all-users", action="store_true", help="make a bank for every user of the data, and print the table")
    add("--out", type=Path, metavar="FILE", help="the bank file; with --all-users a directory for userNN.bank")
    add("--gate", default=DEFAULT_GATE, metavar="NAME", help="gate preset: paper or tuned (default %(default)s)")
    add("--preset", default=DEFAULT_FOLDING, metavar="NAME", help="folding of the device (default %(default)s)")
    add("--ge", type=Path, default=MODELS / "ge.onnx", metavar="FILE", help="global expert, QONNX")
    add("--seed", type=int, default=0, help="seed of every random choice (default 0)")
    add("--resume", action="store_true", help="keep finished banks and go on where an interrupted call stopped")
    add("--no-device", action="store_true", help="do not load the bank into the simulated device")
    add("--json", type=Path, metavar="OUT", help="also write the figures as JSON")
    add("--threads", type=int, default=os.cpu_count(), help="CPU threads (default: all)")
    options = parser.parse_args(arguments)
    for name, least in (("threads", 1), ("seed", 0)):
        if getattr(options, name) < least:
            parser.error(f"--{name} is {getattr(options, name)}, at least {least} is needed")
    if options.all_users and options.user is not None:
        parser.error("--user and --all-users exclude each other")
    if options.out is None and not options.all_users:
        parser.error("--out FILE is needed")
    return options


# Makes a check of a design: from a bank file and images to a sentence, or an InputError (driver.verify.DeviceCheck).
DeviceCheckMaker = Callable[[Accelerator], Callable[[Path, np.ndarray], str]]
DEVICE_IMAGES = 40  # of each kind that the device must answer


def main(arguments: list[str] | None = None, device: DeviceCheckMaker | None = None) -> int:
    """Run the command; exit code 0, or 2 after one sentence about bad input.

    ``device`` shows, with each new bank, that a device gives the golden answers.
    """
    options = parse(arguments)
    torch.set_num_threads(options.threads)
    try:
        result = run(options, None if options.no_device else device)
        if options.json:
            write_text(options.json, json.dumps(result, indent=1, allow_nan=False) + "\n")
    except (InputError, OSError) as error:
        print(f"personalize.py: {error}", file=sys.stderr)
        return 2
    return 0


@dataclass(frozen=True)
class Setting:
    """What is the same for every user of one call."""

    moe: Moe
    folding: Folding
    recipe: Recipe
    generic_train: LabelledImages
    generic_test: LabelledImages
    head: Path
    seed: int
    resume: bool
    about: dict[str, Any]

    @staticmethod
    def load(options: argparse.Namespace, synthetic_user: bool) -> Setting:
        """From the command line and the environment."""
        moe = load_moe(options.gate, options.ge)
        if moe.local_experts != 1:
            raise InputError(f"gate preset '{moe.preset}' has {moe.local_experts} local experts, 1 is needed here")
        preset = load_toml("gates", options.gate)
        train, test = (generic_source(split).of_classes(moe.network.classes) for split in ("train", "test"))
        about = {
            "tool": f"personal-moe-fpga {__version__}",
            "command": f"python scripts/personalize.py --gate {moe.preset} --seed {options.seed}",
            "generic": train.name,
            "synthetic": train.synthetic or synthetic_user,
        }
        return Setting(
            moe,
            build_folding(load_toml("folding", options.preset), moe),
            Recipe.of(preset),
            train,
            balanced_subset(test, options.seed),
            options.ge.with_name("le_generic.npz"),
            options.seed,
            options.resume,
            about,
        )

    def run_digest(self, train: LabelledImages) -> str:
        """Names everything that a user's weights depend on: two calls with the same digest give the same bank."""
        parts = (
            self.moe.network.digest(),
            self.moe.preset,
            repr(self.moe.runtime_layers),
            repr(self.recipe),
            fingerprint(self.generic_train),
            fingerprint(train),
            str(self.seed),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def features(self) -> GenericData:
        """Features of generic data."""
        augmented = self.recipe.augmented_copies > 0
        return cached_generic_data(self.moe, self.generic_train, augmented, self.seed, WORK)

    def start(self, generic: GenericData) -> LayerWeights | None:
        """The generic head: the one beside the GE, else one trained here and kept; None for a random start."""
        if self.moe.le_start != "generic":
            return None
        own = WORK / f"le_generic-{self.moe.network.digest()[:16]}.npz"
        head = load_head(self.head, self.moe) or load_head(own, self.moe)
        if head is None:
            head = train_generic_head(self.moe, generic.learning, generic.validation, GENERIC)
            save_head(own, self.moe, head)
        return head


def run(options: argparse.Namespace, device: DeviceCheckMaker | None = None) -> dict[str, Any]:
    """Make the banks and try them on a device; returns the figures as JSON."""
    data = load_handwriting(options.data, invert=options.invert) if options.data else users_source()
    numbers = data.users if options.all_users else [_only_user(options.user, data)]
    out = options.out or ROOT / "build" / "banks" / Path(options.gate).stem
    _check_out(out, options.all_users)
    setting = Setting.load(options, data.synthetic)
    data = data.of_classes(setting.moe.network.classes)
    print(f"Handwriting: {data.name}. Generic data: {setting.generic_train.name}.")
    if setting.about["synthetic"]:
        print("Built-in synthetic handwriting is used: figures on it say nothing about real handwriting.")
    check = device(Accelerator(setting.moe, setting.folding)) if device else None
    results = {}
    for number in numbers:
        path = out / f"{user_name(number)}.bank" if options.all_users else out
        info, seconds = personalise(setting, data, number, path)
        results[user_name(number)] = {"bank": str(path), "seconds": seconds, **info}
        if not options.all_users:
            print(as_text(info))
        print(f"{path}: {path.stat().st_size:,} bytes, {f'{seconds:.1f} s' if seconds else 'was finished before'}")
        if check:
            shown = (_held_out(data, number).images[:DEVICE_IMAGES], setting.generic_test.images[:DEVICE_IMAGES])
            print(check(path, np.concatenate(shown)))
    if options.all_users:
        print(as_table(results))
    return {"gate": setting.moe.preset, "folding": setting.folding.name, **setting.about, "users": results}


def _only_user(number: int | None, data: Handwriting) -> int:
    last = data.users[-1]
    if number is None and last == 1:
        return 1
    if number is None:
        raise InputError(f"{data.name}: has {last} users; choose --user 1 to {last}, or --all-users")
    if number not in data.users:
        raise InputError(f"{data.name}: --user is {number}, allowed are 1 to {last}")
    return number


def _check_out(out: Path, is_directory: bool) -> None:
    """Say before the work that the result could not be written."""
    wrong = (out.exists() and not out.is_dir()) if is_directory else out.is_dir()
    if wrong:
        raise InputError(f"{out}: --out must be a {'directory' if is_directory else 'file'} here")
    existing = next(parent for parent in (out, *out.absolute().parents) if parent.exists())
    if not os.access(existing, os.W_OK) or (existing != out and not existing.is_dir()):
        raise InputError(f"{out}: cannot be written, {existing} is not a writable directory")


def personalise(setting: Setting, data: Handwriting, number: int, path: Path) -> tuple[dict[str, Any], float]:
    """Write one user's bank; returns its info, and the seconds it took (0 when it was there before)."""
    started = time.monotonic()
    train, held_out = data.train(number), _held_out(data, number)
    run_digest = setting.run_digest(train)
    if setting.resume and (finished := _finished(path, setting, run_digest)):
        return finished.info, 0.0
    with tqdm(total=4, desc=f"user {number}", unit="step", leave=False) as bar:
        with _step(bar, "features"):
            generic = setting.features()
            samples = user_samples(setting.moe, train, setting.recipe.augmented_copies, setting.seed)
        kept = WORK / f"expert-{run_digest}.npz"
        with _step(bar, "local expert"):
            expert = _expert(setting, generic, samples, kept)
        with _step(bar, "gate"):
            user = user_data(setting.moe, train, samples, expert)
            bank = make_bank(setting.moe, [expert], fit_gate(setting.moe, setting.recipe, generic, user, setting.seed))
        with _step(bar, "figures"):
            model = MoeModel(setting.moe)
            own, other = measure(model, bank, held_out), measure(model, bank, setting.generic_test)
    info = {
        "user": number,
        "data": data.name,
        **setting.about,
        "run": run_digest,
        "learned_from": len(train),
        "unseen_classes": unseen_classes(train),
        "own": figures(own),
        "generic_test": figures(other),
        "notes": trust_notes(train, held_out, setting.moe.le_start == "generic"),
    }
    save_bank(path, bank, setting.moe, setting.folding, info)
    kept.unlink(missing_ok=True)
    return info, time.monotonic() - started


@contextmanager
def _step(bar: tqdm, name: str) -> Iterator[None]:
    bar.set_postfix_str(name)
    yield
    bar.update()


def _held_out(data: Handwriting, number: int) -> LabelledImages:
    """The user's test images; there may be none."""
    return data.data.select(np.flatnonzero((data.user == number - 1) & data.is_test))


def _expert(setting: Setting, generic: GenericData, samples: Samples, kept: Path) -> LocalExpert:
    """The trained local expert; it is kept in a file until the bank is written."""
    if setting.resume and kept.exists():
        return load_expert(kept, setting.moe, samples)
    expert = fit_expert(setting.moe, setting.recipe, samples, generic, setting.start(generic), setting.seed)
    save_expert(kept, setting.moe, expert)
    return expert


def _finished(path: Path, setting: Setting, run_digest: str) -> BankFile | None:
    """The bank of this very run for this very device, if it is there."""
    try:
        file = read_bank_file(path)
    except InputError:
        return None
    layout = digest_words(layout_digest(setting.moe, setting.folding))
    return file if file.info.get("run") == run_digest and (file.stream[4:6] == layout).all() else None


def figures(measured: Measured) -> dict[str, Any]:
    """Shares 0..1 and their 95 % intervals; without images only their number."""
    count = len(measured.ge)
    result: dict[str, Any] = {"images": count}
    for name, values in vars(measured).items() if count else ():
        result[name] = float(values.mean())
        result[f"{name}_interval"] = list(wilson_interval(int(values.sum()), count))
    return result


def as_text(info: dict[str, Any]) -> str:
    """The report on one user."""
    own, generic = info["own"], info["generic_test"]
    lines = [
        f"User {info['user']}, images to learn from: {info['learned_from']}. In brackets 95 % intervals (Wilson).",
        f"{'':18} {f'''held-out, {own['images']} images''':>26}  {f'''generic, {generic['images']} images''':>26}",
    ]
    for key, label in FIGURES.items():
        lines.append(f"{label:18} {_figure(own, key):>26}  {_figure(generic, key):>26}")
    return "\n".join([*lines, *info["notes"]])


def _figure(part: dict[str, Any], key: str) -> str:
    if key not in part:
        return "unknown"
    low, high = part[f"{key}_interval"]
    return f"{100 * part[key]:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def as_table(results: dict[str, dict[str, Any]]) -> str:
    """One row per user and their mean, in percent."""
    columns = [("own", key) for key in FIGURES] + [("generic_test", key) for key in FIGURES]
    lines = ["", f"{'':8}" + f"{'held-out samples of the user':^36}" + f"{'generic test images':^36}"]
    lines.append(f"{'user':8}" + "".join(f"{name:>9}" for name in ("GE", "LE", "overall", "to LE") * 2))
    rows = [[result[part].get(key) for part, key in columns] for result in results.values()]
    for result, row in zip(results.values(), rows, strict=True):
        lines.append(f"{result['user']:<8}" + "".join(_cell(value) for value in row))
    known = [[value for value in column if value is not None] for column in zip(*rows, strict=True)]
    lines.append(f"{'mean':8}" + "".join(_cell(float(np.mean(column)) if column else None) for column in known))
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    return f"{'-':>9}" if value is None else f"{100 * value:>7.1f} %"
