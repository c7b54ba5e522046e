# SPDX-License-Identifier: Apache-2.0
"""Sessions, the people in each, and what each was taught. A session is known by a secret and sees nothing of others."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from demo.limits import ENTRIES, IDLE_SECONDS, NAME_LENGTH, PEOPLE, SESSIONS
from demo.refusal import Refused
from demo.syllabus import Taught
from demo.weights import Weights

FIRST_SEED = 1  # of the LFSR, of every person who begins anew: the same corrections make the same bank


@dataclass(frozen=True)
class State:
    """What a person's device is: weights, the LFSR's state, and the images that were taught so far."""

    weights: Weights
    seed: int = FIRST_SEED
    taught: tuple[Taught, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One line of the list of what was taught.

    Attributes:
        kind: ``correction``, ``images`` or ``file``.
        text: what it was, for people.
        before: what undoing it restores.
        image, label: of a correction.
    """

    kind: str
    text: str
    before: State
    image: np.ndarray | None = None
    label: int | None = None


@dataclass
class Person:
    """One person with a bank. ``lock`` is held while something is taught or restored."""

    name: str
    state: State
    entries: list[Entry] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def change(self, state: State, entry: Entry) -> None:
        """Bring a new state into force, and note how it came to it."""
        self.state = state
        self.entries = [*self.entries, entry][-ENTRIES:]

    def undo(self) -> Entry:
        """Restore what was before the last entry, which is returned.

        Raises:
            Refused: there is none.
        """
        if not self.entries:
            raise Refused(f"{self.name}: nothing was taught that could be undone", 409)
        *self.entries, last = self.entries
        self.state = last.before
        return last

    def begin_again(self, state: State) -> None:
        """Forget everything."""
        self.state, self.entries = state, []


@dataclass
class Session:
    """One tab: its people, of whom there is always a first."""

    key: str
    people: list[Person]
    used: float

    def person(self, number: int) -> Person:
        """By number, from 0.

        Raises:
            Refused: there is no such person.
        """
        if not 0 <= number < len(self.people):
            raise Refused(f"person: is {number}, the session has 0 to {len(self.people) - 1}", 404)
        return self.people[number]


class Sessions:
    """All sessions.

    Args:
        start: what every person begins with.
        now: a clock, seconds.
    """

    def __init__(self, start: State, now: Callable[[], float] = time.monotonic) -> None:
        self.start = start
        self._now = now
        self._open: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._open)

    def open(self) -> Session:
        """A new session with one person.

        Raises:
            Refused: too many are open, and none was idle for long.
        """
        if len(self._open) >= SESSIONS:
            oldest = min(self._open.values(), key=lambda session: session.used)
            if self._now() - oldest.used < IDLE_SECONDS:
                raise Refused(f"{SESSIONS} sessions are open, which is as many as there may be: close a tab", 429)
            del self._open[oldest.key]
        session = Session(secrets.token_hex(16), [Person("Person 1", self.start)], self._now())
        self._open[session.key] = session
        return session

    def find(self, key: str) -> Session:
        """An open session.

        Raises:
            Refused: there is none of that key.
        """
        session = self._open.get(key)
        if session is None:
            raise Refused("session: there is none of that key; ask for one with POST /session", 404)
        session.used = self._now()
        return session

    def close(self, key: str) -> None:
        """Forget a session and everybody in it.

        Raises:
            Refused: there is none of that key.
        """
        del self._open[self.find(key).key]

    def add_person(self, session: Session, name: str | None) -> int:
        """One more person, with the factory bank; their number.

        Raises:
            Refused: there are as many as there may be, or the name is too long, empty or not printable.
        """
        if len(session.people) >= PEOPLE:
            raise Refused(f"people: the session has {PEOPLE}, which is as many as it may have", 409)
        name = f"Person {len(session.people) + 1}" if name is None else name.strip()
        if not (0 < len(name) <= NAME_LENGTH and name.isprintable()):
            raise Refused(f"name: 1 to {NAME_LENGTH} printable characters are needed", 422)
        session.people.append(Person(name, self.start))
        return len(session.people) - 1
