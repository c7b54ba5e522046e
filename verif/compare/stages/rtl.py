# SPDX-License-Identifier: Apache-2.0
"""Stage ``rtl``: the Verilated SystemVerilog, with every layer watched (see :mod:`verif.bulk`)."""

from __future__ import annotations

import numpy as np

from spec.network import Mode
from verif.bulk.simulator import BulkResult, BulkSimulator, SimulationError
from verif.compare.stage import Chunk, OnChunk, Setup, StageRun, StageStopped, result_fields
from verif.faults import prepare

RTL_CHUNK = 50  # small enough that two models finish a short run at the same time
BANK = 0
FIELDS = ("status", "bank", "sequence")


class RtlStage:
    """See module. With a fault, the simulated design, its memories or its bank differ from the reference's."""

    name = "rtl"
    exact = True

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        design = prepare(setup.accelerator, setup.bank, setup.fault, setup.optimise)
        self._simulator = BulkSimulator(setup.accelerator, design.memory_directory, design.library, setup.threads)
        self._simulator.load_bank(design.bank, BANK)
        moe, folding = setup.accelerator.moe, setup.accelerator.folding
        lanes = folding.streams(moe).into
        # Far more than the slowest image takes: every layer one after the other, and pixels besides.
        busy = sum(x.cycles(folding.layers[x.name], lanes[x.name]) for x in moe.weighted_layers)
        self._timeout = 10 * (busy + moe.network.in_shape.size)

    def run(self, images: np.ndarray, mode: Mode, on_chunk: OnChunk, description: str | None) -> StageRun:
        """See :class:`verif.compare.stage.Stage`.

        Beside the layers, three fields of the result word are checked: ``status`` is 0, ``bank`` is the loaded one,
        and ``sequence`` counts up by one from image to image of a chunk.
        """
        tail = [layer.name for layer in self._setup.accelerator.moe.network.tail]

        def take(first: int, result: BulkResult) -> None:
            if mode == Mode.MOE_GATED:
                generic = np.flatnonzero(result.experts == 0)
                result.used = dict.fromkeys(tail, generic)
            on_chunk(Chunk(first, result, result_fields(result, BANK)))

        s = self._setup
        try:
            result = self._simulator.run(
                images, mode, BANK, s.theta, s.local_expert, keep_layers=True, description=description,
                chunk=RTL_CHUNK, on_chunk=take, timeout=self._timeout,
            )  # fmt: skip
        except SimulationError as error:
            self._simulator.reset()  # images in flight must not reach the next run
            raise StageStopped(str(error)) from error
        return StageRun(result.seconds, {"cycles_per_image": result.cycles_per_image, "latency_cycles": result.latency})

    def close(self) -> None:
        """Free the models."""
        self._simulator.close()
