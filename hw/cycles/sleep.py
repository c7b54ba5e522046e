# SPDX-License-Identifier: Apache-2.0
"""When a global expert that sleeps in MOE_GATED is awake: ``power_manager`` and ``power_sequencer`` of its domain.

Nothing happens between two pieces of work that does not follow from the end of the first and the begin of the second.
So the two state machines are stepped through that time only, and not while they rest.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from enum import IntEnum

from hw.cycles.localparams import localparam
from hw.cycles.timing import Timing
from spec.errors import InputError

LONGEST_IDLE = (1 << 24) - 1  # of register POWER_IDLE
_LEAST_TIMEOUT = 8  # cycles more than the switch takes, at least: nothing here knows of a switch that is late


@dataclass(frozen=True)
class Sleep:
    """How a device's GE goes to sleep, in cycles; the defaults are those of the registers after reset.

    Attributes:
        idle: POWER_IDLE, without work until it goes to sleep.
        delay: POWER_DELAY, of each step of a power sequence.
        switch: from a command to the acknowledge of the power switch (0: they are tied together).
        timeout: POWER_TIMEOUT.
    """

    idle: int = 0
    delay: int = 2
    switch: int = 3
    timeout: int = 1000

    def __post_init__(self) -> None:
        if min(self.idle, self.delay, self.switch) < 0:
            raise InputError("idle, delay and switch of a sleeping GE are cycles, from 0")
        if self.switch + _LEAST_TIMEOUT > self.timeout:
            raise InputError(f"a switch that takes {self.switch} cycles is late for a timeout of {self.timeout}")


class State(IntEnum):
    """As ``accel_pkg::power_state_e``."""

    OFF, SWITCH_ON, CLOCK, RELEASE_RESET, RESTORE, UNISOLATE, ON, DRAIN, ISOLATE, SAVE, RESET, SWITCH_OFF = range(12)


# State: the next one when the domain is wanted, and when it is not; None: it stays.
_WANTED = {
    State.OFF: State.SWITCH_ON, State.DRAIN: State.ON, State.ISOLATE: State.UNISOLATE, State.SAVE: State.UNISOLATE,
    State.RESET: State.CLOCK, State.SWITCH_OFF: State.SWITCH_ON,
}  # fmt: skip
_UNWANTED = {
    State.SWITCH_ON: State.SWITCH_OFF, State.CLOCK: State.RESET, State.RELEASE_RESET: State.RESET,
    State.RESTORE: State.RESET, State.UNISOLATE: State.DRAIN, State.ON: State.DRAIN,
}  # fmt: skip
# When a step is over.
_DONE = {
    State.CLOCK: State.RELEASE_RESET, State.RELEASE_RESET: State.RESTORE, State.RESTORE: State.UNISOLATE,
    State.UNISOLATE: State.ON, State.ISOLATE: State.SAVE, State.SAVE: State.RESET, State.RESET: State.SWITCH_OFF,
}  # fmt: skip


class _Sequencer:
    """``power_sequencer`` with its switch."""

    def __init__(self, sleep: Sleep, synchronised: int) -> None:
        self.sleep, self.state = sleep, State.OFF
        self.open = False  # the clamps
        self.count, self.done = sleep.delay + 1, True
        self.closed = self.answer = False  # command to the switch, and its acknowledge
        self.since = sleep.switch  # cycles for which the command has been the same, as far as the switch needs them
        self.acks = (False,) * (synchronised + 1)  # registers behind it, the last one in the sequencer

    def step(self, wanted: bool, drained: bool) -> None:
        """One cycle."""
        state, sleep = self.state, self.sleep
        self.open = State.UNISOLATE <= state <= State.DRAIN or (self.open and wanted)
        closed = State.SWITCH_ON <= state <= State.RESET
        self.since = min(self.since + 1, sleep.switch) if closed == self.closed else 0
        self.closed = closed
        if self.since >= sleep.switch:
            self.answer = closed
        acks = self.acks
        self.acks = (self.answer, *acks[:-1])
        new = (_WANTED if wanted else _UNWANTED).get(state)
        if new is None:
            if state == State.SWITCH_ON:
                new = State.CLOCK if self.done and all(acks[-2:]) else None
            elif state == State.SWITCH_OFF:
                new = State.OFF if self.done and not any(acks[-2:]) else None
            elif state == State.DRAIN:
                new = State.ISOLATE if drained else None
            elif self.done:
                new = _DONE.get(state)
        if new is None:
            self.done = self.count >= sleep.delay - (sleep.delay != 0)
            self.count = min(self.count + 1, sleep.delay)
        else:
            self.state, self.count, self.done = new, 1, sleep.delay <= 1


class Supply:
    """The GE's domain from image to image. It begins asleep."""

    def __init__(self, sleep: Sleep, timing: Timing) -> None:
        self.sleep, self._seen = sleep, timing.seen
        self._quiet = localparam("power_manager", "Quiet")
        self._sequencer, self._since = (
            _Sequencer(sleep, timing.synchronised),
            None,
        )  # as it was at the begin of cycle `since`
        self._moved, self._left = None, None  # last step of a layer, last class

    def state(self, start: int) -> tuple:
        """What the next image finds, with times counted from ``start``."""
        since = self._since
        if since is not None:  # it was open then: on after two steps at most, and counted from the last work
            since = max(since, self._moved - 2 * (self.sleep.delay + 2))
        times = (since, self._moved, self._left)
        return (
            *(None if time is None else time - start for time in times),
            *sorted(vars(self._sequencer).items()),
        )

    @staticmethod
    def idle_from(moved: int, timing: Timing) -> int:
        """The first cycle in which the manager takes a domain for idle that moved last in the cycle ``moved``."""
        return moved + timing.seen + 1 + localparam("power_manager", "Quiet")

    def opened(self, offered: int) -> int:
        """The first cycle, not before ``offered``, in which the GE can take the word that is offered from then on."""
        if self._left is not None and offered <= self._left + 1:
            return offered
        return self._wake(offered)[0]

    def worked(self, offered: int, moved: int, left: int) -> None:
        """An image was offered, its last layer made its last step, its class left.

        ``moved`` is the cycle in which the domain is last seen moving, before its class is there.
        """
        if self._left is None or offered > self._left + 1:
            self._since, self._sequencer = self._wake(offered)
        self._moved, self._left = moved, left

    def _wake(self, offered: int) -> tuple[int, _Sequencer]:
        """When the clamps are open for work that begins at ``offered``, and the sequencer as it is then."""
        sequencer = copy(self._sequencer)
        time = offered
        if self._left is not None:
            time = self._doze(sequencer, offered)
        while not sequencer.open:
            sequencer.step(True, False)
            time += 1
        return time, sequencer

    def _doze(self, sequencer: _Sequencer, offered: int) -> int:
        """From the last work to the next, at ``offered``."""
        time, known = self._since, self._moved + self._seen + 1  # from then on, the manager's counts are known
        while time < known and sequencer.state != State.ON:
            sequencer.step(True, False)
            time += 1
        time = max(time, known)
        quiet = idle_for = 0
        idle, expired = False, self.sleep.idle == 0
        while time < offered:
            if sequencer.state == State.OFF and idle and expired:
                return offered
            work = time <= self._left
            moves = time - self._seen == self._left
            sequencer.step(work or not (expired and idle), idle and not work)
            if moves:
                quiet, idle = 0, False
            elif not idle:
                quiet += 1
                idle = quiet == self._quiet
            idle_for = 0 if work or moves else idle_for if expired else idle_for + 1
            expired = idle_for >= self.sleep.idle
            time += 1
        return time
