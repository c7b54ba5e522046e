# SPDX-License-Identifier: Apache-2.0
"""Stage ``int``: the integer golden model itself, for its accuracy and speed. It is the reference of all others."""

from __future__ import annotations

import numpy as np

from golden.integer_model import MoeModel
from spec.network import Mode
from verif.compare.chunks import run_in_chunks
from verif.compare.stage import OnChunk, Setup, StageRun


class IntegerStage:
    """See module."""

    name = "int"
    exact = True

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._model = MoeModel(setup.accelerator.moe)

    def run(self, images: np.ndarray, mode: Mode, on_chunk: OnChunk, description: str | None) -> StageRun:
        """See :class:`verif.compare.stage.Stage`. Layers are not kept: nothing would compare them."""
        s = self._setup
        return run_in_chunks(
            images, on_chunk, description, lambda x: self._model.run(x, mode, s.bank, s.theta, s.local_expert)
        )

    def close(self) -> None:
        """Nothing to free."""
