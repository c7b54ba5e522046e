# SPDX-License-Identifier: Apache-2.0
"""The HLS flow, which ``make hls`` runs: generate, compile, simulate, compare, summarise, and hand off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hls import report, vendor
from hls.gen import generate
from hls.vectors import vectors
from spec.bank import Bank, random_bank
from spec.bank_file import load_bank
from spec.files import as_json, named_by_user, write_if_changed
from spec.network import RUNNING_MODES, Mode
from spec.paths import BUILD, MODELS, bank_file
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, Accelerator, load_accelerator
from verif.compare.comparison import StageReport, run_modes
from verif.compare.report import mode_as_json, mode_table, verdict
from verif.compare.request import load_images
from verif.compare.stage import Setup
from verif.compare.stages.hls import Hls4mlStage, HlsStage
from verif.compare.stages.integer import IntegerStage

NO_TOOL = "Neither vitis-run nor vitis_hls is on PATH: synthesis, co-simulation and RTL export were not run."
VENDOR_IMAGES = 2  # a co-simulated image takes minutes


KNOWN = {"hls4ml": Hls4mlStage, "hls": HlsStage}


@dataclass(frozen=True)
class Flow:
    """What is generated and simulated.

    Attributes:
        preset, gate: the accelerator.
        ge: QONNX file of the global expert.
        local_experts: their number; None takes the gate preset's.
        le_bank: of a user; None takes user 1's of the gate preset, else random weights.
        images: their file; None takes the data at hand.
        limit: images; 0 for all.
        modes: modes to simulate.
        theta: the gate's threshold.
        stages: implementations to simulate, out of :data:`KNOWN`.
        part, clock: device and clock period (ns) for the vendor's tool.
        out: directory of the summary.
    """

    preset: str = DEFAULT_FOLDING
    gate: str = DEFAULT_GATE
    ge: Path = MODELS / "ge.onnx"
    local_experts: int | None = None
    le_bank: Path | None = None
    images: Path | None = None
    limit: int = 200
    modes: Sequence[Mode] = RUNNING_MODES
    theta: int = 0
    stages: Sequence[str] = tuple(KNOWN)
    part: str = vendor.DEFAULT_PART
    clock: float = vendor.DEFAULT_CLOCK_NS
    out: Path = BUILD / "hls"


def bank_to_simulate(accelerator: Accelerator, path: Path | None) -> tuple[Bank, str]:
    """The bank to simulate, and what to call it."""
    moe = accelerator.moe
    default = bank_file(moe.preset)
    if path is None and moe.local_experts == 1 and default.exists():
        path = default
        if load_bank(path).network_digest != moe.network.digest():
            return random_bank(moe, 1), "random weights (there is no bank for this global expert)"
    elif path is None:
        return random_bank(moe, 1), "random weights (there is no bank for this gate)"
    return load_bank(path, moe), str(path)


def _speeds(modes: dict[Mode, list[StageReport]]) -> dict[str, dict[str, float]]:
    """Images per second of each stage in each mode."""
    speeds: dict[str, dict[str, float]] = {}
    for mode, reports in modes.items():
        for r in reports:
            if r.run and r.run.seconds:
                speeds.setdefault(r.stage, {})[mode.name] = round(int(r.answered.sum()) / r.run.seconds, 1)
    return speeds


def run(options: Flow) -> bool:
    """Do everything, and print it; whether everything equals the integer model and no step of the vendor's tool failed.

    Raises:
        InputError: bad input, or no compiler.
    """
    accelerator = load_accelerator(options.preset, options.gate, options.ge, options.local_experts)
    bank, bank_name = bank_to_simulate(accelerator, options.le_bank)
    setup = Setup(accelerator, bank, options.ge, theta=options.theta)
    data = load_images(setup, options.images, options.limit, None)
    generated = generate(accelerator)
    other = random_bank(accelerator.moe, 2)
    stimuli = vectors(accelerator, data.images[:VENDOR_IMAGES], (bank, other), options.theta)
    project = vendor.write_project(generated, stimuli, options.part, options.clock)

    print(f"{accelerator.name}: sources in {generated.directory}, vendor project in {project}")
    print(f"{len(data)} images: {data.name}; run-time weights: {bank_name}\n", flush=True)
    opened = [IntegerStage(setup), *(KNOWN[name](setup) for name in options.stages)]
    results = run_modes(
        setup,
        opened,
        data.images,
        options.modes,
        lambda mode, reports: print(mode_table(mode, reports, data) + "\n", flush=True),
        progress=True,
    )
    for stage in opened:
        stage.close()
    line, equal = verdict(results, len(data))

    content = report.summary(accelerator) | {
        "images": len(data),
        "data": data.name,
        "bank": bank_name,
        "equal": equal,
        "images_per_second": _speeds(results),
        "modes": {mode.name: mode_as_json(reports, data) for mode, reports in results.items()},
        "vendor": {"part": options.part, "clock_ns": options.clock, "project": str(project)},
    }
    good = equal
    tool = vendor.find_tool()
    content["vendor"]["tool"] = str(tool.path) if tool else None
    vendor_line = NO_TOOL
    if tool and equal:
        try:
            vendor.run_steps(tool, project)
            vendor_line = f"{tool.path.name}: synthesis, co-simulation and RTL export done, in {project / 'moe'}"
        except vendor.VendorError as error:
            vendor_line, good = str(error), False
    elif tool:
        vendor_line = f"{tool.path.name} was not run, because the C simulation differs."
    content["vendor"]["result"] = vendor_line
    write_summary(options.out, content, "\n\n".join(mode_table(m, r, data) for m, r in results.items()), line)
    print(report.markdown(content))
    print(vendor_line)
    print(f"Summary: {options.out / 'summary.md'} and summary.json")
    print(line)
    return good


def write_summary(directory: Path, content: dict, tables: str, line: str) -> None:
    """Write ``summary.md`` and ``summary.json``, atomically."""
    text = (
        f"# HLS summary of {content['accelerator']}\n\n{content['images']} images: {content['data']}. "
        f"Run-time weights: {content['bank']}.\n\n## Asked of the HLS compiler\n\n{report.markdown(content)}\n"
        f"## C simulation against the integer model\n\n```\n{tables}\n```\n\n{line}\n\n## Vendor's tool\n\n"
        f"Part {content['vendor']['part']}, {content['vendor']['clock_ns']:g} ns. {content['vendor']['result']}\n"
    )
    with named_by_user(directory):
        write_if_changed(directory / "summary.md", text)
        write_if_changed(directory / "summary.json", as_json(content))
