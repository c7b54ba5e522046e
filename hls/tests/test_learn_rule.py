# SPDX-License-Identifier: Apache-2.0
"""The pieces of the learning rule in C++ equal the golden ones, at the borders where random images seldom come."""

from __future__ import annotations

import ctypes
import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from golden.learner import moving, rival_within
from hls.build import FLAGS, quick, run_compiler
from hls.gen import SOURCES, generate
from spec.learning import LARGEST_SHIFT, SMALLEST_SHIFT, WEYL, next_random
from spec.tiny import tiny_accelerator
from tools.mutants import Replacement

PROBE = Path(__file__).with_name("rule_probe.cpp")


def build(directory: Path, *defects: Replacement) -> ctypes.CDLL:
    """The pieces as a library, of sources with defects."""
    sources = Path(shutil.copytree(SOURCES, directory / "src"))
    for defect in defects:
        defect.apply(sources)
    generated = generate(tiny_accelerator(), directory / "generated", learn=True)
    library = directory / "probe.so"
    includes = [f"-I{sources}", f"-I{generated.directory}"]
    run_compiler([*quick(FLAGS), *includes, "-shared", str(PROBE), "-o", str(library)], "the probe")
    return ctypes.CDLL(str(library))


@pytest.fixture(scope="module")
def probe(tmp_path_factory) -> ctypes.CDLL:
    return build(tmp_path_factory.mktemp("probe"))


def check_random(probe: ctypes.CDLL) -> None:
    """A run of states, and each bit alone."""
    probe.probe_random.restype = ctypes.c_uint32
    states = [1 << bit for bit in range(32)]
    for _ in range(500):
        states.append(next_random(states[-1]))
    found = [probe.probe_random(ctypes.c_uint32(state)) for state in states]
    assert found == [next_random(state) for state in states]


def check_moves(probe: ctypes.CDLL) -> None:
    """Every dither, so every border."""
    count = 1 << 16
    back = pow(WEYL, -1, count)  # input i of golden.learner.moving has the dither start + i * WEYL
    order = np.arange(count) * back % count
    for shift, value in product((SMALLEST_SHIFT, 10, LARGEST_SHIFT), (0, 1, 100, 255)):
        found = np.zeros(count, np.uint8)
        probe.probe_moves(ctypes.c_uint8(value), ctypes.c_uint(shift), ctypes.c_void_p(found.ctypes.data))
        expected = moving(np.full(count, value), shift, 0)[order]
        assert np.array_equal(found.astype(bool), expected)
        assert found.sum() == value << (16 - shift)


def check_rival(probe: ctypes.CDLL) -> None:
    """Every order of few values, the ends of the range, every target, and margins at the border."""
    low, high = -(1 << 17), (1 << 17) - 1
    rows = [*product((-1, 0, 1), repeat=4), *product((low, 0, high), repeat=4)]
    margins = (0, 1, 2, high, high - low, high - low + 1, (1 << 24) - 1)
    cases = [(row, target, margin) for row, target, margin in product(rows, range(4), margins)]
    logits = np.array([case[0] for case in cases], np.int32)
    targets = np.array([case[1] for case in cases], np.uint8)
    limits = np.array([case[2] for case in cases], np.uint32)
    index, within = np.zeros(len(cases), np.uint8), np.zeros(len(cases), np.uint8)
    arrays = [ctypes.c_void_p(array.ctypes.data) for array in (logits, targets, limits)]
    outputs = [ctypes.c_void_p(array.ctypes.data) for array in (index, within)]
    probe.probe_rival(*arrays, ctypes.c_size_t(len(cases)), *outputs)
    found = [int(i) if near else None for i, near in zip(index, within, strict=True)]
    expected = [rival_within(np.array(row, np.int64), target, margin) for row, target, margin in cases]
    assert found == expected
    assert None in expected and {0, 1, 2, 3} <= set(expected)


CHECKS = {"random": check_random, "moves": check_moves, "rival": check_rival}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_piece_equals_the_golden_one(probe: ctypes.CDLL, check) -> None:
    check(probe)


DEFECTS = {
    "another polynomial": ("random", "lfsr.hpp", "Random(kLfsrTaps)", "Random(kLfsrTaps ^ 2)"),
    "a step less": ("random", "lfsr.hpp", "i < kLfsrSteps;", "i < kLfsrSteps - 1;"),
    "shifts the other way": ("random", "lfsr.hpp", "(state >> 1)", "(state << 1)"),
    "the border moves too": ("moves", "lfsr.hpp", "Dither(input) > (", "Dither(input) >= ("),
    "the border stays": ("moves", "lfsr.hpp", "(input) > (", "(input) > 1 + ("),
    "half as often": ("moves", "lfsr.hpp", "<< shift.to_uint())", "<< (1 + shift.to_uint()))"),
    "the highest on a tie": ("rival", "rival.hpp", "logit > other", "logit >= other"),
    "the margin itself is too near": ("rival", "rival.hpp", "wanted - other < limit", "wanted - other <= limit"),
    "the difference wraps": ("rival", "rival.hpp", "wanted - other < limit", "logit_t(wanted - other) < limit"),
    "the first logit is always other": ("rival", "rival.hpp", "if (target == index)", "if (target == index && index)"),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_seen(defect: tuple[str, ...], tmp_path) -> None:
    check, *replacement = defect
    broken = build(tmp_path, Replacement(*replacement))
    with pytest.raises(AssertionError):
        CHECKS[check](broken)
