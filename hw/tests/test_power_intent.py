# SPDX-License-Identifier: Apache-2.0
"""The UPF file against the RTL, and what the check says when one of them is wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from hw.gen.altered import altered_sources
from hw.gen.build import generate
from hw.hierarchy import domain_instances, sequencer, upf_path
from hw.power.check import Check, check, isolation_table
from hw.power.netlist import Elaborated, elaborate
from hw.power.upf import UPF, read_upf
from spec import tiny_variants as tiny
from spec.errors import InputError
from spec.paths import ROOT
from tools.mutants import Replacement


@cache
def elaborated(*edits: Replacement) -> Elaborated:
    """The tiny accelerator with two local experts, with defects in its RTL."""
    hardware = generate(tiny.accelerator("two"))
    return elaborate(replace(hardware, rtl=altered_sources(edits, "power")) if edits else hardware)


def checked(upf: Path, design: Elaborated) -> Check:
    return check(read_upf(upf, [path for path in design.netlist.instances if path]), design)


@pytest.fixture
def altered_upf(tmp_path: Path):
    def alter(old: str, new: str, count: int = 1) -> Path:
        text = UPF.read_text()
        assert text.count(old) == count, f"{old!r} occurs {text.count(old)} times, not {count}"
        path = tmp_path / "altered.upf"
        path.write_text(text.replace(old, new))
        return path

    return alter


def test_intent_and_rtl_agree() -> None:
    result = checked(UPF, elaborated())
    assert result.findings == []
    # It looked at something: both local experts, every output, and registers in every domain.
    instances = domain_instances(tiny.accelerator("two").moe)
    assert {entry.instance for entry in result.clamped} == {upf_path(p) for paths in instances.values() for p in paths}
    assert len(result.clamped) == 4 + 4 + 2 * 9 + 8
    assert min(result.registers[name] for name in result.intent.domains) > 100
    assert {s.path for s in result.sequencer.values()} == {upf_path(sequencer(d)) for d in range(4)}
    # Weights and biases of two layers, in two local experts and in the gate.
    assert len(result.intent.retention["RET_LE"].elements) == 2 * 4
    assert len(result.intent.retention["RET_GN"].elements) == 4


def test_documented_isolation_table() -> None:
    assert isolation_table(checked(UPF, elaborated())) in (ROOT / "docs" / "power.md").read_text()


WRONG_INTENT = {
    "polarity of isolation": (
        "{pd_isolate_o[1]} -isolation_sense high", "{pd_isolate_o[1]} -isolation_sense low",
        "ISO_GE isolates at level 0 of pd_isolate_o[1], which the RTL resets to 1 (PD_GE off and isolated).",
    ),
    "clamp value": (
        "PD_LE -applies_to outputs -clamp_value 0", "PD_LE -applies_to outputs -clamp_value 1",
        "u_core/gen_le[0].u_le/u_local_expert/in_ready_o of PD_LE is clamped to 0, ISO_LE says 1.",
    ),
    "missing instance": (
        "-elements {u_core/u_ge/u_global_expert}", "-elements {u_core/u_ge/u_local_expert}",
        "PD_GE has the element u_core/u_ge/u_local_expert, which is no instance.",
    ),
    "part of the instances": (
        "find_objects u_core -pattern u_local_expert", "find_objects {u_core/gen_le[0].u_le} -pattern u_local_expert",
        "u_core/gen_le[1].u_le/u_local_expert",
    ),
    "instance of another domain": (
        "-elements {u_core/u_ge/u_global_expert}", "-elements {u_core/u_ge/u_global_expert u_core/u_ge/u_queue}",
        "u_core/u_ge/u_queue/clk_i in PD_GE is clk_i, which belongs to no power_sequencer in that way, the domain to "
        "gen_domain[1].u_sequencer.",
    ),
    "swapped isolation": (
        "{pd_isolate_o[2]}", "{pd_isolate_o[3]}",
        "ISO_LE of PD_LE is controlled by pd_isolate_o[3], which belongs to gen_domain[3].u_sequencer, the domain to "
        "gen_domain[2].u_sequencer.",
    ),
    "swapped switch": (
        "close pd_switch_o[0]", "close pd_switch_o[1]",
        "SW_FE of PD_FE is controlled by pd_switch_o[1], which belongs to gen_domain[1].u_sequencer, the domain to "
        "gen_domain[0].u_sequencer.",
    ),
    "swapped acknowledge": (
        "closed pd_ack_i[3]", "closed pd_ack_i[2]",
        "SW_GN of PD_GN is acknowledged by pd_ack_i[2], which belongs to gen_domain[2].u_sequencer, the domain to "
        "gen_domain[3].u_sequencer.",
    ),
    "polarity of an acknowledge": (
        "pd_ack_i[3] {close}", "pd_ack_i[3] {!close}",
        "SW_GN acknowledges with the opposite of pd_switch_o[3], the RTL expects the same.",
    ),
    "polarity of a switch": (
        "pd_ack_i[1] {close}} \\\n    -on_state {on in {close}} -off_state {off {!close}}",
        "pd_ack_i[1] {!close}} \\\n    -on_state {on in {!close}} -off_state {off {close}}",
        "SW_GE closes at level 0 of pd_switch_o[1], which the RTL resets to 0 (PD_GE off).",
    ),
    "swapped memory supply": (
        "close pd_memory_o[2]", "close pd_memory_o[3]",
        "SW_LE_MEMORY of PD_LE is controlled by pd_memory_o[3], which belongs to gen_domain[3].u_sequencer, the domain "
        "to gen_domain[2].u_sequencer.",
    ),
    "swapped save": (
        "{pd_save_o[3] high}", "{pd_save_o[2] high}",
        "RET_GN of PD_GN uses pd_save_o[2], which belongs to gen_domain[2].u_sequencer, the domain to "
        "gen_domain[3].u_sequencer.",
    ),
    "polarity of restore": (
        "{pd_restore_o[2] high}", "{pd_restore_o[2] low}",
        "RET_LE restores at level 0 of pd_restore_o[2], which the RTL resets to 0 (PD_LE off).",
    ),
    "forgotten biases": (
        r"[find_objects u_core/u_gn/u_gating_network -pattern {(.*\.)?u_(weights|biases)}",
        r"[find_objects u_core/u_gn/u_gating_network -pattern {(.*\.)?u_weights}",
        "u_core/u_gn/u_gating_network/u_head/u_out/gen_loaded.u_biases/u_ram is a memory that is loaded at run time, "
        "RET_GN does not retain it.",
    ),
    "clamps that lose their supply": (
        "-clamp_value 0 -isolation_supply_set SS_AON \\\n    -isolation_signal {pd_isolate_o[0]}",
        "-clamp_value 0 -isolation_supply_set SS_GE \\\n    -isolation_signal {pd_isolate_o[0]}",
        "ISO_FE has the supply VDD_GE, which can be off; needed is VDD.",
    ),
    "mode": (
        "{LE_ONLY -logic_expr {PD_FE == ON && PD_GE == OFF", "{LE_ONLY -logic_expr {PD_FE == ON && PD_GE == ON",
        "power_manager wants PD_GE OFF in mode 2, LE_ONLY says ON.",
    ),
    "mode with a sleeping GE": (
        "{MOE_GATED_ASLEEP -logic_expr {PD_FE == ON && PD_GE == OFF",
        "{MOE_GATED_ASLEEP -logic_expr {PD_FE == ON && PD_GE == ON",
        "power_manager wants PD_GE OFF in mode 4, MOE_GATED_ASLEEP says ON.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", WRONG_INTENT.values(), ids=WRONG_INTENT)
def test_wrong_intent_is_found(altered_upf, change: tuple[str, str, str]) -> None:
    old, new, sentence = change
    findings = checked(altered_upf(old, new), elaborated()).findings
    assert any(sentence == finding or (" " not in sentence and sentence in finding) for finding in findings), findings


# Defects that share a group are in one design, which is elaborated once.
WRONG_RTL = {
    "an output passes its clamp by": (
        "A", "ge_branch.sv", ".in_valid_i (class_valid),", ".in_valid_i (raw_valid),",
        "u_core/u_ge/u_global_expert/out_valid_o of PD_GE is read by u_core/u_ge/u_queue without an isolation clamp.",
    ),
    "a clamp of another domain": (
        "A", "moe_core.sv", ".isolate_i         (isolate_i[DomainGn])", ".isolate_i         (isolate_i[DomainLe])",
        "u_core/u_gn/u_gating_network/activity_o of PD_GN is clamped by pd_isolate_o[2], ISO_GN says pd_isolate_o[3].",
    ),
    "a part of a domain on the clock that always runs": (
        "A", "local_expert.sv", "u_class (\n      .clk_i,", "u_class (\n      .clk_i       (wr_clk_i),",
        "u_core/gen_le[0].u_le/u_local_expert/u_class/u_arg_max and 3 more instances in PD_LE use the clock of PD_AON.",
    ),
    "a retained memory that is read on the clock that always runs": (
        "B", "runtime_memory.sv", "posedge clk_i) begin\n    if (!rst_ni) begin\n      back_read_q",
        "posedge wr_clk_i) begin\n    if (!rst_ni) begin\n      back_read_q",
        "u_core/gen_le[0].u_le/u_local_expert/u_head/gen_hidden.u_dense/gen_loaded.u_biases and 7 more instances in "
        "PD_LE use the clock of PD_AON.",
    ),
    "acknowledge without synchroniser": (
        "A", "moe_accelerator.sv", "<= {ack_meta_q, pd_ack_i};", "<= {pd_ack_i, pd_ack_i};",
        "pd_ack_i[0] comes to gen_domain[0].u_sequencer through 1 flip-flops, not 2.",
    ),
    "clamps to one": (
        "B", "isolation_clamp.sv", "Clamp = '0", "Clamp = '1",
        "u_core/u_fe/u_front_end/activity_o of PD_FE is clamped to 1, ISO_FE says 0.",
    ),
    "a queue on a gated clock": (
        "B", "ge_branch.sv", "u_queue (\n      .clk_i,", "u_queue (\n      .clk_i      (domain_clk_i),",
        "u_core/u_ge/u_queue in PD_AON use the clock of PD_GE.",
    ),
    "memory without supply while its domain is on": (
        "B", "moe_accelerator.sv", "pd_memory_o[d] = pd_switch_o[d] || retained", "pd_memory_o[d] = retained",
        "SW_LE_MEMORY of PD_LE is controlled by pd_memory_o[2], which belongs to no power_sequencer in that way, the "
        "domain to gen_domain[2].u_sequencer.",
    ),
    "a mode that keeps the GE on": (
        "B", "power_manager.sv", "ModeLeOnly:      needed = Domains'(",
        "ModeLeOnly:      needed = Domains'((1 << DomainGe) | ",
        "power_manager wants PD_GE ON in mode 2, LE_ONLY says OFF.",
    ),
    "clamps the wrong way round": (
        "C", "isolation_clamp.sv", "assign data_o = isolate_i ? Clamp : data_i",
        "assign data_o = isolate_i ? data_i : Clamp",
        "u_core/u_ge/u_global_expert/activity_o of PD_GE: u_core/u_ge/u_isolation does not isolate at level 1 "
        "of pd_isolate_o[1].",
    ),
    "a domain on another domain's clock": (
        "C", "moe_accelerator.sv", "(domain_clk[DomainGn])", "(domain_clk[DomainLe])",
        "u_core/u_gn/u_gating_network/clk_i in PD_GN is gen_domain[2].u_clock_gate/clk_o, which belongs to "
        "gen_domain[2].u_sequencer, the domain to gen_domain[3].u_sequencer.",
    ),
    "a memory written through the sleeping domain": (
        "C", "runtime_head.sv", "u_out (\n      .clk_i,\n      .rst_ni,\n      .wr_clk_i,\n      .write_i,",
        "u_out (\n      .clk_i,\n      .rst_ni,\n      .wr_clk_i,\n      .write_i    (write_i ^ 63'(write_i.bias)),",
        "u_core/gen_le[0].u_le/u_local_expert/u_head/u_out/gen_loaded.u_weights is written through "
        "u_core/gen_le[0].u_le/u_local_expert/u_head of PD_LE, which has no supply then.",
    ),
    "a learner that writes while it has no supply": (
        "B", "runtime_dense.sv", "(Learn ? isolate_i : 1'b1)", "(1'b0)",
        "u_core/gen_le[0].u_le/u_local_expert/u_head/u_out/gen_loaded.u_weights is written through "
        "u_core/gen_le[0].u_le/u_local_expert/u_head/gen_learner.u_learner/u_mover/u_queue of PD_LE, which has no "
        "supply then.",
    ),
    "no clock gate": (
        "D", "clock_gate.sv", "assign clk_o = clk_i && enable_q;", "assign clk_o = clk_i;",
        "u_core/u_ge/u_global_expert/clk_i in PD_GE is clk_i, which belongs to no power_sequencer in that way, the "
        "domain to gen_domain[1].u_sequencer.",
    ),
    "another domain's reset": (
        "D", "moe_core.sv", "(domain_rst_ni[DomainGe])", "(domain_rst_ni[DomainFe])",
        "u_core/u_ge/u_global_expert/rst_ni in PD_GE is pd_rst_no[0], which belongs to gen_domain[0].u_sequencer, the "
        "domain to gen_domain[1].u_sequencer.",
    ),
    "a part of a domain that is never reset": (
        "B", "gating_network.sv", "u_decide (\n      .clk_i,\n      .rst_ni,",
        "u_decide (\n      .clk_i,\n      .rst_ni      (1'b1),",
        "u_core/u_gn/u_gating_network/u_decide/rst_ni in PD_GN is the constant 1, not pd_rst_no[3].",
    ),
    "a copy of the reset the wrong way round": (
        "D", "moe_core.sv", "u_mux_queue (\n      .clk_i,\n      .rst_ni     (!reset_copy_q",
        "u_mux_queue (\n      .clk_i,\n      .rst_ni    (reset_copy_q",
        "u_core/u_mux_queue/rst_ni in PD_AON is u_core/u_mux_queue/rst_ni, not rst_ni.",
    ),
    "not isolated in reset": (
        "D", "power_sequencer.sv", "isolate_o   <= 1'b1;", "isolate_o   <= 1'b0;",
        "ISO_FE isolates at level 1 of pd_isolate_o[0], which the RTL resets to 0 (PD_FE off and isolated).",
    ),
}  # fmt: skip


@pytest.mark.parametrize("defect", WRONG_RTL)
def test_wrong_rtl_is_found(defect: str) -> None:
    group, *_, sentence = WRONG_RTL[defect]
    together = [change for change in WRONG_RTL.values() if change[0] == group]
    design = elaborated(*(Replacement(file, old, new) for _, file, old, new, _ in together))
    findings = checked(UPF, design).findings
    assert sentence in findings, findings


UNREADABLE = {
    "command": ("set_scope .", "set_scpoe .", "there is no command 'set_scpoe'"),
    "option": ("-location parent\nset_isolation ISO_GE", "-locaton parent\nset_isolation ISO_GE",
               "option -locaton is not known"),
    "supply set": ("PD_FE -elements {u_core/u_fe/u_front_end} -supply {primary SS_FE}",
                   "PD_FE -elements {u_core/u_fe/u_front_end} -supply {primary SS_EF}",
                   "there is no supply set 'SS_EF'"),
    "power state": ("{GE_ONLY -logic_expr {PD_FE == ON", "{GE_ONLY -logic_expr {PD_FE == ONN",
                    "no state of PD_FE 'ONN'"),
    "twice": ("create_supply_net VDD_GE\n", "create_supply_net VDD_FE\n", "VDD_FE is created twice"),
    "open brace": ("-function {power VDD_GN} -function", "-function {power VDD_GN -function", "'{' is not closed"),
    "index outside of braces": ("{pd_isolate_o[2]}", "pd_isolate_o[2]", "there is no command '2'"),
    "no such bit": ("{pd_isolate_o[2]}", "{pd_isolate_o[4]}", "pd_isolate_o has 4 bits"),
    "no such port": ("{pd_isolate_o[2]}", "{pd_isolation_o[2]}", "has no port pd_isolation_o"),
    "variable": ("-elements $local_experts", "-elements $local_expert", "there is no variable 'local_expert'"),
}  # fmt: skip


@pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_intent_is_refused(altered_upf, change: tuple[str, str, str]) -> None:
    old, new, message = change
    with pytest.raises(InputError, match=message.replace("[", r"\[").replace("{", r"\{")):
        checked(altered_upf(old, new), elaborated())


def test_errors_name_the_line(altered_upf) -> None:
    line = UPF.read_text().splitlines().index("set_scope .") + 1
    with pytest.raises(InputError, match=f"altered.upf:{line}: "):
        checked(altered_upf("set_scope .", "set_scope u_core"), elaborated())
