# SPDX-License-Identifier: Apache-2.0
"""Test wrapper of moe_registers: its structs as one port a member, made from the register description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from hw.regs.files import BLOCK, PACKAGE, register_files
from hw.regs.map import Field, Register, registers
from spec.files import write_if_changed
from tools.cocotb_run import BUILD, RTL

TOP = "moe_registers_flat"
RDL_VARIABLE = "EXPECTED_RDL"  # the description that the bench compares the design with

_BUS = """\
    input  logic        s_axil_awvalid,
    output logic        s_axil_awready,
    input  logic [11:0] s_axil_awaddr,
    input  logic        s_axil_wvalid,
    output logic        s_axil_wready,
    input  logic [31:0] s_axil_wdata,
    input  logic [3:0]  s_axil_wstrb,
    output logic        s_axil_bvalid,
    input  logic        s_axil_bready,
    output logic [1:0]  s_axil_bresp,
    input  logic        s_axil_arvalid,
    output logic        s_axil_arready,
    input  logic [11:0] s_axil_araddr,
    output logic        s_axil_rvalid,
    input  logic        s_axil_rready,
    output logic [31:0] s_axil_rdata,
    output logic [1:0]  s_axil_rresp,
"""
_STROBES = "".join(
    f"    output logic {name}_o,\n"
    for name in ("bank_data_valid", "learn_seed_valid", "learn_correct_valid", "bank_read_taken")
)
_FETCH = """\
    output logic        counter_fetch_valid_o,
    output logic [9:0]  counter_fetch_address_o,
    input  logic        counter_fetched_i,
"""
_REQUEST = ("awvalid", "awaddr", "wvalid", "wdata", "wstrb", "bready", "arvalid", "araddr", "rready")
_RESPONSE = ("awready", "wready", "bvalid", "bresp", "arready", "rvalid", "rdata", "rresp")
_BUNDLE = "".join(f"  assign axil_request_i.{name} = s_axil_{name};\n" for name in _REQUEST) + "".join(
    f"  assign s_axil_{name} = axil_response_o.{name};\n" for name in _RESPONSE
)


def port(register: Register, field: Field, member: str) -> str:
    """Name of the port for a member of ``hwif_in`` or ``hwif_out``."""
    return re.sub(r"\W+", "_", f"{register.name}_{field.name}_{member}")


def flat_wrapper(table: Mapping[str, Register]) -> str:
    """SystemVerilog of the wrapper."""
    ports, assigns = [], []
    for register in table.values():
        for field in register.fields:
            path = f"{register.name}.{field.name}"
            for member in (*field.inputs, *field.outputs):
                width = field.width if member in ("next", "value") else 1
                direction = "input " if member in field.inputs else "output"
                name = port(register, field, member)
                ports.append(f"    {direction} logic [{width - 1}:0] {name},\n")
                if member in field.inputs:
                    assigns.append(f"  assign hwif_in.{path}.{member} = {name};\n")
                else:
                    assigns.append(f"  assign {name} = hwif_out.{path}.{member};\n")
    return (
        f"module {TOP} (\n    input  logic clk_i,\n    input  logic rst_ni,\n{_BUS}{''.join(ports)}"
        f"{_STROBES}{_FETCH}    output logic irq_o\n);\n"
        "  axil_pkg::axil_request_t axil_request_i;\n  axil_pkg::axil_response_t axil_response_o;\n"
        f"{_BUNDLE}"
        "  moe_regs_pkg::moe_regs__in_t hwif_in;\n  moe_regs_pkg::moe_regs__out_t hwif_out;\n"
        "  axil_pkg::word_fetch_t counter_fetch_o;\n"
        "  assign {counter_fetch_valid_o, counter_fetch_address_o} = counter_fetch_o;\n"
        f"{''.join(assigns)}  moe_registers u_registers (.*);\nendmodule\n"
    )


def sources() -> list[Path]:
    """The wrapper and all it needs, packages first."""
    files = register_files()
    directory = BUILD / "registers"
    directory.mkdir(parents=True, exist_ok=True)
    generated = {PACKAGE: files[PACKAGE], BLOCK: files[BLOCK], f"{TOP}.sv": flat_wrapper(registers())}
    for name, text in generated.items():
        write_if_changed(directory / name, text)
    return [
        directory / PACKAGE,
        *(RTL / f"{name}.sv" for name in ("axil_pkg", "stream_skid", "axil_guard", "counter_reader")),
        directory / BLOCK,
        RTL / "moe_registers.sv",
        directory / f"{TOP}.sv",
    ]
