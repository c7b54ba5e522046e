# SPDX-License-Identifier: Apache-2.0
"""Factory banks of a gate preset (``scripts/train.py factory``): one from all writers, and one without each of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from golden.data import Handwriting, LabelledImages
from spec.bank_file import read_bank_file, save_bank
from spec.errors import InputError
from spec.folding import Folding
from spec.network import Moe
from spec.paths import factory_file, user_name
from spec.progress import progress_bar
from training import factory
from training.factory import Factory, Writer, train_factory
from training.factory_banks import save_writers
from training.feature_cache import cached_generic_data
from training.fit import fingerprint
from training.gate import GenericData
from training.heads import HeadConfig
from training.personalize import Recipe, evaluate

LEAST_WRITERS = 3  # leaving one out leaves two, of whom one tells the gate what a head says to a stranger


@dataclass(frozen=True)
class FactoryStep:
    """What is made, and from what.

    Attributes:
        moe, recipe, folding: gate preset, how its gate is trained, and the device that the banks are packed for.
        generic, test: images to learn from, and generic images that only report.
        users: the writers; test images of the one who is left out only report.
        seed: of every random choice.
        out, work: directories of artefacts and of features.
    """

    moe: Moe
    recipe: Recipe
    folding: Folding
    generic: LabelledImages
    test: LabelledImages
    users: Handwriting
    seed: int
    out: Path
    work: Path

    def run(self, about: dict[str, Any], resume: bool) -> dict[str, Any]:
        """Write the banks, several at a time; returns their figures by file.

        Args:
            about: goes into every bank.
            resume: keep banks that were made of the same by the same recipe.

        Raises:
            InputError: there are fewer than three writers, so that leaving one out leaves fewer than two.
        """
        numbers = self.users.users
        if len(numbers) < LEAST_WRITERS:
            raise InputError(f"{self.users.name}: {len(numbers)} writers, factory banks need at least {LEAST_WRITERS}")
        banks = self.out / "banks"
        paths = {left_out: factory_file(self.moe.preset, left_out, banks) for left_out in (None, *numbers)}
        trains = [self.users.train(number) for number in numbers]
        made_of = {left_out: self._made_of(trains, left_out) for left_out in paths}
        wanted = [one for one, path in paths.items() if not (resume and _made(path, self.moe) == made_of[one])]
        save_writers(paths[None].parent, trains)  # first: no bank is ever there without it
        generic = cached_generic_data(self.moe, self.generic, self.recipe.copies, self.seed, self.work)
        writers = [Writer.of(self.moe, self.recipe, train, self.seed) for train in trains if wanted]
        metrics: dict[str, Any] = {}
        shared = (self.moe, self.recipe, generic, writers, self.seed, factory.FACTORY, factory.EPOCH_SAMPLES)
        jobs = min(torch.get_num_threads(), max(1, len(wanted)))
        with ProcessPoolExecutor(jobs, get_context("spawn"), _share, shared) as pool:
            futures = {pool.submit(_train, [n - 1 for n in numbers if n != one]): one for one in wanted}
            total = {"total": len(wanted), "description": f"{self.moe.preset}: factory banks", "unit": "bank"}
            for future in progress_bar(as_completed(futures), **total):
                left_out, made = futures[future], future.result()
                figures: dict[str, Any] = {"writers": [n for n in numbers if n != left_out]}
                figures |= {"validation": made.validation, "run": made_of[left_out]}
                if left_out:
                    figures["test"] = evaluate(self.moe, made.bank, self.users.test(left_out), self.test)
                    row = "  ".join(f"{key} {value:.1%}" for key, value in figures["test"].items())
                    print(f"{self.moe.preset} factory without {user_name(left_out)}: {row}")
                save_bank(paths[left_out], made.bank, self.moe, self.folding, {**about, **figures})
                metrics[paths[left_out].stem] = figures
        return metrics

    def _made_of(self, trains: Sequence[LabelledImages], left_out: int | None) -> str:
        """Names everything that a bank depends on: two with the same name have the same weights."""
        others = [fingerprint(train) for number, train in enumerate(trains, start=1) if number != left_out]
        parts = (self.moe.network.digest(), self.moe.arithmetic, self.recipe, factory.settings(), self.seed)
        return sha256(repr((*parts, fingerprint(self.generic), others)).encode()).hexdigest()[:16]


_shared: tuple[Moe, Recipe, GenericData, Sequence[Writer], int, HeadConfig, int]


def _share(*parts: Any) -> None:
    """Hand a process what all banks are made from, once."""
    global _shared
    _shared = parts
    torch.set_num_threads(1)


def _train(chosen: Sequence[int]) -> Factory:
    """A bank from these writers."""
    moe, recipe, generic, writers, *settings = _shared
    return train_factory(moe, recipe, generic, [writers[index] for index in chosen], *settings)


def _made(path: Path, moe: Moe) -> str | None:
    """What a bank was made of; None without one that fits."""
    try:
        file = read_bank_file(path)
        file.check(moe)
    except InputError:
        return None
    return file.info.get("run")
