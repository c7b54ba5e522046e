# SPDX-License-Identifier: Apache-2.0
"""The cycle model by itself; verif/cycles compares it with the RTL."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from hw.cycles import engine
from hw.cycles.engine import Network
from hw.cycles.localparams import connected, localparam
from hw.cycles.model import CycleModel, Cycles, Image
from hw.cycles.sleep import Sleep, Supply
from hw.cycles.timing import Timing
from spec import tiny_variants
from spec.errors import InputError
from spec.network import RUNNING_MODES, Mode
from spec.presets import load_accelerator
from spec.tests.commands import call

MIX = [Image(Mode.MOE_GATED, own=number % 3 > 0) for number in range(40)]


@cache
def shipped() -> CycleModel:
    return CycleModel(load_accelerator())


def tiny(**options) -> CycleModel:
    return CycleModel(tiny_variants.accelerator("two"), **options)


def equal(a: Cycles, b: Cycles) -> bool:
    return np.array_equal(a.accepted, b.accepted) and np.array_equal(a.results, b.results)


# ---- Constants -------------------------------------------------------------------------------------------------------
def test_constants_are_those_of_the_rtl() -> None:
    assert localparam("mvu", "Acc", Simd=5, Multiplier=2) == 5 + 2  # ceil(ceil(log2(5)) / 2) stages behind stage 5
    assert [localparam("mvu", "Product", Multiplier=m) for m in (0, 1, 2)] == [4, 3, 5]
    wide = {"InWords": 100, "Pe": 50, "Simd": 5, "Multiplier": 2, "OutW": 8, "Requant": 1}
    assert localparam("mvu", "Chain", OutWords=1, **wide) and localparam("mvu", "OutDepth", OutWords=1, **wide) == 1
    assert not localparam("mvu", "Chain", OutWords=9, **wide)
    assert Timing().in_flight == 8 and Timing().frames == connected("ge_branch", "Frames")


def test_a_constant_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="mvu.sv has no constant Colour"):
        localparam("mvu", "Colour")
    with pytest.raises(ValueError, match="gives Depth 0 numbers"):
        connected("ge_branch", "Depth")


# ---- Times -----------------------------------------------------------------------------------------------------------
def test_a_queue_holds_up_what_is_in_front_of_it() -> None:
    net = Network()
    source, sink = net.stream("source", 5, "all"), net.stream("sink", 5, "all", spacing=10)
    sink.after(source, 1)
    source.after(sink, 1, lag=2)
    begin = net.stream("begin", 1, "all")
    begin.wait = lambda time: max(time, 0)
    source.after(begin, 0, at=range(1))
    net.start()
    net.image(frozenset({"all"}))
    assert source.now.tolist() == [0, 1, 2, 12, 22] and sink.now.tolist() == [1, 11, 21, 31, 41]


def test_a_circle_without_an_end_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_SWEEPS", 20)
    net = Network()
    a, b = net.stream("a", 1, "all"), net.stream("b", 1, "all")
    a.after(b, 1)
    b.after(a, 1)
    net.start()
    with pytest.raises(RuntimeError, match="do not settle"):
        net.image(frozenset({"all"}))


@pytest.mark.parametrize("mode", RUNNING_MODES)
def test_the_interval_is_that_of_the_slowest_layer_that_runs(mode: Mode) -> None:
    model = shipped()
    moe, folding = model.accelerator.moe, model.accelerator.folding
    lanes = folding.streams(moe).into
    slow = max(layer.cycles(folding.layers.get(layer.name), lanes[layer.name]) for layer in moe.network.tail)
    local = moe.network.in_shape.size + 1
    model.reset()
    assert model.steady([Image(mode, own=True)]) == (slow if mode in (Mode.GE_ONLY, Mode.MOE_PARALLEL) else local, 1)


def test_a_generic_image_every_third_hides_the_others() -> None:
    model = shipped()
    model.reset()
    assert model.steady(MIX[:3]) == (6400, 3)


def test_what_is_looked_up_is_what_is_solved() -> None:
    """A pattern of ready that never stops anything turns the looking up off."""
    model = tiny()
    known = model.run(MIX * 3)
    model.reset()
    model.results_ready([True])
    assert equal(model.run(MIX * 3), known)


def test_it_goes_on_where_it_stopped() -> None:
    model, whole = tiny(), tiny().run(MIX)
    parts = [model.run(MIX[:7]), model.run(MIX[7:])]
    assert np.array_equal(np.concatenate([part.results for part in parts]), whole.results)
    assert whole.latencies[0] == whole.results[0] - whole.accepted[0] and len(whole.intervals) == len(MIX) - 1


# ---- Sleep -----------------------------------------------------------------------------------------------------------
def test_a_sleeping_expert_costs_its_wake_up() -> None:
    """From power_sequencer's header: 1 + max(A + 2, D) + 4 D cycles to On, and it is open D - 1 cycles before."""
    awake, sleep = tiny().run(MIX[:1]), Sleep()
    acknowledged = sleep.switch + Timing().synchronised + 2
    late = 2 + max(acknowledged, sleep.delay) + 3 * sleep.delay
    assert tiny(sleep=sleep).run(MIX[:1]).results[0] == awake.results[0] + late


def test_a_device_without_a_global_expert_has_one_mode() -> None:
    design = load_accelerator("ecp5_25")
    local = [Image(Mode.LE_ONLY)]
    assert CycleModel(design).steady(local) == shipped().steady(local) == (785, 1)
    for mode in (Mode.GE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED):
        with pytest.raises(InputError, match=f"is local_only: there is no mode {mode.name}, only OFF and LE_ONLY"):
            CycleModel(design).run([*local, Image(mode)])
    with pytest.raises(InputError, match="is local_only: there is no mode MOE_GATED"):
        CycleModel(design, sleep=Sleep())


@pytest.mark.parametrize(
    ("arguments", "code", "said", "silent"),
    [
        ((), 0, "LE_ONLY: 785.0 cycles an image", "GE_ONLY: "),
        (("--mode", "GE_ONLY"), 2, "there is no mode GE_ONLY, only OFF and LE_ONLY", "every domain on"),
        (("--sleep", "0"), 2, "there is no mode MOE_GATED, only OFF and LE_ONLY", "every domain on"),
    ],
)
def test_the_command_knows_such_a_device(arguments, code: int, said: str, silent: str, capsys) -> None:
    assert call("cycles", "--preset", "ecp5_25", *arguments) == code
    out, err = capsys.readouterr()
    assert said in out + err and silent not in out


def test_a_sleeping_expert_has_a_steady_state() -> None:
    """It cannot wake faster than it works, and sleeps between images that come seldom enough."""
    own, seldom = [Image(Mode.MOE_GATED, own=True)] * 40, [Image(Mode.MOE_GATED)]
    awake, asleep = tiny(), tiny(sleep=Sleep())
    assert asleep.steady(own) == awake.steady(own)
    awake.reset()
    asleep.reset()
    assert asleep.steady(own + seldom) == awake.steady(own + seldom)
    late = asleep.run(own + seldom).latencies[-1]
    assert late > awake.run(own + seldom).latencies[-1]


@pytest.mark.parametrize(("letters", "sleep"), [("g", Sleep()), ("og", Sleep(idle=100_000)), ("og", Sleep(delay=40))])
def test_an_expert_that_works_without_rest_has_a_steady_state(letters: str, sleep: Sleep) -> None:
    design = load_accelerator()
    images = [Image(Mode.MOE_GATED, letter == "o") for letter in letters]
    awake, asleep = CycleModel(design), CycleModel(design, sleep=sleep)
    period, count = asleep.steady(images)
    assert (period, count) == awake.steady(images)
    later = asleep.run(images * 20).results
    assert (later[count:] - later[:-count] == period).all()


def test_a_steady_state_is_that_of_the_images_behind_it() -> None:
    """Mixes in which it falls asleep, now and then or always, with steps of every length."""
    for letters in ("oog", "ooogg", "o" * 9 + "g", "o" * 40 + "gg"):
        for sleep in (Sleep(), Sleep(idle=30), Sleep(idle=400, delay=0, switch=0), Sleep(delay=20, switch=9)):
            model = tiny(sleep=sleep)
            images = [Image(Mode.MOE_GATED, letter == "o") for letter in letters]
            period, count = model.steady(images)
            later = model.run(images * (2 * count // len(images) + 2)).results
            assert (later[count:] - later[:-count] == period).all(), (letters, sleep)


def test_the_command_ends_for_an_expert_that_works_without_rest(capsys) -> None:
    assert call("cycles", "--sleep", "0", "--limit", "2") == 0
    assert "MOE_GATED: 6,400.0 cycles an image" in capsys.readouterr().out


def test_an_expert_that_never_rests_costs_nothing() -> None:
    busy = [Image(Mode.MOE_GATED)] * 6
    assert np.array_equal(tiny(sleep=Sleep()).run(busy).intervals, tiny().run(busy).intervals)


def test_an_expert_that_stays_on_is_awake() -> None:
    """The second image comes while the first has left the expert for less than it stays on."""
    supply = Supply(Sleep(idle=500), Timing())
    supply.worked(1000, 1100, 1110)
    assert supply.opened(1500) == 1500 and supply.opened(9000) > 9000


# ---- Bad input -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        ([Image(Mode.OFF)], "knows no images in mode OFF"),
        ([Image(Mode.GE_ONLY, gaps=np.zeros(3))], "gaps must be 196 numbers"),
        ([Image(Mode.GE_ONLY, gaps=np.full(196, -1))], "gaps must be 196 numbers from 0"),
    ],
)
def test_images_that_are_not_covered(images: list[Image], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        tiny().run(images)


def test_more_that_is_not_covered() -> None:
    with pytest.raises(InputError, match="sleeps in MOE_GATED only"):
        tiny(sleep=Sleep()).run([Image(Mode.GE_ONLY)])
    with pytest.raises(InputError, match="no cycle in which a result is taken"):
        tiny().results_ready([False])
    with pytest.raises(InputError, match="a steady state is one of"):
        tiny().steady([replace(MIX[0], start=5)])
    with pytest.raises(InputError, match="is late for a timeout"):
        Sleep(switch=2000)
    with pytest.raises(InputError, match="are cycles, from 0"):
        Sleep(idle=-1)
