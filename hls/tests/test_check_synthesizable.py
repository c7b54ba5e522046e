# SPDX-License-Identifier: Apache-2.0
"""The sources obey the rules for synthesis, and each rule sees its violation."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hls.check_synthesizable import bounded, check, check_objects, check_tokens, strip_comments
from hls.gen import SOURCES, GeneratedHls, generate
from spec.presets import Accelerator
from spec.tiny import averaged_accelerator, max_averaged_accelerator, tiny_accelerator


@pytest.fixture
def altered(tmp_path) -> GeneratedHls:
    """Generated sources with a copy of the hand-written ones that a test may change."""
    sources = tmp_path / "src"
    shutil.copytree(SOURCES, sources)
    return replace(generate(tiny_accelerator(), tmp_path / "generated"), sources=sources)


DESIGNS = {
    "general": lambda: tiny_accelerator("general", 2),
    "deep": lambda: tiny_accelerator("deep", 1),
    "max_averaged": lambda: max_averaged_accelerator(),
    "linear": lambda: tiny_accelerator("linear", 2),
    "averaged": averaged_accelerator,
}


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_sources_obey_the_rules(tmp_path, design: Callable[[], Accelerator]) -> None:
    assert check(generate(design(), tmp_path)) == []


@pytest.mark.parametrize("design", ["deep", "linear"])
def test_sources_that_learn_obey_the_rules(tmp_path, design: str) -> None:
    assert check(generate(DESIGNS[design](), tmp_path, learn=True)) == []


def test_rules_reach_what_only_a_build_that_learns_compiles(altered: GeneratedHls, tmp_path) -> None:
    file = altered.sources / "lessons.hpp"
    file.write_text(
        file.read_text().replace(
            "#pragma once", "#pragma once\ninline int sum(int n) { int a[n]; return a[0] = n; }", 1
        )
    )
    assert check_objects(altered) == []
    learns = replace(generate(tiny_accelerator(), tmp_path / "learns", learn=True), sources=altered.sources)
    assert {v.rule for v in check_objects(learns)} == {"restricted compiler"}


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("dynamic memory", "inline int* f() { return new int; }"),
        ("dynamic memory", "inline void f(void* p) { free(p); }"),
        ("standard library", "inline int f() { return std::abs(-1); }"),
        ("standard library", "#include <vector>\n"),
        ("exception", "inline void f() { throw 1; }"),
        ("exception", "inline void f() { try { } catch (...) { } }"),
        ("virtual call", "struct A { virtual void f(); };"),
        ("unbounded loop", "inline void f(bool& b) { while (b) { } }"),
        ("unbounded loop", "inline void f() { for (;;) { } }"),
        ("unbounded loop", "inline void f(unsigned n) { for (unsigned i = 0; i < n; i++) { } }"),
        ("unbounded loop", "inline void f() { again: goto again; }"),
        ("pragma of one compiler", "#pragma HLS PIPELINE II = 1\n"),
        ("pragma of one compiler", "#pragma unroll\n"),
        ("pragma of one compiler", "ACCEL_UNROLL_BEFORE\nfor (unsigned i = 0; i < 8; i++) {\n  f(i);\n}"),
        ("pragma of one compiler", "ACCEL_UNROLL_INSIDE\nf(8);"),
    ],
)
def test_token_rule_sees_its_violation(tmp_path, rule: str, code: str) -> None:
    file = tmp_path / "bad.hpp"
    file.write_text(f"// harmless: new, throw, while\n{code}\n")
    found = check_tokens(file)
    assert {v.rule for v in found} == {rule}
    assert all(v.where == "bad.hpp:2" for v in found)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("recursion", "int depth(int n) { return n ? depth(n - 1) : 0; }"),
        (
            "recursion",
            "int ping(int n); int pong(int n) { return ping(n); } int ping(int n) { return n ? pong(n) : 0; }",
        ),
        ("dynamic memory", "void* hidden(unsigned long n) { return __builtin_malloc(n); }"),
        ("restricted compiler", "int sum(int n) { int a[n]; a[0] = 1; return a[0]; }"),
    ],
)
def test_object_rule_sees_its_violation(altered: GeneratedHls, rule: str, code: str) -> None:
    unit = altered.sources / "layers.cpp"
    unit.write_text(f"{unit.read_text()}\n{code}\n")
    # Only this unit: the other one is checked by test_sources_obey_the_rules.
    only = _OneUnit(altered.directory, altered.layers, altered.sources)
    assert {v.rule for v in check_objects(only)} == {rule}


class _OneUnit(GeneratedHls):
    @property
    def units(self) -> list[Path]:
        return [self.sources / "layers.cpp"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("unsigned i = 0; i < 8; i++", True),
        ("unsigned i = 0; i < Layer::kWords; i++", True),
        ("unsigned i = 0; i < 2 * kPixels; ++i", True),
        ("unsigned i = 0; i < MaxWrites + 1; i++", True),
        ("unsigned i = 0; i < count; i++", False),
        ("unsigned i = 0; i < beat.size(); i++", False),
        ("unsigned i = 0; ; i++", False),
        ("unsigned i = 0; i < 8; i += step", False),
        ("unsigned i = 0; j < 8; i++", False),
    ],
)
def test_bound_of_a_loop(header: str, expected: bool) -> None:
    assert bounded(header) is expected


def test_comments_and_literals_are_not_code() -> None:
    text = 'int a; // new\n/* while\nthrow */ int b = f("delete");\n'
    stripped = strip_comments(text)
    assert "new" not in stripped and "throw" not in stripped and "delete" not in stripped
    assert stripped.count("\n") == text.count("\n")


def test_loop_that_both_compilers_unroll_is_sound(tmp_path) -> None:
    file = tmp_path / "good.hpp"
    loop = "ACCEL_UNROLL_BEFORE\nfor (unsigned i = 0; i < 8; i++) {\n  ACCEL_UNROLL_INSIDE\n  f(i);\n}\n"
    file.write_text(f"#pragma once\n{loop}{loop}")
    assert check_tokens(file) == []


MACROS = ("DATAFLOW", "INLINE", "PIPELINE", "UNROLL_BEFORE", "UNROLL_INSIDE", "PRAGMA(STREAM depth = 4)")
PRAGMAS = "".join(f"ACCEL_{macro}\n" for macro in MACROS)


@pytest.mark.parametrize(
    ("compiler", "expected"),
    [
        ("__SYNTHESIS__", ["HLS DATAFLOW", "HLS INLINE", "HLS PIPELINE II = 1", "HLS UNROLL", "HLS STREAM depth = 4"]),
        ("__BAMBU__", ["unroll"]),
        ("NEITHER", []),
    ],
)
def test_each_compiler_gets_its_own_form_of_a_pragma(tmp_path, compiler: str, expected: list[str]) -> None:
    file = tmp_path / "probe.cpp"
    file.write_text(f'#include "compiler.hpp"\n{PRAGMAS}int hardware = ACCEL_HARDWARE;\n')
    command = ["g++", "-E", f"-D{compiler}", f"-I{SOURCES}", str(file)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^#pragma (?!once)(.*)$", text, re.M) == expected
    assert re.search(r"hardware = (.*);", text)[1].strip() == str(int(compiler != "NEITHER"))
