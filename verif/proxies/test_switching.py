# SPDX-License-Identifier: Apache-2.0
"""Which names of a SAIF are nets, what a recorded case has, and what the proxy makes of it."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from driver.verilated import VerilatedTransport, build_device
from golden.energy.switching_weights import WEIGHTS
from hw.gen.build import generate
from hw.hierarchy import GE_TAIL, saif_path
from hw.power.netlist import elaborate
from spec import tiny_variants as tiny
from spec.domains import domain_layers
from spec.errors import InputError
from verif.proxies.cases import random_cases
from verif.proxies.nets import Memory, events, is_logic, is_port, memories
from verif.proxies.switching import TOP, measure, memory_blocks, proxy
from verif.saif import NetActivity, read_saif

DESIGN = tiny.accelerator("two")
BANK = tiny.bank("two", 1)
SAIF = r"""(SAIFILE
(DURATION 10)
 (INSTANCE chip
  (NET
   (clk_i (T0 5) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 10))
   (pixel_i (T0 6) (T1 4) (TZ 0) (TX 0) (TB 0) (TC 3))
   (pd_clk_en_o (T0 6) (T1 4) (TZ 0) (TX 0) (TB 0) (TC 1))
   (domain_clk\[0\] (T0 5) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 10))
  )
  (INSTANCE u_outer
   (NET
    (Width\[0\] (T0 10) (T1 0) (TZ 0) (TX 0) (TB 0) (TC 0))
    (Width\[1\] (T0 0) (T1 10) (TZ 0) (TX 0) (TB 0) (TC 1))
    (pixel_i (T0 6) (T1 4) (TZ 0) (TX 0) (TB 0) (TC 3))
    (s_axis_tdata (T0 6) (T1 4) (TZ 0) (TX 0) (TB 0) (TC 3))
    (rst_ni (T0 6) (T1 4) (TZ 0) (TX 0) (TB 0) (TC 3))
    (sum (T0 6) (T1 4) (TZ 0) (TX 0) (TB 0) (TC 5))
   )
   (INSTANCE u_inner
    (NET
     (pixel_i (T0 6) (T1 4) (TZ 0) (TX 0) (TB 0) (TC 3))
     (sum_o (T0 6) (T1 4) (TZ 0) (TX 0) (TB 0) (TC 5))
     (mem[0] (T0 6) (T1 4) (TZ 0) (TX 0) (TB 0) (TC 7))
     (unused_bits (T0 6) (T1 4) (TZ 0) (TX 0) (TB 0) (TC 7))
     (pixel_q (T0 6) (T1 4) (TZ 0) (TX 0) (TB 0) (TC 3))
    )
   )
  )
 )
)
"""


def test_a_net_that_goes_through_the_hierarchy_is_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "run.saif"
    path.write_text(SAIF)
    activity = read_saif(path, "chip")
    counted = [(net.scope, net.name) for net in activity.nets.values() if is_logic(net)]
    assert counted == [("", "pixel_i"), ("", "pd_clk_en_o"), ("u_outer", "sum"), ("u_outer/u_inner", "pixel_q")]
    assert activity.nets["u_outer", "Width"].ones == 2


def test_an_enable_for_half_a_period_is_refused() -> None:
    assert events(NetActivity("u", "read", 1, 4, 6)) == 3
    with pytest.raises(InputError, match="u/read was 1 for 7 half clock periods"):
        events(NetActivity("u", "read", 1, 4, 7))


@pytest.mark.parametrize("in_block", [0, 1])
def test_accumulators_are_a_memory_where_they_are_in_block_ram(in_block: int) -> None:
    """However few folds there are; otherwise they are registers or LUTs."""
    path = saif_path(f"{GE_TAIL}.u_fc1.u_mvu.u_mvu.gen_accumulators.u_accumulators")
    nets = {
        "InBlock": NetActivity(path, "InBlock", 1, 0, 0, in_block),
        "Folds": NetActivity(path, "Folds", 32, 0, 0, 5),
        "step_i": NetActivity(path, "step_i", 1, 4, 20),
        "fold_i": NetActivity(path, "fold_i", 3, 9, 9),
        "sum_o": NetActivity(path, "sum_o", 1700, 600, 900),
    }
    found = [Memory(path, "accumulators", "fc1", True, 1700, 5, 10, 10, 600)] if in_block else []
    assert list(memories({path: nets})) == found


def test_ports_are_those_of_the_elaborated_device(tmp_path: Path) -> None:
    """The names tell ports from nets: compared with what Yosys calls a port."""
    path = tmp_path / "idle.saif"
    device = VerilatedTransport(DESIGN, build_device(generate(DESIGN), optimise=False, saif=True))
    device.trace(path)
    device.run(2)
    device.trace(None)
    device.close()
    instances = elaborate(generate(DESIGN)).netlist.instances
    ports = {(path, name) for path, instance in instances.items() if path for name in instance.ports}
    nets = read_saif(path, TOP).nets.values()
    missed = {(n.scope, n.name) for n in nets if (n.scope, n.name) in ports and not is_port(n)}
    assert missed == {("u_registers/u_block", "clk"), ("u_registers/u_block", "rst_n")}
    wrong = {(n.scope, n.name) for n in nets if is_port(n) and n.scope in instances and (n.scope, n.base) not in ports}
    assert wrong == set()


def test_a_recorded_case_has_what_its_domains_did() -> None:
    names = ("LE_ONLY, local", "MOE_GATED, generic")
    cases = [case for case in random_cases(DESIGN, BANK, 2, 1) if case.name in names]
    library = build_device(generate(DESIGN), optimise=False, saif=True)
    le_only, gated = measure(DESIGN, BANK, cases, library, resources=made_up_cells())
    moe, folding = DESIGN.moe, DESIGN.folding
    for record in (le_only, gated):
        assert (record["wrong"], record["results"], record["images"]) == (0, 2, 2)
        domains = record["domains"]
        assert domains["aon"]["clock_edges"] == domains["fe"]["clock_edges"] == record["cycles"]
        for name, layers in domain_layers(moe).items():
            instances = moe.local_experts if name == "le" else 1
            banks = folding.weight_banks if name in ("le", "gn") else 1
            blocks = sum(folding.layers[layer.name].multiplier_blocks for layer in layers)
            assert domains[name]["multipliers"] == instances * blocks
            weights = [m for m in domains[name]["memories"].values() if m["kind"] == "weights"]
            bits = sum(m["width"] * m["depth"] for m in weights)
            assert bits == instances * banks * sum(x.weight_memory_bits(folding.layers[x.name]) for x in layers)
    asleep = le_only["domains"]["ge"]
    assert (asleep["clock_edges"], asleep["toggles"], asleep["multiplier_toggles"]) == (0, 0, 0)
    assert sum(m["reads"] + m["writes"] + m["read_toggles"] for m in asleep["memories"].values()) == 0
    assert le_only["proxy"]["by_domain"]["ge"] == 0 < le_only["proxy"]["by_domain"]["le"]
    woken = gated["domains"]["ge"]
    assert 0 < woken["clock_edges"] < gated["cycles"]
    assert min(woken["toggles"], woken["multiplier_toggles"], woken["wake_ups"]) > 0
    assert gated["proxy"]["total"] > le_only["proxy"]["total"]
    (unmeasured,) = measure(DESIGN, BANK, cases[:1], library)
    assert unmeasured["proxy"] is None


# ---- The proxy, on made-up figures -----------------------------------------------------------------------------------
def made_up_cells() -> dict:
    """Synthesised cells that no synthesis has made."""
    cells = {"lut4_sites": 100, "TRELLIS_FF": 10, "DP16KD": 8, "MULT18X18D": 2}
    return {"cells": {name: dict(cells) for name in ("aon", "fe", "ge", "le", "gn")}, "layers": {"fc1": {"DP16KD": 6}}}


def made_up_record() -> dict:
    memory = {"layer": None, "block": True, "width": 36, "depth": 512, "reads": 3, "writes": 1}
    idle = {"bits": 5, "toggles": 0, "clock_edges": 0, "multipliers": 0, "multiplier_toggles": 0, "memories": {}}
    work = {
        "bits": 50,
        "toggles": 400,
        "clock_edges": 30,
        "multipliers": 2,
        "multiplier_toggles": 12,
        "memories": {
            "fc1/deep": {**memory, "layer": "fc1", "depth": 1024},
            "fc1/wide": {**memory, "layer": "fc1", "width": 144},
            "rest": {**memory, "layer": "unknown"},
            "queue": {**memory, "block": False},
        },
    }
    domains = {name: dict(idle) for name in ("aon", "fe", "le", "gn")}
    return {"images": 2, "domains": {**domains, "ge": work}}


def test_the_proxy_weighs_events_by_cells() -> None:
    found = proxy(made_up_record(), made_up_cells())
    weights = WEIGHTS.weights()
    # fc1's six blocks go to its memories as 2 to 4, the domain's other two to what is in no layer; 4 accesses each.
    assert memory_blocks(made_up_record()["domains"], made_up_cells()) == {"fc1/deep": 2, "fc1/wide": 4, "rest": 2}
    events_an_image = {
        "logic": 400 / 50 * 100 / 2,
        "registers": 400 / 50 * 10 / 2,
        "clock": 30 * 10 / 2,
        "multipliers": 12 / 2 * 2 / 2,
        "memories": 4 * (2 + 4 + 2) / 2,
    }
    assert found["by_kind"] == pytest.approx({kind: n * weights[kind] for kind, n in events_an_image.items()})
    assert found["total"] == pytest.approx(sum(found["by_kind"].values()))
    assert found["by_domain"] == pytest.approx(dict.fromkeys(("aon", "fe", "le", "gn"), 0.0) | {"ge": found["total"]})
    for end, name in enumerate(("low", "high")):
        parts = (value * WEIGHTS.bounds()[kind][end] for kind, value in found["by_kind"].items())
        assert found[name] == pytest.approx(sum(parts))


@pytest.mark.parametrize(
    ("changed", "kinds"),
    [
        ("toggles", {"logic", "registers"}),
        ("clock_edges", {"clock"}),
        ("multiplier_toggles", {"multipliers"}),
        ("memories", {"memories"}),
    ],
)
def test_each_event_moves_its_own_kinds(changed: str, kinds: set[str]) -> None:
    record = made_up_record()
    before = proxy(record, made_up_cells())["by_kind"]
    work = copy.deepcopy(record["domains"]["ge"])
    if changed == "memories":
        work["memories"]["rest"]["reads"] += 1
    else:
        work[changed] += 1
    after = proxy({**record, "domains": {**record["domains"], "ge": work}}, made_up_cells())["by_kind"]
    assert {kind for kind in before if after[kind] > before[kind]} == kinds
    assert {kind for kind in before if after[kind] == before[kind]} == set(before) - kinds


def test_bounds_enclose_the_weights() -> None:
    assert WEIGHTS.weights()["logic"] == 1
    for low, high in WEIGHTS.bounds().values():
        assert low <= 1 <= high
