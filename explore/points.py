# SPDX-License-Identifier: Apache-2.0
"""Points: designs that are synthesised, so that cost models can be fitted and checked on them.

A point says how it differs from presets: network, gate and folding. Everything of a point is made from its description
alone, so a kept measurement can be repeated.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from explore.random_network import random_network
from hw.gen.build import generate
from hw.gen.digest import digest_of
from hw.hierarchy import TOP
from hw.parts import synthesis_script, synthesise_parts
from hw.resource_report import tool
from spec.errors import InputError
from spec.folding import build_folding
from spec.network import Network, build_moe
from spec.paths import BUILD, CONFIGS, MODELS
from spec.presets import Accelerator, load_toml
from spec.qonnx_reader import read_qonnx
from tools.rows import Row, RowTask
from tools.yosys import CARRY_MAP

WORK = BUILD / "explore" / "points"
POINTS = CONFIGS / "explore" / "points.toml"
T = TypeVar("T")
TRAINED = "trained"  # as a network: the GE under models/


@dataclass(frozen=True)
class Point(RowTask):
    """A design to be measured; its row has the cells of every domain and of every layer.

    Attributes:
        name: of the point; also of its folding.
        network: a preset of ``configs/networks`` (random weights), a QONNX file, or ``trained``.
        layers: what differs from the preset in its layers, by name; only with a preset.
        gate, folding: names of presets.
        experts: local experts; 0: the gate preset's.
        gate_changes, folding_changes: section -> what differs there.
        work: directory of rows.
    """

    name: str
    network: str = TRAINED
    layers: Mapping[str, Mapping[str, Any]] | None = None
    gate: str = "rich"
    folding: str = "ecp5_85"
    experts: int = 0
    gate_changes: Mapping[str, Any] | None = None
    folding_changes: Mapping[str, Any] | None = None
    work: Path = WORK

    def __str__(self) -> str:
        return f"point {self.name}"

    def accelerator(self) -> Accelerator:
        """The design.

        Raises:
            InputError: the parts do not fit one another.
        """
        gate = merged(load_toml("gates", self.gate), self.gate_changes or {})
        moe = build_moe(network_named(self.network, self.layers), gate, self.experts or None)
        folding = merged(load_toml("folding", self.folding), {"name": self.name, **(self.folding_changes or {})})
        return Accelerator(moe, build_folding(folding, moe))

    def row(self) -> Row:
        """Measured cells, under the digest of everything that is synthesised."""
        return synthesised(self.accelerator(), self.work)


def synthesised(design: Accelerator, work: Path) -> Row:
    """The synthesis of a design: cells of its domains, its layers and of everything."""
    sources = digest_of([design])
    depends_on = {
        "what": "explorer's point",
        "sources": sources,
        "tool": tool(),
        "script": synthesis_script(design.moe, TOP, (), CARRY_MAP.name, design.folding.domains),
    }

    def compute() -> dict[str, Any]:
        name = design.folding.name
        hardware = generate(design, work / "hw" / name)
        found = synthesise_parts(hardware, design.moe, log=work / f"{name}.log", there=design.folding.domains)
        return {"sources": sources, "domains": found.domains, "layers": found.layers, "total": found.total}

    return Row(work, depends_on, compute)


def network_named(name: str, layers: Mapping[str, Mapping[str, Any]] | None = None) -> Network:
    """``trained``: the GE under models/; else a QONNX file, or a preset of ``configs/networks`` with random weights.

    Args:
        layers: what differs from the preset, by layer.

    Raises:
        InputError: there is no such network or layer.
    """
    if name == TRAINED or name.endswith(".onnx"):
        if layers:
            raise InputError(f"network '{name}': the layers of a trained network cannot be changed")
        network = read_qonnx(MODELS / "ge.onnx" if name == TRAINED else name)
        return replace(network, name=f"{network.name}-{network.digest()[:8]}")
    description = copy.deepcopy(load_toml("networks", name))
    entries = {entry["name"]: entry for entry in description["layer"]}
    for layer, change in (layers or {}).items():
        if layer not in entries:
            raise InputError(f"network '{name}' has no layer '{layer}'")
        entries[layer].update(change)
    return random_network({**description, "name": f"{name}_random"})


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``; sections that both have are merged."""
    result = dict(base)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        result[key] = {**base[key], **value} if both else value
    return result


def load_points(path: Path = POINTS, work: Path = WORK) -> tuple[Point, ...]:
    """The points of a file, each a table ``[[point]]`` with the attributes of :class:`Point`.

    Raises:
        InputError: it is no such file.
    """
    return load_named(path, "point", "points", lambda **about: Point(**about, work=work))


def load_named(path: Path, key: str, what: str, made: Callable[..., T]) -> tuple[T, ...]:
    """What is made of the tables ``[[key]]`` of a file; each has a name of its own, and its lists are tuples.

    Raises:
        InputError: it is no file of ``what``.
    """
    try:
        entries = tomllib.loads(path.read_text())[key]
        found = tuple(made(**{k: tuple(v) if isinstance(v, list) else v for k, v in one.items()}) for one in entries)
        names = [one["name"] for one in entries]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a file of {what} ({error})") from None
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"{path}: two {what} are called {', '.join(twice)}")
    return found
