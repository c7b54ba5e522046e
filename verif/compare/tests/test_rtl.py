# SPDX-License-Identifier: Apache-2.0
"""The RTL stage on a tiny accelerator: equal in every mode, and every fault site seen where it strikes."""

from dataclasses import replace

import numpy as np
import pytest

from golden.integer_model import MoeModel
from hw.gen.altered import altered_sources
from spec.bank import random_bank
from spec.errors import InputError
from spec.network import Mode
from tools.mutants import Replacement
from verif.bulk.simulator import BulkSimulator
from verif.compare.comparison import run_stage
from verif.compare.stages.rtl import FIELDS, RtlStage
from verif.compare.tests.setup import IMAGES, image_set, tiny_setup
from verif.faults import FAULTS, find_fault, prepare

MODES = [mode for mode in Mode if mode != Mode.OFF]

# Site -> a mode in which it shows, and the first layer that must differ.
SEEN_AT = {
    "weight": (Mode.GE_ONLY, "conv1"),
    "bias": (Mode.GE_ONLY, "fc2"),
    "le_weight": (Mode.LE_ONLY, "le0"),
    "gate_bias": (Mode.MOE_PARALLEL, "gate_out"),
    "rounding": (Mode.LE_ONLY, "conv1"),
    "relu": (Mode.LE_ONLY, "conv1"),
    "gate": (Mode.MOE_GATED, "expert"),
    "mux": (Mode.MOE_PARALLEL, "class"),
    "tlast": (Mode.GE_ONLY, "status"),
    "lost_word": (Mode.GE_ONLY, "class"),
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("ge")


@pytest.fixture(scope="module")
def sound(directory):
    stage = RtlStage(tiny_setup(directory))
    yield stage
    stage.close()


@pytest.mark.parametrize("mode", MODES)
def test_every_layer_equals_the_integer_model(directory, sound, mode):
    report = run_stage(tiny_setup(directory), sound, image_set().images, mode)
    assert not report.differs, report.first or report.stopped
    assert report.answered.all() and set(FIELDS) < set(report.mismatches)
    assert report.run.figures["cycles_per_image"] > 0
    if mode == Mode.MOE_GATED:
        assert 0 in report.experts and report.experts.max() > 0, "the images do not use the GE and a local expert"


def test_without_layers_the_simulator_gives_the_same_results(directory):
    """The harness must not touch the buffers of layers that nobody asked for."""
    setup = tiny_setup(directory)
    simulator = BulkSimulator(setup.accelerator, library=prepare(setup.accelerator, setup.bank, None, False).library)
    simulator.load_bank(setup.bank)
    images = image_set().images
    for mode in MODES:
        plain = simulator.run(images, mode, theta=setup.theta)
        watched = simulator.run(images, mode, theta=setup.theta, keep_layers=True)
        assert not plain.layers and watched.layers
        assert (plain.classes == watched.classes).all() and (plain.experts == watched.experts).all()
    simulator.close()


def test_a_first_chunk_without_the_ge_does_not_hide_its_layers(directory):
    """MOE_GATED: local images come first, so that no image of the first chunk has layers of the GE."""
    setup = tiny_setup(directory)
    images = image_set().images
    model = MoeModel(setup.accelerator.moe)
    experts = model.run(images, Mode.MOE_GATED, setup.bank, setup.theta).experts
    images = images[np.argsort(experts == 0, kind="stable")]
    expected = model.run(images, Mode.MOE_GATED, setup.bank, setup.theta, keep_layers=True)
    chunk = 4
    assert expected.experts[:chunk].all() and not expected.experts[-1]
    library = prepare(setup.accelerator, setup.bank, None, False).library
    simulator = BulkSimulator(setup.accelerator, library=library)
    simulator.load_bank(setup.bank)
    found = simulator.run(images, Mode.MOE_GATED, theta=setup.theta, keep_layers=True, chunk=chunk)
    simulator.close()
    assert set(found.layers) == set(expected.layers)
    for name, values in expected.layers.items():
        assert np.array_equal(found.layers[name], values.ravel()), name


def test_the_second_local_expert_alone(directory):
    setup = tiny_setup(directory, local_expert=1)
    stage = RtlStage(setup)
    report = run_stage(setup, stage, image_set().images, Mode.LE_ONLY)
    stage.close()
    assert not report.differs, report.first or report.stopped
    assert "le1" in report.mismatches and set(report.experts) == {2}


def test_every_site_has_an_expectation():
    assert set(SEEN_AT) == {fault.site for fault in FAULTS}


@pytest.mark.parametrize("site", SEEN_AT)
def test_every_fault_is_seen_at_its_layer(directory, site):
    mode, layer = SEEN_AT[site]
    setup = tiny_setup(directory, fault=find_fault(site))
    stage = RtlStage(setup)
    try:
        report = run_stage(setup, stage, image_set().images, mode)
    finally:
        stage.close()
    assert report.differs
    assert report.first.layer == layer
    assert (report.stopped is not None) == (site == "lost_word")


def test_a_run_that_stopped_does_not_disturb_the_next(directory):
    setup = tiny_setup(directory, fault=find_fault("lost_word"))
    stage = RtlStage(setup)
    try:
        stuck = run_stage(setup, stage, image_set().images, Mode.GE_ONLY)
        free = run_stage(setup, stage, image_set().images, Mode.LE_ONLY)  # does not use the feature store
    finally:
        stage.close()
    assert stuck.stopped.startswith("no result for") and not free.differs


def test_a_fault_leaves_the_originals_alone(directory, sound):
    """After all faults above, the unchanged design is still equal; also the same stage object, run again."""
    report = run_stage(tiny_setup(directory), sound, image_set(8).images, Mode.MOE_GATED)
    assert not report.differs and int(report.answered.sum()) == 8 < IMAGES


def test_an_edit_must_match_exactly_once(tmp_path):
    (tmp_path / "a.sv").write_text("assign x = y;\nassign x = y;\n")
    fault = replace(find_fault("gate"), edits=(Replacement("a.sv", "x = y", "x = z"),))
    with pytest.raises(InputError, match="2 times, to be replaced it must occur once"):
        altered_sources(fault.edits, fault.site, tmp_path, tmp_path / "out")
    fault = replace(fault, edits=(Replacement("a.sv", "nowhere", ""),))
    with pytest.raises(InputError, match="0 times, to be replaced it must occur once"):
        altered_sources(fault.edits, fault.site, tmp_path, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.sv"))


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.edits], ids=lambda fault: fault.site)
def test_every_edit_fits_the_sources(fault, tmp_path):
    altered_sources(fault.edits, directory=tmp_path)


def test_unknown_site():
    with pytest.raises(InputError, match="no fault site 'nonsense'; known are weight, bias"):
        find_fault("nonsense")


# ---- LE and GN as constants -----------------------------------------------------------------------------------------


def baked(setup):
    """The same comparison with the bank's weights built into the RTL."""
    return replace(setup, accelerator=setup.accelerator.bake(setup.bank))


def test_a_baked_accelerator_equals_the_integer_model_in_every_mode(directory):
    setup = baked(tiny_setup(directory))
    assert (
        setup.accelerator.name.endswith(f"-baked_{setup.bank.digest()[:8]}")
        and setup.accelerator.folding.weight_banks == 1
    )
    stage = RtlStage(setup)
    try:
        for mode in MODES:
            report = run_stage(setup, stage, image_set().images, mode)
            assert not report.differs, report.first or report.stopped
    finally:
        stage.close()


def test_a_baked_accelerator_needs_no_bank_and_takes_none(directory):
    """Nothing is loaded and no bank is marked valid; then another bank is written, without effect."""
    setup = baked(tiny_setup(directory))
    library = prepare(setup.accelerator, setup.bank, None, False).library
    simulator = BulkSimulator(setup.accelerator, library=library)
    images, model = image_set().images, MoeModel(setup.accelerator.moe)
    expected = model.run(images, Mode.MOE_PARALLEL, setup.bank, setup.theta)
    other = random_bank(setup.accelerator.moe, 99)
    for load in (False, True):
        if load:
            simulator.load_bank(other)
        found = simulator.run(images, Mode.MOE_PARALLEL, theta=setup.theta)
        assert (found.classes == expected.classes).all() and (found.experts == expected.experts).all()
        assert not found.status.any()
    simulator.close()
    assert (expected.classes != model.run(images, Mode.MOE_PARALLEL, other, setup.theta).classes).any()


@pytest.mark.parametrize("site", ["le_weight", "gate_bias"])
def test_one_changed_weight_in_a_baked_memory_is_seen_at_its_layer(directory, site):
    mode, layer = SEEN_AT[site]
    setup = baked(tiny_setup(directory, fault=find_fault(site)))
    stage = RtlStage(setup)
    try:
        report = run_stage(setup, stage, image_set().images, mode)
    finally:
        stage.close()
    assert report.differs and report.first.layer == layer


def test_a_bank_that_does_not_fit_is_not_baked(directory):
    setup = tiny_setup(directory)
    with pytest.raises(InputError, match="made for the gate preset"):
        setup.accelerator.bake(replace(setup.bank, preset="paper"))
