# SPDX-License-Identifier: Apache-2.0
"""Each layer of the heads as a function of its own equals the integer model, and a planted defect is seen."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from hls.gen import SOURCES, generate
from hls.top_model import build_models, differing, run_top
from hls.top_vectors import top_vectors, words
from hls.tops import layer_tops, write_tops
from spec.bank import random_bank
from spec.tiny import max_averaged_accelerator, tiny_accelerator, tiny_images
from tools.mutants import Replacement

DESIGNS = {
    "general": tiny_accelerator("general", 1),
    "linear": tiny_accelerator("linear", 2),
    "max_averaged": max_averaged_accelerator(),
}
THETA = 3


@cache
def vectors_of(design: str):
    accelerator = DESIGNS[design]
    banks = [random_bank(accelerator.moe, seed) for seed in (5, 6)]
    return top_vectors(accelerator, banks, tiny_images(6, seed=2), THETA)


@pytest.mark.parametrize("design", DESIGNS)
def test_every_top_equals_the_integer_model(tmp_path, design: str) -> None:
    accelerator = DESIGNS[design]
    tops, vectors = layer_tops(accelerator), vectors_of(design)
    generated = generate(accelerator, tmp_path)
    units = write_tops(generated, tops)
    assert set(units) == set(vectors)
    library = build_models(generated, tops, tmp_path / "lib", optimise=False)
    for top in tops:
        assert differing(vectors[top.name], run_top(library, top, vectors[top.name])) == 0, top.name


DEFECTS = {
    "le_pool_average": Replacement(
        "average_pool.hpp", "const bool first = y == 0 && x == 0;", "const bool first = x == 0;"
    ),
    "gate_hidden_words": Replacement(
        "gating_network.hpp", "extra[2 * e + 1] = confidence[e].margin;", "extra[2 * e + 1] = 0;"
    ),
    "gate_hidden": Replacement(
        "weight_bank.hpp", "return ap_int<Width>(both >> (bit % 32));\n  }\n};\n", "return 1;\n  }\n};\n"
    ),
    "gate_decide": Replacement("gating_network.hpp", "best - generic > theta", "generic - best > theta"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_defect_in_the_sources_is_seen(tmp_path, name: str) -> None:
    accelerator, defect = DESIGNS["max_averaged"], DEFECTS[name]
    sources = tmp_path / "src"
    shutil.copytree(SOURCES, sources)
    file = sources / defect.file
    file.write_text(defect.applied(file.read_text()))
    generated = replace(generate(accelerator, tmp_path / "generated"), sources=sources)
    top = next(top for top in layer_tops(accelerator) if top.name == name)
    write_tops(generated, (top,))
    library = build_models(generated, (top,), tmp_path / "lib", optimise=False)
    vectors = vectors_of("max_averaged")[name]
    assert differing(vectors, run_top(library, top, vectors)) > 0


def test_words_have_lane_0_lowest() -> None:
    assert words(np.array([[1, -1], [2, 3]]), 2, 4).tolist() == [[0xF1], [0x32]]
    assert words(np.array([5, 6, 7]), 3, 6).tolist() == [[0x85, 0x71, 0x00]]
