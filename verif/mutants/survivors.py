# SPDX-License-Identifier: Apache-2.0
"""Mutants that the benches do not see, each with a reason: the committed list beside this file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from spec.errors import InputError
from tools.mutants import Replacement

FILE = Path(__file__).with_name("survivors.toml")
EQUIVALENT, GAP = "equivalent", "gap"


@dataclass(frozen=True)
class Survivor:
    """A change of a module that no test sees.

    ``reason`` begins with ``equivalent:``, then why the change does not matter, or with ``gap``: a test is missing.
    """

    module: str
    old: str
    new: str
    reason: str

    @property
    def matters(self) -> bool:
        return not self.reason.startswith(EQUIVALENT)

    @property
    def replacement(self) -> Replacement:
        return Replacement(f"{self.module}.sv", self.old, self.new)

    @property
    def toml(self) -> str:
        """The entry as it stands in the file."""
        lines = ["[[survivor]]", f'module = "{self.module}"']
        lines += [f"{name} = '''\n{text}'''" for name, text in (("old", self.old), ("new", self.new))]
        return "\n".join([*lines, f'reason = "{self.reason}"', ""])


def load_survivors(file: Path = FILE) -> list[Survivor]:
    """The list.

    Raises:
        InputError: an entry lacks something, its reason is none, or it stands twice.
    """
    entries = tomllib.loads(file.read_text()).get("survivor", [])
    survivors: dict[tuple[str, str, str], Survivor] = {}
    for number, entry in enumerate(entries, 1):
        where = f"{file.name}: entry {number}"
        if set(entry) != {"module", "old", "new", "reason"}:
            raise InputError(f"{where} has the keys {', '.join(entry)}, it must have module, old, new and reason")
        survivor = Survivor(**entry)
        kind, _, why = survivor.reason.partition(":")
        if kind not in (EQUIVALENT, GAP) or (kind == EQUIVALENT and not why.strip()):
            raise InputError(
                f"{where} has the reason {survivor.reason!r}; "
                "it must be 'equivalent: ' and why it does not matter, or 'gap'"
            )
        key = (survivor.module, survivor.old, survivor.new)
        if key in survivors:
            raise InputError(f"{where} stands twice")
        survivors[key] = survivor
    return list(survivors.values())
