# SPDX-License-Identifier: Apache-2.0
"""QONNX reader: a network survives the round trip, and what is not supported is refused in one sentence."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest

from spec.errors import InputError
from spec.kinds.average_pool import AveragePool
from spec.kinds.max_pool import MaxPool
from spec.qonnx_reader import read_qonnx
from spec.qonnx_writer import QonnxWriter
from spec.tiny import tiny_network


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_round_trip_gives_the_same_network(tmp_path, seed):
    network = tiny_network(seed)
    read = read_qonnx(QonnxWriter(network).save(tmp_path / "tiny.onnx"))
    assert read.layers == network.layers
    assert (read.in_shape, read.pixel, read.tap, read.name) == (network.in_shape, network.pixel, "pool1", "tiny")
    for name, weights in network.weights.items():
        assert (read.weights[name].weight == weights.weight).all(), name
        assert (read.weights[name].bias == weights.bias).all(), name
    assert read.digest() == network.digest()


def test_tap_can_be_named(tmp_path):
    path = QonnxWriter(tiny_network()).save(tmp_path / "tiny.onnx")
    assert read_qonnx(path, tap="pool2").tap_index == 4
    with pytest.raises(InputError, match="there is no layer 'pool7' to tap"):
        read_qonnx(path, tap="pool7")


def test_matmul_and_add_are_a_dense_layer_with_bias(tmp_path):
    writer = QonnxWriter(tiny_network())
    gemm = writer.find("fc2")
    transposed = onnx.helper.make_node("Transpose", [gemm.input[1]], ["fc2.t"], name="fc2.t", perm=[1, 0])
    product = onnx.helper.make_node("MatMul", [gemm.input[0], "fc2.t"], ["fc2.product"], name="fc2.matmul")
    add = onnx.helper.make_node("Add", ["fc2.product", gemm.input[2]], ["fc2.out"], name="fc2.add")
    position = list(writer.model.graph.node).index(gemm)
    del writer.model.graph.node[position]
    for node in (add, product, transposed):
        writer.model.graph.node.insert(position, node)
    assert read_qonnx(writer.save(tmp_path / "tiny.onnx")).digest() == tiny_network().digest()


def test_weights_are_rounded_half_to_even_and_clipped_as_the_quant_node_says(tmp_path):
    network = tiny_network()
    writer = QonnxWriter(network)
    layer = next(x for x in network.layers if x.name == "fc2")
    values = network.weights["fc2"].weight.astype(float)
    values[0, :4] = [0.5, 1.5, -2.5, 100]
    writer.set_constant("fc2.weight", values * layer.weight.scale)
    read = read_qonnx(writer.save(tmp_path / "tiny.onnx"))
    assert read.weights["fc2"].weight[0, :4].tolist() == [0, 2, -2, 7]


def _set(node: str, attribute: str, value: object) -> Callable[[QonnxWriter], None]:
    return lambda writer: writer.set_attribute(node, attribute, value)


def _constant(name: str, value: object) -> Callable[[QonnxWriter], None]:
    return lambda writer: writer.set_constant(name, np.array(value))


def _operator(node: str, operator: str) -> Callable[[QonnxWriter], None]:
    def change(writer: QonnxWriter) -> None:
        writer.find(node).op_type = operator

    return change


def _drop(node: str) -> Callable[[QonnxWriter], None]:
    """Take a node out of the chain."""

    def change(writer: QonnxWriter) -> None:
        target = writer.find(node)
        for other in writer.model.graph.node:
            for i, name in enumerate(other.input):
                if name == target.output[0]:
                    other.input[i] = target.input[0]
        writer.model.graph.node.remove(target)

    return change


def _bias_off_grid(writer: QonnxWriter) -> None:
    bias = np.zeros(7)
    bias[0] = 2.0**-40
    writer.set_constant("fc2.bias", bias)


def _late_bias(writer: QonnxWriter) -> None:
    """Add a constant between a ReLU and its Quant node."""
    quant = writer.find("conv1.activation.quant")
    constant = writer.find("conv1").input[2]
    late = onnx.helper.make_node("Add", [quant.input[0], constant], ["late"], name="late")
    writer.model.graph.node.insert(list(writer.model.graph.node).index(quant), late)
    quant.input[0] = "late"


def _branch(writer: QonnxWriter) -> None:
    writer.model.graph.node.append(onnx.helper.make_node("Relu", ["pool1.out"], ["branch"], name="branch"))


def _batch_of_two_dimensions(writer: QonnxWriter) -> None:
    del writer.model.graph.input[0].type.tensor_type.shape.dim[2:]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (_operator("conv2.relu", "Sigmoid"), "unsupported layer 'Sigmoid'.*supported are Quant, Conv"),
        (_operator("pool2", "GlobalMaxPool"), "unsupported layer 'GlobalMaxPool'"),
        (_operator("pool2", "AveragePool"), "not requantised by a Quant node"),
        (_constant("conv1.weight.scale", 0.3), "scale 0.3.* is not a power of two"),
        (_constant("conv1.activation.scale", -0.5), "is not a power of two"),
        (_constant("conv2.weight.scale", [0.5, 0.25]), "only one scale per tensor"),
        (_constant("conv1.activation.zero_point", 3.0), "zero point 0"),
        (_set("conv1.activation.quant", "rounding_mode", "FLOOR"), "rounding mode FLOOR found, only ROUND"),
        (_set("conv1.activation.quant", "signed", 1), "activations must be unsigned"),
        (_set("conv1.weight.quant", "signed", 0), "the weights need a signed Quant node"),
        (_set("conv1", "strides", [2, 2]), r"convolution with strides = \[2, 2\] is not supported"),
        (_set("conv1", "pads", [1, 1, 1, 1]), "convolution with pads"),
        (_set("conv1", "dilations", [2, 2]), "convolution with dilations"),
        (_set("conv2", "group", 2), "convolution with group = 2"),
        (_set("pool1", "dilations", [2, 2]), r"max pooling with dilations = \[2, 2\] is not supported"),
        (_set("pool1", "auto_pad", "SAME_UPPER"), "max pooling with auto_pad"),
        (_set("pool1", "ceil_mode", 1), "max pooling with ceil_mode = 1"),
        (_set("fc2", "alpha", 0.5), "dense layer with alpha = 0.5 is not supported"),
        (_set("fc2", "transA", 1), "dense layer with transA = 1"),
        (_late_bias, "an addition behind the Relu of conv1 is not supported"),
        (_set("pool1", "strides", [1, 1]), "max pooling .* is not supported"),
        (_set("pool1", "kernel_shape", [5, 5]), "max pooling .* is not supported"),
        (_constant("conv1.activation.scale", 2.0**-30), "its output scale is finer than its accumulator's"),
        (_bias_off_grid, "the bias is not a multiple of the accumulator's scale"),
        (_drop("flatten"), "needs a Reshape or Flatten"),
        (_drop("conv1.activation.quant"), "not requantised by a Quant node"),
        (_drop("fc2"), "must end with a dense layer that gives raw logits"),
        (_branch, "feeds 2 layers; only a chain"),
        (_batch_of_two_dimensions, "its input has shape"),
        (_constant("fc2.weight", np.zeros((7, 9))), "takes 9 inputs, but gets"),
        (_constant("conv2.weight", np.zeros((6, 3, 3, 3))), "weights for 3 channels, the input is 6x6x4"),
    ],
)
def test_unsupported_networks_are_refused(tmp_path, change, text):
    writer = QonnxWriter(tiny_network())
    change(writer)
    path = writer.save(tmp_path / "bad.onnx")
    with pytest.raises(InputError, match=text) as refusal:
        read_qonnx(path)
    message = str(refusal.value)
    assert message.startswith(str(path)) and "\n" not in message


def test_pooling_that_does_not_divide_is_refused(tmp_path):
    writer = QonnxWriter(tiny_network())
    writer.set_attribute("pool1", "kernel_shape", [5, 5])
    writer.set_attribute("pool1", "strides", [5, 5])
    with pytest.raises(InputError, match="pooling by 5 does not divide 12x12x4"):
        read_qonnx(writer.save(tmp_path / "bad.onnx"))


@pytest.mark.parametrize("pools", [(AveragePool, AveragePool), (AveragePool, MaxPool), (MaxPool, AveragePool)])
def test_average_pools_survive_the_round_trip(tmp_path, pools):
    network = tiny_network(pools=pools)
    read = read_qonnx(QonnxWriter(network).save(tmp_path / "tiny.onnx"))
    assert read.layers == network.layers and read.tap == "pool1"
    assert read.digest() == network.digest() != tiny_network().digest()


def test_a_relu_behind_an_average_changes_nothing(tmp_path):
    """Brevitas writes one when the average shares the quantiser of a ReLU."""
    network = tiny_network(pools=(AveragePool, AveragePool))
    writer = QonnxWriter(network)
    quant = writer.find("pool1.activation.quant")
    relu = onnx.helper.make_node("Relu", [quant.input[0]], ["pool1.relu"], name="pool1.relu")
    quant.input[0] = "pool1.relu"
    writer.model.graph.node.insert(list(writer.model.graph.node).index(quant), relu)
    assert read_qonnx(writer.save(tmp_path / "tiny.onnx")).digest() == network.digest()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (_drop("pool1.activation.quant"), "not requantised by a Quant node"),
        (_constant("pool1.activation.scale", 2.0**-3), "pool1: average pooling of .* it must keep its input's type"),
        (_constant("pool1.activation.bits", 9.0), "pool1: average pooling of .* it must keep its input's type"),
        (_set("pool1.activation.quant", "rounding_mode", "FLOOR"), "rounding mode FLOOR found, only ROUND"),
        (_set("pool1", "strides", [1, 1]), "average pooling .* is not supported"),
    ],
)
def test_averages_that_are_rounded_otherwise_are_refused(tmp_path, change, text):
    writer = QonnxWriter(tiny_network(pools=(AveragePool, AveragePool)))
    change(writer)
    with pytest.raises(InputError, match=text):
        read_qonnx(writer.save(tmp_path / "bad.onnx"))


def test_an_average_of_another_number_of_values_is_refused(tmp_path):
    writer = QonnxWriter(tiny_network(pools=(AveragePool, MaxPool)))
    for attribute in ("kernel_shape", "strides"):
        writer.set_attribute("pool1", attribute, [3, 3])
    with pytest.raises(InputError, match="average pooling by 3 is not supported.*one of 1, 2, 4, 8, 16"):
        read_qonnx(writer.save(tmp_path / "bad.onnx"))


def test_files_that_are_not_qonnx_are_refused(tmp_path):
    with pytest.raises(InputError, match="there is no such QONNX file"):
        read_qonnx(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("this is not a protobuf")
    with pytest.raises(InputError, match="not a QONNX file"):
        read_qonnx(tmp_path / "text.onnx")
    whole = QonnxWriter(tiny_network()).save(tmp_path / "whole.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError):
        read_qonnx(tmp_path / "cut.onnx")
