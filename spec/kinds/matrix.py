# SPDX-License-Identifier: Apache-2.0
"""What convolutions and dense layers have in common: products with weights, a folding, and exact accumulators."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from spec.errors import InputError
from spec.fixedpoint import FixedPoint, signed_bits
from spec.kinds.data import MULTIPLIERS, Activity, LayerFolding, LayerWeights, Shape
from spec.kinds.exchange import Chain, Constant, Node, Nodes, Pending
from spec.kinds.layer import Layer


@dataclass(frozen=True)
class MatrixLayer(Layer):
    """A layer of multiply-accumulates.

    ``output`` is the type after ReLU and requantisation, or None when the raw accumulators leave the layer.
    ``extra_inputs`` counts inputs that follow the flattened feature map (the gate's confidence inputs).
    """

    weighted: ClassVar[bool] = True
    extra_inputs = 0  # no field here: a dense layer has it as one
    foldable: ClassVar[str]  # what SIMD divides

    name: str
    in_shape: Shape
    outputs: int
    input: FixedPoint
    weight: FixedPoint
    bias: FixedPoint
    accumulator: FixedPoint
    output: FixedPoint | None

    @property
    @abstractmethod
    def inputs(self) -> int:
        """Inputs of one output (the length of the dot product)."""

    @property
    @abstractmethod
    def unit(self) -> int:
        """Number that SIMD must divide."""

    @property
    def positions(self) -> int:
        """Matrix-vector products per image."""
        return self.out_shape.height * self.out_shape.width

    @property
    def out_type(self) -> FixedPoint:
        """Type of the values that leave the layer."""
        return self.output or self.accumulator

    @property
    def raw(self) -> bool:
        """Whether the accumulators leave the layer."""
        return self.output is None

    @property
    def macs(self) -> int:
        """Multiply-accumulates per image."""
        return self.positions * self.inputs * self.outputs

    @property
    def weights(self) -> int:
        """Number of weights without biases."""
        return self.inputs * self.outputs

    @property
    def shift(self) -> int:
        """Right shift of the requantisation (0 without one)."""
        return 0 if self.output is None else self.accumulator.fraction_bits - self.output.fraction_bits

    def _fingerprint(self, kernel: int | None) -> str:
        # Digests in bank files were made of this text, so it stays as it is.
        return (
            f"MatrixLayer(name={self.name!r}, in_shape={self.in_shape!r}, outputs={self.outputs}, kernel={kernel}, "
            f"input={self.input!r}, weight={self.weight!r}, bias={self.bias!r}, accumulator={self.accumulator!r}, "
            f"output={self.output!r}, extra_inputs={self.extra_inputs})"
        )

    # ---- In hardware ---------------------------------------------------------------------------------------

    def make_folding(self, where: str, section: dict, frozen: bool) -> LayerFolding:
        """The folding that a section of a folding preset describes, not yet checked against the streams.

        Raises:
            InputError: the products cannot be made so.
        """
        multiplier = section.get("multiplier", "dsp")
        if multiplier not in MULTIPLIERS:
            raise InputError(f"{where}: multiplier is '{multiplier}', allowed are {', '.join(MULTIPLIERS)}")
        if multiplier == "graph":
            self.check_graph(where, frozen)
            return LayerFolding(self.outputs, self.inputs, multiplier)
        folding = LayerFolding(section.get("pe", 0), section.get("simd", 0), multiplier)
        if multiplier == "dsp_pair" and not self.pairs(folding.pe):
            raise InputError(f"{where}: dsp_pair needs an even pe (is {folding.pe}) and at most 4-bit weights")
        return folding

    def pairs(self, pe: int) -> bool:
        """Whether a multiplier block can make the products of two outputs, of ``pe`` at a time."""
        # Both weights and a guard for the product's width share one 18-bit multiplier input.
        return pe % 2 == 0 and 2 * self.weight.bits + self.input.bits + 1 <= 18

    @staticmethod
    def takes(folding: LayerFolding, lanes: int) -> bool:
        """Whether words of ``lanes`` values become the SIMD values of the folding, whole words at a time."""
        return folding.graph or folding.simd % lanes == 0 or lanes % folding.simd == 0

    def check_graph(self, where: str, frozen: bool) -> None:
        """Refuse an adder graph where there is none for the layer."""
        raise InputError(f"{where}: an adder graph is for a convolution with constant weights")

    def check_folding(self, where: str, folding: LayerFolding, lanes: int) -> None:
        """Refuse a folding that does not fit the layer, or words of ``lanes`` values that do not fit the folding."""
        if folding.graph:
            return
        if folding.pe < 1 or self.outputs % folding.pe:
            raise InputError(f"{where}: pe = {folding.pe} does not divide its {self.outputs} outputs")
        if folding.simd < 1 or self.unit % folding.simd:
            raise InputError(f"{where}: simd = {folding.simd} does not divide its {self.unit} {self.foldable}")
        if not self.takes(folding, lanes):
            raise InputError(
                f"{where}: simd = {folding.simd} and the {lanes} lanes that feed it do not divide one another"
            )

    def lanes_after(self, folding: LayerFolding | None, lanes: int) -> int:
        """The outputs that are computed at a time."""
        return folding.pe

    def words_apart(self, folding: LayerFolding | None, lanes: int) -> bool:
        """With one output word behind several input words."""
        return not folding.graph and self.output_words(folding) == 1 and self.input_words(folding) > 1

    def input_words(self, folding: LayerFolding) -> int:
        """Input words of SIMD lanes per matrix-vector product; extra inputs are padded to whole words."""
        return (self.inputs - self.extra_inputs) // folding.simd + -(-self.extra_inputs // folding.simd)

    def output_words(self, folding: LayerFolding) -> int:
        """Output words of PE lanes per matrix-vector product (the number of output folds)."""
        return self.outputs // folding.pe

    def steps(self, folding: LayerFolding) -> int:
        """Steps of PE x SIMD products per image."""
        return self.positions * self.input_words(folding) * self.output_words(folding)

    def step_macs(self, folding: LayerFolding) -> int:
        """Multiply-accumulates of one step; an adder graph does those of a whole window."""
        return self.weights if folding.graph else folding.pe * folding.simd

    def cycles(self, folding: LayerFolding | None, lanes: int) -> int:
        """One step a cycle; an adder graph takes one pixel a cycle."""
        return self.in_shape.height * self.in_shape.width if folding.graph else self.steps(folding)

    def activity(self, folding: LayerFolding) -> Activity:
        """Work for one image."""
        if folding.graph:
            return Activity(self.macs, 0, self.in_shape.height * self.in_shape.width)
        steps = self.steps(folding)
        return Activity(steps * folding.pe * folding.simd, steps, self.buffer_words(folding))

    # ---- Memories ------------------------------------------------------------------------------------------

    def weight_word_bits(self, folding: LayerFolding) -> int:
        """Bits of a word of the weight memory."""
        return folding.pe * folding.simd * self.weight.bits

    def weight_memory_bits(self, folding: LayerFolding) -> int:
        """Bits of the weight memory (one bank); 0 when the weights are an adder graph."""
        if folding.graph:
            return 0
        return self.input_words(folding) * self.output_words(folding) * self.weight_word_bits(folding)

    def buffer_words(self, folding: LayerFolding) -> int:
        """Words of SIMD values that one image writes to the window buffer (0 without one)."""
        return 0

    def buffer_word_bits(self, folding: LayerFolding) -> int:
        """Bits of a word written to the window buffer: an adder graph's takes a pixel with all channels."""
        lanes = self.in_shape.channels if folding.graph else folding.simd
        return lanes * self.input.bits

    def window_read_bits(self, folding: LayerFolding) -> int:
        """Bits that one image reads from the window buffer (0 without one)."""
        return 0

    def window_buffer_bits(self, folding: LayerFolding) -> int:
        """Bits of the window buffer (0 without one)."""
        return 0

    # ---- QONNX ---------------------------------------------------------------------------------------------

    def _write(
        self, nodes: Nodes, value: str, weights: LayerWeights, operator: str, shape: tuple[int, int], **attributes
    ) -> str:
        """The product with stored weights of (outputs, channels, \\*``shape``), ReLU and Quant node."""
        blocks = weights.weight.reshape(-1, *shape, self.in_shape.channels).transpose(0, 3, 1, 2)
        stored = self._stored(blocks) * self.weight.scale
        name = self.name
        weight = nodes.quant(nodes.constant(f"{name}.weight", stored), f"{name}.weight", self.weight)
        bias = nodes.constant(f"{name}.bias", weights.bias * self.bias.scale)
        value = nodes.node(operator, [value, weight, bias], name, **attributes)
        if self.output is None:
            return value
        return nodes.quant(nodes.node("Relu", [value], f"{name}.relu"), f"{name}.activation", self.output)

    def _stored(self, blocks: np.ndarray) -> np.ndarray:
        """Integers (outputs, channels, row, column) in the shape that ONNX stores."""
        return blocks


class PendingMatrix(Pending):
    """A product whose ReLU and requantisation have not been read yet."""

    def __init__(self, chain: Chain, node: Node, layer: type[MatrixLayer], weight: Constant, **sizes: int) -> None:
        bias = chain.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
        super().__init__(chain, chain.next_name(layer.prefix, weight.name, bias.name if bias else ""))
        self.layer, self.weight, self.sizes = layer, weight, sizes
        self.rectified = False  # whether a ReLU has come, behind which nothing can be added
        self.bias = bias.values.ravel() if bias else np.zeros(weight.values.shape[0])

    def relu(self, node: Node) -> None:
        """The unsigned output type saturates at 0, which is the ReLU."""
        self.rectified = True

    def add(self, node: Node, constant: str) -> None:
        """A bias."""
        if self.rectified:
            raise self.chain.fail(f"{node.name}: an addition behind the Relu of {self.name} is not supported")
        self.bias = self.bias + self.chain.constant(constant).values.ravel()

    def close(self, output: FixedPoint | None) -> tuple[Layer, LayerWeights | None]:
        """The layer with the narrowest types that hold its weights' sums."""
        fail, kind, source = self.chain.fail, self.weight.kind, self.chain.activation
        if kind is None or not kind.signed:
            raise fail(f"{self.name}: the weights need a signed Quant node")
        fraction = source.fraction_bits + kind.fraction_bits
        integers = np.rint(self.weight.values / kind.scale).astype(np.int64)
        bias = self.bias / 2.0**-fraction
        if (bias != np.rint(bias)).any():
            raise fail(f"{self.name}: the bias is not a multiple of the accumulator's scale 2**-{fraction}")
        weights = LayerWeights(self.layer.stream_order(self.chain, integers), bias.astype(np.int64))
        accumulator = FixedPoint(signed_bits(*accumulator_for_weights(weights, source)), True, fraction)
        bias_low, bias_high = int(bias.min()), int(bias.max())
        bias_type = FixedPoint(signed_bits(min(bias_low, 0), max(bias_high, 0)), True, fraction)
        if output is not None and output.fraction_bits > fraction:
            raise fail(f"{self.name}: its output scale is finer than its accumulator's")
        shape = self.chain.shape
        layer = self.layer(self.name, shape, len(integers), source, kind, bias_type, accumulator, output, **self.sizes)
        return layer, weights


def accumulator_for_weights(weights: LayerWeights, inputs: FixedPoint) -> tuple[int, int]:
    """Interval of every partial sum of ``bias + weight @ x`` over all inputs x that ``inputs`` can represent.

    Activations are unsigned, so each partial sum lies between the bias plus all negative products and the bias
    plus all positive ones, whatever the order of summation: no width derived from this interval can wrap.
    """
    low = weights.bias + np.minimum(weights.weight, 0).sum(1) * inputs.maximum
    high = weights.bias + np.maximum(weights.weight, 0).sum(1) * inputs.maximum
    return int(min(low.min(), 0)), int(max(high.max(), 0))


def accumulator_for_any_weights(inputs: int, activation: FixedPoint, weight: FixedPoint, bias: FixedPoint) -> int:
    """Accumulator bits that hold any weights loadable at run time (worst case over the weight and bias types)."""
    low = bias.minimum + inputs * weight.minimum * activation.maximum
    high = bias.maximum + inputs * weight.maximum * activation.maximum
    return signed_bits(low, high)
