# SPDX-License-Identifier: Apache-2.0
"""A thin SystemVerilog adapter around a module that Bambu wrote: the house's valid/ready streams, clock and reset.

A stream of the generated module is read with ``X_read`` while ``X_empty_n``, written with ``X_write`` while
``X_full_n``. A ``stream_skid`` at each keeps either side's promises from depending on the other's in the same cycle.
The module starts again as soon as a call is over.
"""

from __future__ import annotations

from hls.tops import Port, Top


def adapter_name(top: Top) -> str:
    """Name of the adapter's module."""
    return f"{top.name}_streams"


def adapter(top: Top) -> str:
    """SystemVerilog of the adapter: ports ``NAME_valid_i, NAME_ready_o, NAME_data_i`` of each input stream,
    ``NAME_valid_o, NAME_ready_i, NAME_data_o`` of each output stream, and ``NAME_i`` of each register."""
    declared = ["input  logic clk_i", "input  logic rst_ni"]
    signals, skids, connections = [], [], []
    for port in top.ports:
        if not port.stream:
            declared.append(f"input  logic [{port.bits - 1}:0] {port.name}_i")
            connections.append(f".{port.name}({port.name}_i)")
            continue
        declared += _declared(port)
        signals.append(
            f"  logic {port.name}_valid, {port.name}_ready;\n  logic [{port.bits - 1}:0] {port.name}_data;\n"
        )
        skids.append(_skid(port))
        connections += _connections(port)
    listed = ",\n    ".join(declared)
    connected = ",\n      ".join(
        [".clock(clk_i)", ".reset(rst_ni)", ".start_port(1'b1)", ".done_port(unused_done)", *connections]
    )
    return (
        "// SPDX-License-Identifier: Apache-2.0\n// Generated; do not edit.\n"
        f"/// The function {top.name}, compiled by Bambu, behind streams with valid and ready.\n"
        f"module {adapter_name(top)} (\n    {listed}\n);\n"
        + "".join(signals)
        + "  logic unused_done;\n\n"
        + "".join(skids)
        + f"  {top.name} u_top (\n      {connected}\n  );\nendmodule\n"
    )


def _declared(port: Port) -> list[str]:
    name, width = port.name, f"[{port.bits - 1}:0]"
    if port.is_input:
        return [f"input  logic {name}_valid_i", f"output logic {name}_ready_o", f"input  logic {width} {name}_data_i"]
    return [f"output logic {name}_valid_o", f"input  logic {name}_ready_i", f"output logic {width} {name}_data_o"]


def _skid(port: Port) -> str:
    name = port.name
    outside = [f"{name}_valid_i", f"{name}_ready_o", f"{name}_data_i"]
    inside = [f"{name}_valid", f"{name}_ready", f"{name}_data"]
    if not port.is_input:
        outside = [f"{name}_valid_o", f"{name}_ready_i", f"{name}_data_o"]
    first, second = (outside, inside) if port.is_input else (inside, outside)
    lines = [".clk_i", ".rst_ni"]
    formal = ("in_valid_i", "in_ready_o", "in_data_i", "out_valid_o", "out_ready_i", "out_data_o")
    lines += [f".{pin}({net})" for pin, net in zip(formal, (*first, *second), strict=True)]
    body = ",\n      ".join(lines)
    return f"  stream_skid #(\n      .Width({port.bits})\n  ) u_{name} (\n      {body}\n  );\n\n"


def _connections(port: Port) -> list[str]:
    name = port.name
    data, room, taken = ("dout", "empty_n", "read") if port.is_input else ("din", "full_n", "write")
    ready, valid = (f"{name}_valid", f"{name}_ready") if port.is_input else (f"{name}_ready", f"{name}_valid")
    return [f".{name}_{data}({name}_data)", f".{name}_{room}({ready})", f".{name}_{taken}({valid})"]
