# SPDX-License-Identifier: Apache-2.0
"""The source manifest has every file once, and packages and modules stand before those that use them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hw.gen.build import LOCAL_ONLY, RTL, GeneratedHardware
from tools.cocotb_run import rtl_sources
from tools.manifest import NAME, compile_order, findings, read_manifest, used_by


def before_their_users(paths: list[Path]) -> list[str]:
    """Files that use another one that stands behind them."""
    place = {path.stem: number for number, path in enumerate(paths)}
    wrong = []
    for path in paths:
        used = used_by(path) & set(place)
        wrong += [f"{path.stem} uses {other}" for other in used if place[other] > place[path.stem]]
    return sorted(wrong)


@pytest.mark.parametrize("directory", [RTL, RTL / LOCAL_ONLY], ids=lambda path: path.name)
def test_every_file_is_in_the_manifest_once(directory: Path) -> None:
    assert findings(read_manifest(directory), directory) == []


def ports(path: Path) -> str:
    """From the module's name to the end of its ports."""
    text = path.read_text()
    return text[text.index(f"module {path.stem}") : text.index(");\n")]


def test_what_stands_in_the_places_of_ge_and_gate_has_their_ports() -> None:
    for path in compile_order(RTL / LOCAL_ONLY):
        assert ports(path) == ports(RTL / path.name)
    assert ports(RTL / "ge_branch.sv") != ports(RTL / "gn_branch.sv")


def test_a_device_has_one_or_the_other(tmp_path: Path) -> None:
    whole, local = (
        [path.relative_to(RTL).as_posix() for path in made.device_sources if RTL in path.parents]
        for made in (GeneratedHardware(tmp_path, ()), GeneratedHardware(tmp_path, (), local_only=True))
    )
    assert sorted(whole) == sorted(path.name for path in compile_order(RTL))
    absent = {
        "feature_store.sv",
        "global_expert.sv",
        "ge_branch.sv",
        "gate_decide.sv",
        "gating_network.sv",
        "gn_branch.sv",
    }
    assert set(whole) - set(local) == absent
    assert set(local) - set(whole) == {"local_only/ge_branch.sv", "local_only/gn_branch.sv"}


def test_users_come_last() -> None:
    assert before_their_users(compile_order(RTL)) == []


def test_a_wrong_manifest_is_seen(tmp_path: Path) -> None:
    for path in [*compile_order(RTL), RTL / NAME]:
        shutil.copy(path, tmp_path)
    (tmp_path / "forgotten.sv").write_text("module forgotten;\nendmodule\n")
    text = (RTL / NAME).read_text()
    wrong = text.replace('    "mvu_pe",\n', '    "mvu_pe",\n    "mvu_pe",\n    "nowhere",\n')
    assert wrong != text
    (tmp_path / NAME).write_text(wrong)
    assert findings(read_manifest(tmp_path), tmp_path) == [
        "forgotten.sv is in no group of manifest.toml.",
        "manifest.toml names nowhere, which has no file.",
        "manifest.toml names mvu_pe 2 times.",
    ]
    (tmp_path / NAME).write_text(text.replace('    "mvu",\n', "").replace("layers = [", 'layers = [\n    "mvu",'))
    used = ("accumulator_file", "mvu_pe", "mvu_products", "requantize", "stream_chain", "stream_fifo")
    assert before_their_users(compile_order(tmp_path)) == [f"mvu uses {other}" for other in used]


def test_a_subset_is_in_the_manifests_order() -> None:
    """Only what a module needs, and so not every change of a source is a change of its build."""
    names = [path.stem for path in rtl_sources("dense_layer")]
    assert {"activity_pkg", "rom_mvu", "mvu", "stream_width"} <= set(names) and "moe_core" not in names
    order = [path.stem for path in compile_order(RTL)]
    assert names == sorted(names, key=order.index) and names[-1] == "dense_layer"
