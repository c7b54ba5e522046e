# SPDX-License-Identifier: Apache-2.0
"""An accelerator that learns, in C simulation, equals the golden learner: every answer, every weight, the LFSR."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from golden.integer_model import MoeModel
from hls.build import FLAGS, SIMULATION, quick, run_compiler
from hls.csim import HlsError, HlsSimulator
from hls.gen import SOURCES, GeneratedHls, generate
from hls.learn import HlsLearner, Kind
from hls.tests.learning import ACCELERATORS, BANKS, RULE, Compared, Course, compare, course, extreme_bank, fresh_bank
from spec.bank import Bank, random_bank
from spec.errors import InputError
from spec.network import RUNNING_MODES, Mode
from spec.result_word import Status
from spec.tests.cases import some_always
from spec.tiny import tiny_accelerator, tiny_images
from tools.mutants import Replacement

LEARNING_MODES = (Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED)


def compile_unit(unit: Path, generated: GeneratedHls, target: Path) -> Path:
    """Compile one unit of a simulation into ``target``."""
    includes = [f"-I{path}" for path in (*generated.include_path, SIMULATION)]
    run_compiler([*quick(FLAGS), "-DACCEL_TAPS", *includes, "-c", str(unit), "-o", str(target)], unit.name)
    return target


@cache
def common(name: str, directory: Path) -> tuple[GeneratedHls, tuple[Path, ...]]:
    """One of the accelerators: its generated sources, and the units that no defect here changes, compiled."""
    directory = directory / name
    generated = generate(ACCELERATORS[name](), directory, learn=True)
    units = (SOURCES / "layers.cpp", SIMULATION / "harness.cpp")
    return generated, tuple(compile_unit(unit, generated, directory / f"{unit.stem}.o") for unit in units)


def link(name: str, directory: Path, sources: Path, target: Path) -> Path:
    """The C simulation of one of the accelerators, with its top level from ``sources``."""
    generated, objects = common(name, directory)
    generated = replace(generated, sources=sources)
    top = compile_unit(sources / "moe_top.cpp", generated, target.with_suffix(".o"))
    # The top level comes first: of an inline function that others have as well, the linker takes its one.
    run_compiler(["-shared", *map(str, (top, *objects)), "-o", str(target)], "the simulation")
    return target


@cache
def library(name: str, directory: Path) -> Path:
    """The sound C simulation of one of the accelerators."""
    return link(name, directory, SOURCES, directory / f"{name}.so")


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("learning")


def learner(name: str, directory: Path, bank: Bank, number: int = 0) -> HlsLearner:
    """A simulation of one of the accelerators that has not learned yet."""
    simulation = HlsLearner(ACCELERATORS[name](), RULE, library(name, directory))
    simulation.load_bank(bank, number)
    return simulation


MORE = {"linear", "narrow", "general", "deep"}  # heads whose kind of layers another one has, too


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name in MORE)) for name in ACCELERATORS]
)
def test_everything_equals_the_golden_learner(name: str, directory: Path) -> None:
    """From every bank, by every expert, in every mode; number of the bank and who learns alternate."""
    accelerator, total = ACCELERATORS[name](), Compared()
    cases = product(BANKS, range(accelerator.moe.local_experts), LEARNING_MODES)
    for number, (kind, expert, mode) in enumerate(cases):
        bank = BANKS[kind](accelerator, 5)
        given = course(accelerator, 250, 20 + number)
        found = compare(learner(name, directory, bank, number % 2), bank, given, mode, expert, number=number % 2)
        assert found.difference is None, (kind, expert, mode.name, found.difference)
        assert found.local > 20 and (found.gate > 20) == (mode != Mode.LE_ONLY)
        assert (found.saturations > 5) or kind != "extreme"
        total.ties += found.ties
    assert total.ties > 0, "no logits tied, so nothing was said about ties"


@pytest.mark.parametrize("name", ["linear", "deep"])
def test_who_learns_can_be_chosen(name: str, directory: Path) -> None:
    accelerator = ACCELERATORS[name]()
    bank, given = extreme_bank(accelerator, 7), course(accelerator, 150, 8)
    found = compare(learner(name, directory, bank), bank, given, Mode.MOE_PARALLEL, 1, gate=False)
    assert found.difference is None and found.local > 20 and found.gate == 0
    only_gate = learner(name, directory, bank)
    lessons = only_gate.run(given.images, given.labels, given.kinds, local=False)
    assert lessons.gate.sum() > 20 and not lessons.local.any()
    changed = [
        layer
        for (layer, before), (_, after) in zip(bank.layers(), only_gate.bank().layers(), strict=True)
        if not np.array_equal(before.weight, after.weight)
    ]
    assert changed == ["gate_hidden" if accelerator.moe.gate.hidden else "gate_out"]
    none = learner(name, directory, bank)
    lessons = none.run(given.images, given.labels, given.kinds, local=False, gate=False)
    assert not lessons.learned.any() and not lessons.refused.any() and none.random == RULE.seed
    assert none.bank().digest() == bank.digest()


def test_one_bank_learns_while_the_other_answers(directory: Path) -> None:
    name, mode = "deep", Mode.MOE_GATED
    accelerator = ACCELERATORS[name]()
    answering, bank = random_bank(accelerator.moe, 31), extreme_bank(accelerator, 32)
    given = course(accelerator, 200, 33)
    device = learner(name, directory, bank, 1)
    device.load_bank(answering, 0)
    found = device.run(given.images, given.labels, given.kinds, mode, bank=1, ordinary_bank=0)
    ordinary = given.kinds == Kind.UNLABELLED
    expected = MoeModel(accelerator.moe).run(given.images[ordinary], mode, answering)
    assert found.fields.classes[ordinary].tolist() == expected.classes.tolist()
    assert found.fields.experts[ordinary].tolist() == expected.experts.tolist()
    assert found.fields.banks.tolist() == np.where(ordinary, 0, 1).tolist()
    assert device.bank(0).digest() == answering.digest()
    alone = learner(name, directory, bank, 1)
    taught = Course(given.images[~ordinary], given.labels[~ordinary], given.kinds[~ordinary])
    assert compare(alone, bank, taught, mode, number=1).difference is None
    assert device.bank(1).digest() == alone.bank(1).digest() != bank.digest()


REFUSALS = {
    "a label too large": {"labels": 7},
    "the largest label there is": {"labels": 255},
    "a mode without local experts": {"mode": Mode.GE_ONLY},
    "an expert that does not exist": {"expert": 2},
    "a disabled expert": {"expert": 1, "le_enable": 0b11111101, "mode": Mode.LE_ONLY},
    "a bank that was never loaded": {"bank": 1},
    "a bank that does not exist": {"bank": 2},
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_learned_is_an_ordinary_image_and_is_reported(refusal: dict, directory: Path) -> None:
    accelerator = ACCELERATORS["deep"]()
    bank, given = extreme_bank(accelerator, 41), course(accelerator, 40, 42)
    settings = {"mode": Mode.MOE_GATED, **refusal}
    labels = np.full(40, settings.pop("labels")) if "labels" in settings else given.labels
    device, plain = learner("deep", directory, bank), learner("deep", directory, bank)
    found = device.run(given.images, labels, given.kinds, ordinary_bank=0, **settings)
    expected = plain.run(given.images, labels, np.zeros(40), ordinary_bank=0, **settings)
    assert all(np.array_equal(a, b) for a, b in zip(found.fields, expected.fields, strict=True))
    assert np.array_equal(found.domains, expected.domains)
    assert found.refused.tolist() == (given.kinds != Kind.UNLABELLED).tolist() and not expected.refused.any()
    assert not (found.learned | found.local | found.gate).any()
    assert device.random == RULE.seed and device.bank().digest() == bank.digest()


@pytest.mark.parametrize("settings", [{"ge_enable": 0}, {"le_enable": 0b11111110}], ids=["no GE", "no other LE"])
def test_gate_that_cannot_decide_does_not_learn(settings: dict, directory: Path) -> None:
    """The local expert learns as if the gate's learning were off; the result's status says what is disabled."""
    accelerator = ACCELERATORS["deep"]()
    bank, given = extreme_bank(accelerator, 51), course(accelerator, 60, 52)
    kinds = np.where(given.kinds == Kind.UNLABELLED, Kind.OWN, given.kinds)
    one, other = learner("deep", directory, bank), learner("deep", directory, bank)
    found = one.run(given.images, given.labels, kinds, Mode.MOE_PARALLEL, expert=1, **settings)
    expected = other.run(given.images, given.labels, kinds, Mode.MOE_PARALLEL, expert=1, gate=False)
    assert found.fields.classes.tolist() == expected.fields.classes.tolist() and found.learned.all()
    assert (found.fields.status == Status.DISABLED).all() and (expected.fields.status == 0).all()
    assert found.domains.tolist() == expected.domains.tolist() and not found.gate.any() and found.local.any()
    assert one.bank().digest() == other.bank().digest() != bank.digest() and one.random == other.random


def test_state_of_the_lfsr_can_be_set(directory: Path) -> None:
    accelerator = ACCELERATORS["linear"]()
    bank, given = fresh_bank(accelerator, 61), course(accelerator, 30, 62)
    device = learner("linear", directory, bank)
    device.run(given.images, given.labels, given.kinds)
    state = device.random
    device.set_random(0)
    assert device.random == state != RULE.seed
    device.set_random(RULE.seed)
    device.load_bank(bank)
    again = device.run(given.images, given.labels, given.kinds)
    assert device.random == state and int(again.random[-1]) == state


def test_build_that_learns_answers_as_one_that_does_not(directory: Path) -> None:
    accelerator = ACCELERATORS["deep"]()
    simulator = HlsSimulator(accelerator, library=library("deep", directory), threads=1)
    bank, images = random_bank(accelerator.moe, 71), tiny_images(30, 72)
    simulator.load_bank(bank, 1)
    for mode in RUNNING_MODES:
        expected = MoeModel(accelerator.moe).run(images, mode, bank, keep_layers=True)
        found = simulator.run(images, mode, 1, keep_layers=True)
        assert found.classes.tolist() == expected.classes.tolist()
        assert found.experts.tolist() == expected.experts.tolist()
        for layer, values in found.layers.items():
            assert np.array_equal(values, expected.layers[layer]), (mode, layer)


def test_library_without_learning_is_refused(tmp_path) -> None:
    accelerator = tiny_accelerator("linear", 1)
    empty, plain = tmp_path / "empty.cpp", tmp_path / "plain.so"
    empty.write_text("// no accel_learn, as in a build without learning\n")
    run_compiler(["-shared", str(empty), "-o", str(plain)], "a library")
    with pytest.raises(InputError, match="without learning"):
        HlsLearner(accelerator, RULE, plain)


def test_wrong_arguments_are_refused(directory: Path) -> None:
    accelerator = ACCELERATORS["linear"]()
    bank = fresh_bank(accelerator, 81)
    device = learner("linear", directory, bank)
    with pytest.raises(InputError, match="bank 2 does not exist"):
        device.load_bank(bank, 2)
    with pytest.raises(InputError, match="bank 1 was never loaded"):
        device.bank(1)
    with pytest.raises(ValueError, match="OFF accepts no image"):
        device.run(tiny_images(1), np.zeros(1), np.zeros(1), Mode.OFF)
    with pytest.raises(ValueError, match="2 images, but labels"):
        device.run(tiny_images(2), np.zeros(1), np.zeros(2))


_CALL = "    local_expert_layers(memory, plan.bank, index, plan.use_gate && kConfidence, {}, kept, {});\n"
_HOOK = "    if (kept.wanted) send(lesson, learn_local(memory, settings.learning, dither.read(), kept));\n"


def _computed_twice(first: str, second: str) -> str:
    """The local expert runs before and after it learns; each time it gives what is named."""
    return (
        "    Channel<FeatureBeat> once, again;\n    hls::stream<ap_uint<8> > no_answer;\n"
        "    Channel<Confidence> no_confidence;\n"
        "    for (unsigned i = 0; i < kFeatureBeats; i++) {\n"
        "      const FeatureBeat beat = receive<FeatureBeat>(features);\n"
        "      send(once, beat);\n      send(again, beat);\n    }\n"
        + _CALL.format("once", first) + _HOOK + "    kept.wanted = false;\n" + _CALL.format("again", second)
    )  # fmt: skip


_BLOCK = _CALL.format("features", "answer, confidence") + "#if ACCEL_LEARN\n" + _HOOK + "#endif\n"
_DRAW = "  if (lesson.learned) random = next_random(random);\n"
_HALVES = (
    "  const Dither low = random.range(kDitherBits - 1, 0);\n"
    "  const Dither high = random.range(2 * kDitherBits - 1, kDitherBits);\n"
)
DEFECTS = {  # accelerator, bank, file, text, replacement
    "answer after learning": (
        *("deep", "extreme", "local_expert.hpp", _BLOCK),
        _computed_twice("no_answer, confidence", "answer, no_confidence"),
    ),
    "confidence after learning": (
        *("deep", "extreme", "local_expert.hpp", _BLOCK),
        _computed_twice("answer, no_confidence", "no_answer, confidence"),
    ),
    "random number from before the image": ("linear", "extreme", "lessons.hpp", _DRAW + _HALVES, _HALVES + _DRAW),
    "only own images advance the LFSR": (
        *("general", "fresh", "lessons.hpp", "if (lesson.learned) random"),
        "if (lesson.learned && settings.learning.own[0]) random",
    ),
    "halves of the random number exchanged": (
        *("general", "fresh", "lessons.hpp", "== e) to_le[e].write(low);"),
        "== e) to_le[e].write(high);",
    ),
    "one dither for a word": ("linear", "fresh", "move_rows.hpp", "dither += kWeyl;", "dither += lane ? 0 : kWeyl;"),
    "weights wrap": ("general", "extreme", "move_rows.hpp", "? highest : lowest);", "? highest : lowest) && false;"),
    "only the upper end holds": (
        *("deep", "extreme", "move_rows.hpp", "const bool stuck = "),
        "const bool stuck = direction > 0 && ",
    ),
    "what is stuck is not counted": ("deep", "extreme", "move_rows.hpp", "if (stuck) lost++;", ""),
    "the highest rival on a tie": ("deep", "fresh", "rival.hpp", "logit > other", "logit >= other"),
    "the rival stays": ("linear", "extreme", "move_rows.hpp", "rival == row ? -1 : 0", "0"),
    "a full unit learns": ("max_averaged", "extreme", "gating_network.hpp", " && value != full;", ";"),
    "an empty unit learns": ("deep", "extreme", "gating_network.hpp", "value != 0 && ", ""),
    "the wrong bank learns": (
        *("general", "extreme", "local_expert.hpp", "move_rows(memory.out, learning.bank,"),
        "move_rows(memory.out, 1 - learning.bank,",
    ),
    "generic images teach the local expert": (
        *("general", "fresh", "image_plan.hpp", "learning.local[0] && learning.own[0];"),
        "learning.local[0];",
    ),
    "one margin for own and generic": (
        *("linear", "fresh", "gating_network.hpp", "own ? learning.own_margin : learning.generic_margin"),
        "learning.own_margin",
    ),
    "upper part of a weight is lost": (
        *("narrow", "extreme", "weight_bank.hpp", "if (last != first) chunk"),
        "if (false) chunk",
    ),
}  # fmt: skip


@pytest.mark.parametrize("defect", some_always(DEFECTS, 5))
def test_a_defect_is_seen(defect: tuple[str, ...], directory: Path, tmp_path) -> None:
    name, kind, *replacement = defect
    altered = Path(shutil.copytree(SOURCES, tmp_path / "src"))
    Replacement(*replacement).apply(altered)
    accelerator = ACCELERATORS[name]()
    bank = BANKS[kind](accelerator, 5)
    device = HlsLearner(accelerator, RULE, link(name, directory, altered, tmp_path / "broken.so"))
    device.load_bank(bank)
    try:
        found = compare(device, bank, course(accelerator, 200, 6), Mode.MOE_GATED)
    except HlsError:
        return
    assert found.difference is not None


def test_sound_design_passes_what_the_defects_are_shown(directory: Path) -> None:
    for name, kind in sorted({defect[:2] for defect in DEFECTS.values()}):
        accelerator = ACCELERATORS[name]()
        bank = BANKS[kind](accelerator, 5)
        found = compare(learner(name, directory, bank), bank, course(accelerator, 200, 6), Mode.MOE_GATED)
        assert found.difference is None, (name, kind, found.difference)
