# SPDX-License-Identifier: Apache-2.0
"""Banks of different users are written, committed, selected and invalidated at random while images stream.

``scripts/swap_load.py`` does it with the full-size network and the trained banks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from driver import Accelerator, DeviceFault, DriverError, Results
from driver.accelerator import REASONS
from golden.integer_model import MoeModel
from spec.bank import Bank, random_bank
from spec.bank_file import device_words
from spec.errors import CheckFailed
from spec.network import Mode
from spec.result_word import numbers_from

USERS = 6
GE_ALONE = -1  # in the place of a user: the image found no valid bank
BUSY = (REASONS["BANK_ACTIVE"], REASONS["BANK_IN_USE"])  # why a sound bank may be refused


@dataclass
class SwapReport:
    """What happened; ``wrong`` counts results that differ from the golden model with the bank they name."""

    images: int = 0
    results: int = 0
    wrong: int = 0
    out_of_order: int = 0
    commits: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    answered_for: dict[int, int] = field(default_factory=dict)
    selections: int = 0

    def __str__(self) -> str:
        lost = self.images - self.results
        counts = f"{lost:,} lost, {self.wrong:,} wrong, {self.out_of_order:,} out of order"
        lines = [f"{self.images:,} images, {self.commits:,} commits, {self.selections:,} selections: {counts}"]
        lines += [f"  refused {times:,} times: {reason}" for reason, times in sorted(self.refused.items())]
        alone = self.answered_for.get(GE_ALONE, 0)
        users = len(self.answered_for.keys() - {GE_ALONE})
        return "\n".join([*lines, f"  {alone:,} images found no valid bank, the others one of {users} users"])


class SwapLoad:
    """One run: images are queued at once, banks change meanwhile, and afterwards every result is checked."""

    def __init__(
        self,
        device: Accelerator,
        mode: Mode,
        images: int,
        seed: int,
        pool: np.ndarray,
        users: list[Bank] | None = None,
    ) -> None:
        self.device, self.transport = device, device.transport
        self.rng = np.random.default_rng(seed)
        self.mode, self.report = mode, SwapReport(images)
        moe = device.design.moe
        self.users = users or [random_bank(moe, 100 + user) for user in range(USERS)]
        self.streams = [device_words(bank, moe, device.design.folding) for bank in self.users]
        self.pool = pool
        self.order = self.rng.integers(0, len(self.pool), images)
        # What each bank number held from which result on: (first result, user).
        self.history: list[list[tuple[int, int]]] = [[] for _ in range(device.banks)]
        self.words: list[np.ndarray] = []
        self.tables = {user: self._table(bank) for user, bank in enumerate(self.users)} | {GE_ALONE: self._table(None)}
        self.transport.pauses(seed)

    def _table(self, bank: Bank | None) -> tuple[np.ndarray, np.ndarray]:
        answers = MoeModel(self.device.design.moe).run(self.pool, self.mode, bank)
        return answers.classes, answers.experts

    def _results_out(self) -> int:
        return sum(map(len, self.words)) + self.transport.results_waiting

    def _collect(self, count: int, timeout: int) -> None:
        if count:
            self.words.append(self.transport.receive(count, timeout)[0])

    def run(self) -> SwapReport:
        """Stream, disturb, check."""
        self.device.set_mode(self.mode)
        for index in self.order:
            self.transport.send(self.pool[index].ravel())
        waits = (self._wait, self._wait)
        actions = (self._load, self._load, self._load_damaged, self._select, self._replace, self._invalidate, *waits)
        limit = self.transport.cycles + 20_000 * self.report.images
        while self.transport.pixels_waiting and self.transport.cycles < limit:
            self.rng.choice(actions)()
            self._collect(self.transport.results_waiting, 0)
        self._collect(self.report.images - sum(map(len, self.words)), 100_000)
        self.transport.run(20_000)
        self._collect(self.transport.results_waiting, 0)  # there must be none
        self._check()
        return self.report

    # ---- Disturbances -----------------------------------------------------------------------------------------------
    def _wait(self) -> None:
        self.transport.run(int(self.rng.integers(1, 5000)))

    def _load(self) -> None:
        self._load_into(int(self.rng.integers(self.device.banks)))

    def _replace(self) -> None:
        """Select another bank, and load the one before while images in flight may still use it."""
        before = self.device.read("bank_select.bank")
        self._select()
        self._load_into(before)

    def _load_into(self, number: int) -> None:
        user = int(self.rng.integers(len(self.users)))
        try:
            self.device.load_stream(self.streams[user], number, activate=bool(self.rng.integers(4)))
        except DriverError as refusal:
            if self._refused(refusal) not in BUSY:
                raise CheckFailed(f"a sound bank was not loaded: {refusal}") from None
            return
        self.report.commits += 1
        self.history[number].append((self._results_out(), user))

    def _load_damaged(self) -> None:
        words = self.streams[0].copy()
        words[self.rng.integers(len(words))] ^= np.uint32(1 << int(self.rng.integers(32)))
        try:
            self.device.load_stream(words, int(self.rng.integers(self.device.banks)))
        except DriverError as refusal:
            self._refused(refusal)
        else:
            raise CheckFailed("a damaged bank was committed")

    def _refused(self, refusal: DriverError) -> str:
        if isinstance(refusal, DeviceFault):
            raise refusal
        reason = str(refusal).split(": ")[-1]
        self.report.refused[reason] = self.report.refused.get(reason, 0) + 1
        return reason

    def _select(self) -> None:
        self.device.write("bank_select", bank=int(self.rng.integers(self.device.banks)))
        self.report.selections += 1

    def _invalidate(self) -> None:
        if self.rng.integers(4) == 0:
            self.device.forget_user(int(self.rng.integers(self.device.banks)))

    # ---- Check ------------------------------------------------------------------------------------------------------
    def _check(self) -> None:
        results = Results.decode(np.concatenate(self.words))
        self.report.results = len(results.classes)
        expected_order = numbers_from(0, len(results.sequence))
        self.report.out_of_order = int((results.sequence != expected_order).sum())
        for i in range(min(self.report.results, self.report.images)):
            user = GE_ALONE
            if not results.no_bank[i]:
                user = next(
                    (u for first, u in reversed(self.history[results.banks[i]]) if first <= i), GE_ALONE
                )  # fmt: skip
            classes, experts = self.tables[user]
            image = self.order[i]
            wrong = results.classes[i] != classes[image] or results.experts[i] != experts[image]
            self.report.wrong += int(wrong)
            self.report.answered_for[user] = self.report.answered_for.get(user, 0) + 1
