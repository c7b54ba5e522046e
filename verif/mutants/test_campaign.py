# SPDX-License-Identifier: Apache-2.0
"""Campaigns on planted benches: a blind one, one that sees, one that hangs; resuming and judging."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spec.errors import InputError
from tools.cocotb_run import RTL
from verif.mutants.campaign import Bench, Mutant, Result, Store, draw, judge_results, run_campaign
from verif.mutants.cover import Cover, load_cover
from verif.mutants.execution import LINT, SEEN, SURVIVED, Execution, Executor
from verif.mutants.planted import MODULE, plant, plantation
from verif.mutants.survivors import Survivor, load_survivors
from verif.mutants.table import verdict_table


@pytest.fixture
def planted() -> Iterator[Callable[[str], Cover]]:
    """Makes a bench of one of the kinds the only cover of the module."""
    with plantation() as directory:
        yield lambda kind: plant(kind, directory)


def execute(cover: Cover, tmp_path: Path, count: int = 2, jobs: int = 2) -> list[Result]:
    """A campaign on the planted bench."""
    mutants = draw(1, count, [MODULE], cover)
    store = Store(tmp_path / "results.jsonl")
    return run_campaign(mutants, cover, store, jobs, Executor(tmp_path / "scratch"), results=tmp_path)


@pytest.mark.parametrize(
    ("kind", "outcome"), [("blind", SURVIVED), ("sighted", SEEN), ("refusing", LINT), ("hanging", SEEN)]
)
def test_outcomes(
    kind: str,
    outcome: str,
    planted: Callable[[str], Cover],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Bench, "timeout", 4 if kind == "hanging" else 60)
    results = execute(planted(kind), tmp_path)
    assert [result.outcome for result in results] == [outcome, outcome]
    said = {"blind": "", "sighted": "test_sighted.py::test_bench", "refusing": "%Error", "hanging": "time-out"}[kind]
    assert all(said in result.by for result in results)
    assert not list((tmp_path / "scratch").iterdir()), "a scratch directory is left"


def test_a_bench_that_cannot_judge_is_refused(planted: Callable[[str], Cover], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="test_failing.py::test_bench fails on the sound design"):
        execute(planted("failing"), tmp_path)
    cover = planted("blind")
    cover.own[MODULE].write_text("def test_of_nothing(): pass\n")
    with pytest.raises(InputError, match=f"no test simulates {MODULE}.sv"):
        execute(cover, tmp_path)


class _Counted(Executor):
    """Counts, and remembers what it was asked."""

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        self.asked: list[str] = []

    def run(self, name: str, text: str, *others: object) -> Execution:
        self.asked.append(text)
        return super().run(name, text, *others)


def test_what_is_judged_is_not_run_again(planted: Callable[[str], Cover], tmp_path: Path) -> None:
    cover, file = planted("sighted"), tmp_path / "results.jsonl"
    first = execute(cover, tmp_path)
    file.write_text(file.read_text() + '{"key": "interru')  # an interrupted run leaves half a line
    executor = _Counted(tmp_path / "scratch")
    mutants = draw(1, 3, [MODULE], cover)
    results = run_campaign(mutants, cover, Store(file), 1, executor, results=tmp_path)
    assert len(executor.asked) == 1 and results[:2] == first
    assert len(Store(file).results) == 3
    # Another bench: everything again, the sound design too.
    cover.own[MODULE].write_text(cover.own[MODULE].read_text() + "\n# changed\n")
    executor = _Counted(tmp_path / "scratch")
    run_campaign(draw(1, 3, [MODULE], cover), cover, Store(file), 1, executor, results=tmp_path)
    assert len(executor.asked) == 4


def test_a_file_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"key": "a"}\n')
    with pytest.raises(InputError, match="line 1 is no result of a mutant"):
        Store(tmp_path / "x.jsonl")


def test_a_seed_draws_the_same_mutants() -> None:
    cover = load_cover()
    drawn = draw(7, 40, cover.units, cover)
    assert drawn == draw(7, 40, cover.units, cover)
    assert draw(7, 25, cover.units, cover) == drawn[:25]
    assert drawn != draw(8, 40, cover.units, cover)
    assert len({mutant.module for mutant in drawn}) > 10
    module = drawn[0].module
    assert draw(7, 1, [module], cover) == drawn[:1], "the order within a module depends on other modules"


def result(number: int, outcome: str) -> Result:
    mutant = Mutant("m", "operator", 1, f"old {number}", f"new {number}", "digest")
    return Result(mutant.key, mutant, outcome, "", 1.0)


@pytest.mark.parametrize(
    ("seen", "reasons", "good"),
    [
        (97, ["gap", "gap", "gap"], True),
        (96, ["gap", "gap", "gap"], False),
        (10, ["equivalent: it is"], True),
        (100, [None], False),
    ],
    ids=str,
)
def test_the_verdict(seen: int, reasons: list[str | None], good: bool) -> None:
    results = [result(i, SEEN) for i in range(seen)] + [result(1000, LINT)]
    results += [result(2000 + i, SURVIVED) for i in range(len(reasons))]
    survivors = [Survivor("m", f"old {2000 + i}", f"new {2000 + i}", why) for i, why in enumerate(reasons) if why]
    verdict = judge_results(results, survivors)
    assert verdict.good == good
    assert f"Seen are {seen} of {seen + sum(why != 'equivalent: it is' for why in reasons)}" in verdict_table(verdict)


def test_listed_survivors_still_are_changes_of_the_sources() -> None:
    for survivor in load_survivors():
        survivor.replacement.applied((RTL / f"{survivor.module}.sv").read_text())


def test_a_list_without_reasons_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.toml"
    entry = Survivor("m", "a ''  b", "c", "gap: not judged").toml
    file.write_text(entry)
    assert load_survivors(file) == [Survivor("m", "a ''  b", "c", "gap: not judged")]
    for wrong, said in (
        (entry.replace("gap: not judged", "equivalent:"), "it must be 'equivalent: ' and why"),
        (entry.replace('reason = "gap: not judged"', ""), "must have module, old, new and reason"),
        (entry + entry, "entry 2 stands twice"),
    ):
        file.write_text(wrong)
        with pytest.raises(InputError, match=said):
            load_survivors(file)


def test_every_module_is_covered(tmp_path: Path) -> None:
    cover = load_cover()
    assert {*cover.units, *cover.whole} == {p.stem for p in RTL.glob("*.sv") if not p.stem.endswith("_pkg")}
    (tmp_path / "lonely.sv").write_text("module lonely; endmodule\n")
    empty = tmp_path / "cover.toml"
    empty.write_text("")
    with pytest.raises(InputError, match="lonely has no test file"):
        load_cover(tmp_path, empty)
    empty.write_text('[whole]\nnobody = "verif/unit/test_mvu.py"\n')
    with pytest.raises(InputError, match="names nobody, which is no module"):
        load_cover(tmp_path, empty)


def test_a_real_bench(tmp_path: Path) -> None:
    """Simulated: a defect is seen, a design that is none is refused, and white space survives; controls are skipped."""
    expected = {
        ("o = second_q && out_ready_i", "o = out_ready_i"): SEEN,
        ("o = second_q && out_ready_i", "o = second_q && no_such_signal"): LINT,
        ("always_ff @(posedge clk_i) begin", "always_ff @(posedge clk_i) begin "): SURVIVED,
    }
    mutants = [Mutant(MODULE, "operator", 1, old, new, "digest") for old, new in expected]
    store, executor = Store(tmp_path / "r.jsonl"), Executor(tmp_path / "scratch")
    found = run_campaign(mutants, load_cover(), store, 1, executor, results=tmp_path)
    assert [result.outcome for result in found] == list(expected.values()), [result.by for result in found]
