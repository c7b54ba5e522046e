# SPDX-License-Identifier: Apache-2.0
"""Changing a source on purpose: one replacement, and a simulation that meets the changed file in the original's place.

A negative control plants a known defect, a random mutant an unknown one; both are a ``Replacement``.
"""

from __future__ import annotations

import os
import unittest
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spec.errors import InputError

MUTANT_VARIABLE = "RTL_MUTANT"
"""Environment variable: a directory with one changed source, which every simulation takes instead of its original."""


@dataclass(frozen=True)
class Replacement:
    """Replace ``old``, which must occur exactly once in ``file``, by ``new``.

    ``file`` is a path relative to whatever directory the change is applied in, or an absolute one.
    """

    file: str
    old: str
    new: str

    def applied(self, text: str) -> str:
        """``text``, the contents of the file, with the change.

        Raises:
            InputError: the text does not occur exactly once, so that the change would be none or another one, or
                nothing changes.
        """
        count = text.count(self.old) if self.old else 0
        if count != 1:
            raise InputError(f"{self.file} has the text {self.old!r} {count} times, to be replaced it must occur once")
        if self.old == self.new:
            raise InputError(f"{self.file}: the replacement of {self.old!r} is the text itself, nothing would change")
        return text.replace(self.old, self.new)

    def apply(self, directory: Path) -> None:
        """Change the file in ``directory`` in place.

        Raises:
            InputError: as ``applied``.
        """
        path = directory / self.file
        path.write_text(self.applied(path.read_text()))


class ControlsRest(unittest.SkipTest):
    """Negative controls are no test of a mutant: they would break an already broken design. pytest skips the test."""


@dataclass(frozen=True)
class MutantRun:
    """A run of the tests on a mutant: ``directory`` has the changed file, and takes everything that is built.

    Files in it tell the process that started the tests what happened: ``used`` names the tests that simulated the
    changed file, ``not_built`` has the messages of a design that lint or elaboration refused.
    """

    directory: Path

    @property
    def build_directory(self) -> Path:
        """Where builds go: they end with the run and never meet those of the sound design."""
        return self.directory / "sim"

    def stand_in(self, sources: Iterable[Path], directory: Path) -> list[Path]:
        """``sources`` with the changed file in the place of the one of its name in ``directory``.

        A file that has not been changed, in a run that sees whether the tests pass, stands for itself.
        """
        chosen = []
        for path in sources:
            changed = self.directory / path.name
            if path.parent == directory and changed.is_file():
                with (self.directory / "used").open("a") as used:
                    print(os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0], file=used)
                path = path if changed.read_bytes() == path.read_bytes() else changed
            chosen.append(path)
        return chosen

    def refuse(self, messages: str) -> None:
        """Note that the design is none: lint or elaboration says ``messages``."""
        (self.directory / "not_built").write_text(messages)


def under_test() -> MutantRun | None:
    """The mutant that this process tests, if it does."""
    directory = os.environ.get(MUTANT_VARIABLE)
    return MutantRun(Path(directory)) if directory else None
