# SPDX-License-Identifier: Apache-2.0
"""What nextpnr's report says about a routed design: clocks, crossings, utilisation and the worst paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hw.place.cells import readable
from tools.nextpnr import Target

WORST = 5  # paths that are shown
_ASYNC = "<async>"


@dataclass(frozen=True)
class Clock:
    """A clock's highest frequency after routing, and its target, both in MHz."""

    name: str
    mhz: float
    target: float


@dataclass(frozen=True)
class Crossing:
    """The longest way from a register of one clock to one of another, ns; ``limit`` is the shorter target period."""

    source: str
    sink: str
    ns: float
    limit: float


@dataclass(frozen=True)
class Path:
    """A path from register to register.

    Attributes:
        start: None where the report does not say it: it has one whole path a clock, of others only the end.
        end: register.
        ns: from clock edge to the end's set-up, what the clock's period must be.
        routing: part of it in wires, ns; ``levels``: cells it goes through.
    """

    clock: str
    end: str
    ns: float
    start: str | None = None
    routing: float | None = None
    levels: int | None = None


@dataclass(frozen=True)
class Timing:
    """The report of one run; ``used`` and ``available`` count sites by nextpnr's kinds."""

    clocks: tuple[Clock, ...]
    crossings: tuple[Crossing, ...]
    paths: tuple[Path, ...]
    used: dict[str, int]
    available: dict[str, int]

    @property
    def margin(self) -> float:
        """The smallest clock over its target, by which seeds are compared; 0 without any clock."""
        return min((clock.mhz / clock.target for clock in self.clocks), default=0.0)


def clock_name(event: str) -> str:
    """Readable name of a clock: of ``posedge $glbnet$clk_i$TRELLIS_IO_IN`` it is ``clk_i``."""
    edge, _, net = event.partition(" ")
    return readable(net if edge in ("posedge", "negedge") else event)


def read_timing(report: Mapping, target: Target) -> Timing:
    """The figures of nextpnr's ``--report`` with ``--detailed-timing-report``."""
    clocks = []
    for net, found in report["fmax"].items():
        name = clock_name(net)
        clocks.append(Clock(name, found["achieved"], target.of(name)))
    whole = list(report["critical_paths"])
    crossings = []
    for path in whole:
        source, sink = clock_name(path["from"]), clock_name(path["to"])
        if source != sink and _ASYNC not in (source, sink):
            limit = 1000 / max(target.of(source), target.of(sink))
            crossings.append(Crossing(source, sink, sum(step["delay"] for step in path["path"]), limit))
    uses = report["utilization"]
    return Timing(
        tuple(sorted(clocks, key=lambda clock: clock.name)),
        tuple(sorted(crossings, key=lambda crossing: -crossing.ns)),
        tuple(worst_paths(whole, report.get("detailed_net_timings", ()))),
        {kind: use["used"] for kind, use in uses.items()},
        {kind: use["available"] for kind, use in uses.items()},
    )


def worst_paths(whole: Iterable[Mapping], nets: Iterable[Mapping]) -> list[Path]:
    """The :data:`WORST` longest paths between registers of one clock, each to another register, the longest first."""
    known: dict[tuple[str, str], Path] = {}
    for path in whole:
        if path["from"] != path["to"]:
            continue
        steps = path["path"]
        routing = sum(step["delay"] for step in steps if step["type"] == "routing")
        levels = sum(step["type"] == "logic" for step in steps)
        clock, end = clock_name(path["to"]), readable(steps[-1]["to"]["cell"])
        start, ns = readable(steps[0]["from"]["cell"]), sum(step["delay"] for step in steps)
        known[clock, end] = Path(clock, end, ns, start, routing, levels)
    for net in nets:
        for sink in net["endpoints"]:
            if sink["event"] != net["event"] or _ASYNC in sink["event"]:
                continue
            clock, end, ns = clock_name(sink["event"]), readable(sink["cell"]), max(sink["delay"])
            if (clock, end) not in known or known[clock, end].ns < ns - 0.001:
                known[clock, end] = Path(clock, end, ns)
    return sorted(known.values(), key=lambda path: -path.ns)[:WORST]


def findings(timing: Timing, nets: Mapping[str, int], clock: str) -> list[str]:
    """Sentences about what is missing or misses its target; none when all is well.

    Args:
        nets: clock nets of the routed netlist, with the number of cells behind each.
        clock: the clock that there must be in any case.
    """
    said = []
    named = {one.name for one in timing.clocks}
    seen = named | {end for crossing in timing.crossings for end in (crossing.source, crossing.sink)}
    for name in sorted({clock, *map(readable, nets)}):
        if name not in seen or (name == clock and name not in named):
            cells = sum(count for net, count in nets.items() if readable(net) == name)
            said.append(f"the report has no clock {name}, on which there are {cells} cells")
    for one in timing.clocks:
        if one.mhz < one.target:
            said.append(f"{one.name} reaches {one.mhz:.2f} MHz, its target is {one.target:g} MHz")
    for cross in timing.crossings:
        if cross.ns > cross.limit:
            said.append(f"{cross.source} to {cross.sink} takes {cross.ns:.2f} ns, the period is {cross.limit:.2f} ns")
    return said
