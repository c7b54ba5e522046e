# SPDX-License-Identifier: Apache-2.0
"""Faults for the negative controls of the comparison: single defects put into a copy of the design.

A fault changes the RTL sources, a frozen weight memory, or the bank that is loaded. The originals are never touched:
altered sources and memories live under ``build/faults``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hw.gen.altered import DIRECTORY, altered_sources
from hw.gen.build import generate, memory_files
from spec.bank import Bank
from spec.errors import InputError
from spec.files import write_if_changed
from spec.network import LayerWeights
from spec.presets import Accelerator
from tools.mutants import Replacement
from verif.bulk.library import build_library


@dataclass(frozen=True)
class Fault:
    """One site.

    ``edits`` change the sources, ``memory`` rewrites the text of a $readmemh file, chosen by (accelerator, name of the
    kind ``weight`` or ``bias``), and ``bank`` changes the bank that is loaded. Each may be absent.
    """

    site: str
    what: str
    edits: tuple[Replacement, ...] = ()
    memory: Callable[[Accelerator, dict[str, str]], tuple[str, str]] | None = None
    bank: Callable[[Bank], Bank] | None = None


def _flip_bit(text: str, bit: int) -> str:
    """Flip one bit of the first word of a $readmemh file."""
    first, rest = text.split("\n", 1)
    return f"{int(first, 16) ^ 1 << bit:0{len(first)}x}\n{rest}"


def _first_weight(accelerator: Accelerator, files: dict[str, str]) -> tuple[str, str]:
    # A layer that is built as an adder graph has no memory.
    layer = next(x for x in accelerator.moe.network.layers if f"{x.name}_weight.mem" in files)
    name = f"{layer.name}_weight.mem"
    return name, _flip_bit(files[name], layer.weight.bits - 1)  # lane 0 is the lowest: this is its sign


def _last_bias(accelerator: Accelerator, files: dict[str, str]) -> tuple[str, str]:
    layer = next(x for x in reversed(accelerator.moe.network.layers) if f"{x.name}_bias.mem" in files)
    name = f"{layer.name}_bias.mem"
    return name, _flip_bit(files[name], 0)


def _local_weight(bank: Bank) -> Bank:
    *hidden, out = bank.local_experts[0]
    weight = out.weight.copy()
    middle = np.unravel_index(weight.size // 2, weight.shape)
    weight[middle] ^= 1
    expert = (*hidden, LayerWeights(weight, out.bias))
    return replace(bank, local_experts=(expert, *bank.local_experts[1:]))


def _gate_bias(bank: Bank) -> Bank:
    out = bank.gate[-1]
    bias = out.bias.copy()
    bias[0] ^= 1
    return replace(bank, gate=(*bank.gate[:-1], LayerWeights(out.weight, bias)))


FAULTS: tuple[Fault, ...] = (
    Fault("weight", "the sign bit of one weight in the first weight memory is inverted", memory=_first_weight),
    Fault("bias", "the lowest bit of one bias of the GE's last layer is inverted", memory=_last_bias),
    Fault("le_weight", "the lowest bit of one local expert's weight is inverted when it is loaded", bank=_local_weight),
    Fault("gate_bias", "the lowest bit of the gate's generic bias is inverted when it is loaded", bank=_gate_bias),
    Fault(
        "rounding",
        "requantisation rounds half up instead of half to even",
        (Replacement("requantize.sv", "((|magnitude[Shift-2:0]) | magnitude[Shift])", "1'b1"),),
    ),
    Fault(
        "relu",
        "a negative accumulator is requantised to 1 instead of 0",
        (Replacement("requantize.sv", "if (acc_i[AccW-1]) data_o = '0;", "if (acc_i[AccW-1]) data_o = OutW'(1);"),),
    ),
    Fault(
        "gate",
        "every 16th gate decision is inverted",
        (
            Replacement(
                "gate_decide.sv",
                "    if (whole_q) out_expert_o <= (difference > DiffW'(theta_i)) ? best_index_q : '0;\n  end",
                "    if (whole_q)\n"
                "      out_expert_o <= ((difference > DiffW'(theta_i)) != (decision_q == '0)) ? best_index_q : '0;\n"
                "  end\n\n"
                "  logic [3:0] decision_q;\n"
                "  always_ff @(posedge clk_i) begin\n"
                "    if (!rst_ni) decision_q <= '0;\n"
                "    else if (whole_q) decision_q <= decision_q + 1'b1;\n"
                "  end",
            ),
        ),
    ),
    Fault(
        "mux",
        "every second image gets the class of the expert that was not chosen, if that expert ran",
        (
            Replacement(
                "expert_mux.sv",
                "    if (expert == '0 && needs_ge) result.class_index = ge_class_i;\n",
                "    if (expert == '0 && needs_ge) begin\n"
                "      result.class_index = (image_i.sequence_number[0] && needs_le[0]) ? le_class_i[0] : ge_class_i;\n"
                "    end\n",
            ),
            Replacement(
                "expert_mux.sv",
                "if (expert == ExpertW'(i + 1) && needs_le[i]) result.class_index = le_class_i[i];",
                "if (expert == ExpertW'(i + 1) && needs_le[i]) begin\n"
                "        result.class_index = (image_i.sequence_number[0] && needs_ge) ? ge_class_i : le_class_i[i];\n"
                "      end",
            ),
        ),
    ),
    Fault(
        "tlast",
        "every 16th image of the right length is reported as too long",
        (
            Replacement(
                "image_ingress.sv",
                "assign status_long_o  = state_q == Stream && !s_last_i;",
                "assign status_long_o  = state_q == Stream && (!s_last_i || sequence_q[3:0] == '0);",
            ),
        ),
    ),
    Fault(
        "lost_word",
        "the feature store forgets one word, so that the GE waits for ever",
        (
            Replacement(
                "feature_store.sv",
                "assign push       = in_valid_i && in_ready_o;",
                "assign push       = in_valid_i && in_ready_o && !(wr_ptr_q == AddrW'(1) && !forgot_q);\n"
                "  logic forgot_q;\n"
                "  always_ff @(posedge clk_i) begin\n"
                "    if (!rst_ni) forgot_q <= 1'b0;\n"
                "    else if (in_valid_i && in_ready_o && wr_ptr_q == AddrW'(1)) forgot_q <= 1'b1;\n"
                "  end",
            ),
        ),
    ),
)


def find_fault(site: str) -> Fault:
    """The fault at a site.

    Raises:
        InputError: there is no such site; the known ones are listed.
    """
    for fault in FAULTS:
        if fault.site == site:
            return fault
    raise InputError(f"there is no fault site '{site}'; known are {', '.join(f.site for f in FAULTS)}")


@dataclass(frozen=True)
class Design:
    """What to simulate: the library, where its memory files are (None: beside the sources) and the bank to load."""

    library: Path
    memory_directory: Path | None
    bank: Bank


def prepare(accelerator: Accelerator, bank: Bank, fault: Fault | None, optimise: bool = True) -> Design:
    """Build the design with a fault, or the unchanged one for None (see :func:`tools.verilate.build_library`)."""
    hardware = generate(accelerator)
    memories = None
    if fault and fault.bank:
        bank = fault.bank(bank)
        if accelerator.baked:
            memories = _altered_memories(accelerator, fault, memory_files(replace(accelerator, baked=bank)))
    if fault and fault.memory:
        files = memory_files(accelerator)
        memories = _altered_memories(accelerator, fault, files | dict([fault.memory(accelerator, files)]))
    if fault and fault.edits:
        hardware = replace(hardware, rtl=altered_sources(fault.edits, fault.site))
    return Design(build_library(hardware, optimise=optimise), memories, bank)


def _altered_memories(accelerator: Accelerator, fault: Fault, files: dict[str, str]) -> Path:
    """A directory with all memory files of the design, some of them altered."""
    directory = DIRECTORY / f"{fault.site}-{accelerator.name}"
    directory.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        write_if_changed(directory / file, text)
    return directory
