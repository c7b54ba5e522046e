# SPDX-License-Identifier: Apache-2.0
"""A layer kind is one thing: every floor has a module for each, and nothing outside those modules asks which it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from golden.kinds import GoldenKind
from hls.kinds import HlsKind
from hw.cycles.kinds import CycleKind
from hw.gen.kinds import RtlKind
from spec.errors import InputError
from spec.kinds import KINDS, implementation, kind_named, kind_of_operator, pool_named
from spec.kinds.layer import Layer
from spec.kinds.max_pool import MaxPool
from spec.paths import ROOT
from verif.compare.kinds import RealKind

FLOORS = {
    "golden.kinds": GoldenKind,
    "hw.gen.kinds": RtlKind,
    "hw.cycles.kinds": CycleKind,
    "hls.kinds": HlsKind,
    "verif.compare.kinds": RealKind,
}
PACKAGES = ("spec", "golden", "training", "tools", "hw", "hls", "explore", "driver", "verif", "report", "scripts")


def _subclasses(base: type) -> set[type]:
    return {base} | {deeper for below in base.__subclasses__() for deeper in _subclasses(below)}


NAMES = {kind.__name__ for kind in _subclasses(Layer)} - {"Layer"}


def production_files() -> list[Path]:
    """Python files of the project that are neither tests nor modules of a kind."""
    files = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).parts
            test = "tests" in parts or path.name.startswith(("test_", "bench_", "conftest"))
            if not test and "kinds" not in parts:
                files.append(path)
    return files


def questions(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every place that asks which kind a layer is.

    That is: isinstance, issubclass or a match pattern with the class of a kind, a comparison with it, a table by it, a
    comparison of ``.kernel`` with None, and a comparison of a description's ``kind``.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
            asked = node.args[1:]
        elif isinstance(node, ast.MatchClass):
            asked = [node.cls]
        elif isinstance(node, ast.Dict):
            asked = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            asked = sides
            texts = {ast.unparse(side) for side in sides}
            kernel = "None" in texts and any(text.endswith(".kernel") for text in texts)
            entry = any(text.endswith(("['kind']", ".kind")) for text in texts)
            if kernel or (entry and any(name in KIND_NAMES for name in _strings(sides))):
                yield node.lineno, ast.unparse(node)
                continue
        else:
            continue
        names = {x.id if isinstance(x, ast.Name) else x.attr for part in asked for x in ast.walk(part) if _named(x)}
        if names & NAMES:
            yield node.lineno, ast.unparse(node)


KIND_NAMES = {name for kind in KINDS.values() for name in kind.names}


def _named(node: ast.AST) -> bool:
    return isinstance(node, ast.Name | ast.Attribute)


def _strings(nodes: list[ast.expr]) -> set[str]:
    found = (x.value for node in nodes for x in ast.walk(node) if isinstance(x, ast.Constant))
    return {value for value in found if isinstance(value, str)}


def test_nothing_outside_the_kinds_asks_which_kind_a_layer_is() -> None:
    files = production_files()
    assert len(files) > 150
    found = [f"{path.relative_to(ROOT)}:{line}: {text}" for path in files for line, text in questions(path.read_text())]
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "if isinstance(layer, MaxPool): pass",
        "x = [y for y in layers if isinstance(y, spec.kinds.matrix.MatrixLayer)]",
        "ok = isinstance(layer, (Dense, int))",
        "ok = isinstance(layer, Dense | Convolution)",
        "same = type(layer) is PoolLayer",
        "if layer.kernel is None: pass",
        "flat = None is not x.y.kernel",
        "if entry['kind'] in ('pool', 'conv'): pass",
        "if entry['kind'] == 'dense': pass",
        "table = {Dense: 1, Convolution: 2}[type(layer)]",
        "match layer:\n    case MaxPool():\n        pass",
    ],
)
def test_a_question_is_found(source: str) -> None:
    """Negative control."""
    assert list(questions(source))


@pytest.mark.parametrize("package", FLOORS)
def test_every_floor_knows_every_kind_and_no_other(package: str) -> None:
    for kind in KINDS.values():
        assert isinstance(implementation(package, kind), FLOORS[package]), f"{package} of {kind.__name__}"
    folder = Path(import_module(package).__file__).parent
    modules = {path.stem for path in folder.glob("*.py")}
    known = {name for name in modules - {"__init__"} if hasattr(import_module(f"{package}.{name}"), "KIND")}
    assert known == set(KINDS)


def test_a_kind_that_a_floor_does_not_know_is_noticed() -> None:
    """Negative control."""

    class Unknown(MaxPool):
        pass

    KINDS["unknown_kind"] = Unknown
    try:
        for package in FLOORS:
            with pytest.raises(ModuleNotFoundError):
                implementation(package, Unknown)
    finally:
        del KINDS["unknown_kind"]


def test_names_and_operators_belong_to_one_kind() -> None:
    names = [name for kind in KINDS.values() for name in kind.names]
    operators = [name for kind in KINDS.values() for name in kind.operators]
    pools = [kind.pool for kind in KINDS.values() if kind.pool]
    for listed in (names, operators, pools):
        assert len(listed) == len(set(listed))
    for key, kind in KINDS.items():
        assert all(kind_of_operator(name) is kind for name in kind.operators)
        if kind.in_network:
            assert kind_named(key) is kind and kind.operators
        else:
            assert kind.pool and not kind.operators
            with pytest.raises(InputError, match=f"kind '{key}': {kind.title} is no layer of a network, only a pool"):
                kind_named(key)
    assert kind_of_operator("Softmax") is None
    with pytest.raises(
        InputError, match="kind 'softmax' is not supported; allowed are conv, dense, pool, average_pool$"
    ):
        kind_named("softmax")
    with pytest.raises(InputError, match="pool_kind is 'median', allowed are max, average, max_average$"):
        pool_named("median")
