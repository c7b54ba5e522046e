# SPDX-License-Identifier: Apache-2.0
"""Everything that PeakRDL makes of ``moe_regs.rdl``, as texts. Kept in ``build/regs`` and made anew when it changes."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spec.errors import InputError
from spec.files import new_directory
from spec.paths import ROOT

if TYPE_CHECKING:
    from systemrdl.node import AddrmapNode, FieldNode, RegNode

RDL = ROOT / "hw" / "regs" / "moe_regs.rdl"
BUILD = ROOT / "build" / "regs"
PACKAGE, BLOCK, HEADER, MAP = "moe_regs_pkg.sv", "moe_regs.sv", "moe_regs.h", "moe_regs.json"
ADDRESS_BITS = 13  # 4 KiB, and above it one bit with which axil_guard marks an access that must fail

_TOOLS = ("systemrdl-compiler", "peakrdl-regblock", "peakrdl-cheader")
# Verilator rules that PeakRDL's output breaks by design, by file: (rule, why).
_WAIVERS = {
    BLOCK: (("UNUSEDSIGNAL", "protection bits and parts of addresses that these registers do not need"),),
    PACKAGE: (("UNUSEDPARAM", "widths for those who want to check them"),),
}


@functools.cache
def register_files(rdl: Path = RDL) -> dict[str, str]:
    """File name and text of package, register block, C header and map (JSON) of a register description.

    Raises:
        InputError: the description is missing or wrong; what is wrong is on stderr.
    """
    if not rdl.is_file():
        raise InputError(f"there is no register description {rdl}")
    names = (PACKAGE, BLOCK, HEADER, MAP)
    directory = BUILD / "cache" / _digest(rdl)
    if not directory.is_dir():
        with new_directory(directory) as staging:
            _export(compile_rdl(rdl), staging)
    return {name: (directory / name).read_text() for name in names}


def compile_rdl(rdl: Path = RDL) -> AddrmapNode:
    """Elaborate a register description.

    Raises:
        InputError: it is wrong; the compiler's messages are on stderr.
    """
    from peakrdl_regblock.udps import ALL_UDPS
    from systemrdl import RDLCompileError, RDLCompiler

    compiler = RDLCompiler()
    for udp in ALL_UDPS:
        compiler.register_udp(udp, soft=False)
    try:
        compiler.compile_file(os.fspath(rdl))
        return compiler.elaborate().top
    except RDLCompileError as error:
        raise InputError(f"{rdl} is not a correct register description: {error}") from None


def _digest(rdl: Path) -> str:
    digest = hashlib.sha256(rdl.read_bytes() + b"\0" + Path(__file__).read_bytes())
    for tool in _TOOLS:
        digest.update(f"\0{tool} {importlib.metadata.version(tool)}".encode())
    return digest.hexdigest()[:16]


def _export(top: AddrmapNode, directory: Path) -> None:
    from peakrdl_cheader.c_standards import CStandard
    from peakrdl_cheader.exporter import CHeaderExporter
    from peakrdl_regblock import RegblockExporter
    from peakrdl_regblock.cpuif.axi4lite import AXI4Lite_Cpuif_flattened

    class Registered(AXI4Lite_Cpuif_flattened):
        """With the cycle that :func:`_with_request_register` adds."""

        @property
        def regblock_latency(self) -> int:
            return super().regblock_latency + 1

    RegblockExporter().export(
        top,
        os.fspath(directory),
        cpuif_cls=Registered,
        module_name="moe_regs",
        package_name="moe_regs_pkg",
        address_width=ADDRESS_BITS,
        default_reset_activelow=True,
        err_if_bad_addr=True,
        err_if_bad_rw=True,
        reuse_hwif_typedefs=False,
        retime_read_fanin=True,  # a multiplexer of all registers in one cycle would be too slow
        retime_read_response=True,  # ... and so would what is behind it
    )
    block = directory / BLOCK
    block.write_text(_with_request_register(block.read_text()))
    for name, waivers in _WAIVERS.items():
        path = directory / name
        off = "".join(f"// {why}:\n// verilator lint_off {rule}\n" for rule, why in waivers)
        on = "".join(f"// verilator lint_on {rule}\n" for rule, _ in waivers)
        path.write_text(off + _packed(path.read_text()) + on)
    package = directory / PACKAGE
    package.write_text(package.read_text().replace("\nendpackage", f"\n{_addresses(top)}endpackage"))
    CHeaderExporter().export(top, os.fspath(directory / HEADER), std=CStandard.gnu99, reuse_typedefs=False)
    (directory / MAP).write_text(json.dumps(_map(top), indent=1) + "\n")


def _with_request_register(text: str) -> str:
    """The register block with a register between the choice of a request and the decoding of its address.

    Which of a waiting read and write comes first, and the decoding of some hundred addresses, are too much for a cycle.

    Raises:
        AssertionError: PeakRDL's output is not what it was.
    """
    before, found, after = text.partition("    // Request dispatch\n")
    dispatch, also_found, after = after.partition("    // AXI4-Lite Response Logic\n")
    assert found and also_found, "the register block has no request dispatch"
    dispatch = re.sub(r"\bcpuif_req_stall_(rd|wr)\b", "request_stalls", dispatch)
    dispatch, chosen = re.subn(r"\bcpuif_(req_is_wr|req|addr|wr_data|wr_biten)\b", r"chosen_\1", dispatch)
    assert chosen, "the request dispatch chooses no request"
    wide = "".join(f"    logic [$bits(cpuif_{name})-1:0] chosen_{name};\n" for name in ("addr", "wr_data", "wr_biten"))
    return f"""{before}    // The request chosen, a cycle later
    logic chosen_req, chosen_req_is_wr, request_stalls;
{wide}    assign request_stalls = cpuif_req && (cpuif_req_is_wr ? cpuif_req_stall_wr : cpuif_req_stall_rd);
    always_ff @(posedge clk) begin
        if(~rst_n) cpuif_req <= '0;
        else if(!request_stalls) cpuif_req <= chosen_req;
        if(!request_stalls) begin
            cpuif_req_is_wr <= chosen_req_is_wr;
            cpuif_addr <= chosen_addr;
            cpuif_wr_data <= chosen_wr_data;
            cpuif_wr_biten <= chosen_wr_biten;
        end
    end

{found}{dispatch}{also_found}{after}"""


def _packed(text: str) -> str:
    """``text`` with packed structs, and packed arrays as their members.

    Verilator makes a C++ type with comparisons of every unpacked struct, which takes most of a minute to compile; and
    a packed one can be cleared as a whole.
    """
    text = re.sub(r"\bstruct \{", "struct packed {", text)
    return re.sub(r"^( +(?:\w+|\})) (\w+)\[(\d+)\];$", r"\1 [\3-1:0] \2;", text, flags=re.MULTILINE)


def _addresses(top: AddrmapNode) -> str:
    """Byte addresses of groups of registers, and the strides of arrays of them, as parameters of the package."""
    from systemrdl.node import RegfileNode

    lines = []
    for node in top.descendants():
        if isinstance(node, RegfileNode):
            name = "__".join(("moe_regs", *re.sub(r"\[\]", "", node.get_rel_path(top)).split("."))).upper()
            lines.append(f"    localparam {name} = 'h{node.raw_absolute_address:x};\n")
            if node.is_array:
                lines.append(f"    localparam {name}__STRIDE = 'h{node.array_stride:x};\n")
    return "".join(lines)


def _map(top: AddrmapNode) -> dict[str, Any]:
    """Plain data for ``hw.regs.map``: registers in order of address, and enumerations."""
    from systemrdl.node import RegNode

    nodes = [node for node in top.descendants(unroll=True) if isinstance(node, RegNode)]
    fields = [field for node in nodes for field in node.fields()]
    encodings = {e.type_name: {m.name: m.value for m in e} for f in fields if (e := f.get_property("encode"))}
    registers = sorted((_register(top, node) for node in nodes), key=lambda register: register["address"])
    return {"registers": registers, "encodings": encodings}


def _register(top: AddrmapNode, node: RegNode) -> dict[str, Any]:
    return {
        "name": node.get_rel_path(top),
        "address": node.absolute_address,
        "desc": _sentence(node),
        "fields": [_field(field) for field in node.fields()],
    }


def _field(node: FieldNode) -> dict[str, Any]:
    onwrite, encode = node.get_property("onwrite"), node.get_property("encode")
    inputs = {"next": node.is_hw_writable, "we": node.get_property("we"), "hwset": node.get_property("hwset")}
    outputs = {"value": node.is_hw_readable, **{name: node.get_property(name) for name in ("swmod", "swacc")}}
    return {
        "name": node.inst_name,
        "lsb": node.low,
        "width": node.width,
        "desc": _sentence(node),
        "reset": node.get_property("reset"),
        "readable": node.is_sw_readable,
        "writable": node.is_sw_writable,
        "onwrite": onwrite.name if onwrite else None,
        "pulse": bool(node.get_property("singlepulse")),
        "signed": bool(node.get_property("is_signed")),
        "encoding": encode.type_name if encode else None,
        "inputs": [name for name, present in inputs.items() if present],
        "outputs": [name for name, present in outputs.items() if present],
    }


def _sentence(node: RegNode | FieldNode) -> str:
    return " ".join((node.get_property("desc") or "").split())
