# SPDX-License-Identifier: Apache-2.0
"""Cost models: fitted on kept points, right about points that they have not seen; a planted error is seen."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace

import pytest

from explore import growth, growth_page, points
from explore.fit import BLOCKS, REGISTERS, SITES, CostModel, Sample, fit, real, summed
from explore.growth import Series, over_users
from explore.kept import (
    Counted,
    about,
    cost_model,
    errors,
    load,
    off,
    outdated,
    page,
    record,
    samples,
    save,
    state,
    unknown,
)
from explore.parts import measured, structures
from explore.points import Point, load_points, synthesised
from explore.structure import Structure
from hw import parts
from hw.gen.digest import digest_of
from spec.errors import InputError
from spec.paths import ROOT
from spec.tiny import tiny_accelerator

LIMIT = 0.10
LIMITS = {SITES: 0.05, REGISTERS: 0.05, BLOCKS: 0.02}  # as docs/explore.md says
MEASURE = "python scripts/explore.py --points --keep"


def test_points_that_a_model_has_not_seen_are_within_the_limit() -> None:
    kept = load()["points"]
    found = errors(kept)
    assert len(found) >= 12
    assert max(LIMITS.values()) <= LIMIT
    for kind, limit in LIMITS.items():
        assert max(abs(off(point[kind])) for point in found.values()) <= limit, kind
    assert all(point["multipliers"][0] == point["multipliers"][1] for point in kept)


@pytest.mark.parametrize("bits", ["tree", "memory", "products"])
def test_a_wrong_coefficient_is_seen(bits: str) -> None:
    parts = samples(load()["points"])
    model = fit(parts)
    wrong = CostModel({**model.sites, bits: 4 * model.sites[bits]}, model.registers)

    def worst(of: CostModel) -> float:
        points = {sample.point for sample in parts}
        pairs = []
        for name in points:
            own = [sample for sample in parts if sample.point == name]
            made, told = summed(real(s.cells) for s in own), summed(of.cost(s.structure) for s in own)
            pairs.append(abs(told[SITES] / made[SITES] - 1))
        return max(pairs)

    assert worst(model) <= LIMIT < worst(wrong)


def test_the_documentation_names_the_limits() -> None:
    text = " ".join((ROOT / "docs" / "explore.md").read_text().replace("*", "").split())
    percent = {kind: f"{100 * limit:.0f} %" for kind, limit in LIMITS.items()}
    assert f"within {percent[SITES]} of the LUTs and {percent[BLOCKS]} of the block RAMs" in text


def test_a_fit_finds_what_cells_were_made_with() -> None:
    def part(number: int) -> Sample:
        found = Structure(sites=Counter(tree=100 * number, skid=50 * (number % 3)), registers=Counter(tree=70 * number))
        cells = {"LUT4": 120 * number + 100 * (number % 3), "TRELLIS_FF": 35 * number}
        return Sample(f"p{number}", "x", found, cells)

    model = fit([part(number) for number in range(1, 12)])
    assert model.sites["tree"] == pytest.approx(1.2, rel=0.02) and model.sites["skid"] == pytest.approx(2.0, rel=0.02)
    assert model.registers["tree"] == pytest.approx(0.5, rel=0.02)


def test_a_kept_point_is_counted_as_it_was() -> None:
    """Who changes what is counted, but not the hardware, must write the kept points anew."""
    kept = {point["point"]["name"]: point for point in load()["points"]}
    (point,) = (point for point in load_points() if point.name == "digits_f")
    if outdated([kept[point.name]]):
        pytest.skip(f"the kept points are of older hardware: {MEASURE}")
    made = structures(point.accelerator())
    for part in kept[point.name]["parts"]:
        (now,) = (found for key, found in made.items() if (key.domain, key.name) == (part["domain"], part["name"]))
        assert dict(+now.all_sites) == part["sites"] and dict(+now.registers) == part["registers"]
        assert now.blocks == Counted(part).blocks


def test_every_point_is_kept() -> None:
    records, points = load()["points"], load_points()
    if outdated(records):
        pytest.skip(f"the kept points are of older hardware: {MEASURE}")
    assert [one["point"]["name"] for one in records] == [point.name for point in points]
    assert unknown(cost_model(), points) == []


def row_of(point: Point) -> dict:
    """A made-up synthesis of a point, as the hardware is now."""
    design = point.accelerator()
    return {
        "sources": digest_of([design]),
        "domains": {domain: {"LUT4": 1000, "MULT18X18D": 2} for domain in ("aon", "fe", "ge", "le", "gn")},
        "layers": {part.name: {"LUT4": 10} for part in structures(design) if part.name != "rest"},
        "total": {"LUT4": 5000, "MULT18X18D": 10},
    }


def test_what_the_kept_points_lack_is_said(tmp_path) -> None:
    points = {point.name: point for point in load_points()}
    point, other = points["digits_f"], points["digits_g"]
    new = record(point, row_of(point))
    old = {**new, "sources": "0" * 16}
    assert outdated([new, old]) == ["digits_f"] and outdated([new]) == []
    assert about([new], [point]) is None
    assert about([new, old], [point]).startswith("1 of the 2 points that cost models are fitted on")
    said = about([new], [point, other])
    assert "Not synthesised yet: digits_g." in said and said.endswith(f"{MEASURE} measures them.")
    assert re.search(r"No cost is fitted of average, .*experts: a bit of those counts as one cell\.", said)
    file = tmp_path / "costs.json"
    file.write_text(json.dumps({"tool": "x", "points": [new]}))
    assert state(file) == about([new]) and "digits_g" in state(file)


def test_records_of_a_measured_point(tmp_path) -> None:
    point = Point("x", "digits", gate="paper", folding="digits",
                  folding_changes={"conv1": {"multiplier": "dsp", "pe": 4, "simd": 1}})  # fmt: skip
    design, row = point.accelerator(), {**row_of(point), "sources": "0" * 16}
    rest = {part.domain: cells["LUT4"] for part, cells in measured(design, row).items() if part.name == "rest"}
    assert rest == {"aon": 1000, "fe": 990, "ge": 970, "le": 990, "gn": 990}
    kept = record(point, row)
    assert kept["multipliers"] == [10, design.folding.multipliers(design.moe)]
    other = {**kept, "point": {**kept["point"], "name": "y"}}
    save([kept, other], "a tool", "abc", tmp_path / "costs.json")
    assert load(tmp_path / "costs.json")["points"][0]["point"]["name"] == "x"
    assert json.loads((tmp_path / "costs.json").read_text())["sources"] == "abc"
    text = page([kept, other], "a tool", "abc")
    assert "| x | 5,000 |" in text and "Sources abc." in text and "2 of the 2 points" in text


def test_no_file_is_a_sentence(tmp_path) -> None:
    with pytest.raises(InputError, match="there are no measured points; python scripts/explore.py --points makes them"):
        load(tmp_path / "none.json")


def test_points_are_described_once_and_can_be_made(tmp_path) -> None:
    points = load_points()
    assert len(points) >= 12
    for point in points:
        point.accelerator()
    again = replace(points[0], name="again").accelerator()
    assert again.moe.network.digest() == points[0].accelerator().moe.network.digest()
    file = tmp_path / "points.toml"
    file.write_text('[[point]]\nname = "a"\n[[point]]\nname = "a"\n')
    with pytest.raises(InputError, match="two points are called a"):
        load_points(file)
    file.write_text('[[point]]\nname = "a"\ncolour = "red"\n')
    with pytest.raises(InputError, match="not a file of points"):
        load_points(file)
    with pytest.raises(InputError, match="has no layer 'conv9'"):
        Point("x", "digits", layers={"conv9": {}}).accelerator()


def test_kept_growth_says_what_it_is_an_estimate_of(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    for name, file in (("KEPT", "growth.json"), ("PICTURE", "growth.png")):
        monkeypatch.setattr(growth_page, name, tmp_path / file)
    growth_page.save([Series("things", "nothing", ((1.0, {"a": 1.0}), (2.0, {"a": 1.0})))], "abc")
    assert json.loads((tmp_path / "growth.json").read_text())["sources"] == "abc"
    assert "Sources abc." in (tmp_path / "growth.md").read_text()


def test_a_network_that_no_folding_is_fast_enough_for_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "MOST_CYCLES", 100)
    with pytest.raises(InputError, match="0.5 times LeNet-5's units: no folding takes at most 100 cycles"):
        growth.over_size(cost_model())


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (parts, "SET_PARAMETERS", "setattr"),
        (parts, "LOGIC_PS", 4000),
        (parts, "synthesis", lambda *_: "synth_ecp5 -nodsp"),
        (points, "digest_of", lambda _: "0" * 16),
    ],
)
def test_a_synthesis_of_another_script_is_another(module, name, value, monkeypatch, tmp_path) -> None:
    design = tiny_accelerator()
    before = synthesised(design, tmp_path).file
    assert synthesised(design, tmp_path).file == before
    monkeypatch.setattr(module, name, value)
    assert synthesised(design, tmp_path).file != before


def test_growth_is_fitted_as_a_power() -> None:
    square = Series("things", "nothing", tuple((float(x), {"a": 3.0 * x**2, "b": 5.0}) for x in (1, 2, 4, 8)))
    assert square.exponent("a") == pytest.approx(2) and square.exponent("b") == pytest.approx(0)
    assert square.record()["exponents"] == {"a": 2.0, "b": 0.0}
    users = over_users(cost_model())
    assert 0.1 < users.exponent(BLOCKS) < 1 and users.exponent("cycles, local") == pytest.approx(0)
    text = growth_page.page([square, users], "abc")
    assert "| **exponent** | **2.00** | **0.00** |" in text and "Sources abc." in text
    falling = Series("things", "nothing", ((1.0, {"a": 5.0}), (2.0, {"a": 4.999})))
    assert falling.exponent("a") < 0 and "-0.00" not in growth_page.page([falling], "abc")
    assert growth_page.draw([square]) == growth_page.draw([square])
