# SPDX-License-Identifier: Apache-2.0
"""Reference model of ``power_manager``, and the four domains with their sequencers around it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import IntEnum

DOMAINS = 4
FE, GE, LE, GN = range(DOMAINS)


class Mode(IntEnum):
    OFF, GE_ONLY, LE_ONLY, MOE_PARALLEL, MOE_GATED = range(5)


# Domains that a mode switches on; in MOE_GATED the GE only when it has work.
NEEDS = {
    Mode.OFF: (),
    Mode.GE_ONLY: (FE, GE),
    Mode.LE_ONLY: (FE, LE),
    Mode.MOE_PARALLEL: (FE, GE, LE, GN),
    Mode.MOE_GATED: (FE, LE, GN),
}


LOCAL_MODES = (Mode.OFF, Mode.LE_ONLY)
"""Those of a device with front end and local experts only."""


def mode_of(request: int, local_only: bool = False) -> Mode:
    """The mode that a request means: reserved values are OFF, and so are modes that the device does not have."""
    return Mode(request) if request in (LOCAL_MODES if local_only else tuple(Mode)) else Mode.OFF


def bits(members: tuple[int, ...] | list[int]) -> int:
    """One bit a member."""
    return sum(1 << member for member in set(members))


@dataclass
class Inputs:
    """The inputs in one cycle, named as the ports; ``reset`` is active high here."""

    mode: int = 0
    idle: int = 0
    force_on: int = 0
    in_flight: int = 0
    ge_work: int = 0
    quiet: int = bits([FE, GE, LE, GN])
    on: int = 0
    off: int = bits([FE, GE, LE, GN])
    reset: int = 0


class State(IntEnum):
    RUN, DRAIN, SETTLE = range(3)


@dataclass
class ManagerModel:
    """State and outputs, cycle by cycle.

    Args:
        quiet: the module's parameter ``Quiet``.
        local_only: ``LocalOnly``.
    """

    quiet: int
    state: State = State.RUN
    mode: Mode = Mode.OFF
    accepted_in: Mode = Mode.OFF  # mode in which images were last accepted
    changed: int = 0
    quiet_for: list[int] = field(default_factory=lambda: [0] * DOMAINS)  # cycles before this one
    ge_rested: int = 0
    ge_expired: bool = True  # ge_rested against what software asked for a cycle before; here 0
    local_only: bool = False

    def idle(self) -> int:
        """Domains that were quiet for at least ``quiet`` cycles up to the last one."""
        return bits([d for d in range(DOMAINS) if self.quiet_for[d] >= self.quiet])

    def want(self, given: Inputs) -> int:
        """Domains that should be on."""
        wanted = bits(NEEDS[self.mode]) | given.force_on
        if self.mode is Mode.MOE_GATED:
            sleeps = not given.ge_work and self.ge_expired and self.idle() >> GE & 1
            wanted |= 0 if sleeps else 1 << GE
        return wanted & bits([FE, LE]) if self.local_only else wanted

    def outputs(self, given: Inputs) -> dict[str, int]:
        """Port name -> value in this cycle."""
        idle, differs = self.idle(), mode_of(given.mode, self.local_only) is not self.mode
        pending = self.state is not State.RUN or differs
        rested = [d for d in range(DOMAINS) if idle >> d & 1 and not (given.ge_work if d == GE else given.in_flight)]
        return {
            "mode_o": int(self.mode),
            "accept_o": int(not pending),
            "want_o": self.want(given),
            "idle_o": bits(rested),
            "pending_o": int(pending),
            "changed_o": self.changed,
        }

    def step(self, given: Inputs) -> None:
        """Go on by one cycle."""
        if given.reset:
            self.__init__(self.quiet, ge_expired=not given.idle, local_only=self.local_only)  # type: ignore[misc]
            return
        wanted, idle, want = mode_of(given.mode, self.local_only), self.idle(), self.want(given)
        differs, self.changed = wanted is not self.mode, 0
        if self.state is State.RUN:
            self.state = State.DRAIN if differs else State.RUN
        elif self.state is State.DRAIN:
            everywhere = all((idle | given.off) >> d & 1 for d in range(DOMAINS))
            if not differs:
                self.state = State.RUN
            elif everywhere and not given.in_flight and not given.ge_work:
                self.state, self.mode = State.SETTLE, wanted
        elif differs:
            self.mode = wanted  # the last request counts
        elif all(self._arrived(d, given, want) for d in range(DOMAINS)):
            self.state = State.RUN
            self.changed = int(self.mode is not self.accepted_in)
            self.accepted_in = self.mode
        # The counters see the cycle that ends.
        rests = not given.ge_work and given.quiet >> GE & 1
        if not rests:
            self.ge_rested = 0
        elif not self.ge_expired:
            self.ge_rested += 1
        self.ge_expired = self.ge_rested >= given.idle
        self.quiet_for = [self.quiet_for[d] + 1 if given.quiet >> d & 1 else 0 for d in range(DOMAINS)]

    def _arrived(self, domain: int, given: Inputs, want: int) -> bool:
        """Whether a domain is where it is wanted; the GE of MOE_GATED comes and goes as it likes."""
        if domain == GE and self.mode is Mode.MOE_GATED:
            return True
        return bool((given.on if want >> domain & 1 else given.off) >> domain & 1)


class Domains:
    """Four domains behind sequencers: each follows ``want`` after ``delay`` cycles, and when it is idle.

    ``stuck`` domains are in the error state of their sequencer: neither on nor off, until they are freed.
    """

    def __init__(self, delay: int = 3) -> None:
        self.delay = [delay] * DOMAINS
        self.stuck: set[int] = set()
        self._is_on = [False] * DOMAINS
        self._left = [0] * DOMAINS

    @property
    def on(self) -> int:
        return bits([d for d in range(DOMAINS) if self._is_on[d] and not self._left[d] and d not in self.stuck])

    @property
    def off(self) -> int:
        return bits([d for d in range(DOMAINS) if not self._is_on[d] and not self._left[d] and d not in self.stuck])

    def step(self, want: int, idle: int, rng: random.Random | None = None) -> None:
        """Follow what the manager says in this cycle."""
        for d in range(DOMAINS):
            wanted = bool(want >> d & 1)
            if self._left[d]:
                self._left[d] -= 1
            elif wanted != self._is_on[d] and (wanted or idle >> d & 1):
                self._is_on[d] = wanted
                self._left[d] = rng.randint(1, 2 * self.delay[d]) if rng else self.delay[d]
