# SPDX-License-Identifier: Apache-2.0
"""Where things are in the RTL: the only place in Python that spells paths of instances; C++ gets them from here.

Paths are SystemVerilog's, with a dot below each instance and each generate block, and start below ``moe_accelerator``
or ``moe_top``. :func:`saif_path` and :func:`upf_path` spell them as those files do. Each switched domain is one
instance (one per local expert) in a branch that belongs to the always-on domain; what is in which domain follows from
that. The UPF file says the same to other tools, and ``scripts/upf.py`` compares it with the RTL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spec.domains import ALWAYS_ON, DOMAINS, domain_layers
from spec.network import Moe, name_in_bank

TOP = "moe_accelerator"
CORE = "u_core"
POWER_MANAGER = "u_power_manager"
ROUTE_QUEUE = f"{CORE}.u_route_queue"  # of descriptors: one push an accepted image


@dataclass(frozen=True)
class Branch:
    """One switched domain: the ``branch`` below the core, in which the instance ``element`` is the domain.

    ``{}`` in the branch is the number of a local expert.
    """

    branch: str
    element: str

    def path(self, number: int = 0) -> str:
        """The domain's instance."""
        return f"{self.branch_path(number)}.{self.element}"

    def branch_path(self, number: int = 0) -> str:
        """The branch around it."""
        return f"{CORE}.{self.branch.format(number)}"


# In the order of accel_pkg's numbers of domains.
BRANCHES = {
    "fe": Branch("u_fe", "u_front_end"),
    "ge": Branch("u_ge", "u_global_expert"),
    "le": Branch("gen_le[{}].u_le", "u_local_expert"),
    "gn": Branch("u_gn", "u_gating_network"),
}
GE_TAIL = f"{BRANCHES['ge'].path()}.u_tail"
RAW_PREFIX = "raw_"  # nets of a branch between its domain and the clamp

# Parts of an expert or of the gate, below the domain's instance.
HEAD = "u_head"
POOLED = f"{HEAD}.u_pooled"
CLASS = "u_class"
HIDDEN = f"{HEAD}.gen_hidden"
HIDDEN_LAYER = f"{HIDDEN}.u_dense"
OUT_LAYER = f"{HEAD}.u_out"
LEARNER = f"{HEAD}.gen_learner.u_learner"
REPLAY_RING = f"{HEAD}.gen_ring.u_ring"

# Memories and multipliers, below a layer.
WEIGHT_ROM = "u_weight_rom"
ROM_SUFFIX = "_rom"
WEIGHT_RAM = "gen_loaded.u_weights.u_ram"
LOADED_MEMORY = "gen_chunk"  # the generate block around the cells of weight_ram
MULTIPLIER = "u_multiplier"

# Nets to watch.
DECISION = tuple(f"{BRANCHES['gn'].branch_path()}.decision_{end}" for end in ("valid", "ready"))
STORED_WORD = tuple(f"{BRANCHES['ge'].branch_path()}.stored_{end}" for end in ("valid", "ready"))
RESULT_TAKEN = "result_taken"  # of the device
FRAME_STARTED = tuple(f"{CORE}.frame_{what}" for what in ("start", "image", "replay"))  # what goes to the experts
STORE_WRITE, STORE_READ = f"{CORE}.store_write", f"{CORE}.store_read"


def activity(domain: str) -> str:
    """The net with what each layer of a domain does in a cycle."""
    return f"{CORE}.{domain}_activity"


def sequencer(number: int) -> str:
    """The power sequencer of the domain with this number."""
    return f"gen_domain[{number}].u_sequencer"


def domain_instances(moe: Moe, domains: Iterable[str] = DOMAINS) -> dict[str, tuple[str, ...]]:
    """The instances that are each of these domains (``Folding.domains`` has those of a device)."""
    return {
        domain: tuple(BRANCHES[domain].path(number) for number in range(moe.local_experts if domain == "le" else 1))
        for domain in domains
    }


def layer_instances(moe: Moe, domains: Iterable[str] = DOMAINS) -> Iterator[tuple[str, str, str]]:
    """Domain, name and instance of every matrix layer in these domains, domain by domain."""
    for domain in domains:
        layers = domain_layers(moe)[domain]
        names = [layer.name for layer in layers]
        if domain == "le":
            names = [name_in_bank(name, i) for i in range(moe.local_experts) for name in names]
        yield from ((domain, name, layer_instance(domain, name)) for name in names)


def layer_instance(domain: str, name: str) -> str:
    """The instance of a layer."""
    if domain in ("le", "gn"):
        expert = int(re.findall(r"\d+", name)[0]) if domain == "le" else 0
        return f"{BRANCHES[domain].path(expert)}.{HIDDEN_LAYER if name.endswith('hidden') else OUT_LAYER}"
    return f"{BRANCHES['fe'].path() if domain == 'fe' else GE_TAIL}.u_{name}"


def domain_of(path: str) -> str:
    """The domain that an instance is in, whatever the separators; ``aon`` when it is in no switched one."""
    return next((domain for domain, branch in BRANCHES.items() if _below(path, branch.path()) is not None), ALWAYS_ON)


def layer_of(path: str) -> str | None:
    """Name of the layer that an instance is in, whatever the separators; None when it is in none."""
    for place in (BRANCHES["fe"].path(), GE_TAIL):
        if below := _below(path, place):
            return below[0].removeprefix("u_")
    for name in ("gate_hidden", "gate_out"):
        if _below(path, layer_instance("gn", name)) is not None:
            return name
    for name in ("le_hidden", "le"):
        if _below(path, layer_instance("le", name_in_bank(name, 0))) is not None:
            return name_in_bank(name, int(re.findall(r"\[(\d+)\]", path)[0]))
    return None


def _below(path: str, place: str) -> list[str] | None:
    """The names of ``path`` below an instance, any of those that differ by an index; None when it is elsewhere."""
    names, above = (re.split(r"[./]", re.sub(r"\[\d+\]", "[]", one)) for one in (path, place))
    return names[len(above) :] if names[: len(above)] == above else None


def saif_path(path: str) -> str:
    """A path as it stands in a SAIF: ``/`` below instances and generate blocks."""
    return path.replace(".", "/")


def upf_path(path: str) -> str:
    """A path as it stands in UPF: ``/`` below instances, ``.`` below generate blocks."""
    return re.sub(r"((?:^|(?<=\.))(?!gen_)[^.]+)\.", r"\1/", path)


def header() -> str:
    """C++ header for harnesses that look into the model."""
    rows = ",\n".join(f'    {{"{b.branch.rsplit(".", 1)[-1]}", "{b.element}"}}' for b in BRANCHES.values())
    return (
        "// SPDX-License-Identifier: Apache-2.0\n// Generated from hw/hierarchy.py; do not edit.\n#pragma once\n\n"
        "// Each switched domain: the instance `element` of the instance `branch` below kCore.\n"
        "struct DomainPlace {\n  const char* branch;\n  const char* element;\n};\n\n"
        f'constexpr const char* kCore = "{CORE}";\n'
        f"constexpr DomainPlace kDomainPlaces[] = {{\n{rows}}};\n"
        f'constexpr const char* kRawPrefix = "{RAW_PREFIX}";  // nets of a branch between domain and clamp\n'
        f'constexpr const char* kRomSuffix = "{ROM_SUFFIX}";  // instances with constant contents\n'
        f'constexpr const char* kLoadedMemory = "{LOADED_MEMORY}";  // generate block around loaded memory cells\n'
    )
