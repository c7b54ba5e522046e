# SPDX-License-Identifier: Apache-2.0
"""The timeline of an image: nothing works without power, the gate decides before the GE starts, no cycle is lost."""

from __future__ import annotations

import copy
import random
import re

import numpy as np
import pytest

from spec.domains import DOMAINS
from verif.proxies import tiny_run
from verif.proxies.cases import GENERIC, LOCAL
from verif.proxies.timeline import (
    GAP,
    GOING_OFF,
    OFF,
    ON,
    RECORDED,
    WAKING,
    build,
    findings,
    power_states,
    ranges,
    rows,
)
from verif.unit.power_model import SWITCHING_OFF, Inputs, PowerModel, State


def images(gap: int = GAP) -> dict[tuple[str, str], dict]:
    """Timelines of the small device, by mode and kind."""
    moe = tiny_run.design().moe
    built = [build(moe, r.mode, r.kind, r.recording, r.active_cycles, gap) for r in tiny_run.run()[1]]
    return {(image["mode"], image["kind"]): image for image in built}


def test_the_timeline_of_a_small_device() -> None:
    found = images()
    assert list(found) == [(mode.name, kind) for mode, kind in RECORDED]
    names = [row.name for row in rows(tiny_run.design().moe)]
    for image in found.values():
        assert findings(tiny_run.design(), image) == []
        assert [row["name"] for row in image["rows"]] == names
        assert set(image["power"]) == set(DOMAINS)
        for states in image["power"].values():  # without a hole from the first pixel to the end
            assert states[0][1] == 0 and states[-1][2] == image["cycles"]
            assert all(a[2] == b[1] and a[0] != b[0] for a, b in zip(states, states[1:], strict=False))
        for row in image["rows"]:
            assert all(0 <= start < end <= image["cycles"] for start, end in row["busy"])
            assert all(b[0] - a[1] >= GAP for a, b in zip(row["busy"], row["busy"][1:], strict=False))
        size = tiny_run.design().moe.network.in_shape.size
        assert image["first_pixel"] == 0 and image["last_pixel"] >= size - 1
        assert image["last_pixel"] < image["result"] < image["cycles"]
        assert (image["expert"] == 0) == (image["kind"] == GENERIC)

    asleep, woken = found["MOE_GATED", LOCAL], found["MOE_GATED", GENERIC]
    assert asleep["power"]["ge"] == [[OFF, 0, asleep["cycles"]]]
    assert not any(row["busy"] for row in asleep["rows"] if row["domain"] == "ge")
    assert [state for state, _, _ in woken["power"]["ge"]] == [OFF, WAKING, ON, GOING_OFF, OFF]
    start = min(row["busy"][0][0] for row in woken["rows"] if row["domain"] == "ge")
    assert woken["last_pixel"] < woken["gate_decision"] < woken["power"]["ge"][1][1] < start < woken["result"]
    for key in (("GE_ONLY", GENERIC), ("LE_ONLY", LOCAL)):
        assert found[key]["gate_decision"] is None
        off = ("le", "gn") if key[0] == "GE_ONLY" else ("ge", "gn")
        assert all(found[key]["power"][name] == [[OFF, 0, found[key]["cycles"]]] for name in off)


def test_no_cycle_is_lost() -> None:
    """Joined only where they touch, the ranges of a domain's layers are exactly the cycles that the device counted."""
    for image in images(gap=1).values():
        for domain in DOMAINS:
            busy = np.zeros(image["cycles"], bool)
            for row in image["rows"]:
                if row["domain"] == domain:
                    assert sum(end - start for start, end in row["busy"]) == row["cycles"]
                    for start, end in row["busy"]:
                        busy[start:end] = True
            assert busy.sum() == image["counted_active_cycles"][domain]


def woken() -> dict:
    return copy.deepcopy(images()["MOE_GATED", GENERIC])


def row_of(image: dict, name: str) -> dict:
    return next(row for row in image["rows"] if row["name"] == name)


def starts_too_early(image: dict) -> None:
    row_of(image, "conv2")["busy"][0][0] = image["power"]["ge"][0][2] - 1


def has_no_power(image: dict) -> None:
    image["power"]["fe"][0][0] = OFF


def ends_too_late(image: dict) -> None:
    row_of(image, "fc2")["busy"][-1][1] = image["cycles"] + 1


def is_miscounted(image: dict) -> None:
    image["counted_active_cycles"]["le"] += 1


def decides_too_late(image: dict) -> None:
    image["gate_decision"] = row_of(image, "conv2")["busy"][0][0]


def never_decides(image: dict) -> None:
    image["gate_decision"] = None


def has_lost_a_pixel(image: dict) -> None:
    row_of(image, "pixels in")["cycles"] -= 1


def does_not_work(image: dict) -> None:
    for row in image["rows"]:
        row["busy"] = [] if row["domain"] == "ge" else row["busy"]


@pytest.mark.parametrize(
    ("defect", "message"),
    [
        (starts_too_early, "conv2 works between .* when its domain is off"),
        (has_no_power, "conv1 works between .* when its domain is off"),
        (ends_too_late, "fc2 works outside of the image's time"),
        (is_miscounted, "le works in .* cycles, its counter says"),
        (decides_too_late, "works before the gate has decided"),
        (never_decides, "works before the gate has decided"),
        (has_lost_a_pixel, "195 pixels are taken, an image has 196"),
        (does_not_work, "the GE does not work on the image"),
    ],
)
def test_what_cannot_be_is_said(defect, message: str) -> None:
    image = woken()
    assert findings(tiny_run.design(), image) == []
    defect(image)
    found = findings(tiny_run.design(), image)
    assert any(re.search(message, sentence) for sentence in found), found


def test_ranges() -> None:
    active = np.array([1, 1, 0, 1, 0, 0, 0, 1, 1, 1], bool)
    assert ranges(active) == [[0, 2], [3, 4], [7, 10]]
    assert ranges(active, gap=2) == [[0, 4], [7, 10]]
    assert ranges(active, gap=3) == [[0, 4], [7, 10]]
    assert ranges(active, gap=4) == [[0, 10]]
    assert ranges(np.zeros(3, bool)) == []


# ---- Power states from levels ----------------------------------------------------------------------------------------
def levels(model: PowerModel) -> tuple[int, int, int, int]:
    outputs = model.outputs()
    return tuple(outputs[name] for name in ("switch_on_o", "clk_en_o", "rst_no", "isolate_o"))


def meaning(state: State, isolated: bool) -> str:
    """The name of a sequencer's state, and of its clamps, which change a cycle later."""
    if state in (State.OFF, State.SWITCH_OFF, State.ERROR):
        return OFF  # the switch is open
    if not isolated:
        return ON
    return GOING_OFF if state in SWITCHING_OFF else WAKING


def follow(requests: list[int]) -> tuple[list[str], list[str]]:
    """States from the levels, and those of the sequencer, over some requests with a switch that answers at once."""
    model, seen, states = PowerModel(), [], []
    for on in requests:
        seen.append(levels(model))
        states.append(meaning(model.state, model.isolated))
        model.step(Inputs(on=on, delay=2, switch_ack=model.outputs()["switch_on_o"]))
    return power_states(*zip(*seen, strict=True)), states


def test_power_states_of_whole_sequences() -> None:
    found, states = follow([0] * 5 + [1] * 30 + [0] * 30 + [1] * 30)
    assert found == states
    assert {OFF, WAKING, ON, GOING_OFF} == set(found)


def test_power_states_of_withdrawn_sequences() -> None:
    """On and off are always right; between them the levels may show the turn a step later, or not at all."""
    rng = random.Random(1)
    requests = [on for _ in range(300) for on in [rng.randrange(2)] * rng.randint(1, 12)]
    found, states = follow(requests)
    steps = {WAKING: "between", GOING_OFF: "between"}
    assert [steps.get(state, state) for state in found] == [steps.get(state, state) for state in states]
    differ = sum(a != b for a, b in zip(found, states, strict=True))
    assert 0 < differ < len(states) / 20
