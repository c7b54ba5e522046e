# SPDX-License-Identifier: Apache-2.0
"""Shapes of ``bank_loader``, its wrapper with flat ports, streams for it, and its reference model."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum
from pathlib import Path

from hw.constants import constants
from hw.regs.files import PACKAGE, register_files
from spec.bank_file import HEADER_WORDS, MAGIC, VERSION
from spec.files import write_if_changed
from tools.cocotb_run import BUILD, RTL
from verif.unit.packed import Member, Packed, flat_module

TOP = "bank_loader_flat"

State = IntEnum("State", "IDLE LOADING COMMITTED REFUSED", start=0)
Reason = IntEnum(
    "Reason",
    "NONE BAD_MAGIC BAD_VERSION FOREIGN_GE FOREIGN_LAYOUT BAD_LENGTH INCOMPLETE OVERRUN CRC_MISMATCH BANK_ACTIVE "
    "BANK_IN_USE NO_SUCH_BANK NOT_STARTED MEMORY_OFF",
    start=0,
)
_HEADER_REASONS = (
    Reason.BAD_MAGIC,
    Reason.BAD_VERSION,
    Reason.FOREIGN_GE,
    Reason.FOREIGN_GE,
    Reason.FOREIGN_LAYOUT,
    Reason.FOREIGN_LAYOUT,
    Reason.BAD_LENGTH,
    Reason.BAD_VERSION,
)


@dataclass(frozen=True)
class Segment:
    """One memory of a bank: ``words`` of ``chunks`` 32-bit chunks each."""

    layer: int
    bias: int
    words: int
    chunks: int


@dataclass(frozen=True)
class Shape:
    """A device's banks."""

    banks: int
    segments: tuple[Segment, ...]
    ge_digest: int = 0x0123_4567_89AB_CDEF
    layout_digest: int = 0xFEDC_BA98_7654_3211

    @property
    def places(self) -> list[tuple[int, int, int]]:
        """Layer, kind and address of every payload word: the address is {word, chunk} in whole bits for the chunk."""
        return [
            (segment.layer, segment.bias, word << (segment.chunks - 1).bit_length() | chunk)
            for segment in self.segments
            for word in range(segment.words)
            for chunk in range(segment.chunks)
        ]

    @property
    def header(self) -> list[int]:
        """The header that this device takes."""
        digests = [
            digest >> 32 * half & 0xFFFFFFFF for digest in (self.ge_digest, self.layout_digest) for half in (0, 1)
        ]
        return [MAGIC, VERSION, *digests, len(self.places), 0]

    @property
    def total(self) -> int:
        """Words of a whole stream."""
        return HEADER_WORDS + len(self.places) + 1

    def stream(self, rng: random.Random) -> list[int]:
        """A whole stream with random weights."""
        return with_checksum([*self.header, *(rng.getrandbits(32) for _ in self.places)])


SHAPES = {
    "6 memories, 3 banks": Shape(
        3,
        (
            Segment(0, 0, 4, 3),
            Segment(0, 1, 2, 1),
            Segment(8, 0, 3, 2),
            Segment(8, 1, 1, 4),
            Segment(9, 0, 2, 5),
            Segment(9, 1, 1, 2),
        ),
    ),
    "1 memory of 1 word, 16 banks": Shape(16, (Segment(9, 1, 1, 1),), 0xFFFF_FFFF_0000_0000, 1),
    "widest words, 1 bank": Shape(1, (Segment(7, 1, 1, 128), Segment(3, 0, 1, 65), Segment(9, 0, 2, 9))),
}


def with_checksum(words: Sequence[int]) -> list[int]:
    """Words followed by their CRC-32."""
    return [*words, zlib.crc32(b"".join(word.to_bytes(4, "little") for word in words))]


@dataclass
class Inputs:
    """The inputs in one cycle; ``reset`` is active high here."""

    start: int = 0
    commit: int = 0
    activate: int = 0
    invalidate: int = 0
    target: int = 0
    word_valid: int = 0
    word: int = 0
    select: int = 0
    busy: int = 0
    memory_on: int = 1
    drop: int = 0  # one bit a bank
    reset: int = 0


_PULSES = ("start", "commit", "invalidate", "word_valid")


@dataclass
class LoaderModel:
    """State and outputs, cycle by cycle."""

    shape: Shape
    state: State = State.IDLE
    reason: Reason = Reason.NONE
    valid: set[int] = field(default_factory=set)
    bank: int | None = None  # not known before the first start
    words: list[int] = field(default_factory=list)  # taken since the start
    write: tuple[int, int, int, int, int] | None = None  # layer, bias, bank, address, data
    next_write: tuple[int, int, int, int, int] | None = None  # in the next cycle
    committed: int = 0
    refused: int = 0
    activate: int = 0
    held: Inputs = field(default_factory=Inputs)  # commands and words of the cycle before, which are looked at now

    def outputs(self) -> dict[str, int]:
        """Name -> value in this cycle, of those that are defined."""
        found = {
            "valid": sum(1 << bank for bank in self.valid),
            "state": int(self.state),
            "reason": int(self.reason),
            "count": len(self.words),
            "committed": self.committed,
            "refused": self.refused,
            "activate": self.activate,
            "wr_enable": int(self.write is not None),
        }
        if self.bank is not None:
            found["bank"] = self.bank
        if self.write:
            found |= dict(zip(("wr_layer", "wr_bias", "wr_bank", "wr_address", "wr_data"), self.write, strict=True))
        return found

    def step(self, given: Inputs) -> None:
        """Go on by one cycle. A word and a command do not come together: they are registers of their own."""
        assert not (given.word_valid and (given.start or given.commit or given.invalidate))
        now = {name: getattr(given, name) for name in ("select", "busy", "memory_on", "drop", "reset")}
        last, given = given, replace(self.held, **now)
        self.held = replace(last, **(dict.fromkeys(_PULSES, 0) if last.reset else {}))
        self.write, self.next_write = self.next_write, None
        self.committed, self.refused, self.activate = 0, 0, 0
        if given.reset:
            self.write = None
            self.state, self.reason, self.valid, self.words = State.IDLE, Reason.NONE, set(), []
            if given.start:
                self.bank = given.target
            return
        lost = self.state is State.LOADING and not given.memory_on and not given.start
        if given.start:
            self._start(given)
        elif given.word_valid and self.state is State.LOADING:
            self._word(given.word)
        elif given.commit:
            self._commit(given, lost)
        if given.invalidate:
            self.valid.discard(given.target)
        self.valid -= {bank for bank in self.valid if given.drop >> bank & 1}
        if not given.memory_on:
            self.valid.clear()
        if lost:
            self._refuse(Reason.MEMORY_OFF)

    def _refuse(self, reason: Reason) -> None:
        self.state, self.reason, self.refused = State.REFUSED, reason, 1

    def start_reason(self, given: Inputs) -> Reason:
        """Why a start is refused."""
        if given.target >= self.shape.banks:
            return Reason.NO_SUCH_BANK
        if not given.memory_on:
            return Reason.MEMORY_OFF
        if given.target in self.valid and given.target == given.select:
            return Reason.BANK_ACTIVE
        return Reason.BANK_IN_USE if given.busy >> given.target & 1 else Reason.NONE

    def _start(self, given: Inputs) -> None:
        self.bank, self.words = given.target, []
        if reason := self.start_reason(given):
            self._refuse(reason)
            return
        self.state, self.reason = State.LOADING, Reason.NONE
        self.valid.discard(given.target)

    def _word(self, word: int) -> None:
        index, header = len(self.words), self.shape.header
        if index < len(header):
            if word != header[index]:
                return self._refuse(_HEADER_REASONS[index])
        elif index == self.shape.total:
            return self._refuse(Reason.OVERRUN)
        elif index < self.shape.total - 1:
            layer, bias, address = self.shape.places[index - len(header)]
            assert self.bank is not None
            self.next_write = (layer, bias, self.bank, address, word)
        self.words.append(word)
        return None

    def _commit(self, given: Inputs, lost: bool) -> None:
        if self.state is State.REFUSED:
            return  # the first reason stays, and was told
        if self.state is not State.LOADING:
            self._refuse(Reason.NOT_STARTED)
        elif len(self.words) < self.shape.total:
            self._refuse(Reason.INCOMPLETE)
        elif self.words != with_checksum(self.words[:-1]):
            self._refuse(Reason.CRC_MISMATCH)
        elif not lost:
            assert self.bank is not None
            self.state, self.committed, self.activate = State.COMMITTED, 1, given.activate
            self.valid.add(self.bank)


def ports(shape: Shape) -> tuple[Packed, Packed]:
    """Inputs and outputs of the wrapper."""
    widths = {"target": 4, "select": 4, "word": 32, "busy": shape.banks, "drop": shape.banks}
    names = [f.name for f in fields(Inputs) if f.name != "reset"]
    inputs = Packed(tuple(Member(name, widths.get(name, 1), name) for name in names))
    outputs = Packed(
        (
            Member("valid", shape.banks, "valid"),
            *(
                Member(name, bits, f"status.{name}")
                for name, bits in (
                    ("state", 3),
                    ("reason", 4),
                    ("bank", 4),
                    ("count", 32),
                    ("committed", 1),
                    ("refused", 1),
                    ("activate", 1),
                )
            ),
            *(
                Member(f"wr_{name}", bits, f"written.{name}")
                for name, bits in (
                    ("enable", 1),
                    ("layer", constants()["LayerW"]),
                    ("bias", 1),
                    ("bank", 4),
                    ("address", 20),
                    ("data", 32),
                )
            ),
        )
    )
    return inputs, outputs


def wrapper(shape: Shape) -> str:
    """SystemVerilog of the wrapper: the shape's parameters, and ports of one vector each way."""
    inputs, outputs = ports(shape)

    def array(bits: int, values: list[int]) -> str:
        return "{" + ", ".join(f"{bits}'d{value}" for value in reversed(values)) + "}"

    segments = shape.segments
    declarations = "".join(f"  logic [{member.bits - 1}:0] {member.path};\n" for member in inputs.members)
    declarations += (
        f"  logic [{shape.banks - 1}:0] valid;\n  accel_pkg::weight_write_t written;\n"
        "  device_pkg::bank_status_t status;\n"
    )
    connections = "".join(f"      .{member.name}_i({member.path}),\n" for member in inputs.members)
    instance = (
        "  bank_loader #(\n"
        f"      .Banks({shape.banks}),\n      .Words({len(shape.places)}),\n      .Segments({len(segments)}),\n"
        f"      .GeDigest(64'h{shape.ge_digest:016x}),\n      .LayoutDigest(64'h{shape.layout_digest:016x}),\n"
        f"      .SegmentLayer({array(constants()['LayerW'], [s.layer for s in segments])}),\n"
        f"      .SegmentBias({array(1, [s.bias for s in segments])}),\n"
        f"      .SegmentWords({array(20, [s.words for s in segments])}),\n"
        f"      .SegmentChunks({array(8, [s.chunks for s in segments])})\n"
        f"  ) u_loader (\n      .clk_i,\n      .rst_ni,\n{connections}"
        "      .write_o(written),\n      .valid_o(valid),\n      .status_o(status)\n  );\n"
    )
    return flat_module(TOP, inputs, outputs, declarations + instance)


def sources(name: str) -> list[Path]:
    """The wrapper for a shape and all it needs, packages first."""
    directory = BUILD / "bank_loader" / str(list(SHAPES).index(name))
    write_if_changed(directory / PACKAGE, register_files()[PACKAGE])
    write_if_changed(directory / f"{TOP}.sv", wrapper(SHAPES[name]))
    first = [RTL / f"{name}.sv" for name in ("activity_pkg", "accel_pkg", "learn_pkg")]
    packages = [*first, directory / PACKAGE, RTL / "device_pkg.sv"]
    return [*packages, RTL / "bank_walk.sv", RTL / "bank_loader.sv", directory / f"{TOP}.sv"]
