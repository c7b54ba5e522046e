# SPDX-License-Identifier: Apache-2.0
"""A library is built anew when anything that it is made of changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import verilate


class Looked(Exception):
    """Instead of a build."""


@pytest.mark.parametrize("changed", ["top.sv", "host.cpp", "beside.h", "generated/numbers.h", "watch.vlt"])
def test_a_change_of_any_file_is_another_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    built: list[Path] = []

    def build(command: list[str], directory: Path) -> None:
        built.append(directory)
        raise Looked

    def look() -> None:
        with pytest.raises(Looked):
            verilate.build_library(
                [tmp_path / "top.sv"], "top", tmp_path / "host.cpp", tmp_path / "generated", tmp_path / "built",
                options=(str(tmp_path / "watch.vlt"), "-CFLAGS", "-DWATCH"),
            )  # fmt: skip

    monkeypatch.setattr(verilate, "_run", build)
    (tmp_path / "generated").mkdir()
    for name in ("top.sv", "host.cpp", "beside.h", "generated/numbers.h", "watch.vlt"):
        (tmp_path / name).write_text("one")
    look()
    look()
    (tmp_path / changed).write_text("two")
    look()
    assert built[0] == built[1] != built[2]
