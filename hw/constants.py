# SPDX-License-Identifier: Apache-2.0
"""Numbers of the hardware's fixed interfaces: read from ``accel_pkg.sv``, which is where they stand."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).with_name("rtl") / "accel_pkg.sv"
_LOCALPARAM = re.compile(r"^\s*localparam\b(?P<kind>[^=;]*?)(?P<name>\w+)\s*=\s*(?P<value>[^;]*);", re.M)
_KIND = re.compile(r"int unsigned|logic \[[^\]]*\]")


@cache
def constants(package: Path = PACKAGE) -> dict[str, int]:
    """Every localparam of a package that is a sum of numbers and of constants before it, or ``$clog2`` of one.

    Raises:
        ValueError: a constant is anything else.
    """
    found: dict[str, int] = {}
    for kind, name, text in _LOCALPARAM.findall(package.read_text()):
        if not _KIND.fullmatch(kind.strip()):
            raise ValueError(f"{name} is of the type {kind.strip()!r}, known are int unsigned and logic [...]")
        if text == "'1":
            continue  # all ones of its type
        found[name] = _value(name, text, found)
    return found


def _value(name: str, text: str, known: dict[str, int]) -> int:
    call = re.fullmatch(r"(\$clog2|\w+')\((.*)\)", text)
    try:
        node = ast.parse(call[2] if call else text, mode="eval").body
    except SyntaxError:
        raise ValueError(f"{name} is {text!r}, which is no sum of numbers and earlier constants") from None
    terms = [node.left, node.right] if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) else [node]
    total = 0
    for term in terms:
        if isinstance(term, ast.Constant) and isinstance(term.value, int):
            total += term.value
        elif isinstance(term, ast.Name) and term.id in known:
            total += known[term.id]
        else:
            raise ValueError(f"{name} is {text!r}, which is no sum of numbers and earlier constants")
    return (total - 1).bit_length() if call and call[1] == "$clog2" else total
