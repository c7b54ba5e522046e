# SPDX-License-Identifier: Apache-2.0
"""The network in NNgen, as a user writes it; runs in an environment with NNgen alone (``requirements-bench.txt``)."""

from __future__ import annotations

import json
from pathlib import Path

import nngen as ng
import numpy as np
from nngen import verilog

WEIGHTS, IMAGES, SETTINGS = "weights.npz", "images.npz", "settings.json"  # what is read
SOURCE, MEMORY, MODEL = "lenet.v", "memory.npz", "model.json"  # what is written
TOP = "lenet"


# ---- What a user writes ----
def network(weights: dict[str, np.ndarray], samples: np.ndarray, conv: dict, dense: dict, port: int):
    """LeNet-5 with int8 weights and activations, from float weights: outputs, placeholder and Verilog.

    Args:
        weights: of conv1, conv2 as (outputs, row, column, inputs), of fc1, fc2 as (outputs, inputs), and biases.
        samples: int8 images (N, 28, 28, 1) that the quantiser chooses shifts by.
        conv, dense: NNgen's attributes of parallelism.
        port: width of the memory port, bits.
    """

    def parameters(name: str) -> dict:
        made = {}
        for part, dtype in (("weight", ng.int8), ("bias", ng.int32)):
            value = weights[f"{name}.{part}"]
            made[part] = ng.variable(dtype, value.shape, name=f"{name}_{part}")
            made[part].set_value(value)
        return made

    common = {"sum_dtype": ng.int32}
    hidden = {**common, "act_func": ng.relu, "dtype": ng.int8}
    image = ng.placeholder(ng.int8, (1, 28, 28, 1), name="image")
    x = image
    for name in ("conv1", "conv2"):
        own = parameters(name)
        x = ng.conv2d(x, own["weight"], (1, 1, 1, 1), own["bias"], padding="VALID", name=name, **hidden)
        x.attribute(**conv)
        x = ng.max_pool_serial(x, (1, 2, 2, 1), (1, 2, 2, 1))
    x = ng.reshape(x, [1, -1])
    own = parameters("fc1")
    x = ng.matmul(x, own["weight"], own["bias"], transposed_b=True, name="fc1", **hidden)
    x.attribute(**dense)
    own = parameters("fc2")
    x = ng.matmul(x, own["weight"], own["bias"], transposed_b=True, name="fc2", dtype=ng.int16, **common)
    x.attribute(**dense)
    generators = {"image": lambda node, count: samples[:count].astype(np.int64)}
    ng.quantize([x], {"image": 128.0}, input_generators=generators, num_samples=len(samples))
    text = ng.to_verilog([x], TOP, silent=True, config={"maxi_datawidth": port})
    return x, image, text


# ---- What the benchmark adds ----
def build(directory: Path) -> None:
    """Write Verilog, the memory with the parameters, the addresses, and what NNgen's own model answers."""
    settings = json.loads((directory / SETTINGS).read_text())
    images, weights = dict(np.load(directory / IMAGES)), dict(np.load(directory / WEIGHTS))
    keys = ("conv", "dense", "port")
    output, image, text = network(weights, images["samples"], *(settings[key] for key in keys))
    chunk = 64
    parameters = np.asarray(ng.export_ndarray([output], chunk), np.uint8)

    def behind(address: int) -> int:
        return -(-address // chunk) * chunk

    first = behind(max(image.addr + image.memory_size, output.addr + output.memory_size))
    temporary = behind(first + len(parameters))
    answers = [ng.eval([output], image=one[None].astype(np.int64))[0][0] for one in images["tested"]]
    model = {
        "image": {"address": image.addr, "shape": list(image.aligned_shape)},
        "output": {"address": output.addr, "count": output.shape[-1], "bytes": output.memory_size},
        "parameters": first,
        "temporary": temporary,
        "registers": {
            "start": verilog.control_reg_start,
            "busy": verilog.control_reg_busy,
            "temporary": verilog.control_reg_global_addr,
        },
    }
    np.savez_compressed(directory / MEMORY, parameters=parameters, answers=np.asarray(answers, np.int64))
    (directory / MODEL).write_text(json.dumps(model))
    (directory / SOURCE).write_text(text)
