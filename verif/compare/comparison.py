# SPDX-License-Identifier: Apache-2.0
"""The comparison engine: runs a stage and holds every chunk of its answers against the integer model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from golden.integer_model import Answers, MoeModel
from spec.network import Mode
from verif.compare.layers import CLASS, EXPERT, Difference, LayerOutput, compare_layer, layer_shapes
from verif.compare.stage import Chunk, Setup, Stage, StageRun, StageStopped


@dataclass
class StageReport:
    """What one stage did in one mode.

    ``mismatches`` counts, for each layer of an exact stage, the images that differ from the integer model; it is empty
    for a stage that need not be exact. ``classes`` and ``experts`` are uint8 (N,); ``agreement`` is the share of
    images with the integer model's class.
    """

    stage: str
    exact: bool
    classes: np.ndarray
    experts: np.ndarray
    answered: np.ndarray  # bool (N,)
    mismatches: dict[str, int] = field(default_factory=dict)
    first: Difference | None = None
    agreement: float = float("nan")
    stopped: str | None = None
    run: StageRun | None = None

    @property
    def differs(self) -> bool:
        """Whether this stage fails the comparison."""
        return self.exact and (self.stopped is not None or any(self.mismatches.values()))


class _Collector:
    """Takes chunks from a stage, in any order and from any thread, and compares them at once."""

    def __init__(self, setup: Setup, stage: Stage, images: np.ndarray, mode: Mode) -> None:
        self._setup, self._stage, self._images, self._mode = setup, stage, images, mode
        self._model = MoeModel(setup.accelerator.moe)
        self._shapes = layer_shapes(setup.accelerator.moe, mode, setup.local_expert)
        self._lock = threading.Lock()
        self._firsts: dict[str, Difference] = {}
        self._agreeing = 0
        n = len(images)
        self.report = StageReport(
            stage.name, stage.exact, np.zeros(n, np.uint8), np.zeros(n, np.uint8), np.zeros(n, bool)
        )
        if stage.exact:
            self.report.mismatches = dict.fromkeys(self._shapes, 0)

    def take(self, chunk: Chunk) -> None:
        n, s = len(chunk.answers.classes), self._setup
        rows = slice(chunk.first, chunk.first + n)
        reference = chunk.answers
        if self._stage.name != "int":
            reference = self._model.run(
                self._images[rows], self._mode, s.bank, s.theta, s.local_expert, keep_layers=self._stage.exact
            )
        findings = list(self._compare(chunk, reference)) if self._stage.exact else []
        with self._lock:
            self.report.classes[rows] = chunk.answers.classes
            self.report.experts[rows] = chunk.answers.experts
            self.report.answered[rows] = True
            self._agreeing += int((reference.classes == chunk.answers.classes).sum())
            for name, count, first in findings:
                self.report.mismatches[name] = self.report.mismatches.get(name, 0) + count
                if first and (name not in self._firsts or first.image < self._firsts[name].image):
                    self._firsts[name] = first

    def _compare(self, chunk: Chunk, reference: Answers):
        """Yield (name, differing images, first difference) for everything that is compared."""
        images = np.arange(chunk.first, chunk.first + len(chunk.answers.classes))
        if self._stage.name == "int":
            return
        expected, found = _outputs(reference, images), _outputs(chunk.answers, images)
        nothing = LayerOutput(images[:0], np.zeros(0, np.int64))
        for name, shape in self._shapes.items():
            yield name, *compare_layer(name, shape, expected.get(name, nothing), found.get(name, nothing))
        for name, (wanted, value) in chunk.fields.items():
            yield name, *compare_layer(name, (), LayerOutput(images, wanted), LayerOutput(images, value))

    def finish(self, run: StageRun | None, stopped: str | None) -> StageReport:
        report = self.report
        report.run, report.stopped = run, stopped
        answered = int(report.answered.sum())
        report.agreement = self._agreeing / answered if answered else float("nan")
        missing = np.flatnonzero(~report.answered)
        if len(missing) and report.exact:
            report.mismatches[CLASS] += len(missing)
        # Mismatches are in network order: the first layer that differs is the nearest to the cause.
        report.first = next((self._firsts[name] for name in report.mismatches if name in self._firsts), None)
        if len(missing) and report.exact and report.first is None:
            report.first = Difference(CLASS, int(missing[0]), None, "an answer", "none")
        return report


def _outputs(answers: Answers, images: np.ndarray) -> dict[str, LayerOutput]:
    outputs = {
        name: LayerOutput(images[answers.used[name]] if name in answers.used else images, values)
        for name, values in answers.layers.items()
    }
    outputs[EXPERT] = LayerOutput(images, answers.experts)
    outputs[CLASS] = LayerOutput(images, answers.classes)
    return outputs


def run_stage(
    setup: Setup, stage: Stage, images: np.ndarray, mode: Mode, description: str | None = None
) -> StageReport:
    """Run one stage in one mode over uint8 images (N, H, W) and compare it with the integer model.

    Memory does not grow with N beyond a few bytes an image: layers are compared and dropped chunk by chunk.
    """
    collector = _Collector(setup, stage, images, mode)
    try:
        run = stage.run(images, mode, collector.take, description)
    except StageStopped as stop:
        return collector.finish(None, str(stop))
    return collector.finish(run, None)


def run_modes(
    setup: Setup,
    stages: list[Stage],
    images: np.ndarray,
    modes: list[Mode],
    on_mode: Callable[[Mode, list[StageReport]], None] = lambda mode, reports: None,
    progress: bool = False,
) -> dict[Mode, list[StageReport]]:
    """Run every stage in every mode; ``on_mode`` is called as soon as a mode is complete."""
    results: dict[Mode, list[StageReport]] = {}
    for mode in modes:
        results[mode] = [
            run_stage(setup, stage, images, mode, f"{mode.name} {stage.name}" if progress else None) for stage in stages
        ]
        on_mode(mode, results[mode])
    return results
