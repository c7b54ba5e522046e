# SPDX-License-Identifier: Apache-2.0
"""``scripts/baked.py``: what it counts, and the memory files of a baked accelerator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hw import baked
from hw.gen.build import generate, memory_files
from hw.gen.memory import LAYER_NUMBERS, bank_writes
from spec.bank import random_bank
from spec.errors import InputError
from spec.presets import Accelerator
from spec.tiny import tiny_accelerator


@pytest.fixture
def accelerator() -> Accelerator:
    return tiny_accelerator("deep", 2)


def test_memory_files_hold_the_words_that_a_load_would_write(accelerator) -> None:
    """The write sequence is an independent path: 32-bit chunks, put together again here."""
    bank = random_bank(accelerator.moe, 4)
    files = memory_files(accelerator.bake(bank))
    writes = bank_writes(accelerator.moe, accelerator.folding, bank)
    names = {number: name for name, number in LAYER_NUMBERS.items() if name in dict(accelerator.moe.bank_layers)}
    seen = 0
    for number, name in names.items():
        for bias, kind in enumerate(("weight", "bias")):
            part = (writes.layer == number) & (writes.bias == bias)
            addresses, data = writes.address[part], writes.data[part]
            text = files[f"{name}_{kind}.mem"].split()
            stride = 1 << (len(data) // len(text) - 1).bit_length()
            words = np.zeros(len(text), object)
            for address, value in zip(addresses.tolist(), data.tolist(), strict=True):
                words[address // stride] |= value << 32 * (address % stride)
            assert [int(word, 16) for word in text] == words.tolist(), f"{name} {kind}"
            seen += int(part.sum())
    assert seen == len(writes)
    assert not set(files) & set(memory_files(accelerator)) & {f"{name}_weight.mem" for name in names.values()}


def test_only_the_baked_package_says_so(accelerator, tmp_path) -> None:
    design = accelerator.bake(random_bank(accelerator.moe, 4))
    for which, bit, banks in ((accelerator, 0, accelerator.folding.weight_banks), (design, 1, 1)):
        text = (generate(which, tmp_path / which.name).directory / "moe_pkg.sv").read_text()
        assert f"localparam bit Baked = 1'b{bit};" in text and f"int unsigned Banks = {banks};" in text


def test_counted_figures(accelerator, monkeypatch) -> None:
    calls = []

    def synthesise(hardware, top, parameters):
        calls.append(parameters)
        return {"DP16KD": 4 if parameters["Banks"] > 1 else 2, "LUT4": 10, "CCU2C": 5}

    monkeypatch.setattr(baked, "synthesise", synthesise)
    bank = random_bank(accelerator.moe, 4)
    rows = baked.memory_costs("general", accelerator, bank)
    assert [row.layer for row in rows] == ["le0_hidden", "le0", "le1_hidden", "le1", "gate_hidden", "gate_out"]
    files = memory_files(accelerator.bake(bank))
    for row, loaded, constant in zip(rows, calls[::2], calls[1::2], strict=True):
        assert constant["WeightFile"] in files and constant["BiasFile"] in files and "Baked" not in loaded
        assert constant["Banks"] == 1 and loaded["Banks"] == accelerator.folding.weight_banks
        assert row.loaded_bits == loaded["Banks"] * row.baked_bits
        words = loaded["InWords"] * loaded["OutWords"]
        assert len(files[constant["WeightFile"]].split()) == words
        biases = loaded["OutWords"] * loaded["Pe"] * loaded["BiasW"]
        assert row.baked_bits == words * loaded["Pe"] * loaded["Simd"] * loaded["WgtW"] + biases
    graphs = baked.graph_costs("general", accelerator, bank)
    assert all(graph.outputs == graph.of_outputs for graph in graphs)  # tiny layers are whole graphs
    assert all(1 < graph.adder_bits / graph.weights < 40 for graph in graphs)
    page = baked.report(rows, graphs, "tiny")
    assert "4 -> 2 | 20 -> 20" in page and "* `general`: about " in page


def test_larger_layers_are_tried_in_parts(accelerator, monkeypatch) -> None:
    monkeypatch.setattr(baked, "LARGEST", 2 * accelerator.moe.le.out.inputs)
    graphs = baked.graph_costs("general", accelerator, random_bank(accelerator.moe, 4))
    assert [graph.outputs for graph in graphs if graph.layer == "le0"] == [1, 2]


def test_a_bank_of_another_accelerator_is_refused(accelerator) -> None:
    bank = random_bank(accelerator.moe, 4)
    with pytest.raises(InputError, match="made for the gate preset 'other'"):
        accelerator.bake(replace(bank, preset="other"))
