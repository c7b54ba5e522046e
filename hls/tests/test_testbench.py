# SPDX-License-Identifier: Apache-2.0
"""The C test bench, which the vendor's co-simulation runs too, passes with plain g++ and sees a wrong result."""

from __future__ import annotations

import subprocess

import pytest

from hls.build import build_testbench
from hls.gen import generate
from hls.vectors import vectors
from spec.bank import random_bank
from spec.tiny import tiny_accelerator, tiny_images

DESIGNS = {"plain": (False, False), "learns": (True, False), "hardware": (False, True), "learns_hardware": (True, True)}


@pytest.fixture(scope="module", params=DESIGNS.values(), ids=DESIGNS)
def bench(request, tmp_path_factory):
    """The executable and its vectors' text.

    A build that learns answers images without labels as the other one; so does one with the types of hardware.
    """
    directory = tmp_path_factory.mktemp("bench")
    accelerator = tiny_accelerator("general", 2)
    banks = tuple(random_bank(accelerator.moe, seed) for seed in (1, 2))
    learn, hardware = request.param
    generated = generate(accelerator, directory, learn)
    executable = build_testbench(generated, directory / "moe_test", optimise=False, hardware=hardware)
    return executable, vectors(accelerator, tiny_images(3), banks)


def run(bench, text: str) -> subprocess.CompletedProcess:
    executable, _ = bench
    file = executable.with_name("vectors.txt")
    file.write_text(text)
    return subprocess.run([executable, file], capture_output=True, text=True, check=False)


def test_every_mode_and_both_users_pass(bench) -> None:
    result = run(bench, bench[1])
    assert (result.returncode, result.stdout) == (0, "0 of 24 results differ\n")


def test_wrong_class_is_seen(bench) -> None:
    lines = bench[1].rstrip("\n").split("\n")
    word, *domains = lines[-1].split()
    lines[-1] = " ".join([f"{int(word, 16) ^ 1:08x}", *domains])
    result = run(bench, "\n".join(lines) + "\n")
    assert result.returncode == 1 and "1 of 24 results differ" in result.stdout


def test_wrong_domain_is_seen(bench) -> None:
    lines = bench[1].rstrip("\n").split("\n")
    word, start, after = lines[-1].split()
    lines[-1] = f"{word} {start} {int(after) ^ 2}"
    assert run(bench, "\n".join(lines) + "\n").returncode == 1


def test_missing_and_empty_vectors_are_errors(bench) -> None:
    assert run(bench, "").returncode == 2
    executable, _ = bench
    missing = subprocess.run([executable, "/nonexistent"], capture_output=True, text=True, check=False)
    assert missing.returncode == 2 and "cannot read /nonexistent" in missing.stderr
