# SPDX-License-Identifier: Apache-2.0
"""hls4ml's C simulation equals the integer model layer by layer, and a wrong precision is named.

Projects are kept in ``build/hls4ml``, so a second run compiles nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from golden.integer_model import Answers, MoeModel
from hls import hls4ml_project
from hls.hls4ml_config import Part, PrecisionError, check_precisions, configure, expected_types
from hls.hls4ml_flow import Hls4mlSimulator, bank_parts, build_parts, frozen_parts, write_seam
from hls.hls4ml_library import PartSimulator, integers
from hls.hls4ml_project import Hls4mlError, build_project
from hls.hls4ml_qonnx import part_to_qonnx
from hls.hls4ml_types import reuse_factor
from spec.bank import random_bank
from spec.errors import InputError
from spec.fixedpoint import FixedPoint, requantize
from spec.folding import LayerFolding, build_folding
from spec.kinds.conv import Convolution
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.max_pool import MaxPool
from spec.network import Mode
from spec.presets import Accelerator
from spec.tiny import FOLDING, max_averaged_accelerator, tiny_accelerator, tiny_images

FAST = hls4ml_project.QUICK_FLAGS
IMAGES = 40


def first_difference(expected: Answers, found: Answers) -> str | None:
    """Name of the first layer, in the order in which layers ran, that differs; None if all are equal."""
    for name, values in found.layers.items():
        if values.dtype != expected.layers[name].dtype or not np.array_equal(values, expected.layers[name]):
            return name
    same = np.array_equal(expected.classes, found.classes) and np.array_equal(expected.experts, found.experts)
    return None if same else "class"


@pytest.fixture(scope="module")
def general() -> tuple[Accelerator, Hls4mlSimulator, MoeModel]:
    accelerator = tiny_accelerator("deep", local_experts=2)
    simulator = Hls4mlSimulator(accelerator, random_bank(accelerator.moe, 1), flags=FAST)
    return accelerator, simulator, MoeModel(accelerator.moe)


def test_every_layer_equals_the_integer_model_in_every_mode(general) -> None:
    accelerator, simulator, model = general
    images, bank = tiny_images(IMAGES), random_bank(accelerator.moe, 1)
    margins = model.run(images, Mode.MOE_PARALLEL, bank, keep_layers=True).layers["gate_out"].astype(np.int64)
    theta = int(np.median(margins[:, 1:].max(1) - margins[:, 0]))  # half of the images go to each side
    for mode in (Mode.GE_ONLY, Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED):
        expected = model.run(images, mode, bank, theta, local_expert=1, keep_layers=True)
        found = simulator.run(images, mode, theta, local_expert=1, keep_layers=True)
        assert first_difference(expected, found) is None, mode.name
        missing = set(expected.layers) - set(found.layers)
        assert missing == ({"le0_hidden", "le0"} if mode == Mode.LE_ONLY else set())
        assert {name: list(v) for name, v in expected.used.items()} == {n: list(v) for n, v in found.used.items()}
        if mode == Mode.MOE_GATED:
            assert 0 < (found.experts > 0).sum() < IMAGES, "both sides of the gate must be exercised"
        without = simulator.run(images, mode, theta, local_expert=1)
        assert not without.layers and first_difference(expected, without) is None


def test_no_image_and_no_generic_image(general) -> None:
    """Empty parts of the work: no image at all, and a gate that keeps every image away from the tail."""
    accelerator, simulator, model = general
    bank = random_bank(accelerator.moe, 1)
    assert len(simulator.run(tiny_images(0), Mode.MOE_PARALLEL).classes) == 0
    always_local = -(1 << 31)
    found = simulator.run(tiny_images(5), Mode.MOE_GATED, always_local, keep_layers=True)
    assert (found.experts > 0).all() and found.layers["fc2"].shape == (0, 7)
    assert (
        first_difference(model.run(tiny_images(5), Mode.MOE_GATED, bank, always_local, keep_layers=True), found) is None
    )


def test_without_a_bank_the_ge_answers_and_le_only_has_no_class(general) -> None:
    accelerator, _, model = general
    simulator, images = Hls4mlSimulator(accelerator, flags=FAST), tiny_images(9)
    for mode in (Mode.LE_ONLY, Mode.MOE_GATED):
        assert first_difference(model.run(images, mode, None), simulator.run(images, mode)) is None


def test_linear_gate() -> None:
    accelerator = tiny_accelerator("linear")
    bank = random_bank(accelerator.moe, 2)
    simulator = Hls4mlSimulator(accelerator, bank, flags=FAST)
    expected = MoeModel(accelerator.moe).run(tiny_images(IMAGES), Mode.MOE_PARALLEL, bank, keep_layers=True)
    found = simulator.run(tiny_images(IMAGES), Mode.MOE_PARALLEL, keep_layers=True)
    assert set(found.layers) == set(expected.layers) and first_difference(expected, found) is None


def test_adder_graph_is_distributed_arithmetic() -> None:
    base = tiny_accelerator()
    graph = Accelerator(base.moe, build_folding(FOLDING | {"conv1": {"multiplier": "graph"}}, base.moe))
    front_end, _ = frozen_parts(graph)
    project = build_project(front_end, flags=FAST)
    rows = {row["layer"]: row for row in project.summary["layers"]}
    assert rows["conv1"]["strategy"] == "distributed_arithmetic" and rows["conv1"]["reuse_factor"] == 1
    assert "dense_da_" in (project.directory / "firmware" / "nnet_utils" / "nnet_code_gen.h").read_text()
    images = tiny_images(IMAGES)
    found = PartSimulator(project).run(images)["pool1"]
    assert np.array_equal(found, MoeModel(base.moe).ge.features(images))


def test_edges_of_the_layer_shapes() -> None:
    """A 1x1 convolution, a pool of one value and a pool of the whole feature map."""
    rng = np.random.default_rng(0)
    features = rng.integers(0, 256, (IMAGES, 6, 6, 4), dtype=np.uint8)
    source = FixedPoint(8, False, 7)
    accumulator = FixedPoint(16, True, 10)
    weight, bias = FixedPoint(4, True, 3), FixedPoint(8, True, 10)
    conv = Convolution("conv", Shape(6, 6, 4), 8, source, weight, bias, accumulator, FixedPoint(8, False, 7), 1)
    pools = MaxPool("one", conv.out_shape, 1, conv.output), MaxPool("all", conv.out_shape, 6, conv.output)
    weights = LayerWeights(rng.integers(-8, 8, (8, 4)), rng.integers(-100, 100, 8))
    part = Part("edges", (conv, *pools), {"conv": weights}, {"conv": LayerFolding(8, 4)})
    found = PartSimulator(build_project(part, flags=FAST)).run(features, keep_layers=True)
    expected = requantize(features.astype(np.int64) @ weights.weight.T + weights.bias, conv.shift, 8)
    assert np.array_equal(found["conv"], expected)
    assert np.array_equal(found["one"], expected)
    assert np.array_equal(found["all"], expected.max((1, 2), keepdims=True))


@pytest.mark.parametrize("layer", ["conv1", "fc1"])
def test_a_wrong_precision_is_caught_and_the_layer_named(layer: str) -> None:
    """A generated layer whose accumulator lacks bits wraps where the specification's does not."""
    right = tiny_accelerator()
    network = right.moe.network

    def narrow(spec):
        kind = spec.accumulator  # made for the worst case; real images stay a few bits below it
        return replace(spec, accumulator=FixedPoint(kind.bits - 4, True, kind.fraction_bits))

    layers = tuple(narrow(x) if x.name == layer else x for x in network.layers)
    wrong = replace(right, moe=replace(right.moe, network=replace(network, layers=layers)))
    images = tiny_images(IMAGES)
    expected = MoeModel(right.moe).run(images, Mode.GE_ONLY, None, keep_layers=True)
    found = Hls4mlSimulator(wrong, flags=FAST).run(images, Mode.GE_ONLY, keep_layers=True)
    assert first_difference(expected, found) == layer


@pytest.mark.parametrize("layer, field, kind", [("fc1", "accumulator", "accum_t"), ("conv2", "bias", "bias_t")])
def test_what_hls4ml_generated_is_checked_against_the_specification(
    monkeypatch: pytest.MonkeyPatch, tmp_path, layer: str, field: str, kind: str
) -> None:
    """If hls4ml does not take a precision over, the generation stops and names layer and type."""
    _, tail = frozen_parts(tiny_accelerator())
    name = {"accum_t": "accum", "bias_t": "bias"}[kind]

    def forgetful(part, model) -> dict:
        config = configure(part, model)
        config["LayerName"][layer]["Precision"][name] = "fixed<30,20>"
        return config

    monkeypatch.setattr(hls4ml_project, "configure", forgetful)
    if name == "bias":  # hls4ml takes this one from the Quant node, whatever the configuration says: nothing is wrong
        model = hls4ml_project._convert(tail, tmp_path, "xc7z020clg400-1", 10.0)
        check_precisions(tail, model)
        narrow = tuple(replace(x, bias=FixedPoint(3, True, 3)) if x.name == layer else x for x in tail.layers)
        with pytest.raises(
            PrecisionError, match=rf"layer {layer}: {kind} is fixed<.*> in hls4ml, fixed<3,0> in the spec"
        ):
            check_precisions(replace(tail, layers=narrow), model)
        return
    with pytest.raises(PrecisionError, match=rf"layer {layer}: {kind} is fixed<30,20,TRN,WRAP> in hls4ml"):
        build_project(tail, tmp_path, FAST)
    assert not list(tmp_path.rglob("project.json")), "a refused project must not be reused"


@pytest.mark.parametrize(("half", "kind"), [("gate_pool_average", "accum_t"), ("gate_pool_max", "result_t")])
def test_both_halves_of_a_pool_are_checked_against_the_specification(tmp_path, half: str, kind: str) -> None:
    """A pool that is two layers in hls4ml: a type of either that is not the specification's is refused."""
    accelerator = max_averaged_accelerator()
    part = bank_parts(accelerator, random_bank(accelerator.moe, 1))[-1]
    types = {(name, found): expected for layer, name, found, expected in expected_types(part)}
    assert {(half, "result_t"), (half, kind), ("gate_pool", "result_t")} <= set(types)
    model = hls4ml_project._convert(part, tmp_path, "xc7z020clg400-1", 10.0)
    check_precisions(part, model)
    found = next(layer for layer in model.get_layers() if layer.name == half).types[kind]
    found.precision.width += 1
    with pytest.raises(
        PrecisionError, match=rf"layer gate_pool: {kind} is ufixed<.*> in hls4ml, ufixed<.*> in the spec"
    ):
        check_precisions(part, model)


def test_reuse_factors_follow_the_folding(general) -> None:
    accelerator, simulator, _ = general
    for part in frozen_parts(accelerator):
        rows = {row["layer"]: row for row in simulator.projects[part.name].summary["layers"]}
        for layer in part.matrix_layers:
            fold = accelerator.folding.layers[layer.name]
            assert rows[layer.name]["reuse_factor_asked"] == layer.weights // (fold.pe * fold.simd)
            assert reuse_factor(layer, fold) == rows[layer.name]["reuse_factor_asked"]


def test_an_unchanged_project_is_reused_and_a_changed_one_is_not(general, monkeypatch) -> None:
    accelerator, simulator, _ = general
    monkeypatch.setattr(hls4ml_project, "_compile", lambda *_: pytest.fail("compiled again"))
    monkeypatch.setattr(hls4ml_project, "_generate", lambda *_: [])
    front_end, _ = frozen_parts(accelerator)
    again = build_parts([front_end], flags=FAST)["front_end"]
    assert again.directory == simulator.projects["front_end"].directory
    assert again.summary == json.loads((again.directory / "project.json").read_text())
    weights = front_end.weights["conv1"]
    changed = replace(weights, weight=weights.weight[::-1].copy())
    with pytest.raises(pytest.fail.Exception, match="compiled again"):
        build_project(replace(front_end, weights={"conv1": changed}), flags=FAST)


def test_generation_prints_nothing(tmp_path, capfd, monkeypatch) -> None:
    monkeypatch.setattr(hls4ml_project, "_compile", lambda *_: None)
    front_end, _ = frozen_parts(tiny_accelerator())
    project = build_project(front_end, tmp_path)
    assert capfd.readouterr() == ("", "")
    assert "Interpreting Model" in (project.directory / "hls4ml.log").read_text()


def test_seam_declares_both_functions_with_their_types(general, tmp_path) -> None:
    """The header compiles in one file, although hls4ml's own headers exclude one another, and everything links."""
    _, simulator, _ = general
    projects = [simulator.projects[name] for name in ("front_end", "ge_tail")]
    units = write_seam(projects, tmp_path)
    (tmp_path / "main.cpp").write_text(
        '#include "hls4ml_parts.hpp"\n'
        "template <class X, class Y> unsigned lanes(void (&)(hls::stream<X>&, hls::stream<Y>&)) {\n"
        "  return 100 * X::size + Y::size; }\n"
        "int main() { return lanes(hls4ml_front_end) == 104 && lanes(hls4ml_ge_tail) == 407 ? 0 : 1; }\n"
    )
    ap_types = projects[0].directory / "firmware" / "ap_types"
    command = [hls4ml_project._compiler(), "-w", f"-I{tmp_path}", f"-I{ap_types}", str(tmp_path / "main.cpp")]
    hls4ml_project.subprocess.run([*command, *map(str, units), "-o", str(tmp_path / "main")], check=True)
    hls4ml_project.subprocess.run([str(tmp_path / "main")], check=True)


def test_values_outside_the_specification_are_not_rounded_away() -> None:
    layer = tiny_accelerator().moe.network.layers[0]
    values = np.zeros((2, layer.out_shape.size))
    assert integers(values, layer).dtype == np.uint8
    values[1, 7] = layer.output.scale / 2
    with pytest.raises(Hls4mlError, match="layer conv1: value .* at element 7 of image 1 is not a value of ap_ufixed"):
        integers(values, layer)
    values[1, 7] = -layer.output.scale
    with pytest.raises(Hls4mlError, match="layer conv1"):
        integers(values, layer)


def test_bad_input_and_missing_tools_give_one_sentence(general, tmp_path, monkeypatch) -> None:
    accelerator, simulator, _ = general
    with pytest.raises(InputError, match="mode OFF accepts no image"):
        simulator.run(tiny_images(1), Mode.OFF)
    with pytest.raises(InputError, match="local expert 2 does not exist, allowed are 0 to 1"):
        simulator.run(tiny_images(1), Mode.LE_ONLY, local_expert=2)
    other = tiny_accelerator("linear").moe
    with pytest.raises(InputError, match="made for the gate preset 'linear'"):
        Hls4mlSimulator(accelerator, random_bank(other, 1), directory=tmp_path)
    front_end, _ = frozen_parts(accelerator)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"'g\+\+' is needed for hls4ml's C simulation and is not on PATH"):
        build_project(front_end, tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()], "nothing half-written"


def test_a_failing_compiler_names_part_and_log(tmp_path, monkeypatch) -> None:
    front_end, _ = frozen_parts(tiny_accelerator())
    with pytest.raises(Hls4mlError, match=r"part front_end: g\+\+ failed on hls4ml's sources; see .*compile\.log"):
        build_project(front_end, tmp_path, ("-std=no-such-standard",))
    assert not list(tmp_path.rglob("project.json"))


def test_the_graph_of_every_part_has_no_layer_more_than_the_specification() -> None:
    """One ONNX node with weights, or one pool, per layer: nothing else computes."""
    front_end, tail = frozen_parts(tiny_accelerator())
    for part in (front_end, tail):
        nodes = part_to_qonnx(part.layers, part.weights).graph.node
        computing = [node.name for node in nodes if node.op_type in ("Conv", "MatMul", "MaxPool")]
        assert computing == [layer.name for layer in part.layers]
