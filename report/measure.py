# SPDX-License-Identifier: Apache-2.0
"""Runs what is cheap enough to be measured for every report, two lanes at a time, with a bar that says what runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from report.context import Step
from report.evidence import SOURCES, Places
from spec.paths import BUILD, ROOT
from spec.presets import load_accelerator
from spec.progress import progress_bar

LOGS = BUILD / "report" / "logs"
TAIL = 4  # lines of a log that a failure shows


@dataclass(frozen=True)
class Measurement:
    """One command; ``arguments`` follow the name of the Python program."""

    key: str
    arguments: tuple[str, ...]

    @property
    def command(self) -> str:
        """As a person types it."""
        return " ".join(("python", *self.arguments))


COMPARE = ("scripts/compare_golden.py", "--limit", "200", "--stages", "int,rtl", "--json", "build/report/compare.json")
SYNTHESIS = Measurement("resources", ("scripts/synth.py",))
# Each lane runs in its order; the samples use the simulated device that the proxies have built.
LANES = (
    (Measurement("proxies", ("scripts/proxies.py",)), Measurement("samples", ("scripts/samples.py",))),
    (
        Measurement("compare", COMPARE),
        Measurement("formal", ("scripts/formal.py", "--jobs", "1")),
        Measurement("accuracy", ("scripts/accuracy.py",)),
    ),
)


def measure(
    synthesise: bool, lanes: tuple[tuple[Measurement, ...], ...] = LANES, logs: Path = LOGS
) -> tuple[Step, ...]:
    """Run everything; a measurement that fails does not stop the others.

    Args:
        synthesise: also count resources, for want of figures of these sources.
    """
    if synthesise:
        lanes = (*lanes[:-1], (*lanes[-1], SYNTHESIS))
    if (os.cpu_count() or 1) == 1:
        lanes = (tuple(measurement for lane in lanes for measurement in lane),)
    logs.mkdir(parents=True, exist_ok=True)
    running: dict[str, float] = {}
    done: list[Step] = []

    def work(lane: tuple[Measurement, ...]) -> None:
        for measurement in lane:
            running[measurement.key] = time.monotonic()
            step = _run(measurement, logs)
            del running[measurement.key]
            done.append(step)

    total = sum(len(lane) for lane in lanes)
    with ThreadPoolExecutor(len(lanes)) as pool, progress_bar(total=total, unit="step", description="measuring") as bar:
        futures: list[Future] = [pool.submit(work, lane) for lane in lanes]
        shown = 0
        while shown < len(done) or not all(future.done() for future in futures):
            for step in done[shown:]:
                bar.write(f"{step.key:10} {step.seconds:5.0f} s  {step.problem or 'ok'}", file=sys.stderr)
                shown += 1
                bar.update()
            now = time.monotonic()
            bar.set_postfix_str(", ".join(f"{key} {now - start:.0f} s" for key, start in list(running.items())))
            time.sleep(0.5)
        for future in futures:
            future.result()
    order = [measurement.key for lane in lanes for measurement in lane]
    return tuple(sorted(done, key=lambda step: order.index(step.key)))


def _run(measurement: Measurement, logs: Path) -> Step:
    log = logs / f"{measurement.key}.log"
    start = time.monotonic()
    with log.open("w") as file:
        code = subprocess.run(
            [sys.executable, *measurement.arguments],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        ).returncode
    seconds = time.monotonic() - start
    if code == 0:
        return Step(measurement.key, measurement.command, seconds)
    lines = [line.rpartition("\r")[2] for line in log.read_text(errors="replace").splitlines() if line.strip()]
    tail = "\n".join(lines[-TAIL:])
    return Step(measurement.key, measurement.command, seconds, f"{measurement.command} ended with code {code}:\n{tail}")


def fresh(steps: tuple[Step, ...], started: float, places: Places) -> set[str]:
    """Sources that were measured in this run: their command wrote its file, also when it found something wrong."""
    design = load_accelerator().name
    built = {source.key: places.build / source.built.format(design=design) for source in SOURCES if source.built}
    found = set()
    for step in steps:
        file = built[step.key]
        if file.exists() and (not step.problem or file.stat().st_mtime >= started):
            found.add(step.key)
    return found
