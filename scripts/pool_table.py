# SPDX-License-Identifier: Apache-2.0
"""Measure a pool of experts: accuracy of every query beside training from scratch, and time to the first answer.

Several seeds, test images by the integer golden model. About 10 minutes of one core, and some for building the
simulated device; an interrupted run goes on where it stopped.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

import torch

from _arguments import Parser, add_gate, add_json, add_keep, add_preset, add_work, command, require_real, whole_number
from _results import hand_over
from driver.pool_query import QueryTimer
from spec.models_digest import models_digest
from spec.paths import MODELS
from spec.presets import Accelerator, load_accelerator
from training import pool_query, pool_table
from training.pool_file import load_pool, pool_file
from training.pool_groups import GROUPS, QUERIES, query_classes, query_name

REPEATS = 5


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--without-times --json build/pool.json")
    add = parser.add_argument
    add("--pools", type=whole_number(1), default=pool_table.SEEDS, metavar="N",
        help="pools that are trained, of the seeds 0 to N - 1 (default %(default)s)")  # fmt: skip
    add("--without-times", action="store_true", help="do not open the simulated device")
    add_gate(parser, pool_query.GATE)
    add_preset(parser)
    add_work(parser, pool_query.WORK, "finished steps, to go on from")
    add_json(parser)
    add_keep(parser, "docs/results/pool.{md,json}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the tables."""
    given = options().parse_args(arguments)
    torch.set_num_threads(1)  # the steps are too small to share
    design = load_accelerator(given.preset, given.gate)
    table, about = pool_table.PoolTable.load(design.moe, given.work, given.pools)
    require_real(given.keep, table.test)
    validation, rows = table.validation(), table.tested()
    shipped = pool_file(MODELS, design.moe.preset)
    times = None if given.without_times else measure_times(design, shipped)
    text = pool_table.as_markdown(rows, validation, times, about, given.pools)
    known = load_pool(shipped, design.moe)[0].digest() if shipped.exists() else None
    sources = models_digest() if given.gate == pool_query.GATE else None
    result = pool_table.record(rows, validation, times, about, table, known, sources)
    hand_over(given, pool_table.NAME, text, result)
    return DONE


def measure_times(design: Accelerator, pool: Path) -> list[dict[str, Any]]:
    """Medians of every query, in seconds and cycles."""
    found = []
    with closing(QueryTimer(design)) as timer:
        for query in QUERIES:
            image = pool_query.images_of(query_classes(GROUPS, query), 1)[0]
            runs = [timer(pool, query, image) for _ in range(REPEATS)]
            row: dict[str, Any] = {"query": query_name(query)}
            row |= {name: median(getattr(one, name) for one in runs) for name in vars(runs[0])}
            found.append(row | {"total": median(one.total for one in runs), "largest": max(one.total for one in runs)})
    return found


if __name__ == "__main__":
    run(main)
