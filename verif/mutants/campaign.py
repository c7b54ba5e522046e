# SPDX-License-Identifier: Apache-2.0
"""A campaign: draw mutants, run each against its module's bench on several cores, keep every result, judge.

Results go to a file as they come, one JSON object a line; what is in it is not run again, unless the source or its
tests have changed since.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path

from spec.errors import InputError
from spec.files import as_json, write_text
from spec.paths import BUILD
from tools.cocotb_run import RTL
from tools.mutants import Replacement
from verif.mutants.changes import changes
from verif.mutants.cover import Cover
from verif.mutants.execution import SEEN, SURVIVED, Execution, Executor
from verif.mutants.survivors import Survivor

RESULTS = BUILD / "mutants"


@dataclass(frozen=True)
class Mutant:
    """One change of one module; ``digest`` names the state of sources and tests that the outcome depends on."""

    module: str
    kind: str
    line: int
    old: str
    new: str
    digest: str

    @property
    def key(self) -> str:
        """16 hexadecimal digits: the same change met by the same tests."""
        text = "\0".join((self.module, self.old, self.new, self.digest))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def replacement(self) -> Replacement:
        return Replacement(f"{self.module}.sv", self.old, self.new)


@dataclass(frozen=True)
class Result:
    """Outcome of a mutant: see ``Execution``; ``seconds`` is the time it took."""

    key: str
    mutant: Mutant
    outcome: str
    by: str
    seconds: float


def draw(seed: int, count: int, modules: Iterable[str], cover: Cover, rtl: Path = RTL) -> list[Mutant]:
    """``count`` of all mutants of ``modules``, or all if there are fewer; the same for a seed, in random order.

    A mutant's place in the order depends on the seed and on its own text alone: a change in one module does not draw
    other mutants of the others.
    """
    drawn: dict[str, Mutant] = {}
    for module in sorted(set(modules)):
        text, state = (rtl / f"{module}.sv").read_text(), cover.digest(module, rtl)
        for change in changes(module, text):
            replacement = change.replacement(text)
            mutant = Mutant(module, change.kind, change.line, replacement.old, replacement.new, state)
            rank = hashlib.sha256(f"{seed}\0{module}\0{mutant.old}\0{mutant.new}".encode()).hexdigest()
            drawn[rank] = mutant
    return [drawn[rank] for rank in sorted(drawn)[:count]]


class Store:
    """The file of results."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.results: dict[str, Result] = {}
        self._lock = threading.Lock()
        for number, line in enumerate(path.read_text().splitlines() if path.exists() else (), 1):
            try:
                entry = json.loads(line)
                result = Result(**{**entry, "mutant": Mutant(**entry["mutant"])})
            except (ValueError, TypeError, KeyError):
                if line.endswith("}"):
                    raise InputError(f"{path}: line {number} is no result of a mutant") from None
                continue  # an interrupted run wrote half a line
            self.results[result.key] = result

    def add(self, result: Result) -> None:
        """Keep a result, on disk at once."""
        with self._lock:
            self.results[result.key] = result
            self.path.parent.mkdir(parents=True, exist_ok=True)
            torn = self.path.exists() and not self.path.read_bytes().endswith(b"\n") and self.path.stat().st_size
            with self.path.open("a") as file:
                file.write(("\n" if torn else "") + json.dumps(asdict(result)) + "\n")


class Bench:
    """The tests of one module's file that simulate it, cheapest first; those that see mutants move to the front."""

    def __init__(self, module: str, seconds: dict[str, float]) -> None:
        self.module, self.seconds = module, seconds
        self.seen = dict.fromkeys(seconds, 0)

    @property
    def order(self) -> list[str]:
        return sorted(self.seconds, key=lambda test: self.seconds[test] / (1 + self.seen[test]))

    @property
    def timeout(self) -> float:
        """Seconds after which a run on a mutant hangs, on a busy machine too."""
        return 60 + 6 * sum(self.seconds.values())

    def note(self, test: str) -> None:
        if test in self.seen:
            self.seen[test] += 1


def sound_bench(module: str, cover: Cover, executor: Executor, rtl: Path = RTL, results: Path = RESULTS) -> Bench:
    """The bench of ``module``, after it has passed on the sound design; that is remembered.

    Raises:
        InputError: a test fails on the sound design, or none simulates the module.
    """
    tests = cover.tests(module)
    kept = results / "sound" / f"{module}-{cover.digest(module, rtl)}.json"
    if kept.exists():
        return Bench(module, json.loads(kept.read_text()))
    source = rtl / f"{module}.sv"
    run = executor.run(source.name, source.read_text(), [str(tests)])
    if run.outcome != SURVIVED:
        said = "\n".join(line for line in run.log.splitlines() if line.startswith(("E ", "FAILED", "ERROR")))
        raise InputError(f"{run.by or tests} fails on the sound design, so it cannot judge mutants:\n{said or run.log}")
    if not run.seconds:
        raise InputError(f"{tests}: no test simulates {module}.sv, so none could see a change of it")
    write_text(kept, as_json(run.seconds))
    return Bench(module, run.seconds)


def run_campaign(
    mutants: Sequence[Mutant],
    cover: Cover,
    store: Store,
    jobs: int,
    executor: Executor,
    progress: Callable[[int, int], None] = lambda done, total: None,
    rtl: Path = RTL,
    results: Path = RESULTS,
) -> list[Result]:
    """Run the mutants that ``store`` does not have; return the results of all, in the order of ``mutants``.

    Args:
        jobs: mutants at a time, each in a process of its own.
        progress: told the number of steps that are done, and of all.

    Raises:
        InputError: the bench of a module does not pass on the sound design.
    """
    todo = [mutant for mutant in mutants if mutant.key not in store.results]
    modules = sorted({mutant.module for mutant in todo})
    total, done = len(modules) + len(todo), 0
    benches: dict[str, Bench] = {}

    def prepare(module: str) -> Bench:
        return sound_bench(module, cover, executor, rtl, results)

    def judge(mutant: Mutant) -> tuple[Mutant, Execution]:
        bench = benches[mutant.module]
        text = mutant.replacement.applied((rtl / f"{mutant.module}.sv").read_text())
        return mutant, executor.run(f"{mutant.module}.sv", text, bench.order, bench.timeout)

    pool = ThreadPoolExecutor(jobs)
    try:
        progress(done, total)
        for bench in pool.map(prepare, modules):
            benches[bench.module] = bench
            progress(done := done + 1, total)
        running: set[Future[tuple[Mutant, Execution]]] = set()
        queue = list(reversed(todo))
        while queue or running:
            # One by one, so that each takes the order of tests that those before it have found best.
            while queue and len(running) < jobs:
                running.add(pool.submit(judge, queue.pop()))
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                mutant, run = future.result()
                benches[mutant.module].note(run.by)
                store.add(Result(mutant.key, mutant, run.outcome, run.by, round(run.duration, 2)))
                progress(done := done + 1, total)
    finally:
        executor.stop()
        pool.shutdown(cancel_futures=True)
    return [store.results[mutant.key] for mutant in mutants]


@dataclass(frozen=True)
class Verdict:
    """What a campaign says about the tests."""

    results: list[Result]
    equivalent: list[Result]
    gaps: list[Result]
    unexplained: list[Result]

    LEAST = 0.97  # share of the mutants that matter which must be seen

    @property
    def seen(self) -> int:
        return sum(result.outcome == SEEN for result in self.results)

    @property
    def share(self) -> float:
        """Seen of those that matter: not refused by lint or elaboration, and not shown to change nothing."""
        matter = self.seen + len(self.gaps) + len(self.unexplained)
        return self.seen / matter if matter else 1.0

    @property
    def good(self) -> bool:
        return not self.unexplained and self.share >= self.LEAST


def judge_results(results: list[Result], survivors: Iterable[Survivor]) -> Verdict:
    """Sort the survivors of a campaign by the reasons that the list gives."""
    known = {(s.module, s.old, s.new): s for s in survivors}
    equivalent, gaps, unexplained = [], [], []
    for result in results:
        if result.outcome == SURVIVED:
            mutant = result.mutant
            survivor = known.get((mutant.module, mutant.old, mutant.new))
            (unexplained if survivor is None else gaps if survivor.matters else equivalent).append(result)
    return Verdict(results, equivalent, gaps, unexplained)


def results_file(seed: int) -> Path:
    """Where the results of a seed are kept."""
    return RESULTS / f"{seed}.jsonl"
