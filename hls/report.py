# SPDX-License-Identifier: Apache-2.0
"""What is asked of the HLS compiler: layers, precisions, initiation intervals, weights and multipliers.

Everything here follows from the specification and the folding; it is an estimate before synthesis, not a result of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from spec.folding import cycles_per_image
from spec.network import Layer, MatrixLayer, PoolLayer, activation_type
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


def _matrix_row(accelerator: Accelerator, layer: MatrixLayer, frozen: bool) -> LayerRow:
    moe, folding = accelerator.moe, accelerator.folding
    fold = folding.layers[layer.name]
    instances = moe.local_experts if layer is moe.le else 1
    banks = 1 if frozen else folding.weight_banks
    bits = layer.weights * layer.weight.bits + layer.outputs * layer.bias.bits
    what = "dense" if layer.kernel is None else f"conv {layer.kernel}x{layer.kernel}"
    kind = f"{what}, {FROZEN if frozen else RUNTIME}"
    inputs = f"{layer.in_shape}+{layer.extra_inputs}" if layer.extra_inputs else str(layer.in_shape)
    return LayerRow(
        layer.name if instances == 1 else f"{layer.name} ({instances} of them)", kind, f"{inputs} -> {layer.out_shape}",
        str(layer.input), str(layer.weight), str(layer.accumulator), str(activation_type(layer)),
        fold.pe, fold.simd, fold.multiplier, 1, cycles_per_image(layer, fold),
        instances * layer.weights, instances * banks * bits, instances * fold.multiplier_blocks,
    )  # fmt: skip


def _pool_row(layer: PoolLayer, lanes: int) -> LayerRow:
    kind = str(layer.activation)
    return LayerRow(
        layer.name, f"max pool {layer.size}x{layer.size}", f"{layer.in_shape} -> {layer.out_shape}",
        kind, "", "", kind, lanes, 1, "", 1, layer.in_shape.size // lanes, 0, 0, 0,
    )  # fmt: skip


def layer_rows(accelerator: Accelerator) -> list[LayerRow]:
    """All layers, in network order."""
    moe, folding = accelerator.moe, accelerator.folding
    rows, lanes, feature_lanes = [], 1, 1

    def add(layer: Layer, lanes: int, frozen: bool = True) -> int:
        if isinstance(layer, PoolLayer):
            rows.append(_pool_row(layer, lanes))
            return lanes
        rows.append(_matrix_row(accelerator, layer, frozen))
        return folding.layers[layer.name].pe

    for layer in moe.network.layers:
        lanes = add(layer, lanes)
        if layer.name == moe.network.tap:
            feature_lanes = lanes
    add(moe.le_pool, feature_lanes)
    add(moe.le, feature_lanes, frozen=False)
    add(moe.gate_pool, feature_lanes)
    for layer in moe.runtime_layers[1:]:
        add(layer, feature_lanes, frozen=False)
    return rows


def summary(accelerator: Accelerator) -> dict:
    """Plain data for ``summary.json``."""
    rows, moe = layer_rows(accelerator), accelerator.moe
    local = [(moe.local_experts if layer is moe.le else 1) * layer.macs for layer in moe.runtime_layers]
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
