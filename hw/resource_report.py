# SPDX-License-Identifier: Apache-2.0
"""What synthesis found beside what was counted: one record a design, its checks, and its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from golden.energy.paper import table_3
from hw.parts import LOGIC_PS, Synthesis
from spec import resources
from spec.domains import ALWAYS_ON
from spec.markdown import aligned
from spec.presets import Accelerator
from tools.yosys import BLOCK_BITS, DEVICE, DEVICE_NAME, lut4_equivalents, version

SITES = "lut4_sites"
COLUMNS = {SITES: "LUT4 sites", "TRELLIS_FF": "flip-flops", "DP16KD": "EBR", "MULT18X18D": "multipliers"}
COUNTED = {
    "weights": "weights",
    "macs": "products an image",
    "lane_macs": "with padding",
    "weight_memory_bits": "weight memory, bits",
    "buffer_bits": "buffers, bits",
    "multipliers": "multipliers",
}
DOMAINS = {
    "fe": "front end",
    "ge": "global expert",
    "le": "local expert(s)",
    "gn": "gating network",
    ALWAYS_ON: "always on",
}


def tool() -> str:
    """What made the figures; others are not comparable."""
    return f"yosys {version()} read_slang, synth_ecp5 by domain and layer, logic target {LOGIC_PS} ps"


def _with_sites(cells: Mapping[str, int]) -> dict[str, int]:
    return {**dict(sorted(cells.items())), SITES: lut4_equivalents(cells)}


def record(design: Accelerator, found: Synthesis, sources: str) -> dict:
    """Everything that is known about one design, for a result file; ``sources`` is the digest of the hardware."""
    counted = resources.domains(design.moe, design.folding)
    layers = resources.layers(design.moe, design.folding)
    cells = {name: _with_sites(found.domains[name]) for name in (ALWAYS_ON, *layers)}
    share = {key: _share(cells, key) for key in COLUMNS if cells["fe"].get(key, 0) + cells["ge"].get(key, 0)}
    return {
        "design": design.name,
        "sources": sources,
        "tool": tool(),
        "device": {"name": DEVICE_NAME, **DEVICE},
        "cells": cells,
        "layers": {name: _with_sites(found.layers[name]) for members in layers.values() for name in members},
        "total": _with_sites(found.total),
        "counted": {name: asdict(part) for name, part in counted.items()},
        "layer_domain": {name: domain for domain, members in layers.items() for name in members},
        "le_gn_over_ge": {"cells": share, "counted": resources.personal_share(counted)},
        "paper_weights": table_3(design.moe.network)["size"],
        "findings": findings(design, found),
    }


def _share(cells: Mapping[str, Mapping[str, int]], key: str) -> float:
    personal, ge = (sum(cells[name].get(key, 0) for name in names) for names in (resources.PERSONAL, resources.GLOBAL))
    return personal / ge


def findings(design: Accelerator, found: Synthesis) -> list[str]:
    """Sentences about what synthesis made otherwise than it was counted; none when all is well."""
    said = []
    multipliers = {name: part.multipliers for name, part in resources.domains(design.moe, design.folding).items()}
    layers = resources.layers(design.moe, design.folding)
    counted = {name: part for members in layers.values() for name, part in members.items()}
    expected = [(name, number, found.domains[name]) for name, number in multipliers.items()]
    expected += [(name, part.multipliers, found.layers[name]) for name, part in counted.items()]
    for name, number, cells in expected:
        made = cells.get("MULT18X18D", 0)
        if made != number:
            said.append(f"{name} has {made} multipliers, the folding gives it {number}")
    for name, part in counted.items():
        room = found.layers[name].get("DP16KD", 0) * BLOCK_BITS
        if part.weight_memory_bits >= BLOCK_BITS and room < part.weight_memory_bits:
            said.append(f"{name} has {room:,} bits of block RAM for weights of {part.weight_memory_bits:,} bits")
    return said


# ---- Tables ----------------------------------------------------------------------------------------------------------
Row = tuple[str, ...]


def cell_rows(result: Mapping) -> list[Row]:
    """Heading, domains with their layers, total, use of the device, LE and GN over GE."""
    cells, layers = result["cells"], result["layers"]
    ge = cells["fe"][SITES] + cells["ge"][SITES]

    def row(name: str, found: Mapping[str, int]) -> Row:
        return (name, *(f"{found.get(key, 0):,}" for key in COLUMNS), _percent(found[SITES] / ge))

    rows = [("", *COLUMNS.values(), "LUT4 sites of the GE")]
    for domain, name in DOMAINS.items():
        rows.append(row(f"{name} ({domain})", cells[domain]))
        rows += [row(f"- {layer}", layers[layer]) for layer, where in result["layer_domain"].items() if where == domain]
    rows.append(row("device", result["total"]))
    limits = {SITES: DEVICE["LUT4"]} | DEVICE
    used = (_percent(result["total"].get(key, 0) / limits[key]) for key in COLUMNS)
    rows.append((f"of the {DEVICE_NAME}", *used, ""))
    share = result["le_gn_over_ge"]["cells"]
    return [*rows, ("LE and GN over GE", *(_percent(share[key]) if key in share else "" for key in COLUMNS), "")]


def counted_rows(result: Mapping) -> list[Row]:
    """Heading, domains, LE and GN over GE, as counted."""
    rows: list[Row] = [("counted", *COUNTED.values())]
    for domain, name in DOMAINS.items():
        part = result["counted"][domain]
        rows.append((f"{name} ({domain})", *(f"{part[key]:,}" for key in COUNTED)))
    share = result["le_gn_over_ge"]["counted"]
    return [*rows, ("LE and GN over GE", *(_percent(share[key]) if key in share else "" for key in COUNTED))]


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %" if share < 0.1 else f"{100 * share:.1f} %"


def _markdown(rows: Sequence[Row]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _notes(result: Mapping) -> Iterable[str]:
    paper = _percent(result["paper_weights"])
    if not result["cells"]["ge"][SITES]:
        yield "This device has neither the GE behind the tap nor the gate."
    yield f"GE = front end + global expert. The paper's LE and GN (3x3 maps) would have {paper} of its weights."
    yield from (f"Differs: {text}." for text in result["findings"])


def terminal(result: Mapping) -> str:
    """Tables of one design for a terminal."""
    head = f"{result['design']} on {DEVICE_NAME}, before placement ({result['tool']})"
    return "\n\n".join([head, aligned(cell_rows(result)), aligned(counted_rows(result)), "\n".join(_notes(result))])


def page(results: Iterable[Mapping]) -> str:
    """The page ``docs/results/resources.md``."""
    parts = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# Resources by power domain",
        "The whole device (`moe_accelerator`), written by `python scripts/synth.py --keep`. Cells are those of "
        "synthesis, before placement, with the domains and layers kept apart, which costs 1 % more than a flat device. "
        "A carry cell counts as two LUT4 sites, a 16x4 distributed RAM as four. A domain's figures include its layers. "
        "Synthesis fails unless the block RAMs hold the weights. The second table of a design comes from its "
        "specification and folding alone.",
    ]
    for result in results:
        parts += [
            f"## `{result['design']}`\n\nSources {result['sources']}; {result['tool']}.",
            _markdown(cell_rows(result)),
            _markdown(counted_rows(result)),
            "\n".join(f"* {note}" for note in _notes(result)),
        ]
    return "\n\n".join(parts) + "\n"
