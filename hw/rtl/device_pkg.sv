// SPDX-License-Identifier: Apache-2.0
/// What parts of the device around moe_core tell each other.
package device_pkg;
  localparam int unsigned BankHeaderWords = 8;  // of a bank's stream (docs/bank-format.md)

  // Of bank_loader: the load in progress, or the last one. Events are pulses.
  typedef struct packed {
    moe_regs_pkg::bank_state_e            state;
    moe_regs_pkg::bank_reason_e           reason;
    logic [accel_pkg::BankW-1:0]          bank;
    logic [accel_pkg::ChunkBits-1:0]      count;      // words received since the start
    logic                                 committed;
    logic                                 refused;
    logic                                 activate;   // make `bank` the selected one
  } bank_status_t;

  // Of a power_sequencer. timeout is a pulse.
  typedef struct packed {
    accel_pkg::power_state_e state;
    logic                    on;
    logic                    error;
    logic                    timeout;
  } power_status_t;
endpackage
