# SPDX-License-Identifier: Apache-2.0
"""Layers that Bambu compiled equal the integer model, and a defect in the C++ is seen. Needs Bambu: pytest -m bambu."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache

import pytest

from hls.bambu import BambuError, find_bambu, generate_top
from hls.gen import SOURCES, generate
from hls.tests.test_tops import DEFECTS, DESIGNS, vectors_of
from hls.top_model import differing, run_top
from hls.tops import layer_tops, write_tops
from verif.layers.flow import NO_BAMBU, STALLS
from verif.layers.simulate import build_layer

pytestmark = [pytest.mark.bambu, pytest.mark.skipif(find_bambu() is None, reason=NO_BAMBU)]
DESIGN = "max_averaged"


@cache
def tops():
    return {top.name: top for top in layer_tops(DESIGNS[DESIGN])}


def mismatches(name: str, generated, directory) -> list[int]:
    """Output words of a top that differ, for each rate of stalls."""
    top = tops()[name]
    unit = write_tops(generated, (top,))[name]
    made = generate_top(find_bambu(), top, unit, generated, directory=directory)
    library = build_layer(top, made.verilog, unit.with_suffix(""), directory / "lib", optimise=False)
    vectors = vectors_of(DESIGN)[name]
    return [
        differing(vectors, run_top(library, top, vectors, seed, stall, made.verilog.parent))
        for seed, stall in enumerate(STALLS)
    ]


@pytest.mark.parametrize("name", list(tops()))
def test_layer_equals_the_integer_model(tmp_path, name: str) -> None:
    assert mismatches(name, generate(DESIGNS[DESIGN], tmp_path), tmp_path / "out") == [0] * len(STALLS)


@pytest.mark.parametrize("name", ["le_pool_average", "gate_hidden"])
def test_defect_in_the_sources_is_seen(tmp_path, name: str) -> None:
    sources = tmp_path / "src"
    shutil.copytree(SOURCES, sources)
    file = sources / DEFECTS[name].file
    file.write_text(DEFECTS[name].applied(file.read_text()))
    generated = replace(generate(DESIGNS[DESIGN], tmp_path / "generated"), sources=sources)
    assert all(mismatches(name, generated, tmp_path / "out"))


def test_structure_in_a_stream_gets_too_narrow_a_port(tmp_path) -> None:
    """Why streams of structures are packed: the guard refuses what the compiler makes of one that is not."""
    sources = tmp_path / "src"
    shutil.copytree(SOURCES, sources)
    file = sources / "compiler.hpp"
    file.write_text(file.read_text().replace("#define ACCEL_HARDWARE 1", "#define ACCEL_HARDWARE 0"))
    generated = replace(generate(DESIGNS[DESIGN], tmp_path / "generated"), sources=sources)
    top = tops()["le_pool_max"]
    unit = write_tops(generated, (top,))[top.name]
    beat = "accel::FeatureBeat"
    unit.write_text(unit.read_text().replace(f"ap_uint<{top.ports[0].bits}>", beat))
    with pytest.raises(BambuError, match=r"port \w+ has \d+ bits, it must have|ended with exit code"):
        generate_top(find_bambu(), top, unit, generated, directory=tmp_path / "out")
