# SPDX-License-Identifier: Apache-2.0
"""The house: a package imports only from floors below its own. docs/architecture.md draws it, and this checks it.

The picture is the block of lines ``<floor>  <package>/ <text> [<package>/ <text>]`` between two fences. Imports inside
functions count like all others.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_LINE = re.compile(r"^(\d)  (.+)$")
_PACKAGE = re.compile(r"(?:^|   +)(\w+)/")
TESTS = re.compile(r"(^|\.)(tests|test_\w+|bench_\w+|conftest)(\.|$)")


def floors_of(page: str) -> dict[str, int]:
    """Package -> floor, from the picture in a Markdown page.

    Raises:
        ValueError: the page has no picture, or a package stands in it twice.
    """
    floors: dict[str, int] = {}
    for line in page.splitlines():
        if found := _LINE.match(line):
            for package in _PACKAGE.findall(found[2]):
                if package in floors:
                    raise ValueError(f"the picture has {package}/ twice")
                floors[package] = int(found[1])
    if not floors:
        raise ValueError("the page has no picture of the floors")
    return floors


def module_name(path: Path, root: Path) -> str:
    """Dotted name of a file; a package's ``__init__.py`` is the package."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, modules: Iterable[str]) -> set[str]:
    """The ``modules`` that a source file imports, wherever in it; a package only where no module of it is meant."""
    known, found = set(modules), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{name.name}" for name in node.names} & known
            if any(f"{node.module}.{name.name}" not in known for name in node.names):
                found |= {node.module} & known
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names} & known
    return found


def graph_of(root: Path, packages: Iterable[str]) -> dict[str, set[str]]:
    """Module -> modules that it imports, over all Python files below ``packages``."""
    files = {module_name(path, root): path for package in packages for path in sorted((root / package).rglob("*.py"))}
    return {name: imports(path.read_text(), files) for name, path in files.items()}


def arrows_up(graph: Mapping[str, set[str]], floors: Mapping[str, int]) -> list[str]:
    """Imports of another package that is not on a lower floor."""
    return [
        f"{user} imports {used}"
        for user, all_used in sorted(graph.items())
        for used in sorted(all_used)
        if (here := user.split(".")[0]) != (there := used.split(".")[0]) and floors[there] >= floors[here]
    ]


def library_uses_of_tests(graph: Mapping[str, set[str]]) -> list[str]:
    """Modules that are no tests and import tests."""
    return [
        f"{user} imports {used}"
        for user, all_used in sorted(graph.items())
        if not TESTS.search(user)
        for used in sorted(all_used)
        if TESTS.search(used)
    ]


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of modules that need each other, each sorted."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        waiting = list(graph[start])
        while waiting:
            module = waiting.pop()
            if module not in seen:
                seen.add(module)
                waiting += graph[module]
        reached[start] = seen
    groups = {tuple(sorted(b for b in graph if b in reached[a] and a in reached[b])) for a in graph}
    return sorted(list(group) for group in groups if group)
