# SPDX-License-Identifier: Apache-2.0
"""A global expert of another shape, by configuration alone: trained, exported, and equal in every implementation.

The network ``digits`` (1-8-16 channels, one hidden layer, 10 classes) is trained for a moment on built-in handwriting;
what it learns does not matter here. Then the same comparison runs that a user would run.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from golden.data import Handwriting
from golden.data.synthetic import generate, generate_generic
from golden.integer_model import MoeModel
from spec.errors import InputError
from spec.network import Mode, Shape
from spec.paths import CONFIGS, MODELS, bank_file
from training import local_expert
from training import three_steps as training
from verif.compare.comparison import StageReport, run_modes, run_stage
from verif.compare.images import ImageSet, load_image_set
from verif.compare.request import Request, load_setup
from verif.compare.stage import Setup
from verif.compare.stages import STAGES, open_stages

IMAGES = 16


def _few_users() -> Handwriting:
    return generate(1, 8, seed=1)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """Directory with the GE, its float weights and the bank of a user, as ``scripts/train.py`` makes them."""
    out = tmp_path_factory.mktemp("digits")
    few = {"epochs": 1, "per_class": 40, "batch": 40}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            training, "generic_source", lambda split: generate_generic(8 if split == "train" else 2, split, 1)
        )
        patch.setattr(training, "users_source", _few_users)
        for stage in ("FLOAT", "QUANTISED"):
            patch.setattr(training.ge_step, stage, replace(getattr(training.ge_step, stage), **few))
        patch.setattr(local_expert, "FROM_RANDOM", replace(local_expert.FROM_RANDOM, epochs=4))
        steps = training.Steps("all", network="digits", preset="digits", gate="paper", out=out, work=out / "work")
        training.run(steps)
    return out


@pytest.fixture(scope="module")
def setup(models: Path) -> Setup:
    """What the comparison works on, with a threshold that sends half of the images to the local expert."""
    bank = bank_file("paper", 1, models / "banks")
    request = Request(ge=models / "ge.onnx", le_bank=bank, gate="paper", preset="digits")
    made, user = load_setup(request)
    assert user == 1 and made.float_weights
    run = MoeModel(made.accelerator.moe).run(images().images, Mode.MOE_PARALLEL, made.bank, keep_layers=True)
    logits = run.layers["gate_out"].astype(np.int64)
    return replace(made, theta=int(np.median(logits[:, 1] - logits[:, 0])), optimise=False)


def images() -> ImageSet:
    """Built-in handwriting, digits only."""
    return load_image_set(None, IMAGES, classes=10, environ={})


def test_the_network_has_the_configured_shape(setup: Setup) -> None:
    network = setup.accelerator.moe.network
    assert network.classes == 10 and network.features == Shape(12, 12, 8)
    shapes = [layer.out_shape for layer in network.layers]
    assert shapes[2:] == [Shape(8, 8, 16), Shape(4, 4, 16), Shape(1, 1, 64), Shape(1, 1, 10)]
    assert images().labels.max() < 10


def test_every_implementation_is_equal_in_every_layer(setup: Setup) -> None:
    stages = open_stages(list(STAGES), setup)
    try:
        results = run_modes(setup, stages, images().images, [Mode.MOE_PARALLEL, Mode.MOE_GATED])
    finally:
        for stage in stages:
            stage.close()
    for mode, reports in results.items():
        compared = {report.stage: report for report in reports}
        assert list(compared) == list(STAGES)
        for name in ("torch", "hls4ml", "hls", "rtl"):
            assert not compared[name].differs, f"{mode.name} {name}: {compared[name].first or compared[name].stopped}"
            assert {"conv1", "pool1", "le0", "gate_out", "conv2", "fc2", "class"} <= set(compared[name].mismatches)
        assert compared["float"].answered.all()
        experts = compared["rtl"].experts
        assert 0 in experts and 1 in experts, "the images do not use both experts"


def test_another_networks_bank_and_float_weights_are_noticed(setup: Setup, models: Path) -> None:
    """Negative control: one weight of the bank changed, and float weights that are not this network's."""
    ((weights,),) = setup.bank.local_experts
    changed = weights.weight.copy()
    changed[3, 5] += 1 if changed[3, 5] < 0 else -1
    other = replace(setup, bank=replace(setup.bank, local_experts=((replace(weights, weight=changed),),)))
    report: StageReport = run_stage(setup, STAGES["torch"](other), images().images, Mode.LE_ONLY)
    assert report.first.layer == "le0" and report.first.index == (3,)
    with pytest.raises(InputError, match="ge_float.npz: its weights do not fit the network preset 'ge'"):
        STAGES["float"](replace(setup, float_weights=MODELS / "ge_float.npz"))


@pytest.mark.parametrize(("features", "kind"), [(63, "dense"), (1, "dense"), (10, "pool")])
def test_a_network_without_a_known_number_of_classes_is_refused(tmp_path, features, kind) -> None:
    text = (CONFIGS / "networks" / "digits.toml").read_text()
    head, last = text.rsplit("[[layer]]", 1)
    last = last.replace("features = 10", f"features = {features}").replace('"dense"', f'"{kind}"')
    path = tmp_path / "odd.toml"
    path.write_text(f"{head}[[layer]]{last}")
    with pytest.raises(InputError, match="layer 'fc2' is the last, it must be dense with 2 to 62 features"):
        training.run(training.Steps("ge", network=str(path), out=tmp_path))
