# SPDX-License-Identifier: Apache-2.0
"""Numbers that stand by name in the SystemVerilog: a module's localparams, for given parameters."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

RTL = Path(__file__).parents[1] / "rtl"
_DECLARED = re.compile(
    r"\b(?:localparam|parameter)\s+(?:int\s+unsigned|bit)\s+(\w+)\s*=\s*(.*?)(?=;|,\s*\n|\n\s*\)\s*\()", re.S
)
_OPERATORS = (("&&", " and "), ("||", " or "), ("$clog2", "clog2"))


@cache
def _declarations(module: str) -> dict[str, str]:
    text = re.sub(r"//[^\n]*", "", (RTL / f"{module}.sv").read_text())
    return {name: " ".join(value.split()) for name, value in _DECLARED.findall(text)}


def _clog2(value: int) -> int:
    return max(value - 1, 0).bit_length()


def _python(text: str) -> str:
    """An expression of numbers, names, operators, ``$clog2`` and ``? :`` as Python has it."""
    for theirs, ours in _OPERATORS:
        text = text.replace(theirs, ours)
    text = re.sub(r"\d+'[bd](\d+)", r"\1", text).replace("/", "//")
    return _choice(text.strip())


def _choice(text: str) -> str:
    """``a ? b : c`` at the outermost level, from the left."""
    depth, question = 0, None
    for i, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0 and letter == "?":
            question = i
            break
    if question is None:
        return re.sub(r"\(([^()]*\?[^()]*)\)", lambda m: f"({_choice(m[1])})", text)
    nested = depth = 0
    for i in range(question + 1, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth == 0 and text[i] in "?:":
            if text[i] == "?":
                nested += 1
            elif nested:
                nested -= 1
            else:
                condition, yes, no = text[:question], text[question + 1 : i], text[i + 1 :]
                return f"(({_choice(yes)}) if ({_choice(condition)}) else ({_choice(no)}))"
    raise ValueError(f"'{text}' has a ? without its :")


def localparam(module: str, name: str, **parameters: int) -> int:
    """Value of a localparam, or of a parameter's default, of a module of ``hw/rtl``.

    Args:
        parameters: of the instance, in place of their defaults.

    Raises:
        ValueError: the module has no such constant, or it is made of more than numbers and other constants.
    """
    declared, known = _declarations(module), dict(parameters)

    def value(wanted: str) -> int:
        if wanted not in known:
            if wanted not in declared:
                raise ValueError(f"{module}.sv has no constant {wanted}")
            source = _python(declared[wanted])
            names = {n: value(n) for n in set(re.findall(r"[A-Za-z_]\w*", source)) - _WORDS}
            known[wanted] = int(eval(source, {"__builtins__": {}, "clog2": _clog2}, names))  # noqa: S307
        return known[wanted]

    return value(name)


_WORDS = frozenset({"and", "or", "not", "if", "else", "clog2"})


def connected(module: str, parameter: str) -> int:
    """The number that a module gives to a parameter of an instance.

    Raises:
        ValueError: it gives none, or several different ones.
    """
    found = set(re.findall(rf"\.{parameter}\s*\((\d+)\)", (RTL / f"{module}.sv").read_text()))
    if len(found) != 1:
        raise ValueError(f"{module}.sv gives {parameter} {len(found)} numbers, one is expected")
    return int(found.pop())
