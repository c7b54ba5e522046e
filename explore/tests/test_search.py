# SPDX-License-Identifier: Apache-2.0
"""The search: same seed, same bytes; a device that is too small is a sentence; the command around it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from explore import space as space_module
from explore.choice import Equipment
from explore.devices import DEVICES, device_named
from explore.estimate import BLOCKS, GE_CYCLES, MULTIPLIERS, REGISTERS, SITES, fits
from explore.front import as_csv, better, front
from explore.kept import cost_model
from explore.picture import picture
from explore.search import NothingFits, Search
from explore.space import Choice, Space
from explore.study import load_studies
from explore.study import run as run_study
from spec.errors import InputError
from spec.folding import build_folding
from spec.presets import Accelerator
from spec.tests.commands import call
from spec.tiny import FOLDING, GATES, local_only_accelerator, tiny_network

needs_optuna = pytest.mark.skipif(find_spec("optuna") is None, reason="Optuna is optional: requirements-explore.txt")
LIMITS = {SITES: 14000, REGISTERS: 12000, BLOCKS: 20, MULTIPLIERS: 20}


def search(seed: int = 0, limits: dict = LIMITS, axes: tuple[str, ...] = ("folding",)) -> Search:
    space = Space(tiny_network(), GATES["deep"], axes)
    moe = space.given()
    return Search(space, cost_model(), limits, [Accelerator(moe, build_folding(FOLDING, moe))], seed=seed)


@needs_optuna
def test_the_same_seed_gives_the_same_bytes() -> None:
    found = [front(search(seed).run(80)) for seed in (1, 1, 2)]
    first, same, other = map(as_csv, found)
    assert first == same != other
    assert all(fits(one.figures, LIMITS) for one in found[0])
    images = [picture("x", found[0], {}, LIMITS) for _ in range(2)]
    assert images[0] == images[1] and images[0].startswith(b"\x89PNG")


@needs_optuna
def test_a_design_made_by_hand_is_beaten() -> None:
    looked = search()
    by_hand = looked.figures_of(looked.references[0])
    beaten = better(front(looked.run(70)), by_hand)
    assert beaten and beaten[0][1].figures[SITES] < by_hand[SITES]
    assert better([one for _, one in beaten], {axis: 0 for axis in by_hand}) == []


@needs_optuna
def test_local_experts_alone_are_searched() -> None:
    space, equipment = Space(tiny_network(), GATES["deep"], ("folding",)), Equipment(local_only=True)
    looked = Search(space, cost_model(), LIMITS, [local_only_accelerator(local_experts=1)], equipment=equipment)
    by_hand, found = looked.figures_of(looked.references[0]), looked.run(70)
    assert all(one.folding.local_only and GE_CYCLES not in one.figures for one in found)
    assert all(set(one.layers) == {"conv1", "le_hidden", "le_out"} for one in found)
    assert better(front(found), by_hand)


@needs_optuna
def test_a_device_that_is_too_small_is_a_sentence() -> None:
    with pytest.raises(InputError, match=r"none of \d+ designs fits the device; the nearest one has .*LUT4 sites"):
        search(limits={**LIMITS, SITES: 100}).run(70)


@needs_optuna
def test_sizes_are_searched_too() -> None:
    found = search(axes=("folding", "pooling", "hidden", "experts")).run(90)
    chosen = [one for one in found if one.choice.gate]
    assert len({one.choice for one in chosen}) > 3
    moe = chosen[-1].design(Space(tiny_network(), GATES["deep"], ())).moe
    assert moe.local_experts == dict(chosen[-1].choice.gate)["experts"]


@needs_optuna
def test_choices_that_fit_nothing_are_named_and_defects_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = search(axes=("folding", "hidden"))

    def too_wide(*_) -> None:
        raise InputError("an accumulator is too wide")

    looked.references = ()
    with monkeypatch.context() as broken:
        broken.setattr(space_module, "build_moe", too_wide)
        with pytest.raises(NothingFits, match="speeds that were tried; 5 choices: an accumulator is too wide"):
            looked.run(5)
    looked = search(axes=("folding", "widths"))
    monkeypatch.setattr(space_module, "narrowed", too_wide)
    with pytest.raises(InputError, match="^an accumulator is too wide"):
        looked.run(5)


def test_the_files_widths_are_no_choice() -> None:
    space = Space(tiny_network(), GATES["deep"], ("folding", "widths"))
    assert space.choose(lambda _, values: values[-1]) == Choice()
    narrow = space.choose(lambda name, values: values[-1] - (name == "activations"))
    assert dict(narrow.widths)["activations"] == 7 and len(narrow.widths) == 5


def test_without_optuna_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match="the search needs Optuna: .venv/bin/pip install -r requirements-explore.txt"):
        search().run(1)
    assert call("explore", "--trials", "1") == 2
    assert "requirements-explore.txt" in capsys.readouterr().err


def test_devices_are_those_of_the_table() -> None:
    assert DEVICES["ecp5-45"].limits(0.5) == {SITES: 21924, REGISTERS: 21924, BLOCKS: 108, MULTIPLIERS: 72}
    with pytest.raises(InputError, match="there is no device 'ecp5-12'; known are ecp5-85"):
        device_named("ecp5-12")


def test_studies_name_what_there_is(tmp_path: Path) -> None:
    studies = load_studies()
    assert {study.chip for study in studies} == set(DEVICES)
    file = tmp_path / "studies.toml"
    file.write_text('[[study]]\nname = "a"\n')
    with pytest.raises(InputError, match="not a file of studies"):
        load_studies(file)
    file.write_text(2 * '[[study]]\nname = "a"\nchip = "ecp5-85"\n')
    with pytest.raises(InputError, match="two studies are called a"):
        load_studies(file)
    file.write_text('[[study]]\nname = "a"\nchip = "ecp5-85"\naxes = ["colour"]\n')
    with pytest.raises(InputError, match="there is no axis 'colour'"):
        run_study(load_studies(file)[0], cost_model())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--chip", "ecp5-1"], "--chip"),
        (["--axes", "colour"], "allowed are folding"),
        (["--fill", "1.5"], "a number above 0 and at most 1"),
        (["--measure"], "--measure needs --build"),
        (["--keep"], "--keep needs --points, --studies or --growth"),
        (["--gate", "none"], "there is no gates preset 'none'"),
        (["--references", "none"], "there is no folding preset 'none'"),
        (["--references", "ecp5_25"], "'ecp5_25' is not of the kind that is searched"),
        (["--ge", "none.onnx"], "none.onnx"),
        (["--trials", "0"], "--trials"),
        (["--studies", "--local-only"], "--local-only does nothing beside --studies"),
        (["--points", "--growth"], "--growth does nothing beside --points"),
        (["--jobs", "7"], "--jobs does nothing beside a search without --measure"),
        (["--studies", "--keep"], "--keep needs EMNIST_DIR"),
        (["--growth", "--keep"], "--keep needs EMNIST_DIR"),
        (["--axes", "widths", "--ge", "README.md"], "README.md"),
    ],
)
def test_bad_input_is_a_sentence(arguments: list[str], said: str, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EMNIST_DIR", "USERS_NPZ"):
        monkeypatch.delenv(name, raising=False)
    assert call("explore", *arguments) == 2
    assert said in capsys.readouterr().err
