# SPDX-License-Identifier: Apache-2.0
"""Place and route with several seeds, several at a time; what is finished is kept and never repeated."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hw.place import clock_gates, multipliers
from hw.place.cells import FORMAT, placed_cells
from hw.place.netlist import Netlist, ports_of
from spec.errors import CheckFailed, InputError
from spec.files import as_json, locked, new_directory, write_text
from tools import nextpnr, sweep
from tools.nextpnr import Target
from tools.workers import Workers

CELLS = "cells.json"
ALONE = Workers(1)


def runs_directory(netlist: Netlist, target: Target) -> Path:
    """Where the seeds of a netlist on a target are kept: named after all that their results depend on but the seed."""
    words = nextpnr.options(netlist.path.name, netlist.top, target, 0, "seed", bool(target.clocks))
    means = [netlist.digest, words, target.constraints(), nextpnr.version(), FORMAT]
    means += [target.lpf] if target.lpf else []
    means += [] if netlist.module else [multipliers.sites(target.device)]
    means += [clock_gates.SITES[target.device]] if not netlist.module and target.device in clock_gates.SITES else []
    digest = hashlib.sha256(json.dumps(means).encode()).hexdigest()[:16]
    return netlist.path.parent.parent / digest


@dataclass(frozen=True)
class Seed:
    """Task and result in one: the directory ``seed_N``, written where the tools run, so that workers need this path.

    The value is the sentence that says why there is no result; it is empty when there is one.
    """

    directory: Path
    netlist: Netlist
    target: Target
    seed: int
    sdc: str

    def __str__(self) -> str:
        return f"seed {self.seed}"

    def row(self) -> Seed:
        """See :class:`tools.sweep.Task`."""
        return self

    @property
    def file(self) -> Path:
        """Report, log, bitstream and cells."""
        return self.directory / f"seed_{self.seed}"

    def kept(self) -> str | None:
        """See :class:`tools.sweep.Result`."""
        return "" if self.file.is_dir() else None

    def keep(self, value: str) -> None:
        """The directory is written already."""

    def compute(self) -> str:
        """Place, route and pack."""
        netlist = self.netlist
        try:
            with new_directory(self.file) as staging:
                nextpnr.place_and_route(
                    self.directory, netlist.path.name, netlist.top, self.target, self.seed, staging.name, self.sdc
                )
                routed = staging / nextpnr.ROUTED
                write_text(staging / CELLS, as_json(placed_cells(json.loads(routed.read_text()))))
                routed.unlink()  # hundreds of megabytes of the whole device, of which the cells are what is looked at
                (staging / nextpnr.CONFIG).unlink()
        except CheckFailed as error:
            return str(error)
        nextpnr.failed_log(self.directory, self.seed).unlink(missing_ok=True)  # of an earlier try
        return ""


def run_seeds(
    netlist: Netlist, target: Target, seeds: Sequence[int], workers: Workers = ALONE
) -> tuple[Path, dict[int, str | None]]:
    """Place and route with each seed that has no result yet; of several calls for one target one at a time works.

    Returns:
        The directory, in which seed N's result is ``seed_N``: report, log, bitstream and cells; and for each seed None,
        or the sentence that says why it has no result.

    Raises:
        InputError: a clock that has a target of its own is neither a net nor a port of the netlist.
        CheckFailed: no seed has a result.
    """
    directory = runs_directory(netlist, target)
    directory.mkdir(parents=True, exist_ok=True)
    sdc = _constraints(netlist, target)
    with locked(directory.with_suffix(".lock")):
        tasks = [Seed(directory, netlist, target, seed, sdc) for seed in seeds]
        if any(task.kept() is None for task in tasks) and not (directory / netlist.path.name).exists():
            _netlist_for(netlist, target, directory / netlist.path.name)
        failed = [why or None for why in sweep.run(tasks, workers, "place and route", "seed", threads=True)]
    if all(failed):
        raise CheckFailed("; ".join(failed))
    return directory, dict(zip(seeds, failed, strict=True))


def _netlist_for(netlist: Netlist, target: Target, path: Path) -> None:
    """Where the tools run, above which they see nothing; of a whole device with places for multipliers and gates."""
    if netlist.module:
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        os.link(netlist.path, temporary)
        temporary.rename(path)
    else:
        content = json.loads(netlist.path.read_text())
        multipliers.fix_blocks(content, target.device)
        clock_gates.fix_gates(content, target.device)
        write_text(path, json.dumps(content))


def _constraints(netlist: Netlist, target: Target) -> str:
    """SDC of the clocks with a target of their own."""
    if not target.clocks:
        return ""
    content = json.loads(netlist.path.read_text())["modules"][netlist.top]
    known = set(content["netnames"])
    for clock in target.clocks:
        if clock not in known:
            raise InputError(f"{netlist.design} has no clock '{clock}'; it must be the name of a net of {netlist.top}")
    return target.constraints(ports_of(netlist))
