# SPDX-License-Identifier: Apache-2.0
"""Factory banks of a gate preset (``scripts/train.py factory``): one from all writers, and one without each of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from golden.data import Handwriting, LabelledImages
from spec.bank_file import load_bank, save_bank
from spec.errors import InputError
from spec.folding import Folding
from spec.network import Moe
from spec.paths import factory_file, user_name
from spec.progress import progress_bar
from training import factory
from training.factory import Factory, Writer, train_factory
from training.factory_banks import save_writers
from training.feature_cache import cached_generic_data
from training.gate import GenericData
from training.heads import HeadConfig
from training.personalize import Recipe, evaluate


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
            resume: keep banks that fit.

        Raises:
            InputError: there are fewer than three writers, so that leaving one out leaves fewer than two.
        """
        numbers = self.users.users
        if len(numbers) < 3:
            raise InputError(f"{self.users.name}: {len(numbers)} writers, factory banks need at least 3")
        banks = self.out / "banks"
        paths = {left_out: factory_file(self.moe.preset, left_out, banks) for left_out in (None, *numbers)}
        wanted = [left_out for left_out, path in paths.items() if not (resume and _fits(path, self.moe))]
        generic = cached_generic_data(self.moe, self.generic, self.recipe.copies, self.seed, self.work)
        trains = [self.users.train(number) for number in numbers]
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
                figures["validation"] = made.validation
                if left_out:
                    figures["test"] = evaluate(self.moe, made.bank, self.users.test(left_out), self.test)
                    row = "  ".join(f"{key} {value:.1%}" for key, value in figures["test"].items())
                    print(f"{self.moe.preset} factory without {user_name(left_out)}: {row}")
                save_bank(paths[left_out], made.bank, self.moe, self.folding, {**about, **figures})
                metrics[paths[left_out].stem] = figures
        save_writers(paths[None].parent, trains)
        return metrics


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


def _fits(path: Path, moe: Moe) -> bool:
    try:
        load_bank(path, moe)
    except InputError:
        return False
    return True
