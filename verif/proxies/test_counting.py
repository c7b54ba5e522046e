# SPDX-License-Identifier: Apache-2.0
"""What the device counts, read over AXI4-Lite in cocotb, is exactly what the golden model predicts; full size too."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from driver.counters import Counters
from golden.energy import Weights
from hw import synth
from hw.gen.build import generate, memory_files
from hw.synth import load_resources
from spec.files import write_if_changed
from spec.network import RUNNING_MODES, Mode
from spec.presets import load_accelerator
from tools.cocotb_run import SimulationError, with_mutant
from verif.proxies import timeline, tiny_run
from verif.proxies.cases import GENERIC, KINDS, LOCAL, cases, user_bank
from verif.proxies.collect import OUT, as_text, collect, data_names
from verif.proxies.counting import count, differences, expected

# ---- A small device --------------------------------------------------------------------------------------------------
DOMAIN_PATHS = [
    f"{domain}.{kind}"
    for domain in ("fe", "ge", "le", "gn")
    for kind in ("macs", "weight_reads", "buffer_writes", "wake_ups")
]
# Counters of what does not happen here: no adder graph reads weights, no dense layer has a window buffer, and only
# the GE is woken.
NEVER = {
    "answers_nobody", "images_short", "images_long", "images_no_bank", "bank_swaps", "stall_out", "bank_words_written",
    "fe.weight_reads", "le.buffer_writes", "gn.buffer_writes", "fe.wake_ups", "le.wake_ups", "gn.wake_ups",
}  # fmt: skip
EVERY_PATH = [
    "images_in", "images_out", "answers_ge", "answers_le[0]", "answers_le[1]", "answers_nobody", "images_short",
    "images_long", "images_no_bank", "bank_swaps", "stall_out", "bank_words_written", "feature_store_writes",
    "feature_store_reads", *DOMAIN_PATHS,
]  # fmt: skip


def changed(counters: Counters, path: str) -> Counters:
    """The same with one counter one higher."""
    domain, _, name = path.rpartition(".")
    if domain:
        part = replace(counters.domains[domain], **{name: getattr(counters.domains[domain], name) + 1})
        return replace(counters, domains={**counters.domains, domain: part})
    if path.startswith("answers_le"):
        number = int(path[len("answers_le[") : -1])
        answers = tuple(value + (place == number) for place, value in enumerate(counters.answers_le))
        return replace(counters, answers_le=answers)
    return replace(counters, **{path: getattr(counters, path) + 1})


def test_the_counters_are_exact() -> None:
    counted, _ = tiny_run.run()
    for one in counted:
        assert differences(tiny_run.design(), one) == []
    # The cases have everything in them.
    total = {path: sum(expected(tiny_run.design(), one)[path] for one in counted) for path in EVERY_PATH}
    assert {path for path, value in total.items() if not value} == NEVER
    by_name = {one.case.name: one for one in counted}
    assert by_name["MOE_GATED, local"].closed["ge"] == 0 < by_name["MOE_GATED, generic"].closed["ge"]


def test_one_event_too_many_is_seen() -> None:
    """In each counter, at rest and at the last result; and a domain with power that the mode does not need."""
    counted, _ = tiny_run.run()
    one = counted[-1]
    for path in EVERY_PATH:
        for when, name in (("at rest", "counters"), ("at the last result", "at_last_result")):
            wrong = replace(one, **{name: changed(getattr(one, name), path)})
            (difference,) = differences(tiny_run.design(), wrong)
            assert f"counter {path} is" in difference and when in difference
    asleep = next(one for one in counted if one.case.mode == Mode.LE_ONLY)
    for path in ("ge.on_cycles", "le.on_cycles"):
        (difference,) = differences(tiny_run.design(), replace(asleep, counters=changed(asleep.counters, path)))
        assert f"counter {path} is" in difference


DEFECTS = {  # counter: module, text, what stands there instead
    "feature_store_writes": (
        "activity_counters",
        "increment.feature_store_writes = one_if(events_i.store_write);",
        "increment.feature_store_writes = one_if(events_i.store_read);",
    ),
    "ge.macs": ("activity_counters", "CounterW'(GeStepMacs[l])", "(CounterW'(GeStepMacs[l]) >> (l == 1))"),
    "ge.active_cycles": ("activity_counters", "one_if(|events_i.ge)", "one_if(|events_i.ge[GeLayers-1:1])"),
    "ge.wake_ups": (
        "power_sequencer",
        "wake_o      <= state_d == PowerSwitchOn && state_q == PowerOff;",
        "wake_o      <= state_d == PowerOff && state_q == PowerSwitchOff;",
    ),
}


def test_broken_counters_are_seen() -> None:
    """Each of them, and no other: reads counted as writes, a layer's products halved, a layer forgotten, wake-ups
    counted when the domain goes to sleep."""
    design = tiny_run.design()
    sources = generate(design).device_sources
    for defect in DEFECTS.values():
        sources = with_mutant(sources, *defect)
    gated = [case for case in tiny_run.cases() if case.mode == Mode.MOE_GATED]
    counted, recorded = count(design, tiny_run.bank(), gated, sources=sources)
    shown_as = re.compile(r"(.*): counter (\S+) is \d+ (at .*), expected \d+\.")
    found = [shown_as.fullmatch(sentence).groups() for one in counted for sentence in differences(design, one)]
    assert found == [
        ("MOE_GATED, local", "feature_store_writes", "at rest"),
        ("MOE_GATED, local", "feature_store_writes", "at the last result"),
        ("MOE_GATED, generic", "ge.macs", "at rest"),
        ("MOE_GATED, generic", "ge.macs", "at the last result"),
        ("MOE_GATED, generic", "ge.wake_ups", "at the last result"),
    ]
    images = [timeline.build(design.moe, r.mode, r.kind, r.recording, r.active_cycles) for r in recorded]
    (finding,) = [finding for image in images for finding in timeline.findings(design, image)]
    assert finding.startswith("MOE_GATED, generic: ge works in")


def test_a_wrong_answer_is_seen() -> None:
    """The last layer's weights in reverse order; the counters are as they should be."""
    design = tiny_run.design()
    files = memory_files(design)
    files["fc2_weight.mem"] = "\n".join(reversed(files["fc2_weight.mem"].splitlines())) + "\n"
    case = next(case for case in tiny_run.cases() if (case.mode, case.kind) == (Mode.GE_ONLY, GENERIC))
    (one,), _ = count(design, tiny_run.bank(), [case], files=files)
    assert differences(design, one) == [f"GE_ONLY, generic: {one.wrong} of 3 answers are wrong."]
    assert one.wrong > 0


def test_a_bench_that_fails_is_no_result() -> None:
    with pytest.raises(SimulationError, match="bench_proxies failed: .*NoneType"):
        count(tiny_run.design(), None, tiny_run.cases()[:1])


# ---- Full size -------------------------------------------------------------------------------------------------------


GATED_LOCAL = (Mode.MOE_GATED.name, LOCAL)


def amounts(case: dict, which: str) -> dict[str, float]:
    """A case's proxies an image: energy by where weights come from, and switching."""
    energy = {name: energy[which] for name, energy in case["energy"].items()}
    return {**energy, "SWITCHING": case["switching"]["proxy"][which]}


@pytest.mark.long
def test_full_size() -> None:
    """The default design with the data that there are: everything agrees, and the gate saves what it should."""
    design = load_accelerator()
    if load_resources(design.name) is None:  # the second proxy needs synthesised cells of these sources
        synth.measure(design)
    bank = user_bank(design)
    result = collect(design, bank, cases(design, bank, 2), data_names())
    OUT.parent.mkdir(parents=True, exist_ok=True)
    write_if_changed(OUT, json.dumps(result, indent=1) + "\n")

    assert result["findings"] == []
    by_name = {(case["mode"], case["kind"]): case for case in result["cases"]}
    assert list(by_name) == [(mode.name, kind) for mode in RUNNING_MODES for kind in KINDS]
    assert all(case["wrong"] == case["switching"]["wrong"] == 0 for case in result["cases"])
    assert all(case["images"] == 2 for case in result["cases"])
    assert result["agreement"] and all(row["equal"] for row in result["agreement"])
    assert result["orders"]["agree"] and not any(pair["sure"] for pair in result["orders"]["disagree"])
    assert len(result["timeline"]["images"]) == len(timeline.RECORDED)
    assert result["design"] in as_text(result)

    for kind in KINDS:
        for which in ("low", "total", "high"):
            ge, parallel, local = (
                amounts(by_name[name], which) for name in (("GE_ONLY", kind), ("MOE_PARALLEL", kind), GATED_LOCAL)
            )
            for proxy in (Weights.ON_CHIP.name, "SWITCHING"):
                assert parallel[proxy] <= 1.075 * ge[proxy]  # 1.070 by switching, with the learners' registers
                assert local[proxy] <= ge[proxy] / 4
            assert local[Weights.GE_DRAM.name] <= ge[Weights.GE_DRAM.name] / 20
