# SPDX-License-Identifier: Apache-2.0
"""Synthesis of the device for ECP5, with the cells of each power domain and of each layer counted.

The four switched domains, and the matrix layers in them, stay modules of their own: a supply border must not be
optimised across. Everything else is flattened and always on. Against the same synthesis of a flat device this costs
1.0 % more LUT4 sites and 0.9 % more flip-flops (``ecp5_85``, gate ``tuned``).
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hw.gen.build import GeneratedHardware
from hw.hierarchy import TOP, WEIGHT_ROM, domain_instances, layer_instances
from spec.domains import ALWAYS_ON, DOMAINS
from spec.network import Moe
from tools.yosys import BLOCK_BITS, CARRY_MAP, READ_CELLS, SET_PARAMETERS, run_yosys, synthesis, take

# Logic may take half of the 10 ns period, wiring has the other half. With a target, logic that is fast enough is made
# small; without one, each module would be made as fast as it can be, and larger than within the whole.
LOGIC_PS = 5000


@dataclass(frozen=True)
class Part:
    """A domain, or a layer of one, that is kept as a module: the path of its instance."""

    path: str
    domain: str
    layer: str | None = None


@dataclass(frozen=True)
class Synthesis:
    """Cells by type: of each domain with its layers, of each layer, and of everything.

    ``rom_ones``: ones in the block RAMs with the constant weights of a layer; a layer that has none there is not in it.
    """

    domains: dict[str, dict[str, int]]
    layers: dict[str, dict[str, int]]
    total: dict[str, int]
    rom_ones: dict[str, int]


def parts(moe: Moe, there: Iterable[str] = DOMAINS) -> tuple[Part, ...]:
    """The domains that are there and the layers in them."""
    there = tuple(there)
    domains = [Part(path, domain) for domain, paths in domain_instances(moe, there).items() for path in paths]
    return (*domains, *(Part(path, domain, name) for domain, name, path in layer_instances(moe, there)))


def kept_apart(paths: Iterable[str]) -> str:
    """Commands of Yosys, behind ``read_slang --keep-hierarchy``, by which these instances stay modules."""
    # A bracket is a wildcard in a selection, and so is what it is replaced by.
    return " ".join(f"setattr -mod -set keep_hierarchy 1 *${re.sub(r'[][]', '?', path)};" for path in paths)


def synthesis_script(moe: Moe, top: str, sources: Iterable[str], carry_map: str, there: Iterable[str] = DOMAINS) -> str:
    """Commands of Yosys that make cells of the sources, with the parts kept apart.

    Args:
        sources: files, in the order in which they are read.
        carry_map: name of :data:`tools.yosys.CARRY_MAP` in the directory that Yosys runs in.
    """
    keep = kept_apart(f"{top}.{part.path}" for part in parts(moe, there))
    return (
        f"{READ_CELLS}; read_slang --threads 1 --keep-hierarchy --top {top} -D SYNTHESIS "
        f"-D TARGET_ECP5 {' '.join(sources)}; {SET_PARAMETERS}; {keep} scratchpad -set abc9.D {LOGIC_PS}; "
        f"{synthesis(top, carry_map)}"
    )


def synthesise_parts(
    hardware: GeneratedHardware,
    moe: Moe,
    top: str = TOP,
    log: Path | None = None,
    there: Iterable[str] = DOMAINS,
) -> Synthesis:
    """Synthesise ``moe_accelerator`` (or ``moe_top``), which has these switched domains, and count.

    Raises:
        RuntimeError: Yosys failed, a part is not in the design, or a memory does not hold the weights of its file.
    """
    members = {f"{top}.{part.path}": part for part in parts(moe, there)}
    sources = hardware.relative_sources(device=top != "moe_top")
    script = synthesis_script(moe, top, sources, *hardware.relative([CARRY_MAP]), there)
    counts, memories = (hardware.directory / f"{kind}.{os.getpid()}" for kind in ("cells", "memories"))
    run_yosys(
        hardware.directory,
        f"{script}; tee -q -o {counts.name} stat -top {top} -json; dump -m -o {memories.name} t:DP16KD",
        log,
    )
    found = add_up(json.loads(take(counts)), members, top, rom_ones(take(memories), members))
    check_memories(hardware.directory, found)
    return found


def _path(module: str) -> str:
    """Path of the instance that a module of the kept hierarchy belongs to; read_slang names it ``module$path``."""
    return module.removeprefix("\\").split("$", 1)[-1]


def add_up(stat: Mapping, members: Mapping[str, Part], top: str, ones: dict[str, int]) -> Synthesis:
    """Sums of ``stat -json``; ``members`` has the part of every path.

    Raises:
        RuntimeError: a part has no module, a module belongs to no part, or the modules do not add up to the design.
    """
    modules = {_path(name): _cells(module) for name, module in stat["modules"].items()}
    missing = sorted(set(members) - set(modules))
    unknown = sorted(set(modules) - set(members) - {top})
    if missing or unknown:
        raise RuntimeError(f"synthesis of {top}: without a module are {missing}, without a part {unknown}")
    domains: dict[str, Counter[str]] = {name: Counter() for name in (ALWAYS_ON, *DOMAINS)}
    layers: dict[str, dict[str, int]] = {}
    for path, cells in modules.items():
        part = members.get(path, Part("", ALWAYS_ON))
        domains[part.domain].update(cells)
        if part.layer:
            layers[part.layer] = cells
    total = _cells(stat["design"])
    if dict(sum(domains.values(), Counter())) != total:
        raise RuntimeError(f"synthesis of {top}: the domains {domains} do not add up to {total}")
    return Synthesis({name: dict(cells) for name, cells in domains.items()}, layers, total, ones)


def _cells(module: Mapping) -> dict[str, int]:
    """Cells by type; with a $ in their names are instances of other parts, and notes about what was flattened."""
    return {name: int(count) for name, count in module["num_cells_by_type"].items() if "$" not in name}


def rom_ones(contents: str, members: Mapping[str, Part]) -> dict[str, int]:
    """Ones in the block RAMs of each layer's weight ROM, from Yosys' text of all block RAMs."""
    ones: dict[str, int] = {}
    part = layer = None
    for line in contents.splitlines():
        word, name, value = [*line.split(maxsplit=2), "", "", ""][:3]
        if word == "module":
            part = members.get(_path(name))
        elif word == "cell":
            layer = part.layer if part and f"{WEIGHT_ROM}.mem" in value else None
        elif word == "parameter" and layer and name.startswith("\\INITVAL"):
            ones[layer] = ones.get(layer, 0) + value.partition("'")[2].count("1")
    return ones


def check_memories(directory: Path, found: Synthesis) -> None:
    """Compare the ROMs with the memory files: zeros, and all that multiplies them, are optimised away unseen.

    Raises:
        RuntimeError: the weights in a layer's block RAMs are not those of its file, or they are in none.
    """
    for layer in found.layers:
        file = directory / f"{layer}_weight.mem"
        if not file.exists():
            continue
        words = file.read_text().split()
        ones = sum(int(word, 16).bit_count() for word in words)
        if layer in found.rom_ones and found.rom_ones[layer] != ones:
            held = found.rom_ones[layer]
            raise RuntimeError(f"synthesis: the block RAMs of {layer} hold {held:,} ones, {file.name} has {ones:,}")
        # A digit is at most 4 bits of a word; less than a block may be in logic.
        if layer not in found.rom_ones and sum(map(len, words)) * 4 >= BLOCK_BITS:
            raise RuntimeError(f"synthesis: {file.name} has {ones:,} ones, and no block RAM of {layer} holds them")
