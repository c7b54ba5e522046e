# SPDX-License-Identifier: Apache-2.0
"""Search for foldings, widths and sizes that fit a device, by cost models fitted on synthesised designs.

Prints the designs that no other one beats, and writes them with a picture to ``--out``; ``--build N`` writes design N
as presets. Nothing is simulated or synthesised for that: it takes a minute or two. ``--points`` synthesises what the
models are fitted on, ``--measure`` the design of ``--build``, minutes each; finished ones are not made again.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

import argparse
from collections.abc import Sequence
from pathlib import Path

from _arguments import (
    MODELS,
    Parser,
    add_gate,
    add_ge,
    add_keep,
    add_local_experts,
    add_out,
    add_seed,
    add_work,
    add_workers,
    command,
    name_list,
    require_real,
    whole_number,
    workers_of,
)
from explore import growth, growth_page, kept, preset, published
from explore.devices import DEVICES
from explore.front import as_csv
from explore.measurement import Measurement, beside
from explore.picture import picture
from explore.points import WORK, load_points
from explore.search import NothingFits
from explore.space import AXES
from explore.study import FILL, TRIALS, Outcome, Study, load_studies
from explore.study import run as search
from explore.terminal import terminal
from golden.data import generic_source, users_source
from hw.gen.digest import rtl_digest
from hw.resource_report import tool
from spec.errors import InputError
from spec.files import write_bytes, write_text
from spec.markdown import aligned
from spec.paths import BUILD
from tools import sweep

_SEARCH = (
    "chip", "axes", "references", "trials", "fill", "no_learning", "local_only", "ge", "gate", "local_experts", "seed",
    "out", "build", "measure",
)  # fmt: skip


def share(text: str) -> float:
    """Type of an option: a share above 0 and at most 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"is '{text}', a number above 0 and at most 1 is needed")
    return value


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--chip ecp5-45 --gate paper --build 1")
    add = parser.add_argument
    add("--chip", choices=tuple(DEVICES), default="ecp5-85", help="the device (default %(default)s)")
    add("--axes", type=name_list(AXES), default=("folding",), metavar="NAME[,..]",
        help=f"what is free, out of {','.join(AXES)} (default folding)")  # fmt: skip
    add("--references", type=lambda text: tuple(text.split(",")), default=(), metavar="NAME[,..]",
        help="folding presets made by hand, to be beaten")  # fmt: skip
    add("--trials", type=whole_number(1), default=TRIALS, metavar="N", help="designs looked at (default %(default)s)")
    add("--fill", type=share, default=FILL, metavar="SHARE",
        help="of the device's LUTs and flip-flops that may be taken (default %(default)s)")  # fmt: skip
    add("--no-learning", action="store_true", help="devices that cannot learn by themselves")
    add("--local-only", action="store_true", help="devices of front end and local experts, without GE and gate")
    add_ge(parser)
    add_gate(parser)
    add_local_experts(parser)
    add_seed(parser)
    add_out(parser, "table, picture and presets", BUILD / "explore")
    add("--build", type=whole_number(1), metavar="N", help="write design N of the table as presets")
    add("--measure", action="store_true", help="synthesise the design of --build, beside its estimate")
    add("--studies", action="store_true", help="search as configs/explore/studies.toml says; synthesise what is chosen")
    add("--points", action="store_true", help="synthesise the designs that the cost models are fitted on")
    add("--growth", action="store_true", help="how cost grows with images, users, local experts and network size")
    add_workers(parser, "syntheses at a time")
    add_work(parser, WORK, "finished syntheses, to go on from")
    add_keep(parser, "with --points, docs/results/costs.{json,md}; with --studies, docs/results/explore.{json,md}; "
             "with --growth, docs/results/growth.{json,md}", beside=("points", "studies", "growth"))  # fmt: skip
    return parser


def measure_points(given: argparse.Namespace) -> int:
    """Synthesise every point that is not measured; print the errors of models that did not see them."""
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    points = load_points(work=given.work)
    rows = sweep.run(points, workers_of(given), "points", "point", threads=True)
    records = [kept.record(point, row) for point, row in zip(points, rows, strict=True)]
    print(aligned(kept.rows(records)))
    if given.keep:
        kept.save(records, tool(), sources)
    return DONE


def studies(given: argparse.Namespace) -> int:
    """Search as the kept studies say, synthesise what they choose, and print it."""
    sources = rtl_digest()  # before the work
    model, wanted = kept.cost_model(), load_studies()
    if any("widths" in study.axes for study in wanted):
        require_real(given.keep, generic_source("train"))
    outcomes, nothing = [], {}
    for study in wanted:
        try:
            outcomes.append(search(study, model))
            said = terminal(outcomes[-1])
        except NothingFits as reason:
            nothing[study] = said = str(reason)
        print(f"{study.name}\n\n{said}\n", flush=True)
    rows = published.measure(outcomes, given.work, workers_of(given))
    for outcome, found in zip(outcomes, rows, strict=True):
        for which, row in found.items():
            if isinstance(which, int):
                figures, name = outcome.front[which - 1].figures, published.name_of(outcome, which)
            else:
                figures, name = outcome.references[which], f"{which}, by hand"
            print(f"{name}\n{aligned(beside(figures, row))}\n")
        print("\n".join(published.verdicts(outcome, found)))
    if given.keep:
        published.save(outcomes, rows, nothing, tool(), sources)
    return DONE


def build(given: argparse.Namespace, outcome: Outcome) -> None:
    """Write the presets of a design; synthesise it if that is wanted."""
    if given.build > len(outcome.front):
        raise InputError(f"--build {given.build}: the table has {len(outcome.front)} designs")
    name = f"{given.chip.replace('-', '_')}_{given.build}"
    said = f"Design {given.build} of {len(outcome.front)} that scripts/explore.py found for the {given.chip}."
    found = outcome.front[given.build - 1]
    files = preset.write(found, outcome.space, given.out, name, said)
    flags = preset.flags(files, given.gate, given.ge, given.local_experts)
    print(f"\nbuild and compare: python scripts/compare_golden.py {flags} --stages int,rtl")
    if given.measure:
        task = Measurement(found.design(outcome.space, name), given.work)
        (row,) = sweep.run([task], workers_of(given), "synthesis", "design", threads=True)
        print(aligned(beside(found.figures, row)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Search and print, or measure points."""
    parser = options()
    given = parser.parse_args(arguments)
    instead = [name for name in ("points", "studies", "growth") if getattr(given, name)]
    for name in instead:
        parser.refuse(given, (*_SEARCH, *(other for other in instead if other != name)), f"--{name}")
    if given.growth or (not instead and not given.measure):
        parser.refuse(given, ("work", "jobs", "dask"), "--growth" if given.growth else "a search without --measure")
    if given.points:
        return measure_points(given)
    if given.studies:
        return studies(given)
    if given.growth:
        require_real(given.keep, users_source())
        sources = rtl_digest()  # before the work
        series = growth.all_series(kept.cost_model())
        print(growth_page.page(series, sources))
        if given.keep:
            growth_page.save(series, sources)
        return DONE
    if given.keep:
        parser.error("--keep needs --points, --studies or --growth")
    if given.measure and not given.build:
        parser.error("--measure needs --build")
    network = "trained" if given.ge == MODELS / "ge.onnx" else str(given.ge)
    study = Study(
        given.chip, given.chip, network, given.gate, given.axes, given.references, not given.no_learning,
        given.local_only, given.local_experts, given.fill, given.trials, given.seed,
    )  # fmt: skip
    outcome = search(study, kept.cost_model())
    print(terminal(outcome))
    if old := kept.state():
        print(old)
    write(given.out / given.chip, outcome)
    if given.build:
        build(given, outcome)
    return DONE


def write(where: Path, outcome: Outcome) -> None:
    """CSV and picture."""
    write_text(where.with_suffix(".csv"), as_csv(outcome.front))
    write_bytes(
        where.with_suffix(".png"), picture(outcome.study.name, outcome.front, outcome.references, outcome.study.limits)
    )
    print(f"\nall {len(outcome.front)} in {where.with_suffix('.csv')}, picture beside it")


if __name__ == "__main__":
    run(main)
