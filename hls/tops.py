# SPDX-License-Identifier: Apache-2.0
"""Each layer of the local experts and the gate as a top function of its own, for a compiler that is given one layer.

A top is a process of the dataflow in ``local_expert.hpp`` and ``gating_network.hpp``: it reads and writes streams, and
one call handles one image. All local experts have the same layers, so each of them is one top.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hls.cpp import HEADER, type_name
from hls.gen import GeneratedHls
from hls.kinds import hls_kind
from spec.files import write_if_changed
from spec.network import Head
from spec.presets import Accelerator

COMMAND_BITS = 64  # WeightWrite::word_t
CLASS_BITS = 8
EXPERT_BITS = 4
THETA_BITS = 32


@dataclass(frozen=True)
class Port:
    """A stream of words of ``bits`` bits, or a register that holds for a call (``stream`` is False, then an input)."""

    name: str
    bits: int
    is_input: bool
    stream: bool = True
    signed: bool = False

    @property
    def cpp_type(self) -> str:
        """Type of the parameter."""
        if self.stream:
            return f"hls::stream<ap_uint<{self.bits}> >&"
        return f"ap_{'' if self.signed else 'u'}int<{self.bits}>"


@dataclass(frozen=True)
class Top:
    """A top function.

    Attributes:
        name: of the function.
        header: of ``hls/src``, with what it calls.
        ports: in the order of its parameters.
        body: its statements.
        cycles: initiation interval that the template asks for, in cycles an image.
        layer: the layer whose run-time weights it holds, by its name in the network, or None.
    """

    name: str
    header: str
    ports: tuple[Port, ...]
    body: tuple[str, ...]
    cycles: int
    layer: str | None = None

    @property
    def source(self) -> str:
        """The C++ unit; the function has a C name, which the generated module takes over."""
        parameters = ", ".join(f"{port.cpp_type} {port.name}" for port in self.ports)
        lines = "".join(f"  {line}\n" for line in self.body)
        return f'{HEADER}#include "{self.header}"\n\nextern "C" void {self.name}({parameters}) {{\n{lines}}}\n'

    @property
    def ports_header(self) -> str:
        """A C++ header that lists the ports, for harnesses: ``X(name, bits)`` for each."""

        def listed(name: str, ports: Iterator[Port]) -> str:
            return f"#define {name}(X) " + " ".join(f"X({port.name}, {port.bits})" for port in ports) + "\n"

        parameters = ", ".join(f"{port.cpp_type} {port.name}" for port in self.ports)
        streams = [port for port in self.ports if port.stream]
        return (
            f"{HEADER}\n#define TOP_RUN {self.name}_run\n#define TOP_FAILURE {self.name}_failure\n"
            f"#define TOP_NAME {self.name}\n#define TOP_MODEL V{self.name}_streams\n"
            f"#define TOP_PARAMETERS {parameters}\n"
            f"#define TOP_ARGUMENTS {', '.join(port.name for port in self.ports)}\n"
            + listed("TOP_INPUTS", (port for port in streams if port.is_input))
            + listed("TOP_OUTPUTS", (port for port in streams if not port.is_input))
            + listed("TOP_REGISTERS", (port for port in self.ports if not port.stream))
        )


def _head(prefix: str, head: Head, accelerator: Accelerator, header: str) -> Iterator[Top]:
    """The tops of a head up to its logits."""
    moe, folding = accelerator.moe, accelerator.folding
    streams, bits = folding.streams(moe), moe.network.feature_type.bits
    pool, lanes = head.pool, streams.features
    feature = lanes * bits
    for process in hls_kind(pool).processes():
        ports = [Port(port, feature, True) for port in process.inputs]
        ports += [Port(port, feature, False) for port in process.outputs]
        listed = ", ".join(port.name for port in ports)
        call = f"accel::{process.template}<accel::{type_name(pool.name)}>({listed});"
        yield Top(f"{prefix}_pool{process.suffix}", header, tuple(ports), (call,), pool.in_shape.size // lanes)
    into = "accel::FeatureBeat"
    for layer in head.layers:
        fold, name = folding.layers[layer.name], f"accel::{type_name(layer.name)}"
        word, value = fold.simd * layer.input.bits, f"{name}::output_t"
        beat = f"accel::Beat<{name}::input_t, {name}::kSimd>"
        streams_of = (Port("in", lanes * layer.input.bits, True), Port("out", word, False))
        regroup = f"accel::stream_width<{name}::kInputs, {into}, {beat} >(in, out);"
        if layer.extra_inputs:
            confidences = tuple(Port(f"confidence{e}", 2 * bits, True) for e in range(moe.local_experts))
            taken = ", ".join(f"accel::receive<accel::Confidence>({port.name})" for port in confidences)
            append = (
                f"const accel::Confidence confidence[accel::kLocalExperts] = {{{taken}}};",
                f"accel::confidence_words<{name}>(confidence, out);",
            )
            ports = (streams_of[0], *confidences, streams_of[1])
            yield Top(f"{layer.name}_words", header, ports, (regroup, *append), layer.input_words(fold))
        elif lanes != fold.simd:
            words = layer.inputs // min(lanes, fold.simd)
            yield Top(f"{layer.name}_words", header, streams_of, (regroup,), words)
        yield Top(
            layer.name,
            header,
            (
                Port("commands", COMMAND_BITS, True),
                Port("in", word, True),
                Port("out", fold.pe * layer.out_type.bits, False),
            ),
            (
                f"static accel::WeightBanks<{name}, accel::kBanks> memory;",
                f"accel::runtime_layer<{name}, accel::kMaxWrites>(memory, commands, in, out);",
            ),
            layer.input_words(fold) * layer.output_words(fold),
            layer.name,
        )
        into, lanes = f"accel::Beat<{value}, {name}::kPe>", fold.pe


def layer_tops(accelerator: Accelerator) -> tuple[Top, ...]:
    """All tops, in the order of the data."""
    moe, folding = accelerator.moe, accelerator.folding
    header = "gating_network.hpp"
    out = moe.le.out
    fold, bits = folding.layers[out.name], moe.network.feature_type.bits
    tops = list(_head("le", moe.le, accelerator, "local_expert.hpp"))
    with_confidence = moe.confidence_shift is not None
    tops.append(
        Top(
            "le_answer",
            "local_expert.hpp",
            (
                Port("in", fold.pe * out.out_type.bits, True),
                Port("answer", CLASS_BITS, False),
                *((Port("confidence", 2 * bits, False),) if with_confidence else ()),
            ),
            (
                "accel::answer_local(true, in, answer, confidence);"
                if with_confidence
                else "answer.write(accel::arg_max<accel::kClasses, accel::LeLogitBeat>(in).index);",
            ),
            out.outputs,
        )
    )
    tops += _head("gate", moe.gate, accelerator, header)
    out = moe.gate.out
    fold = folding.layers[out.name]
    tops.append(
        Top(
            "gate_decide",
            header,
            (
                Port("theta", THETA_BITS, True, stream=False, signed=True),
                Port("in", fold.pe * out.out_type.bits, True),
                Port("decision", EXPERT_BITS, False),
            ),
            ("accel::decide(theta, in, decision);",),
            out.outputs,
        )
    )
    return tuple(tops)


def write_tops(generated: GeneratedHls, tops: tuple[Top, ...]) -> dict[str, Path]:
    """Write ``tops/NAME.cpp`` and ``tops/NAME/top_ports.h`` beside the generated sources; returns the units by name."""
    directory = generated.directory / "tops"
    units = {}
    for top in tops:
        (directory / top.name).mkdir(parents=True, exist_ok=True)
        units[top.name] = directory / f"{top.name}.cpp"
        write_if_changed(units[top.name], top.source)
        write_if_changed(directory / top.name / "top_ports.h", top.ports_header)
    return units
