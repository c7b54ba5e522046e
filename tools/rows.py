# SPDX-License-Identifier: Apache-2.0
"""Rows of a long table, each kept in a file once it is computed, so that an interrupted table goes on.

A row's file is named by a digest of what the row is said to depend on, so a row of other data, settings or networks is
never read. Code is not part of it: who changes what a row means must change ``depends_on`` too.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from spec.files import as_json, write_text


@dataclass(frozen=True)
class Row:
    """One row and its file.

    Attributes:
        directory: of the file.
        depends_on: everything that may change the row, as plain values; dataclasses as their ``repr``.
        compute: makes the row, as JSON can hold it.
    """

    directory: Path
    depends_on: dict[str, Any]
    compute: Callable[[], dict[str, Any]]

    @cached_property
    def file(self) -> Path:
        """Where the row is kept."""
        digest = hashlib.sha256(self._key.encode()).hexdigest()[:16]
        return self.directory / f"row-{digest}.json"

    @cached_property
    def _key(self) -> str:
        return json.dumps(self.depends_on, sort_keys=True)

    def kept(self) -> dict[str, Any] | None:
        """The finished row; None when there is none, or its file cannot be read."""
        try:
            stored = json.loads(self.file.read_text())
            if stored["depends_on"] == json.loads(self._key):
                return stored["row"]
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def keep(self, row: dict[str, Any]) -> None:
        """Write the file, whole or not at all."""
        write_text(self.file, as_json({"depends_on": self.depends_on, "row": row}))

    def value(self) -> dict[str, Any]:
        """The row, computed when it was not before."""
        row = self.kept()
        if row is None:
            row = self.compute()
            self.keep(row)
        return row


class RowTask(ABC):
    """A task of :mod:`tools.sweep` whose result is one row."""

    @abstractmethod
    def row(self) -> Row:
        """The row, not computed yet."""

    def run(self) -> dict[str, Any]:
        """The row, from its file when it was computed before."""
        return self.row().value()


def cached_row(directory: Path, depends_on: dict[str, Any], compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The row of ``depends_on``, from ``directory`` when it was computed before; see :class:`Row`."""
    return Row(directory, depends_on, compute).value()
