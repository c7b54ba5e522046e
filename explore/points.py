# SPDX-License-Identifier: Apache-2.0
"""Points: designs that are synthesised, so that cost models can be fitted and checked on them.

A point says how it differs from presets: network, gate and folding. Everything of a point is made from its description
alone, so a kept measurement can be repeated.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from explore.random_network import random_network
from hw.gen.build import generate
from hw.gen.digest import digest_of
from hw.parts import synthesise_parts
from hw.resource_report import tool
from spec.errors import InputError
from spec.folding import build_folding
from spec.network import Network, build_moe
from spec.paths import BUILD, CONFIGS, MODELS
from spec.presets import Accelerator, load_toml
from spec.qonnx_reader import read_qonnx
from tools.rows import Row, RowTask

WORK = BUILD / "explore" / "points"
POINTS = CONFIGS / "explore" / "points.toml"
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
    layers: Mapping[str, Mapping[str, Any]] = None
    gate: str = "rich"
    folding: str = "ecp5_85"
    experts: int = 0
    gate_changes: Mapping[str, Any] = None
    folding_changes: Mapping[str, Any] = None
    work: Path = WORK

    def __str__(self) -> str:
        return f"point {self.name}"

    def accelerator(self) -> Accelerator:
        """The design.

        Raises:
            InputError: the parts do not fit one another.
        """
        gate = merged(load_toml("gates", self.gate), self.gate_changes or {})
        moe = build_moe(self._network(), gate, self.experts or None)
        folding = merged(load_toml("folding", self.folding), {"name": self.name, **(self.folding_changes or {})})
        return Accelerator(moe, build_folding(folding, moe))

    def _network(self) -> Network:
        if self.network == TRAINED or self.network.endswith(".onnx"):
            if self.layers:
                raise InputError(f"{self}: the layers of a trained network cannot be changed")
            network = read_qonnx(MODELS / "ge.onnx" if self.network == TRAINED else self.network)
            return replace(network, name=f"{network.name}-{network.digest()[:8]}")
        description = copy.deepcopy(load_toml("networks", self.network))
        entries = {entry["name"]: entry for entry in description["layer"]}
        for name, change in (self.layers or {}).items():
            if name not in entries:
                raise InputError(f"{self}: network '{self.network}' has no layer '{name}'")
            entries[name].update(change)
        return random_network({**description, "name": f"{self.network}_random"})

    def row(self) -> Row:
        """Measured cells, under the digest of everything that is synthesised."""
        design = self.accelerator()
        sources = digest_of([design])

        def compute() -> dict[str, Any]:
            hardware = generate(design, self.work / "hw" / self.name)
            found = synthesise_parts(hardware, design.moe, log=self.work / f"{self.name}.log")
            return {"sources": sources, "domains": found.domains, "layers": found.layers, "total": found.total}

        return Row(self.work, {"what": "explorer's point", "sources": sources, "tool": tool()}, compute)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``; sections that both have are merged, and one of another multiplier is replaced."""
    result = dict(base)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        result[key] = {**base[key], **value} if both else value
    return result


def load_points(path: Path = POINTS) -> tuple[Point, ...]:
    """The points of a file, each a table ``[[point]]`` with the attributes of :class:`Point`.

    Raises:
        InputError: it is no such file.
    """
    try:
        entries = tomllib.loads(path.read_text())["point"]
        points = tuple(Point(**entry) for entry in entries)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a file of points ({error})") from None
    names = [point.name for point in points]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"{path}: two points are called {', '.join(twice)}")
    return points
