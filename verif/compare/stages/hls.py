# SPDX-License-Identifier: Apache-2.0
"""Stages ``hls`` and ``hls4ml`` of the comparison with the integer model (see :mod:`verif.compare`)."""

from __future__ import annotations

import numpy as np

from hls.build import build_library, quick
from hls.csim import HlsError, HlsResult, HlsSimulator
from hls.gen import generate
from spec.network import Mode
from verif.compare.chunks import run_in_chunks
from verif.compare.stage import Chunk, OnChunk, Setup, StageRun, StageStopped, result_fields

BANK = 0


class HlsStage:
    """The hand-written HLS top level, with every layer recorded.

    Raises:
        InputError: g++ or the headers are missing.
    """

    name = "hls"
    exact = True

    def __init__(self, setup: Setup, simulator: HlsSimulator | None = None) -> None:
        self._setup = setup
        if simulator is None:
            library = build_library(generate(setup.accelerator), optimise=setup.optimise)
            simulator = HlsSimulator(setup.accelerator, library=library)
        self._simulator = simulator
        self._simulator.load_bank(setup.bank, BANK)

    def run(self, images: np.ndarray, mode: Mode, on_chunk: OnChunk, description: str | None) -> StageRun:
        """See :class:`verif.compare.stage.Stage`. Status, bank and sequence number are checked as in the RTL."""

        def take(first: int, result: HlsResult) -> None:
            on_chunk(Chunk(first, result, result_fields(result, BANK)))

        s = self._setup
        try:
            result = self._simulator.run(
                images, mode, BANK, s.theta, s.local_expert, keep_layers=True, description=description, on_chunk=take
            )
        except HlsError as error:
            raise StageStopped(str(error)) from error
        return StageRun(result.seconds)

    def close(self) -> None:
        """Free the simulations."""
        self._simulator.close()


class Hls4mlStage:
    """The accelerator made of hls4ml's parts, with the bank's weights baked in.

    Raises:
        InputError: hls4ml, one of its dependencies or g++ is missing.
    """

    name = "hls4ml"
    exact = True

    def __init__(self, setup: Setup) -> None:
        from hls.hls4ml_flow import Hls4mlSimulator  # imports hls4ml, which takes seconds
        from hls.hls4ml_project import FLAGS

        self._setup = setup
        flags = FLAGS if setup.optimise else quick(FLAGS)
        self._simulator = Hls4mlSimulator(setup.accelerator, setup.bank, flags=flags)

    def run(self, images: np.ndarray, mode: Mode, on_chunk: OnChunk, description: str | None) -> StageRun:
        """See :class:`verif.compare.stage.Stage`."""
        from hls.hls4ml_project import Hls4mlError

        s = self._setup
        try:
            return run_in_chunks(
                images,
                on_chunk,
                description,
                lambda x: self._simulator.run(x, mode, s.theta, s.local_expert, keep_layers=True),
            )
        except Hls4mlError as error:
            raise StageStopped(str(error)) from error

    def close(self) -> None:
        """Free the libraries."""
        self._simulator.close()
