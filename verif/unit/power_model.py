# SPDX-License-Identifier: Apache-2.0
"""Reference model of ``power_sequencer`` and the state x event coverage of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import IntEnum

State = IntEnum(
    "State",
    "OFF SWITCH_ON CLOCK RELEASE_RESET RESTORE UNISOLATE ON DRAIN ISOLATE SAVE RESET SWITCH_OFF ERROR",
    start=0,
)
S = State

# A step of a sequence on or off: what follows when its time is over, and when the request changes.
_STEPS = {
    S.CLOCK: (S.RELEASE_RESET, S.RESET),
    S.RELEASE_RESET: (S.RESTORE, S.RESET),
    S.RESTORE: (S.UNISOLATE, S.RESET),
    S.UNISOLATE: (S.ON, S.DRAIN),
    S.ISOLATE: (S.SAVE, S.UNISOLATE),
    S.SAVE: (S.RESET, S.UNISOLATE),
    S.RESET: (S.SWITCH_OFF, S.CLOCK),
}
SWITCHING_ON = (S.SWITCH_ON, S.CLOCK, S.RELEASE_RESET, S.RESTORE, S.UNISOLATE)
SWITCHING_OFF = (S.DRAIN, S.ISOLATE, S.SAVE, S.RESET, S.SWITCH_OFF)
# Where a request that changes in the middle of a sequence leads.
WITHDRAWN = {
    S.SWITCH_ON: S.SWITCH_OFF,
    S.SWITCH_OFF: S.SWITCH_ON,
    S.DRAIN: S.ON,
    **{state: withdrawn for state, (_, withdrawn) in _STEPS.items()},
}


@dataclass
class Inputs:
    """The inputs in one cycle; ``reset`` is active high here."""

    on: int = 0
    idle: int = 1
    retain: int = 0
    delay: int = 1
    timeout: int = 20
    clear_error: int = 0
    switch_ack: int = 0
    reset: int = 0


class PowerModel:
    """State and outputs of the sequencer, cycle by cycle."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self.state, self.previous = S.OFF, S.OFF
        self.cycles = 1  # in this state, this one included
        self.ack = 0  # a cycle ago
        self.isolated = True
        self.keep = 0  # the retained memories hold, or are getting, what must survive
        self.delay, self.timeout = 0, 0  # a cycle ago; in Off, where it starts, nothing waits for them

    def outputs(self) -> dict[str, int]:
        """Port name -> value in this cycle."""
        state = self.state
        return {
            "accept_o": int(state is S.ON),
            "clk_en_o": int(state not in (S.OFF, S.SWITCH_ON, S.SWITCH_OFF, S.ERROR)),
            "rst_no": int(state not in (S.OFF, S.SWITCH_ON, S.CLOCK, S.RESET, S.SWITCH_OFF, S.ERROR)),
            "isolate_o": int(self.isolated),
            "save_o": int(state is S.SAVE and self.keep),
            "restore_o": int(state is S.RESTORE and self.keep),
            "retain_o": int(state is not S.SAVE and self.keep),
            "switch_on_o": int(state not in (S.OFF, S.SWITCH_OFF, S.ERROR)),
            "state_o": int(state),
            "on_o": int(state in (S.ON, S.DRAIN)),
            "off_o": int(state is S.OFF),
            "error_o": int(state is S.ERROR),
            "timeout_o": int(state is S.ERROR and self.previous is not S.ERROR),
            "wake_o": int(state is S.SWITCH_ON and self.previous is S.OFF),
        }

    def times_out(self, given: Inputs) -> bool:
        """Whether the switch uses up its time in this cycle."""
        return not given.reset and self._next(given) is S.ERROR and self.state is not S.ERROR

    def step(self, given: Inputs) -> None:
        """Go on by one cycle with these inputs."""
        if given.reset:
            self._reset()
            return
        state = self._next(given)
        # A cycle later than the state, and not closed for a request that is withdrawn in that cycle.
        self.isolated = self.state not in (S.UNISOLATE, S.ON, S.DRAIN) and (self.isolated or not given.on)
        if state is S.SAVE and self.state is not S.SAVE:
            self.keep = given.retain
        elif state is S.UNISOLATE:
            self.keep = 0
        self.cycles = 1 if state is not self.state else self.cycles + 1
        self.previous, self.state = self.state, state
        self.ack = given.switch_ack
        self.delay, self.timeout = given.delay, given.timeout

    def _next(self, given: Inputs) -> State:
        state = self.state
        done = self.cycles >= self.delay
        if state is S.OFF:
            return S.SWITCH_ON if given.on else state
        if state is S.ON:
            return state if given.on else S.DRAIN
        if state is S.DRAIN:
            return S.ON if given.on else S.ISOLATE if given.idle else state
        if state is S.ERROR:
            return S.SWITCH_OFF if given.clear_error else state
        if given.on != (state in SWITCHING_ON):
            return WITHDRAWN[state]
        if state in _STEPS:
            return _STEPS[state][0] if done else state
        wanted = int(state is S.SWITCH_ON)
        if done and given.switch_ack == self.ack == wanted:
            return S.CLOCK if wanted else S.OFF
        return S.ERROR if done and self.cycles >= self.timeout else state


EVENTS = ("on rises", "on falls", "ack rises", "ack falls", "idle rises", "clear_error", "time-out", "reset")

# Pairs that cannot happen, and why; hw/formal proves that they do not.
UNREACHABLE = {
    **{(state, "on rises"): "entered and kept only while on_i is high" for state in (*SWITCHING_ON, S.ON)},
    **{
        (state, "on falls"): "entered and kept only while on_i is low"
        for state in SWITCHING_OFF
        if state is not S.SWITCH_OFF  # Error goes there whatever on_i is
    },
    **{(state, "time-out"): "does not wait for the switch" for state in S if state not in (S.SWITCH_ON, S.SWITCH_OFF)},
}


class Coverage:
    """Counts which events happened in which states."""

    def __init__(self) -> None:
        self.count: Counter[tuple[State, str]] = Counter()
        self._last = Inputs()

    def sample(self, model: PowerModel, given: Inputs) -> None:
        """Take note of a cycle, before ``model`` steps. An edge is a difference to the cycle before, reset or not."""
        last, self._last = self._last, Inputs(**vars(given))
        if given.reset:
            happened = ["reset"]
        else:
            happened = [
                event
                for event, now in (
                    ("on rises", given.on and not last.on),
                    ("on falls", last.on and not given.on),
                    ("ack rises", given.switch_ack and not last.switch_ack),
                    ("ack falls", last.switch_ack and not given.switch_ack),
                    ("idle rises", given.idle and not last.idle),
                    ("clear_error", given.clear_error),
                    ("time-out", model.times_out(given)),
                )
                if now
            ]
        self.count.update((model.state, event) for event in happened)

    def missing(self) -> list[tuple[State, str]]:
        """Reachable pairs that did not happen."""
        return [(s, e) for s in S for e in EVENTS if (s, e) not in UNREACHABLE and not self.count[s, e]]

    def impossible(self) -> list[tuple[State, str]]:
        """Pairs called unreachable that happened."""
        return [pair for pair in UNREACHABLE if self.count[pair]]

    def table(self) -> str:
        """One row a state, one column an event: how often; ``-`` is unreachable."""
        rows = [f"{'':14}" + "".join(f"{event:>13}" for event in EVENTS)]
        for state in S:
            cells = ("-" if (state, event) in UNREACHABLE else str(self.count[state, event]) for event in EVENTS)
            rows.append(f"{state.name.lower():14}" + "".join(f"{cell:>13}" for cell in cells))
        reachable = len(S) * len(EVENTS) - len(UNREACHABLE)
        seen = reachable - len(self.missing())
        rows.append(f"covered: {seen} of {reachable} reachable pairs, {100 * seen / reachable:.1f} %")
        reasons = dict.fromkeys(UNREACHABLE.values())
        for reason in reasons:
            pairs = [f"{s.name.lower()}/{e}" for (s, e), why in UNREACHABLE.items() if why == reason]
            rows.append(f"unreachable, {reason}: {', '.join(pairs)}")
        return "\n".join(rows)
