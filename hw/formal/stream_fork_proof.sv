// SPDX-License-Identifier: Apache-2.0
/// Proof: stream_fork gives each beat exactly once to each selected output and to no other, and offers stay.
///
/// Parameters
///   Outputs  number of consumers
module stream_fork_proof #(
    parameter int unsigned Outputs = 3
) (
    input logic               clk_i,
    input logic               in_valid_i,
    input logic [        1:0] in_data_i,
    input logic [Outputs-1:0] in_select_i,
    input logic [Outputs-1:0] out_ready_i
);
  logic rst_n = 1'b0;
  logic in_ready, waiting_q;
  logic [Outputs-1:0] out_valid, taken, taken_q, select_q, offered_q;
  logic [1:0] out_data, data_q;

  stream_fork #(
      .Width  (2),
      .Outputs(Outputs)
  ) u_dut (
      .clk_i,
      .rst_ni     (rst_n),
      .in_valid_i,
      .in_ready_o (in_ready),
      .in_data_i,
      .in_select_i,
      .out_valid_o(out_valid),
      .out_ready_i,
      .out_data_o (out_data)
  );

  assign taken = out_valid & out_ready_i;

  // taken_q: outputs that have the beat that is being offered.
  always_ff @(posedge clk_i) begin
    rst_n     <= 1'b1;
    taken_q   <= (rst_n && in_valid_i && !in_ready) ? taken_q | taken : '0;
    offered_q <= rst_n ? out_valid & ~out_ready_i : '0;
    waiting_q <= rst_n && in_valid_i && !in_ready;
    select_q  <= in_select_i;
    data_q    <= in_data_i;
  end

  always_comb begin
    if (rst_n && waiting_q) assume (in_valid_i && in_data_i == data_q && in_select_i == select_q);
  end

  always_comb begin
    if (rst_n) begin
      only_the_selected : assert ((out_valid & ~in_select_i) == '0);
      nothing_from_nothing : assert (in_valid_i || out_valid == '0);
      never_twice : assert ((out_valid & taken_q) == '0);
      unchanged : assert (out_data == in_data_i);
      if (in_valid_i && in_ready) everyone_has_it : assert ((taken_q | taken) == in_select_i);
      offers_stay : assert ((offered_q & ~out_valid) == '0);
      if (in_valid_i && ((taken_q | taken) == in_select_i)) not_held_up : assert (in_ready);
    end
  end

`ifdef INDUCTION
  // For induction.
  always_comb begin
    if (rst_n) begin
      memory : assert (u_dut.done_q == taken_q && (waiting_q || taken_q == '0));
      chosen : assert ((taken_q & ~select_q) == '0 && (offered_q == '0 || waiting_q));
    end
  end
`endif
endmodule
