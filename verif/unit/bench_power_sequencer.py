# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of power_sequencer: every cycle of every test is compared with the reference model."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cocotb

from verif.streams import Bench
from verif.unit.power_model import SWITCHING_OFF, SWITCHING_ON, WITHDRAWN, Coverage, Inputs, PowerModel, State

RANDOM_CYCLES = 25_000
COVERAGE_VARIABLE = "POWER_COVERAGE"  # file for the coverage table, if set
S = State


class Switch:
    """The power switch: the acknowledge is the command ``latency`` cycles ago; ``answer`` may change it."""

    def __init__(self, latency: int = 1) -> None:
        self.latency = latency
        self.answer: Callable[[int], int] = lambda follows: follows
        self._commands: list[int] = []

    def ack(self, switch_on: int) -> int:
        """The acknowledge in the cycle in which the command is ``switch_on``."""
        self._commands.append(switch_on)
        follows = self._commands[-1 - self.latency] if len(self._commands) > self.latency else 0
        return self.answer(follows)


class Sequencer:
    """Drives ``inputs`` and the switch's acknowledge, and compares all outputs with the model."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.inputs, self.switch = Inputs(), Switch()
        self.model, self.coverage = PowerModel(), Coverage()
        self.trace: list[dict[str, int]] = []  # outputs, cycle by cycle

    def drive(self) -> None:
        given = self.inputs
        given.switch_ack = self.switch.ack(int(self.dut.switch_on_o.value))
        for name, value in vars(given).items():
            if name != "reset":
                getattr(self.dut, f"{name}_i").value = value
        self.dut.rst_ni.value = 1 - given.reset

    def sample(self, cycle: int) -> None:
        expected = self.model.outputs()
        found = {name: int(getattr(self.dut, name).value) for name in expected}
        wrong = {name: (found[name], value) for name, value in expected.items() if found[name] != value}
        assert not wrong, f"cycle {cycle}, {self.model.state.name}: (found, expected) {wrong}"
        self.trace.append(found)
        self.coverage.sample(self.model, self.inputs)
        self.model.step(self.inputs)

    def reset(self) -> None:
        self.drive()
        self.dut.rst_ni.value = 0


class Test:
    """A design that has been reset, with steps to bring it where a test needs it."""

    def __init__(self, dut: Any) -> None:
        self.sequencer = Sequencer(dut)
        self.bench = Bench(dut, [self.sequencer])
        self.inputs, self.switch = self.sequencer.inputs, self.sequencer.switch

    @property
    def state(self) -> State:
        """State in the coming cycle."""
        return self.sequencer.model.state

    async def reach(self, *states: State, limit: int = 3000) -> int:
        """Step until the coming cycle is in one of ``states``; return the number of cycles.

        The design has been compared up to the cycle before.
        """
        first = self.bench.cycle
        await self.bench.run_until(lambda: self.state in states, limit)
        return self.bench.cycle - first

    async def towards(self, state: State, **settings: int) -> None:
        """From any state without error to ``state``, on the regular way, with the inputs ``settings``."""
        for name, value in settings.items():
            setattr(self.inputs, name, value)
        self.inputs.on = int(state not in SWITCHING_ON)
        await self.reach(S.ON if self.inputs.on else S.OFF)
        self.inputs.on = 1 - self.inputs.on
        await self.reach(state)


async def start(dut: Any, **settings: int) -> Test:
    """Reset the design; ``settings`` are inputs."""
    test = Test(dut)
    for name, value in settings.items():
        setattr(test.inputs, name, value)
    await test.bench.start()
    return test


def outputs_in_order(trace: list[dict[str, int]]) -> list[str]:
    """Every change of an output, ``+name`` or ``-name``, in time; those of one cycle in the order of ``names``."""
    names = ("switch_on_o", "clk_en_o", "rst_no", "restore_o", "retain_o", "save_o", "isolate_o", "accept_o")
    changes = []
    for before, after in zip(trace, trace[1:], strict=False):
        changes += [("+" if after[name] else "-") + name for name in names if before[name] != after[name]]
    return changes


@cocotb.test()
@cocotb.parametrize(("retain", (0, 1)))
async def order(dut: Any, retain: int) -> None:
    """A whole cycle on, off and on: every output changes when its turn has come."""
    test = await start(dut, retain=retain, delay=2)
    await test.towards(S.ISOLATE)
    await test.reach(S.OFF)
    test.inputs.on = 1
    await test.reach(S.ON)
    await test.bench.step(2)
    on = ["+switch_on_o", "+clk_en_o", "+rst_no"]
    saved = ["+save_o", "-rst_no", "+retain_o", "-save_o"] if retain else ["-rst_no"]
    restored = ["+restore_o", "-restore_o", "-retain_o"] if retain else []
    opened = ["-isolate_o", "+accept_o"]
    closed = ["-accept_o", "+isolate_o", *saved, "-switch_on_o", "-clk_en_o"]
    expected = [*on, *opened, *closed, *on, *restored, *opened]
    assert outputs_in_order(test.sequencer.trace) == expected


@cocotb.test()
@cocotb.parametrize(("delay", (0, 1, 2, 255)), ("latency", (0, 1, 7)))
async def latency(dut: Any, delay: int, latency: int) -> None:
    """Cycles to switch on and off are those of the module's header."""
    test = await start(dut, delay=delay)
    test.switch.latency = latency
    step, wait = max(delay, 1), max(latency + 2, delay, 1)
    test.inputs.on = 1
    assert await test.reach(S.ON) == 1 + wait + 4 * step
    test.inputs.on = test.inputs.idle = 0
    await test.bench.step(10)
    assert test.state is S.DRAIN
    test.inputs.idle = 1
    assert await test.reach(S.OFF) == 1 + 3 * step + wait
    await test.bench.step()


@cocotb.test()
@cocotb.parametrize(("state", [state.name for state in (*SWITCHING_ON, *SWITCHING_OFF)]), ("delay", (1, 4)))
async def withdrawn(dut: Any, state: str, delay: int) -> None:
    """The request changes in the first, or in the last but one, cycle of every step, and then stays."""
    where = S[state]
    test = await start(dut, delay=delay, retain=1)
    test.switch.latency = 4
    await test.towards(where, idle=0 if where is S.DRAIN else 1)
    if delay > 1:
        await test.bench.step(2)
        assert test.state is where
    wanted = test.inputs.on = 1 - test.inputs.on
    await test.bench.step()
    assert test.state is WITHDRAWN[where]
    test.inputs.idle = 1
    await test.reach(S.ON if wanted else S.OFF)
    await test.bench.step(3)


@cocotb.test()
async def withdrawn_at_every_cycle(dut: Any) -> None:
    """A request of every length from 1 cycle to more than a sequence takes, in both directions."""
    test = await start(dut, delay=2, retain=1)
    test.switch.latency = 2
    for target in (S.ON, S.OFF):
        for length in range(1, 20):
            test.inputs.on = int(target is S.OFF)
            await test.reach(S.ON if test.inputs.on else S.OFF)
            test.inputs.on = 1 - test.inputs.on
            await test.bench.step(length)


@cocotb.test()
async def withdrawn_requests_in_a_row(dut: Any) -> None:
    """A request that changes every cycle keeps the domain safe and ends where it ends."""
    test = await start(dut)
    for _ in range(60):
        test.inputs.on = 1 - test.inputs.on
        await test.bench.step()
    test.inputs.on = 1
    await test.reach(S.ON)
    await test.bench.step()


@cocotb.test()
@cocotb.parametrize(("state", [state.name for state in (S.OFF, *SWITCHING_OFF)]))
async def wake(dut: Any, state: str) -> None:
    """A wake-up in every off state ends in On, and only one from Off counts as a wake-up."""
    where = S[state]
    test = await start(dut)
    test.switch.latency = 3
    await test.towards(where, idle=0 if where is S.DRAIN else 1)
    first = len(test.sequencer.trace)
    test.inputs.on = 1
    await test.reach(S.ON)
    await test.bench.step()
    pulses = sum(outputs["wake_o"] for outputs in test.sequencer.trace[first:])
    assert pulses == int(where is S.OFF)


@cocotb.test()
@cocotb.parametrize(("state", [state.name for state in State]))
async def reset(dut: Any, state: str) -> None:
    """A reset in every state, together with a request to wake, ends in Off; the request counts afterwards."""
    where = S[state]
    test = await start(dut, retain=1)
    test.switch.latency = 3
    if where is S.ERROR:
        test.switch.answer = lambda follows: 0
        test.inputs.on = 1
        await test.reach(where)
        test.switch.answer = lambda follows: follows
    else:
        await test.towards(where)
    test.inputs.on = test.inputs.reset = 1
    await test.bench.step()
    assert test.state is S.OFF
    await test.bench.step(2)
    outputs = test.sequencer.trace[-1]
    assert (outputs["isolate_o"], outputs["retain_o"], outputs["switch_on_o"], outputs["rst_no"]) == (1, 0, 0, 0)
    test.inputs.reset = 0
    await test.bench.step()
    assert test.state is S.SWITCH_ON
    await test.reach(S.ON)
    await test.bench.step()


@cocotb.test()
@cocotb.parametrize(("stuck", (0, 1)), ("delay", (1, 3)), ("timeout", (0, 1, 6)))
async def stuck_switch(dut: Any, stuck: int, delay: int, timeout: int) -> None:
    """A switch that never answers: Error after exactly timeout_i cycles, safe, until it is cleared."""
    test = await start(dut, delay=delay)
    bound = max(timeout, delay, 2)  # set in the first cycle, it is compared for the next one
    if stuck:
        await test.towards(S.RESET)
        await test.reach(S.SWITCH_OFF)
    else:
        test.inputs.on = 1
        await test.reach(S.SWITCH_ON)
    test.inputs.timeout = timeout
    test.switch.answer = lambda follows: stuck
    assert await test.reach(S.ERROR) == bound
    await test.bench.step(50)
    safe = dict(isolate_o=1, rst_no=0, clk_en_o=0, switch_on_o=0, accept_o=0, error_o=1)
    for outputs in test.sequencer.trace[-50:]:
        assert {name: outputs[name] for name in safe} == safe
    assert sum(outputs["timeout_o"] for outputs in test.sequencer.trace) == 1
    test.inputs.clear_error, test.inputs.timeout = 1, 20
    await test.bench.step()
    assert test.state is S.SWITCH_OFF
    test.inputs.clear_error = 0
    test.switch.answer = lambda follows: follows
    await test.reach(S.OFF if stuck else S.ON)
    await test.bench.step()


@cocotb.test()
@cocotb.parametrize(("timeout", (3, 8, 300)))
async def late_switch(dut: Any, timeout: int) -> None:
    """An acknowledge in the last cycle counts, one cycle later it does not; in both directions."""
    for target in (S.SWITCH_ON, S.SWITCH_OFF):
        for late in (0, 1):
            test = await start(dut, timeout=400)
            if target is S.SWITCH_OFF:
                await test.towards(S.RESET)
                await test.reach(target)
            else:
                test.inputs.on = 1
                await test.reach(target)
            test.inputs.timeout = timeout
            await _answer_after(test, timeout - 2 + late, int(target is S.SWITCH_ON))
            await test.reach(S.CLOCK, S.OFF, S.ERROR)
            await test.bench.step()
            assert (test.state is S.ERROR) == bool(late), f"{target.name}, {late} cycles late: {test.state.name}"


async def _answer_after(test: Test, cycles: int, value: int) -> None:
    """The acknowledge becomes ``value`` in cycle ``cycles`` of the current state, counted from 0."""
    first = test.bench.cycle
    test.switch.answer = lambda follows: value if test.bench.cycle - first >= cycles else 1 - value


@cocotb.test()
async def glitching_switch(dut: Any) -> None:
    """Single cycles of acknowledge never count; two in a row do."""
    test = await start(dut, timeout=100)
    test.switch.answer = lambda follows: test.bench.cycle % 2
    test.inputs.on = 1
    await test.reach(S.SWITCH_ON)
    assert await test.reach(S.ERROR) == 100
    test.switch.answer = lambda follows: 0
    test.inputs.on, test.inputs.clear_error = 0, 1
    await test.reach(S.OFF)
    test.inputs.on, test.inputs.clear_error = 1, 0
    await test.reach(S.SWITCH_ON)
    await _answer_after(test, 5, 1)
    assert await test.reach(S.CLOCK) == 7
    await test.reach(S.ON)
    # A switch that reports a loss of power while the domain is on is ignored.
    test.switch.answer = lambda follows: 0
    await test.bench.step(20)
    assert test.state is S.ON


@cocotb.test()
async def late_answer_to_a_withdrawn_request(dut: Any) -> None:
    """With delay_i >= the switch's latency, the answer to an old command is not taken for that to a new one."""
    test = await start(dut, delay=6)
    test.switch.latency = 5
    await test.towards(S.SWITCH_OFF)
    await test.bench.step()
    test.inputs.on = 1
    commanded = await test.reach(S.CLOCK)
    await test.bench.step()
    # The one cycle of "off" command has come back, and gone, before the clock starts.
    assert commanded >= test.switch.latency + 2


@cocotb.test()
async def retained_over_withdrawn_wake_ups(dut: Any) -> None:
    """What was saved stays retained until a wake-up gets as far as un-isolating, and is not saved over."""
    test = await start(dut, retain=1)
    await test.towards(S.SWITCH_OFF)
    test.inputs.retain = 0
    first = len(test.sequencer.trace)
    await test.reach(S.OFF)
    for state in (S.SWITCH_ON, S.CLOCK, S.RELEASE_RESET, S.RESTORE):
        test.inputs.on = 1
        await test.reach(state)
        test.inputs.on = 0
        await test.reach(S.OFF)
    sleeping = test.sequencer.trace[first:]
    assert all(outputs["retain_o"] for outputs in sleeping)
    assert not any(outputs["save_o"] for outputs in sleeping)
    test.inputs.on = 1
    await test.reach(S.ON)
    restored = [outputs["restore_o"] for outputs in test.sequencer.trace[first + len(sleeping) :]]
    assert sum(restored) == 1
    await test.bench.step()
    assert not test.sequencer.trace[-1]["retain_o"]


@cocotb.test()
async def drains(dut: Any) -> None:
    """The domain stays un-isolated, and takes no work, until it is idle."""
    test = await start(dut, idle=0)
    test.inputs.on = 1
    await test.reach(S.ON)
    test.inputs.on = 0
    await test.bench.step(100)
    waiting = test.sequencer.trace[-90:]
    assert not any(outputs["accept_o"] or outputs["isolate_o"] for outputs in waiting)
    test.inputs.idle = 1
    await test.reach(S.OFF)
    await test.bench.step()


class Chance:
    """Random stimulus, in episodes: how often the request changes, and how the switch behaves."""

    def __init__(self, test: Test, rng: random.Random) -> None:
        self.test, self.rng = test, rng
        self.left = 0

    def step(self) -> None:
        """Choose the inputs of the next cycle."""
        inputs, rng = self.test.inputs, self.rng
        if self.left == 0:
            self._episode()
        self.left -= 1
        inputs.on ^= rng.random() < self.impatience
        inputs.idle = int(rng.random() < self.idle)
        inputs.retain = rng.getrandbits(1)
        inputs.clear_error = int(rng.random() < 0.2)
        inputs.reset = int(rng.random() < 0.01)
        if rng.random() < 0.02:  # settings may change at any time
            inputs.delay, inputs.timeout = rng.choice((0, 1, 2, 3, 5)), rng.randint(0, 12)

    def _episode(self) -> None:
        rng, switch = self.rng, self.test.switch
        self.left = rng.randint(20, 200)
        self.impatience = rng.choice((0.02, 0.1, 0.5))
        self.idle = rng.choice((0.1, 0.5, 1))
        switch.latency = rng.randint(0, 4)
        behaviour = rng.choice(("follows", "follows", "stuck at 0", "stuck at 1", "glitches"))
        switch.answer = {
            "follows": lambda follows: follows,
            "stuck at 0": lambda follows: 0,
            "stuck at 1": lambda follows: 1,
            "glitches": lambda follows: follows ^ int(rng.random() < 0.3),
        }[behaviour]


@cocotb.test()
async def randomised(dut: Any) -> None:
    """Everything at random, until every reachable pair of state and event has been seen."""
    test = await start(dut)
    chance = Chance(test, random.Random(cocotb.RANDOM_SEED))
    for _ in range(RANDOM_CYCLES):
        chance.step()
        await test.bench.step()
    coverage = test.sequencer.coverage
    if COVERAGE_VARIABLE in os.environ:
        Path(os.environ[COVERAGE_VARIABLE]).write_text(coverage.table())
    assert not coverage.impossible(), f"called unreachable, but seen: {coverage.impossible()}"
    assert not coverage.missing(), f"never seen: {coverage.missing()}"
