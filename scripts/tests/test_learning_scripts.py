# SPDX-License-Identifier: Apache-2.0
"""Commands on learning: a device that cannot learn, one that does not answer, and options that would do nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from driver.learn_load import Done
from spec.paths import CONFIGS
from spec.tests.commands import call, load


@pytest.mark.parametrize("name", ["learn", "learn_load", "compare_learning", "learning_energy"])
def test_a_device_that_cannot_learn_is_refused(name: str, tmp_path: Path, capsys) -> None:
    frozen, text = tmp_path / "frozen.toml", (CONFIGS / "folding" / "ecp5_85.toml").read_text()
    frozen.write_text(text.replace("weight_banks = 2", "weight_banks = 2\nlearning = false"))
    assert call(name, "--preset", frozen) == 2
    assert "makes a device that cannot learn" in capsys.readouterr().err


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
