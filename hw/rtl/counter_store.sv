// SPDX-License-Identifier: Apache-2.0
/// Many wide counters in the room of short ones: each counts a few bits by itself, and the rest is in a memory.
///
/// The counters are visited in turns. A visit adds what a counter has counted since the one before to its total in the
/// memory, and the counter goes on from 0; so it needs bits for Counters * Largest and no more. A clear sets all short
/// counters to 0 at once, and the totals count as Start at the Counters visits that follow. A snapshot copies all short
/// counters at once, and each of these visits writes total and copy to the memory that is read.
///
/// Commands act in the cycle in which they come, also one after the other and amid the visits of one before: a clear
/// does not disturb a snapshot that is being written, and a snapshot takes the place of one that is not yet written.
///
/// Latency: 2 cycles from an increment to its counter. A snapshot is of the counters as they were before the increments
/// of its own cycle; a clear counts those as the first. A fetch takes 3 cycles, and waits until
/// Counters + 3 cycles after the last snapshot. Initiation interval: 1 cycle for increments and commands.
///
/// Protocol
///   snapshot_i, clear_i  pulses; together the copy is made before the clear
///   fetch_i              place of a counter and which half of it; stays until fetched_o
///   fetched_o            word_o is that half, and stays until the next fetch; none comes while snapshots follow each
///                        other faster than they are written
/// After a reset all counters and the snapshot are Start.
/// Does not: bound its increments (an assertion does), or answer for a place that no counter has.
///
/// Parameters
///   Counters  how many, at least 4: a total is read again only after it has been written
///   Width     bits of a counter
///   Largest   increment of each that is never exceeded; 0: the counter is always Start
///   PlaceW    bits of a place
///   Place     word of the snapshot in which each counter is found
///   Start     value that counting begins with: 0, but for tests of long carries
module counter_store #(
    parameter int unsigned                       Counters = 4,
    parameter int unsigned                       Width    = 64,
    parameter logic [Counters-1:0][Width-1:0]    Largest  = {Counters{Width'(1)}},
    parameter int unsigned                       PlaceW   = 8,
    parameter logic [Counters-1:0][PlaceW-1:0]   Place    = '0,
    parameter logic [Width-1:0]                  Start    = '0
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  logic                           snapshot_i,
    input  logic                           clear_i,
    input  logic [Counters-1:0][Width-1:0] increment_i,
    input  logic                           fetch_i,
    input  logic [PlaceW-1:0]              fetch_place_i,
    input  logic                           fetch_high_i,
    output logic                           fetched_o,
    output logic [Width/2-1:0]             word_o
);
  if (Counters < 4) begin : gen_bad_counters
    $error("counter_store: Counters is %0d, it must be at least 4.", Counters);
  end

  localparam int unsigned IndexW = $clog2(Counters);
  localparam int unsigned LeftW  = $clog2(Counters + 1);

  // Bits of a count from one visit to the next.
  function automatic int unsigned count_bits(logic [Width-1:0] largest);
    return $clog2(Width'(Counters) * largest + Width'(1));
  endfunction

  function automatic int unsigned most_bits();
    int unsigned bits;
    bits = 1;
    for (int unsigned n = 0; n < Counters; n++) begin
      if (count_bits(Largest[n]) > bits) bits = count_bits(Largest[n]);
    end
    return bits;
  endfunction

  localparam int unsigned CountW = most_bits();

  // ---- Whose turn it is -------------------------------------------------------------------------------------
  logic [Counters-1:0] turn_q, turn_d;  // one of them is high
  logic [IndexW-1:0] index_q, index_d;  // which

  assign turn_d  = {turn_q[Counters-2:0], turn_q[Counters-1]};
  assign index_d = turn_q[Counters-1] ? '0 : index_q + 1'b1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      turn_q  <= Counters'(1);
      index_q <= '0;
    end else begin
      turn_q  <= turn_d;
      index_q <= index_d;
    end
  end

  // ---- Short counters ---------------------------------------------------------------------------------------
  logic take_q;
  logic [Counters-1:0][CountW-1:0] counts, copies;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) take_q <= 1'b0;
    else take_q <= snapshot_i;
  end

  for (genvar n = 0; n < Counters; n++) begin : gen_counter
    if (Largest[n] == '0) begin : gen_none
      assign counts[n] = '0;
      assign copies[n] = '0;

    end else begin : gen_count
      localparam int unsigned IncrementW = $clog2(Largest[n] + Width'(1));
      localparam int unsigned Bits = count_bits(Largest[n]);

      logic [IncrementW-1:0] increment_q;
      logic [Bits-1:0] count_q, copy_q;
      logic restart_q;

      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          restart_q   <= 1'b0;
          increment_q <= '0;
          count_q     <= '0;
          copy_q      <= '0;
        end else begin
          restart_q   <= turn_d[n] || clear_i;
          increment_q <= increment_i[n][IncrementW-1:0];
          count_q     <= restart_q ? Bits'(increment_q) : count_q + Bits'(increment_q);
          if (take_q) copy_q <= count_q;
        end
      end

      assign counts[n] = CountW'(count_q);
      assign copies[n] = CountW'(copy_q);
    end
  end

  // Above the largest increment there is nothing.
  logic unused_increment;
  assign unused_increment = ^increment_i;

  // ---- A visit: choose, add, write --------------------------------------------------------------------------
  // Visits that are left until no total is older than the last clear (stale), until the snapshot is written (open),
  // and until the snapshot meets no total that is older than the last clear before it (empty).
  logic [LeftW-1:0] stale_q, open_q, empty_q, stale_next;
  logic is_stale, is_open, is_empty;

  function automatic logic [LeftW-1:0] less_one(logic [LeftW-1:0] left);
    return (left == '0) ? '0 : left - 1'b1;
  endfunction

  assign stale_next = less_one(stale_q);
  assign is_stale   = stale_q != '0;
  assign is_open    = take_q || open_q != '0;
  assign is_empty   = take_q ? is_stale : empty_q != '0;

  logic clear_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      clear_q <= 1'b0;
      stale_q <= LeftW'(Counters);
      open_q  <= LeftW'(Counters);
      empty_q <= LeftW'(Counters);
    end else begin
      clear_q <= clear_i;
      // The visit in the cycle of a clear writes a count from before it; that in the cycle of a snapshot is its first.
      stale_q <= clear_q ? LeftW'(Counters) : stale_next;
      open_q  <= take_q ? LeftW'(Counters - 1) : less_one(open_q);
      empty_q <= take_q ? stale_next : less_one(empty_q);
    end
  end

  logic [CountW-1:0] count, copy;
  always_comb begin
    count = '0;
    copy  = '0;
    for (int unsigned n = 0; n < Counters; n++) begin
      count |= counts[n] & {CountW{turn_q[n]}};
      copy  |= copies[n] & {CountW{turn_q[n]}};
    end
  end

  (* no_rw_check, ram_style = "block" *) logic [Width-1:0] totals[Counters];
  (* no_rw_check, ram_style = "block" *) logic [Width-1:0] snapshot[2**PlaceW];
  logic [Width-1:0] read_q, total_q, base_q, total_sum_q, snapshot_sum_q;
  logic [CountW-1:0] add_count_q, add_copy_q;
  logic [IndexW-1:0] add_index_q, write_index_q;
  logic add_open_q, write_open_q;

  always_ff @(posedge clk_i) begin
    read_q  <= totals[index_d];
    total_q <= is_stale ? Start : read_q;
    base_q  <= is_empty ? Start : read_q;

    add_count_q <= count;
    add_copy_q  <= take_q ? count : copy;

    total_sum_q    <= total_q + Width'(add_count_q);
    snapshot_sum_q <= base_q + Width'(add_copy_q);

    add_index_q   <= index_q;
    write_index_q <= add_index_q;
    totals[write_index_q] <= total_sum_q;
    if (write_open_q) snapshot[Place[write_index_q]] <= snapshot_sum_q;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) {add_open_q, write_open_q} <= '0;
    else {add_open_q, write_open_q} <= {is_open, add_open_q};
  end

  // ---- Reading the snapshot ---------------------------------------------------------------------------------
  logic written, look, looked_q, there_q;
  logic [Width-1:0] word_q, whole_q;

  assign written = !is_open && !add_open_q && !write_open_q;
  assign look    = fetch_i && written && !looked_q && !there_q && !fetched_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) {looked_q, there_q, fetched_o} <= '0;
    else {looked_q, there_q, fetched_o} <= {look, looked_q, there_q};
  end

  always_ff @(posedge clk_i) begin
    word_q  <= snapshot[fetch_place_i];
    whole_q <= word_q;
    if (there_q) word_o <= fetch_high_i ? whole_q[Width-1:Width/2] : whole_q[Width/2-1:0];
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    for (int unsigned n = 0; n < Counters; n++) begin
      assert (!rst_ni || increment_i[n] <= Largest[n])
      else $error("counter_store: counter %0d goes up by %0d, at most by %0d is allowed.",
                  n, increment_i[n], Largest[n]);
    end
  end
`endif
endmodule
