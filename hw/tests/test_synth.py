# SPDX-License-Identifier: Apache-2.0
"""Resources by power domain: real synthesis of a tiny datapath, and the checks, tables and kept files around it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from hw import synth
from hw.gen.altered import altered_sources
from hw.gen.build import generate
from hw.gen.digest import rtl_digest
from hw.parts import Part, Synthesis, add_up, check_memories, parts, rom_ones, synthesise_parts
from hw.resource_report import DOMAINS, findings, page, record, terminal
from spec import resources
from spec.folding import LayerFolding, build_folding
from spec.presets import Accelerator, load_accelerator
from spec.tests.commands import call
from spec.tiny import FOLDING, tiny_moe
from tools.cocotb_run import rtl_sources
from tools.mutants import Replacement
from tools.yosys import run_yosys

# As few lanes as there can be, and another number of multipliers in each layer that has some.
_FOLDING = {
    **FOLDING,
    "name": "micro",
    "conv1": {"pe": 1, "simd": 1},
    "conv2": {"pe": 3, "simd": 1},
    "fc1": {"pe": 1, "simd": 1, "multiplier": "lut"},
    "fc2": {"pe": 1, "simd": 2},
    "le": {"pe": 1, "simd": 4},
}
# A second arg max in the local expert, of the inverted logits.
_CLASS = "      .out_class_o,\n"
_MARGIN = "  logic signed [OutAccW:0] margin;"
_ARG_MAX = "  logit_arg_max #(\n"
_TWIN = """
  logit_arg_max #(
      .Count (Classes),
      .Lanes (1),
      .LogitW(OutAccW)
  ) u_twin (
      .clk_i,
      .rst_ni,
      .in_valid_i  (logits_valid),
      .in_ready_o  (),
      .in_data_i   (~logits),
      .out_valid_o (),
      .out_ready_i,
      .out_class_o (twin),
      .out_max_o   (),
      .out_second_o()
  );
  assign out_class_o = index ^ twin;
"""


def micro() -> Accelerator:
    moe = tiny_moe("linear")
    return Accelerator(moe, build_folding(_FOLDING, moe))


def fake(design: Accelerator) -> Synthesis:
    """A synthesis that is as counted."""
    counted = resources.layers(design.moe, design.folding)
    layers = {
        name: {"LUT4": 10, "CCU2C": 2, "TRELLIS_FF": 7, "DP16KD": 90, "MULT18X18D": part.multipliers}
        for members in counted.values()
        for name, part in members.items()
    }
    domains = {"aon": {"LUT4": 5}}
    for domain, members in counted.items():
        cells = [layers[name] for name in members]
        domains[domain] = {kind: sum(found[kind] for found in cells) for kind in cells[0]}
    kinds = {kind for cells in domains.values() for kind in cells}
    total = {kind: sum(cells.get(kind, 0) for cells in domains.values()) for kind in kinds}
    return Synthesis(domains, layers, total, {})


# ---- Synthesis -------------------------------------------------------------------------------------------------------
def test_domains_add_up_and_a_defect_of_the_local_expert_is_seen_there_only(tmp_path: Path) -> None:
    design = micro()
    hardware = generate(design, tmp_path / "hardware")
    sound = synthesise_parts(hardware, design.moe, "moe_top")
    for kind, count in sound.total.items():
        assert sum(cells.get(kind, 0) for cells in sound.domains.values()) == count
    for name, members in resources.layers(design.moe, design.folding).items():
        for kind, count in sound.domains[name].items():
            assert 0 <= sum(sound.layers[layer].get(kind, 0) for layer in members) <= count
    assert [sound.domains[name].get("MULT18X18D", 0) for name in ("aon", "fe", "ge", "le", "gn")] == [0, 1, 5, 4, 1]
    assert findings(design, sound) == []

    other = replace(design.folding, layers={**design.folding.layers, "conv2": LayerFolding(2, 1)})
    assert findings(replace(design, folding=other), sound) == [
        "ge has 5 multipliers, the folding gives it 4",
        "conv2 has 3 multipliers, the folding gives it 2",
    ]

    names = "  logic [ClassW-1:0] index, twin;\n"  # slang wants them before they are used
    changes = ((_ARG_MAX, names + _ARG_MAX), (_CLASS, "      .out_class_o (index),\n"), (_MARGIN, _TWIN + _MARGIN))
    edits = [Replacement("local_expert.sv", old, new) for old, new in changes]
    altered = altered_sources(edits, "twin", directory=tmp_path)
    defect = synthesise_parts(replace(hardware, rtl=altered), design.moe, "moe_top")
    assert defect.domains["le"]["TRELLIS_FF"] > sound.domains["le"]["TRELLIS_FF"] + 20
    assert defect.domains["le"]["LUT4"] > sound.domains["le"]["LUT4"] + 20
    others = [(sound.domains[name], defect.domains[name]) for name in ("aon", "fe", "ge", "gn")]
    for before, after in [*others, *((sound.layers[name], defect.layers[name]) for name in sound.layers)]:
        assert _without_logic(before) == _without_logic(after)
        for kind in ("LUT4", "CCU2C"):
            assert after.get(kind, 0) == pytest.approx(before.get(kind, 0), rel=0.01, abs=1)


def _without_logic(cells: Mapping[str, int]) -> dict[str, int]:
    """What no order of optimisation changes: logic is mapped a little differently beside another neighbour."""
    return {kind: count for kind, count in cells.items() if kind not in ("LUT4", "CCU2C", "PFUMX", "L6MUX21")}


@pytest.mark.parametrize("read", [True, False])
def test_the_weights_are_in_the_block_rams(tmp_path: Path, read: bool) -> None:
    """128 x 64 weights of 4 bits are two blocks; zeros in their place are optimised away, which the check sees."""
    words = [int(word) for word in np.random.default_rng(32).integers(0, 2**32, 1024)]
    ones = sum(word.bit_count() for word in words)
    text = "".join(f"{word:08x}\n" for word in words)
    (tmp_path / "read.mem").write_text(text if read else "0\n" * 1024)
    (tmp_path / "bias.mem").write_text("1\n" * 8)
    (tmp_path / "fc_weight.mem").write_text(text)
    sources = rtl_sources("dense_layer")
    for path in sources:
        shutil.copy(path, tmp_path)
    names = " ".join(path.name for path in sources)
    size = "-G Inputs=128 -G Outputs=64 -G Pe=8 -G WgtW=4 -G Multiplier=1"
    files = '-G WeightFile="read.mem" -G BiasFile="bias.mem"'
    run_yosys(
        tmp_path,
        f"read_slang --threads 1 --top dense_layer {size} {files} -D SYNTHESIS {names}; "
        "synth_ecp5 -top dense_layer -run begin:map_gates; dump -m -o blocks t:DP16KD",
    )
    members = {"dense_layer": Part("", "ge", "fc")}
    found = Synthesis({}, {"fc": {}}, {}, rom_ones((tmp_path / "blocks").read_text(), members))
    if read:
        assert found.rom_ones == {"fc": ones}
        check_memories(tmp_path, found)
        with pytest.raises(RuntimeError, match=f"block RAMs of fc hold {ones - 1:,} ones, fc_weight.mem has {ones:,}"):
            check_memories(tmp_path, replace(found, rom_ones={"fc": ones - 1}))
    else:
        with pytest.raises(RuntimeError, match=f"fc_weight.mem has {ones:,} ones, and no block RAM of fc holds them"):
            check_memories(tmp_path, found)


# ---- What is made of it ----------------------------------------------------------------------------------------------
def _stat(**modules: dict[str, int]) -> dict:
    total: dict[str, int] = {}
    for cells in modules.values():
        for kind, count in cells.items():
            total[kind] = total.get(kind, 0) + count
    return {
        "modules": {f"\\kind${name}" if name != "top" else "\\top": {"num_cells_by_type": cells}
                    for name, cells in modules.items()},
        "design": {"num_cells_by_type": total},
    }  # fmt: skip


def test_modules_and_parts_must_match() -> None:
    members = {"a": Part("a", "fe"), "b": Part("b", "fe", "conv1")}
    sound = _stat(top={"LUT4": 1, "$scopeinfo": 9, "kind$a": 1}, a={"LUT4": 2, "kind$b": 1}, b={"LUT4": 4})
    found = add_up(sound, members, "top", {})
    assert (found.domains["aon"], found.domains["fe"], found.layers) == (
        {"LUT4": 1},
        {"LUT4": 6},
        {"conv1": {"LUT4": 4}},
    )
    with pytest.raises(RuntimeError, match=r"without a module are \['b'\], without a part \['c'\]"):
        add_up(_stat(top={}, a={}, c={}), members, "top", {})
    sound["design"]["num_cells_by_type"]["LUT4"] += 1
    with pytest.raises(RuntimeError, match="do not add up"):
        add_up(sound, members, "top", {})


def test_every_part_of_many_experts_has_a_path_of_its_own() -> None:
    found = parts(tiny_moe("general", 8))
    assert len({part.path for part in found}) == len(found) == 4 + 7 + 4 + 8 + 2
    assert len([part for part in found if part.layer and part.layer.startswith("le")]) == 8


def test_weights_need_block_ram() -> None:
    design = load_accelerator()
    found = fake(design)
    assert findings(design, found) == []
    found.layers["fc1"]["DP16KD"] = 65
    assert findings(design, found) == ["fc1 has 1,198,080 bits of block RAM for weights of 1,200,000 bits"]


def test_tables_show_every_domain_layer_and_difference() -> None:
    design = load_accelerator(gate="tuned")
    found = fake(design)
    result = record(design, found, "0" * 16)
    assert result["total"]["lut4_sites"] == 7 * 14 + 5
    assert result["le_gn_over_ge"]["cells"]["lut4_sites"] == 3 / 4
    found.domains["le"]["MULT18X18D"] += 1
    differs = record(design, found, "0" * 16)
    for text in (terminal(result), page([result])):
        for name in (*DOMAINS.values(), *(f"- {layer}" for layer in result["layers"]), "4.98 %", "2.52 %", "75.0 %"):
            assert name in text
        assert "Differs" not in text
    for text in (terminal(differs), page([differs])):
        assert "Differs: le has 21 multipliers, the folding gives it 20." in text


# ---- Files -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(synth, "BUILD", tmp_path)
    monkeypatch.setattr(synth, "KEPT", tmp_path / "kept.json")
    return tmp_path


def test_a_result_is_of_this_design_and_these_sources(files: Path) -> None:
    design = load_accelerator()
    result = record(design, fake(design), rtl_digest())
    assert synth.load_resources(design.name) is None
    synth.keep(result)
    assert synth.load_resources(design.name) == result
    assert synth.load_resources("another") is None
    here = result | {"findings": ["made here"]}
    (files / f"{design.name}.json").write_text(json.dumps(here))
    assert synth.load_resources(design.name) == here
    for older in ({"sources": "of before"}, {"tool": "an older one"}):
        (files / f"{design.name}.json").write_text(json.dumps(here | older))
        assert synth.load_resources(design.name) == result
    synth.keep(result | {"sources": "of before"})
    assert synth.load_resources(design.name) is None


def test_kept_designs_are_of_the_same_sources(files: Path) -> None:
    rich, paper = (record(design, fake(design), "now") for design in map(load_accelerator, *_RICH_AND_PAPER))
    synth.keep(rich)
    synth.keep(paper)
    assert set(json.loads(synth.KEPT.read_text())) == {rich["design"], paper["design"]}
    assert all(f"`{name}`" in synth.KEPT.with_suffix(".md").read_text() for name in (rich["design"], paper["design"]))
    synth.keep(paper | {"sources": "later"})
    assert set(json.loads(synth.KEPT.read_text())) == {paper["design"]}


_RICH_AND_PAPER = (("ecp5_85", "ecp5_85"), ("rich", "paper"))
_KEPT = (("ecp5_85", "ecp5_85", "ecp5_85", "ecp5_85_folded"), ("rich", "tuned", "paper", "rich"))


def test_the_command_reuses_what_is_there(files: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    design = load_accelerator()
    result = record(design, fake(design), rtl_digest())
    made = []
    monkeypatch.setattr(
        synth, "measure", lambda which: made.append(which.name) or result | {"findings": ["le differs"]}
    )
    (files / f"{design.name}.json").write_text(json.dumps(result))
    assert call("synth") == 0 and not made and not synth.KEPT.exists()
    assert "local expert(s) (le)" in capsys.readouterr().out
    assert call("synth", "--force", "--keep") == 1 and made == [design.name] and synth.KEPT.exists()
    assert "Differs: le differs." in capsys.readouterr().out
    synth.KEPT.unlink()
    (files / f"{design.name}.json").write_text(json.dumps(result | {"tool": "an older one"}))
    assert call("synth") == 1 and len(made) == 2
    assert call("synth", "--gate", "none") == 2
    assert "there is no gates preset 'none'" in capsys.readouterr().err


def test_the_kept_file_is_well_formed() -> None:
    kept = json.loads(synth.KEPT.read_text())
    designs = {design.name: design for design in map(load_accelerator, *_KEPT)}
    assert set(kept) == set(designs)
    assert len({result["sources"] for result in kept.values()}) == 1
    assert synth.KEPT.with_suffix(".md").read_text() == page(kept.values())
    for name, result in kept.items():
        assert result["design"] == name and not result["findings"]
        assert set(result["cells"]) == set(DOMAINS) == set(result["counted"])
        for kind, count in result["total"].items():
            assert sum(cells.get(kind, 0) for cells in result["cells"].values()) == count
            for domain in resources.GLOBAL + resources.PERSONAL:
                layers = [cells for layer, cells in result["layers"].items() if result["layer_domain"][layer] == domain]
                assert sum(cells.get(kind, 0) for cells in layers) <= result["cells"][domain].get(kind, 0)
        if result["sources"] == rtl_digest():
            counted = resources.domains(designs[name].moe, designs[name].folding)
            assert result["counted"] == {domain: asdict(part) for domain, part in counted.items()}
