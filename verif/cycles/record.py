# SPDX-License-Identifier: Apache-2.0
"""The cycle model against the RTL over many cases, and what is kept of it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from hw.cycles.sleep import Sleep
from hw.cycles.timing import Timing
from hw.gen.digest import rtl_digest
from spec import tiny_variants
from spec.markdown import markdown_table
from spec.network import RUNNING_MODES
from spec.presets import Accelerator, load_accelerator
from spec.progress import progress_bar
from verif.cycles.compare import Measured, different, measure_design
from verif.cycles.designs import dozing_accelerator, named_accelerators, random_accelerator
from verif.cycles.device import Night, differs, every_pause, nights

CASES = 12  # of a design
EQUAL_LEAST = 200  # cases of the kept result
NIGHTS = 24  # runs of a device whose GE sleeps
_SLEEPS = (
    Sleep(),
    Sleep(delay=40),
)  # through which every pause goes; 40: longer than the manager takes to see an idle GE


@dataclass(frozen=True)
class Design:
    """A design and its cases through the RTL."""

    accelerator: Accelerator
    measured: list[Measured]


def designs(seed: int) -> Iterator[tuple[int, Accelerator]]:
    """Seed and design: first those with a name, then random ones without end."""
    yield from zip(itertools.count(seed), named_accelerators(), strict=False)
    for number in itertools.count(seed):
        yield number, random_accelerator(number)


def measure(cases: int, seed: int, progress: bool = False) -> list[Design]:
    """Random cases, :data:`CASES` a design, through the RTL."""
    found = []
    with progress_bar(description="RTL" if progress else None, unit="case", total=cases) as bar:
        for done, (number, accelerator) in zip(range(0, cases, CASES), designs(seed), strict=False):
            count = min(CASES, cases - done)
            found.append(Design(accelerator, measure_design(accelerator, count, number)))
            bar.update(count)
    return found


def measure_shipped(seed: int) -> Design:
    """The design that is shipped, in two cases a mode: without pauses and with."""
    accelerator = load_accelerator()
    return Design(accelerator, measure_design(accelerator, 2 * len(RUNNING_MODES), seed))


def measure_nights(seed: int) -> list[Night]:
    """A GE that sleeps: random mixes and pauses, and every pause through a sequence off and on."""
    dozing = dozing_accelerator()
    return [
        *(every_pause(dozing, sleep, seed) for sleep in _SLEEPS),
        *nights(tiny_variants.accelerator("two"), NIGHTS - len(_SLEEPS), seed),
    ]


Check = Callable[[Timing], bool]  # whether a case differs


def checks(found: Sequence[Design], slept: Sequence[Night]) -> Iterable[Check]:
    """One for each case."""
    for d in found:
        for case in d.measured:
            yield lambda timing, d=d, case=case: bool(different(d.accelerator, [case], timing))
    for night in slept:
        yield lambda timing, night=night: differs(night, timing)


CONSTANTS = tuple(field.name for field in fields(Timing))


def planted(cases: Sequence[Check], constants: Iterable[str] = CONSTANTS) -> dict[str, int]:
    """How many cases it takes to see that a constant of the model is too large by one, for each; 0: nobody sees it."""
    right = Timing()

    def tries(name: str) -> int:
        wrong = replace(right, **{name: getattr(right, name) + 1})
        return next((number for number, case in enumerate(cases, 1) if case(wrong)), 0)

    return {name: tries(name) for name in constants}


def record(cases: int, seed: int, progress: bool = False) -> dict:
    """Everything that is known; ``findings`` are sentences that should not be."""
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    found, slept, shipped = measure(cases, seed, progress), measure_nights(seed), measure_shipped(seed)
    wrong = {d.accelerator.name: numbers for d in found if (numbers := different(d.accelerator, d.measured))}
    wrong_shipped = different(shipped.accelerator, shipped.measured)
    wrong_nights = [number for number, night in enumerate(slept) if differs(night)]
    defects = planted(list(checks(found, slept)))
    every = [case for d in found for case in d.measured]
    first = Counter(case.parts[0].mode.name for case in every)
    findings = [f"{name}: the cases {numbers} differ" for name, numbers in wrong.items()]
    findings += [f"{shipped.accelerator.name}: the cases {wrong_shipped} differ"] if wrong_shipped else []
    findings += [f"night {number} differs" for number in wrong_nights]
    if cases >= EQUAL_LEAST:  # a few cases need not have everything
        findings += [f"no case sees that {name} is too large by one" for name, number in defects.items() if not number]
    return {
        "sources": sources,
        "seed": seed,
        "designs": len(found),
        "cases": len(every),
        "different": sum(map(len, wrong.values())),
        "images": sum(len(case.cycles) for case in every),
        "cycles": sum(int(case.cycles.max()) for case in every),
        "modes": {mode.name: first[mode.name] for mode in RUNNING_MODES},
        "mode_changes": sum(len(case.parts) > 1 for case in every),
        "gaps": sum(any(part.gaps is not None for part in case.parts) for case in every),
        "back_pressure": sum(any(part.ready is not None for part in case.parts) for case in every),
        "shipped": {
            "design": shipped.accelerator.name,
            "cases": len(shipped.measured),
            "images": sum(len(case.cycles) for case in shipped.measured),
            "different": len(wrong_shipped),
        },
        "nights": len(slept),
        "night_images": sum(len(night.results) for night in slept),
        "nights_different": len(wrong_nights),
        "planted": defects,
        "findings": findings,
    }


def page(result: Mapping) -> str:
    """The page ``docs/results/cycles.md``, without its heading."""
    shipped = result["shipped"]
    counted = [
        ("designs: network, gate, local experts, folding", f"{result['designs']:,}"),
        ("cases", f"{result['cases']:,}"),
        *((f"cases that begin in {mode}", f"{count:,}") for mode, count in result["modes"].items()),
        ("cases with changes of mode", f"{result['mode_changes']:,}"),
        ("cases with gaps between pixels", f"{result['gaps']:,}"),
        ("cases with back-pressure", f"{result['back_pressure']:,}"),
        ("images", f"{result['images']:,}"),
        ("cycles", f"{result['cycles']:,}"),
        ("**cases in which a cycle of an image differs**", f"**{result['different']:,}**"),
        (f"cases of `{shipped['design']}`", f"{shipped['cases']:,}"),
        ("their images", f"{shipped['images']:,}"),
        ("**those in which a cycle differs**", f"**{shipped['different']:,}**"),
        ("runs of a whole device in MOE_GATED, whose GE sleeps", f"{result['nights']:,}"),
        ("their images", f"{result['night_images']:,}"),
        ("**runs in which the cycle of a result differs**", f"**{result['nights_different']:,}**"),
    ]
    seen = [(f"`{name}`", f"{number:,}" if number else "none") for name, number in result["planted"].items()]
    return "\n".join(
        [
            markdown_table(("compared", "number"), counted),
            "A constant of the model (`hw/cycles/timing.py`) that is too large by one is seen by this case or run:\n",
            markdown_table(("constant", "first that differs"), seen),
            *result["findings"],
        ]
    )
