# SPDX-License-Identifier: Apache-2.0
"""One module of the device between scan registers, so that it can be placed alone and needs three pins.

Each input comes from a bit of one long shift register, each output goes to a register and from there, folded by XOR,
into a second one. Nothing but wires lies between these registers and the module, so the clock that is found is that of
the module with a register in front and one behind. Every clock, of whatever domain, is the one clock.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spec.errors import InputError

TOP = "scan_top"
CLOCK = "clk_i"  # of the wrapper
INSTANCE = "u_module"
IN, OUT, FOLD = "scan_in_q", "scan_out_q", "scan_fold_q"
CLOCK_PORTS = {"clk", "clk_i", "domain_clk_i", "fe_clk_i", "ge_clk_i", "gn_clk_i", "le_clk_i", "wr_clk_i"}
_MODULE = re.compile(r"^module (\S+) \(\n(.*?)\n?\);\nendmodule", re.M | re.S)
_PORT = re.compile(r"^(input|output|inout) \[(\d+):(\d+)\] (\S+?),?$", re.M)
_SHOWN = 8  # instances that a message names


@dataclass(frozen=True)
class Port:
    """A port: its width in bits."""

    name: str
    direction: str
    width: int

    @property
    def is_clock(self) -> bool:
        """Whether the wrapper's clock goes to it."""
        return self.direction == "input" and self.name in CLOCK_PORTS


@dataclass(frozen=True)
class Instance:
    """One instance of a module.

    Attributes:
        path: below the top, empty for the top itself.
        yosys_name: what ``read_slang --keep-hierarchy`` calls it.
        shape: what tells parameterisations apart: ports, and how many cells, wires and memory bits it has inside.
    """

    module: str
    path: str
    yosys_name: str
    ports: tuple[Port, ...]
    shape: str


def instances(ports: str, stat: str) -> tuple[Instance, ...]:
    """Every instance, from Yosys' ``portlist -m *`` and ``stat -json`` after ``read_slang --keep-hierarchy``."""
    counts = {name.removeprefix("\\"): about for name, about in json.loads(stat)["modules"].items()}
    found = []
    for name, text in _MODULE.findall(ports):
        name = name.removeprefix("\\")
        module, _, path = name.partition("$")  # the path begins with the top
        own = tuple(Port(port, way, int(high) - int(low) + 1) for way, high, low, port in _PORT.findall(text))
        found.append(Instance(module, path.partition(".")[2], name, own, _shape(own, counts.get(name, {}))))
    return tuple(sorted(found, key=lambda one: (one.module, one.path)))


def _shape(ports: Sequence[Port], about: Mapping) -> str:
    cells = Counter[str]()
    for kind, count in about.get("num_cells_by_type", {}).items():
        cells[kind.removeprefix("\\").partition("$")[0] or kind] += int(count)
    sizes = [about.get(key) for key in ("num_wires", "num_wire_bits", "num_memories", "num_memory_bits")]
    return json.dumps([[(port.name, port.width) for port in ports], sizes, sorted(cells.items())])


def choose(found: Sequence[Instance], name: str) -> Instance:
    """The instance that is meant by the name of a module, or by the path of an instance or the end of one.

    Of several that are alike the first is taken.

    Raises:
        InputError: there is none, or there are several that differ.
    """
    whole = [one for one in found if name == one.path]
    ends = [one for one in found if one.module == name or f".{one.path}".endswith(f".{name}")]
    meant = whole or ends
    if not meant:
        raise InputError(f"the device has no module and no instance '{name}'; --modules lists them")
    different = {one.shape: one for one in reversed(meant)}
    if len(different) > 1:
        paths = sorted(one.path for one in different.values())
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        raise InputError(
            f"'{name}' is {len(paths)} modules that differ, name one by its path or the end of it: "
            f"{', '.join(paths[:_SHOWN])}{more}"
        )
    return meant[0]


def children(found: Sequence[Instance], instance: Instance) -> tuple[str, ...]:
    """Paths, below ``instance``, of the instances with no other between them and it."""
    inside = sorted(one.path.removeprefix(f"{instance.path}.") for one in found if _is_below(one, instance))
    return tuple(path for path in inside if not any(path.startswith(f"{other}.") for other in inside))


def _is_below(one: Instance, other: Instance) -> bool:
    return one.path.startswith(f"{other.path}.")


def wrapper(instance: Instance) -> str:
    """Verilog of :data:`TOP`.

    Raises:
        InputError: the module has no input or no output, or a port that is both.
    """
    inputs = [port for port in instance.ports if port.direction == "input" and not port.is_clock]
    outputs = [port for port in instance.ports if port.direction == "output"]
    if (
        not inputs
        or not outputs
        or len(inputs) + len(outputs) + sum(p.is_clock for p in instance.ports) != len(instance.ports)
    ):
        raise InputError(f"{instance.path} ({instance.module}) needs inputs and outputs to be placed alone")
    ins, outs = (sum(port.width for port in ports) for ports in (inputs, outputs))
    joined = [f"    .\\{port.name} ({CLOCK})" for port in instance.ports if port.is_clock]
    for vector, ports in ((IN, inputs), ("outs", outputs)):
        low = 0
        for port in ports:
            joined.append(f"    .\\{port.name} ({vector}[{low + port.width - 1}:{low}])")
            low += port.width
    connections = ",\n".join(joined)
    return f"""\
// SPDX-License-Identifier: Apache-2.0
// {instance.path} between scan registers; generated by hw/place/scan.py.
module {TOP} (
    input  {CLOCK},
    input  scan_i,
    output scan_o
);
  reg [{ins}:0] {IN};
  reg [{outs - 1}:0] {OUT};
  reg [{outs}:0] {FOLD};
  wire [{outs - 1}:0] outs;
  always @(posedge {CLOCK}) begin
    {IN} <= {{{IN}[{ins - 1}:0], scan_i}};
    {OUT} <= outs;
    {FOLD} <= {{{FOLD}[{outs - 1}:0], {IN}[{ins}]}} ^ {{1'b0, {OUT}}};
  end
  assign scan_o = {FOLD}[{outs}];
  \\{instance.yosys_name} {INSTANCE} (
{connections}
  );
endmodule
"""
