# SPDX-License-Identifier: Apache-2.0
"""What it saves and costs to make LE and GN constants of the design (``scripts/baked.py``).

Two ways are counted. As memories: each run-time layer synthesised for ECP5 with its RAMs in two banks, and with ROMs
(``Accelerator.bake``). As adder graphs: da4ml's cost of constant matrix-vector products, on the whole linear gate and
on as many outputs of the larger layers as it can do in reasonable time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hw.gen.adder_graph import adder_graph
from hw.gen.build import generate
from hw.gen.kinds.matrix import MULTIPLIER
from hw.synth import synthesise
from spec.bank import Bank
from spec.bank_file import load_bank
from spec.kinds.data import LayerWeights
from spec.kinds.matrix import MatrixLayer
from spec.paths import RESULTS, bank_file
from spec.presets import DEFAULT_GATE, Accelerator, load_accelerator
from spec.progress import progress_bar
from tools.yosys import DEVICE, lut4_equivalents

KEPT = RESULTS / "baked.md"
GATES = ("paper", DEFAULT_GATE)
PARTS = (1, 2, 4, 8)  # outputs of a larger layer that are tried as adder graph
LARGEST = 1500  # weights of a graph: the search takes minutes beyond that


@dataclass(frozen=True)
class MemoryCost:
    """One layer: bits of weight and bias memory, and the cells of the layer's whole datapath, loaded and baked."""

    gate: str
    layer: str
    weights: int
    loaded_bits: int
    baked_bits: int
    loaded: dict[str, int]
    baked: dict[str, int]


@dataclass(frozen=True)
class GraphCost:
    """An adder graph of the first ``outputs`` outputs of a layer."""

    gate: str
    layer: str
    outputs: int
    of_outputs: int
    weights: int
    adder_bits: int
    stages: int


def runtime_layers(accelerator: Accelerator, bank: Bank) -> list[tuple[str, MatrixLayer, LayerWeights]]:
    """Name, specification and weights of each layer of a bank."""
    pairs = zip(accelerator.moe.bank_layers, bank.layers(), strict=True)
    return [(name, layer, weights) for (name, layer), (_, weights) in pairs]


def memory_bits(layer: MatrixLayer, accelerator: Accelerator) -> int:
    """Bits of one bank's weight and bias memory of a layer."""
    fold = accelerator.folding.layers[layer.name]
    return layer.weight_memory_bits(fold) + layer.outputs * layer.bias.bits


def parameters(name: str, layer: MatrixLayer, accelerator: Accelerator) -> dict[str, int | str]:
    """Parameters of ``runtime_dense`` for a layer of a loaded or a baked accelerator."""
    fold = accelerator.folding.layers[layer.name]
    values: dict[str, int | str] = {
        "InWords": layer.input_words(fold),
        "OutWords": layer.output_words(fold),
        "Pe": fold.pe,
        "Simd": fold.simd,
        "ActW": layer.input.bits,
        "WgtW": layer.weight.bits,
        "BiasW": layer.bias.bits,
        "AccW": layer.accumulator.bits,
        "Requant": int(layer.output is not None),
        "Shift": layer.shift,
        "Banks": accelerator.folding.weight_banks,
        "Multiplier": MULTIPLIER[fold.multiplier],
    }
    if accelerator.baked:
        values |= {"Baked": 1, "WeightFile": f"{name}_weight.mem", "BiasFile": f"{name}_bias.mem"}
    return values


def memory_costs(gate: str, accelerator: Accelerator, bank: Bank) -> list[MemoryCost]:
    """Synthesise each layer with RAMs and with ROMs."""
    baked = accelerator.bake(bank)
    rows = []
    for name, layer, _ in progress_bar(
        runtime_layers(accelerator, bank), description=f"{gate}: synthesis", unit="layer"
    ):
        cells = [
            synthesise(generate(design), "runtime_dense", parameters=parameters(name, layer, design))
            for design in (accelerator, baked)
        ]
        bits = memory_bits(layer, accelerator)
        loaded_bits = accelerator.folding.weight_banks * bits
        rows.append(MemoryCost(gate, name, layer.weights, loaded_bits, bits, *cells))
    return rows


def graph_costs(gate: str, accelerator: Accelerator, bank: Bank) -> list[GraphCost]:
    """Find adder graphs: of whole layers with few weights, and of the first outputs of the others."""
    rows = []
    for name, layer, weights in runtime_layers(accelerator, bank):
        tried = [n for n in (*PARTS, layer.outputs) if n <= layer.outputs]
        counts = [n for n in tried if n == 1 or n * layer.inputs <= LARGEST]
        if counts[-1] == layer.outputs:
            counts = counts[-1:]
        for count in progress_bar(counts, description=f"{gate}: adder graphs of {name}", unit="graph"):
            part = LayerWeights(weights.weight[:count], weights.bias[:count])
            graph = adder_graph("graph", part, layer.input, layer.accumulator)
            rows.append(GraphCost(gate, name, count, layer.outputs, part.weight.size, graph.adder_bits, graph.stages))
    return rows


def _memory_table(rows: Sequence[MemoryCost]) -> str:
    lines = [
        "| gate | layer | weights | RAM bits, loaded | ROM bits, baked | EBR | LUT4 | flip-flops |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        pairs = [
            (row.loaded.get("DP16KD", 0), row.baked.get("DP16KD", 0)),
            (lut4_equivalents(row.loaded), lut4_equivalents(row.baked)),
            (row.loaded.get("TRELLIS_FF", 0), row.baked.get("TRELLIS_FF", 0)),
        ]
        changes = " | ".join(f"{before:,} -> {after:,}" for before, after in pairs)
        lines.append(
            f"| `{row.gate}` | {row.layer} | {row.weights:,} | {row.loaded_bits:,} | {row.baked_bits:,} | {changes} |"
        )
    return "\n".join(lines)


def _graph_table(rows: Sequence[GraphCost]) -> str:
    lines = [
        "| gate | layer | outputs | weights | adder bits | bits a weight | pipeline stages |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        size = f"{row.outputs} of {row.of_outputs} | {row.weights:,}"
        cost = f"{row.adder_bits:,} | {row.adder_bits / row.weights:.1f} | {row.stages}"
        lines.append(f"| `{row.gate}` | {row.layer} | {size} | {cost} |")
    return "\n".join(lines)


def _projection(graphs: Sequence[GraphCost], memories: Sequence[MemoryCost]) -> str:
    """One sentence a gate preset: what all of its layers would take at the fewest bits a weight that were found."""
    sentences = []
    for gate in dict.fromkeys(row.gate for row in memories):
        total = 0.0
        for memory in (row for row in memories if row.gate == gate):
            found = [g.adder_bits / g.weights for g in graphs if (g.gate, g.layer) == (gate, memory.layer)]
            total += min(found) * memory.weights
        share = f"{total / DEVICE['LUT4']:.0%} of the {DEVICE['LUT4']:,} LUT4 of an ECP5-85"
        sentences.append(f"* `{gate}`: about {round(total, -3):,.0f} adder bits, {share}")
    return "\n".join(sentences)


def report(memories: Sequence[MemoryCost], graphs: Sequence[GraphCost], folding: str) -> str:
    """The page ``docs/results/baked.md``."""
    return f"""\
<!-- SPDX-License-Identifier: Apache-2.0 -->
# LE and GN as constants

For a device whose user never changes. Written by `python scripts/baked.py --keep`; banks of user 1, folding
`{folding}`.

## As ROMs

Each run-time layer's datapath (`runtime_dense`), synthesised alone for ECP5 (yosys `synth_ecp5`, before placement),
with two banks of RAM and with constants. LUT4 counts carry cells and distributed RAM as LUTs.

{_memory_table(memories)}

Saved: the second bank's memory and the write port. Cost: the user can no longer be changed, and a bitstream holds
somebody's weights. Multipliers, cycles and answers are the same; `scripts/compare_golden.py --baked` compares them.

## As adder graphs

da4ml's cost (summed widths of all adders, about one LUT with carry each) of constant matrix-vector products without
multipliers, one vector a cycle. Layers of more than {LARGEST:,} weights were tried on their first outputs only: a graph
of all of them takes too long to find.

{_graph_table(graphs)}

At the fewest bits a weight that were found for each layer, all of its outputs would take:

{_projection(graphs, memories)}

More outputs share more sums, so this is an upper estimate; but an LE answers one vector an image and has hundreds of
cycles for it, which a folded layer with ROMs uses. That is why ROMs are what `--baked` builds.
"""


def measure(folding: str, gates: Sequence[str] = GATES) -> str:
    """The page, with user 1's bank of each gate preset.

    Raises:
        InputError: a preset or a bank is missing.
    """
    memories, graphs = [], []
    for gate in gates:
        accelerator = load_accelerator(folding, gate)
        bank = load_bank(bank_file(gate), accelerator.moe)
        memories += memory_costs(gate, accelerator, bank)
        graphs += graph_costs(gate, accelerator, bank)
    return report(memories, graphs, folding)
