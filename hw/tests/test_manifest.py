# SPDX-License-Identifier: Apache-2.0
"""The source manifest has every file once, and packages and modules stand before those that use them."""

from __future__ import annotations

import shutil
from pathlib import Path

from hw.gen.build import RTL
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


def test_every_file_is_in_the_manifest_once() -> None:
    assert findings(read_manifest(RTL), RTL) == []


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
