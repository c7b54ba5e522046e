# SPDX-License-Identifier: Apache-2.0
"""Folding: what divides and what does not, and the layout of the weight memories."""

import copy

import numpy as np
import pytest

from spec.bank import random_bank
from spec.bank_file import bank_of_stream, device_words
from spec.bank_payload import packed_layers
from spec.errors import InputError
from spec.fixedpoint import FixedPoint
from spec.folding import (
    LayerFolding,
    build_folding,
    pack_bias,
    pack_weights,
)
from spec.kinds.data import Shape
from spec.kinds.max_average_pool import MaxAveragePool
from spec.network import Mode, build_moe
from spec.paths import CONFIGS
from spec.presets import load_moe, load_toml
from spec.random_network import RandomNetwork
from spec.tiny import (
    FOLDING,
    GATES,
    LOCAL_ONLY,
    local_only_accelerator,
    max_averaged_accelerator,
    tiny_accelerator,
    tiny_moe,
)


def _changed(layer: str | None, **values) -> dict:
    config = copy.deepcopy(FOLDING)
    if layer is None:
        config.update(values)
    else:
        config[layer] = {**config[layer], **values}
    return config


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (_changed("conv2", pe=4), "layer conv2: pe = 4 does not divide its 6 outputs"),
        (_changed("conv2", simd=3), "layer conv2: simd = 3 does not divide its 4 input channels"),
        (_changed("fc1", simd=5), "layer fc1: simd = 5 does not divide its 24 inputs"),
        (_changed("fc1", simd=2), "layer fc1: simd = 2 and the 3 lanes that feed it do not divide one another"),
        (_changed("fc2", pe=0), "layer fc2: pe = 0 does not divide"),
        (_changed("fc2", multiplier="magic"), "multiplier is 'magic', allowed are dsp"),
        (_changed("fc1", multiplier="graph"), "an adder graph is for a convolution"),
        (_changed(None, weight_banks=1), "weight_banks is 1, allowed are 2 to 16"),
        ({k: v for k, v in FOLDING.items() if k != "le"}, r"has no section \[le\]"),
        (_changed(None, learning=1), "folding 'tiny': learning is 1, allowed are true and false"),
        (_changed(None, local_only="yes"), "folding 'tiny': local_only is 'yes', allowed are true and false"),
        (_changed(None, local_only=True), r"folding 'tiny' is local_only: it cannot have the section \[conv2\]"),
        ({**LOCAL_ONLY, "gate_out": {"pe": 1, "simd": 1}}, r"is local_only: it cannot have the section \[gate_out\]"),
        ({k: v for k, v in LOCAL_ONLY.items() if k != "conv1"}, r"'local_only' has no section \[conv1\]"),
    ],
)
def test_bad_foldings_are_refused(config, text):
    with pytest.raises(InputError, match=text):
        build_folding(config, tiny_moe())


def test_an_adder_graph_of_single_pixels_is_refused():
    made = RandomNetwork(np.random.default_rng(0), Shape(6, 6, 1))
    made.conv("conv1", 4, 6, kernel=1)
    made.dense("fc2", 7, 4, last=True)
    moe = build_moe(made.network("pixels", "conv1"), GATES["linear"])
    with pytest.raises(InputError, match="conv1: an adder graph is for windows of 2x2 or more, kernel is 1"):
        build_folding(_changed("conv1", multiplier="graph"), moe)


@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_a_pool_of_both_gives_words_of_the_width_that_it_takes(lanes):
    accelerator = max_averaged_accelerator(lanes=lanes)
    streams = accelerator.folding.streams(accelerator.moe)
    for head in (accelerator.moe.le, accelerator.moe.gate):
        name = head.pool.name
        assert streams.features == streams.into[name] == streams.after[name] == lanes
        assert streams.into[head.layers[0].name] == lanes


def test_the_small_folding_takes_a_pool_of_both():
    """Its features come four of twenty channels a word."""
    gate = load_toml("gates", "tuned")
    for part in ("local_expert", "gate"):
        gate[part]["pool_kind"] = "max_average"
    moe = build_moe(load_moe("tuned").network, gate)
    streams = build_folding(load_toml("folding", "small"), moe).streams(moe)
    assert moe.network.features.channels == 20 and moe.le.pool.out_shape.channels == 40
    assert streams.features == streams.after["le_pool"] == streams.after["gate_pool"] == 4


@pytest.mark.parametrize(("size", "words"), [(1, 72), (2, 36)])
def test_a_pool_of_both_takes_a_word_a_cycle_unless_it_gives_more(size, words):
    pool = MaxAveragePool("pool", Shape(6, 6, 4), size, FixedPoint(8, False, 4))
    assert pool.cycles(None, 4) == words and pool.cycles(None, 2) == 2 * words


def test_good_folding_counts_multiplier_blocks_of_every_local_expert():
    moe = tiny_moe("general", 3)
    folding = build_folding(FOLDING, moe)
    # conv1 4 + conv2 6 + fc1 in logic + fc2 2 + 3 LE of 4 + gate_hidden 4 + gate_out 1
    assert folding.multipliers(moe) == 4 + 6 + 0 + 2 + 3 * 4 + 4 + 1


def test_a_device_of_local_experts_has_no_gate_and_no_tail():
    design = local_only_accelerator()
    moe, folding = design.moe, design.folding
    there = {layer.name for layer in moe.weighted_layers if folding.is_present(layer, moe)}
    assert there == {"conv1", "le_hidden", "le_out"}
    assert folding.is_present(moe.le.pool, moe) and not folding.is_present(moe.gate.pool, moe)
    assert folding.multipliers(moe) == 4 + 2 * (8 + 4)  # conv1, two local experts with a hidden layer
    assert folding.modes == (Mode.OFF, Mode.LE_ONLY) and folding.domains == ("fe", "le")
    folding.check_mode(Mode.LE_ONLY)
    with pytest.raises(InputError, match="is local_only: there is no mode MOE_GATED, only OFF and LE_ONLY"):
        folding.check_mode(Mode.MOE_GATED)


def test_a_whole_device_has_everything():
    design = tiny_accelerator()
    moe, folding = design.moe, design.folding
    assert not folding.local_only and folding.modes == tuple(Mode)
    assert all(folding.is_present(layer, moe) for layer in (*moe.network.layers, *moe.runtime_layers))


def test_a_bank_for_a_device_without_a_gate_has_the_gates_weights():
    """As dense as the layer and the words of a stream allow."""
    design = local_only_accelerator()
    moe, bank = design.moe, random_bank(design.moe, 3)
    words = device_words(bank, moe, design.folding)
    assert bank_of_stream(words, moe, design.folding).digest() == bank.digest()
    packed = {record.name: record for record in packed_layers(moe, design.folding)}
    # 4 channels of 8 bits fit into a word; of the 6 hidden units only a divisor of 6 can stand in one.
    assert [(packed[name].pe, packed[name].simd) for name in ("gate_hidden", "gate_out")] == [(1, 4), (1, 3)]


def test_cycles_are_macs_over_products_when_nothing_is_padded():
    moe = tiny_moe("linear")
    folding = build_folding(FOLDING, moe)
    for layer in (*moe.network.layers, moe.le.out, moe.gate.out):
        if layer.name in folding.layers:
            fold = folding.layers[layer.name]
            assert layer.cycles(fold, 1) == layer.macs // (fold.pe * fold.simd)


def test_packed_memory_computes_the_product_in_hardware_order():
    """Walk the memory as the matrix-vector unit does: input words outside, output folds inside."""
    moe = tiny_moe("general", 2)  # 16 + 4 inputs: the confidence inputs fill no whole word of 3 lanes
    layer = moe.gate.layers[0]
    fold = LayerFolding(pe=3, simd=8)
    rng = np.random.default_rng(0)
    weight, bias = rng.integers(-128, 128, (layer.outputs, layer.inputs)), rng.integers(-999, 999, layer.outputs)
    memory, biases = pack_weights(layer, fold, weight), pack_bias(layer, fold, bias)
    words, folds = layer.input_words(fold), layer.output_words(fold)
    assert (words, folds, memory.shape) == (3, 2, (6, 24))
    x = rng.integers(0, 256, layer.inputs)
    padded = np.append(x, rng.integers(0, 256, words * fold.simd - layer.inputs))  # lanes that pad may hold anything
    acc = biases.astype(np.int64).copy()
    for i in range(words):
        for f in range(folds):
            lanes = memory[i * folds + f].reshape(fold.pe, fold.simd)
            acc[f] += lanes @ padded[i * fold.simd : (i + 1) * fold.simd]
    assert (acc.ravel() == weight @ x + bias).all()


@pytest.mark.parametrize("path", sorted((CONFIGS / "folding").glob("*.toml")), ids=lambda p: p.stem)
def test_shipped_presets_have_a_name_and_a_section_for_every_layer(path):
    config = load_toml("folding", path.stem)
    assert config["name"] == path.stem
    network = load_toml("networks", config.get("network", "lenet5"))
    matrices = {layer["name"] for layer in network["layer"] if layer["kind"] != "pool"}
    if config.get("local_only"):
        assert set(config) & matrices == {"conv1"} and {"le_hidden", "le", "le_out"} <= set(config)
    else:
        assert matrices | {"le", "gate_hidden", "gate_out"} <= set(config)
