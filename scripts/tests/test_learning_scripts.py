# SPDX-License-Identifier: Apache-2.0
"""Commands on learning: a device that cannot learn, one that does not answer, and options that would do nothing."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from driver.learn_load import Done
from golden.data import generic_source, users_source
from spec.paths import CONFIGS
from spec.tests.commands import call, load
from training.global_expert import validation_split


@pytest.mark.parametrize("name", ["learn", "learn_load", "compare_learning", "learning_energy"])
def test_a_device_that_cannot_learn_is_refused(name: str, tmp_path: Path, capsys) -> None:
    frozen, text = tmp_path / "frozen.toml", (CONFIGS / "folding" / "ecp5_85.toml").read_text()
    frozen.write_text(text.replace("weight_banks = 2", "weight_banks = 2\nlearning = false"))
    assert call(name, "--preset", frozen) == 2
    assert "makes a device that cannot learn" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["learn", "learning_energy", "energy", "power_sweep", "upf"])
def test_a_device_without_a_mode_that_is_needed_is_refused(name: str, capsys) -> None:
    assert call(name, "--preset", "ecp5_25") == 2
    assert "is local_only: there is no mode GE_ONLY, only OFF and LE_ONLY" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        *((("--tiny", 10, flag, value), f"{flag} does nothing beside --tiny") for flag, value in (
            ("--users", 1), ("--passes", 2), ("--gate", "tuned"), ("--preset", "small"),
        )),
        (("--pauses", "--stages", "hls"), "--pauses does nothing beside --stages hls"),
    ],
)  # fmt: skip
def test_an_option_that_would_do_nothing_is_refused(arguments: tuple, said: str, capsys) -> None:
    assert call("compare_learning", *arguments) == 2
    assert said in capsys.readouterr().err


def test_a_learning_curve_is_of_images_that_teach_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script, taught, titles = load("learn"), [], []

    class Device(nullcontext):
        """No device."""

        open = classmethod(lambda cls, design: cls())

    monkeypatch.setattr(script, "Accelerator", Device)
    monkeypatch.setattr(script, "teach", lambda device, start, own, generic, *_: taught.append(generic) or [])
    same = dict.fromkeys(("ge", "le", "overall", "to_le", "generic_ge", "generic"), 0.5)
    monkeypatch.setattr(script, "shares", lambda *_: SimpleNamespace(**same))
    monkeypatch.setattr(script, "picture", lambda found, title: titles.append(title) or b"")
    assert call("learn", "--users", 2, "--picture", tmp_path / "curve.png") == 0
    assert titles == [users_source().test(2).name] and titles[0].count("user 2") == 1
    images = generic_source("train")
    _, validation = validation_split(images)
    assert len(taught[0]) == len(images) - len(validation)


def test_a_device_that_gives_no_result_differs(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    script = load("learn_load")

    class Dead:
        """A device, and the load on it, of which nothing comes."""

        transport, log, events, words = SimpleNamespace(cycles=7), None, [], []

        def __init__(self, *arguments: object) -> None:
            pass

        def __enter__(self) -> Dead:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def run(self) -> Done:
            return Done(surprises=["no answer"], stuck=True)

    for what in ("Accelerator", "LearnLoad"):
        monkeypatch.setattr(script, what, Dead)
    for what in ("generate", "VerilatedTransport", "users_source", "build_device"):
        monkeypatch.setattr(script, what, lambda *_, **__: SimpleNamespace(data=SimpleNamespace(images=[])))
    assert call("learn_load") == 1
    assert capsys.readouterr().out == "seen: no answer\nthe device did not come to an end\n"
