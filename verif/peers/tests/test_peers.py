# SPDX-License-Identifier: Apache-2.0
"""The benchmark: ratios and targets of its rows, peers that fail are named, da4ml's Verilog runs, sources are counted.

NNgen itself is not run here: it takes minutes, and is installed by the command alone.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from hw.gen.digest import digest_of
from spec.presets import load_accelerator
from spec.tests.commands import call, load
from verif.peers import bench, da4ml_conv1, environment, nngen, table
from verif.peers.bench import OURS
from verif.peers.cells import cells
from verif.peers.request import Request, lines_between


def row(name: str, cycles: float, multipliers: int, **more) -> dict:
    """Made-up figures of one peer."""
    figures = {"latency": 2 * cycles, "images_per_second": 5.0, "accuracy": 0.77, "compared": 4, "differing": 0}
    about = {"what": "RTL", "against": "its model", "needs": "pip"}
    return {"name": name, "cycles": cycles, "multipliers": multipliers, **figures, **about, **more}


ABOUT = {
    "command": "python scripts/bench.py",
    "sources": "0" * 16,
    "design": "a design",
    "data": {"name": "images", "images": 200, "synthetic": True},
}
SLOW, TUNED = table.TARGETS


def test_ratios_are_of_the_run_and_meet_the_targets() -> None:
    rows = [row(OURS, 1000.0, 150), row(SLOW, 75_000.0, 100), row(TUNED, 13_000.0, 100)]
    result = table.record(rows, OURS, ABOUT)
    assert result["findings"] == []
    assert result["rows"][2]["ratios"] == {
        "cycles": 13.0, "latency": 13.0, "multipliers": 1.5, "cycles_times_multipliers": pytest.approx(13 / 1.5),
    }  # fmt: skip
    text = table.as_markdown(result)
    assert "13.0 times our cycles" in text and "8.7 times as long" in text and "not measured here" in text
    widths = {line.count("|") for line in text.split("\n\n")[2].splitlines()}
    assert len(widths) == 1


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(OURS, 1000.0, 150), row(SLOW, 74_000.0, 100)], "74.0 times our cycles, 75 wanted"),
        ([row(OURS, 1000.0, 151), row(TUNED, 14_000.0, 100)], "1.51 times its multipliers"),
        ([row(OURS, 1000.0, 100, differing=2)], "2 of 4 images differ from its model"),
        ([{"name": OURS, "failed": "no compiler"}, row(TUNED, 14_000.0, 100)], "no compiler"),
    ],
    ids=["cycles", "multipliers", "not exact", "ours failed"],
)
def test_a_missed_target_is_a_finding(rows: list[dict], said: str) -> None:
    result = table.record(rows, OURS, ABOUT)
    assert any(said in text for text in result["findings"]) and said in table.as_markdown(result)


def test_published_figures_have_sources_and_no_empty_rows() -> None:
    for one in table.published():
        assert re.search(r"arXiv:\d{4}\.\d{5}|github\.com/", one["source"]), one
        assert one["images_per_second"] or one["latency_us"]


# ---- Peers -----------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def request_() -> Request:
    images = np.random.default_rng(0).integers(0, 256, (8, 28, 28), dtype=np.uint8)
    return Request(images, np.zeros(8, np.uint8), 2, load_accelerator())


def test_a_peer_that_fails_is_named_and_tried_again(request_, tmp_path, monkeypatch) -> None:
    made = []

    def broken(request: Request, work: Path) -> dict:
        raise RuntimeError("first line\nNo matching distribution found for nngen")

    def whole(request: Request, work: Path) -> dict:
        made.append(1)
        return row("peer", 10.0, 1)

    monkeypatch.setattr(bench, "PEERS", {"peer": broken, "other": whole})
    found = bench.run(["peer", "other"], request_, tmp_path, 0)
    assert found[0] == {"name": "peer", "failed": "No matching distribution found for nngen"}
    monkeypatch.setitem(bench.PEERS, "peer", whole)
    again = bench.run(["peer", "other"], request_, tmp_path, 0)
    assert "failed" not in again[0] and again[1] == found[1] and len(made) == 2
    assert "could not be measured: No matching" in table.as_markdown(
        table.record([row(OURS, 1.0, 1), found[0]], OURS, ABOUT)
    )


def test_synthesis_that_fails_leaves_the_row(request_, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bench, "PEERS", {"peer": lambda *_: row("peer", 10.0, 1, source="x.v", top="x")})
    (found,) = bench.run(["peer"], request_, tmp_path, 60)
    assert found["cycles"] == 10.0 and found["no_cells"] and "cells" not in found
    text = table.as_markdown(table.record([row(OURS, 1.0, 1), found], OURS, ABOUT))
    assert f"Cells of peer are missing: {found['no_cells']}" in text


def test_da4ml_is_exact(request_, tmp_path) -> None:
    found = da4ml_conv1.measure(request_, tmp_path)
    assert found["differing"] == 0 and found["compared"] == 2 and found["cycles"] == 24 * 24
    assert found["multipliers"] == 0 and found["lines"] > 5


def test_cells_are_counted_and_synthesis_is_given_up(tmp_path) -> None:
    """Beside a module that is not used and does not elaborate, as peers ship them."""
    (tmp_path / "top.v").write_text(
        "module top (input clk, input signed [8:0] a, b, output reg signed [17:0] c);\n"
        "  always @(posedge clk) c <= a * b;\nendmodule\n"
        'module unused (output [7:0] y);\n  reg [7:0] x [0:3];\n  initial $readmemh("nowhere.mem", x);\n'
        "  assign y = x[0];\nendmodule\n"
    )
    found = cells(tmp_path, ["top.v"], "top", 600)
    assert found["mult18"] == 1 and found["ff"] == 18 and found["ebr"] == 0
    with pytest.raises(RuntimeError, match="synthesis took longer than 0 s"):
        cells(tmp_path, ["top.v"], "top", 0.01)


def test_a_wrong_weight_of_da4ml_is_seen(request_, tmp_path, monkeypatch) -> None:
    real = da4ml_conv1.program

    def wrong(weight: np.ndarray, *more):
        changed = weight.copy()
        changed[3, 7] += 1
        return real(changed, *more)

    monkeypatch.setattr(da4ml_conv1, "program", wrong)
    assert da4ml_conv1.measure(request_, tmp_path)["differing"] == 2


def test_a_program_that_fails_says_its_last_line() -> None:
    with pytest.raises(RuntimeError, match="^the reason$"):
        environment.run(["sh", "-c", "echo something; echo the reason >&2; exit 3"])


def test_weights_are_in_the_order_of_nngen() -> None:
    network = load_accelerator().moe.network
    weights = nngen.float_weights(network)
    assert weights["conv2.weight"].shape == (50, 5, 5, 20) and weights["fc1.weight"].shape == (500, 800)
    with np.load(nngen.MODELS / "ge_float.npz") as stored:
        assert (weights["fc1.weight"][7, 50 * 5 + 3] == stored["fc1.weight"][7, 16 * 3 + 5]).all()


def test_multipliers_are_counted_from_the_source(tmp_path) -> None:
    text = "module lenet;\n  madd_0\n  a(.x(y));\n  multiplier_12\n  b();\nendmodule\nmodule madd_0\n(\n);\n"
    (tmp_path / nngen.SOURCE).write_text(text)
    assert nngen.Generated(tmp_path, {}, np.zeros(0), np.zeros(0)).multipliers == 2


def test_lines_are_those_of_code(tmp_path) -> None:
    text = 'x = 1\ndef f():\n    """One.\n\n    Two.\n    """\n    # no\n\n    return 2\n\n\n# ----\ny = 3\n'
    (tmp_path / "a.py").write_text(text)
    assert lines_between(tmp_path / "a.py", "def f", "# ----") == 2


# ---- The command -----------------------------------------------------------------------------------------------------
def test_the_command_prints_keeps_and_fails(tmp_path, monkeypatch, capsys) -> None:
    command = load("bench")
    rows = [row(OURS, 1000.0, 100), row(TUNED, 5_000.0, 100)]
    monkeypatch.setattr(command, "run_peers", lambda names, *_: [one for one in rows if one["name"] in names])
    monkeypatch.setattr(command, "rtl_digest", lambda: digest_of([]))
    out = tmp_path / "bench.json"
    assert call("bench", "--peers", TUNED, "--json", out, "--limit", "4") == 1
    result = json.loads(out.read_text())
    assert [one["name"] for one in result["rows"]] == [OURS, TUNED] and "13 wanted" in capsys.readouterr().out
    rows[1]["cycles"] = 20_000.0
    assert call("bench", "--peers", TUNED, "--limit", "4") == 0
    assert call("bench", "--peers", "somebody") == 2
