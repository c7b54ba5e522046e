# SPDX-License-Identifier: Apache-2.0
"""Cost models: fitted on kept points, right about points that they have not seen; a planted error is seen."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from explore import growth_page
from explore.fit import BLOCKS, REGISTERS, SITES, CostModel, Sample, fit, real, summed
from explore.growth import Series, over_users
from explore.kept import Counted, cost_model, errors, load, off, outdated, page, record, samples, save, state
from explore.parts import measured, structures
from explore.points import Point, load_points
from explore.structure import Structure
from hw.gen.digest import digest_of
from spec.errors import InputError

LIMIT = 0.10
KINDS = (SITES, REGISTERS, BLOCKS)


def largest(found: dict[str, dict[str, tuple[float, float]]]) -> float:
    return max(abs(off(point[kind])) for point in found.values() for kind in KINDS)


def test_points_that_a_model_has_not_seen_are_within_the_limit() -> None:
    kept = load()["points"]
    found = errors(kept)
    assert len(found) >= 12
    assert largest(found) <= LIMIT
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
        pytest.skip("the kept points are of older hardware: python scripts/explore.py --points --keep")
    made = structures(point.accelerator())
    for part in kept[point.name]["parts"]:
        (now,) = (found for key, found in made.items() if (key.domain, key.name) == (part["domain"], part["name"]))
        assert dict(+now.all_sites) == part["sites"] and dict(+now.registers) == part["registers"]
        assert now.blocks == Counted(part).blocks


def test_points_of_older_hardware_are_named(tmp_path) -> None:
    (point,) = (point for point in load_points() if point.name == "digits_f")
    new = {"point": kept_description(point), "sources": digest_of([point.accelerator()])}
    old = {**new, "sources": "0" * 16}
    assert outdated([new, old]) == ["digits_f"] and outdated([new]) == []
    file = tmp_path / "costs.json"
    file.write_text(json.dumps({"tool": "x", "points": [new, old]}))
    assert state(file).startswith("1 of the 2 points that cost models are fitted on")
    file.write_text(json.dumps({"tool": "x", "points": [new]}))
    assert state(file) is None


def kept_description(point: Point) -> dict:
    return next(kept["point"] for kept in load()["points"] if kept["point"]["name"] == point.name)


def test_records_of_a_measured_point(tmp_path) -> None:
    point = Point("x", "digits", gate="paper", folding="digits",
                  folding_changes={"conv1": {"multiplier": "dsp", "pe": 4, "simd": 1}})  # fmt: skip
    design = point.accelerator()
    layers = {part.name: {"LUT4": 10} for part in structures(design) if part.name != "rest"}
    row = {
        "sources": "0" * 16,
        "domains": {domain: {"LUT4": 1000, "MULT18X18D": 2} for domain in ("aon", "fe", "ge", "le", "gn")},
        "layers": layers,
        "total": {"LUT4": 5000, "MULT18X18D": 10},
    }
    rest = {part.domain: cells["LUT4"] for part, cells in measured(design, row).items() if part.name == "rest"}
    assert rest == {"aon": 1000, "fe": 990, "ge": 970, "le": 990, "gn": 990}
    kept = record(point, row)
    assert kept["multipliers"] == [10, design.folding.multipliers(design.moe)]
    other = {**kept, "point": {**kept["point"], "name": "y"}}
    save([kept, other], "a tool", tmp_path / "costs.json")
    assert load(tmp_path / "costs.json")["points"][0]["point"]["name"] == "x"
    assert "| x | 5,000 |" in page([kept, other], "a tool")


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


def test_growth_is_fitted_as_a_power() -> None:
    square = Series("things", "nothing", tuple((float(x), {"a": 3.0 * x**2, "b": 5.0}) for x in (1, 2, 4, 8)))
    assert square.exponent("a") == pytest.approx(2) and square.exponent("b") == pytest.approx(0)
    assert square.record()["exponents"] == {"a": 2.0, "b": 0.0}
    users = over_users(cost_model())
    assert 0.1 < users.exponent(BLOCKS) < 1 and users.exponent("cycles, local") == pytest.approx(0)
    text = growth_page.page([square, users])
    assert "| **exponent** | **2.00** |" in text and growth_page.draw([square]) == growth_page.draw([square])
