# SPDX-License-Identifier: Apache-2.0
"""Running Bambu, with a stand-in for it: cache, failures, and the guard over the ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from hls import bambu
from hls.bambu import BambuError, check_ports, find_bambu, generate_top, generate_tops, module_ports, version
from hls.gen import generate
from hls.tests.bambu_standin import install
from hls.tops import layer_tops, write_tops
from spec.tiny import tiny_accelerator


@pytest.fixture
def compiler(tmp_path, monkeypatch) -> Path:
    """The stand-in, found through the environment variable."""
    monkeypatch.setenv(bambu.VARIABLE, str(install(tmp_path)))
    monkeypatch.delenv("STANDIN_DEFECT", raising=False)
    return find_bambu()


@pytest.fixture
def design(tmp_path):
    """Generated sources, their tops by name, and the tops' units."""
    accelerator = tiny_accelerator("general", 1)
    generated = generate(accelerator, tmp_path / "generated")
    tops = {top.name: top for top in layer_tops(accelerator)}
    return generated, tops, write_tops(generated, tuple(tops.values()))


def a_width(tops) -> str:
    """The name of a top that changes a stream's width, which the stand-in knows."""
    return next(
        name for name, top in tops.items() if [port.name for port in top.ports] == ["in", "out"] and "words" in name
    )


def test_compiler_is_looked_for_on_the_path_and_in_the_variable(compiler, tmp_path, monkeypatch) -> None:
    assert compiler == tmp_path / "bambu" and version(compiler) == "stand-in 1.0"
    monkeypatch.delenv(bambu.VARIABLE)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_bambu() == compiler
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_bambu() is None


def test_result_is_kept_until_a_source_changes(compiler, design, tmp_path) -> None:
    generated, tops, units = design
    name = a_width(tops)
    arguments = (compiler, tops[name], units[name], generated, 10.0, tmp_path / "out")
    first = generate_top(*arguments)
    first.verilog.write_text("kept\n")
    assert generate_top(*arguments).verilog.read_text() == "kept\n"
    units[name].write_text(units[name].read_text() + "// another comment\n")
    assert generate_top(*arguments).verilog != first.verilog


def test_failure_names_the_top_and_the_log_and_keeps_nothing(compiler, design, tmp_path, monkeypatch) -> None:
    generated, tops, units = design
    name = a_width(tops)
    monkeypatch.setenv("STANDIN_DEFECT", "fails")
    with pytest.raises(BambuError, match=rf"top {name}: the compiler ended with exit code 1, see .*bambu\.log"):
        generate_top(compiler, tops[name], units[name], generated, directory=tmp_path / "out")
    monkeypatch.delenv("STANDIN_DEFECT")
    assert generate_top(compiler, tops[name], units[name], generated, directory=tmp_path / "out").verilog.exists()


def test_port_that_is_too_narrow_is_refused(compiler, design, tmp_path, monkeypatch) -> None:
    generated, tops, units = design
    name = a_width(tops)
    bits = tops[name].ports[1].bits
    monkeypatch.setenv("STANDIN_DEFECT", "narrow")
    with pytest.raises(BambuError, match=rf"port out_din has {bits // 2} bits, it must have {bits}"):
        generate_top(compiler, tops[name], units[name], generated, directory=tmp_path / "out")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("  input in_empty_n;\n", "", "has no port in_empty_n"),
        (
            "  input in_empty_n;\n",
            "  input in_empty_n;\n  input Mout_oe_ram;\n",
            "has a port Mout_oe_ram, which nothing",
        ),
    ],
)
def test_port_that_is_missing_or_new_is_refused(compiler, design, tmp_path, before, after, message) -> None:
    generated, tops, units = design
    name = a_width(tops)
    made = generate_top(compiler, tops[name], units[name], generated, directory=tmp_path / "out")
    verilog = made.verilog.read_text()
    check_ports(tops[name], verilog)
    with pytest.raises(BambuError, match=message):
        check_ports(tops[name], verilog.replace(before, after))


def test_one_top_that_fails_does_not_stop_the_others(compiler, design, tmp_path, monkeypatch) -> None:
    generated, tops, units = design
    monkeypatch.setattr(bambu, "BUILD", tmp_path)
    chosen = [tops[a_width(tops)], tops["gate_decide"]]
    results = generate_tops(compiler, chosen, units, generated, jobs=2)
    assert list(results) == [top.name for top in chosen]
    assert [isinstance(result, BambuError) for result in results.values()] == [False, True]


def test_module_ports_of_a_module_that_is_not_there() -> None:
    with pytest.raises(BambuError, match="no module le"):
        module_ports("module other(a);\n  input a;\nendmodule\n", "le")
