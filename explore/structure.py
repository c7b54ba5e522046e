# SPDX-License-Identifier: Apache-2.0
"""What a matrix layer's hardware consists of, counted from specification and folding as the RTL's headers say.

Counts are in bits of one kind of logic; how many LUTs or flip-flops a bit costs is fitted (:mod:`explore.fit`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache

from explore.memories import ASYNC, BLOCK, LUTS, RAM, ROM, Memory
from hw.constants import constants
from hw.cycles.localparams import localparam
from hw.cycles.units import far, output_queue
from hw.gen.adder_graph import AdderGraph
from hw.gen.kinds.matrix import MULTIPLIER
from spec.kinds.data import LayerFolding
from spec.kinds.matrix import MatrixLayer
from tools.yosys import BLOCK_BITS

CHUNK = constants()["ChunkBits"]  # of a run-time memory that are written at a time
RING_FOLDS, BLOCK_PAYS = (localparam("accumulator_file", name) for name in ("RingFolds", "BlockPays"))
PIECE = localparam("accumulator_file", "PieceW")  # bits


@dataclass
class Structure:
    """Parts of one module.

    Attributes:
        memories: all of them.
        sites, registers: bits by what they are for: of logic (LUT4 sites), of flip-flops.
    """

    memories: list[Memory] = field(default_factory=list)
    sites: Counter[str] = field(default_factory=Counter)
    registers: Counter[str] = field(default_factory=Counter)

    @property
    def blocks(self) -> int:
        """Block RAMs."""
        return sum(memory.blocks for memory in self.memories)

    def add(self, sites: dict[str, float] | None = None, registers: dict[str, float] | None = None) -> None:
        """Count further bits."""
        self.sites.update(sites or {})
        self.registers.update(registers or {})

    def times(self, number: int) -> Structure:
        """So many of it."""
        counts = (Counter({key: number * bits for key, bits in c.items()}) for c in (self.sites, self.registers))
        return Structure(number * self.memories, *counts)

    def __add__(self, other: Structure) -> Structure:
        return Structure(self.memories + other.memories, self.sites + other.sites, self.registers + other.registers)

    @property
    def all_sites(self) -> Counter[str]:
        """``sites`` and the logic that memories become."""
        made = Counter(memory=0, rom=0, multiplexers=0)
        for memory in self.memories:
            made.update(memory=4 * memory.small, rom=memory.rom_luts, multiplexers=memory.multiplexers)
        return self.sites + made


def bits_of(count: int) -> int:
    """Bits of a counter of ``count`` states."""
    return max(1, (count - 1).bit_length())


def tree(simd: int, width: int) -> tuple[int, int]:
    """Adder bits and register bits of an adder tree; a register stands behind every second level."""
    levels, nodes, adders, registers = bits_of(simd) if simd > 1 else 0, simd, 0, 0
    for level in range(1, levels + 1):
        below, nodes = nodes, -(-nodes // 2)
        adders += (below // 2) * (width + level)
        if level % 2 == 0 or level == levels:
            registers += nodes * (width + level)
    return adders, registers


def skid(found: Structure, bits: int) -> None:
    """A stream_skid: two registers and a multiplexer."""
    found.add({"skid": bits}, {"skid": 2 * bits})


def feature_register(found: Structure, bits: int, apart: bool) -> None:
    """A feature_register: one word where words come every other cycle at most, else those of a stream_skid."""
    if apart:
        found.add({}, {"chain": bits})
    else:
        skid(found, bits)


def width_change(found: Structure, lane_bits: int, lanes: int, after: int) -> None:
    """A stream_width: a shift register that splits, or registers that gather."""
    if lanes > after:
        found.add({"split": lanes * lane_bits}, {"split": lanes * lane_bits})
    elif lanes < after:
        found.add({}, {"gather": (2 * after - lanes) * lane_bits})


def unit(found: Structure, layer: MatrixLayer, fold: LayerFolding, lut_rom: bool = False, frozen: bool = False) -> None:
    """An mvu: operands, products, adder trees, accumulators, requantisation and output queue.

    Args:
        lut_rom: the weights are constants in logic, which need a register behind them.
        frozen: the weights are constants.
    """
    pe, simd, act, wgt = fold.pe, fold.simd, layer.input.bits, layer.weight.bits
    apart = far(fold, frozen)  # a register more for each result, and one or two for each bias
    summed = localparam("mvu", "Acc", Simd=simd, Multiplier=MULTIPLIER[fold.multiplier])
    hops = (2 if summed >= 5 else 1) if apart else 0  # BiasHops
    acc, lanes, folds, words = layer.accumulator.bits, pe * simd, layer.output_words(fold), layer.input_words(fold)
    product = act + wgt
    copies = pe if fold.lut else 1  # of the activations in mvu_products
    found.add({}, {"operands": (2 + copies) * simd * act + lanes * wgt * (2 if lut_rom else 1)})
    if fold.lut:
        found.add({"products": lanes * (wgt - 1) * (act + 1)}, {"products": lanes * product})
    elif fold.multiplier == "dsp_pair":
        found.add({"pairs": lanes * product}, {"products": lanes * product})
    adders, registers = tree(simd, product)
    found.add({"tree": pe * adders}, {"tree": pe * registers})
    found.add(
        {"accumulate": pe * (acc + 2)},
        {"result": pe * acc, "bias": pe * ((2 + hops) * layer.bias.bits + 2)},
    )
    if words > 1:
        _accumulators(found, folds, pe * acc)
    lane = acc if layer.output is None else layer.output.bits
    if layer.output is not None:
        found.add({"requantise": pe * acc})
    found.add({}, {"result": pe * lane * apart})
    queue = output_queue(layer, fold, apart)
    if queue.chain:
        found.add({}, {"chain": queue.words * pe * lane})
    else:
        found.memories.append(Memory(pe * lane, queue.words, ASYNC))
    found.add({"address": bits_of(words * folds)}, {"address": 3 * bits_of(words * folds)})


def _accumulators(found: Structure, folds: int, width: int) -> None:
    blocks, small = -(-width // 36) * -(-folds // 512), -(-width // 4) * -(-folds // 16)
    if folds <= RING_FOLDS:
        found.add({}, {"ring": folds * width})
    elif small >= BLOCK_PAYS * blocks:
        pieces = [min(PIECE, width - first) for first in range(0, width, PIECE)]
        found.memories += [Memory(bits, folds, BLOCK) for bits in pieces]
        found.add({}, {"file": 2 * width})
    else:
        found.memories.append(Memory(width, folds, LUTS))
        found.add({}, {"file": width})


def weight_rom(layer: MatrixLayer, fold: LayerFolding) -> Memory:
    """The memory of a frozen layer's weights."""
    return Memory(layer.weight_word_bits(fold), layer.input_words(fold) * layer.output_words(fold), ROM)


@cache
def weights_in_logic(layer: MatrixLayer, fold: LayerFolding) -> bool:
    """Whether so many weights become logic that :func:`hw.parts.check_memories` refuses the design."""
    rom = weight_rom(layer, fold)
    return not rom.in_blocks and rom.bits >= BLOCK_BITS


def frozen_layer(layer: MatrixLayer, fold: LayerFolding, lanes: int) -> Structure:
    """A conv_layer or dense_layer that gets words of ``lanes`` values."""
    found = Structure()
    width_change(found, layer.input.bits, lanes, fold.simd)
    skid(found, fold.simd * layer.input.bits)
    weights = weight_rom(layer, fold)
    biases = Memory(fold.pe * layer.bias.bits, layer.output_words(fold), ROM)
    found.memories += [weights, biases]
    if bits := layer.window_buffer_bits(fold):
        width = layer.buffer_word_bits(fold)
        found.memories.append(Memory(width, bits // width, RAM))
        found.add({"window": bits_of(bits // width)}, {"window": bits_of(bits // width)})
    unit(found, layer, fold, lut_rom=not weights.in_blocks, frozen=True)
    if not biases.in_blocks and biases.depth > 1:
        found.add({}, {"bias": biases.width})
    found.add({"frozen": 1}, {"frozen": 1})
    return found


def graph_layer(layer: MatrixLayer, graph: AdderGraph, lanes: int) -> Structure:
    """A convolution as an adder graph, with its window and its output queue."""
    found = Structure()
    width_change(found, layer.input.bits, lanes, layer.in_shape.channels)
    column = (layer.kernel - 1) * layer.in_shape.channels * layer.input.bits
    found.memories.append(Memory(column, layer.in_shape.width, ASYNC))
    found.memories.append(Memory(layer.outputs * layer.output.bits, graph.stages + 2, ASYNC))
    found.add({"graph": graph.adder_bits, "requantise": layer.outputs * layer.accumulator.bits})
    found.add({}, {"graph": graph.register_bits, "window": layer.inputs * layer.input.bits})
    return found


def runtime_layer(layer: MatrixLayer, fold: LayerFolding, banks: int, learns: bool) -> Structure:
    """A runtime_dense; ``learns``: its weights are moved by a learner."""
    found = Structure()
    depth = layer.input_words(fold) * layer.output_words(fold)
    words = {
        "weights": (layer.weight_word_bits(fold), depth),
        "biases": (fold.pe * layer.bias.bits, layer.output_words(fold)),
    }
    for name, (width, deep) in words.items():
        found.memories += [Memory(min(CHUNK, width - low), banks * deep, RAM) for low in range(0, width, CHUNK)]
        moved = learns and name == "weights"
        found.add({"loaded": width, "moved": 2 * width * moved}, {"loaded": width, "moved": width * moved})
        found.add({"bank": bits_of(banks * deep)}, {"bank": bits_of(banks * deep)})
    found.memories.append(Memory(1 + fold.simd * layer.input.bits, 2, ASYNC))
    unit(found, layer, fold)
    found.add({"runtime": 1}, {"runtime": 1})
    return found
