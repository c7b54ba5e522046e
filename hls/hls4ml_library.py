# SPDX-License-Identifier: Apache-2.0
"""Run the C simulation of one hls4ml project on integers, on all cores."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from hls.hls4ml_project import Hls4mlError, Project
from spec.kinds.layer import Layer

CHUNK = 8  # images a thread takes at a time


class _TraceData(ctypes.Structure):
    """hls4ml's ``trace_data``: a layer's name and its values of the last image."""

    _fields_ = [("name", ctypes.c_char_p), ("data", ctypes.POINTER(ctypes.c_double))]


class _Copy:
    """One private copy of the library: hls4ml keeps line buffers and counters in static variables."""

    def __init__(self, project: Project) -> None:
        with tempfile.TemporaryDirectory() as directory:
            # The loader shares what it has already loaded from the same file, so every copy is a file of its own.
            path = shutil.copy(project.library, Path(directory) / project.library.name)
            self._library = ctypes.CDLL(str(path))
        self._function = getattr(self._library, f"{project.part.function}_double")
        self._function.restype = None
        self._layers = project.trace_names
        self._last = project.part.layers[-1]

    def run(self, inputs: list[np.ndarray], keep_layers: bool) -> dict[str, np.ndarray]:
        """Layer outputs, float64 (N, values), of inputs float64 (N, values)."""
        count = len(inputs[0])
        names = [layer.name for layer in self._layers.values()] if keep_layers else [self._last.name]
        sizes = {layer.name: layer.out_shape.size for layer in self._layers.values()}
        outputs = {name: np.zeros((count, sizes[name])) for name in names}
        traced = self._start_trace(sizes) if keep_layers else {}
        final = np.zeros(self._last.out_shape.size)
        for i in range(count):
            self._function(*(ctypes.c_void_p(array.ctypes.data) for array in (*(x[i] for x in inputs), final)))
            for name, values in traced.items():
                outputs[name][i] = values
            outputs[self._last.name][i] = final
        if keep_layers:
            self._library.free_trace_storage()
        return outputs

    def _start_trace(self, sizes: dict[str, int]) -> dict[str, np.ndarray]:
        """Switch tracing on; returns views of the buffers that every call overwrites."""
        self._library.allocate_trace_storage(ctypes.c_size_t(ctypes.sizeof(ctypes.c_double)))
        entries = (_TraceData * len(self._layers))()
        self._library.collect_trace_output(entries)
        names = {entry.name.decode(): entry.data for entry in entries}
        return {
            layer.name: np.ctypeslib.as_array(names[name], (sizes[layer.name],)) for name, layer in self._layers.items()
        }


class PartSimulator:
    """A compiled part as a function from integers to integers.

    Args:
        project: what to run.
        threads: copies of the library that run at the same time; default: one per core.
    """

    def __init__(self, project: Project, threads: int | None = None) -> None:
        self.project = project
        self._copies = [_Copy(project) for _ in range(threads or os.cpu_count() or 1)]

    def run(
        self, features: np.ndarray, extra: np.ndarray | None = None, keep_layers: bool = False
    ) -> dict[str, np.ndarray]:
        """Outputs by layer name, in the shapes and dtypes of :class:`golden.integer_model.Answers`.

        Args:
            features: uint8 (N, ...) inputs of the first layer, in the order row, column, channel.
            extra: integers (N, extra inputs), for a part that has them.
            keep_layers: all layers; otherwise only the last one.

        Raises:
            Hls4mlError: a layer gave a value that the specification's type cannot hold.
        """
        layers = self.project.part.layers
        scale = layers[0].input.scale
        sizes = layers[0].in_shape.size, self.project.part.extra_inputs
        arrays = [
            np.ascontiguousarray(a.reshape(len(features), size), np.float64) * scale
            for a, size in zip((features, extra), sizes, strict=True)
            if a is not None
        ]
        bounds = range(0, len(features), CHUNK)
        share = len(self._copies)

        def work(index: int) -> list[dict[str, np.ndarray]]:
            return [
                self._copies[index].run([a[low : low + CHUNK] for a in arrays], keep_layers)
                for low in bounds[index::share]
            ]

        with ThreadPoolExecutor(share) as pool:  # a call into the library releases the interpreter lock
            chunks = list(pool.map(work, range(share)))
        ordered = [chunks[i % share][i // share] for i in range(len(bounds))]
        kept = layers if keep_layers else layers[-1:]
        empty = {layer.name: np.zeros((0, layer.out_shape.size)) for layer in kept}
        return {
            layer.name: integers(np.concatenate([part[layer.name] for part in ordered or [empty]]), layer)
            for layer in kept
        }


def integers(values: np.ndarray, layer: Layer) -> np.ndarray:
    """Convert a layer's float values to the integers of the specification: uint8 activations or int32 accumulators.

    Args:
        values: float64 (N, values).

    Returns:
        (N, row, column, channel), or (N, outputs) for a dense layer.

    Raises:
        Hls4mlError: a value is not an integer times the type's scale, or out of its range: a wrong precision must
            not be rounded away.
    """
    kind = layer.out_type
    scaled = values / kind.scale
    bad = (scaled != np.rint(scaled)) | (scaled < kind.minimum) | (scaled > kind.maximum)
    if bad.any():
        image, element = (int(i) for i in np.argwhere(bad)[0])
        raise Hls4mlError(
            f"layer {layer.name}: value {values[image, element]} at element {element} of image {image} "
            f"is not a value of {kind}"
        )
    return scaled.astype(np.int32 if layer.raw else np.uint8).reshape(len(values), *layer.dims)
