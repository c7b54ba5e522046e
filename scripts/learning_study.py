# SPDX-License-Identifier: Apache-2.0
"""Measure a device that learns its user by itself, by the golden learner: after how many images it is how good.

About five minutes of one core for the preset rich. With --choose rules and courses are compared by cross-validation on
training images instead, and no test image is looked at (ten minutes). An interrupted run goes on where it
stopped.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence
from typing import Any

from _arguments import (
    Parser,
    add_banks,
    add_choose,
    add_gates,
    add_ge,
    add_json,
    add_keep,
    add_seeds,
    add_users,
    add_work,
    add_workers,
    command,
    require_real,
    workers_of,
)
from _results import as_typed, hand_over
from report.figures.learning import FILE, picture
from spec.errors import InputError
from spec.files import write_bytes
from spec.learning import LearnRule
from spec.models_digest import learning_digest
from spec.paths import BANKS, BUILD, MODELS
from spec.presets import DEFAULT_GATE, load_moe, load_toml
from training import learning_choice as choice
from training import learning_table as study
from training import seed_runs
from training.course import Course
from training.learning import Source
from training.table_files import TableData


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--users 1,2 --seeds 1")
    add_gates(parser, (DEFAULT_GATE,))
    add_choose(parser, "rules and courses, and nothing else,")
    add_seeds(parser, 3, "seeds 0 to N - 1 of order, generic images and LFSR")
    add_users(parser, " (default)")
    add_ge(parser)
    add_banks(parser, BANKS)
    add_workers(parser, "processes")
    add_work(parser, BUILD / "learning", "finished rows, to go on from")
    add_json(parser)
    add_keep(parser, "docs/results/learning.{md,json} and docs/images/learning.png; with --choose "
             "docs/results/learning_choice.{md,json}", beside=("choose",))  # fmt: skip
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn, measure and print the tables."""
    parser = options()
    given = parser.parse_args(arguments)
    if given.choose:
        parser.refuse(given, ("seeds",), "--choose")
    gates = given.gates.split(",")
    if given.choose and len(gates) > 1:
        raise InputError(f"--choose compares rules for one gate preset, --gates names {len(gates)}")
    presets = {gate: load_toml("gates", gate) for gate in gates}
    moes = {gate: load_moe(gate, given.ge) for gate in gates}
    rules = {} if given.choose else {g: (LearnRule.of(presets[g], moes[g]), Course.of(presets[g])) for g in gates}
    data = TableData.load(given.users)
    require_real(given.keep, data)
    about = {
        "command": as_typed(__file__, arguments),
        "data": data.about(),
        "sources": learning_digest(rules=not given.choose) if given.ge == MODELS / "ge.onnx" else None,
    }
    if given.choose:
        _choose(given, gates[0], moes[gates[0]], data, about)
        return DONE
    found = {}
    for gate in gates:
        rule, course = rules[gate]
        tasks = study.tasks_of(_sources(given, gate, data), rule, course, given.seeds, given.work)
        rows = seed_runs.run(tasks, workers_of(given))
        host = None if data.synthetic else study.host_figures(moes[gate].preset, data.numbers)
        found[gate] = study.entry(moes[gate], rule, presets[gate]["learning"], rows, host)
    result = {**about, "measured_on": data.sentence(), "gates": found}
    hand_over(given, study.NAME, study.as_markdown(result), result)
    if given.keep:
        write_bytes(FILE, picture(found[gates[0]], f"Gate preset {gates[0]}"))
    return DONE


def _sources(given: Any, gate: str, data: TableData) -> list[Source]:
    return [Source(gate, given.ge, user, None, banks=given.banks) for user in data.numbers]


def _choose(given: Any, gate: str, moe: Any, data: TableData, about: dict[str, Any]) -> None:
    sections = choice.candidates()
    tasks = choice.tasks_of(_sources(given, gate, data), sections, moe, choice.SEEDS, given.work)
    rows = seed_runs.run(tasks, workers_of(given))
    settings = {"gate": gate, "users": len(data.numbers), "seeds": choice.SEEDS, "usual": choice.USUAL}
    result = choice.record(sections, rows, {**about, **settings})
    hand_over(given, choice.NAME, choice.as_markdown(result), result)
    print(f"Chosen: {result['chosen']}\n\n{choice.as_toml(sections[result['chosen']])}")


if __name__ == "__main__":
    run(main)
