# SPDX-License-Identifier: Apache-2.0
"""Sweeps: lists of independent tasks, each with a result of its own that is kept under a stable name.

What is finished is never computed again; the caller alone writes results, so they are the same files whoever computes
them. A worker makes the name of a result anew before it computes it: one that has other data, presets or sources than
the caller is refused, and never answers under a wrong name.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future, as_completed
from pathlib import Path
from typing import Any, Protocol

from spec.errors import CheckFailed, InputError
from spec.progress import progress_bar
from tools.workers import Workers

SHOWN = 3  # failures that a message names


class Result(Protocol):
    """What a task gives; :class:`tools.rows.Row` is one.

    ``file`` is where it is kept, a file or a directory, whose name says everything that the result depends on.
    """

    file: Path

    def kept(self) -> Any | None:
        """The finished result; None when there is none."""

    def compute(self) -> Any:
        """The result, anywhere: it is sent to the caller."""

    def keep(self, value: Any) -> None:
        """Write it, whole or not at all, at the caller."""


class Task(Protocol):
    """What can be sent to another process; its ``str`` names it in messages, beside the name of its result."""

    def row(self) -> Result:
        """The result, not computed yet."""


class SweepFailed(RuntimeError):
    """Tasks failed by a defect or a lost worker; all others are kept."""


def run(tasks: Sequence[Task], workers: Workers, description: str, unit: str = "task", threads: bool = False) -> list:
    """Every task's result, in the order of the tasks.

    A task that fails stops no other one. When a process of this machine dies, what it lost is begun again as long as
    anything gets finished in between.

    Args:
        description, unit: of the progress bar.
        threads: threads instead of processes where this machine computes: for tasks that wait for a program.

    Raises:
        InputError: tasks failed, by bad input or a check; the message names them and why.
        CheckFailed: the same, by checks alone.
        SweepFailed: tasks failed, at least one by a defect, or processes died.
    """
    rows = [task.row() for task in progress_bar(tasks, description=f"{description}: what is there", unit=unit)]
    found = {row.file: value for row in rows if (value := row.kept()) is not None}
    todo = {row.file: (task, row) for task, row in zip(tasks, rows, strict=True) if row.file not in found}
    failed: dict[Path, BaseException] = {}
    names = {file: f"{task} ({file.name})" for file, (task, _) in todo.items()}
    total = len({row.file for row in rows})
    with progress_bar(total=total, initial=len(found), description=description, unit=unit) as bar:
        while todo:
            before = len(todo)
            _round(todo, workers, threads, found, failed, bar)
            if len(todo) == before:
                raise SweepFailed(_lost([names[file] for file in todo], len(found)))
    if failed:
        raise _all_of(failed, names, len(found))
    return [found[row.file] for row in rows]


def _round(todo: dict, workers: Workers, threads: bool, found: dict, failed: dict, bar) -> None:
    """Compute what is to be done; what a dying process took with it stays in ``todo``."""
    with workers.executor(threads) as executor:
        futures: dict[Future, Path] = {}
        try:
            futures |= {executor.submit(_compute, task, file.name): file for file, (task, _) in todo.items()}
        except BrokenExecutor:
            return  # it died while it was given work
        for future in as_completed(futures):
            file = futures[future]
            try:
                value = future.result()
                todo[file][1].keep(value)
                found[file] = value
            except (BrokenExecutor, CancelledError):
                continue
            except Exception as error:
                failed[file] = error
            del todo[file]
            bar.update()


def _compute(task: Task, name: str) -> Any:
    """In another process: the result, if it is the one that the caller means.

    Raises:
        InputError: it would be another one.
    """
    row = task.row()
    if row.file.name != name:
        raise InputError(
            f"a worker would make {row.file.name}, {name} is wanted: it has other data, presets or sources"
        )
    return row.compute()


def _all_of(failed: dict[Path, BaseException], names: dict[Path, str], kept: int) -> Exception:
    """One exception of all that failed."""
    said = [f"{names[file]}: {error or type(error).__name__}" for file, error in failed.items()]
    text = f"{_some(said, '; ')}{_count(kept)}"
    defects = [error for error in failed.values() if not isinstance(error, (InputError, CheckFailed))]
    if defects:
        made = SweepFailed(text)
        made.__cause__ = defects[0]
        return made
    return (InputError if any(isinstance(error, InputError) for error in failed.values()) else CheckFailed)(text)


def _lost(names: Sequence[str], kept: int) -> str:
    return f"a process died and took with it {_some(names, ', ')}{_count(kept)}"


def _some(texts: Sequence[str], between: str) -> str:
    more = f"{between}and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return between.join(texts[:SHOWN]) + more


def _count(kept: int) -> str:
    return f" ({kept} results are kept; the same call goes on from there)"
