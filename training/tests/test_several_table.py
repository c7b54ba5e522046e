# SPDX-License-Identifier: Apache-2.0
"""The table of several users: every part of the result is in it, and what the hardware holds is counted."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from spec.tests.commands import call
from spec.tiny import tiny_accelerator
from training import several_table


def result() -> dict:
    keys = ("accuracy", "emnist", "generic_to_local", "right_of_local", "local", "own")
    sizes = [
        {
            "experts": experts,
            "devices": 2,
            **dict.fromkeys(keys, 0.8),
            "by_user": {"1": 0.8123, "2": 0.7},
            "loss": {"1": 0.0, "2": loss},
            "worst_loss": loss,
            "load": [0.9, 1.1],
            "holds": {"users": loss <= several_table.MOST_LOSS, "every_device": False, "load": True},
        }
        for experts, loss in ((1, 0.0), (2, 0.01), (4, 0.0377))
    ]
    row = {"balance": "hard 1.1", "accuracy": 0.8, "emnist": 0.7, "right_of_local": 0.9, "load": [0.9, 1.2]}
    hardware = {"experts": 1, "folding": "f", "weight_banks": 2, "le_weight_bits": 1000, "weight_bits": 2000}
    return {
        "gate": "tuned",
        "balance": "none",
        "draws": 1,
        "sizes": sizes,
        "choice": {
            "experts": 4,
            "balances": [{**row, "gain": 0.0042, "gain_error": 0.001}],
            "gates": [{**row, "hidden": 96, "gain": 0.0031, "gain_error": 0.002}],
            "chosen": {"balance": "hard 1.1", "hidden": 96},
        },
        "device": {
            "users": [1, 2], "design": "made-up", "images": 1234, "wrong": 3, "counter_differences": 0,
            "answers_ge": 1000, "answers_le": [100, 134], "load": [0.85, 1.15],
            "accuracy": 0.8, "emnist": 0.7, "cycles": 2000.0,
        },
        "hardware": [{**hardware, "le_multipliers": 20, "multipliers": 146}],
        "multipliers_of_the_device": 156,
    }  # fmt: skip


def test_every_part_is_said() -> None:
    text = several_table.as_markdown(result(), SimpleNamespace(sentence=lambda: "Made-up data."))
    words = (
        "Made-up data.",
        "81.23",
        "all users but 2",
        "3.77",
        "0.42 ± 0.10",
        "Chosen: hard 1.1.",
        "0.31 ± 0.20",
        "Chosen: 96.",
        "3 answers differ",
        "0.85, 1.15",
        "156",
    )
    assert [word for word in words if word not in text] == []


def test_parts_that_were_not_measured_are_left_out() -> None:
    less = {**result(), "choice": None, "device": None}
    text = several_table.as_markdown(less, SimpleNamespace(sentence=lambda: ""))
    assert "On the RTL" not in text and "Which balance" not in text and "How wide" not in text and "By user" in text


def test_hardware_grows_by_a_block_an_expert() -> None:
    designs = {n: tiny_accelerator(local_experts=n) for n in (1, 2, 4)}
    several = SimpleNamespace(moe=lambda n: designs[n].moe)
    rows = several_table.hardware(several, {n: design.folding for n, design in designs.items()})
    assert len({row["le_weight_bits"] for row in rows}) == 1
    one, two, four = (row["multipliers"] for row in rows)
    assert two - one == rows[0]["le_multipliers"] and four - two == 2 * rows[0]["le_multipliers"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--experts", "9"], "--experts names 9, a device has at most 8 local experts"),
        (["--experts", "4", "--users", "1,2"], "--experts names 4, there are 2 users; leave it out"),
        (["--limit", "100"], "--limit does nothing beside a call without --rtl"),
        (["--experts", "2", "--keep"], "--keep is for the published result, leave --experts out"),
    ],
)
def test_what_cannot_be_is_refused(arguments: list[str], words: str, capsys, monkeypatch) -> None:
    for variable in ("EMNIST_DIR", "USERS_NPZ"):
        monkeypatch.delenv(variable, raising=False)
    assert call("several_users", *arguments) == 2
    assert words in capsys.readouterr().err
