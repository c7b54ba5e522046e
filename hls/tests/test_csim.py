# SPDX-License-Identifier: Apache-2.0
"""The HLS top level in C simulation equals the integer model, bit for bit, in every layer and mode."""

from __future__ import annotations

import shutil
from copy import copy
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from golden.descriptor import Descriptor, Settings
from golden.integer_model import Answers, MoeModel
from hls.build import CompileError, build_library
from hls.csim import HlsError, HlsSimulator
from hls.gen import SOURCES, generate
from hls.vectors import expected_domains
from spec.bank import random_bank
from spec.network import RUNNING_MODES, Mode
from spec.result_word import Status
from spec.tiny import tiny_accelerator, tiny_images
from tools.mutants import Replacement

SHORT, LONG, NO_BANK = 1, 2, 4  # bits of the status field


class Device:
    """A simulator with its integer model and two users' banks, loaded as 0 and 1."""

    def __init__(self, directory, gate: str, local_experts: int) -> None:
        self.accelerator = tiny_accelerator(gate, local_experts)
        self.model = MoeModel(self.accelerator.moe)
        self.banks = [random_bank(self.accelerator.moe, seed) for seed in (11, 12)]
        self.generated = generate(self.accelerator, directory)
        self.simulator = HlsSimulator(self.accelerator, self.generated)
        for number, bank in enumerate(self.banks):
            self.simulator.load_bank(bank, number)

    def descriptor(self, mode: Mode, bank: int = 0, bank_valid: int = 3, **settings: int) -> Descriptor:
        """What an image's settings mean."""
        chosen = Settings(mode, bank, bank_valid, **settings)
        return Descriptor.of(chosen, 0, self.accelerator.moe.local_experts, len(self.banks))


@pytest.fixture(scope="module", params=[("deep", 2), ("linear", 1)], ids=["deep-2", "linear-1"])
def device(request, tmp_path_factory) -> Device:
    gate, local_experts = request.param
    return Device(tmp_path_factory.mktemp("generated"), gate, local_experts)


def first_difference(expected: Answers, found: Answers) -> str | None:
    """The first layer, in network order, whose output differs or is missing on one side; or 'class'."""
    for name, values in expected.layers.items():
        if name not in found.layers or not np.array_equal(values, found.layers[name]):
            return name
    same = np.array_equal(expected.classes, found.classes) and np.array_equal(expected.experts, found.experts)
    return None if same else "class"


def thetas(device: Device, images: np.ndarray) -> list[int]:
    """Thresholds around which the gate decides both ways, with one that ties for an image."""
    gate = device.model.run(images, Mode.MOE_PARALLEL, device.banks[0], keep_layers=True).layers["gate_out"]
    margins = np.sort(gate[:, 1:].max(1).astype(np.int64) - gate[:, 0])
    return [int(margins[len(margins) // 2]), int(margins[0]) - 1, int(margins[-1])]


@pytest.mark.parametrize("mode", RUNNING_MODES, ids=lambda m: m.name)
def test_every_layer_equals_the_integer_model(device: Device, mode: Mode) -> None:
    images = tiny_images(60, seed=1)
    gated = mode in (Mode.MOE_PARALLEL, Mode.MOE_GATED)
    for theta in thetas(device, images) if gated else [0]:
        for number, bank in enumerate(device.banks):
            expected = device.model.run(images, mode, bank, theta, keep_layers=True)
            found = device.simulator.run(images, mode, number, theta, keep_layers=True, chunk=7)
            if mode == Mode.LE_ONLY:  # only the expert that answers runs
                expected.layers = {k: v for k, v in expected.layers.items() if not k.startswith("le1")}
            assert first_difference(expected, found) is None
            assert set(found.layers) == set(expected.layers)
            assert all(found.layers[k].dtype == v.dtype for k, v in expected.layers.items())
            assert {k: v.tolist() for k, v in found.used.items()} == {k: v.tolist() for k, v in expected.used.items()}
            assert (found.status == 0).all() and (found.banks == number).all()
            domains = [expected_domains(device.descriptor(mode), int(e)) for e in expected.experts]
            assert found.domains.tolist() == [list(pair) for pair in domains]


def test_gated_images_of_both_kinds_occur(device: Device) -> None:
    """Otherwise the comparison in MOE_GATED would say little: the GE must have been spared and used."""
    images = tiny_images(60, seed=1)
    theta = thetas(device, images)[0]
    found = device.simulator.run(images, Mode.MOE_GATED, 0, theta, keep_layers=True)
    generic = int((found.experts == 0).sum())
    assert 0 < generic < 60
    assert len(found.layers["conv2"]) == generic
    assert (found.domains[:, 0] & 2 == 0).all()  # PD_GE is not enabled before the gate has decided
    assert ((found.domains[:, 1] & 2 != 0) == (found.experts == 0)).all()


def test_local_expert_is_chosen_in_le_only(device: Device) -> None:
    images = tiny_images(20, seed=2)
    for index in range(device.accelerator.moe.local_experts):
        expected = device.model.run(images, Mode.LE_ONLY, device.banks[0], local_expert=index)
        found = device.simulator.run(images, Mode.LE_ONLY, 0, local_expert=index)
        assert first_difference(expected, found) is None


@pytest.mark.parametrize("mode", RUNNING_MODES, ids=lambda m: m.name)
def test_experts_can_be_disabled(device: Device, mode: Mode) -> None:
    """Every combination of enabled experts, of the chosen local expert, and of a bank with and without weights."""
    images = tiny_images(12, seed=6)
    theta = thetas(device, images)[0]
    experts = device.accelerator.moe.local_experts
    found_status = set()
    for ge, le, chosen, number in product((0, 1), range(1 << experts), range(experts), (0, 2)):
        image = device.descriptor(mode, number, local_expert=chosen, theta=theta, ge_enable=ge, le_enable=le)
        classes, answering = image.answers(device.model, images, device.banks[0])
        found = device.simulator.run(images, mode, number, theta, chosen, ge_enable=ge, le_enable=le)
        status = (Status.NO_BANK if image.no_bank else 0) | (Status.DISABLED if image.disabled else 0)
        assert found.classes.tolist() == classes.tolist() and found.experts.tolist() == answering.tolist()
        assert (found.status == status).all()
        assert found.domains.tolist() == [list(expected_domains(image, int(e))) for e in answering]
        found_status.add(int(status))
    assert Status.DISABLED in found_status


PLAN_DEFECTS = {
    "a gate without all its experts": (
        "settings.mode == kModeMoeGated && plan.use_gate",
        "settings.mode == kModeMoeGated",
    ),
    "a disabled GE answers": ("plan.image && !le_only && ge_enabled;", "plan.image && !le_only;"),
    "disabled experts are not reported": ("(moe && le_disabled != 0);", "false;"),
    "a disabled local expert answers": ("bank_ok && settings.le_enable[local])", "bank_ok)"),
}


@pytest.mark.parametrize("defect", PLAN_DEFECTS.values(), ids=PLAN_DEFECTS)
def test_a_wrong_plan_is_seen(device: Device, defect: tuple[str, str], tmp_path) -> None:
    sources = shutil.copytree(SOURCES, tmp_path / "src")
    Replacement("interface.hpp", *defect).apply(sources)
    generated = replace(device.generated, sources=sources)
    broken = copy(device)
    broken.simulator = HlsSimulator(device.accelerator, library=build_library(generated, optimise=False), threads=1)
    broken.simulator.load_bank(device.banks[0], 0)
    with pytest.raises((AssertionError, HlsError)):
        for mode in RUNNING_MODES:
            test_experts_can_be_disabled(broken, mode)


def test_user_changes_between_two_images_without_recompilation(device: Device) -> None:
    images = tiny_images(12, seed=3)
    new = random_bank(device.accelerator.moe, 77)
    simulator = HlsSimulator(device.accelerator, device.generated, threads=1)
    library = build_library(device.generated)
    before = library.stat().st_mtime_ns
    simulator.load_bank(device.banks[0], 0)
    parts = [simulator.run(images[:6], Mode.MOE_PARALLEL, 0)]
    simulator.load_bank(new, 1)  # the shadow bank: the one in use is not touched
    parts.append(simulator.run(images[6:8], Mode.MOE_PARALLEL, 0))
    parts.append(simulator.run(images[8:], Mode.MOE_PARALLEL, 1))
    assert library.stat().st_mtime_ns == before
    expected = [
        device.model.run(images[:6], Mode.MOE_PARALLEL, device.banks[0]),
        device.model.run(images[6:8], Mode.MOE_PARALLEL, device.banks[0]),
        device.model.run(images[8:], Mode.MOE_PARALLEL, new),
    ]
    assert np.concatenate([p.classes for p in parts]).tolist() == np.concatenate([p.classes for p in expected]).tolist()
    assert np.concatenate([p.sequence for p in parts]).tolist() == list(range(12))  # no image lost
    assert np.concatenate([p.banks for p in parts]).tolist() == [0] * 8 + [1] * 4


def test_bank_that_was_never_loaded_is_not_used(device: Device) -> None:
    images = tiny_images(8, seed=4)
    simulator = HlsSimulator(device.accelerator, device.generated, threads=1)
    for mode in RUNNING_MODES:
        expected = device.model.run(images, mode, None, keep_layers=True)
        found = simulator.run(images, mode, 1, keep_layers=True)
        assert first_difference(expected, found) is None
        assert (found.status == (0 if mode == Mode.GE_ONLY else NO_BANK)).all()
        assert found.domains.tolist() == [list(expected_domains(device.descriptor(mode, bank=1, bank_valid=1), 0))] * 8


def test_short_and_long_images_are_reported_and_do_not_disturb_the_next(device: Device) -> None:
    images = tiny_images(5, seed=5).reshape(5, -1)
    short, long = images[1][:100], np.concatenate([images[3], images[0][:50]])
    padded = images.copy()
    padded[1, 100:] = 0
    expected = device.model.run(padded.reshape(5, 14, 14), Mode.GE_ONLY, None)
    found = device.simulator.run_stream([images[0], short, images[2], long, images[4]], Mode.GE_ONLY)
    assert found.classes.tolist() == expected.classes.tolist()
    assert found.status.tolist() == [0, SHORT, 0, LONG, 0]


def test_result_does_not_depend_on_threads_or_chunks(device: Device) -> None:
    images = tiny_images(30, seed=6)
    one = HlsSimulator(device.accelerator, device.generated, threads=1)
    for number, bank in enumerate(device.banks):
        one.load_bank(bank, number)
    a = one.run(images, Mode.MOE_GATED, 1, keep_layers=True, chunk=30)
    b = device.simulator.run(images, Mode.MOE_GATED, 1, keep_layers=True, chunk=4)
    assert first_difference(a, b) is None


def test_layers_can_be_taken_chunk_by_chunk(device: Device) -> None:
    images = tiny_images(10, seed=7)
    seen: dict[int, int] = {}
    result = device.simulator.run(
        images,
        Mode.GE_ONLY,
        keep_layers=True,
        chunk=4,
        on_chunk=lambda first, part: seen.update({first: len(part.layers["fc2"])}),
    )
    assert seen == {0: 4, 4: 4, 8: 2}
    assert not result.layers and len(result.classes) == 10


def test_wrong_precision_in_one_layer_is_found_and_named(tmp_path) -> None:
    """Negative control: the accumulator of one generated layer is 4 bits too narrow."""
    accelerator = tiny_accelerator("linear", 1)
    generated = generate(accelerator, tmp_path)
    header = tmp_path / "network.hpp"
    kind = next(x for x in accelerator.moe.network.layers if x.name == "conv2").accumulator
    integer = kind.bits - kind.fraction_bits
    before, after = header.read_text().split("struct Conv2 {", 1)
    wrong = after.replace(
        f"ap_fixed<{kind.bits}, {integer}> acc_t", f"ap_fixed<{kind.bits - 4}, {integer - 4}> acc_t", 1
    )
    assert wrong != after
    header.write_text(f"{before}struct Conv2 {{{wrong}")
    simulator = HlsSimulator(accelerator, threads=1, library=build_library(generated, optimise=False))
    images = tiny_images(20, seed=8)
    expected = MoeModel(accelerator.moe).run(images, Mode.GE_ONLY, None, keep_layers=True)
    found = simulator.run(images, Mode.GE_ONLY, keep_layers=True)
    assert first_difference(expected, found) == "conv2"


def test_mode_off_accepts_no_image(device: Device) -> None:
    with pytest.raises(ValueError, match="OFF accepts no image"):
        device.simulator.run(tiny_images(1), Mode.OFF)


def test_bank_number_out_of_range_is_refused(device: Device) -> None:
    with pytest.raises(ValueError, match="bank 2 does not exist, there are 2"):
        device.simulator.load_bank(device.banks[0], 2)


def test_compile_error_names_the_unit(tmp_path) -> None:
    generated = generate(tiny_accelerator("linear", 1), tmp_path)
    (tmp_path / "front_end.hpp").write_text("#error broken\n")
    with pytest.raises(CompileError, match=r"compiling layers\.cpp .* failed"):
        build_library(generated, directory=tmp_path, optimise=False)


def test_missing_compiler_is_one_sentence(tmp_path, monkeypatch) -> None:
    generated = generate(tiny_accelerator("linear", 1), tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"'g\+\+' is needed .* not on PATH"):
        build_library(generated, directory=tmp_path)
