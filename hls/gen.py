# SPDX-License-Identifier: Apache-2.0
"""Generate the C++ that depends on the network: layer descriptions, layer chains and frozen weights.

``network.hpp`` describes every layer (shapes, folding, ap_fixed types), ``front_end.hpp`` and ``ge_tail.hpp`` chain
the templates of ``hls/src`` in the order of the layer list, ``weights/*.hpp`` hold the frozen integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hw.gen.memory import bank_writes
from spec.bank import Bank, random_bank
from spec.files import write_if_changed
from spec.fixedpoint import FixedPoint
from spec.folding import Folding, input_words, output_words, pack_bias, pack_weights
from spec.network import Layer, MatrixLayer, Moe, PoolLayer, activation_type
from spec.paths import ROOT
from spec.presets import Accelerator

SOURCES = ROOT / "hls" / "src"
_HEADER = "// SPDX-License-Identifier: Apache-2.0\n// Generated from the network specification; do not edit.\n"


@dataclass(frozen=True)
class Tap:
    """One recorded layer: ``values`` values an image, int32 when ``wide``, else uint8."""

    name: str
    values: int
    wide: bool


@dataclass(frozen=True)
class GeneratedHls:
    """Where the generated files are, and the include path that compiles them.

    ``layers`` names the frozen layers with weights. ``sources`` is the directory of the hand-written sources; tests put
    an altered copy in its place.
    """

    directory: Path
    layers: tuple[str, ...]
    sources: Path = SOURCES

    @property
    def units(self) -> list[Path]:
        """Translation units of the synthesised design."""
        return [self.sources / "layers.cpp", self.sources / "moe_top.cpp"]

    @property
    def include_path(self) -> list[Path]:
        """Directories of our own headers."""
        return [self.sources, self.directory]

    @property
    def logic(self) -> list[Path]:
        """Generated headers with types and code."""
        return [self.directory / f"{name}.hpp" for name in ("network", "front_end", "ge_tail")]

    @property
    def headers(self) -> list[Path]:
        """Every header that the units may include."""
        tables = [self.directory / "weights" / f"{name}.hpp" for name in self.layers]
        return [*sorted(self.sources.glob("*.hpp")), *self.logic, *tables]


def type_name(layer_name: str) -> str:
    """C++ name of a layer's description: ``gate_hidden`` becomes ``GateHidden``."""
    return "".join(part[:1].upper() + part[1:] for part in layer_name.split("_"))


def cpp_type(kind: FixedPoint, rounding: bool = False) -> str:
    """The ap_fixed type of a value; activations round half to even and saturate."""
    base = f"{'ap_fixed' if kind.signed else 'ap_ufixed'}<{kind.bits}, {kind.bits - kind.fraction_bits}"
    return f"{base}, AP_RND_CONV, AP_SAT>" if rounding else f"{base}>"


def taps(moe: Moe) -> tuple[Tap, ...]:
    """Recorded layers, in network order, named as in the integer model."""

    def tap(name: str, layer: Layer) -> Tap:
        return Tap(name, layer.out_shape.size, isinstance(layer, MatrixLayer) and layer.output is None)

    result = [tap(layer.name, layer) for layer in moe.network.layers]
    result.append(tap("le_pool", moe.le_pool))
    result += [tap(f"le{i}", moe.le) for i in range(moe.local_experts)]
    result.append(tap("gate_pool", moe.gate_pool))
    if moe.gate_hidden:
        result.append(tap("gate_hidden", moe.gate_hidden))
    result.append(tap("gate_out", moe.gate_out))
    return tuple(result)


def _lanes(moe: Moe, folding: Folding) -> dict[str, int]:
    """Lanes of each frozen layer's input stream, by layer name; '' is what leaves the last one."""
    lanes, result = 1, {}  # pixels arrive one channel value a beat
    for layer in moe.network.layers:
        result[layer.name] = lanes
        if isinstance(layer, MatrixLayer):
            lanes = folding.layers[layer.name].pe
    result[""] = lanes
    return result


def _matrix_struct(layer: MatrixLayer, folding: Folding, lanes: int, name: str | None = None) -> str:
    fold = folding.layers[layer.name]
    numbers = {
        "kInLanes": lanes,
        "kInputs": layer.inputs - layer.extra_inputs,
        "kOutputs": layer.outputs,
        "kPositions": layer.positions,
        "kPe": fold.pe,
        "kSimd": fold.simd,
        "kWords": input_words(layer, fold),
        "kFolds": output_words(layer, fold),
    }
    if layer.kernel is not None:
        s = layer.in_shape
        numbers |= {"kHeight": s.height, "kWidth": s.width, "kChannels": s.channels, "kKernel": layer.kernel}
    types = {
        "input_t": cpp_type(layer.input, rounding=True),
        "weight_t": f"ap_int<{layer.weight.bits}>",
        "bias_t": f"ap_int<{layer.bias.bits}>",
        "acc_t": cpp_type(layer.accumulator),
        "output_t": cpp_type(layer.output, rounding=True) if layer.output else cpp_type(layer.accumulator),
    }
    what = f"dense {layer.inputs} -> {layer.outputs}"
    if layer.kernel is not None:
        what = f"convolution {layer.kernel}x{layer.kernel}, {layer.in_shape} -> {layer.out_shape}"
    body = [f"  static const unsigned {key} = {value};" for key, value in numbers.items()]
    body.append(f"  static const bool kLut = {'true' if fold.lut or fold.graph else 'false'};")
    body += [f"  typedef {value} {key};" for key, value in types.items()]
    comment = f"/// {what}; weights {layer.weight}, biases {layer.bias}, as integers."
    return f"{comment}\nstruct {name or type_name(layer.name)} {{\n" + "\n".join(body) + "\n};\n"


def _pool_struct(layer: PoolLayer, lanes: int) -> str:
    s = layer.in_shape
    numbers = {
        "kHeight": s.height,
        "kWidth": s.width,
        "kChannels": s.channels,
        "kSize": layer.size,
        "kLanes": lanes,
    }
    body = [f"  static const unsigned {key} = {value};" for key, value in numbers.items()]
    body.append(f"  typedef {cpp_type(layer.activation, rounding=True)} value_t;")
    comment = f"/// max pooling {layer.size}x{layer.size}, {layer.in_shape} -> {layer.out_shape}."
    return f"{comment}\nstruct {type_name(layer.name)} {{\n" + "\n".join(body) + "\n};\n"


def network_header(accelerator: Accelerator) -> str:
    """``network.hpp``: constants, layer descriptions, stream types and taps."""
    moe, folding = accelerator.moe, accelerator.folding
    network = moe.network
    lanes = _lanes(moe, folding)
    tail_lanes = lanes[network.tail[0].name]
    structs = [
        _matrix_struct(layer, folding, lanes[layer.name])
        if isinstance(layer, MatrixLayer)
        else _pool_struct(layer, lanes[layer.name])
        for layer in network.layers
    ]
    structs += [_pool_struct(moe.le_pool, tail_lanes), _matrix_struct(moe.le, folding, tail_lanes)]
    structs.append(_pool_struct(moe.gate_pool, tail_lanes))
    gate_lanes = tail_lanes
    if moe.gate_hidden:
        structs.append(_matrix_struct(moe.gate_hidden, folding, gate_lanes))
        gate_lanes = folding.layers["gate_hidden"].pe
    structs.append(_matrix_struct(moe.gate_out, folding, gate_lanes))
    table = taps(moe)
    positions = {tap.name: i for i, tap in enumerate(table)}
    numbers = {
        "kPixels": network.in_shape.size,
        "kClasses": network.classes,
        "kFeatures": network.features.size,
        "kFeatureLanes": tail_lanes,
        "kFeatureBeats": network.features.size // tail_lanes,
        "kFeatureBits": network.feature_type.bits,
        "kLogitLanes": lanes[""],
        "kLocalExperts": moe.local_experts,
        "kBanks": folding.weight_banks,
        "kMaxWrites": len(bank_writes(moe, folding, _empty_bank(moe))),
        "kConfidenceShift": moe.confidence_shift or 0,
        "kGatePooled": moe.gate_pool.out_shape.size,
    }
    tap_numbers = {f"kTap{type_name(name)}": i for name, i in positions.items() if not name.startswith("le")}
    tap_numbers |= {"kTapLePool": positions["le_pool"], "kTapLe": positions["le0"]}
    tap_numbers |= {"kTapFeatures": positions[network.tap], "kTapLogits": positions[network.layers[-1].name]}
    lines = [f"static const unsigned {key} = {value};" for key, value in numbers.items()]
    lines.append(f"static const bool kConfidence = {'true' if moe.confidence_shift is not None else 'false'};")
    tap_lines = [f"static const unsigned {key} = {value};" for key, value in tap_numbers.items()]
    tap_lines += [
        f"static const unsigned kTapCount = {len(table)};",
        f"static const bool kTapWide[kTapCount] = {{{', '.join(str(t.wide).lower() for t in table)}}};",
        "static const char* const kTapName[kTapCount] = {" + ", ".join(f'"{t.name}"' for t in table) + "};",
    ]
    first, last = network.layers[0], network.layers[-1]
    streams = [
        f"typedef Beat<{cpp_type(network.pixel, rounding=True)}, {lanes[first.name]}> PixelBeat;",
        f"typedef Beat<{cpp_type(network.feature_type, rounding=True)}, kFeatureLanes> FeatureBeat;",
        f"typedef Beat<{cpp_type(activation_type(last))}, kLogitLanes> LogitBeat;",
    ]
    return (
        f"{_HEADER}/// Network {network.name}, gate preset {moe.preset}, folding {folding.name}.\n#pragma once\n\n"
        '#include "ap_fixed.h"\n#include "ap_int.h"\n#include "beat.hpp"\n#include "tap.hpp"\n\n'
        f"#define ACCEL_GATE_HIDDEN {int(moe.gate_hidden is not None)}\n\nnamespace accel {{\n\n"
        + "\n".join(lines)
        + "\n\n"
        + "\n".join(structs)
        + "\n"
        + "\n".join(streams)
        + "\n\n// Taps, in network order.\n"
        + "\n".join(tap_lines)
        + "\n\n}  // namespace accel\n"
    )


def _empty_bank(moe: Moe) -> Bank:
    """Any bank: only the number of its writes matters."""
    return random_bank(moe, 0)


def chain_header(function: str, layers: tuple[Layer, ...], accelerator: Accelerator, ends: tuple[str, str]) -> str:
    """A header with one function that connects ``layers`` one behind the other.

    Args:
        function: name of the function.
        layers: any number of convolutions, poolings and dense layers.
        ends: beat types of its input and output stream.
    """
    folding = accelerator.folding
    lanes = _lanes(accelerator.moe, folding)
    body, source = [], "in"
    for layer in layers:
        name = type_name(layer.name)
        sink = "out"
        if layer is not layers[-1]:
            sink = f"{layer.name}_out"
            matrix = isinstance(layer, MatrixLayer)
            width = folding.layers[layer.name].pe if matrix else lanes[layer.name]
            value = "output_t" if matrix else "value_t"
            # One row of the output lets a layer run ahead of the next one while that fills its line buffer.
            depth = max(2, layer.out_shape.width * (layer.out_shape.channels // width))
            body.append(f'  hls::stream<Beat<{name}::{value}, {width}> > {sink}("{sink}");')
            body.append(f"#pragma HLS STREAM variable = {sink} depth = {depth}")
        if isinstance(layer, PoolLayer):
            body.append(f"  max_pool<{name}>({source}, {sink});")
        elif layer.kernel is None:
            body.append(f"  dense<{name}>({source}, {sink}, {name}Weights());")
        else:
            unrolled = folding.layers[layer.name].graph and layer.kernel > 1
            template = "conv2d_unrolled" if unrolled else "conv2d"
            body.append(f"  {template}<{name}>({source}, {sink}, {name}Weights());")
        body.append(f"  TAP(kTap{name}, {sink});")
        source = sink
    frozen = [layer for layer in layers if isinstance(layer, MatrixLayer)]
    includes = ["conv2d.hpp", "dense.hpp", "max_pool.hpp", "network.hpp", "tap.hpp"]
    includes += [f"weights/{layer.name}.hpp" for layer in frozen]
    listed = "\n".join(f'#include "{name}"' for name in includes)
    return (
        f"{_HEADER}#pragma once\n\n{listed}\n\nnamespace accel {{\n\n"
        f"/// {' -> '.join(layer.name for layer in layers)}; one image a call.\n"
        f"inline void {function}(hls::stream<{ends[0]}>& in, hls::stream<{ends[1]}>& out) {{\n#pragma HLS DATAFLOW\n"
        + "\n".join(body)
        + "\n}\n\n}  // namespace accel\n"
    )


def _native(bits: int) -> str:
    """The C++ integer that holds a table value in C simulation."""
    return "signed char" if bits <= 8 else "short" if bits <= 16 else "int"


def _cell(bits: int) -> str:
    """Element type of a table, see rom.hpp."""
    return f"ROM_CELL({bits}, {_native(bits)})"


def _table(name: str, bits: int, rows: np.ndarray) -> str:
    listed = ",\n".join("  {" + ",".join(map(str, row)) + "}" for row in rows.tolist())
    return f"static const {_cell(bits)} {name}[{rows.shape[0]}][{rows.shape[1]}] = {{\n{listed}}};\n"


def weights_header(layer: MatrixLayer, accelerator: Accelerator) -> str:
    """Tables of a frozen layer in the order of :func:`spec.folding.pack_weights`, and access to them.

    In synthesis a cell is an ap_int of the exact width. In C simulation it is a native integer: an initialiser list of
    ap_int would run a constructor per weight at start-up.
    """
    fold, weights = accelerator.folding.layers[layer.name], accelerator.moe.network.weights[layer.name]
    name = type_name(layer.name)
    return (
        f"{_HEADER}#pragma once\n\n"
        '#include "rom.hpp"\n\nnamespace accel {\n\n'
        + _table(f"{layer.name}_weight_rom", layer.weight.bits, pack_weights(layer, fold, weights.weight))
        + _table(f"{layer.name}_bias_rom", layer.bias.bits, pack_bias(layer, fold, weights.bias))
        + f"\n/// Frozen integers of {layer.name}.\nstruct {name}Weights {{\n"
        f"  {_cell(layer.weight.bits)} weight(unsigned word, unsigned lane) const {{\n#pragma HLS INLINE\n"
        f"#pragma HLS ARRAY_RESHAPE variable = {layer.name}_weight_rom dim = 2 complete\n"
        f"    return {layer.name}_weight_rom[word][lane];\n  }}\n"
        f"  {_cell(layer.bias.bits)} bias(unsigned fold, unsigned pe) const {{\n#pragma HLS INLINE\n"
        f"#pragma HLS ARRAY_RESHAPE variable = {layer.name}_bias_rom dim = 2 complete\n"
        f"    return {layer.name}_bias_rom[fold][pe];\n  }}\n}};\n\n}}  // namespace accel\n"
    )


def generate(accelerator: Accelerator, directory: Path | None = None) -> GeneratedHls:
    """Write all generated C++ into ``directory`` (default ``build/hls/<accelerator name>``)."""
    directory = directory or ROOT / "build" / "hls" / accelerator.name
    (directory / "weights").mkdir(parents=True, exist_ok=True)
    network = accelerator.moe.network
    files = {
        "network.hpp": network_header(accelerator),
        "front_end.hpp": chain_header("front_end_layers", network.front_end, accelerator, ("PixelBeat", "FeatureBeat")),
        "ge_tail.hpp": chain_header("ge_tail_layers", network.tail, accelerator, ("FeatureBeat", "LogitBeat")),
    }
    frozen = [layer for layer in network.layers if isinstance(layer, MatrixLayer)]
    for layer in frozen:
        files[f"weights/{layer.name}.hpp"] = weights_header(layer, accelerator)
    for name, text in files.items():
        write_if_changed(directory / name, text)
    return GeneratedHls(directory, tuple(layer.name for layer in frozen))
