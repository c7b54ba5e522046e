# SPDX-License-Identifier: Apache-2.0
"""Stage ``torch``: the quantised network in PyTorch, on real values. Every layer must equal the integers exactly."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from golden.integer_model import Answers
from spec.network import Mode
from verif.compare.chunks import run_in_chunks
from verif.compare.qonnx_torch import QonnxModel
from verif.compare.real_experts import RealExperts, stream_order
from verif.compare.stage import OnChunk, Setup, StageRun


class TorchStage:
    """See module. The GE comes from the QONNX file, the experts and the gate from the bank."""

    name = "torch"
    exact = True

    def __init__(self, setup: Setup) -> None:
        self._moe = setup.accelerator.moe
        self._ge = QonnxModel(setup.ge)
        self._experts = RealExperts(self._moe, setup.bank, setup.theta, setup.local_expert, quantise=True)
        feature = self._moe.network.feature_type.scale
        self._scales = {"le_pool": feature, "gate_pool": feature}
        self._scales |= {name: layer.out_type.scale for name, layer in self._moe.bank_layers}

    def run(self, images: np.ndarray, mode: Mode, on_chunk: OnChunk, description: str | None) -> StageRun:
        """See :class:`verif.compare.stage.Stage`."""
        return run_in_chunks(images, on_chunk, description, lambda x: self._answer(x, mode))

    @torch.inference_mode()
    def _answer(self, images: np.ndarray, mode: Mode) -> Answers:
        network = self._moe.network
        s = network.in_shape
        pixels = torch.from_numpy(images).reshape(-1, s.height, s.width, s.channels).permute(0, 3, 1, 2)
        names = [layer.name for layer in network.layers]
        ge = dict(zip(names, self._ge.run(pixels.double() * network.pixel.scale), strict=True))

        def tail(rows: Tensor) -> dict[str, Tensor]:
            # The graph is one piece and ran for every image; what the gate spares is left out of the answer.
            return {layer.name: stream_order(ge[layer.name].value)[rows] for layer in network.tail}

        answers, layers = self._experts.answer(ge[network.tap].value, mode, tail)
        layers |= {layer.name: stream_order(ge[layer.name].value) for layer in network.front_end}
        scales = self._scales | {name: output.scale for name, output in ge.items()}
        # Not rounded: a value that is no multiple of its scale must be seen as a difference.
        answers.layers = {name: (value / scales[name]).numpy() for name, value in layers.items()}
        return answers

    def close(self) -> None:
        """Nothing to free."""
