# SPDX-License-Identifier: Apache-2.0
"""What learning on the device costs: energy proxy and cycles of courses, beside a GE image and retraining fc1 and fc2.

Every user's course goes through golden learner and RTL, which are compared on the way: about a minute a user. Without
real data the users are those of the built-in handwriting.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

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
from spec.errors import CheckFailed
from spec.models_digest import learning_digest
from spec.paths import BANKS
from spec.presets import load_toml
from spec.progress import progress_bar
from training.table_files import TableData
from verif.bulk.library import build_library
from verif.compare.courses import of_users
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
    data = TableData.load(given.users)
    require_real(given.keep, data)
    lectures = [*of_users(design, given.gate, data, given.passes, given.seed, given.banks)]
    sources = f"{rtl_digest()} {learning_digest()}"  # before the work: an edit meanwhile makes no old figure a new one
    build_library(generate(design))  # once, not by every user at the same time
    with ThreadPoolExecutor(given.jobs) as pool:
        found = pool.map(lambda lecture: lessons.take_course(lecture, given.seed), lectures)
        taken = progress_bar(found, total=len(lectures), description="courses", unit="user")
        users = [{"user": user, **course} for user, course in zip(data.numbers, taken, strict=True)]
    result = {
        "command": as_typed(__file__, arguments),
        "data": data.about(),
        "sources": sources,
        "section": load_toml("gates", given.gate)["learning"],
        "passes": lectures[0].course.passes,
        "seed": given.seed,
        **lessons.record(design, users),
    }
    mismatches = result["course"]["mismatches"]
    if given.keep and mismatches:
        raise CheckFailed(f"RTL and golden learner differ in {mismatches} places: nothing is kept")
    hand_over(given, lessons.NAME, lessons.as_markdown(result), result)
    return DIFFERS if mismatches else DONE


if __name__ == "__main__":
    run(main)
