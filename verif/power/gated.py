# SPDX-License-Identifier: Apache-2.0
"""What MOE_GATED saves on real handwriting: the device with its power domains, over whole data sets.

``scripts/power_gated.py`` answers the test images of every user, and the generic test set, in MOE_GATED, sees
that every answer is that of MOE_PARALLEL (the golden model's, which the RTL equals), and reads the device's counters.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from driver import Accelerator, Counters
from golden.data import Handwriting, LabelledImages
from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.bank_file import load_bank
from spec.domains import DOMAINS
from spec.files import as_json, write_if_changed
from spec.network import Mode
from spec.paths import RESULTS, bank_file
from spec.presets import Accelerator as Design
from spec.progress import progress_bar

CHUNK = 200  # images a call, for the progress bar
KEPT = RESULTS / "gated.json"


@dataclass(frozen=True)
class GatedRun:
    """One set of images in MOE_GATED with one user's bank.

    ``wrong``: answers that differ from MOE_PARALLEL. ``local``: share answered by the local expert. ``woke``: times the
    GE was switched on, per image. ``cycles``: per image. ``on``: share of cycles in which each domain was supplied.
    """

    images: int
    wrong: int
    local: float
    woke: float
    cycles: float
    on: dict[str, float]


def run_part(
    device: Accelerator, images: np.ndarray, bank: Bank, answered: Callable[[int], object]
) -> tuple[int, int, Counters]:
    """Answer images in MOE_GATED: wrong answers, local answers, counters of this part alone."""
    model = MoeModel(device.design.moe)
    golden = model.run(images, Mode.MOE_PARALLEL, bank)
    device.load_user(bank)
    device.set_mode(Mode.MOE_GATED)
    while device.read("mode_status.pending"):
        device.transport.run(100)
    device.counters(clear=True)
    wrong = local = 0
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        results = device.classify(images[part])
        differs = (results.classes != golden.classes[part]) | (results.experts != golden.experts[part])
        wrong += int((differs | results.no_bank).sum())
        local += int((results.experts != 0).sum())
        answered(len(results.classes))
    return wrong, local, device.counters()


def run_set(devices: list[Accelerator], images: np.ndarray, bank: Bank, name: str) -> GatedRun:
    """The same on all devices at once, each with a contiguous share of the images."""
    shares = np.array_split(images, len(devices))
    with (
        progress_bar(total=len(images), description=name, unit="image") as bar,
        ThreadPoolExecutor(len(devices)) as pool,
    ):
        work = [
            pool.submit(run_part, device, share, bank, bar.update)
            for device, share in zip(devices, shares, strict=True)
            if len(share)
        ]
        parts = [future.result() for future in work]
    counters = [counters for _, _, counters in parts]
    cycles = sum(c.cycles for c in counters)
    return GatedRun(
        images=len(images),
        wrong=sum(wrong for wrong, _, _ in parts),
        local=sum(local for _, local, _ in parts) / len(images),
        woke=sum(c.domains["ge"].wake_ups for c in counters) / len(images),
        cycles=cycles / len(images),
        on={name: sum(c.domains[name].on_cycles for c in counters) / cycles for name in DOMAINS},
    )


def mixed(user: np.ndarray, generic: np.ndarray, share_generic: float) -> np.ndarray:
    """The user's images with generic ones evenly strewn in, so that these are the given share."""
    count = round(len(user) * share_generic / (1 - share_generic))
    places = np.linspace(0, len(user), count, endpoint=False).astype(int)
    return np.insert(user, places, generic[:count], axis=0)


def as_markdown(rows: dict[str, GatedRun]) -> str:
    """The table for docs/results."""
    lines = [
        "| images | number | answers that differ from MOE_PARALLEL | to the LE | GE woken, per image | cycles an image "
        "| supplied: FE | GE | LE | GN |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        on = " | ".join(f"{100 * row.on[domain]:.1f} %" for domain in DOMAINS)
        counts = f"{row.images} | {row.wrong} | {100 * row.local:.1f} % | {row.woke:.3f} | {row.cycles:.0f}"
        lines.append(f"| {name} | {counts} | {on} |")
    return "\n".join(lines) + "\n"


def measure(
    design: Design, banks: Path, users: Handwriting, generic: LabelledImages, limit: int = 0, idle: int = 0
) -> dict[str, GatedRun]:
    """Every user's test images with the user's bank, a mix, and generic images with user 1's bank, by name.

    Args:
        banks: directory of the banks.
        limit: generic images; 0 for all.
        idle: cycles that the GE stays on without work.

    Raises:
        InputError: a bank is missing or does not fit.
    """
    devices = [Accelerator.open(design=design) for _ in range(os.cpu_count() or 1)]
    for device in devices:
        device.write("power_idle", cycles=idle)
    gate, rows = design.moe.preset, {}
    for number in users.users:
        bank = load_bank(bank_file(gate, number, banks), design.moe)
        rows[f"user {number}"] = run_set(devices, users.test(number).images, bank, f"user {number}")
    bank, name = load_bank(bank_file(gate, banks=banks), design.moe), "user 1 with 2 % generic"
    rows[name] = run_set(devices, mixed(users.test(1).images, generic.images, 0.02), bank, name)
    rows[f"{generic.name}, bank of user 1"] = run_set(devices, generic.images[: limit or None], bank, "generic")
    return rows


def as_data(rows: dict[str, GatedRun], sources: str) -> dict:
    """The rows as plain data; ``sources`` is the digest of the hardware that ran."""
    return {"sources": sources, **{name: asdict(row) for name, row in rows.items()}}


def keep(rows: dict[str, GatedRun], text: str, sources: str) -> None:
    """Write ``docs/results/gated.{md,json}``."""
    write_if_changed(KEPT.with_suffix(".md"), f"<!-- SPDX-License-Identifier: Apache-2.0 -->\n# MOE_GATED\n\n{text}")
    write_if_changed(KEPT, as_json(as_data(rows, sources)))
