# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of power_manager: every cycle of every test is compared with the reference model."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from verif.streams import Bench
from verif.unit.manager_model import (
    DOMAINS,
    FE,
    GE,
    GN,
    LE,
    LOCAL_MODES,
    NEEDS,
    Domains,
    Inputs,
    ManagerModel,
    Mode,
    State,
    bits,
    mode_of,
)
from verif.unit.stream_checks import parameters

P = parameters()
QUIET, IDLE_BITS, LOCAL_ONLY = P["Quiet"], P["IdleW"], bool(P.get("LocalOnly", 0))
MODES = LOCAL_MODES if LOCAL_ONLY else tuple(Mode)
ALL = bits([FE, GE, LE, GN])
RANDOM_CYCLES = 5_000  # at least
M = Mode


class Manager:
    """Drives the inputs, lets the domains follow, and compares all outputs with the model."""

    def __init__(self, dut: Any, delay: int = 3) -> None:
        self.dut, self.delay = dut, delay
        self.given, self.domains = Inputs(), Domains(delay)
        self.model = ManagerModel(QUIET, local_only=LOCAL_ONLY)
        self.rng: random.Random | None = None  # of the domains' delays
        self.seen: dict[str, int] = {}  # outputs in the last cycle
        self.changes = 0
        self.visited: set[tuple[State, bool, Mode, Mode]] = set()
        self.bench = Bench(dut, [self])

    def drive(self) -> None:
        self.given.on, self.given.off = self.domains.on, self.domains.off
        for name, value in vars(self.given).items():
            if name != "reset":
                getattr(self.dut, f"{name}_i").value = value
        self.dut.rst_ni.value = 1 - self.given.reset

    def sample(self, cycle: int) -> None:
        expected = self.model.outputs(self.given)
        self.seen = {name: int(getattr(self.dut, name).value) for name in expected}
        wrong = {name: (self.seen[name], value) for name, value in expected.items() if self.seen[name] != value}
        assert not wrong, f"cycle {cycle}, {self.model.state.name}: (found, expected) {wrong}"
        self.changes += self.seen["changed_o"]
        asked = mode_of(self.given.mode, LOCAL_ONLY)
        self.visited.add((self.model.state, bool(self.given.in_flight), self.model.mode, asked))
        self.domains.step(self.seen["want_o"], self.seen["idle_o"], self.rng)
        self.model.step(self.given)

    def reset(self) -> None:
        self.model = ManagerModel(QUIET, ge_expired=not self.given.idle, local_only=LOCAL_ONLY)
        self.domains = Domains(self.delay)
        self.drive()
        self.dut.rst_ni.value = 0

    async def step(self, cycles: int = 1) -> None:
        await self.bench.step(cycles)

    async def until(self, output: str, value: int = 1, limit: int = 3000) -> int:
        """Step until a cycle in which an output has a value; return how many cycles it took, that one not included."""
        first = self.bench.cycle
        await self.bench.run_until(lambda: self.seen.get(output) == value and self.bench.cycle > first, limit)
        return self.bench.cycle - first - 1

    async def settle(self, mode: int) -> None:
        """Have ``mode`` in force and images accepted in it, and everything quiet for long."""
        self.given.mode = mode
        await self.until("accept_o")
        await self.step(2 * QUIET + 20)


async def start(dut: Any, delay: int = 3) -> Manager:
    manager = Manager(dut, delay)
    await manager.bench.start()
    return manager


@cocotb.test()
@cocotb.parametrize(("old", [int(mode) for mode in Mode]), ("new", [int(mode) for mode in Mode]))
async def change(dut: Any, old: int, new: int) -> None:
    """From each mode to each other: no image is accepted or lost on the way, and the right domains are on."""
    manager = await start(dut)
    given = manager.given
    await manager.settle(old)
    given.in_flight, given.quiet = 1, 0
    await manager.step(5)
    changes, given.mode = manager.changes, new
    await manager.step()
    assert manager.seen["accept_o"] == int(old == new), "an image was accepted in the cycle of the request"
    for _ in range(QUIET + 40):  # images are in flight: the mode in force stays theirs
        await manager.step()
        assert manager.seen["mode_o"] == old
        assert manager.seen["accept_o"] == int(old == new)
        assert manager.seen["want_o"] & bits(NEEDS[Mode(old)]) == bits(NEEDS[Mode(old)])
    given.in_flight, given.quiet = 0, ALL
    if old != new:
        # Domains that are on must have been quiet for Quiet cycles; then one cycle for the state, one for the mode.
        waits = QUIET if NEEDS[Mode(old)] else 0
        assert await manager.until("mode_o", new) == waits + 1
        await manager.until("accept_o")
    else:
        await manager.step(QUIET + 40)
    assert manager.seen["mode_o"] == new
    needed = bits(NEEDS[Mode(new)])
    others = ALL & ~needed & ~(1 << GE if new == M.MOE_GATED else 0)
    assert given.on & needed == needed and given.off & others == others, "accepts before the domains have arrived"
    await manager.step(3)
    assert manager.changes - changes == int(old != new), "changed_o does not tell the change"


@cocotb.test()
@cocotb.parametrize(("request_", (5, 6, 7)))
async def reserved(dut: Any, request_: int) -> None:
    """Reserved modes are OFF."""
    manager = await start(dut)
    manager.given.mode = request_
    await manager.step(50)
    assert (manager.seen["mode_o"], manager.seen["accept_o"], manager.changes) == (M.OFF, 1, 0)
    await manager.settle(M.MOE_PARALLEL)
    await manager.settle(request_)
    assert (manager.seen["mode_o"], manager.seen["want_o"], manager.changes) == (M.OFF, 0, 2)


@cocotb.test(skip=not LOCAL_ONLY)
async def without_ge_and_gate(dut: Any) -> None:
    """All requests but LE_ONLY are OFF, and the domains of GE and gate are never wanted, not even when forced on."""
    manager = await start(dut)
    for request in (*range(8), *range(7, -1, -1)):
        for forced in (0, ALL):
            manager.given.force_on = forced
            await manager.settle(request)
            local = request == M.LE_ONLY
            assert manager.seen["mode_o"] == (M.LE_ONLY if local else M.OFF)
            assert manager.seen["want_o"] == manager.given.on == (bits([FE, LE]) if local or forced else 0)
    assert manager.changes == 4


@cocotb.test()
async def drains(dut: Any) -> None:
    """A change waits for images in flight, the GE's work, and every domain that is on to be quiet, each alone."""
    manager = await start(dut)
    given = manager.given
    for name, busy in (("in_flight", 1), ("ge_work", 1), *(("quiet", ALL & ~(1 << d)) for d in range(DOMAINS))):
        await manager.settle(M.MOE_PARALLEL)
        at_rest = getattr(given, name)
        setattr(given, name, busy)
        await manager.step(3)
        given.mode = M.LE_ONLY
        await manager.step(3 * QUIET + 30)
        assert manager.seen["mode_o"] == M.MOE_PARALLEL, f"did not wait for {name} {busy:b}"
        setattr(given, name, at_rest)
        await manager.until("mode_o", M.LE_ONLY)
        await manager.settle(M.LE_ONLY)


@cocotb.test()
async def a_domain_that_is_off_need_not_be_quiet(dut: Any) -> None:
    manager = await start(dut)
    await manager.settle(M.LE_ONLY)
    manager.given.quiet, manager.given.mode = ALL & ~(1 << GE | 1 << GN), M.GE_ONLY
    assert await manager.until("mode_o", M.GE_ONLY) == 2


@cocotb.test()
async def withdrawn(dut: Any) -> None:
    """Back to the mode in force while images drain: nothing changes, no domain moves, images are accepted again."""
    manager = await start(dut)
    await manager.settle(M.GE_ONLY)
    changes = manager.changes
    for length in (1, 2, 3, 10):
        manager.given.in_flight = 1
        manager.given.mode = M.MOE_GATED
        await manager.step(length)
        manager.given.mode = M.GE_ONLY
        assert await manager.until("accept_o") <= 1
        assert (manager.seen["mode_o"], manager.given.on) == (M.GE_ONLY, bits(NEEDS[M.GE_ONLY]))
    await manager.step(5)
    assert manager.changes == changes, "changed_o although images are accepted in the same mode"


@cocotb.test()
@cocotb.parametrize(("delay", (1, 12)), ("back", (0, 1)))
async def in_the_middle(dut: Any, delay: int, back: int) -> None:
    """A request changes while domains switch, at every cycle: the last one counts, and what is accepted is told."""
    manager = await start(dut, delay)
    accepted_after = delay + 4  # cycles: state, mode, the sequences and their start, state
    for length in range(1, 2 * accepted_after):
        await manager.bench.reset()
        await manager.settle(M.LE_ONLY)
        changes = manager.changes
        manager.given.mode = M.MOE_PARALLEL
        await manager.step(length)
        last = M.LE_ONLY if back else M.GE_ONLY
        manager.given.mode = last
        await manager.until("accept_o")
        assert manager.seen["mode_o"] == last
        assert manager.given.on == bits(NEEDS[last]), "accepts before the domains have arrived"
        await manager.step(3)
        told, expected = manager.changes - changes, 2 if length >= accepted_after else int(not back)
        assert told == expected, f"changed_o {told} times, expected {expected}: request changed after {length} cycles"


@cocotb.test()
async def follows_a_request_that_never_rests(dut: Any) -> None:
    manager = await start(dut)
    rng = random.Random(cocotb.RANDOM_SEED)
    await manager.settle(M.MOE_PARALLEL)
    for _ in range(300):
        manager.given.mode = rng.choice([m for m in Mode if m != manager.given.mode])
        await manager.step(rng.choice((1, 1, 2, QUIET)))
    await manager.settle(M.MOE_GATED)


@cocotb.test()
@cocotb.parametrize(("idle", (0, 1, QUIET - 1, QUIET, QUIET + 1, QUIET + 25, 1000)))
async def ge_rests(dut: Any, idle: int) -> None:
    """In MOE_GATED the GE is wanted idle_i cycles after its work, at least until it is idle; work wakes it at once."""
    manager = await start(dut)
    given = manager.given
    given.idle = idle
    await manager.settle(M.MOE_GATED)
    await manager.step(idle)
    assert not manager.seen["want_o"] >> GE & 1
    for work, busy in ((1, 0), (1, 4), (7, 0), (3, 50)):
        given.ge_work = given.in_flight = 1
        await manager.step()
        assert manager.seen["want_o"] == ALL, "work does not wake the GE in its cycle"
        assert manager.seen["accept_o"] == 1, "the GE wakes while images are accepted"
        await manager.step(work - 1)
        given.ge_work = 0
        given.quiet = ALL & ~(1 << GE)
        await manager.step(busy)  # its layers go on after the last word has left the store
        given.quiet = ALL
        wanted = 0
        while True:
            await manager.step()
            if not manager.seen["want_o"] >> GE & 1:
                break
            wanted += 1
        # Quiet is counted from the last cycle that was not; without one the GE was quiet long before its work.
        longest = max(idle, QUIET if busy else 0)
        assert wanted == longest, f"wanted for {wanted} cycles after its work, expected {longest}"
        assert manager.seen["idle_o"] >> GE & 1, "the GE may not drain although images in flight do not need it"
        assert manager.seen["idle_o"] & ~(1 << GE) == 0, "others drain while images are in flight"
        given.in_flight = 0
        await manager.step(10)


@cocotb.test()
async def ge_rests_only_when_gated(dut: Any) -> None:
    manager = await start(dut)
    for mode in (M.GE_ONLY, M.MOE_PARALLEL):
        await manager.settle(mode)
        await manager.step(5 * QUIET)
        assert manager.seen["want_o"] >> GE & 1


@cocotb.test()
async def longest_rest(dut: Any) -> None:
    """The largest idle_i does not wrap: the GE stays."""
    manager = await start(dut)
    manager.given.idle = longest = (1 << IDLE_BITS) - 1
    await manager.settle(M.MOE_GATED)
    manager.given.ge_work = 1
    await manager.step()
    manager.given.ge_work = 0
    for cycle in range(2000):
        await manager.step()
        assert manager.seen["want_o"] >> GE & 1 == int(cycle < longest)


@cocotb.test()
@cocotb.parametrize(("domain", range(DOMAINS)))
async def forced_on(dut: Any, domain: int) -> None:
    """A domain that is forced on is wanted in every mode, and a change to OFF ends with it on."""
    manager = await start(dut)
    manager.given.force_on = 1 << domain
    for mode in (M.OFF, M.GE_ONLY, M.LE_ONLY, M.MOE_PARALLEL, M.MOE_GATED, M.OFF):
        await manager.settle(mode)
        assert manager.seen["want_o"] == bits(NEEDS[mode]) | 1 << domain
        assert manager.given.on == bits(NEEDS[mode]) | 1 << domain
    manager.given.force_on = 0
    await manager.step(20)
    assert manager.given.off == ALL


@cocotb.test()
@cocotb.parametrize(("domain", (FE, LE, GN)))
async def stuck_sequencer(dut: Any, domain: int) -> None:
    """A domain in error holds the change up, for ever if need be; another request is followed, a repair ends it."""
    manager = await start(dut)
    await manager.settle(M.OFF)
    changes = manager.changes
    manager.domains.stuck = {domain}
    manager.given.mode = M.MOE_PARALLEL
    await manager.step(300)
    assert (manager.seen["accept_o"], manager.seen["pending_o"], manager.changes) == (0, 1, changes)
    manager.given.mode = M.MOE_GATED
    await manager.step(50)
    assert (manager.seen["mode_o"], manager.seen["accept_o"]) == (M.MOE_GATED, 0)
    manager.domains.stuck = set()
    await manager.until("accept_o")
    await manager.step(2)
    assert manager.changes == changes + 1
    # In use, an error does not stop images: that is for the program to decide.
    manager.domains.stuck = {domain}
    await manager.step(20)
    assert manager.seen["accept_o"] == 1


@cocotb.test()
async def a_stuck_ge_does_not_hold_up_the_gated_mode(dut: Any) -> None:
    manager = await start(dut)
    manager.domains.stuck = {GE}
    manager.given.mode = M.MOE_GATED
    await manager.until("mode_o", M.MOE_GATED, limit=2 * QUIET + 50)
    await manager.until("accept_o", limit=200)
    assert not manager.given.on >> GE & 1


@cocotb.test()
async def reset(dut: Any) -> None:
    """In every state: OFF is in force, images are accepted in it, and no change is told."""
    manager = await start(dut)
    for cycles in (0, 1, 2, 3, QUIET, QUIET + 4, 3 * QUIET):
        await manager.settle(M.GE_ONLY)
        manager.given.mode = M.MOE_PARALLEL
        await manager.step(cycles)
        manager.given.reset = 1
        await manager.step(2)
        manager.given.mode = 0
        await manager.step()
        assert (manager.seen["mode_o"], manager.seen["want_o"], manager.seen["idle_o"]) == (M.OFF, 0, 0)
        assert (manager.seen["accept_o"], manager.seen["pending_o"], manager.seen["changed_o"]) == (1, 0, 0)
        manager.given.reset = 0
        changes = manager.changes
        await manager.step(3)
        assert manager.changes == changes
        await manager.settle(M.LE_ONLY)


@cocotb.test()
async def randomised(dut: Any) -> None:
    """Everything at random, until every state has been seen with every pair of modes in force and asked for."""
    manager = await start(dut)
    given, rng = manager.given, random.Random(cocotb.RANDOM_SEED)
    manager.rng = rng
    # Requests come more often where a state is short, and the domains rest where it takes that to go on.
    request = {State.RUN: 0.06, State.DRAIN: 0.03, State.SETTLE: 0.15}
    disturbed = {State.RUN: 0.1, State.DRAIN: 0.02, State.SETTLE: 0.05}
    everything = {(state, old, new) for state in State for old in MODES for new in MODES}
    seen: set[tuple[State, Mode, Mode]] = set()
    for cycle in range(10 * RANDOM_CYCLES):
        if cycle % 200 == 0:
            seen = {(state, old, new) for state, _, old, new in manager.visited}
            if cycle >= RANDOM_CYCLES and seen == everything:
                break
        state = manager.model.state
        if cycle % 200 == 0:
            given.idle = rng.choice((0, 3, QUIET, 3 * QUIET, rng.getrandbits(IDLE_BITS)))
            manager.domains.delay = [rng.randint(1, 8) for _ in range(DOMAINS)]
        if rng.random() < 0.2:
            given.in_flight, given.ge_work, given.quiet = 0, 0, ALL
        if rng.random() < disturbed[state]:
            given.in_flight, given.ge_work = int(rng.random() < 0.3), int(rng.random() < 0.3)
            given.quiet = rng.getrandbits(DOMAINS)
        if rng.random() < request[state]:
            given.mode = rng.choice((rng.randrange(8), int(manager.model.mode)))
        if rng.random() < 0.01:
            given.force_on = rng.choice((0, 0, rng.getrandbits(DOMAINS)))
        if rng.random() < 0.02:
            manager.domains.stuck = {d for d in range(DOMAINS) if rng.random() < 0.1}
        given.reset = int(rng.random() < 0.002)
        await manager.step()
    missing = [tuple(value.name for value in triple) for triple in sorted(everything - seen)]
    assert not missing, f"never seen (state, mode in force, mode asked for): {missing}"


@cocotb.test()
async def latency(dut: Any) -> None:
    """The cycles of the module's header, that of the request included: 2 + Quiet, the slowest sequence, 1."""
    manager = await start(dut)
    await manager.settle(M.MOE_PARALLEL)
    for mode, delay in ((M.GE_ONLY, 5), (M.MOE_PARALLEL, 9)):
        manager.domains.delay = [delay, 1, delay - 2, delay - 1]
        manager.given.quiet = 0
        await manager.step()
        manager.given.quiet, manager.given.mode = ALL, mode
        assert await manager.until("mode_o", mode) == 1 + QUIET
        # LE and GN switch: one cycle until they begin, the slower one's delay - 1, and one for the state.
        assert await manager.until("accept_o") == delay
