// SPDX-License-Identifier: Apache-2.0
/// Isolation cell for the outputs of a switched domain: a constant while the domain is isolated.
///
/// Formula: data_o = isolate_i ? Clamp : data_i. Latency: none.
///
/// It belongs to the always-on domain. Every output of a switched domain goes through one; hw/power lists them.
/// Does not: time anything; power_sequencer isolates before the domain loses clock, reset or supply.
///
/// Parameters
///   Width  bits
///   Clamp  value while isolated
module isolation_clamp #(
    parameter int unsigned      Width = 1,
    parameter logic [Width-1:0] Clamp = '0
) (
    input  logic             isolate_i,
    input  logic [Width-1:0] data_i,
    output logic [Width-1:0] data_o
);
  assign data_o = isolate_i ? Clamp : data_i;
endmodule
