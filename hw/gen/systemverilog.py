# SPDX-License-Identifier: Apache-2.0
"""SystemVerilog derived from the specification: parameter package, layer chains and the watched top level."""

from __future__ import annotations

from hw.gen.kinds import rtl_kind
from hw.gen.kinds.matrix import MULTIPLIER
from hw.gen.memory import bank_segments
from hw.gen.taps import Tap
from hw.gen.text import HEADER
from spec.bank_file import layout_digest
from spec.domains import domain_layers
from spec.folding import Folding
from spec.kinds import weighted
from spec.kinds.layer import Layer
from spec.network import Head, Moe

_EVENTS = """

  // What happens in moe_core in a cycle, for the activity counters.
  typedef struct packed {
    logic image_accepted;  // an image's descriptor is issued
    logic store_write;     // a feature word enters the feature store
    logic store_read;      // ... leaves it towards the GE
    activity_pkg::activity_t [FrontLayers-1:0] fe;
    activity_pkg::activity_t [GeLayers-1:0] ge;
    activity_pkg::activity_t [LocalExperts-1:0][LeLayers-1:0] le;
    activity_pkg::activity_t [GateLayers-1:0] gn;
  } core_events_t;
"""


def package(moe: Moe, folding: Folding, baked: bool = False) -> str:
    """The package moe_pkg: everything in the hand-written top level that depends on the network or the folding."""
    network, features, streams = moe.network, moe.network.features, folding.streams(moe)
    logits = network.layers[-1]
    numbers = {
        "ImageBeats": network.in_shape.size,
        "FrontLayers": len(weighted(network.front_end)),
        "GeLayers": len(weighted(network.tail)),
        "PixelW": network.pixel.bits,
        "Classes": network.classes,
        "FeatureHeight": features.height,
        "FeatureWidth": features.width,
        "FeatureChannels": features.channels,
        "FeatureLanes": streams.features,
        "FeatureW": network.feature_type.bits,
        "Banks": folding.weight_banks,
        "LocalExperts": moe.local_experts,
        **_head_constants("Le", moe.le, folding),
        "GateLayers": len(moe.gate.layers),
        "ConfidenceShift": moe.confidence_shift or 0,
    }
    if not folding.local_only:
        numbers |= {
            "GeLogitLanes": streams.after[logits.name],
            "GeLogitW": logits.out_type.bits,
            **_head_constants("Gate", moe.gate, folding),
            # Behind a hidden layer, confidences come when the next image's features are there already.
            "GateAhead": int(bool(moe.le.hidden) and moe.confidence_shift is not None),
        }
    flags = {
        "GateConfidence": moe.confidence_shift is not None,
        "FeaturesApart": folding.words_apart(network.front_end[-1], streams.into[network.front_end[-1].name]),
        "Baked": baked,
        "Learn": folding.learning,
    }
    lines = [f"  localparam int unsigned {name} = {value};" for name, value in numbers.items()]
    lines += [f"  localparam bit {name} = 1'b{int(value)};" for name, value in flags.items()]
    lines += [
        "  localparam int unsigned FeatureWordW = FeatureLanes * FeatureW;",
        "  localparam int unsigned FrameWords = FeatureHeight * FeatureWidth * FeatureChannels / FeatureLanes;",
    ]
    return (
        f"{HEADER}/// Network {network.name}, gate preset {moe.preset}, folding {folding.name}.\n"
        "package moe_pkg;\n" + "\n".join(lines) + _EVENTS + "endpackage\n"
    )


def _head_constants(prefix: str, head: Head, folding: Folding) -> dict[str, int]:
    """Parameters of runtime_head; those of a hidden layer that is not there are those of the output layer."""
    hidden, out = head.layers[0], head.out
    first, last = folding.layers[hidden.name], folding.layers[out.name]
    numbers = {
        "Layers": len(head.layers),
        "PoolSize": head.pool.size,
        "PoolKind": rtl_kind(head.pool).number,
        "Hidden": hidden.outputs if head.hidden else 0,
        "HiddenPe": first.pe,
        "HiddenSimd": first.simd,
        "HiddenAccW": hidden.accumulator.bits,
        "HiddenShift": hidden.shift,
        "HiddenMultiplier": MULTIPLIER[first.multiplier],
        "OutPe": last.pe,
        "OutSimd": last.simd,
        "OutAccW": out.accumulator.bits,
        "OutMultiplier": MULTIPLIER[last.multiplier],
        "WgtW": out.weight.bits,
        "BiasW": out.bias.bits,
    }
    return {f"{prefix}{name}": value for name, value in numbers.items()}


def device_package(moe: Moe, folding: Folding) -> str:
    """The package moe_device_pkg: what the device around the datapath must know of network and folding."""
    lines = [f"  localparam bit LocalOnly = 1'b{int(folding.local_only)};"]
    if folding.local_only:
        lines.append("  localparam int unsigned GateHidden = 0;  // there is no gate")
    lines += _activity_constants(moe, folding) + _bank_constants(moe, folding)
    return (
        f"{HEADER}/// Network {moe.network.name}, gate preset {moe.preset}, folding {folding.name}.\n"
        "package moe_device_pkg;\n  import accel_pkg::*;\n  import device_pkg::*;\n  import moe_pkg::*;\n"
        + "\n".join(lines)
        + "\nendpackage\n"
    )


def _array(name: str, bits: int | str, values: list[int], size: str) -> str:
    """A packed array constant of values of ``bits`` bits, a number or a constant's name; the first is element 0."""
    listed = ", ".join(f"{bits}'({value})" for value in reversed(values))
    return f"  localparam logic [{size}-1:0][{bits}-1:0] {name} = {{{listed}}};"


def _activity_constants(moe: Moe, folding: Folding) -> list[str]:
    """Multiply-accumulates of one step of each layer, and whether it reads a weight memory."""
    lines = []
    layers = domain_layers(moe)
    for prefix, counted in (
        ("Front", layers["fe"]),
        ("Ge", layers["ge"]),
        ("Le", layers["le"]),
        ("Gate", layers["gn"]),
    ):
        macs = [layer.step_macs(folding.layers[layer.name]) for layer in counted]
        lines.append(_array(f"{prefix}StepMacs", 32, macs, f"{prefix}Layers"))
        if prefix in ("Front", "Ge"):
            bits = "".join(str(int(not folding.layers[layer.name].graph)) for layer in reversed(counted))
            lines.append(f"  localparam logic [{prefix}Layers-1:0] {prefix}HasMemory = {len(bits)}'b{bits};")
    return lines


def _bank_constants(moe: Moe, folding: Folding) -> list[str]:
    """What a device checks of a bank's stream, and where its words go (see bank_loader)."""
    segments = bank_segments(moe, folding)
    digests = {"GeDigest": moe.network.digest(), "LayoutDigest": layout_digest(moe, folding)}
    return [
        f"  localparam int unsigned BankPayloadWords = {sum(s.words * s.chunks for s in segments)};",
        "  localparam int unsigned BankStreamWords = BankHeaderWords + BankPayloadWords + 1;  // and the CRC",
        f"  localparam int unsigned BankSegments = {len(segments)};",
        *(
            f"  localparam logic [63:0] {name} = 64'h{int.from_bytes(bytes.fromhex(digest)[:8], 'little'):016x};"
            for name, digest in digests.items()
        ),
        _array("BankSegmentLayer", "LayerW", [s.layer for s in segments], "BankSegments"),
        f"  localparam logic [BankSegments-1:0] BankSegmentBias = {len(segments)}'b"
        + "".join(str(int(s.is_bias)) for s in reversed(segments))
        + ";",
        _array("BankSegmentWords", "WriteAddrW", [s.words for s in segments], "BankSegments"),
        _array("BankSegmentChunks", 8, [s.chunks for s in segments], "BankSegments"),
    ]


def chain(module: str, purpose: str, layers: tuple[Layer, ...], folding: Folding, lanes: int, bits: int) -> str:
    """A module that connects ``layers`` one behind the other.

    Args:
        module: module name.
        purpose: one sentence for its header.
        lanes, bits: values of an input word and bits of a value.
    """
    in_width = lanes * bits
    body: list[str] = []
    declarations = []
    width = in_width
    counted = weighted(layers)
    apart = False
    for stage, layer in enumerate(layers):
        instance = rtl_kind(layer).instance(layer, folding.layers.get(layer.name), lanes)
        if apart:
            instance = rtl_kind(layer).behind_words_apart(instance)
        apart = folding.words_apart(layer, lanes)
        lanes = folding.lanes_after(layer, lanes)
        width = lanes * layer.out_type.bits
        before, after = f"s{stage}", f"s{stage + 1}"
        source = ("in_valid_i", "in_ready_o", "in_data_i") if stage == 0 else _signals(before)
        last = layer is layers[-1]
        sink = ("out_valid_o", "out_ready_i", "out_data_o") if last else _signals(after)
        if not last:
            declarations += [
                f"  logic {after}_valid, {after}_ready;",
                f"  logic [{width - 1}:0] {after}_data;",
            ]
        listed = ",\n".join(f"      .{key}({value})" for key, value in instance.parameters.items())
        head = f"  {instance.module} #(\n{listed}\n  )" if instance.parameters else f"  {instance.module}"
        activity = f",\n      .activity_o(activity_o[{counted.index(layer)}])" if layer in counted else ""
        body.append(
            f"{head} u_{layer.name} (\n      .clk_i,\n      .rst_ni,\n"
            f"      .in_valid_i({source[0]}),\n      .in_ready_o({source[1]}),\n      .in_data_i({source[2]}),\n"
            f"      .out_valid_o({sink[0]}),\n      .out_ready_i({sink[1]}),\n      .out_data_o({sink[2]})"
            f"{activity}\n  );\n"
        )
    return (
        f"{HEADER}/// {purpose}\n"
        f"module {module} (\n"
        "    input  logic clk_i,\n    input  logic rst_ni,\n"
        f"    input  logic in_valid_i,\n    output logic in_ready_o,\n    input  logic [{in_width - 1}:0] in_data_i,\n"
        f"    output logic out_valid_o,\n    input  logic out_ready_i,\n    output logic [{width - 1}:0] out_data_o,\n"
        f"    output activity_pkg::activity_t [{len(counted) - 1}:0] activity_o\n"
        ");\n" + "\n".join(declarations) + "\n\n" + "\n".join(body) + "endmodule\n"
    )


def _signals(name: str) -> tuple[str, str, str]:
    return f"{name}_valid", f"{name}_ready", f"{name}_data"


def front_end(moe: Moe, folding: Folding) -> str:
    """The module front_end: the layers up to the tap."""
    purpose = "Front end: the GE's layers that local experts and the gate share (PD_FE)."
    return chain("front_end", purpose, moe.network.front_end, folding, 1, moe.network.pixel.bits)


def ge_tail(moe: Moe, folding: Folding) -> str:
    """The module ge_tail: the layers behind the tap."""
    purpose = "Tail of the global expert: its frozen layers behind the tap (PD_GE)."
    return chain(
        "ge_tail", purpose, moe.network.tail, folding, folding.streams(moe).features, moe.network.feature_type.bits
    )


def watched_top(taps: tuple[Tap, ...]) -> str:
    """The module moe_sim: moe_top with every tap as an output port, for simulation only.

    Activations are widened to 8 bits a lane and logits to 32 bits, whatever their width in the design.
    """
    ports, assigns = [], []
    for tap in taps:
        lane = 32 if tap.signed else 8
        ports += [
            f"    output logic tap_{tap.name}_valid",
            f"    output logic [{tap.lanes * lane - 1}:0] tap_{tap.name}_data",
        ]
        assigns.append(f"  assign tap_{tap.name}_valid = {tap.valid} && {tap.ready};")
        if tap.signed:
            assigns.append(f"  assign tap_{tap.name}_data = 32'($signed({tap.data}));")
        else:
            assigns.append(
                f"  for (genvar i = 0; i < {tap.lanes}; i++) begin : gen_{tap.name}\n"
                f"    assign tap_{tap.name}_data[i*8+:8] = 8'({tap.data}[i*{tap.bits}+:{tap.bits}]);\n  end"
            )
    inputs = """\
    input  logic clk_i,
    input  logic rst_ni,
    input  logic [accel_pkg::ModeW-1:0] mode_i,
    input  logic [accel_pkg::BankW-1:0] bank_i,
    input  logic [moe_pkg::Banks-1:0] bank_valid_i,
    input  logic [accel_pkg::LocalExpertW-1:0] local_expert_i,
    input  logic signed [accel_pkg::ThetaW-1:0] theta_i,
    input  logic learn_open_i,
    input  logic [accel_pkg::BankW-1:0] learn_bank_i,
    input  logic [accel_pkg::LocalExpertW-1:0] learn_expert_i,
    input  logic [learn_pkg::MarginW-1:0] local_margin_i,
    input  logic [learn_pkg::ShiftW-1:0] local_shift_i,
    input  logic [learn_pkg::MarginW-1:0] own_margin_i,
    input  logic [learn_pkg::MarginW-1:0] generic_margin_i,
    input  logic [learn_pkg::ShiftW-1:0] gate_shift_i,
    input  logic random_load_i,
    input  logic [learn_pkg::RandomW-1:0] random_i,
    output logic [learn_pkg::RandomW-1:0] random_o,
    input  logic correct_valid_i,
    input  logic [accel_pkg::SeqW-1:0] correct_sequence_i,
    input  logic [accel_pkg::LabelW-1:0] correct_label_i,
    output logic correct_busy_o,
    output logic correct_refused_o,
    input  logic wr_en_i,
    input  logic [accel_pkg::LayerW-1:0] wr_layer_i,
    input  logic wr_bias_i,
    input  logic [accel_pkg::BankW-1:0] wr_bank_i,
    input  logic [accel_pkg::WriteAddrW-1:0] wr_addr_i,
    input  logic [accel_pkg::ChunkBits-1:0] wr_data_i,
    input  logic rd_valid_i,
    input  logic [accel_pkg::LayerW-1:0] rd_layer_i,
    input  logic rd_bias_i,
    input  logic [accel_pkg::BankW-1:0] rd_bank_i,
    input  logic [accel_pkg::WriteAddrW-1:0] rd_addr_i,
    output logic rd_done_o,
    output logic [accel_pkg::ChunkBits-1:0] rd_data_o,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,
    input  logic [moe_pkg::PixelW-1:0] s_axis_tdata,
    input  logic s_axis_tlast,
    input  logic [accel_pkg::LabelW-1:0] s_axis_tuser,
    output logic m_axis_tvalid,
    input  logic m_axis_tready,
    output logic [31:0] m_axis_tdata,
"""
    return (
        f"{HEADER}/// moe_top with every layer's output stream as a port: valid is high for each word that moves.\n"
        f"module moe_sim (\n{inputs}" + ",\n".join(ports) + "\n);\n"
        "  moe_top u_top (.*);\n\n" + "\n".join(assigns) + "\nendmodule\n"
    )


def tap_header(moe: Moe, taps: tuple[Tap, ...]) -> str:
    """C++ header for the bulk harness: the table of taps and the function that collects them after a clock edge."""
    rows = ",\n".join(f'    {{"{t.name}", {t.lanes}, {4 if t.signed else 1}, {t.values}}}' for t in taps)
    calls = "\n".join(
        f"  if (model.tap_{t.name}_valid) sink({i}, &model.tap_{t.name}_data);" for i, t in enumerate(taps)
    )
    return (
        "// SPDX-License-Identifier: Apache-2.0\n// Generated from the network specification; do not edit.\n"
        "#pragma once\n#include <cstddef>\n\n"
        "struct Tap {\n  const char* name;\n  size_t lanes;  // values a beat\n  size_t bytes;  // bytes a value\n"
        "  size_t values;  // values an image\n};\n\n"
        f"constexpr size_t kImageBeats = {moe.network.in_shape.size};\n\n"
        f"constexpr Tap kTaps[] = {{\n{rows}}};\nconstexpr size_t kTapCount = {len(taps)};\n\n"
        "// Calls sink(index, pointer to the lanes) for every tap whose word moves in this cycle.\n"
        "template <class Model, class Sink>\ninline void collect_taps(const Model& model, Sink&& sink) {\n"
        f"{calls}\n}}\n"
    )
