# SPDX-License-Identifier: Apache-2.0
"""cocotb bench: the driver runs every case on moe_accelerator, and what the device counts is written to a file.

What to do is a pickled :class:`verif.proxies.counting.Job` named by the environment; a wrong answer fails the test,
after the file is written.
"""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cocotb
import torch
from cocotb.task import bridge, resume
from cocotb.triggers import FallingEdge, ReadOnly

from driver import Accelerator
from golden.integer_model import MoeModel
from verif.proxies.cases import SETTLE, Case
from verif.proxies.cocotb_transport import CocotbTransport
from verif.proxies.counting import JOB_VARIABLE, RESULT_VARIABLE, Job
from verif.proxies.timeline import RECORDED, recorded_signals

torch.set_num_threads(1)


class Recorder:
    """Samples signals in every cycle, just before its rising edge, and keeps where they change."""

    def __init__(self, dut: Any, names: tuple[str, ...]) -> None:
        self._clock = dut.clk_i
        self._signals = {name: _signal(dut, name) for name in names}
        self._task: Any = None

    async def start(self) -> None:
        """Begin in the next cycle."""
        self.cycles = 0
        self.changes: dict[str, list[tuple[int, int]]] = {name: [] for name in self._signals}
        self._task = cocotb.start_soon(self._run())

    async def _run(self) -> None:
        last = dict.fromkeys(self._signals)
        while True:
            await FallingEdge(self._clock)
            await ReadOnly()
            for name, signal in self._signals.items():
                value = int(signal.value)
                if value != last[name]:
                    last[name] = value
                    self.changes[name].append((self.cycles, value))
            self.cycles += 1

    async def stop(self) -> None:
        """End with the last complete cycle."""
        await FallingEdge(self._clock)
        self._task.cancel()


def _signal(dut: Any, name: str) -> Any:
    for part in name.split("."):
        dut = getattr(dut, part)
    return dut


class Runner:
    """Runs cases through the driver; everything here is blocking code."""

    def __init__(self, transport: CocotbTransport, recorder: Recorder, job: Job) -> None:
        self.transport = transport
        self.recorder = recorder
        self.bank = job.bank
        self.device = Accelerator(transport, job.design)
        self.golden = MoeModel(job.design.moe)
        self.device.load_user(job.bank)

    def rest(self, case: Case) -> None:
        """Bring the case's mode into force, and every domain to where it rests in it."""
        self.device.set_threshold(case.theta)
        self.device.set_mode(case.mode)
        while self.device.read("mode_status.pending"):
            self.transport.run(SETTLE)
        self.transport.run(SETTLE)

    def count(self, case: Case) -> dict[str, Any]:
        """Run a case from rest to rest."""
        self.rest(case)
        closed = list(self.transport.closed)
        self.device.counters(clear=True)
        results = self.device.classify(case.images)
        answered = self.device.counters()
        self.transport.run(SETTLE)
        golden = self.golden.run(case.images, case.mode, self.bank, case.theta)
        wrong = (results.classes != golden.classes) | (results.experts != golden.experts)
        answers = [int((golden.experts == expert).sum()) for expert in range(1 + self.device.local_experts)]
        return {
            "mode": case.mode.name,
            "kind": case.kind,
            "images": len(case.images),
            "cycles": self.transport.answered[-1] - self.transport.taken[0],
            "wrong": int(wrong.sum()),
            "answers": answers,
            "closed": [now - before for now, before in zip(self.transport.closed, closed, strict=True)],
            "counters_at_last_result": asdict(answered),
            "counters": asdict(self.device.counters()),
        }

    def record(self, case: Case) -> dict[str, Any]:
        """The first image of a case, cycle by cycle, from rest to rest."""
        self.rest(case)
        self.device.counters(clear=True)
        resume(self.recorder.start)()
        self.device.classify(case.images[:1])
        self.transport.run(SETTLE)
        resume(self.recorder.stop)()
        domains = self.device.counters().domains
        return {
            "mode": case.mode.name,
            "kind": case.kind,
            "cycles": self.recorder.cycles,
            "changes": self.recorder.changes,
            "active_cycles": {name: counters.active_cycles for name, counters in domains.items()},
        }


def run_all(transport: CocotbTransport, recorder: Recorder, job: Job) -> dict[str, Any]:
    """All cases of a job, then the recordings of those that it has."""
    runner = Runner(transport, recorder, job)
    counted = [runner.count(case) for case in job.cases]
    kept = [case for wanted in RECORDED for case in job.cases if (case.mode, case.kind) == wanted]
    return {"cases": counted, "recordings": [runner.record(case) for case in kept]}


@cocotb.test()
async def every_case(dut: Any) -> None:
    """Every answer is the golden model's."""
    job: Job = pickle.loads(Path(os.environ[JOB_VARIABLE]).read_bytes())
    transport = CocotbTransport(dut)
    await transport.start()
    recorder = Recorder(dut, recorded_signals(job.design.moe))
    found = await bridge(run_all)(transport, recorder, job)
    Path(os.environ[RESULT_VARIABLE]).write_text(json.dumps(found))
    for case in found["cases"]:
        assert not case["wrong"], f"{case['mode']}, {case['kind']}: {case['wrong']} of {case['images']} are wrong"
