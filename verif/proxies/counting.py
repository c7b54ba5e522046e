# SPDX-License-Identifier: Apache-2.0
"""What the device counts, read over AXI4-Lite in cocotb, against what specification and folding say it must.

Everything that a counter of work can say is predicted exactly. Wake-ups are those seen at the pins of the power
switches, and time with power must be all of it, none, or some, as the mode has it.
"""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from driver.counters import Counters, DomainCounters
from golden.energy.expected import expected_counts
from hw.gen.build import generate, memory_files
from spec.bank import Bank
from spec.domains import DOMAINS
from spec.network import Mode
from spec.presets import Accelerator as Design
from tools.cocotb_run import SimulationError, build, run
from verif.proxies.cases import GENERIC, Case
from verif.proxies.timeline import Recording

TOP = "moe_accelerator"
BENCH = "verif.proxies.bench_proxies"
JOB_VARIABLE = "PROXIES_JOB"  # file of the pickled job
RESULT_VARIABLE = "PROXIES_RESULT"  # where the bench writes what it found
WORK = ("macs", "weight_reads", "buffer_writes")
_LEVELS = 3  # of the hierarchy, for the signals that are recorded


@dataclass(frozen=True)
class Job:
    """What the bench has to do."""

    design: Design
    bank: Bank
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Counted:
    """One case on the device, from rest to rest.

    ``cycles``: from the first pixel to the last result. ``wrong``: answers that differ from the golden model.
    ``to_ge``, ``to_le``: images that the golden model has answered by the GE and by each local expert. ``closed``: how
    often the power switch of each domain was closed, seen at its pin. ``counters``: at rest
    after the case; ``at_last_result``: read as soon as the last result was there.
    """

    case: Case
    cycles: int
    wrong: int
    to_ge: int
    to_le: tuple[int, ...]
    closed: dict[str, int]
    counters: Counters
    at_last_result: Counters


@dataclass(frozen=True)
class Recorded:
    """One image of a case, cycle by cycle, with the active cycles that the device counted meanwhile, by domain."""

    mode: Mode
    kind: str
    recording: Recording
    active_cycles: dict[str, int]


def build_bench(design: Design) -> Path:
    """Build the optimised simulation unless it is there."""
    return build(TOP, sources=generate(design).device_sources, optimise=True, levels=_LEVELS)


def count(
    design: Design,
    bank: Bank,
    cases: Sequence[Case],
    sources: Sequence[Path] | None = None,
    files: Mapping[str, str] | None = None,
    optimise: bool = False,
) -> tuple[list[Counted], list[Recorded]]:
    """Run all cases on the simulated device.

    Args:
        design, bank: the device, and the user that is loaded into it.
        cases: what to run.
        sources, files: sources and memory files with a defect, for negative controls.
        optimise: compile a simulation that runs fast, for a large design.

    Returns:
        One entry a case, and the recordings for the timeline.

    Raises:
        SimulationError: the simulation failed otherwise than by wrong answers.
    """
    with tempfile.TemporaryDirectory() as directory:
        job, result = Path(directory) / "job", Path(directory) / "result.json"
        job.write_bytes(pickle.dumps(Job(design, bank, tuple(cases))))
        outcome = run(
            TOP,
            BENCH,
            sources=sources or generate(design).device_sources,
            files=files or memory_files(design),
            env={JOB_VARIABLE: str(job), RESULT_VARIABLE: str(result)},
            check=False,
            optimise=optimise,
            levels=_LEVELS,
        )
        found = json.loads(result.read_text()) if result.exists() else {"cases": []}
    if bool(outcome.failed) != any(case["wrong"] for case in found["cases"]) or len(found["cases"]) != len(cases):
        raise SimulationError(f"{BENCH} failed: {'; '.join(outcome.failed.values()) or 'no test ran'}")
    counted = [_counted(case, entry) for case, entry in zip(cases, found["cases"], strict=True)]
    return counted, [_recorded(entry) for entry in found["recordings"]]


def _counted(case: Case, entry: dict) -> Counted:
    return Counted(
        case=case,
        cycles=entry["cycles"],
        wrong=entry["wrong"],
        to_ge=entry["answers"][0],
        to_le=tuple(entry["answers"][1:]),
        closed=dict(zip(DOMAINS, entry["closed"], strict=True)),
        counters=_counters(entry["counters"]),
        at_last_result=_counters(entry["counters_at_last_result"]),
    )


def _counters(values: dict) -> Counters:
    domains = {name: DomainCounters(**counters) for name, counters in values["domains"].items()}
    return Counters(**values | {"answers_le": tuple(values["answers_le"]), "domains": domains})


def _recorded(entry: dict) -> Recorded:
    recording = Recording(entry["cycles"], entry["changes"])
    return Recorded(Mode[entry["mode"]], entry["kind"], recording, entry["active_cycles"])


def expected(design: Design, counted: Counted) -> dict[str, int]:
    """What the counters must show, by their path, for example ``ge.macs``."""
    case, images = counted.case, len(counted.case.images)
    counts = expected_counts(design.moe, design.folding, case.mode, images, counted.to_ge)
    values = {
        "images_in": images,
        "images_out": images,
        "answers_ge": counted.to_ge,
        **{f"answers_le[{number}]": answers for number, answers in enumerate(counted.to_le)},
        **dict.fromkeys(("answers_nobody", "images_short", "images_long", "images_no_bank", "bank_swaps"), 0),
        **dict.fromkeys(("stall_out", "bank_words_written"), 0),
        "feature_store_writes": counts.feature_store_writes,
        "feature_store_reads": counts.feature_store_reads,
    }
    for name, part in counts.domains.items():
        values |= {f"{name}.{kind}": getattr(part, kind) for kind in WORK}
        values[f"{name}.wake_ups"] = counted.closed[name]
    return values


def shown(counters: Counters) -> dict[str, int]:
    """All counters by the same paths."""
    values = {name: value for name, value in asdict(counters).items() if isinstance(value, int)}
    values |= {f"answers_le[{number}]": answers for number, answers in enumerate(counters.answers_le)}
    for name, domain in counters.domains.items():
        values |= {f"{name}.{kind}": value for kind, value in asdict(domain).items()}
    return values


def differences(design: Design, counted: Counted) -> list[str]:
    """Where the device's counters are not what they must be, each as a sentence; empty when they agree.

    Counters of work must already be right when the last result is there, and stay so until the device rests.
    """
    name, found = counted.case.name, []
    if counted.wrong:
        found.append(f"{name}: {counted.wrong} of {len(counted.case.images)} answers are wrong.")
    wanted = expected(design, counted)
    for when, counters in (("at rest", counted.counters), ("at the last result", counted.at_last_result)):
        values = shown(counters)
        found += [
            f"{name}: counter {path} is {values[path]} {when}, expected {value}."
            for path, value in wanted.items()
            if values[path] != value
        ]
    return found + _power_differences(counted)


def _power_differences(counted: Counted) -> list[str]:
    """Time with power: all of it for what the mode needs, none for the rest, some for a GE that is woken."""
    case, counters, found = counted.case, counted.counters, []
    needed = {
        Mode.GE_ONLY: ("fe", "ge"),
        Mode.LE_ONLY: ("fe", "le"),
        Mode.MOE_PARALLEL: DOMAINS,
        Mode.MOE_GATED: ("fe", "le", "gn"),
    }[case.mode]
    for name, domain in counters.domains.items():
        woken = name == "ge" and case.mode == Mode.MOE_GATED and case.kind == GENERIC
        low, high = (1, counters.cycles - 1) if woken else (counters.cycles if name in needed else 0,) * 2
        if not low <= domain.on_cycles <= high:
            allowed = f"{low} to {high}" if woken else f"{low}"
            found.append(f"{case.name}: counter {name}.on_cycles is {domain.on_cycles}, expected {allowed}.")
    return found
