# SPDX-License-Identifier: Apache-2.0
"""``counter_store``: its shapes under test with a wrapper for each, and plain counters as its reference model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spec.files import write_if_changed
from tools.cocotb_run import BUILD, RTL

TOP = "counter_store_flat"


@dataclass(frozen=True)
class Shape:
    """Parameters of a store: the largest increment and the place of each counter, and what all of them start with."""

    width: int
    largest: tuple[int, ...]
    places: tuple[int, ...]
    start: int = 0

    @property
    def counters(self) -> int:
        """How many counters."""
        return len(self.largest)

    @property
    def increment_bits(self) -> int:
        """Bits of the largest increment."""
        return max(self.largest).bit_length()


PLACE_BITS = 4
# The fewest counters, with increments that fill their bits; a width that wraps often; carries through every bit, and
# into the upper half.
SHAPES = {
    "four": Shape(16, (1, 3, 0, 5), (0, 1, 2, 3)),
    "wraps": Shape(8, (1, 2, 4, 7, 1), (9, 1, 15, 3, 8), 250),
    "all_bits": Shape(64, (1, 500, 1, 2, 0, 1, 6), (6, 5, 4, 3, 2, 1, 10), (1 << 64) - 300),
    "upper_half": Shape(64, (1, 500, 1, 2, 0, 1, 6, 3), (6, 5, 4, 3, 2, 1, 10, 0), (1 << 32) - 300),
}


class StoreModel:
    """Counters of ``width`` bits, and the snapshot of them."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.totals = [shape.start] * shape.counters
        self.snapshot = list(self.totals)

    def step(self, increments: Sequence[int], snapshot: int, clear: int) -> None:
        """One cycle: a copy, then a clear, then the increments."""
        if snapshot:
            self.snapshot = list(self.totals)
        if clear:
            self.totals = [self.shape.start] * self.shape.counters
        modulus = 1 << self.shape.width
        self.totals = [(total + more) % modulus for total, more in zip(self.totals, increments, strict=True)]


def wrapper(shape: Shape) -> str:
    """SystemVerilog of the store with this shape; increments have as many bits as the largest of them."""

    def packed(values: Sequence[int], bits: int) -> str:
        return "{" + ", ".join(f"{bits}'d{value}" for value in reversed(values)) + "}"

    n, width, bits = shape.counters, shape.width, shape.increment_bits
    return f"""\
module {TOP} (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic snapshot_i,
    input  logic clear_i,
    input  logic [{n - 1}:0][{bits - 1}:0] increment_i,
    input  logic fetch_i,
    input  logic [{PLACE_BITS - 1}:0] fetch_place_i,
    input  logic fetch_high_i,
    output logic fetched_o,
    output logic [{width // 2 - 1}:0] word_o
);
  logic [{n - 1}:0][{width - 1}:0] increment;
  for (genvar n = 0; n < {n}; n++) begin : gen_wide
    assign increment[n] = {width}'(increment_i[n]);
  end

  counter_store #(
      .Counters({n}),
      .Width   ({width}),
      .Largest ({packed(shape.largest, width)}),
      .PlaceW  ({PLACE_BITS}),
      .Place   ({packed(shape.places, PLACE_BITS)}),
      .Start   ({width}'d{shape.start})
  ) u_store (
      .increment_i(increment),
      .*
  );
endmodule
"""


def sources(name: str) -> list[Path]:
    """The store and its wrapper for a shape."""
    path = BUILD / "counter_store" / name / f"{TOP}.sv"
    write_if_changed(path, wrapper(SHAPES[name]))
    return [RTL / "counter_store.sv", path]
