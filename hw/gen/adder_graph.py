# SPDX-License-Identifier: Apache-2.0
"""A frozen matrix-vector product as a pipelined adder graph: no multiplier, one vector a cycle.

da4ml finds the graph (shared sub-sums of shifted inputs) and cuts it into pipeline stages; this module writes it as
SystemVerilog whose stages only switch while they carry a valid vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import log2

import numpy as np

from hw.gen.text import HEADER
from spec.errors import InputError
from spec.fixedpoint import FixedPoint, signed_bits
from spec.network import LayerWeights

ADDERS_PER_STAGE = 2  # carry chains in a row: with 1 an ECP5-85 has 3,200 flip-flops more, whose wires it lacks

_CONSTANT = 5  # operation of da4ml
_ZERO = "1'sb0"


@dataclass(frozen=True)
class AdderGraph:
    """SystemVerilog of one graph and what it costs.

    ``adder_bits`` is da4ml's cost: the summed widths of all adders, about one LUT with carry each. ``register_bits``
    are those between stages and of the sums.
    """

    module: str
    text: str
    stages: int
    adders: int
    adder_bits: int
    register_bits: int


def _exponent(step: float) -> int:
    exponent = log2(step)
    assert exponent == int(exponent), f"a step of {step} is not a power of two"
    return int(exponent)


def _bits(low: float, high: float, step: float) -> int:
    return signed_bits(round(low / step), round(high / step))


def _shifted(name: str, places: int, width: int) -> str:
    assert places >= 0, "an operand is finer than the sum that it goes into"
    value = f"{width}'({name})"
    return f"({value} <<< {places})" if places else value


def _needed(stages: tuple, accumulator_bits: int) -> list[list[int]]:
    """For every operation of every stage, the highest bit position (as a power of two) that any result depends on.

    da4ml bounds a sum by its parts and may call for a bit that the whole sum, by interval analysis of the weights,
    never uses: everything is exact modulo the accumulator's width.
    """
    result = []
    wanted = [accumulator_bits] * len(stages[-1].out_idxs)
    for stage in reversed(stages):
        needed = [0] * len(stage.ops)
        inputs = [0] * len(stage.inp_qint)
        for index, shift, bits in zip(stage.out_idxs, stage.out_shifts, wanted, strict=True):
            if index >= 0:
                needed[index] = max(needed[index], bits - shift)
        for i in reversed(range(len(stage.ops))):
            op = stage.ops[i]
            low, high, step = op.qint
            needed[i] = min(needed[i], _exponent(step) + _bits(low, high, step))
            if op.opcode == -1:
                inputs[op.id0] = max(inputs[op.id0], needed[i])
                continue
            if op.opcode == _CONSTANT:
                continue
            needed[op.id0] = max(needed[op.id0], needed[i])
            if op.opcode in (0, 1):
                needed[op.id1] = max(needed[op.id1], needed[i] - op.data)
        result.append(needed)
        wanted = inputs
    return result[::-1]


def _stage(
    stage, inputs: list[str], needed: list[int]
) -> tuple[list[str], list[str], list[tuple[str, int, int, bool]]]:
    """Declarations and statements of one combinational stage, and its outputs.

    ``inputs`` are expressions of the stage's input integers, ``needed`` is from :func:`_needed`. An output is
    (variable, exponent, bits, negate), its value being ``(-1 if negate else 1) * variable * 2**exponent``.
    """
    declarations, statements = [], []
    names: dict[int, str] = {}
    exponents: dict[int, int] = {}
    widths: dict[int, int] = {}
    for i, op in enumerate(stage.ops):
        low, high, step = op.qint
        exponents[i] = _exponent(step)
        names[i] = f"v{i}"
        bits = min(_bits(low, high, step), needed[i] - exponents[i])
        if bits <= 0:  # nothing depends on it: an input whose weights are all 0
            names[i], widths[i] = _ZERO, 1
            continue
        widths[i] = bits
        if op.opcode == -1:
            expression = f"{bits}'({inputs[op.id0]})"
            assert stage.inp_shifts[op.id0] == 0, "shifted graph inputs are not expected"
        elif op.opcode in (0, 1):
            a = _shifted(names[op.id0], exponents[op.id0] - exponents[i], bits)
            b = _shifted(names[op.id1], exponents[op.id1] + op.data - exponents[i], bits)
            expression = f"{a} {'-' if op.opcode else '+'} {b}"
        elif op.opcode == 4:
            a = _shifted(names[op.id0], exponents[op.id0] - exponents[i], bits)
            sign = "-" if op.data < 0 else "+"
            expression = f"{a} {sign} {bits}'sd{abs(int(op.data))}"
        elif op.opcode == _CONSTANT:  # an output whose weights are all 0
            expression = f"{'-' if op.data < 0 else ''}{bits}'sd{abs(int(op.data))}"
        else:
            raise InputError(f"da4ml used an operation (code {op.opcode}) that the adder-graph writer does not know")
        declarations.append(f"      automatic logic signed [{bits - 1}:0] v{i};")
        statements.append(f"      v{i} = {expression};")
    outputs = []
    for index, shift, negate in zip(stage.out_idxs, stage.out_shifts, stage.out_negs, strict=True):
        if index < 0 or names[index] == _ZERO:
            outputs.append((_ZERO, 0, 1, False))
            continue
        low, high, step = stage.ops[index].qint
        bits = min(_bits(-high, -low, step), needed[index] - exponents[index]) if negate else widths[index]
        outputs.append((names[index], exponents[index] + shift, bits, bool(negate)))
    return declarations, statements, outputs


def _dead(stage, needed: list[int], inputs: int) -> list[int]:
    """Inputs that no output depends on: all their weights are 0."""
    live = {op.id0 for op, bits in zip(stage.ops, needed, strict=True) if op.opcode == -1 and bits > 0}
    return sorted(set(range(inputs)) - live)


def _unused(inputs: list[str]) -> str:
    """Says to the linter that these inputs are not used."""
    return f"  logic unused_inputs;\n  assign unused_inputs = ^{{{', '.join(inputs)}}};\n" if inputs else ""


def adder_graph(module: str, weights: LayerWeights, source: FixedPoint, accumulator: FixedPoint) -> AdderGraph:
    """Write ``bias + weight @ x`` as a module of ``stages`` pipeline stages; what was asked for before is remembered.

    Args:
        module: name of the module.
        weights: integers (outputs, inputs) and (outputs,).
        source: type of an input; unsigned.
        accumulator: type of an output.

    The module's ports: ``clk_i``; ``valid_i[k]`` high while stage k holds a vector; ``in_data_i``, input 0 in the
    lowest bits; ``out_data_o``, output 0 in the lowest bits, ``stages`` cycles later.
    """
    arrays = tuple((a.tobytes(), a.shape) for a in (np.asarray(w, np.int64) for w in (weights.weight, weights.bias)))
    return _made(module, *arrays, source, accumulator)


@lru_cache(maxsize=64)  # da4ml takes a tenth of a second and more
def _made(
    module: str, weight: tuple[bytes, tuple], bias: tuple[bytes, tuple], source: FixedPoint, accumulator: FixedPoint
) -> AdderGraph:
    from da4ml.trace import FixedVariableArray, HWConfig, comb_trace, to_pipeline

    weights = LayerWeights(*(np.frombuffer(data, np.int64).reshape(shape) for data, shape in (weight, bias)))
    inputs = weights.weight.shape[1]
    kept = np.zeros(inputs, np.int8)
    x = FixedVariableArray.from_kif(kept, np.full(inputs, source.bits, np.int8), kept, HWConfig(1, -1, -1))
    graph = comb_trace(x, x @ weights.weight.T.astype(np.float64) + weights.bias.astype(np.float64), True)
    pipeline = to_pipeline(graph, ADDERS_PER_STAGE, verbose=False)
    stages = pipeline.solutions

    expressions = [f"{source.bits + 1}'({{1'b0, in_data_i[{i * source.bits}+:{source.bits}]}})" for i in range(inputs)]
    body, registers, adders, register_bits = [], [], 0, 0
    needed = _needed(stages, accumulator.bits)
    dead = _dead(stages[0], needed[0], inputs)
    for k, stage in enumerate(stages):
        last = k == len(stages) - 1
        declarations, statements, outputs = _stage(stage, expressions, needed[k])
        adders += sum(1 for op in stage.ops if op.opcode in (0, 1, 4))
        expressions = []
        for i, (name, exponent, bits, negate) in enumerate(outputs):
            if not last and name == _ZERO:
                expressions.append(name)
                continue
            if last:
                width, places, target = (
                    accumulator.bits,
                    exponent,
                    f"out_data_o[{i * accumulator.bits}+:{accumulator.bits}]",
                )
            else:
                places = exponent - _exponent(stages[k + 1].inp_qint[i][2])
                width, target = bits + places, f"s{k + 1}_q{i}"
                registers.append(f"  logic signed [{width - 1}:0] {target};")
                expressions.append(target)
            register_bits += width
            value = _shifted(name, places, width)
            statements.append(f"      {target} <= {'-' if negate else ''}{value};")
        body.append(
            f"  always_ff @(posedge clk_i) begin : stage{k}\n    if (valid_i[{k}]) begin\n"
            + "\n".join([*declarations, *statements])
            + "\n    end\n  end\n"
        )
    text = (
        f"{HEADER}/// Adder graph found by da4ml: {weights.weight.shape[0]} outputs of {inputs} inputs, "
        f"{adders} adders, no multiplier.\n"
        f"/// Latency: {len(stages)} cycles. Initiation interval: 1 cycle. Does not stall.\n"
        f"module {module} (\n    input  logic clk_i,\n    input  logic [{len(stages) - 1}:0] valid_i,\n"
        f"    input  logic [{inputs * source.bits - 1}:0] in_data_i,\n"
        f"    output logic [{weights.weight.shape[0] * accumulator.bits - 1}:0] out_data_o\n);\n"
        + "\n".join(registers)
        + _unused([f"in_data_i[{i * source.bits}+:{source.bits}]" for i in dead])
        + "\n\n"
        + "\n".join(body)
        + "endmodule\n"
    )
    return AdderGraph(module, text, len(stages), adders, int(graph.cost), register_bits)
