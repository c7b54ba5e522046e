# SPDX-License-Identifier: Apache-2.0
"""What the commands for the paper's tables share: their options, their data, and which results are kept as files."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from golden.data import Handwriting, LabelledImages, balanced_subset, generic_source, users_source
from spec.errors import InputError
from spec.files import write_text
from spec.paths import ROOT

SEED = 0  # of the training and of the class-balanced test selection
LICENCE = "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
PAPER_DATA = "The paper's figures are on its own users' handwriting and another EMNIST split."


def number_list(text: str) -> tuple[int, ...]:
    """Whole numbers from 1, separated by commas, each once: an argparse type."""
    parts = text.split(",")
    if not all(part.isdecimal() and int(part) for part in parts):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of numbers from 1, separated by commas")
    return tuple(dict.fromkeys(int(part) for part in parts))


def add_options(parser: argparse.ArgumentParser, name: str) -> None:
    """The options of every table; ``name`` is that of its files."""
    add = parser.add_argument
    add("--users", type=number_list, metavar="N,...", help="only these users; no file is kept")
    add("--work", type=Path, default=ROOT / "build" / name, metavar="DIR", help="finished rows, to go on from")
    add("--out", type=Path, default=ROOT / "docs" / "results", metavar="DIR", help="where the files go")


@dataclass(frozen=True)
class TableData:
    """The data of one table: generic training images, the class-balanced generic test, and the chosen users."""

    train: LabelledImages
    test: LabelledImages
    users: Handwriting
    numbers: tuple[int, ...]

    @staticmethod
    def load(numbers: tuple[int, ...] | None) -> TableData:
        """From the environment; ``numbers`` None takes every user.

        Raises:
            InputError: the data cannot be used, or have no such user.
        """
        train, test, users = generic_source("train"), balanced_subset(generic_source("test"), SEED), users_source()
        numbers = numbers or tuple(users.users)
        if unknown := sorted(set(numbers) - set(users.users)):
            raise InputError(f"--users names {unknown[0]}, the data have users {users.users[0]} to {users.users[-1]}")
        return TableData(train, test, users, numbers)

    @property
    def synthetic(self) -> bool:
        """Whether any of it was generated."""
        return self.train.synthetic or self.test.synthetic or self.users.synthetic

    @property
    def all_users(self) -> bool:
        """Whether every user of the data was chosen."""
        return len(self.numbers) == len(self.users.users)

    def about(self) -> dict[str, Any]:
        """The data's part of a result file."""
        return {
            "generic": self.test.name,
            "generic_images": len(self.test),
            "users": self.users.name,
            "user_numbers": list(self.numbers),
            "synthetic": self.synthetic,
        }

    def sentence(self) -> str:
        """The data, for people."""
        count = f"{len(self.numbers)} user" + "s" * (len(self.numbers) > 1)
        return (
            f"Customised: {self.users.name}, test part of {count}, mean over the users. "
            f"EMNIST: {self.test.name}, class-balanced, {len(self.test):,} images."
        )


def keep(out: Path, name: str, text: str, result: dict[str, Any], whole: bool) -> None:
    """Write ``name``.md and ``name``.json, or say why not: only a whole table on real data is kept."""
    if result["data"]["synthetic"] or not whole:
        synthetic = result["data"]["synthetic"]
        why = "Built-in synthetic handwriting was used" if synthetic else "This is only a part of the table"
        print(f"{why}; nothing is written to {out}.")
        return
    write_text(out / f"{name}.md", text)
    write_text(out / f"{name}.json", json.dumps(result, indent=1, allow_nan=False) + "\n")
