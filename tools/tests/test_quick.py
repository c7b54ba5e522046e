# SPDX-License-Identifier: Apache-2.0
"""What `make quick` chooses: the bench of a changed module and its users, the documentation's tests, never nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from spec.errors import InputError
from tools.quick import CORE, Sources, changed_files, choose
from tools.run_order import BUILT, keep_seconds, kept_seconds, longest_first

MADE_UP = {
    "hw/rtl/fifo.sv": "module fifo; endmodule",
    "hw/rtl/router.sv": "module router; // uses no mux\n fifo u_fifo(); endmodule",
    "hw/rtl/mux.sv": "module mux; endmodule",
    "hw/rtl/other/fifo.sv": "module fifo; endmodule",  # of another device
    "verif/unit/bench_fifo.py": "from spec.words import pack\n",
    "verif/unit/test_fifo.py": 'BENCH = "verif.unit.bench_fifo"\nrun("fifo", BENCH)\n',
    "verif/unit/test_router.py": 'run("router", "verif.unit.bench_router")\n',
    "verif/unit/test_mux.py": 'run("mux", "verif.unit.bench_mux")\n',
    "spec/words.py": "import os\n",
    "spec/tests/test_words.py": "from spec import words\n",
    "golden/tests/test_pages.py": 'pages = glob("*.md")\n',
    "hls/tests/test_layers.py": "",
    "golden/tests/test_model.py": 'a = SOURCES / "model/a.cpp"\n',
}


@pytest.fixture(scope="module")
def made_up() -> Sources:
    return Sources(MADE_UP)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("hw/rtl/fifo.sv", {"verif/unit/test_fifo.py": 1, "verif/unit/test_router.py": 2}),
        ("hw/rtl/other/fifo.sv", {"verif/unit/test_fifo.py": 1, "verif/unit/test_router.py": 2}),
        ("hw/rtl/router.sv", {"verif/unit/test_router.py": 1}),
        ("hw/rtl/mux.sv", {"verif/unit/test_mux.py": 1}),
        ("verif/unit/bench_fifo.py", {"verif/unit/test_fifo.py": 1}),
        ("spec/words.py", {"spec/tests/test_words.py": 1, "verif/unit/test_fifo.py": 2}),
        ("verif/unit/test_mux.py", {"verif/unit/test_mux.py": 0}),
        ("docs/some/page.md", {"golden/tests/test_pages.py": 1}),
        ("hls/src/dense.hpp", {"hls/tests/test_layers.py": 1}),
        ("driver/model/a.cpp", {"golden/tests/test_model.py": 1}),
        ("driver/model/a", {}),
        ("hw/rtl/removed.sv", {}),
    ],
)
def test_near_is_what_uses_the_change(made_up: Sources, changed: str, expected: dict[str, int]) -> None:
    assert made_up.distances([changed]) == expected


def test_the_nearest_are_run_and_what_does_not_fit_is_said(made_up: Sources) -> None:
    seconds = {"verif/unit/test_fifo.py": 30, "verif/unit/test_router.py": 40, "spec/tests/test_words.py": 20}
    core = ["verif/unit/test_mux.py"]
    changed = ["hw/rtl/fifo.sv", "spec/words.py"]
    choice = choose(changed, made_up, seconds, 60, core)
    assert choice.run == ("spec/tests/test_words.py", "verif/unit/test_fifo.py", *core)
    assert choice.left == ("verif/unit/test_router.py",)
    assert choice.rtl
    assert choose(changed, made_up, seconds, 90, core).left == ()
    assert choose([], made_up, seconds, 60, core).run == tuple(core)
    assert not choose(["docs/a.md"], made_up, seconds, 60, core).rtl


def test_in_this_project() -> None:
    sources = Sources.of()
    assert set(CORE) <= sources.texts.keys(), "the core has a file that does not exist"
    fork = sources.distances(["hw/rtl/stream_fork.sv"])
    assert fork["verif/unit/test_stream_fork.py"] == 1 and fork["verif/unit/test_feature_router.py"] == 2
    assert "verif/unit/test_arg_max.py" not in fork
    page = sources.distances(["docs/driver.md"])
    assert {"driver/tests/test_documentation.py", "golden/tests/test_repository.py"} <= page.keys()
    assert "verif/unit/test_mvu.py" not in page
    assert "verif/unit/test_mvu.py" in sources.distances(["verif/unit/bench_mvu.py"])


def test_changed_files_of_a_checkout(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=tmp_path, check=True)

    git("init", "-q", "-b", "main")
    for name in ("same", "edited", "committed"):
        (tmp_path / name).write_text("1")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    assert changed_files(tmp_path) == []
    git("checkout", "-q", "-b", "work")
    (tmp_path / "committed").write_text("2")
    git("commit", "-q", "-a", "-m", "second")
    (tmp_path / "edited").write_text("2")
    (tmp_path / "new").write_text("1")
    assert changed_files(tmp_path) == ["committed", "edited", "new"]
    with pytest.raises(InputError, match="git diff failed"):
        changed_files(Path("/"))


def test_seconds_are_kept_by_file_and_state(tmp_path: Path) -> None:
    path = tmp_path / "seconds.json"
    (tmp_path / "a.py").touch()
    keep_seconds([("a.py", 1.0), ("b.py", 5.0), ("gone.py", 1.0), ("a.py", 0.54)], BUILT, path, tmp_path)
    keep_seconds([("b.py", 50.0)], "fresh", path, tmp_path)
    assert kept_seconds(BUILT, path) == {"a.py": 1.5, "b.py": 5.0}
    assert kept_seconds("fresh", path) == {"b.py": 50.0}


def test_long_files_start_first_and_stay_together() -> None:
    tests = ["a::1", "b::1", "b::2", "c::1", "new::1"]
    order = longest_first(tests, lambda test: test.split("::")[0], {"a": 1.0, "b": 90.0, "c": 2.0})
    assert order == ["b::1", "b::2", "new::1", "c::1", "a::1"]
