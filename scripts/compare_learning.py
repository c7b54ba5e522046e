# SPDX-License-Identifier: Apache-2.0
"""Teach courses of labelled images to golden learner and RTL (or HLS), and compare answers, weights and LFSR.

Without real data the users are those of the built-in handwriting.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from _arguments import (
    Parser,
    add_design,
    add_jobs,
    add_mode,
    add_passes,
    add_seed,
    add_stages,
    add_users,
    command,
    load_design,
    modes_of,
    whole_number,
)
from training.table_files import TableData
from verif.compare.courses import of_small_networks, of_users
from verif.compare.lessons import Compared, compare_course
from verif.compare.pupils import STAGES

DEFAULT_STAGES = ("rtl",)
MODES = ("LE_ONLY", "MOE_PARALLEL", "MOE_GATED")


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--users 1,2 --passes 2")
    add = parser.add_argument
    add_design(parser)
    add_users(parser, " (default)")
    add_passes(parser)
    add_mode(parser, MODES, ["MOE_GATED"])
    add("--tiny", type=whole_number(1), metavar="N",
        help="instead of users: N random images through small networks, rounded up to whole passes")  # fmt: skip
    add("--pauses", action="store_true", help="pixels and results pause at random")
    add_stages(parser, STAGES, DEFAULT_STAGES)
    add_seed(parser)
    add_jobs(parser, "models at a time")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare course by course."""
    parser = options()
    given = parser.parse_args(arguments)
    if "rtl" not in given.stages:
        parser.refuse(given, ("pauses",), f"--stages {','.join(given.stages)}")
    if given.tiny:
        parser.refuse(given, ("users", "passes", "gate", "preset"), "--tiny")
        lectures = [*of_small_networks(given.tiny, given.seed)]
    else:
        design, data = load_design(given, learns=True), TableData.load(given.users)
        lectures = [*of_users(design, given.gate, data, given.passes, given.seed)]

    def compare(task):
        stage, mode, number = task
        lecture = lectures[number]
        pupil = STAGES[stage](lecture.accelerator, lecture.start)
        try:
            pauses = (number + 1) * given.pauses
            return compare_course(
                pupil, lecture.accelerator.moe, lecture.start, lecture.own, lecture.generic, lecture.rule,
                lecture.course, mode, given.seed, pauses,
            )  # fmt: skip
        finally:
            pupil.close()

    tasks = [(stage, mode, n) for stage in given.stages for mode in modes_of(given.mode) for n in range(len(lectures))]
    total = mismatches = 0
    with ThreadPoolExecutor(given.jobs) as pool:
        for (stage, mode, number), found in zip(tasks, pool.map(compare, tasks), strict=True):
            print(f"{stage}, {lectures[number].name}, {mode.name}: {sentence(found)}", flush=True)
            total, mismatches = total + found.images, mismatches + found.mismatches
    print(f"{total} labelled images, {mismatches} mismatches")
    return DIFFERS if mismatches else DONE


def sentence(found: Compared) -> str:
    """What a course was, and what differed."""
    le, gn = found.moved
    cycles = "" if found.cycles is None else f", {found.cycles:.1f} cycles an image"
    return (
        f"{found.images} labelled images, {le} moved the local expert and {gn} the gate{cycles}; differ: "
        f"{found.answers} answers, {found.weights} words of the bank that learns, {found.others} of the other, "
        f"LFSR {found.random} times"
    )


if __name__ == "__main__":
    run(main)
