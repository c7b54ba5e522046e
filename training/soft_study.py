# SPDX-License-Identifier: Apache-2.0
"""Soft against binary gate (paper, section 2.1), for ``scripts/soft_gate.py``."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from golden.data import LabelledImages
from golden.integer_model import NetworkModel
from spec.paths import MODELS
from spec.progress import progress_bar
from tools.rows import cached_row
from training.features import Kind
from training.fit import fingerprint
from training.gate import gate_inputs
from training.global_expert import VALIDATION_FRACTION, validation_split
from training.heads import integer_logits
from training.retrained import OneUser, Retrained
from training.seen import Seen
from training.shares import balanced_share, both_shares
from training.soft_gate import (
    TEMPERATURES,
    Logits,
    Output,
    binary_answers,
    choose_temperature,
    soft_answers,
)
from training.table_files import LICENCE, SEED, TableData

NAME = "soft_gate"
_RECIPE = 1  # to be raised when the same settings give other figures
_NAMES = {Output.SOFTMAX: "softmax of both experts", Output.LOGITS: "logits of both experts, real scale"}
_COLUMNS = ("users", "users_balanced", "emnist", "selection_users", "selection_emnist")


class Study:
    """One gate preset: what all its users share."""

    def __init__(self, gate: str, data: TableData, work: Path, directory: Path = MODELS) -> None:
        self.retrained = Retrained(gate, data, work, directory)
        self.data, self.work = data, work

    @cached_property
    def _validation(self) -> tuple[LabelledImages, np.ndarray]:
        """The generic images that no training of a gate learns from, and the GE's int32 logits on them."""
        train = self.data.train
        _, held_out = validation_split(train)
        images = train.select(held_out)
        return images, NetworkModel(self.retrained.training.moe.network).logits(images.images)

    def row(self, number: int) -> dict[str, Any]:
        """One user's accuracies (0..1): ``binary``, and of each output a list over the temperatures."""
        depends_on = {
            **self.retrained.settings(number),
            "study": f"{NAME} {_RECIPE} {TEMPERATURES} {VALIDATION_FRACTION}",
            "test": [fingerprint(part) for part in (self.data.users.test(number), self.data.test)],
        }
        return cached_row(self.work, depends_on, lambda: self._row(number))

    def _row(self, number: int) -> dict[str, Any]:
        user, model = self.retrained.user(number), self.retrained.model
        test = Seen.of(model, self.data.users.test(number))
        sets = {
            "own": self._learned(user),
            "validation": self._held_out(user),
            "test": Logits.of(model, user.bank, test),
            "generic": Logits.of(model, user.bank, self.retrained.generic_test),
        }

        def figures(answers: dict[str, np.ndarray]) -> dict[str, float]:
            right = {name: answers[name] == sets[name].labels for name in sets}
            users = both_shares(right["test"], sets["test"].labels)
            return {
                "users": users[0],
                "users_balanced": users[1],
                "emnist": float(right["generic"].mean()),
                "selection_users": float(right["own"].mean()),
                "selection_emnist": balanced_share(right["validation"], sets["validation"].labels),
            }

        return {
            "user": number,
            "bank": user.bank.digest(),
            "binary": figures({name: binary_answers(one) for name, one in sets.items()}),
            **{
                output.value: [
                    figures({name: soft_answers(one, output, temperature) for name, one in sets.items()})
                    for temperature in TEMPERATURES
                ]
                for output in Output
            },
        }

    def _learned(self, user: OneUser) -> Logits:
        """Of the user's training images, with an LE that did not see them; the gate did."""
        moe, samples = self.retrained.training.moe, user.samples
        images = samples.select(samples.kind == Kind.IMAGE)
        gate = integer_logits(moe.gate.layers, user.bank.gate, gate_inputs(moe, images, [user.held_out]))
        return Logits.scaled(moe, user.ge_logits, user.held_out, gate, images.labels)

    def _held_out(self, user: OneUser) -> Logits:
        """Of the generic validation images."""
        moe, samples = self.retrained.training.moe, self.retrained.training.generic.validation
        images, ge = self._validation
        le = integer_logits(moe.le.layers, user.bank.local_experts[0], samples.local)
        gate = integer_logits(moe.gate.layers, user.bank.gate, gate_inputs(moe, samples, [le]))
        return Logits.scaled(moe, ge, le, gate, images.labels)


def table(study: Study) -> dict[str, Any]:
    """Figures of one preset: the mean over the users of the binary gate, and of each soft one at its temperature.

    One temperature a preset and kind of output, chosen on the users' training images and the generic validation images.
    """
    description = f"soft gate, gate '{study.retrained.gate}'"
    users = [study.row(number) for number in progress_bar(study.data.numbers, description=description, unit="user")]
    found: dict[str, Any] = {"binary": {c: float(np.mean([u["binary"][c] for u in users])) for c in _COLUMNS}}
    for output in Output:
        curve = {c: np.array([[point[c] for point in u[output.value]] for u in users]).mean(0) for c in _COLUMNS}
        chosen = choose_temperature(curve["selection_users"], curve["selection_emnist"])
        selection = {c: curve[c].tolist() for c in ("selection_users", "selection_emnist")}
        found[output.value] = {"temperature": TEMPERATURES[chosen], **{c: float(curve[c][chosen]) for c in _COLUMNS}}
        found[output.value]["curve"] = selection
        for user in users:
            user[output.value] = user[output.value][chosen]
    return {"mean": found, "users": users}


def record(tables: dict[str, dict[str, Any]], data: TableData, sources: str | None) -> dict[str, Any]:
    """The result as plain data; ``sources`` names the state of the models, None for others than those shipped."""
    return {
        "data": data.about(),
        "seed": SEED,
        "arithmetic": "logits of the integer model, weighted in float64",
        "temperatures": list(TEMPERATURES),
        "sources": sources,
        "gates": tables,
    }


def as_markdown(result: dict[str, Any], data: TableData) -> str:
    """The table for people."""
    head = (
        "| gate preset | gate | temperature | users | users, every class alike | EMNIST | minus binary: users | "
        "EMNIST | training images | EMNIST validation |\n" + "|---" * 10 + "|\n"
    )
    lines = []
    for gate, found in result["gates"].items():
        binary = found["mean"]["binary"]
        for name, words in (("binary", "binary"), *((output.value, f"soft: {_NAMES[output]}") for output in Output)):
            own = found["mean"][name]
            gains = [f"{100 * (own[c] - binary[c]):+.2f}" if name != "binary" else "" for c in ("users", "emnist")]
            shares = [f"{100 * own[c]:.2f}" for c in _COLUMNS]
            temperature = f"{own['temperature']:g}" if name != "binary" else ""
            cells = [f"`{gate}`", words, temperature, *shares[:3], *gains, *shares[3:]]
            lines.append("| " + " | ".join(cells) + " |")
    return (
        f"{LICENCE}# Soft gate of section 2.1\n\nIn per cent, mean over the users. {data.sentence()} Experts and gates "
        f"are trained anew by the gate preset's recipe, seed {SEED}; the soft gate changes only how their logits, "
        "those of the integer model, become one answer.\n\n"
        "w_G and w_L are the softmax of the gate's two logits over a temperature, and the answer is the class with "
        f"the largest w_G GE + w_L LE. The temperature, one of {TEMPERATURES[0]:g} to {TEMPERATURES[-1]:g} in powers "
        "of two, is chosen by the mean accuracy on the users' training images (an LE that did not see them; the gate "
        "did) and on the generic validation images, the last two columns. Test data choose nothing.\n\n"
        "Reproduce: `python scripts/soft_gate.py --keep`.\n\n" + head + "\n".join(lines) + "\n"
    )
