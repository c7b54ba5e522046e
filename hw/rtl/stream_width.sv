// SPDX-License-Identifier: Apache-2.0
/// Changes the number of lanes of a stream: splits wide words or gathers narrow ones. Lane 0 goes first.
///
/// Latency: 1 cycle from the (last) input word to the first output word; 0 when InLanes = OutLanes (wires). With Apart
/// a word is taken a cycle after it is offered.
/// Initiation interval: one output word a cycle when splitting, one input word a cycle when gathering, both
/// without a bubble between groups; with Apart a cycle more for each word that is split. A gathered word may wait while
/// the next one gathers.
///
/// Protocol: valid/ready; out_valid_o and out_data_o are registers, in_ready_o depends on out_ready_i; when it splits
/// with Apart it is a register, and comes with in_valid_i: what loads a wide word is then not at the end of a path.
/// Does not: re-align; the caller starts every image on a group boundary (it does if the lanes of a pixel are
/// a multiple of both widths).
///
/// Parameters
///   LaneW     lane width, bits
///   InLanes   lanes of an input word
///   OutLanes  lanes of an output word; one of the two divides the other
///   Apart     1: a cycle lies between the last part of a word and the first of the next
module stream_width #(
    parameter int unsigned LaneW    = 8,
    parameter int unsigned InLanes  = 4,
    parameter int unsigned OutLanes = 1,
    parameter bit          Apart    = 1'b0
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      in_valid_i,
    output logic                      in_ready_o,
    input  logic [ InLanes*LaneW-1:0] in_data_i,
    output logic                      out_valid_o,
    input  logic                      out_ready_i,
    output logic [OutLanes*LaneW-1:0] out_data_o
);
  localparam int unsigned InW  = InLanes * LaneW;
  localparam int unsigned OutW = OutLanes * LaneW;

  if (InLanes == OutLanes) begin : gen_wires
    assign in_ready_o  = out_ready_i;
    assign out_valid_o = in_valid_i;
    assign out_data_o  = in_data_i;

    logic unused_clk_rst;
    assign unused_clk_rst = clk_i ^ rst_ni;
  end else if (InLanes % OutLanes == 0) begin : gen_split
    localparam int unsigned Ratio = InLanes / OutLanes;
    localparam int unsigned IdxW  = $clog2(Ratio);

    // Wide words are spread over the chip: each piece has its own copies of the control registers, which synthesis must
    // not merge (tools/yosys.py, names that end with copy_q).
    localparam int unsigned PieceW = 144;
    localparam int unsigned Pieces = (InW + PieceW - 1) / PieceW;

    // A shift register rather than a multiplexer: the output is a plain register whatever the ratio.
    logic [InW-1:0] data_q, shifted;
    logic [Pieces-1:0] in_ready, out_valid;

    assign in_ready_o  = in_ready[0];
    assign out_valid_o = out_valid[0];
    assign out_data_o  = data_q[OutW-1:0];
    assign shifted     = data_q >> OutW;

    for (genvar p = 0; p < Pieces; p++) begin : gen_piece
      localparam int unsigned First = p * PieceW;
      localparam int unsigned ThisW = (InW - First < PieceW) ? InW - First : PieceW;

      logic valid_copy_q, load, free;
      logic [IdxW-1:0] idx_copy_q;
      logic last_copy_q;  // idx_copy_q is the last one

      assign free         = !valid_copy_q || (last_copy_q && out_ready_i);
      assign out_valid[p] = valid_copy_q;

      if (Apart) begin : gen_apart
        logic load_copy_q;
        always_ff @(posedge clk_i) load_copy_q <= rst_ni && in_valid_i && free && !load_copy_q;
        assign in_ready[p] = load_copy_q;
        assign load        = load_copy_q;
      end else begin : gen_at_once
        assign in_ready[p] = free;
        assign load        = in_valid_i && free;
      end

      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          valid_copy_q <= 1'b0;
          last_copy_q  <= 1'b0;
          idx_copy_q   <= '0;
        end else if (load) begin
          valid_copy_q <= 1'b1;
          last_copy_q  <= 1'b0;
          idx_copy_q   <= '0;
        end else if (valid_copy_q && out_ready_i) begin
          valid_copy_q <= !last_copy_q;
          last_copy_q  <= idx_copy_q == IdxW'(Ratio - 2);
          idx_copy_q   <= last_copy_q ? '0 : idx_copy_q + 1'b1;
        end
      end

      always_ff @(posedge clk_i) begin
        if (load) data_q[First+:ThisW] <= in_data_i[First+:ThisW];
        else if (valid_copy_q && out_ready_i) data_q[First+:ThisW] <= shifted[First+:ThisW];
      end
    end

    logic unused_copies;
    assign unused_copies = ^{in_ready, out_valid};
  end else if (OutLanes % InLanes == 0) begin : gen_gather
    localparam int unsigned Ratio = OutLanes / InLanes;
    localparam int unsigned IdxW  = $clog2(Ratio);

    // Two registers: the next group gathers while the last one waits to be taken.
    logic [Ratio-2:0][InW-1:0] group_q;
    logic [OutW-1:0] data_q;
    logic valid_q;
    logic [IdxW-1:0] idx_q;
    logic last_q, load;  // last_q: idx_q is the last one

    assign in_ready_o  = !last_q || !valid_q || out_ready_i;
    assign load        = in_valid_i && in_ready_o;
    assign out_valid_o = valid_q;
    assign out_data_o  = data_q;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        valid_q <= 1'b0;
        last_q  <= 1'b0;
        idx_q   <= '0;
      end else begin
        if (load && last_q) valid_q <= 1'b1;
        else if (out_ready_i) valid_q <= 1'b0;
        if (load) begin
          last_q <= idx_q == IdxW'(Ratio - 2);
          idx_q  <= last_q ? '0 : idx_q + 1'b1;
        end
      end
    end

    // Each lane group has its own enable, so that only the arriving lanes toggle.
    for (genvar i = 0; i < Ratio - 1; i++) begin : gen_group
      always_ff @(posedge clk_i) begin
        if (load && idx_q == IdxW'(i)) group_q[i] <= in_data_i;
      end
    end
    always_ff @(posedge clk_i) begin
      if (load && last_q) data_q <= {in_data_i, group_q};
    end
  end else begin : gen_bad_ratio
    $error("stream_width: %0d input lanes and %0d output lanes: one must divide the other.", InLanes, OutLanes);
  end
endmodule
