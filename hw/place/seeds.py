# SPDX-License-Identifier: Apache-2.0
"""Place and route with several seeds, several at a time; what is finished is kept and never repeated."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from hw.place.cells import FORMAT, placed_cells
from hw.place.netlist import Netlist, ports_of
from spec.errors import CheckFailed, InputError
from spec.files import as_json, locked, new_directory, write_text
from tools import nextpnr
from tools.nextpnr import Target
from tools.parallel import run_in_parallel

CELLS = "cells.json"


def runs_directory(netlist: Netlist, target: Target) -> Path:
    """Where the seeds of a netlist on a target are kept: named after all that their results depend on but the seed."""
    words = nextpnr.options(netlist.path.name, netlist.top, target, 0, "seed", bool(target.clocks))
    means = [netlist.digest, words, target.constraints(), nextpnr.version(), FORMAT]
    means += [target.lpf] if target.lpf else []
    digest = hashlib.sha256(json.dumps(means).encode()).hexdigest()[:16]
    return netlist.path.parent.parent / digest


def run_seeds(
    netlist: Netlist, target: Target, seeds: Sequence[int], jobs: int = 1, description: str | None = None
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
        missing = [seed for seed in seeds if not (directory / f"seed_{seed}").is_dir()]
        if missing and not (directory / netlist.path.name).exists():
            temporary = directory / f"{netlist.path.name}.{os.getpid()}"
            os.link(netlist.path, temporary)  # the tools see nothing above the directory they run in
            temporary.rename(directory / netlist.path.name)

        def work(low: int, high: int, _: ctypes.c_uint64) -> list[tuple[int, str | None]]:
            return [(seed, _run(directory, netlist, target, seed, sdc)) for seed in missing[low:high]]

        parts = (
            run_in_parallel(len(missing), 1, [work] * min(jobs, len(missing)), description, "seed") if missing else []
        )
    failed = {seed: why for _, part in parts for seed, why in part}
    if all(failed.get(seed) for seed in seeds):
        raise CheckFailed("; ".join(filter(None, failed.values())))
    return directory, {seed: failed.get(seed) for seed in seeds}


def _run(directory: Path, netlist: Netlist, target: Target, seed: int, sdc: str) -> str | None:
    try:
        with new_directory(directory / f"seed_{seed}") as staging:
            into = staging.name
            nextpnr.place_and_route(directory, netlist.path.name, netlist.top, target, seed, into, sdc)
            routed = staging / nextpnr.ROUTED
            write_text(staging / CELLS, as_json(placed_cells(json.loads(routed.read_text()))))
            routed.unlink()  # hundreds of megabytes of the whole device, of which the cells are what is looked at
            (staging / nextpnr.CONFIG).unlink()
    except CheckFailed as error:
        return str(error)
    nextpnr.failed_log(directory, seed).unlink(missing_ok=True)  # of an earlier try
    return None


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
