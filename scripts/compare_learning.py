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
)
from golden.data import generic_source, users_source
from spec.bank_file import load_bank
from spec.learning import LearnRule
from spec.paths import BANKS, factory_file
from spec.presets import load_toml
from training.course import Course
from training.learning import lfsr_seed
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
    add("--pauses", action="store_true", help="pixels and results pause at random")
    add_stages(parser, STAGES, DEFAULT_STAGES)
    add_seed(parser)
    add_jobs(parser, "models at a time")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare user by user."""
    given = options().parse_args(arguments)
    accelerator = load_design(given)
    preset = load_toml("gates", given.gate)
    rule, course = LearnRule.of(preset, accelerator.moe), Course.of(preset).with_passes(given.passes)
    users, generic = users_source(), generic_source("train")
    numbers = given.users or users.users

    def compare(task):
        stage, mode, user = task
        start = load_bank(factory_file(accelerator.moe.preset, user, BANKS), accelerator.moe)
        seeded = LearnRule(**{**vars(rule), "seed": lfsr_seed(given.seed, user)})
        pupil = STAGES[stage](accelerator, start)
        try:
            return compare_course(
                pupil, accelerator.moe, start, users.train(user), generic, seeded, course, mode, given.seed,
                user * given.pauses,
            )  # fmt: skip
        finally:
            pupil.close()

    tasks = [(stage, mode, user) for stage in given.stages for mode in modes_of(given.mode) for user in numbers]
    total = mismatches = 0
    with ThreadPoolExecutor(given.jobs) as pool:
        for (stage, mode, user), found in zip(tasks, pool.map(compare, tasks), strict=True):
            print(f"{stage}, user {user}, {mode.name}: {sentence(found)}", flush=True)
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
