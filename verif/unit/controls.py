# SPDX-License-Identifier: Apache-2.0
"""Negative controls: a defect put into the RTL on purpose must make the tests fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tools.cocotb_run import Value, rtl_sources, run, with_mutant


@dataclass(frozen=True)
class Defect:
    """Replace ``old``, which occurs once in ``module``.sv, by ``new``; the cocotb test ``found_by`` must fail."""

    module: str
    old: str
    new: str
    found_by: str


def check_found(
    toplevel: str,
    bench: str,
    defect: Defect,
    parameters: Mapping[str, Value],
    files: Mapping[str, str] | None = None,
) -> None:
    """Run one test on the broken design: it must fail. (That it passes on the sound one is a test of its own.)"""
    sources = with_mutant(rtl_sources(toplevel), defect.module, defect.old, defect.new)
    results = run(
        toplevel,
        bench,
        sources=sources,
        parameters=parameters,
        testcase=defect.found_by,
        files=files,
        check=False,
    )
    assert not results.passed, f"{defect.found_by} did not notice that {defect.old!r} became {defect.new!r}"
    assert results.failed, f"there is no cocotb test {defect.found_by} in {bench}"
