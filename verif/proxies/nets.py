# SPDX-License-Identifier: Apache-2.0
"""What the names in a SAIF stand for: logic nets, clocks, memories with their enables, operands of multiplier blocks.

Verilator lists every name of the source text: the nets, and beside them parameters, the elements of memories, and each
port of each instance, so that a net that goes straight through three levels has four names. A net is counted where it
is declared: ports of inner instances are left out, because what is connected to them has a name of its own in the
instance around or in that inside. What is lost are expressions that stand in a port list; what is counted twice are
nets that an ``assign`` gives a second name. The house style tells ports (``_i``, ``_o``) from nets, and parameters
(``UpperCamel``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from hw.hierarchy import MULTIPLIER, layer_of
from spec.errors import InputError
from verif.saif import Activity, NetActivity

_PORT = re.compile(r".*_n?[io]|[sm]_axi[ls]_.*|hwif_(in|out)")
_ARRAYS = ("mem", "rows")  # memories, in block RAM or in LUTs
_SHALLOW = 32  # words; a memory of fewer is made of LUTs
_PHASES = 2  # units of time in a clock period


@dataclass(frozen=True)
class Memory:
    """Accesses of one memory, counted at its own enable nets.

    ``kind``: weights, biases, window, store, accumulators or fifo. ``block``: it is in block RAM, being read by a
    clock and not shallow, or because its module asks for it.
    ``layer``: the matrix layer that it belongs to, if any. ``read_toggles``: of all bits of its output.
    """

    name: str
    kind: str
    layer: str | None
    block: bool
    width: int
    depth: int
    reads: int
    writes: int
    read_toggles: int


@dataclass(frozen=True)
class Multiplier:
    """One multiplier block: bits of its operands and their toggles."""

    name: str
    bits: int
    toggles: int


def is_multiplier(scope: str) -> bool:
    """Whether a scope is a multiplier block: its registers are the block's, and no logic."""
    return scope.endswith(f"/{MULTIPLIER}")


def is_port(net: NetActivity) -> bool:
    """Whether a net is a port of an inner instance, by its name."""
    return bool(net.scope) and _PORT.fullmatch(net.base) is not None


def is_parameter(net: NetActivity) -> bool:
    """Whether it is no net but a parameter."""
    return net.name[0].isupper()


def is_logic(net: NetActivity) -> bool:
    """Whether a net is counted as the output of logic or of a register."""
    clock = "clk" in net.base and "clk_en" not in net.base
    unused = net.base.startswith("unused_")
    inside = is_multiplier(net.scope)
    return not (is_port(net) or is_parameter(net) or clock or unused or inside or net.base in _ARRAYS)


def events(net: NetActivity) -> int:
    """Clock periods in which an enable, or phases in which a clock, was 1.

    Raises:
        InputError: it was 1 for half a period, so that it depends on an input that changed between two clock edges.
    """
    if net.high % _PHASES:
        raise InputError(f"{net.scope}/{net.name} was 1 for {net.high} half clock periods, which is no whole number")
    return net.high // _PHASES


def scopes(activity: Activity) -> dict[str, dict[str, NetActivity]]:
    """All nets by scope and name."""
    found: dict[str, dict[str, NetActivity]] = defaultdict(dict)
    for net in activity.nets.values():
        found[net.scope][net.name] = net
    return dict(found)


def multipliers(tree: dict[str, dict[str, NetActivity]]) -> Iterator[Multiplier]:
    """Every multiplier block."""
    for path, nets in tree.items():
        if not is_multiplier(path):
            continue
        operands = (nets["act_i"], nets["wgt_i"])
        yield Multiplier(path, sum(net.bits for net in operands), sum(net.toggles for net in operands))


def memories(tree: dict[str, dict[str, NetActivity]]) -> Iterator[Memory]:
    """Every memory with enables of its own: weights, biases, window buffers, the feature store and queues.

    The rows of a pool are not listed, nor are accumulators unless in block RAM: they are LUTs or registers.
    """
    for path, nets in tree.items():
        if "rd_en_i" in nets and "write_i" not in nets:  # weight_rom, weight_ram; not runtime_memory around it
            kind = "biases" if "bias" in "/".join(path.split("/")[-2:]) else "weights"
            writes = events(nets["wr_en_i"]) if "wr_en_i" in nets else 0
            depth = nets["Depth"].ones * (nets["Banks"].ones if "Banks" in nets else 1)
            yield _memory(path, kind, True, nets["rd_data_o"], depth, events(nets["rd_en_i"]), writes)
        elif "rd_addr_q" in nets and "origin_q" in nets:  # sliding_window
            reads, writes = events(nets["read"]), events(nets["write"])
            yield _memory(path, "window", True, nets["out_data_o"], nets["BufferWords"].ones, reads, writes)
        elif "above" in nets:  # window_parallel
            taken = events(nets["taken"])
            yield _memory(path, "window", False, nets["above"], nets["Width"].ones, taken, taken)
        elif "rd_data_q" in nets and "send" in nets:  # feature_store
            reads, writes = events(nets["send"]), events(nets["push"])
            yield _memory(path, "store", True, nets["rd_data_q"], nets["Depth"].ones, reads, writes)
        elif "fold_i" in nets and nets["InBlock"].ones:  # accumulator_file
            reads = writes = events(nets["step_i"])
            output = nets["sum_o"]
            yield Memory(
                path,
                "accumulators",
                layer_of(path),
                True,
                output.bits,
                nets["Folds"].ones,
                reads,
                writes,
                output.toggles,
            )
        elif "rd_ptr_q" in tree.get(f"{path}/gen_memory", ()):  # stream_fifo
            reads, writes = events(nets["pop"]), events(nets["push"])
            yield _memory(path, "fifo", False, nets["out_data_o"], nets["Depth"].ones, reads, writes)


def _memory(path: str, kind: str, block: bool, output: NetActivity, depth: int, reads: int, writes: int) -> Memory:
    block = block and depth >= _SHALLOW
    return Memory(path, kind, layer_of(path), block, output.bits, depth, reads, writes, output.toggles)
