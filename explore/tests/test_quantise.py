# SPDX-License-Identifier: Apache-2.0
"""Narrower networks: exact where nothing is lost, refused where widths do not exist; presets that are read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explore.preset import flags, folding_toml, gate_toml, write
from explore.quantise import narrowed
from explore.random_network import random_network
from explore.search import Found
from explore.space import Choice, Space
from golden.integer_model import NetworkModel
from spec.errors import InputError
from spec.folding import build_folding
from spec.kinds.data import LayerWeights
from spec.network import Network
from spec.paths import MODELS
from spec.presets import load_accelerator, load_toml
from spec.tiny import FOLDING, GATES, tiny_images, tiny_network

IMAGES = tiny_images(40)


def even_conv1() -> Network:
    """A network whose first layer uses every second weight only: one bit less holds them all."""
    network = tiny_network()
    weights = {**network.weights}
    weights["conv1"] = LayerWeights(2 * (weights["conv1"].weight // 2), weights["conv1"].bias & ~1)
    return replace(network, weights=weights)


def test_the_same_widths_give_the_same_answers() -> None:
    network = tiny_network()
    same = narrowed(network, {layer.name: layer.weight.bits for layer in network.weighted_layers}, 8, IMAGES)
    assert (NetworkModel(same).logits(IMAGES) == NetworkModel(network).logits(IMAGES)).all()


def test_a_bit_that_is_not_used_is_dropped_without_loss() -> None:
    network = even_conv1()
    less = narrowed(network, {"conv1": 5}, 8, IMAGES)
    assert less.layers[0].weight.bits == 5 and abs(less.weights["conv1"].weight).max() <= 16
    assert (NetworkModel(less).logits(IMAGES) == NetworkModel(network).logits(IMAGES)).all()
    lossy = narrowed(network, {"conv1": 2}, 8, IMAGES)
    assert (NetworkModel(lossy).logits(IMAGES) != NetworkModel(network).logits(IMAGES)).any()


def test_narrow_activations_have_their_width_everywhere() -> None:
    less = narrowed(tiny_network(), {"fc1": 2}, 5, IMAGES)
    assert less.feature_type.bits == 5
    assert all(layer.input.bits == 5 for layer in less.weighted_layers[1:])
    model = NetworkModel(less)
    taps: dict[str, np.ndarray] = {}
    model.front_end(IMAGES, taps)
    assert taps["pool1"].max() <= 31


@pytest.mark.parametrize(
    ("weights", "activations", "said"),
    [
        ({"conv9": 3}, 8, "has no layer 'conv9' with weights"),
        ({"conv1": 9}, 8, "conv1: weights of 9 bits, allowed are 2 to the file's 6"),
        ({"conv1": 1}, 8, "conv1: weights of 1 bits"),
        ({}, 9, "activations of 9 bits, allowed are 2 to 8"),
    ],
)
def test_widths_that_do_not_exist_are_refused(weights: dict, activations: int, said: str) -> None:
    with pytest.raises(InputError, match=said):
        narrowed(tiny_network(), weights, activations, IMAGES)


def test_a_written_design_is_read_back(tmp_path: Path) -> None:
    space = Space(tiny_network(), GATES["deep"], ("folding", "widths", "hidden"), images=IMAGES)
    widths = (("conv1", 4), ("conv2", 3), ("fc1", 2), ("fc2", 4), ("activations", 6))
    choice = Choice(widths, (("hidden", 8), ("gate_hidden", 6)))
    moe = space.moe(choice)
    folding = build_folding({**FOLDING, "learning": False}, moe)
    files = write(Found(choice, folding, {}, folding.layers), space, tmp_path, "mine", "A design.")
    again = load_accelerator(str(files["preset"]), str(files["gate"]), files["ge"])
    assert again.folding.layers == folding.layers and not again.folding.learning
    assert again.moe.network.digest() == moe.network.digest()
    assert again.moe.arithmetic == moe.arithmetic


def test_a_written_design_has_the_local_experts_that_were_searched(tmp_path: Path) -> None:
    space = Space(tiny_network(), GATES["deep"], ("folding", "hidden"), experts=3)
    choice = Choice((), (("hidden", 8), ("gate_hidden", 6)))
    folding = build_folding(FOLDING, space.moe(choice))
    files = write(Found(choice, folding, {}, folding.layers), space, tmp_path, "mine", "A design.")
    assert load_toml("gates", files["gate"])["local_experts"] == 3 == space.moe(choice).local_experts


def test_other_commands_are_told_what_no_file_says(tmp_path: Path) -> None:
    folding, gate, ge = (tmp_path / name for name in ("a.toml", "a.gate.toml", "a.onnx"))
    shipped, other = MODELS / "ge.onnx", Path("other.onnx")
    assert flags({"preset": folding}, "rich", shipped, None) == f"--preset {folding} --gate rich"
    assert flags({"preset": folding}, "rich", other, 2).endswith("--gate rich --ge other.onnx --local-experts 2")
    all_files = {"preset": folding, "gate": gate, "ge": ge}
    assert flags(all_files, "rich", other, 2) == f"--preset {folding} --gate {gate} --ge {ge}"


@pytest.mark.parametrize("name", ["rich", "tuned", "paper"])
def test_a_gate_preset_is_read_back(name: str, tmp_path: Path) -> None:
    gate = load_toml("gates", name)
    (tmp_path / "gate.toml").write_text(gate_toml(gate, "The same."))
    assert load_toml("gates", tmp_path / "gate.toml") == gate


def test_a_graph_has_no_pe_in_a_preset() -> None:
    folding = load_accelerator("ecp5_85").folding
    text = folding_toml(folding, folding.layers, "x", "By hand.")
    assert '[conv1]\nmultiplier = "graph"' in text and "[conv2]\npe = 50\nsimd = 5" in text


def test_a_random_network_has_the_sizes_of_its_description() -> None:
    description = load_toml("networks", "digits")
    made, again = random_network(description, 3), random_network(description, 3)
    assert made.digest() == again.digest() != random_network(description, 4).digest()
    assert [layer.weight.bits for layer in made.weighted_layers] == [6, 4, 3, 4] and made.classes == 10
    with pytest.raises(InputError, match="lacks the key"):
        random_network({**description, "arithmetic": {}})
