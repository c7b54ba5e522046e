# SPDX-License-Identifier: Apache-2.0
"""Generate the C++ that depends on the network: layer descriptions, layer chains and frozen weights.

``learn_rule.hpp`` says whether the accelerator learns, and the numbers of the rule (:mod:`spec.learning`);
``network.hpp`` describes every layer (shapes, folding, ap_fixed types), ``front_end.hpp`` and ``ge_tail.hpp`` chain
the templates of ``hls/src`` in the order of the layer list, ``weights/*.hpp`` hold the frozen integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hls.cpp import HEADER, cpp_type, type_name
from hls.kinds import hls_kind
from hw.gen.memory import bank_writes
from spec import learning
from spec.bank import Bank, random_bank
from spec.errors import InputError
from spec.files import write_if_changed
from spec.folding import pack_bias, pack_weights
from spec.kinds import weighted
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer
from spec.network import Moe, name_in_bank
from spec.paths import ROOT
from spec.presets import Accelerator

SOURCES = ROOT / "hls" / "src"


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
        return [self.directory / f"{name}.hpp" for name in ("learn_rule", "network", "front_end", "ge_tail")]

    @property
    def headers(self) -> list[Path]:
        """Every header that the units may include."""
        tables = [self.directory / "weights" / f"{name}.hpp" for name in self.layers]
        return [*sorted(self.sources.glob("*.hpp")), *self.logic, *tables]


def taps(moe: Moe) -> tuple[Tap, ...]:
    """Recorded layers, in network order, named as in the integer model."""

    def tap(name: str, layer: Layer) -> Tap:
        return Tap(name, layer.out_shape.size, layer.raw)

    result = [tap(layer.name, layer) for layer in moe.network.layers]
    result.append(tap(moe.le.pool.name, moe.le.pool))
    experts = range(moe.local_experts)
    result += [tap(name_in_bank(layer.name, i), layer) for i in experts for layer in moe.le.layers]
    result += [tap(layer.name, layer) for layer in (moe.gate.pool, *moe.gate.layers)]
    return tuple(result)


def network_header(accelerator: Accelerator) -> str:
    """``network.hpp``: constants, layer descriptions, stream types and taps."""
    moe, folding = accelerator.moe, accelerator.folding
    network = moe.network
    streams = folding.streams(moe)
    described = (*network.layers, moe.le.pool, *moe.le.layers, moe.gate.pool, *moe.gate.layers)
    structs = [
        hls_kind(layer).description(layer, folding.layers.get(layer.name), streams.into[layer.name])
        for layer in described
    ]
    table = taps(moe)
    positions = {tap.name: i for i, tap in enumerate(table)}
    numbers = {
        "kPixels": network.in_shape.size,
        "kClasses": network.classes,
        "kFeatures": network.features.size,
        "kFeatureLanes": streams.features,
        "kFeatureBeats": network.features.size // streams.features,
        "kFeatureBits": network.feature_type.bits,
        "kLogitLanes": streams.after[network.layers[-1].name],
        "kLocalExperts": moe.local_experts,
        "kBanks": folding.weight_banks,
        "kMaxWrites": len(bank_writes(moe, folding, _empty_bank(moe))),
        "kConfidenceShift": moe.confidence_shift or 0,
        "kGatePooled": moe.gate.pool.out_shape.size,
        "kLeLayers": len(moe.le.layers),
    }
    tap_numbers = {f"kTap{type_name(name)}": i for name, i in positions.items() if not name.startswith("le")}
    tap_numbers |= {"kTapLePool": positions["le_pool"], "kTapLe": positions[name_in_bank(moe.le.layers[0].name, 0)]}
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
    pools = {"ACCEL_LE_POOL": hls_kind(moe.le.pool), "ACCEL_GATE_POOL": hls_kind(moe.gate.pool)}
    headers = sorted({"beat.hpp", "tap.hpp", *(kind.header for kind in pools.values())})
    listed = "\n".join(f'#include "{header}"' for header in ("ap_fixed.h", "ap_int.h", *headers))
    values = {name: kind.template for name, kind in pools.items()}
    values |= {"ACCEL_LE_HIDDEN": len(moe.le.hidden), "ACCEL_GATE_HIDDEN": len(moe.gate.hidden)}
    macros = "\n".join(f"#define {name} {value}" for name, value in values.items())
    streams = [
        f"typedef Beat<{cpp_type(network.pixel, rounding=True)}, {streams.into[first.name]}> PixelBeat;",
        f"typedef Beat<{cpp_type(network.feature_type, rounding=True)}, kFeatureLanes> FeatureBeat;",
        f"typedef Beat<{cpp_type(last.out_type)}, kLogitLanes> LogitBeat;",
    ]
    return (
        f"{HEADER}/// Network {network.name}, gate preset {moe.preset}, folding {folding.name}.\n#pragma once\n\n"
        f"{listed}\n\n{macros}\n\nnamespace accel {{\n\n"
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


def learn_header(learn: bool) -> str:
    """``learn_rule.hpp``: whether the accelerator learns (``ACCEL_LEARN``), and the rule's numbers."""
    numbers = {
        "kLfsrTaps": learning.LFSR_TAPS,
        "kLfsrSteps": learning.LFSR_STEPS,
        "kDitherBits": learning.DITHER_BITS,
        "kWeyl": learning.WEYL,
        "kSmallestShift": learning.SMALLEST_SHIFT,
        "kShiftBits": learning.LARGEST_SHIFT.bit_length(),
        "kMarginBits": learning.MARGIN_BITS,
        "kRandomStart": learning.LearnRule().seed,
    }
    lines = [f"static const unsigned {key} = {value};" for key, value in numbers.items()]
    return (
        f"{HEADER}/// The rule of learning, from spec/learning.py, and whether it is built in.\n#pragma once\n\n"
        f"#define ACCEL_LEARN {int(learn)}\n\nnamespace accel {{\n\n" + "\n".join(lines) + "\n\n}  // namespace accel\n"
    )


def chain_header(function: str, layers: tuple[Layer, ...], accelerator: Accelerator, ends: tuple[str, str]) -> str:
    """A header with one function that connects ``layers`` one behind the other.

    Args:
        function: name of the function.
        layers: any number of convolutions, poolings and dense layers.
        ends: beat types of its input and output stream.
    """
    folding, streams = accelerator.folding, accelerator.folding.streams(accelerator.moe)
    body, source = [], "in"
    for layer in layers:
        name, kind, sink = type_name(layer.name), hls_kind(layer), "out"
        if layer is not layers[-1]:
            sink = f"{layer.name}_out"
            width = streams.after[layer.name]
            # One row of the output lets a layer run ahead of the next one while that fills its line buffer.
            depth = max(2, layer.out_shape.width * (layer.out_shape.channels // width))
            body.append(f'  Channel<Beat<{name}::{kind.value}, {width}> > {sink} ACCEL_NAMED("{sink}");')
            body.append(f"  ACCEL_PRAGMA(STREAM variable = {sink} depth = {depth})")
        body.append(f"  {kind.call(layer, folding.layers.get(layer.name), source, sink)}")
        body.append(f"  TAP(kTap{name}, {sink});")
        source = sink
    includes = [*sorted({hls_kind(layer).header for layer in layers}), "network.hpp", "tap.hpp"]
    includes += [f"weights/{layer.name}.hpp" for layer in weighted(layers)]
    listed = "\n".join(f'#include "{name}"' for name in includes)
    return (
        f"{HEADER}#pragma once\n\n{listed}\n\nnamespace accel {{\n\n"
        f"/// {' -> '.join(layer.name for layer in layers)}; one image a call.\n"
        f"inline void {function}(Channel<{ends[0]}>& in, Channel<{ends[1]}>& out) {{\n  ACCEL_DATAFLOW\n"
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
        f"{HEADER}#pragma once\n\n"
        '#include "rom.hpp"\n\nnamespace accel {\n\n'
        + _table(f"{layer.name}_weight_rom", layer.weight.bits, pack_weights(layer, fold, weights.weight))
        + _table(f"{layer.name}_bias_rom", layer.bias.bits, pack_bias(layer, fold, weights.bias))
        + f"\n/// Frozen integers of {layer.name}.\nstruct {name}Weights {{\n"
        f"  {_cell(layer.weight.bits)} weight(unsigned word, unsigned lane) const {{\n    ACCEL_INLINE\n"
        f"    ACCEL_PRAGMA(ARRAY_RESHAPE variable = {layer.name}_weight_rom dim = 2 complete)\n"
        f"    return {layer.name}_weight_rom[word][lane];\n  }}\n"
        f"  {_cell(layer.bias.bits)} bias(unsigned fold, unsigned pe) const {{\n    ACCEL_INLINE\n"
        f"    ACCEL_PRAGMA(ARRAY_RESHAPE variable = {layer.name}_bias_rom dim = 2 complete)\n"
        f"    return {layer.name}_bias_rom[fold][pe];\n  }}\n}};\n\n}}  // namespace accel\n"
    )


def generate(accelerator: Accelerator, directory: Path | None = None, learn: bool = False) -> GeneratedHls:
    """Write all generated C++ into ``directory``.

    Args:
        accelerator: what to build.
        directory: default ``build/hls/<accelerator name>``, with ``-learn`` behind it if it learns.
        learn: build learning in; without it the accelerator has neither its logic nor its ports.
    """
    if accelerator.folding.local_only:
        raise InputError(f"folding '{accelerator.folding.name}' is local_only, which is made in SystemVerilog only")
    directory = directory or ROOT / "build" / "hls" / (accelerator.name + ("-learn" if learn else ""))
    (directory / "weights").mkdir(parents=True, exist_ok=True)
    network = accelerator.moe.network
    files = {
        "learn_rule.hpp": learn_header(learn),
        "network.hpp": network_header(accelerator),
        "front_end.hpp": chain_header("front_end_layers", network.front_end, accelerator, ("PixelBeat", "FeatureBeat")),
        "ge_tail.hpp": chain_header("ge_tail_layers", network.tail, accelerator, ("FeatureBeat", "LogitBeat")),
    }
    for layer in network.weighted_layers:
        files[f"weights/{layer.name}.hpp"] = weights_header(layer, accelerator)
    for name, text in files.items():
        write_if_changed(directory / name, text)
    return GeneratedHls(directory, tuple(layer.name for layer in network.weighted_layers))
