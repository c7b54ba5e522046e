# SPDX-License-Identifier: Apache-2.0
"""Personalization of a device: banks for users (``scripts/personalize.py``).

One user's handwriting becomes a bank file; test images only report. What is slow and does not depend on the user,
the features of generic data, is computed once and kept.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from golden.data import Handwriting, LabelledImages, balanced_subset, generic_source, load_handwriting, users_source
from spec import __version__
from spec.bank_file import BankFile, digest_words, layout_digest, read_bank_file, save_bank
from spec.errors import InputError
from spec.folding import Folding, build_folding
from spec.network import Moe
from spec.paths import BUILD, MODELS, user_name
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, Accelerator, load_moe, load_toml
from spec.progress import progress_bar
from training.few_samples_note import few_samples_note
from training.fit import fingerprint
from training.personalize import Measured, Recipe
from training.trust import trust_notes, unseen_classes, wilson_interval
from training.user_training import Expert, UserTraining, chosen_users

WORK = BUILD / "personalize"
FIGURES = {"ge": "before: GE alone", "le": "LE alone", "overall": "after: GE and LE", "local": "sent to the LE"}


@dataclass(frozen=True)
class Request:
    """Whose bank is made, and from what.

    Attributes:
        data: file or folder with the handwriting; None takes USERS_NPZ.
        invert: it is dark ink on light paper.
        users: whose banks; empty for everybody, None for the only user.
        out: the bank file, or for several users a directory for userNN.bank.
        gate, preset: gate preset, and folding of the device.
        ge: QONNX file of the global expert.
        seed: of every random choice.
        resume: keep finished banks and go on where an interrupted call stopped.
    """

    out: Path | None = None
    data: Path | None = None
    invert: bool = False
    users: Sequence[int] | None = None
    gate: str = DEFAULT_GATE
    preset: str = DEFAULT_FOLDING
    ge: Path = MODELS / "ge.onnx"
    seed: int = 0
    resume: bool = False

    @property
    def several(self) -> bool:
        """Whether a directory of banks is made."""
        return self.users is not None and len(self.users) != 1


# Makes a check of a design: from a bank file and images to a sentence, or an InputError (driver.verify.DeviceCheck).
DeviceCheckMaker = Callable[[Accelerator], Callable[[Path, np.ndarray], str]]
DEVICE_IMAGES = 40  # of each kind that the device must answer


@dataclass(frozen=True)
class Setting:
    """What is the same for every user of one call."""

    training: UserTraining
    folding: Folding
    generic_test: LabelledImages
    resume: bool
    about: dict[str, Any]

    @property
    def moe(self) -> Moe:
        """What is trained."""
        return self.training.moe

    @staticmethod
    def load(options: Request, users: Handwriting) -> Setting:
        """From the command line and the environment; ``users``: whose banks are made."""
        moe = load_moe(options.gate, options.ge)
        if moe.local_experts != 1:
            raise InputError(f"gate preset '{moe.preset}' has {moe.local_experts} local experts, 1 is needed here")
        preset = load_toml("gates", options.gate)
        train, test = (generic_source(split).of_classes(moe.network.classes) for split in ("train", "test"))
        about = {
            "tool": f"personal-moe-fpga {__version__}",
            "command": f"python scripts/personalize.py --gate {moe.preset} --seed {options.seed}",
            "generic": train.name,
            "synthetic": train.synthetic or users.synthetic,
        }
        recipe, writers = Recipe.of(preset), _writers(moe, users)
        return Setting(
            UserTraining.beside(options.ge.parent, moe, recipe, train, options.seed, WORK, writers),
            build_folding(load_toml("folding", options.preset), moe),
            balanced_subset(test, options.seed),
            options.resume,
            about,
        )

    def run_digest(self, train: LabelledImages) -> str:
        """Names everything that a user's weights depend on: two calls with the same digest give the same bank."""
        parts = (
            self.moe.network.digest(),
            self.moe.preset,
            self.moe.arithmetic,
            f"{self.moe.le_start} {self.moe.threshold}",
            repr(self.training.recipe),
            fingerprint(self.training.generic_train),
            fingerprint(train),
            str(self.training.seed),
            self.training.settings(),
            self.training.start_digest(train),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def run(options: Request, device: DeviceCheckMaker | None = None) -> dict[str, Any]:
    """Make the banks and try them on a device; returns the figures as JSON."""
    data = load_handwriting(options.data, invert=options.invert) if options.data else users_source()
    numbers = _numbers(options.users, data)
    if options.out is None and not options.several:
        raise InputError("--out FILE is needed")
    out = options.out or BUILD / "banks" / Path(options.gate).stem
    _check_out(out, options.several)
    setting = Setting.load(options, data)
    data = data.of_classes(setting.moe.network.classes)
    print(f"Handwriting: {data.name}. Generic data: {setting.training.generic_train.name}.")
    if setting.about["synthetic"]:
        print("Built-in synthetic handwriting is used: figures on it say nothing about real handwriting.")
    check = device(Accelerator(setting.moe, setting.folding)) if device else None
    results = {}
    for number in numbers:
        path = out / f"{user_name(number)}.bank" if options.several else out
        info, seconds = personalize(setting, data, number, path)
        results[user_name(number)] = {"bank": str(path), "seconds": seconds, **info}
        if not options.several:
            print(as_text(info))
            _print_note(setting, data, number)
        print(f"{path}: {path.stat().st_size:,} bytes, {f'{seconds:.1f} s' if seconds else 'was finished before'}")
        if check:
            shown = (_held_out(data, number).images[:DEVICE_IMAGES], setting.generic_test.images[:DEVICE_IMAGES])
            print(check(path, np.concatenate(shown)))
    if options.several:
        print(as_table(results))
    return {"gate": setting.moe.preset, "folding": setting.folding.name, **setting.about, "users": results}


def _print_note(setting: Setting, data: Handwriting, number: int) -> None:
    """What others got with about as many images; of real handwriting, so it says nothing where any is built-in."""
    if setting.about["synthetic"]:
        return
    note = few_samples_note(setting.moe, setting.training.recipe, data.train(number))
    if note:
        print(note)


def _writers(moe: Moe, users: Handwriting) -> tuple[LabelledImages, ...]:
    """Training images of everybody at hand, for a factory head: of the file with the users, and of USERS_NPZ."""
    if moe.le_start != "factory":
        return ()
    known = users_source()
    sources = [users] if known.synthetic or known.name == users.name else [users, known]
    return tuple(part for source in sources for part in source.of_classes(moe.network.classes).train_parts())


def _numbers(wanted: Sequence[int] | None, data: Handwriting) -> tuple[int, ...]:
    if wanted is None and len(data.users) > 1:
        last = data.users[-1]
        raise InputError(f"{data.name}: has {last} users; choose with --users 1 to {last}, or --users all")
    return chosen_users(wanted, data)


def _check_out(out: Path, is_directory: bool) -> None:
    """Say before the work that the result could not be written."""
    wrong = (out.exists() and not out.is_dir()) if is_directory else out.is_dir()
    if wrong:
        raise InputError(f"{out}: --out must be a {'directory' if is_directory else 'file'} here")
    existing = next(parent for parent in (out, *out.absolute().parents) if parent.exists())
    if not os.access(existing, os.W_OK) or (existing != out and not existing.is_dir()):
        raise InputError(f"{out}: cannot be written, {existing} is not a writable directory")


def personalize(setting: Setting, data: Handwriting, number: int, path: Path) -> tuple[dict[str, Any], float]:
    """Write one user's bank; returns its info, and the seconds it took (0 when it was there before)."""
    started = time.monotonic()
    train, held_out = data.train(number), _held_out(data, number)
    run_digest = setting.run_digest(train)
    if setting.resume and (finished := _finished(path, setting, run_digest)):
        return finished.info, 0.0
    kept = WORK / f"expert-{run_digest}.npz"
    with progress_bar(total=4, description=f"user {number}", unit="step", leave=False) as bar:

        @contextmanager
        def step(name: str) -> Iterator[None]:
            bar.set_postfix_str(name)
            yield
            bar.update()

        source = Expert.RESUME if setting.resume else Expert.TRAIN
        trained = setting.training.train(train, kept, source, step=step)
        with step("figures"):
            own, other = setting.training.measure(trained.bank, held_out, setting.generic_test)
    info = {
        "user": number,
        "data": data.name,
        **setting.about,
        "run": run_digest,
        "learned_from": len(train),
        "unseen_classes": unseen_classes(train),
        "own": figures(own),
        "generic_test": figures(other),
        "notes": trust_notes(train, held_out, setting.moe.le_start != "random"),
    }
    save_bank(path, trained.bank, setting.moe, setting.folding, info)
    kept.unlink(missing_ok=True)
    return info, time.monotonic() - started


def _held_out(data: Handwriting, number: int) -> LabelledImages:
    """The user's test images; there may be none."""
    return data.data.select(np.flatnonzero((data.user == number - 1) & data.is_test))


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
