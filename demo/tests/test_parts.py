# SPDX-License-Identifier: Apache-2.0
"""Small parts without a device: clock, lessons, time line, confusions, energy, own images, the film."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo import own_images, syllabus
from demo.clock import Clock, routed_clock
from demo.confusions import Confusion, confusions
from demo.energy import energy_proxy
from demo.refusal import Refused
from demo.story import film
from demo.tests.served import design
from demo.timeline import Timeline
from demo.worker import Worker
from golden.data import LabelledImages
from golden.energy.expected import expected_counts
from hw.gen.digest import rtl_digest
from spec.errors import CheckFailed
from spec.network import Mode
from training.course import Course

IMAGE = np.full((28, 28), 9, np.uint8)


# ---- Clock -----------------------------------------------------------------------------------------------------------
def routed(**other: object) -> dict:
    """A kept result of place and route."""
    clocks = [{"name": "clk", "mhz": 61.5, "target": 100.0}, {"name": "le", "mhz": 48.0, "target": 100.0}]
    here = {"design": design().name, "module": None, "sources": rtl_digest()}
    return {**here, "clocks": clocks, "crossings": [{"ns": 20.0}], **other}


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (None, None),
        ("no JSON", None),
        ({}, None),
        ({"a": routed(module="mvu")}, None),
        ({"a": routed(design="another")}, None),
        ({"a": {"design": 1}}, None),
        ({"a": routed()}, Clock(48.0, True)),
        ({"a": routed(sources="old")}, Clock(48.0, False)),
        ({"a": routed(design=f"{design().name}.board")}, Clock(48.0, True)),
        ({"a": routed(crossings=[{"ns": 25.0}])}, Clock(40.0, True)),
    ],
)
def test_the_clock_is_that_of_the_routed_device(tmp_path: Path, kept: object, expected: Clock | None) -> None:
    file = tmp_path / "fpga.json"
    if kept is not None:
        file.write_text(kept if isinstance(kept, str) else json.dumps(kept))
    assert routed_clock(design(), file) == expected


# ---- Lessons ---------------------------------------------------------------------------------------------------------
GENERIC = LabelledImages(np.zeros((62, 28, 28), np.uint8), np.arange(62, dtype=np.uint8), "generic")


def test_a_correction_repeats_remembers_and_keeps_the_gate_honest() -> None:
    before = [(np.full((28, 28), label, np.uint8), label) for label in (5, 6)]
    lessons = syllabus.correction(IMAGE, 52, before, GENERIC)
    own = [lesson for lesson in lessons if lesson.own]
    assert [lesson.label for lesson in own].count(52) == syllabus.REPEATS
    assert {lesson.label for lesson in own} == {5, 6, 52}
    assert len(lessons) - len(own) == syllabus.REPEATS // syllabus.GENERIC_AFTER
    again = syllabus.correction(IMAGE, 52, [*before, before[0]], GENERIC)
    strangers = [[lesson.label for lesson in part if not lesson.own] for part in (lessons, again)]
    assert not set(strangers[0]) & set(strangers[1])


def test_own_images_take_the_course() -> None:
    own = LabelledImages(np.zeros((30, 28, 28), np.uint8), np.arange(30, dtype=np.uint8), "own")
    course = Course(passes=3, every=10, generic=2)
    lessons = syllabus.own_images(own, GENERIC, course)
    assert len(lessons) == 3 * 30 + 9 * 2 and sum(lesson.own for lesson in lessons) == 90
    many = own.select(np.zeros(2000, int))
    assert len(syllabus.own_images(many, GENERIC, course)) <= 1.2 * syllabus.MOST_LESSONS


# ---- Time line, confusions, energy ----------------------------------------------------------------------------------
def test_the_time_line_is_made_of_differences() -> None:
    samples = [
        [2**32 - 10, *[0] * 4, *[0] * 4],
        [30, 40, 0, 20, 40, 10, 0, 0, 40],
        [130, 140, 50, 20, 140, 10, 50, 0, 40],
    ]
    line = Timeline.of(samples)
    assert line.ends.tolist() == [40, 140]
    assert line.on.tolist() == [[1, 0, 0.5, 1], [1, 0.5, 0, 1]]
    assert line.active.tolist() == [[0.25, 0, 0, 1], [0, 0.5, 0, 0]]


def test_confusions_before_and_after() -> None:
    labels = np.array([1, 1, 1, 2, 2], np.uint8)
    found = confusions(labels, np.array([3, 3, 1, 2, 255]), np.array([1, 3, 1, 1, 2]))
    assert (found.images, found.right_before, found.right_after) == (5, 2, 3)
    assert found.pairs == (Confusion(1, 3, 2, 1), Confusion(2, 255, 1, 0), Confusion(2, 1, 0, 1))


@pytest.mark.parametrize(
    ("mode", "to_ge"), [(Mode.GE_ONLY, 1), (Mode.LE_ONLY, 0), (Mode.MOE_GATED, 1), (Mode.MOE_GATED, 0)]
)
def test_the_proxy_of_golden_counts(mode: Mode, to_ge: int) -> None:
    moe, folding = design().moe, design().folding
    proxy = energy_proxy(design(), expected_counts(moe, folding, mode, 1, to_ge))
    assert proxy.ge_only == pytest.approx(1627.2, abs=5)  # docs/results/proxies.json
    assert (proxy.image < 0.1 * proxy.ge_only) == (not to_ge)


# ---- One's own images ------------------------------------------------------------------------------------------------
def npz(**arrays: np.ndarray) -> bytes:
    """An .npz file."""
    content = BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def png(side: int = 28) -> str:
    """A PNG file in base64."""
    content = BytesIO()
    Image.new("L", (side, side), 100).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


def test_images_of_a_file_and_of_a_folder(tmp_path: Path) -> None:
    labels = np.array([3, 3, 4, 4])
    found = own_images.of_npz(npz(x=np.stack([IMAGE] * 4), y=labels), tmp_path)
    assert found.data.labels.tolist() == labels.tolist()
    files = [("mine/q/../q/a.png", png()), ("/etc/upper_A/b.PNG", png()), ("mine/readme.txt", "")]
    assert own_images.of_png_files(files, tmp_path).data.labels.tolist() == [10, 52]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello", "not an .npz archive"),
        (
            npz(x=np.zeros((2, 28, 27), np.uint8), y=np.zeros(2, int)),
            r"images.npz: images must have shape \(N, 28, 28\)",
        ),
        (npz(x=np.zeros((2, 28, 28), np.uint8)), "array 'y' is missing"),
        (npz(x=np.zeros((1, 28, 28), np.uint8), y=np.array([62])), "label 62 at index 0"),
        (npz(x=np.zeros((2001, 28, 28), np.uint8), y=np.zeros(2001, int)), "2001 images were given, at most 2000"),
        (npz(x=np.zeros((50000, 28, 28), np.uint8), y=np.zeros(50000, int)), "bytes of arrays"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        own_images.of_npz(content, tmp_path)
    assert str(tmp_path) not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "no PNG file"),
        ([("x.png", png())], "names no class"),
        ([("q/a.png", "%%%")], "not in base64"),
        ([("q/a.png", base64.b64encode(b"GIF89a").decode())], "not a PNG image"),
        ([("q/a.png", png(27))], "27x27 pixels found"),
    ],
)
def test_a_bad_folder_is_one_sentence(tmp_path: Path, files: list, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        own_images.of_png_files(files, tmp_path)
    assert str(tmp_path) not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


# ---- Worker and film -------------------------------------------------------------------------------------------------
def test_a_slow_request_blocks_nobody_who_asks_for_something_else() -> None:
    go, failures = threading.Event(), []

    def fails() -> None:
        raise CheckFailed("wrong")

    async def trial() -> None:
        worker = Worker("test", 2, lambda: failures.append(1))
        slow = asyncio.create_task(worker.run(go.wait, 10))
        second = asyncio.create_task(worker.run(fails))
        await asyncio.sleep(0.05)  # the loop turns while the thread is busy
        assert worker.waiting == 2 and not slow.done()
        with pytest.raises(Refused, match="busy: 2 requests wait") as refused:
            await worker.run(int)
        assert refused.value.status == 429
        go.set()
        assert await slow
        with pytest.raises(CheckFailed):
            await second
        assert worker.waiting == 0 and failures == [1]
        worker.close()

    asyncio.run(trial())


def test_a_film_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = []
    for shade in (0, 120, 250):
        content = BytesIO()
        Image.new("RGB", (60, 40), (shade, 9, 9)).save(content, "PNG")
        frames.append((content.getvalue(), 100))
    made = Image.open(BytesIO(film(frames)))
    assert made.n_frames == 3 and made.size == (60, 40)
    monkeypatch.setattr("demo.story.MOST_BYTES", 10)
    with pytest.raises(CheckFailed, match="at most 10"):
        film(frames)
