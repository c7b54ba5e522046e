# SPDX-License-Identifier: Apache-2.0
"""Sessions, people, what was taught and undone, without a device."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demo import limits
from demo.people import Entry, Sessions, State
from demo.refusal import Refused
from demo.weights import Weights

START = State(Weights(None, np.zeros(1, np.uint32), "start"))


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    """None is open."""
    return Sessions(START, clock)


def test_sessions_have_secret_keys_of_their_own(sessions: Sessions) -> None:
    keys = {sessions.open().key for _ in range(5)}
    assert len(keys) == 5 and all(len(key) == 32 for key in keys)
    one = sessions.open()
    assert sessions.find(one.key) is one
    sessions.close(one.key)
    for key in (one.key, "", "0" * 32):
        with pytest.raises(Refused, match="there is none of that key") as refused:
            sessions.find(key)
        assert refused.value.status == 404


def test_an_idle_session_gives_way_and_a_busy_one_does_not(sessions: Sessions, clock: Clock) -> None:
    first = sessions.open()
    for _ in range(limits.SESSIONS - 1):
        sessions.open()
    with pytest.raises(Refused, match="64 sessions are open") as refused:
        sessions.open()
    assert refused.value.status == 429 and len(sessions) == limits.SESSIONS
    clock.now = limits.IDLE_SECONDS + 1
    for key in [key for key in sessions._open if key != first.key]:
        sessions.find(key)
    sessions.open()
    with pytest.raises(Refused):
        sessions.find(first.key)


def test_people_of_a_session_have_states_of_their_own(sessions: Sessions) -> None:
    session = sessions.open()
    assert sessions.add_person(session, None) == 1 and sessions.add_person(session, " Ann ") == 2
    assert [person.name for person in session.people] == ["Person 1", "Person 2", "Ann"]
    other = replace(START, seed=7)
    session.person(1).change(other, Entry("correction", "this is q", START))
    assert session.person(0).state is START and session.person(1).state is other
    for number in (-1, 3):
        with pytest.raises(Refused, match="the session has 0 to 2"):
            session.person(number)
    for name in ("", "x" * 25, "a\nb"):
        with pytest.raises(Refused, match="printable"):
            sessions.add_person(session, name)
    sessions.add_person(session, None)
    with pytest.raises(Refused, match="as many as it may have"):
        sessions.add_person(session, None)


def test_undo_goes_back_one_by_one(sessions: Sessions) -> None:
    person = sessions.open().person(0)
    states = [START, *(replace(START, seed=seed) for seed in range(2, 2 + limits.ENTRIES + 3))]
    for before, after in zip(states, states[1:], strict=False):
        person.change(after, Entry("correction", "", before))
    assert len(person.entries) == limits.ENTRIES
    for expected in states[-2 : -2 - limits.ENTRIES : -1]:
        person.undo()
        assert person.state is expected
    with pytest.raises(Refused, match="nothing was taught") as refused:
        person.undo()
    assert refused.value.status == 409
    person.begin_again(START)
    assert person.state is START and person.entries == []
