# SPDX-License-Identifier: Apache-2.0
"""Paths of instances: their spellings, and what is where."""

from __future__ import annotations

import pytest

from hw import hierarchy
from hw.gen.build import generate
from hw.parts import parts
from hw.power.netlist import elaborate
from hw.power.upf import UPF, read_upf
from spec import tiny_variants as tiny
from spec.tiny import local_only_accelerator

BIASES = "u_core.u_gn.u_gating_network.u_head.gen_hidden.u_dense.gen_loaded.u_biases.u_ram"
EXPERT = "u_core.gen_le[1].u_le.u_local_expert"


def test_spellings() -> None:
    assert hierarchy.upf_path(BIASES) == (
        "u_core/u_gn/u_gating_network/u_head/gen_hidden.u_dense/gen_loaded.u_biases/u_ram"
    )
    assert hierarchy.upf_path(EXPERT) == "u_core/gen_le[1].u_le/u_local_expert"
    assert hierarchy.saif_path(EXPERT) == "u_core/gen_le[1]/u_le/u_local_expert"
    assert hierarchy.BRANCHES["le"].path(1) == EXPERT


@pytest.mark.parametrize(
    ("path", "domain", "layer"),
    [
        (BIASES, "gn", "gate_hidden"),
        ("u_core.u_gn.u_gating_network.u_head.u_out", "gn", "gate_out"),
        ("u_core.u_gn.u_gating_network.u_pooled", "gn", None),
        ("u_core.u_gn.u_queue", "aon", None),
        (f"{EXPERT}.u_head.u_out.gen_loaded.u_mvu", "le", "le1"),
        (f"{EXPERT}.u_head.gen_hidden.u_dense.gen_loaded.u_mvu", "le", "le1_hidden"),
        (EXPERT, "le", None),
        ("u_core.gen_le[1].u_le.u_local_experts", "aon", None),
        ("u_core.u_fe.u_front_end.u_conv1.u_window", "fe", "conv1"),
        ("u_core.u_ge.u_global_expert.u_tail.u_fc1", "ge", "fc1"),
        ("u_core.u_ge.u_global_expert.u_class", "ge", None),
        ("u_core.u_ge.u_store", "aon", None),
        ("", "aon", None),
    ],
)
def test_domain_and_layer_of_an_instance(path: str, domain: str, layer: str | None) -> None:
    for spelling in (path, hierarchy.saif_path(path), hierarchy.upf_path(path)):
        assert hierarchy.domain_of(spelling) == domain
        assert hierarchy.layer_of(spelling) == layer


def test_a_device_of_local_experts_has_no_others() -> None:
    design = local_only_accelerator()
    instances = elaborate(generate(design)).netlist.instances
    found = parts(design.moe, design.folding.domains)
    assert {part.domain for part in found} == {"fe", "le"}
    assert {part.layer for part in found} == {None, "conv1", "le0_hidden", "le0", "le1_hidden", "le1"}
    for part in parts(design.moe):
        assert (hierarchy.upf_path(part.path) in instances) == (part in found)
    assert all(hierarchy.domain_of(path) not in ("ge", "gn") for path in instances)


def test_the_rtl_and_the_power_intent_have_these_instances() -> None:
    design = tiny.accelerator("two")
    instances = elaborate(generate(design)).netlist.instances
    upf = read_upf(UPF, [path for path in instances if path])
    for domain, paths in hierarchy.domain_instances(design.moe).items():
        assert upf.domains[f"PD_{domain.upper()}"].elements == tuple(map(hierarchy.upf_path, paths))
    for domain, name, path in hierarchy.layer_instances(design.moe):
        assert hierarchy.upf_path(path) in instances
        assert (hierarchy.domain_of(path), hierarchy.layer_of(path)) == (domain, name)
    for path in (hierarchy.POWER_MANAGER, hierarchy.ROUTE_QUEUE, hierarchy.sequencer(3)):
        assert hierarchy.upf_path(path) in instances
