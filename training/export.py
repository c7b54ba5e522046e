# SPDX-License-Identifier: Apache-2.0
"""Export of a quantised network as a small, self-contained QONNX file with readable names.

Brevitas writes float weights followed by ``Quant`` nodes. Here the weights and biases are first replaced by
their quantised values (``Quant`` is idempotent, so nothing changes), which makes the file independent of
how a reader rounds. Then every node and tensor is named after its layer, every ``Quant`` gets its own
constants, and the exporter's trace metadata (which holds local paths) is dropped.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx
import torch
from brevitas.export import export_qonnx
from onnx import numpy_helper

from golden.torch_model import Network, Preset
from spec.files import write_bytes
from spec.kinds import kind_named, kind_of_operator

QUANT_PARAMETERS = ("scale", "zero_point", "bits")
"""The inputs of a Quant node after the tensor itself, in order."""

IR_VERSION = 10
"""ONNX file format version: the lowest that the exported operators allow, for older runtimes."""


def export_network(model: Network, preset: Preset, path: str | Path) -> None:
    """Write a quantised network as QONNX, atomically.

    Graph: ``input`` (1, C, H, W) float32 byte / 256 -> Quant -> [Conv | Gemm with Quant weight and bias ->
    Relu -> Quant -> a pool ...] -> ``logits`` (1, classes). A dense layer is preceded by one Reshape
    (channel, row, column order). Weight tensors are named ``<layer>.weight`` and ``<layer>.bias``.

    Raises:
        ValueError: the exported graph is not the chain of layers that the preset describes.
    """
    image = preset["image"]
    example = torch.zeros(1, image["channels"], image["height"], image["width"])
    model.eval()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.onnx"
        export_qonnx(model, args=example, export_path=str(raw))
        graph_model = onnx.load(str(raw))
    _name_by_layer(graph_model.graph, preset)
    _bake_weights(graph_model.graph, model)
    _drop_traces(graph_model)
    graph_model.graph.name = preset["name"]
    graph_model.ir_version = IR_VERSION
    write_bytes(Path(path), graph_model.SerializeToString())


def _name_by_layer(graph: onnx.GraphProto, preset: Preset) -> None:
    """Rename nodes and tensors; give every Quant node constants of its own."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    consumers = {name: node for node in graph.node for name in node.input}
    layer_nodes = [node for node in graph.node if kind_of_operator(node.op_type)]
    kinds = [kind_of_operator(node.op_type) for node in layer_nodes]
    if kinds != [kind_named(layer["kind"]) for layer in preset["layer"]]:
        found = ", ".join(kind.names[-1] for kind in kinds)
        raise ValueError(f"the exported graph has the layers {found}, which is not what the preset lists.")
    layer_of = {id(node): layer["name"] for node, layer in zip(layer_nodes, preset["layer"], strict=True)}
    tensors: dict[str, str] = {graph.input[0].name: "input", graph.output[0].name: "logits"}
    kept: dict[str, onnx.TensorProto] = {}

    def constant(old: str, new: str) -> str:
        kept[new] = numpy_helper.from_array(constants[old], new)
        return new

    current = "pixels"  # the layer whose activations flow at this point of the chain
    for node in graph.node:
        if node.op_type == "Quant":
            source, consumer = node.input[0], consumers[node.output[0]]
            if source in constants:
                position = list(consumer.input).index(node.output[0])
                base = f"{layer_of[id(consumer)]}.{('input', 'weight', 'bias')[position]}"
                node.input[0] = constant(source, base)
            else:
                base = f"{current}.activation"
                node.input[0] = tensors[source]
            for index, parameter in enumerate(QUANT_PARAMETERS, start=1):
                node.input[index] = constant(node.input[index], f"{base}.{parameter}")
            node.name, result = f"{base}.quant", f"{base}.quantised"
        else:
            if id(node) in layer_of:
                base = result = layer_of[id(node)]
                if kind_of_operator(node.op_type).requantised:
                    current, result = base, f"{base}.accumulator"
            elif node.op_type == "Relu":
                base = result = f"{current}.relu"
            elif node.op_type in ("Reshape", "Flatten"):
                base = result = "flatten"
            else:
                raise ValueError(f"the exported graph has an unexpected node {node.op_type}.")
            for index, name in enumerate(node.input):
                node.input[index] = tensors[name] if name in tensors else constant(name, f"{base}.shape")
            node.name = base
        old = node.output[0]
        node.output[0] = tensors.setdefault(old, result)
    graph.input[0].name, graph.output[0].name = tensors[graph.input[0].name], tensors[graph.output[0].name]
    del graph.initializer[:]
    graph.initializer.extend(kept[name] for name in sorted(kept))
    # Initializers listed as graph inputs are an ONNX 3 habit; a reader should see one input, the image.
    del graph.input[1:]
    shapes = [info for info in graph.value_info if info.name in tensors]
    for info in shapes:
        info.name = tensors[info.name]
    del graph.value_info[:]
    graph.value_info.extend(shapes)


def _bake_weights(graph: onnx.GraphProto, model: Network) -> None:
    """Replace float weights and biases by their quantised values."""
    values = {}
    for name, layer in model.named_children():
        if hasattr(layer, "quant_weight"):
            values[f"{name}.weight"] = layer.quant_weight().value
    quant_nodes = {node.input[0]: node for node in graph.node if node.op_type == "Quant"}
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for name, tensor in tensors.items():
        if not name.endswith((".weight", ".bias")):
            continue
        scale, zero, bits = (
            float(numpy_helper.to_array(tensors[item]).reshape(())) for item in quant_nodes[name].input[1:4]
        )
        narrow = next(a.i for a in quant_nodes[name].attribute if a.name == "narrow")
        limit = 2 ** (int(bits) - 1)
        integers = torch.tensor(numpy_helper.to_array(tensor)).div(scale).add(zero).round()
        value = integers.clamp(-limit + narrow, limit - 1) * scale
        if name in values and not torch.equal(value, values[name].reshape(value.shape)):
            raise ValueError(f"{name}: the exported weights differ from the model's quantised weights.")
        tensor.CopyFrom(numpy_helper.from_array(value.float().numpy(), name))


def _drop_traces(model: onnx.ModelProto) -> None:
    """Remove the exporter's metadata and documentation strings everywhere."""
    graph = model.graph
    for item in [
        model,
        graph,
        *graph.node,
        *graph.input,
        *graph.output,
        *graph.value_info,
        *graph.initializer,
    ]:
        if hasattr(item, "metadata_props"):
            del item.metadata_props[:]
        item.doc_string = ""
