# SPDX-License-Identifier: Apache-2.0
"""The server under trial: random scribbles, and many clients at a time, each compared with the integer golden model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from demo.client import Client
from demo.strokes import draw_strokes
from golden.integer_model import MoeModel
from spec.bank import Bank, random_bank
from spec.bank_file import bank_file_bytes
from spec.network import RUNNING_MODES, Mode
from spec.presets import Accelerator as Design

_LE, _GE = "LE", "GE"


def scribble(rng: np.random.Generator) -> list[list[list[float]]]:
    """One to four random strokes of up to 30 points, somewhere on a paper of 1000x1000."""
    strokes = []
    for _ in range(rng.integers(1, 5)):
        steps = rng.normal(0, rng.uniform(5, 120), (rng.integers(1, 31), 2))
        strokes.append(np.round(rng.uniform(0, 1000, 2) + steps.cumsum(0), 1).tolist())
    return strokes


@dataclass
class Outcome:
    """What a trial has found: requests that were answered, and what was wrong, as sentences; seconds it took."""

    answers: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    slowest: float = 0.0


def compare(model: MoeModel, bank: Bank, mode: Mode, image: np.ndarray, answer: dict, digest: str) -> str | None:
    """What is wrong with an answer of the server, None if nothing is; ``image``: uint8 (28, 28), as it should be."""
    if answer["pixels"] != image.tolist():
        return "the device was given another image than the golden preprocessing makes"
    if answer["bank"] != digest:
        return f"answered with the bank {answer['bank'][:8]}, not {digest[:8]}"
    said = model.run(image[None], mode, bank)
    expected = int(said.classes[0]), _LE if said.experts[0] else _GE
    found = answer["first"]["label"], answer["expert"]
    return None if found == expected else f"{mode.name}: answered {found}, the golden model {expected}"


def scribbles(client: Client, design: Design, bank: Bank, count: int, seed: int = 0) -> Outcome:
    """Classify random scribbles, one after the other, in all modes that answer in turn.

    Args:
        bank: that of the client's first person.
    """
    rng, model, outcome = np.random.default_rng(seed), MoeModel(design.moe), Outcome()
    digest = bank.digest()
    start = time.monotonic()
    for number in range(count):
        strokes, mode = scribble(rng), RUNNING_MODES[number % len(RUNNING_MODES)]
        answer = client.post("/classify", strokes=strokes, mode=mode.name)
        if wrong := compare(model, bank, mode, draw_strokes(strokes), answer, digest):
            outcome.wrong.append(f"scribble {number}: {wrong}")
        outcome.answers += 1
    outcome.seconds = time.monotonic() - start
    return outcome


def load(address: str, design: Design, clients: int, requests: int, progress: Callable[[], object] = int) -> Outcome:
    """Many clients at a time, each with a bank of its own of random weights, which no two agree on.

    Args:
        requests: of all clients together.
        progress: called after each.
    """
    banks = [random_bank(design.moe, seed) for seed in range(clients)]
    outcome, lock = Outcome(), threading.Lock()

    def work(number: int) -> None:
        rng, model, bank = np.random.default_rng([1, number]), MoeModel(design.moe), banks[number]
        digest = bank.digest()
        try:
            client = Client(address)
            client.send("/bank", bank_file_bytes(bank, design.moe, design.folding))
            for turn in range(requests // clients + (number < requests % clients)):
                mode = (Mode.LE_ONLY, Mode.MOE_GATED, Mode.MOE_PARALLEL)[turn % 3]
                strokes = scribble(rng)
                start = time.monotonic()
                answer = client.post("/classify", strokes=strokes, mode=mode.name)
                seconds = time.monotonic() - start
                wrong = compare(model, bank, mode, draw_strokes(strokes), answer, digest)
                with lock:
                    outcome.answers += 1
                    outcome.slowest = max(outcome.slowest, seconds)
                    if wrong:
                        outcome.wrong.append(f"client {number}, request {turn}: {wrong}")
                progress()
            client.request("DELETE", f"/session?session={client.session}")
            client.close()
        except Exception as error:  # a client that ends early has lost its requests: that is a finding
            with lock:
                outcome.wrong.append(f"client {number}: {error}")

    start = time.monotonic()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.seconds = time.monotonic() - start
    if lost := requests - outcome.answers:
        outcome.wrong.append(f"{lost} of {requests} requests were not answered")
    return outcome


def middle_and_late(times: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return float(np.median(times)), float(np.percentile(times, 95))
