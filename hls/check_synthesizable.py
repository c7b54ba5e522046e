# SPDX-License-Identifier: Apache-2.0
"""Check that the HLS sources stay synthesizable, without a vendor tool. Three independent checks:

* *tokens*: no dynamic memory, standard library, exceptions, virtual functions or RTTI, no loop without a bound that
  is known at compile time, and no pragma of one compiler only (see ``compiler.hpp``);
* *compiler*: the sources compile with ``-fno-exceptions -fno-rtti``, without variable-length arrays, against a
  ``hls_stream.h`` that allocates nothing, and no function calls itself, directly or through others;
* *calls*: no function of ours calls an allocator, and the objects refer to no exception or RTTI function. (The vendor's
  headers have an allocator in the C model of wide products; synthesis replaces those headers.)

``scripts/check_hls.py`` runs them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hls.build import CompileError, run_compiler
from hls.gen import GeneratedHls
from spec.errors import InputError
from spec.paths import ROOT

STREAM_STUB = ROOT / "hls" / "check"
_FLAGS = [
    *("-std=c++14", "-O0", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Wvla", "-Werror"),
    # Parameters that only taps use are unused without taps.
    *("-Wno-unknown-pragmas", "-Wno-unused-parameter", "-fcallgraph-info"),
]
_FORBIDDEN_TOKENS = {
    "dynamic memory": r"\b(?:new|delete|malloc|calloc|realloc|free|alloca|unique_ptr|shared_ptr)\b",
    "standard library": r"\bstd\s*::",
    "exception": r"\b(?:throw|try|catch)\b",
    "virtual call": r"\b(?:virtual|dynamic_cast|typeid)\b",
    "unbounded loop": r"\b(?:while|do|goto)\b",
}
_INCLUDES = {"ap_int.h", "ap_fixed.h", "hls_stream.h", "ap_axi_sdata.h", "tap_recorder.hpp", "hls4ml_parts.hpp"}
_ALLOCATOR = r"_Zn[wa]|_Zd[la]|(?:__builtin_)?(?:malloc|calloc|realloc|free|aligned_alloc|posix_memalign)$"
_FORBIDDEN_SYMBOLS = {
    "exception": r"__cxa_(?:throw|rethrow|allocate_exception|begin_catch)",
    "virtual call": r"__cxa_pure_virtual|__dynamic_cast|_ZTI|_ZTV",
}


@dataclass(frozen=True)
class Violation:
    """A broken rule: ``where`` is file:line or an object, ``what`` the text found."""

    rule: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.rule}: {self.what}"


def strip_comments(text: str) -> str:
    """Blank out comments and literals; line numbers stay."""

    def blank(match: re.Match) -> str:
        return re.sub(r"[^\n]", " ", match.group())

    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def _closing(text: str, opening: int) -> int:
    """Position of the parenthesis that closes the one at ``opening``."""
    depth = 0
    for i in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth == 0:
            return i
    return len(text)


def bounded(header: str) -> bool:
    """Whether the inside of a ``for (...)`` counts up to a bound known at compile time.

    Such a bound has numbers, members of a type (``Layer::kWords``) and names in the style of constants and template
    parameters (``kPixels``, ``MaxWrites``); variables are in lower case here.
    """
    parts = [part.strip() for part in header.split(";")]
    if len(parts) != 3:
        return False
    start, condition, step = parts
    counter = re.fullmatch(r"unsigned (\w+) = \w+", start)
    if not counter:
        return False
    name = counter[1]
    limit = re.fullmatch(rf"{name} < ([\w:\s+\-*/%()]+)", condition)
    if not limit or step not in (f"{name}++", f"++{name}"):
        return False
    words = re.findall(r"(?:\w+::)*\w+", limit[1])
    return all(re.fullmatch(r"\d+u?|(?:\w+::)+\w+|k[A-Z]\w*|[A-Z]\w*", word) for word in words)


def _check_pragmas(text: str, line: Callable[[int], str]) -> list[Violation]:
    """Pragmas outside of the macros, and loops that only one of the compilers is told to unroll."""
    found = [
        Violation("pragma of one compiler", line(match.start()), match.group().strip())
        for match in re.finditer(r"^[ \t]*#\s*pragma\s+(?!once\b)\w+", text, flags=re.M)
    ]
    whole = {
        match.start(place)
        for match in re.finditer(r"(ACCEL_UNROLL_BEFORE)\s*for\s*\([^{}]*\)\s*\{\s*(ACCEL_UNROLL_INSIDE)\b", text)
        for place in (1, 2)
    }
    return found + [
        Violation("pragma of one compiler", line(match.start(1)), match[1])
        for match in re.finditer(r"^(?![ \t]*#).*?(ACCEL_UNROLL_\w+)", text, flags=re.M)
        if match.start(1) not in whole
    ]


def check_tokens(path: Path) -> list[Violation]:
    """Token rules for one file."""
    raw = path.read_text()
    text = strip_comments(raw)

    def line(position: int) -> str:
        return f"{path.name}:{text.count(chr(10), 0, position) + 1}"

    found = [
        Violation(rule, line(match.start()), match.group())
        for rule, pattern in _FORBIDDEN_TOKENS.items()
        for match in re.finditer(pattern, text)
    ]
    for match in re.finditer(r"\bfor\s*\(", text):
        header = text[match.end() : _closing(text, match.end() - 1)]
        if not bounded(" ".join(header.split())):
            found.append(Violation("unbounded loop", line(match.start()), f"for ({header})"))
    found += _check_pragmas(text, line)
    for match in re.finditer(r"^\s*#\s*include\s*([<\"])([^>\"]+)", raw, flags=re.M):
        known = match[2] in _INCLUDES or (match[1] == '"' and match[2].endswith(".hpp"))
        if not known:
            found.append(Violation("standard library", line(match.start()), f"#include {match[2]}"))
    return found


def check_calls(callgraph: str, directories: tuple[Path, ...]) -> list[Violation]:
    """Calls from our own functions to allocators, and cycles between our own functions.

    Args:
        callgraph: text of GCC's -fcallgraph-info files.
        directories: where our own functions are defined.
    """
    found = []
    ours: dict[str, tuple[str, str]] = {}
    for title, label in re.findall(r'node: \{ title: "([^"]+)" label: "([^"]+)"', callgraph):
        name, *place = label.split("\\n")
        if place and any(str(d) in place[0] for d in directories):
            ours[title] = (name, place[0])
    edges: dict[str, set[str]] = {title: set() for title in ours}
    for source, target in re.findall(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', callgraph):
        if source in ours and target in ours:
            edges[source].add(target)
        elif source in ours and re.match(_ALLOCATOR, target):
            name, place = ours[source]
            found.append(Violation("dynamic memory", Path(place).name, f"{name} calls {target}"))
    reach = {title: set(targets) for title, targets in edges.items()}
    changed = True
    while changed:
        changed = False
        for targets in reach.values():
            further = set().union(*(reach[t] for t in targets)) - targets if targets else set()
            if further:
                targets |= further
                changed = True
    return found + [
        Violation("recursion", Path(ours[title][1]).name, ours[title][0])
        for title, targets in reach.items()
        if title in targets
    ]


def check_objects(generated: GeneratedHls) -> list[Violation]:
    """Compiler and call rules for the synthesised units."""
    nm = shutil.which("nm")
    if nm is None:
        raise InputError("'nm' is needed for the synthesizability check and is not on PATH (Debian: binutils)")
    found: list[Violation] = []
    with tempfile.TemporaryDirectory(prefix="synthesizable_") as name:
        graph = ""
        for unit in generated.units:
            target = Path(name) / f"{unit.stem}.o"
            paths = [f"-I{path}" for path in (STREAM_STUB, *generated.include_path)]
            try:
                run_compiler([*_FLAGS, *paths, "-c", str(unit), "-o", str(target)], unit.name)
            except CompileError as error:
                return [Violation("restricted compiler", unit.name, str(error))]
            graph += target.with_suffix(".ci").read_text()
            listing = subprocess.run([nm, "-u", str(target)], capture_output=True, text=True, check=True).stdout
            for symbol in listing.split()[1::2]:
                found += [
                    Violation(rule, unit.name, f"refers to {symbol}")
                    for rule, pattern in _FORBIDDEN_SYMBOLS.items()
                    if re.match(pattern, symbol)
                ]
        found += check_calls(graph, (generated.sources, generated.directory))
    return found


def check(generated: GeneratedHls) -> list[Violation]:
    """All checks of the hand-written sources and of the generated headers (weight tables have no code to check)."""
    files = [*sorted(generated.sources.glob("*.[ch]pp")), *generated.logic]
    return [v for path in files for v in check_tokens(path)] + check_objects(generated)
