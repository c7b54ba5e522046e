# SPDX-License-Identifier: Apache-2.0
"""The cycle model against the RTL over many random cases, and what is kept of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from hw.cycles.timing import Timing
from hw.gen.digest import rtl_digest
from spec.markdown import markdown_table
from spec.network import RUNNING_MODES
from spec.presets import Accelerator
from spec.progress import progress_bar
from verif.cycles.compare import Measured, different, measure_design
from verif.cycles.designs import random_accelerator

CASES = 12  # of a design
EQUAL_LEAST = 200  # cases of the kept result


@dataclass(frozen=True)
class Design:
    """A design and its cases through the RTL."""

    seed: int
    accelerator: Accelerator
    measured: list[Measured]


def measure(cases: int, seed: int, progress: bool = False) -> list[Design]:
    """Random cases, :data:`CASES` a design, through the RTL.

    Args:
        seed: of the first design; the others follow.
    """
    counts = [min(CASES, cases - done) for done in range(0, cases, CASES)]
    found = []
    with progress_bar(description="RTL" if progress else None, unit="case", total=cases) as bar:
        for number, count in enumerate(counts, seed):
            accelerator = random_accelerator(number)
            found.append(Design(number, accelerator, measure_design(accelerator, count, number)))
            bar.update(count)
    return found


def planted(designs: Sequence[Design]) -> dict[str, int]:
    """How many cases it takes to see that a constant of the model is too large by one, for each; 0: nobody sees it."""
    right = Timing()
    cases = [(d.accelerator, case) for d in designs for case in d.measured]

    def tries(name: str) -> int:
        wrong = replace(right, **{name: getattr(right, name) + 1})
        return next((n for n, (accelerator, case) in enumerate(cases, 1) if different(accelerator, [case], wrong)), 0)

    return {field.name: tries(field.name) for field in fields(Timing)}


def record(cases: int, seed: int, progress: bool = False) -> dict:
    """Everything that is known; ``findings`` are sentences that should not be."""
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    started = time.monotonic()
    designs = measure(cases, seed, progress)
    simulated = time.monotonic()
    wrong = {d.seed: numbers for d in designs if (numbers := different(d.accelerator, d.measured))}
    modelled = time.monotonic()
    defects = planted(designs)
    every = [case for d in designs for case in d.measured]
    first = Counter(case.parts[0].mode.name for case in every)
    findings = [f"design {number}: the cases {numbers} differ" for number, numbers in wrong.items()]
    findings += [f"no case sees that {name} is too large by one" for name, seen in defects.items() if not seen]
    return {
        "sources": sources,
        "seed": seed,
        "designs": len(designs),
        "cases": len(every),
        "different": sum(map(len, wrong.values())),
        "images": sum(len(case.cycles) for case in every),
        "cycles": sum(int(case.cycles.max()) for case in every),
        "modes": {mode.name: first[mode.name] for mode in RUNNING_MODES},
        "mode_changes": sum(len(case.parts) > 1 for case in every),
        "gaps": sum(any(part.gaps is not None for part in case.parts) for case in every),
        "back_pressure": sum(any(part.ready is not None for part in case.parts) for case in every),
        "planted": defects,
        "seconds": {"rtl": round(simulated - started, 1), "model": round(modelled - simulated, 1)},
        "findings": findings,
    }


def page(result: Mapping) -> str:
    """The page ``docs/results/cycles.md``, without its heading."""
    counted = [
        ("random designs: network, gate, local experts, folding", f"{result['designs']:,}"),
        ("cases", f"{result['cases']:,}"),
        *((f"cases that begin in {mode}", f"{count:,}") for mode, count in result["modes"].items()),
        ("cases with changes of mode", f"{result['mode_changes']:,}"),
        ("cases with gaps between pixels", f"{result['gaps']:,}"),
        ("cases with back-pressure", f"{result['back_pressure']:,}"),
        ("images", f"{result['images']:,}"),
        ("cycles", f"{result['cycles']:,}"),
        ("**cases in which a cycle of an image differs**", f"**{result['different']:,}**"),
    ]
    seen = [(f"`{name}`", f"{count:,}") for name, count in result["planted"].items()]
    return "\n".join(
        [
            markdown_table(("compared", "number"), counted),
            "A constant of the model (`hw/cycles/timing.py`) that is too large by one is seen by this case:\n",
            markdown_table(("constant", "first case that differs"), seen),
            *result["findings"],
        ]
    )
