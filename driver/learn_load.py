# SPDX-License-Identifier: Apache-2.0
"""A device learns while images stream, and everything around it changes at random: corrections, sessions that open and
end, banks, modes with the power that they switch, commands that are refused.

``scripts/learn_load.py`` does it with the full-size network; what must have come of it says
:mod:`driver.learn_check`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from driver.accelerator import REASONS, Accelerator
from driver.learn_log import Correction, History, Log, Opened, ReadBack, Recorded
from driver.lessons import Session
from driver.read_back import read_bank
from driver.transport import DeviceFault, DriverError
from golden.descriptor import LearnSession
from hw.regs.map import encodings, register
from spec.bank import Bank
from spec.bank_file import device_words
from spec.errors import CheckFailed
from spec.learning import LearnRule, label_word
from spec.network import RUNNING_MODES, Mode
from spec.result_word import SEQUENCE_NUMBERS

COUNTERS = {  # of a session, and where they are read
    "own": "learn_own.value", "right": "learn_right.value", "generic": "learn_generic_images.value",
    "local_moves": "learn_local_moves.value", "gate_moves": "learn_gate_moves.value", "lost": "learn_lost.value",
}  # fmt: skip
_MOE = (Mode.MOE_PARALLEL, Mode.MOE_GATED)
_STATES = {number: name for name, number in encodings()["learn_state"].items()}
_DOMAINS = ("front end", "GE", "LE", "gate")
_LE, _GATE = 2, 3
_PATIENCE = 2000  # looks at a status
_LONGEST_CHANGE = 60  # paces
_SESSION_ENDS = 4  # cycles after its bank
_MOST_IDLE = 500  # actions; in mode OFF there are about twenty


@dataclass
class Done:
    """How often what was done."""

    counts: Counter = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)  # what the device should not have said
    stuck: bool = False  # it did not come to an end

    def __getitem__(self, what: str) -> int:
        return self.counts[what]


class LearnLoad:
    """One run: images are queued at once, some with labels, and things happen meanwhile.

    Args:
        device: simulated and just reset, of a model that was built with ``watch``.
        images: how many.
        seed: of every choice.
        pool: different images, uint8 (n, height, width).
        users: banks to be loaded.
        rule: of all sessions but for the LFSR's seed.
        pace: cycles that the device takes for an image, more or less: so long are the pauses between two actions.
    """

    def __init__(
        self,
        device: Accelerator,
        images: int,
        seed: int,
        pool: np.ndarray,
        users: list[Bank],
        rule: LearnRule,
        pace: int,
    ) -> None:
        self.transport = Recorded(device.transport)
        self.device = Accelerator(self.transport, device.design)
        self.rng = np.random.default_rng(seed)
        self.users, self.rule, self.pace = users, rule, pace
        moe, folding = device.design.moe, device.design.folding
        self.classes, self.experts = moe.network.classes, moe.local_experts
        self.streams = [device_words(bank, moe, folding) for bank in users]
        self.pool, self.images = pool, images
        labels = np.array([self._label(0.1) if self.rng.random() < 0.6 else 0 for _ in range(images)])
        settings = {
            "mode": History(Mode.OFF), "theta": History(0), "local_expert": History(0), "ge_enable": History(1),
            "le_enable": History(0xFF), "bank": History(0), "bank_valid": History(0), "learning": History(None),
        }  # fmt: skip
        self.log = Log(settings, self.rng.integers(0, len(pool), images), labels)
        self.done = Done()
        self.words: list[np.ndarray] = []
        self.events: list[np.ndarray] = []
        self.session: Opened | None = None  # until it has ended
        self.retained = True  # since the device was looked at last
        self._seen = self._noted = self._steady = 0
        self._slow = False

    # ---- The run ----------------------------------------------------------------------------------------------------
    def run(self) -> Done:
        """Stream and disturb; afterwards every session has ended and every image is answered, if the device goes on."""
        rng, transport = self.rng, self.transport
        transport.pauses(int(rng.integers(1 << 31)))
        self._load_sound(0, 0, True)
        self._set_mode(Mode.MOE_GATED)
        for index, label in zip(self.log.order, self.log.labels, strict=True):
            transport.send(self.pool[index].ravel(), label=int(label))
        actions = (
            (self._wait, 24), (self._correct, 60), (self._open, 12), (self._commit, 3), (self._cancel, 1),
            (self._load, 6), (self._load_damaged, 1), (self._select, 2), (self._settings, 1), (self._invalidate, 0.5),
            (self._mode, 6), (self._power, 1), (self._read, 1), (self._refused, 1),
        )  # fmt: skip
        weights = np.array([weight for _, weight in actions]) / sum(weight for _, weight in actions)
        idle = 0  # actions without an answer
        while transport.pixels_waiting and idle < _MOST_IDLE:
            idle = 0 if transport.results_waiting else idle + 1
            self._collect()
            actions[rng.choice(len(actions), p=weights)][0]()
            self._look()
        self._end()
        return self.done

    def _end(self) -> None:
        """Let everything come to its end, and read all banks back."""
        self.device.write("power_control", retain=1)
        self._set_mode(Mode.MOE_PARALLEL)
        for _ in range(_PATIENCE):
            if self.session and self.session.activate is None:
                self._commit()
            self._look()
            self._collect()
            fields = self._status()
            moving = self.session or fields["correcting"] or self.device.read("mode_status.pending")
            if (
                not moving
                and sum(map(len, self.words)) >= self.images
                and not self.device.read("mode_status.in_flight")
            ):
                break
            self.transport.run(self.pace)
        else:
            self.done.stuck = True
            return
        self.transport.run(10 * self.pace)
        self._collect()
        for number in range(self.device.banks):
            self._read_bank(number)

    def _collect(self) -> None:
        if count := self.transport.results_waiting:
            self.words.append(self.transport.receive(count, 0)[0])
        self.events.append(self.transport.watched())

    # ---- What is known of the device --------------------------------------------------------------------------------
    def _status(self) -> dict[str, int]:
        described = register("learn_status")
        return described.unpack(self.transport.read(described.address))

    def _look(self) -> None:
        """Note what was written and what the device says; complain of what nobody asked for."""
        self._note_writes()
        settings, begin, reads = self.log.settings, self._seen, self.transport.cycles
        # The oldest news first: a correction that is over, then the session, then banks.
        fields = self._status()
        self._look_at_correction(fields["correcting"])
        state = _STATES[fields["state"]]
        valid, selected = self.device.read("bank_valid.valid"), self.device.read("bank_select.bank")
        lost = not self.retained  # the memories may have been without power
        now = self.transport.cycles
        session = self.session
        if session and state == "CANCELLED":
            if not lost:
                self.done.surprises.append(f"the session on bank {session.bank} ended by itself at cycle {now}")
            self._close(begin, now, "sessions lost with the power")
            settings["bank_valid"].change(begin, now, valid)
        elif session and session.activate is not None and state == "COMMITTED":
            self._committed(session, selected)
        elif session and (state == "OPEN") != (session.activate is None):
            self.done.surprises.append(f"the session is {state}")
        selects = self.session and self.session.activate and selected == self.session.bank  # a commit, just now
        if selected != settings["bank"].last and not selects:
            self.done.surprises.append(f"bank {selected} is selected")
            settings["bank"].change(begin, now, selected)
        if valid != settings["bank_valid"].last:
            loaded = {number for at, number, _ in self.log.loads if at >= begin}  # after the power had failed
            if not lost or valid & ~sum(1 << number for number in loaded):
                self.done.surprises.append(f"banks {valid:#b} are valid, not {settings['bank_valid'].last:#b}")
            if loaded:
                settings["bank_valid"].change(begin, now, 0)
            settings["bank_valid"].change(begin, now, valid)
        self._look_at_mode()
        self.retained = bool(self.device.read("power_control.retain"))
        self._seen = reads  # what changes while it is read may only be seen the next time

    def _look_at_mode(self) -> None:
        """A change of mode ends when eight images are answered, a lesson is over and domains have been switched."""
        if not self.device.read("mode_status.pending"):
            self._steady = self.transport.cycles
            return
        asked = self.transport.last("mode")[1]
        if self.transport.cycles - max(asked, self._steady) > _LONGEST_CHANGE * self.pace and not self._slow:
            self._slow = True
            self.done.surprises.append(
                f"the mode asked for at cycle {asked} is not in force at {self.transport.cycles}"
            )

    def _note_writes(self) -> None:
        settings = self.log.settings
        for path, begin, end, fields in self.transport.writes[self._noted :]:
            if path == "mode":
                settings["mode"].change(begin, end, Mode(fields["mode"]))
            elif path == "theta":
                settings["theta"].change(begin, end, fields["value"])
            elif path == "local_expert":
                settings["local_expert"].change(begin, end, fields["index"])
            elif path == "expert_enable":
                settings["ge_enable"].change(begin, end, fields["ge"])
                settings["le_enable"].change(begin, end, fields["le"])
            elif path == "bank_select":
                settings["bank"].change(begin, end, fields["bank"])
        self._noted = len(self.transport.writes)

    def _look_at_correction(self, busy: int) -> None:
        waiting = [one for one in self.log.corrections if one.over is None]
        if busy or not waiting:
            return
        refused = self.device.read("errors.correction_refused")
        self.device.write("errors", correction_refused=1)
        for one in waiting:
            one.over = self.transport.cycles
            if len(waiting) == 1:
                one.refused = bool(refused)
        self.done.counts["corrections refused"] += refused

    def _close(self, begin: int, end: int, what: str) -> None:
        """The session has ended without a commit, at some cycle between two."""
        if self.session.closed is None:
            self.session.closed = (begin, end)
            self.log.settings["learning"].change(begin, end, None)
        self.session = None
        self.done.counts[what] += 1

    def _committed(self, session: Opened, selected: int) -> None:
        """Read what the commit left: first what the next session clears, then the bank, for which all must be on."""
        self.done.counts["commits"] += 1
        session.counters = {name: self.device.read(path) for name, path in COUNTERS.items()}
        session.random, session.crc = self.device.read("learn_random.value"), self.device.read("learn_crc.value")
        if session.activate:
            self.log.settings["bank"].change(session.closed[0], self.transport.cycles, session.bank)
            self.done.counts["commits that select"] += 1
        self.session = None
        if Mode(self.device.read("mode.mode")) not in _MOE:
            self._set_mode(self.rng.choice(_MOE))
            self._note_writes()
        self._read_bank(session.bank, len(self.log.sessions) - 1)

    def _read_bank(self, number: int, session: int | None = None) -> None:
        for _ in range(_PATIENCE):
            if not self.device.read("mode_status.pending"):
                break
            self.transport.run(self.pace // 4)
        else:
            self.done.surprises.append("a mode change does not end")
            return
        if not self.device.read("bank_valid.valid") >> number & 1:
            return
        try:
            bank = read_bank(self.device, number)
        except DriverError as error:
            self.done.surprises.append(str(error))
            return
        self.log.reads.append(ReadBack(self.transport.cycles, number, bank, session))
        self.done.counts["banks read back"] += 1

    # ---- Actions ----------------------------------------------------------------------------------------------------
    def _wait(self) -> None:
        self.transport.run(int(self.rng.integers(1, 3 * self.pace)))

    def _label(self, bad: float) -> int:
        rng = self.rng
        label = rng.integers(self.classes, 256) if rng.random() < bad else rng.integers(self.classes)
        return label_word(int(label), rng.random() < 0.7, rng.random() < 0.6)

    def _correct(self) -> None:
        """One of the last eight images mostly; else one too old, or one that is still to come."""
        rng = self.rng
        if not self.session and rng.random() < 0.9:
            return
        busy = self._status()["correcting"]
        self._look_at_correction(busy)
        answered = sum(map(len, self.words)) + self.transport.results_waiting
        back = rng.choice([rng.integers(1, 8), rng.integers(9, 40), -rng.integers(1, 20)], p=[0.86, 0.07, 0.07])
        word, sequence = self._label(0.05), int(answered - back) % SEQUENCE_NUMBERS
        self.device.write(
            "learn_correct", sequence_number=sequence, label=word & 0xFF, own=word >> 8 & 1, gate=word >> 9 & 1
        )
        asked = self.transport.last("learn_correct")
        self.log.corrections.append(Correction(sequence, word, asked, not busy))
        self.done.counts["corrections"] += 1
        if rng.random() < 0.5:  # else other things happen meanwhile
            for _ in range(_PATIENCE):
                if not (busy := self._status()["correcting"]):
                    break
                self.transport.run(5)
            self._look_at_correction(busy)

    def _open(self) -> None:
        rng = self.rng
        if self.session:
            return
        settings = self.log.settings
        number, expert = int(rng.integers(self.device.banks)), int(rng.integers(self.experts + (rng.random() < 0.1)))
        if not settings["bank_valid"].last >> number & 1 and rng.random() < 0.8:
            return
        rule = replace(self.rule, seed=int(rng.integers(1, 1 << 32)))
        may = settings["bank_valid"].last >> number & 1 and expert < self.experts
        try:
            Session(self.device, rule, number, expert)
        except DeviceFault:
            raise
        except DriverError as refusal:
            if may and self.retained:
                self.done.surprises.append(f"a session was not opened: {refusal}")
            self.done.counts["sessions refused"] += 1
            return
        if not may:
            self.done.surprises.append(f"a session was opened on bank {number} with local expert {expert}")
        opened = self.transport.last("learn_command", start=1)
        self.session = Opened(number, expert, rule, opened)
        self.log.sessions.append(self.session)
        settings["learning"].change(*opened, LearnSession(number, expert))
        self.done.counts["sessions"] += 1

    def _commit(self) -> None:
        session = self.session
        if not session or session.activate is not None:
            return
        session.activate = bool(self.rng.integers(2))
        self.device.write("learn_command", commit=1, activate=int(session.activate))
        session.closed = self.transport.last("learn_command", commit=1)
        self.log.settings["learning"].change(*session.closed, None)

    def _cancel(self) -> None:
        if not (session := self.session):
            return
        self._look()  # a commit may just have ended
        if self.session is not session:
            return
        self.device.write("learn_command", cancel=1)
        ended = self.transport.last("learn_command", cancel=1)
        state = _STATES[self._status()["state"]]
        if session.activate is not None and state == "COMMITTED":  # it was faster
            return
        valid = self.log.settings["bank_valid"]
        valid.change(*ended, valid.last & ~(1 << session.bank))
        self._close(*ended, "cancels")
        if state != "CANCELLED":
            self.done.surprises.append(f"a session is {state} after its cancel")

    def _target(self) -> int:
        """Some bank, but for one that is being committed: who is faster, commit or load, decides what is in it."""
        number = int(self.rng.integers(self.device.banks + (self.rng.random() < 0.1)))
        session = self.session
        closing = session is not None and session.activate is not None and session.bank == number
        return self.device.banks if closing else number

    def _load(self) -> None:
        number = self._target()
        self._load_sound(number, int(self.rng.integers(len(self.users))), bool(self.rng.integers(2)))

    def _load_sound(self, number: int, user: int, activate: bool) -> None:
        activate = activate and not (self.session and self.session.activate)  # whose selection is to come
        refusal = self._stream(self.streams[user], number, activate)
        if not refusal:
            begin, _ = self.transport.last("bank_command", commit=1)
            self.log.loads.append((begin, number, user))
            self.done.counts["loads"] += 1
            return
        allowed = [REASONS["BANK_ACTIVE"], REASONS["BANK_IN_USE"]]
        allowed += [REASONS["NO_SUCH_BANK"]] * (number >= self.device.banks)
        allowed += [REASONS["MEMORY_OFF"]] * (not self.retained)
        if refusal not in allowed:
            self.done.surprises.append(f"a sound bank was not loaded: {refusal}")
        if refusal == REASONS["NO_SUCH_BANK"] or not self._spoilt(number):
            self.done.counts["loads refused"] += 1

    def _load_damaged(self) -> None:
        words = self.streams[0].copy()
        words[self.rng.integers(len(words))] ^= np.uint32(1 << int(self.rng.integers(32)))
        if not self._stream(words, self._target(), True):
            raise CheckFailed("a damaged bank was committed")
        self.done.counts["damaged loads refused"] += 1

    def _stream(self, words: np.ndarray, number: int, activate: bool) -> str:
        """Load; the reason if it was refused. What it does to the banks is noted."""
        self._note_writes()
        first = len(self.transport.writes)
        valid, bank = (self.log.settings[name] for name in ("bank_valid", "bank"))
        refusal = ""
        try:
            self.device.load_stream(words, number, activate)
        except DeviceFault:
            raise
        except DriverError as error:
            refusal = str(error)
        mine = [entry for entry in self.transport.writes[first:] if entry[0] == "bank_command"]
        started = "cannot be loaded" not in refusal
        if started and number < self.device.banks:
            _, begin, end, _ = mine[0]
            valid.change(begin, end, valid.last & ~(1 << number))
        if not refusal:
            _, begin, end, _ = mine[-1]
            valid.change(begin, end, valid.last | 1 << number)
            if activate:
                bank.change(begin, end, number)
        return refusal.rpartition(": ")[-1]

    def _spoilt(self, number: int) -> bool:
        return not self.log.settings["bank_valid"].last >> number & 1

    def _select(self) -> None:
        if not (self.session and self.session.activate):
            self.device.write("bank_select", bank=int(self.rng.integers(self.device.banks)))
            self.done.counts["selections"] += 1

    def _settings(self) -> None:
        rng = self.rng
        self.device.set_threshold(
            int(rng.choice([0, rng.integers(-(1 << 20), 1 << 20), rng.integers(-(1 << 31), 1 << 31)]))
        )
        self.device.set_local_expert(int(rng.integers(8)))
        some = rng.random() < 0.3
        self.device.set_experts(not some or bool(rng.integers(2)), int(rng.integers(256)) if some else 0xFF)
        self.done.counts["other settings"] += 1

    def _invalidate(self) -> None:
        if (number := self._target()) == self.device.banks:
            return
        self.device.forget_user(number)
        valid = self.log.settings["bank_valid"]
        begin, end = self.transport.last("bank_command", invalidate=1)
        valid.change(begin, end, valid.last & ~(1 << number))
        self.done.counts["banks invalidated"] += 1
        if self.session and self.session.bank == number:
            self._close(begin, end + _SESSION_ENDS, "sessions lost with their bank")

    def _set_mode(self, mode: Mode) -> None:
        self.device.set_mode(Mode(int(mode)))
        self.done.counts[f"to {Mode(int(mode)).name}"] += 1

    def _mode(self) -> None:
        modes = [Mode.OFF, *RUNNING_MODES]
        self._set_mode(self.rng.choice(modes, p=[0.1, 0.1, 0.2, 0.25, 0.35]))
        if self.rng.random() < 0.1:
            self.transport.run(int(self.rng.integers(20)))
            self._set_mode(self.rng.choice(modes))

    def _power(self) -> None:
        """Speed of the sequences, domains that stay on, and sometimes memories that sleep as well."""
        rng = self.rng
        self.device.write("power_delay", cycles=int(rng.choice([0, 1, 2, 5, 20])))
        self.device.write("power_idle", cycles=int(rng.choice([0, 1, 100, 1000])))
        retain = int(rng.random() < 0.85)
        self.device.write("power_control", retain=retain, force_on=int(rng.choice([0, 0, rng.integers(16)])))
        self.retained = self.retained and bool(retain)
        for domain in range(len(_DOMAINS)):
            self.transport.power_switch(domain, int(rng.integers(0, 12)))
        self.done.counts["power settings"] += 1

    def _read(self) -> None:
        """Read a bank back; with a session that must be refused."""
        if not self.session:
            if Mode(self.device.read("mode.mode")) in _MOE:
                self._read_bank(int(self.rng.integers(self.device.banks)))
            return
        try:
            read_bank(self.device, int(self.rng.integers(self.device.banks)))
        except DriverError:
            self.done.counts["reads refused"] += 1
            return
        self._look()
        if self.session:
            self.done.surprises.append("a bank was read in a session")

    def _refused(self) -> None:
        """Commands that have no place here."""
        if self.session and self.session.activate is not None:
            return  # its commit may be faster
        if self.session:
            self.device.write("learn_command", start=1)
        else:
            self.device.write("learn_command", **{str(self.rng.choice(["commit", "cancel"])): 1})
        self.transport.run(3)
        if not self.device.read("errors.learn_refused"):
            self.done.surprises.append("a command out of place was not refused")
        self.device.write("errors", learn_refused=1)
        self.done.counts["commands refused"] += 1
