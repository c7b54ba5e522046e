# SPDX-License-Identifier: Apache-2.0
"""What learning on the device costs: energy proxy and cycles of courses, beside a GE image and retraining fc1 and fc2.

Every user's course goes through golden learner and RTL, which are compared on the way: about a minute a user. Without
real data the users are those of the built-in handwriting.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from _arguments import (
    Parser,
    add_banks,
    add_design,
    add_jobs,
    add_json,
    add_keep,
    add_passes,
    add_seed,
    add_users,
    command,
    load_design,
    require_real,
)
from _results import as_typed, hand_over
from hw.gen.build import generate
from hw.gen.digest import rtl_digest
from spec.bank_file import load_bank
from spec.learning import LearnRule
from spec.models_digest import learning_digest
from spec.paths import BANKS, factory_file
from spec.presets import load_toml
from spec.progress import progress_bar
from training.course import Course
from training.learning import lfsr_seed
from training.table_files import TableData
from verif.bulk.library import build_library
from verif.proxies import lessons


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--users 1 --passes 2")
    add_design(parser)
    add_users(parser, " (default)")
    add_passes(parser)
    add_seed(parser)
    add_banks(parser, BANKS)
    add_jobs(parser, "models at a time")
    add_json(parser)
    add_keep(parser, f"docs/results/{lessons.NAME}.{{md,json}}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Teach every user's course, count, and print the tables."""
    given = options().parse_args(arguments)
    design = load_design(given, learns=True)
    preset = load_toml("gates", given.gate)
    rule, course = LearnRule.of(preset, design.moe), Course.of(preset).with_passes(given.passes)
    data = TableData.load(given.users)
    require_real(given.keep, data)
    sources = f"{rtl_digest()} {learning_digest()}"  # before the work: an edit meanwhile makes no old figure a new one
    build_library(generate(design))  # once, not by every user at the same time

    def learn(user: int) -> dict:
        start = load_bank(factory_file(design.moe.preset, user, given.banks), design.moe)
        seeded = replace(rule, seed=lfsr_seed(given.seed, user))
        found = lessons.take_course(design, start, data.users.train(user), data.train, seeded, course, given.seed)
        return {"user": user, **found}

    with ThreadPoolExecutor(given.jobs) as pool:
        found = pool.map(learn, data.numbers)
        users = list(progress_bar(found, total=len(data.numbers), description="courses", unit="user"))
    result = {
        "command": as_typed(__file__, arguments),
        "data": data.about(),
        "sources": sources,
        "section": preset["learning"],
        "passes": course.passes,
        "seed": given.seed,
        **lessons.record(design, users),
    }
    hand_over(given, lessons.NAME, lessons.as_markdown(result), result)
    return DIFFERS if result["course"]["mismatches"] else DONE


if __name__ == "__main__":
    run(main)
