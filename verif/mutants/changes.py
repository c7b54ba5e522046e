# SPDX-License-Identifier: Apache-2.0
"""Every single-token change of a SystemVerilog source that a mutant may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tools.mutants import Replacement
from tools.sv_tokens import Source

KINDS = ("operator", "constant", "condition", "reset", "index")

_OPERATORS = {
    "+": "-",
    "-": "+",
    "&&": "||",
    "||": "&&",
    "==": "!=",
    "!=": "==",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "&": "|",
    "|": "&",
    "<<": ">>",
    ">>": "<<",
    ">>>": "<<<",
}
_NEGATIONS = ("!", "~")
_SIZED = re.compile(r"(\d+)?\s*'([sS]?)([bodhBODH])([0-9a-fA-F_]+)$")
_BASES = {"b": 2, "o": 8, "d": 10, "h": 16}
_DIGITS = {"b": "b", "o": "o", "d": "d", "h": "x"}


@dataclass(frozen=True)
class Change:
    """One token of a module's source and what it becomes.

    ``start`` and ``end`` say where in the text; ``kind`` is one of KINDS; ``line`` counts from 1.
    """

    module: str
    kind: str
    line: int
    start: int
    end: int
    new: str

    def replacement(self, text: str) -> Replacement:
        """The change as a replacement of whole lines, as many as it takes to be the only such place of ``text``."""
        first = text.rfind("\n", 0, self.start) + 1
        last = text.find("\n", self.end)
        changed = text[first : self.start] + self.new + text[self.end : last]
        old = text[first:last]
        while text.count(old) > 1:
            before = text.rfind("\n", 0, first - 1) + 1
            old, changed = text[before:first] + old, text[before:first] + changed
            first = before
        return Replacement(f"{self.module}.sv", old, changed)


def changes(module: str, text: str) -> list[Change]:
    """All changes of a source, in the order of their places."""
    source = Source(text)
    reset = _reset_statements(source)
    enumerators = _enumerators(source)
    found = []

    def add(kind: str, first: int, new: str, last: int | None = None) -> None:
        start, end = source.tokens[first].start, source.tokens[first if last is None else last].end
        kind = "reset" if first in reset and kind == "constant" else kind
        found.append(Change(module, kind, source.line(first), start, end, new))

    assignments = _assignments(source)
    for index, token in enumerate(source.tokens):
        if not source.code[index]:
            continue
        before = source[index - 1]
        if token.text in _NEGATIONS:
            add("operator", index, "")
        elif token.text in _OPERATORS and index not in assignments:
            binary = source.tokens[index - 1].kind in ("name", "number") or before in (")", "]", "}")
            if binary or token.text in ("&", "|"):  # a reduction, too
                add("operator", index, _OPERATORS[token.text])
        elif token.text == "if" and source[index + 1] == "(":
            close = source.partner[index + 1]
            inner = text[source.tokens[index + 1].end : source.tokens[close].start]
            add("condition", index + 1, f"(!({inner}))", close)
        elif token.kind == "number":
            kind = "index" if _is_index(source, index) else "constant"
            for new in _other_numbers(token.text):
                add(kind, index, new)
        elif token.kind == "name" and _is_index(source, index):
            add("index", index, "0")
        elif token.text in enumerators and source[index + 1] != ":" and source[index + 1] != ",":
            add("constant", index, enumerators[token.text])
    return found


def _is_index(source: Source, index: int) -> bool:
    """Whether the token is all that stands between the brackets of an index."""
    return source[index - 1] == "[" and source[index + 1] == "]" and source.tokens[index - 2].kind == "name"


def _assignments(source: Source) -> set[int]:
    """The ``<=`` that assign: the first at bracket depth 0 of a statement that has no other assignment before it."""
    found: set[int] = set()
    index, assigned = 0, False
    while index < len(source):
        text = source[index]
        if text in (";", "begin", "end", "else"):
            assigned = False
        elif text == "<=" and not assigned:
            found.add(index)
            assigned = True
        elif text == "=":
            assigned = True
        index = source.partner[index] + 1 if text in ("(", "[", "{") else index + 1
    return found


def _reset_statements(source: Source) -> set[int]:
    """Indices of the tokens that are executed in reset: behind ``if (!rst_ni ...)``."""
    found: set[int] = set()
    for index in range(len(source)):
        if source[index] == "if" and source[index + 2] == "!" and source[index + 3].startswith("rst_n"):
            first = source.partner[index + 1] + 1
            found.update(range(first, source.behind(first)))
    return found


def _enumerators(source: Source) -> dict[str, str]:
    """Each enumerator and the next one of its type: those that the file defines, and those named ``type__VALUE``."""
    groups: list[list[str]] = []
    for index in range(len(source)):
        if source[index] == "enum":
            brace = next(i for i in range(index, len(source)) if source[i] == "{")
            inside = range(brace + 1, source.partner[brace])
            groups.append([source[i] for i in inside if source[i - 1] in ("{", ",")])
    prefixed: dict[str, list[str]] = {}
    for token in source.tokens:
        if token.kind == "name" and re.fullmatch(r"[a-z_]+__[A-Z_]+", token.text):
            names = prefixed.setdefault(token.text.split("__")[0], [])
            if token.text not in names:
                names.append(token.text)
    groups += prefixed.values()
    return {name: group[(i + 1) % len(group)] for group in groups if len(group) > 1 for i, name in enumerate(group)}


def _other_numbers(text: str) -> Iterator[str]:
    """What a number becomes: 0 and 1 each other, n also n + 1."""
    if text in ("'0", "'1"):
        yield "'1" if text == "'0" else "'0"
        return
    if text.replace("_", "").isdigit():
        value = int(text.replace("_", ""))
        if value == 1:
            yield "0"
        yield str(value + 1)
        return
    match = _SIZED.match(text)
    if match is None:  # unknown or high impedance digits
        return
    size, sign, base, digits = match.groups()
    base = base.lower()
    value, bits = int(digits.replace("_", ""), _BASES[base]), int(size) if size else 32
    others = {0: [1], 1: [0, 2]}.get(value, [value + 1])
    if others[-1] >> bits:
        others[-1] = value - 1
    for other in sorted(set(others)):
        yield f"{size or ''}'{sign}{base}{other:{_DIGITS[base]}}"
