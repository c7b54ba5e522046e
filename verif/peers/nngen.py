# SPDX-License-Identifier: Apache-2.0
"""NNgen's LeNet: generated, Verilated, synthesised and held against NNgen's own model."""

from __future__ import annotations

import ctypes
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from golden.data import generic_source
from spec.files import as_json, new_directory, source_digest
from spec.network import Network
from spec.paths import MODELS, ROOT
from tools.verilate import build_library
from verif.peers import environment
from verif.peers.request import Request, lines_between

HERE = Path(__file__).parent
SCRIPT, HARNESS = HERE / "nngen_lenet.py", HERE / "nngen_harness.cpp"
SOURCE, MEMORY, MODEL, TOP = "lenet.v", "memory.npz", "model.json", "lenet"  # of nngen_lenet
# The generated source has widths and unused nets that a lint complains of.
VERILATOR = ("-Wno-fatal", "-Wno-lint", "-Wno-style")
SAMPLES = 200  # training images that NNgen's quantiser sees
LIMIT = 5_000_000  # cycles of an image after which it hangs
CONV = {"par_ich": 1, "par_och": 4}  # 25 products of a 5x5 window each: 100 multipliers
VARIANTS = {
    "NNgen default": {"conv": CONV, "dense": {}, "port": 128},
    "NNgen tuned": {"conv": CONV, "dense": {"par_left_col": 4, "par_out_col": 4}, "port": 128},
}
NEEDS = "pip: nngen, veriloggen, pyverilog (an environment of its own)"


class _Layout(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_uint64) for name in ("image", "output", "temporary")),
        *((name, ctypes.c_uint32) for name in ("image_bytes", "output_bytes", "start", "busy", "temporary_register")),
    ]


@dataclass(frozen=True)
class Generated:
    """A directory with what NNgen made, and what it says of it."""

    directory: Path
    model: dict[str, Any]
    parameters: np.ndarray  # uint8 (N,)
    answers: np.ndarray  # int64 (images, classes): NNgen's own model

    @property
    def multipliers(self) -> int:
        """Instances of NNgen's multiplier modules (``madd``, ``multiplier``) in the source."""
        names = re.findall(r"^  (?:madd|multiplier)_\d+$", (self.directory / SOURCE).read_text(), re.M)
        return len(names)


def as_int8(images: np.ndarray) -> np.ndarray:
    """uint8 images (N, H, W) as NNgen takes them: (N, H, W, 1), 0..127, a scale of 128."""
    return (images // 2)[..., None]


def float_weights(network: Network, path: Path = MODELS / "ge_float.npz") -> dict[str, np.ndarray]:
    """The float GE's weights in NNgen's orders: (outputs, row, column, inputs), and pixels before channels."""
    found = {}
    with np.load(path, allow_pickle=False) as stored:
        for layer in network.layers:
            if f"{layer.name}.weight" not in stored:
                continue
            weight, s = stored[f"{layer.name}.weight"], layer.in_shape
            if weight.ndim == 4:
                weight = weight.transpose(0, 2, 3, 1)
            elif s.height * s.width > 1:
                weight = weight.reshape(-1, s.channels, s.height, s.width).transpose(0, 2, 3, 1)
                weight = weight.reshape(len(weight), -1)
            found[f"{layer.name}.weight"] = weight.astype(np.float64)
            found[f"{layer.name}.bias"] = stored[f"{layer.name}.bias"].astype(np.float64)
    return found


def generate(settings: dict[str, Any], request: Request, work: Path) -> Generated:
    """Let NNgen generate, or take what it generated of the same before.

    Raises:
        RuntimeError: NNgen cannot be installed, or stopped.
    """
    inputs = {"samples": as_int8(generic_source("train").take(SAMPLES).images), "tested": as_int8(request.images)}
    weights = float_weights(request.design.moe.network)
    made_of = source_digest([SCRIPT, environment.REQUIREMENTS])[:16]
    key = request.digest(settings, made_of, *inputs.values(), *weights.values())
    directory = work / f"nngen-{key}"
    if not directory.is_dir():
        python = environment.python(work)
        with new_directory(directory) as staging:
            np.savez_compressed(staging / "images.npz", **inputs)
            np.savez_compressed(staging / "weights.npz", **weights)
            (staging / "settings.json").write_text(as_json(settings))
            code = f"from pathlib import Path; from verif.peers.nngen_lenet import build; build(Path({str(staging)!r}))"
            environment.run([str(python), "-c", code], cwd=ROOT)
    model = json.loads((directory / MODEL).read_text())
    with np.load(directory / MEMORY, allow_pickle=False) as memory:
        return Generated(directory, model, memory["parameters"], memory["answers"])


def simulate(generated: Generated, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Answers int64 (N, classes) and cycles int64 (N,) of the Verilated design, and seconds.

    Args:
        images: as :func:`as_int8`.

    Raises:
        RuntimeError: it cannot be built, or stopped.
    """
    model = generated.model
    sources, options = [generated.directory / SOURCE], VERILATOR
    library = ctypes.CDLL(str(build_library(sources, TOP, HARNESS, generated.directory, options=options)))
    library.peer_failure.restype = ctypes.c_char_p
    shape, output = model["image"]["shape"], model["output"]
    padded = np.zeros((len(images), *shape[1:]), np.uint8)  # channels fill a word of the port
    padded[..., : images.shape[-1]] = images
    registers = model["registers"]
    layout = _Layout(
        model["image"]["address"], output["address"], model["temporary"], padded[0].size, output["bytes"],
        registers["start"], registers["busy"], registers["temporary"],
    )  # fmt: skip
    outputs, cycles = np.zeros((len(images), output["bytes"]), np.uint8), np.zeros(len(images), np.uint64)
    size = model["temporary"] + (1 << 20)  # room for what lies between layers
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (generated.parameters, padded, outputs, cycles)]
    started = time.perf_counter()
    code = library.peer_run(
        ctypes.byref(layout), ctypes.c_size_t(size), pointers[0], ctypes.c_size_t(len(generated.parameters)),
        ctypes.c_uint64(model["parameters"]), pointers[1], ctypes.c_size_t(len(images)), ctypes.c_uint64(LIMIT),
        pointers[2], pointers[3],
    )  # fmt: skip
    if code:
        raise RuntimeError(library.peer_failure().decode())
    seconds = time.perf_counter() - started
    return outputs.view(np.int16)[:, : output["count"]].astype(np.int64), cycles.astype(np.int64), seconds


def measure(name: str, request: Request, work: Path) -> dict[str, Any]:
    """One variant's row of the table, without cells."""
    generated = generate(VARIANTS[name], request, work)
    count = min(request.simulated, len(request.images))
    answers, cycles, seconds = simulate(generated, as_int8(request.images[:count]))
    return {
        "what": "RTL, whole network",
        "cycles": float(np.mean(cycles)),
        "latency": float(np.mean(cycles)),
        "multipliers": generated.multipliers,
        "images_per_second": count / seconds,
        "accuracy": float((generated.answers.argmax(1) == request.labels).mean()),
        "compared": count,
        "differing": int((answers != generated.answers[:count]).any(1).sum()),
        "against": "ng.eval",
        "lines": lines_between(SCRIPT, "def network(", "# ----"),
        "needs": NEEDS,
        "source": f"{generated.directory.name}/{SOURCE}",
        "top": TOP,
    }
