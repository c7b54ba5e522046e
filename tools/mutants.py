# SPDX-License-Identifier: Apache-2.0
"""Changing a source on purpose: one replacement."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spec.errors import InputError


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

    def copy(self, source: Path, directory: Path) -> Path:
        """Write the changed text of ``source`` into ``directory`` under the same name; return the path.

        Raises:
            InputError: as ``applied``.
        """
        path = directory / source.name
        text = self.applied(source.read_text())
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path
