# SPDX-License-Identifier: Apache-2.0
"""When each part of the device works on one image, and what power its domains have meanwhile, cycle by cycle.

A range is ``[from, to]`` in cycles from the image's first pixel; ``to`` is the first cycle behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from hw.hierarchy import DECISION, STORE_READ, STORE_WRITE, activity
from spec.domains import ALWAYS_ON, DOMAINS, domain_layers
from spec.network import Mode, Moe, name_in_bank
from spec.presets import Accelerator as Design
from spec.result_word import decode
from verif.proxies.cases import GENERIC, LOCAL

# What is recorded; the first image of each of these cases.
RECORDED = (
    (Mode.MOE_GATED, LOCAL),
    (Mode.MOE_GATED, GENERIC),
    (Mode.GE_ONLY, GENERIC),
    (Mode.LE_ONLY, LOCAL),
)
GAP = 16  # cycles; shorter gaps in what a part does are joined
OFF, WAKING, ON, GOING_OFF = "off", "waking", "on", "going off"

# Names in moe_accelerator.
PIXELS = ("s_axis_tvalid", "s_axis_tready")
RESULTS = ("m_axis_tvalid", "m_axis_tready")
RESULT_WORD = "m_axis_tdata"
POWER = ("pd_switch_o", "pd_clk_en_o", "pd_rst_no", "pd_isolate_o")
ACTIVITY_BITS = 2  # of activity_pkg::activity_t


@dataclass(frozen=True)
class Row:
    """One line of the timeline: the part works in a cycle in which ``signals``, masked with ``mask``, are all not 0."""

    name: str
    domain: str
    signals: tuple[str, ...]
    mask: int = -1


def rows(moe: Moe) -> tuple[Row, ...]:
    """All lines of a design, along the way of an image."""

    def layers(domain: str, names: Iterable[str]) -> list[Row]:
        one = (1 << ACTIVITY_BITS) - 1
        return [
            Row(name, domain, (activity(domain),), one << ACTIVITY_BITS * place) for place, name in enumerate(names)
        ]

    names = {domain: [layer.name for layer in of] for domain, of in domain_layers(moe).items()}
    names["le"] = [name_in_bank(layer.name, i) for i in range(moe.local_experts) for layer in moe.le.layers]
    return (
        Row("pixels in", ALWAYS_ON, PIXELS),
        *layers("fe", names["fe"]),
        Row("feature store, write", ALWAYS_ON, (STORE_WRITE,)),
        *layers("le", names["le"]),
        *layers("gn", names["gn"]),
        Row("feature store, read", ALWAYS_ON, (STORE_READ,)),
        *layers("ge", names["ge"]),
        Row("results out", ALWAYS_ON, RESULTS),
    )


def recorded_signals(moe: Moe) -> tuple[str, ...]:
    """Names in moe_accelerator of everything that must be sampled in every cycle."""
    used = [signal for row in rows(moe) for signal in row.signals]
    return tuple(dict.fromkeys([*used, *DECISION, RESULT_WORD, *POWER]))


@dataclass(frozen=True)
class Recording:
    """Signals over consecutive cycles: for each its values, each with the cycle from which it holds."""

    cycles: int
    changes: dict[str, list[tuple[int, int]]]

    def values(self, signal: str) -> np.ndarray:
        """Value in every cycle, int64 (cycles,)."""
        starts, values = np.array(self.changes[signal], np.int64).reshape(-1, 2).T
        return np.repeat(values, np.diff([*starts, self.cycles]))

    def together(self, signals: Iterable[str], mask: int = -1) -> np.ndarray:
        """Cycles in which all of them, masked, are not 0, bool (cycles,)."""
        return np.logical_and.reduce([(self.values(signal) & mask) != 0 for signal in signals])


def ranges(active: np.ndarray, gap: int = 1) -> list[list[int]]:
    """Where bool (n,) is True, as [from, to] in order; gaps shorter than ``gap`` are joined."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    found: list[list[int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if found and start - found[-1][1] < gap:
            found[-1][1] = end
        else:
            found.append([start, end])
    return found


def power_states(switch: Iterable, clock: Iterable, reset_released: Iterable, isolated: Iterable) -> list[str]:
    """State of a domain in every cycle from the levels of its control (docs/power.md).

    A domain whose switch is closed and that is not yet, or no longer, in use has the same levels on its way up and
    down: it is on the way down after it was on, and on the way up after it was off. A sequence that is withdrawn shows
    when the reset is released or asserted.
    """
    states: list[str] = []
    last, released = OFF, False
    for is_closed, runs, is_released, is_isolated in zip(switch, clock, reset_released, isolated, strict=True):
        if not is_closed:
            last = OFF
        elif runs and is_released and not is_isolated:
            last = ON
        elif last == ON or (last == WAKING and released and not is_released):
            last = GOING_OFF
        elif last == OFF or (last == GOING_OFF and is_released and not released):
            last = WAKING
        released = bool(is_released)
        states.append(last)
    return states


def _power(recording: Recording, domain: int) -> list[tuple[str, int, int]]:
    levels = [recording.values(signal) >> domain & 1 for signal in POWER]
    states = np.array(power_states(*levels))
    starts = [0, *(np.flatnonzero(states[1:] != states[:-1]) + 1).tolist()]
    return [(str(states[a]), a, b) for a, b in zip(starts, [*starts[1:], recording.cycles], strict=True)]


def build(moe: Moe, mode: Mode, kind: str, recording: Recording, active_cycles: dict[str, int], gap: int = GAP) -> dict:
    """The timeline of one image, as plain data.

    Args:
        moe: what the device was built from.
        mode, kind: of the image.
        recording: from before its first pixel until the device rests.
        active_cycles: what the device's counters say of the same time, by domain.
        gap: gaps shorter than this are joined.

    Returns:
        ``cycles`` from the first pixel to the end; the cycles of first and last pixel, of the gate's decision (None
        without one) and of the result; who answered; ``rows``: the ranges in which each part works and, as ``cycles``,
        in how many cycles it does; ``power``: the states of each switched domain; ``active_cycles``: cycles in which
        any layer of a domain works, as recorded, and ``counted_active_cycles``, as counted by the device.
    """
    taken = np.flatnonzero(recording.together(PIXELS))
    answered = np.flatnonzero(recording.together(RESULTS))
    decided = np.flatnonzero(recording.together(DECISION))
    first = int(taken[0])

    def seen(start: int) -> int:
        return start - first

    lines = []
    for row in rows(moe):
        active = recording.together(row.signals, row.mask)
        busy = [[seen(a), seen(b)] for a, b in ranges(active, gap)]
        lines.append({"name": row.name, "domain": row.domain, "busy": busy, "cycles": int(active.sum())})
    power = {
        name: [[state, max(seen(a), 0), seen(b)] for state, a, b in _power(recording, number) if b > first]
        for number, name in enumerate(DOMAINS)
    }
    return {
        "kind": kind,
        "mode": mode.name,
        "cycles": seen(recording.cycles),
        "first_pixel": 0,
        "last_pixel": seen(int(taken[-1])),
        "gate_decision": seen(int(decided[0])) if len(decided) else None,
        "result": seen(int(answered[0])),
        "expert": int(decode(recording.values(RESULT_WORD)[answered[:1]]).experts[0]),
        "rows": lines,
        "power": power,
        "active_cycles": {name: int(recording.together((activity(name),)).sum()) for name in DOMAINS},
        "counted_active_cycles": active_cycles,
    }


def findings(design: Design, image: Mapping) -> list[str]:
    """What cannot be in the timeline of one image, each as a sentence; empty when all is well."""
    name, found = f"{image['mode']}, {image['kind']}", []
    for row in image["rows"]:
        if any(start < 0 or end > image["cycles"] for start, end in row["busy"]):
            found.append(f"{name}: {row['name']} works outside of the image's time.")
        for state, start, end in image["power"].get(row["domain"], []):
            if state != ON and any(a < end and start < b for a, b in row["busy"]):
                found.append(f"{name}: {row['name']} works between {start} and {end}, when its domain is {state}.")
    for domain, cycles in image["active_cycles"].items():
        if cycles != image["counted_active_cycles"][domain]:
            counted = image["counted_active_cycles"][domain]
            found.append(f"{name}: {domain} works in {cycles} cycles, its counter says {counted}.")
    pixels = next(row for row in image["rows"] if row["name"] == "pixels in")["cycles"]
    if pixels != design.moe.network.in_shape.size:
        found.append(f"{name}: {pixels} pixels are taken, an image has {design.moe.network.in_shape.size}.")
    if image["mode"] == Mode.MOE_GATED.name:
        decided = image["gate_decision"]
        starts = [start for row in image["rows"] if row["domain"] == "ge" for start, _ in row["busy"]]
        if decided is None or any(start <= decided for start in starts):
            found.append(f"{name}: the GE works before the gate has decided.")
        if (image["kind"] == GENERIC) != bool(starts):
            found.append(f"{name}: the GE {'works' if starts else 'does not work'} on the image.")
    return found
