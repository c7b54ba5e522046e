# SPDX-License-Identifier: Apache-2.0
"""What is asked of the HLS compiler: layers, precisions, initiation intervals, weights and multipliers.

Everything here follows from the specification and the folding; it is an estimate before synthesis, not a result of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from hls.kinds import hls_kind
from spec.kinds.layer import Layer
from spec.presets import Accelerator

FROZEN, RUNTIME = "frozen", "run time"


@dataclass(frozen=True)
class LayerRow:
    """One layer.

    ``ii`` is the initiation interval asked of the innermost loop, in cycles; ``cycles`` the resulting cycles an image;
    ``multipliers`` the estimated multiplier blocks of all its instances; ``weight_bits`` the bits of weights and biases
    in all banks.
    """

    name: str
    kind: str
    shape: str
    input: str
    weight: str
    accumulator: str
    output: str
    pe: int
    simd: int
    multiplier: str
    ii: int
    cycles: int
    weights: int
    weight_bits: int
    multipliers: int


def layer_rows(accelerator: Accelerator) -> list[LayerRow]:
    """All layers, in network order."""
    moe, folding = accelerator.moe, accelerator.folding
    lanes = folding.streams(moe).into

    def row(layer: Layer, frozen: bool = True) -> LayerRow:
        fold, width = folding.layers.get(layer.name), lanes[layer.name]
        cost = hls_kind(layer).cost(layer, fold, width)
        instances = moe.local_experts if layer in moe.le.layers else 1
        banks = 1 if frozen else folding.weight_banks
        where = f", {FROZEN if frozen else RUNTIME}" if cost.weights else ""
        return LayerRow(
            layer.name if instances == 1 else f"{layer.name} ({instances} of them)", layer.description() + where,
            f"{layer.input_text()} -> {layer.out_shape}", str(layer.input), cost.weight, cost.accumulator,
            str(layer.out_type), cost.pe, cost.simd, cost.multiplier, 1, layer.cycles(fold, width),
            instances * cost.weights, instances * banks * cost.weight_bits, instances * cost.multipliers,
        )  # fmt: skip

    rows = [row(layer) for layer in moe.network.layers]
    for head in (moe.le, moe.gate):
        rows += [row(head.pool), *(row(layer, frozen=False) for layer in head.layers)]
    return rows


def summary(accelerator: Accelerator) -> dict:
    """Plain data for ``summary.json``."""
    rows, moe = layer_rows(accelerator), accelerator.moe
    local = [(moe.local_experts if layer in moe.le.layers else 1) * layer.macs for layer in moe.runtime_layers]
    return {
        "accelerator": accelerator.name,
        "network": moe.network.name,
        "gate": moe.preset,
        "local_experts": moe.local_experts,
        "folding": accelerator.folding.name,
        "banks": accelerator.folding.weight_banks,
        "macs": moe.network.macs + sum(local),
        "weights": sum(row.weights for row in rows),
        "weight_bits": sum(row.weight_bits for row in rows),
        "multipliers": sum(row.multipliers for row in rows),
        "slowest": max(rows, key=lambda row: row.cycles).name,
        "cycles_per_image": max(row.cycles for row in rows),
        "layers": [asdict(row) for row in rows],
    }


_COLUMNS = (
    ("layer", "name"), ("kind", "kind"), ("shape", "shape"), ("weight type", "weight"), ("accumulator", "accumulator"),
    ("output type", "output"), ("PE", "pe"), ("SIMD", "simd"), ("products", "multiplier"), ("II", "ii"),
    ("cycles/image", "cycles"), ("weights", "weights"), ("multipliers", "multipliers"),
)  # fmt: skip


def markdown(data: dict) -> str:
    """The layer table of :func:`summary`, aligned."""
    rows = [[title for title, _ in _COLUMNS]]
    for layer in data["layers"]:
        rows.append([f"{v:,}" if isinstance(v := layer[key], int) else v for _, key in _COLUMNS])
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    number = [isinstance(data["layers"][0][key], int) for _, key in _COLUMNS]

    def line(row: list[str]) -> str:
        cells = [c.rjust(w) if n else c.ljust(w) for c, w, n in zip(row, widths, number, strict=True)]
        return f"| {' | '.join(cells)} |"

    rule = "|" + "|".join("-" * (w + 1) + (":" if n else "-") for w, n in zip(widths, number, strict=True)) + "|"
    total = (
        f"{data['weights']:,} weights ({data['weight_bits'] / 8192:,.1f} KiB with biases and {data['banks']} banks), "
        f"{data['macs']:,} MACs an image, {data['multipliers']:,} multiplier blocks, "
        f"slowest layer {data['slowest']} with {data['cycles_per_image']:,} cycles an image."
    )
    return "\n".join([line(rows[0]), rule, *map(line, rows[1:])]) + f"\n\n{total}\n"
