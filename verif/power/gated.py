# SPDX-License-Identifier: Apache-2.0
"""What MOE_GATED saves on real handwriting: the device with its power domains, over whole data sets.

``python -m verif.power.gated`` answers the test images of every user, and the generic test set, in MOE_GATED, sees
that every answer is that of MOE_PARALLEL (the golden model's, which the RTL equals), and reads the device's counters.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from driver import Accelerator, Counters
from golden.data import generic_source, users_source
from golden.integer_model import MoeModel
from hw.gen.digest import rtl_digest
from spec.bank import Bank
from spec.bank_file import load_bank
from spec.domains import DOMAINS
from spec.errors import InputError
from spec.files import write_if_changed
from spec.network import Mode
from spec.paths import BANKS, ROOT, bank_file
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, load_accelerator

CHUNK = 200  # images a call, for the progress bar
OUT = ROOT / "docs" / "results"


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


def run_part(device: Accelerator, images: np.ndarray, bank: Bank, progress) -> tuple[int, int, Counters]:
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
        progress(len(results.classes))
    return wrong, local, device.counters()


def run_set(devices: list[Accelerator], images: np.ndarray, bank: Bank, name: str) -> GatedRun:
    """The same on all devices at once, each with a contiguous share of the images."""
    shares = np.array_split(images, len(devices))
    with tqdm(total=len(images), desc=name, unit="image") as bar, ThreadPoolExecutor(len(devices)) as pool:
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


def main() -> int:
    """Run, print and write the table; exit code 1 when an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--preset", default=DEFAULT_FOLDING, help="folding (default %(default)s)")
    add("--gate", default=DEFAULT_GATE, help="gate preset (default %(default)s)")
    add("--banks", type=Path, default=BANKS, metavar="DIR", help="banks, as <gate>/userNN.bank")
    add("--idle", type=int, default=0, metavar="CYCLES", help="cycles that the GE stays on without work (default 0)")
    add("--generic", type=int, default=0, metavar="N", help="generic test images; 0 means all of them")
    add("--write", action="store_true", help="also write docs/results/gated.md and gated.json")
    options = parser.parse_args()
    try:
        design = load_accelerator(options.preset, options.gate)
        users, generic = users_source(), generic_source("test")
        devices = [Accelerator.open(design=design) for _ in range(os.cpu_count() or 1)]
        for device in devices:
            device.write("power_idle", cycles=options.idle)
        generic_images = generic.images[: options.generic or None]
        rows = {}
        started = time.monotonic()
        for number in users.users:
            bank = load_bank(bank_file(options.gate, number, options.banks), design.moe)
            rows[f"user {number}"] = run_set(devices, users.test(number).images, bank, f"user {number}")
        bank = load_bank(bank_file(options.gate, banks=options.banks), design.moe)
        rows["user 1 with 2 % generic"] = run_set(
            devices, mixed(users.test(1).images, generic.images, 0.02), bank, "user 1 with 2 % generic"
        )
        rows[f"{generic.name}, bank of user 1"] = run_set(devices, generic_images, bank, "generic")
    except InputError as error:
        print(f"gated: {error}", file=sys.stderr)
        return 2
    head = f"Preset `{design.name}`, MOE_GATED, GE idle time {options.idle} cycles. Users: {users.name}.\n\n"
    text = head + as_markdown(rows)
    print(f"{text}\n{time.monotonic() - started:.0f} s")
    if options.write:
        write_if_changed(OUT / "gated.md", "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# MOE_GATED\n\n" + text)
        kept = {"sources": rtl_digest(), **{name: asdict(row) for name, row in rows.items()}}
        write_if_changed(OUT / "gated.json", json.dumps(kept, indent=1) + "\n")
    return int(any(row.wrong for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
