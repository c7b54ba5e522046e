# SPDX-License-Identifier: Apache-2.0
"""Convolution with frozen weights: ``conv_layer``, or a module of its own around an adder graph."""

from __future__ import annotations

from hw.gen.adder_graph import AdderGraph, adder_graph
from hw.gen.kinds import Instance
from hw.gen.kinds.matrix import MatrixRtl, matrix_parameters
from hw.gen.text import HEADER
from spec.kinds.conv import Convolution
from spec.kinds.data import LayerFolding, LayerWeights


class _Convolution(MatrixRtl):
    def instance(self, layer: Convolution, folding: LayerFolding | None, lanes: int) -> Instance:
        if folding.graph:
            return Instance(f"{layer.name}_layer", {})
        s = layer.in_shape
        parameters = {
            "Height": s.height,
            "Width": s.width,
            "Channels": s.channels,
            "Kernel": layer.kernel,
            "OutChannels": layer.outputs,
            "Shift": layer.shift,
            "OutW": layer.output.bits,
            **matrix_parameters(layer, folding, lanes),
        }
        return Instance("conv_layer", parameters)

    def modules(
        self, layer: Convolution, folding: LayerFolding | None, lanes: int, weights: LayerWeights | None
    ) -> dict[str, str]:
        if not folding.graph:
            return {}
        graph = adder_graph(f"{layer.name}_graph", weights, layer.input, layer.accumulator)
        return {graph.module: graph.text, f"{layer.name}_layer": graph_layer(layer, graph, lanes)}


KIND = _Convolution()


def graph_layer(layer: Convolution, graph: AdderGraph, lanes: int) -> str:
    """The module ``<layer>_layer``: a convolution around its adder graph, one output pixel a cycle.

    Args:
        graph: the layer's adder graph.
        lanes: values of an input word.
    """
    s, in_bits, out_bits = layer.in_shape, layer.input.bits, layer.output.bits
    return f"""\
{HEADER}/// Convolution {layer.name} as an adder graph: all {layer.outputs} channels of an output pixel a cycle.
/// Latency: {graph.stages + 2} cycles from the pixel that completes a window. Protocol: valid/ready.
module {layer.name}_layer (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic in_valid_i,
    output logic in_ready_o,
    input  logic [{lanes * in_bits - 1}:0] in_data_i,
    output logic out_valid_o,
    input  logic out_ready_i,
    output logic [{layer.outputs * out_bits - 1}:0] out_data_o,
    output activity_pkg::activity_t activity_o
);
  logic pixel_valid, pixel_ready, window_valid, window_ready;
  logic [{s.channels * in_bits - 1}:0] pixel;
  logic [{layer.inputs * in_bits - 1}:0] window, graph_in;
  logic [{graph.stages - 1}:0] graph_valid;
  logic [{layer.outputs * layer.accumulator.bits - 1}:0] graph_out;

  // A cycle later: it is counted far away, and no path of the layer shall reach there.
  always_ff @(posedge clk_i) begin
    activity_o <= rst_ni ? '{{write: pixel_valid && pixel_ready, step: window_valid && window_ready}} : '0;
  end

  stream_width #(
      .LaneW({in_bits}),
      .InLanes({lanes}),
      .OutLanes({s.channels})
  ) u_width (
      .clk_i,
      .rst_ni,
      .in_valid_i,
      .in_ready_o,
      .in_data_i,
      .out_valid_o(pixel_valid),
      .out_ready_i(pixel_ready),
      .out_data_o(pixel)
  );

  window_parallel #(
      .Height({s.height}),
      .Width({s.width}),
      .Channels({s.channels}),
      .Kernel({layer.kernel}),
      .ActW({in_bits})
  ) u_window (
      .clk_i,
      .rst_ni,
      .in_valid_i(pixel_valid),
      .in_ready_o(pixel_ready),
      .in_data_i(pixel),
      .out_valid_o(window_valid),
      .out_ready_i(window_ready),
      .out_data_o(window)
  );

  pipeline_stream #(
      .InW({layer.inputs * in_bits}),
      .Stages({graph.stages}),
      .Lanes({layer.outputs}),
      .AccW({layer.accumulator.bits}),
      .Shift({layer.shift}),
      .OutW({out_bits})
  ) u_stream (
      .clk_i,
      .rst_ni,
      .in_valid_i(window_valid),
      .in_ready_o(window_ready),
      .in_data_i(window),
      .graph_valid_o(graph_valid),
      .graph_data_o(graph_in),
      .graph_data_i(graph_out),
      .out_valid_o,
      .out_ready_i,
      .out_data_o
  );

  {graph.module} u_graph (
      .clk_i,
      .valid_i(graph_valid),
      .in_data_i(graph_in),
      .out_data_o(graph_out)
  );
endmodule
"""
