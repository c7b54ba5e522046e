# SPDX-License-Identifier: Apache-2.0
"""What the paper's tables share: their data, and which results are kept as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from golden.data import Handwriting, LabelledImages, balanced_subset, generic_source, users_source
from spec.files import as_json, write_if_changed
from spec.paths import RESULTS
from training.user_training import chosen_users

SEED = 0  # of the training and of the class-balanced test selection
LICENCE = "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
PAPER_DATA = "The paper's figures are on its own users' handwriting and another EMNIST split."


@dataclass(frozen=True)
class TableData:
    """The data of one table: generic training images, the class-balanced generic test, and the chosen users."""

    train: LabelledImages
    test: LabelledImages
    users: Handwriting
    numbers: tuple[int, ...]

    @staticmethod
    def load(numbers: Sequence[int] | None) -> TableData:
        """From the environment; ``numbers`` None or empty takes every user.

        Raises:
            InputError: the data cannot be used, or have no such user.
        """
        train, test, users = generic_source("train"), balanced_subset(generic_source("test"), SEED), users_source()
        return TableData(train, test, users, chosen_users(numbers, users))

    @property
    def synthetic(self) -> bool:
        """Whether any of it was generated."""
        return self.train.synthetic or self.test.synthetic or self.users.synthetic

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


def keep(name: str, text: str, result: dict[str, Any], directory: Path | None = None) -> None:
    """Write ``docs/results/NAME.{md,json}``."""
    directory = directory or RESULTS
    write_if_changed(directory / f"{name}.md", text)
    write_if_changed(directory / f"{name}.json", as_json(result))
