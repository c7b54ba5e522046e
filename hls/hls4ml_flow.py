# SPDX-License-Identifier: Apache-2.0
"""The hls4ml flow: the accelerator from parts that hls4ml generated, as a stage of the comparison.

Four kinds of parts are generated from the specification: ``front_end`` (its last layer is the tap), ``ge_tail``, one
``le<i>`` per local expert and ``gate``; the run-time layers with the weights of one bank baked in. What hls4ml cannot
express (the gate's decision, its confidence inputs, the mux, the modes) joins the parts here, in Python integers.

Does not: load another user's weights at run time. That is what the hand-written HLS in ``hls/src`` is for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from golden.integer_model import Answers, confidence, gate_decision
from hls.hls4ml_config import Part
from hls.hls4ml_library import PartSimulator
from hls.hls4ml_project import FLAGS, Project, build_project
from spec.bank import Bank
from spec.errors import InputError
from spec.files import write_if_changed
from spec.network import NO_CLASS, Layer, LayerWeights, Mode, name_in_bank
from spec.presets import Accelerator

FRONT_END, GE_TAIL, GATE = "front_end", "ge_tail", "gate"

# hls4ml's tracing needs these; its own bridge, which is not linked into another C simulation, defines them.
_TRACE_VARIABLES = """\
// SPDX-License-Identifier: Apache-2.0
// For C simulation: the variables of hls4ml's layer tracing, switched off.
#include <cstddef>
#include <map>
#include <string>

namespace nnet {
bool trace_enabled = false;
std::map<std::string, void *> *trace_outputs = nullptr;
size_t trace_type_size = sizeof(double);
}  // namespace nnet
"""
_SEAM = """\
// SPDX-License-Identifier: Apache-2.0
// Generated from the network specification; do not edit. The functions that hls4ml generated.
#pragma once

#include "ap_fixed.h"
#include "hls_stream.h"
#include "nnet_utils/nnet_types.h"

"""


def frozen_parts(accelerator: Accelerator) -> tuple[Part, ...]:
    """Front end and tail of the GE."""
    network = accelerator.moe.network
    return (
        _part(accelerator, FRONT_END, network.front_end, network.weights),
        _part(accelerator, GE_TAIL, network.tail, network.weights),
    )


def bank_parts(accelerator: Accelerator, bank: Bank) -> tuple[Part, ...]:
    """Every local expert and the gate, with the weights of one bank.

    Raises:
        InputError: the bank was made for something else.
    """
    moe = accelerator.moe
    bank.check(moe)
    parts = []
    weights = dict(bank.layers())
    for i in range(moe.local_experts):
        layers = [replace(layer, name=name_in_bank(layer.name, i)) for layer in moe.le.layers]
        parts.append(_part(accelerator, f"le{i}", (moe.le.pool, *layers), weights))
    parts.append(_part(accelerator, GATE, (moe.gate.pool, *moe.gate.layers), weights))
    return tuple(parts)


def _part(accelerator: Accelerator, name: str, layers: Sequence[Layer], weights: dict[str, LayerWeights]) -> Part:
    names = [layer.name for layer in layers if layer.name in weights]
    folds, moe = accelerator.folding.layers, accelerator.moe
    folded = folds | {name: folds[layer.name] for name, layer in moe.bank_layers}  # all local experts alike
    folding = {x: folded[x] for x in names}
    return Part(name, tuple(layers), {x: weights[x] for x in names}, folding)


def build_parts(
    parts: Sequence[Part], directory: Path | None = None, flags: tuple[str, ...] = FLAGS
) -> dict[str, Project]:
    """Build all parts, compiling on all cores; by name. Errors as :func:`hls.hls4ml_project.build_project`."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        projects = list(pool.map(lambda part: build_project(part, directory, flags), parts))
    return {part.name: project for part, project in zip(parts, projects, strict=True)}


def write_seam(projects: Sequence[Project], directory: Path) -> list[Path]:
    """Make generated parts callable from the hand-written top.

    Writes ``hls4ml_parts.hpp``, which declares ``hls4ml_<part>(stream in, stream out)``, with streams of
    ``nnet::array``, and the headers it needs.

    Args:
        projects: front end and tail of the GE.
        directory: put it, and hls4ml's ``ap_types``, on the include path.

    Returns:
        What to compile and link for the C simulation: the parts' objects and a source.
    """
    directory.mkdir(parents=True, exist_ok=True)
    types = directory / "nnet_utils" / "nnet_types.h"
    types.parent.mkdir(exist_ok=True)
    write_if_changed(types, (projects[0].directory / "firmware" / "nnet_utils" / types.name).read_text())
    declarations = "\n".join((project.directory / "seam.hpp").read_text() for project in projects)
    write_if_changed(directory / "hls4ml_parts.hpp", _SEAM + declarations)
    variables = directory / "hls4ml_trace.cpp"
    write_if_changed(variables, _TRACE_VARIABLES)
    return [*(project.object for project in projects), variables]


class Hls4mlSimulator:
    """The accelerator made of hls4ml's parts, as a function from images to answers.

    Args:
        accelerator: what to build.
        bank: weights to bake into the local experts and the gate; None builds the GE only, which behaves like a
            device without a valid bank.
        threads: images simulated at the same time; default: one per core.
        directory: where projects are kept; default ``build/hls4ml``.
        flags: of g++.

    Raises:
        InputError: the bank does not belong to the accelerator, or a tool is missing.
        PrecisionError, Hls4mlError: see :func:`hls.hls4ml_project.build_project`.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        bank: Bank | None = None,
        threads: int | None = None,
        directory: Path | None = None,
        flags: tuple[str, ...] = FLAGS,
    ) -> None:
        self.accelerator = accelerator
        self.has_bank = bank is not None
        parts = (*frozen_parts(accelerator), *(bank_parts(accelerator, bank) if bank else ()))
        self.projects = build_parts(parts, directory, flags)
        self._parts = {name: PartSimulator(project, threads) for name, project in self.projects.items()}

    def run(
        self,
        images: np.ndarray,
        mode: Mode,
        theta: int = 0,
        local_expert: int = 0,
        keep_layers: bool = False,
    ) -> Answers:
        """Answer every image, as :meth:`golden.integer_model.MoeModel.run` does.

        Args:
            images: uint8 (N, H, W).
            mode: any mode but OFF, which accepts no image.
            theta: the gate's threshold.
            local_expert: which local expert answers in LE_ONLY; only this one runs then.
            keep_layers: also return every layer's output, by the integer model's names.

        Raises:
            InputError: the mode is OFF, or there is no such local expert.
            Hls4mlError: a layer gave a value that its type cannot hold.
        """
        mode, count, moe = Mode(mode), len(images), self.accelerator.moe
        if mode == Mode.OFF:
            raise InputError("mode OFF accepts no image")
        if not 0 <= local_expert < moe.local_experts:
            raise InputError(f"local expert {local_expert} does not exist, allowed are 0 to {moe.local_experts - 1}")
        layers: dict[str, np.ndarray] = {}

        def part(name: str, *inputs: np.ndarray) -> np.ndarray:
            outputs = self._parts[name].run(*inputs, keep_layers=keep_layers)
            if keep_layers:
                layers.update(outputs)
            return outputs[self._parts[name].project.part.layers[-1].name]

        features = part(FRONT_END, images)
        if mode == Mode.LE_ONLY:
            expert = np.full(count, local_expert + 1, np.uint8)
            if not self.has_bank:
                return Answers(np.full(count, NO_CLASS, np.uint8), expert, layers)
            return Answers(_arg_max(part(f"le{local_expert}", features)), expert, layers)
        if mode == Mode.GE_ONLY or not self.has_bank:
            return Answers(_arg_max(part(GE_TAIL, features)), np.zeros(count, np.uint8), layers)

        local = [part(f"le{i}", features) for i in range(moe.local_experts)]
        expert = gate_decision(part(GATE, features, *self._confidence(local)), theta)
        used: dict[str, np.ndarray] = {}
        generic = np.arange(count)
        if mode == Mode.MOE_GATED:
            generic = np.flatnonzero(expert == 0)
            used = {layer.name: generic for layer in moe.network.tail} if keep_layers else {}
        candidates = np.zeros((1 + len(local), count), np.uint8)  # classes by expert
        candidates[0, generic] = _arg_max(part(GE_TAIL, features[generic]))
        candidates[1:] = [_arg_max(logits) for logits in local]
        return Answers(candidates[expert, np.arange(count)], expert, layers, used)

    def _confidence(self, local: list[np.ndarray]) -> list[np.ndarray]:
        """The gate's extra input: none, or (N, 2 x local experts)."""
        moe = self.accelerator.moe
        if moe.confidence_shift is None:
            return []
        bits = moe.network.feature_type.bits
        return [np.concatenate([confidence(logits, moe.confidence_shift, bits) for logits in local], 1)]

    def summary(self) -> list[dict]:
        """Figures of every part and layer: precisions, strategy, reuse factors, weights, seconds of the build."""
        return [project.summary for project in self.projects.values()]

    def close(self) -> None:
        """Let go of the loaded parts; projects stay on disk."""
        self._parts = {}


def _arg_max(logits: np.ndarray) -> np.ndarray:
    """Class of each image: a tie goes to the lowest index."""
    return logits.argmax(1).astype(np.uint8)
