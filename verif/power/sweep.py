# SPDX-License-Identifier: Apache-2.0
"""What the gate saves, over the share of generic images: cycles, latency and energy proxy from the device's counters.

``scripts/power_sweep.py`` mixes generic images into those of a user and answers each mix in MOE_GATED on the
simulated device: once as a stream, for throughput and energy, and once one image at a time, for latency. GE_ONLY,
LE_ONLY and MOE_PARALLEL, whose work is the same for every image, are run on one mix.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from driver import Accelerator
from golden.energy import Energy, Weights, energy_per_image, hardware_energy
from golden.energy.operations import ASSUMPTIONS
from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.domains import DOMAINS
from spec.errors import InputError
from spec.files import as_json, write_if_changed
from spec.network import Mode
from spec.paths import RESULTS, ROOT
from spec.presets import Accelerator as Design
from spec.progress import progress_bar
from verif.power.gated import mixed
from verif.power.sweep_plot import draw

SHARES = (0.0, 0.02, 0.10, 0.25, 0.50, 1.0)  # generic images
REFERENCES = (Mode.GE_ONLY, Mode.LE_ONLY, Mode.MOE_PARALLEL)
REFERENCE_SHARE = 0.10
REST = 2000  # cycles after an answer until every domain is where it rests, with an idle time of 0
KEPT = RESULTS / "gated_sweep.json"
PLOT = ROOT / "docs" / "images" / "gated_sweep.svg"


@dataclass(frozen=True)
class Point:
    """One mix of images in one mode.

    ``generic``: their share. ``wrong``: answers that differ from the golden model. ``to_ge``: share that the GE
    answered. ``woke``: times the GE was switched on, per image. ``cycles``: per image of a stream. ``latency``: mean
    cycles from the first pixel offered to the result, one image at a time; ``latency_worst`` the longest. ``energy``:
    by the name of where weights come from. ``held``: bit x cycles an image. ``on``: share of cycles in which each
    domain had power.
    """

    mode: str
    generic: float
    images: int
    wrong: int
    to_ge: float
    woke: float
    cycles: float
    latency: float
    latency_worst: int
    energy: dict[str, Energy]
    held: float
    on: dict[str, float]


def mix(user: np.ndarray, generic: np.ndarray, count: int, share: float) -> np.ndarray:
    """``count`` images, uint8 (count, height, width), of which ``share`` are generic, evenly strewn in.

    Raises:
        InputError: there are not enough images of a kind.
    """
    strange = round(count * share)
    if strange > len(generic) or count - strange > len(user):
        raise InputError(
            f"{count} images with {100 * share:g} % generic ones are wanted; there are {len(user)} of the user and "
            f"{len(generic)} generic ones"
        )
    if strange == count:
        return generic[:count]
    return mixed(user[: count - strange], generic, strange / count)


def latencies(device: Accelerator, images: np.ndarray) -> list[int]:
    """Cycles from the first pixel offered to the result; each image waits until the device rests."""
    found = []
    for image in images:
        device.transport.run(REST)
        start = device.transport.cycles
        device.transport.send(image.ravel())
        device.transport.receive(1)
        found.append(device.transport.cycles - start)
    return found


def run_point(device: Accelerator, bank: Bank, images: np.ndarray, mode: Mode, share: float) -> Point:
    """Run one mix in one mode; ``bank`` must be the selected one."""
    golden = MoeModel(device.design.moe).run(images, Mode.MOE_PARALLEL if mode == Mode.MOE_GATED else mode, bank)
    device.set_mode(mode)
    while device.read("mode_status.pending"):
        device.transport.run(100)
    device.counters(clear=True)
    results = device.classify(images)
    counters = device.counters()
    waited = latencies(device, images)
    count = len(images)
    moe, folding = device.design.moe, device.design.folding
    energies = {w.name: energy_per_image(moe, folding, counters, count, w) for w in Weights}
    return Point(
        mode=mode.name,
        generic=share,
        images=count,
        wrong=int(((results.classes != golden.classes) | (results.experts != golden.experts)).sum()),
        to_ge=counters.answers_ge / count,
        woke=counters.domains["ge"].wake_ups / count,
        cycles=counters.cycles / count,
        latency=float(np.mean(waited)),
        latency_worst=max(waited),
        energy=energies,
        held=hardware_energy(moe, folding, counters).held_total / count,
        on={name: counters.domains[name].on_cycles / counters.cycles for name in DOMAINS},
    )


def sweep(device: Accelerator, bank: Bank, user: np.ndarray, generic: np.ndarray, count: int) -> list[Point]:
    """MOE_GATED at every share, then the references; ``count`` images each."""
    device.load_user(bank)
    work = [(Mode.MOE_GATED, share) for share in SHARES] + [(mode, REFERENCE_SHARE) for mode in REFERENCES]
    return [
        run_point(device, bank, mix(user, generic, count, share), mode, share)
        for mode, share in progress_bar(work, description="sweep", unit="point")
    ]


def as_text(points: list[Point]) -> str:
    """An aligned table."""
    names = [weights.name for weights in Weights]
    head = f"{'mode':<13}{'generic':>8}{'to GE':>7}{'woke':>6}{'cycles':>8}{'latency':>9}{'worst':>7}"
    lines = [head + "".join(f"{name:>10}" for name in names) + "  nJ an image"]
    for p in points:
        line = f"{p.mode:<13}{100 * p.generic:>6.0f} %{100 * p.to_ge:>5.0f} %{p.woke:>6.2f}{p.cycles:>8.0f}"
        line += f"{p.latency:>9.0f}{p.latency_worst:>7}"
        lines.append(line + "".join(f"{p.energy[name].total / 1000:>10.1f}" for name in names))
    return "\n".join(lines)


def record(design: Design, sources: str, user: str, generic: str, points: list[Point]) -> dict:
    """The result as plain data; ``sources`` is the hardware's digest, ``user`` and ``generic`` say whose images."""
    return {
        "design": design.name,
        "sources": sources,
        "user": user,
        "generic": generic,
        "weights": {weights.name: weights.value for weights in Weights},
        "assumptions": ASSUMPTIONS,
        "points": [asdict(point) for point in points],
    }


def keep(result: dict) -> None:
    """Write ``docs/results/gated_sweep.json`` and the plot ``docs/images/gated_sweep.svg``."""
    write_if_changed(KEPT, as_json(result))
    write_if_changed(PLOT, draw(result))
