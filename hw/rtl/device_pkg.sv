// SPDX-License-Identifier: Apache-2.0
/// What parts of the device around moe_core tell each other.
package device_pkg;
  localparam int unsigned BankHeaderWords = 8;  // of a bank's stream (docs/bank-format.md)

  localparam logic [31:0] BankMagic = 32'h4245_4f4d;  // "MOEB"
  localparam logic [31:0] BankVersion = 32'd1;

  // CRC-32 of IEEE 802.3 (zlib's): 32 steps of its register.
  function automatic logic [31:0] crc32_steps(logic [31:0] register);
    logic [31:0] c;
    c = register;
    for (int i = 0; i < 32; i++) c = {1'b0, c[31:1]} ^ (c[0] ? 32'hedb8_8320 : 32'h0);
    return c;
  endfunction

  // Those steps are linear: row i of this matrix has the bits whose parity is bit i.
  typedef logic [31:0][31:0] crc32_rows_t;
  function automatic crc32_rows_t crc32_rows();
    crc32_rows_t rows;
    logic [31:0] column;
    for (int j = 0; j < 32; j++) begin
      column = crc32_steps(32'd1 << j);
      for (int i = 0; i < 32; i++) rows[i][j] = column[i];
    end
    return rows;
  endfunction
  localparam crc32_rows_t Crc32Rows = crc32_rows();

  // Takes one 32-bit word, byte 0 in the low bits. A parity a bit is a tree; the steps would be a chain.
  function automatic logic [31:0] crc32(logic [31:0] crc, logic [31:0] word);
    logic [31:0] next;
    for (int i = 0; i < 32; i++) next[i] = ^((crc ^ word) & Crc32Rows[i]);
    return next;
  endfunction

  // Of learn_control: the session, or the last one. Events are pulses.
  typedef struct packed {
    moe_regs_pkg::learn_state_e  state;
    moe_regs_pkg::learn_reason_e reason;
    logic [accel_pkg::BankW-1:0] bank;
    logic                        committed;
    logic                        refused;
    logic                        activate;  // make `bank` the selected one
  } learn_status_t;

  // Of lesson_counters.
  typedef struct packed {
    logic [31:0] own;
    logic [31:0] right;
    logic [31:0] generic;
    logic [31:0] local_moves;
    logic [31:0] gate_moves;
    logic [31:0] lost;
  } lesson_counters_t;

  // Of learning, as the registers show it.
  typedef struct packed {
    learn_status_t                 session;
    lesson_counters_t              counters;
    logic [learn_pkg::RandomW-1:0] random;
    logic [31:0]                   crc;
    logic                          correcting;
    logic                          lessons;
    logic                          correction_refused;
    logic                          bad_label;
    logic                          read_ready;
    logic                          read_busy;
    logic [31:0]                   read_word;
  } learn_view_t;

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
