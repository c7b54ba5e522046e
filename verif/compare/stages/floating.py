# SPDX-License-Identifier: Apache-2.0
"""Stage ``float``: the float network before quantisation, for its accuracy and its agreement in the class.

It cannot be exact and never fails the comparison. In the modes with a local expert, the bank's layers run in real
arithmetic, without any rounding, on the float network's features.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from golden.integer_model import Answers
from spec.errors import InputError
from spec.network import Mode
from verif.compare.chunks import run_in_chunks
from verif.compare.real_experts import RealExperts
from verif.compare.stage import OnChunk, Setup, StageRun


class FloatStage:
    """See module.

    Raises:
        InputError: there are no float weights for this GE.
    """

    name = "float"
    exact = False

    def __init__(self, setup: Setup) -> None:
        # Imported here: only this stage needs the training package and what it brings along.
        from golden.torch_model import preset_of
        from training.global_expert import load_float_weights

        if setup.float_weights is None:
            raise InputError(f"{setup.ge}: there are no float weights for this global expert")
        self._moe = setup.accelerator.moe
        self._network = load_float_weights(preset_of(self._moe.network), setup.float_weights)
        self._experts = RealExperts(self._moe, setup.bank, setup.theta, setup.local_expert, quantise=False)

    def run(self, images: np.ndarray, mode: Mode, on_chunk: OnChunk, description: str | None) -> StageRun:
        """See :class:`verif.compare.stage.Stage`."""
        return run_in_chunks(images, on_chunk, description, lambda x: self._answer(x, mode))

    @torch.inference_mode()
    def _answer(self, images: np.ndarray, mode: Mode) -> Answers:
        pixel = self._moe.network.pixel
        layers = dict(self._network.named_children())
        split = list(layers).index(self._network.tap) + 1
        front, behind = list(layers.values())[:split], list(layers.values())[split:]
        features = _chain(front, torch.from_numpy(images).unsqueeze(1).float() * pixel.scale)

        def tail(rows: Tensor) -> dict[str, Tensor]:
            return {"logits": _chain(behind, features[rows])}

        answers, _ = self._experts.answer(features.double(), mode, tail)
        return answers

    def close(self) -> None:
        """Nothing to free."""


def _chain(layers: list[torch.nn.Module], x: Tensor) -> Tensor:
    for layer in layers:
        x = layer(x)
    return x
