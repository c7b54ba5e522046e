# SPDX-License-Identifier: Apache-2.0
"""``python -m hls``, which ``make hls`` runs: generate, compile, simulate, compare, summarise, and hand off.

Exit code 0: everything equals the integer model; 1: something differs, or a vendor step failed; 2: bad input or a
missing tool, in one sentence.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from hls import report, vendor
from hls.build import CompileError
from hls.gen import generate
from hls.vectors import MODES, vectors
from spec.bank import Bank, random_bank
from spec.bank_file import load_bank
from spec.errors import InputError
from spec.files import write_if_changed
from spec.network import Mode
from spec.paths import MODELS, ROOT, bank_file
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, Accelerator, load_accelerator
from verif.compare.comparison import StageReport, run_modes
from verif.compare.images import load_image_set
from verif.compare.report import mode_as_json, mode_table, verdict
from verif.compare.stage import Setup
from verif.compare.stages.hls import Hls4mlStage, HlsStage
from verif.compare.stages.integer import IntegerStage

NO_TOOL = "Neither vitis-run nor vitis_hls is on PATH: synthesis, co-simulation and RTL export were not run."
VENDOR_IMAGES = 2  # a co-simulated image takes minutes


def parser() -> argparse.ArgumentParser:
    """Command line."""
    p = argparse.ArgumentParser("python -m hls", description=__doc__.splitlines()[0])
    p.add_argument("--preset", default=DEFAULT_FOLDING, help="folding (default %(default)s)")
    p.add_argument("--gate", default=DEFAULT_GATE, help="gate preset (default %(default)s)")
    p.add_argument("--ge", type=Path, default=MODELS / "ge.onnx", help="global expert, QONNX")
    p.add_argument("--local-experts", type=int, help="number of local experts (default: the gate preset's)")
    p.add_argument("--le-bank", type=Path, help="bank of a user (default: user 1 of the gate preset, else random)")
    p.add_argument("--images", type=Path, help="IDX, .npz or PNG folder (default: EMNIST_DIR and USERS_NPZ)")
    p.add_argument("--limit", type=int, default=200, help="images; 0 for all (default %(default)s)")
    p.add_argument("--mode", default=",".join(m.name for m in MODES), help="modes, separated by commas")
    p.add_argument("--theta", type=int, default=0, help="the gate's threshold")
    p.add_argument("--stages", default="hls4ml,hls", help="implementations to simulate (default %(default)s)")
    p.add_argument("--part", default=vendor.DEFAULT_PART, help="device for the vendor's tool (default %(default)s)")
    p.add_argument("--clock", type=float, default=vendor.DEFAULT_CLOCK_NS, help="clock period, ns")
    p.add_argument("--out", type=Path, default=ROOT / "build" / "hls", help="where summary.md and summary.json go")
    return p


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


def _choose(text: str, known: tuple[str, ...], option: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise InputError(f"{option} has '{unknown[0] if unknown else text}', allowed are {', '.join(known)}")
    return names


def _speeds(modes: dict[Mode, list[StageReport]]) -> dict[str, dict[str, float]]:
    """Images per second of each stage in each mode."""
    speeds: dict[str, dict[str, float]] = {}
    for mode, reports in modes.items():
        for r in reports:
            if r.run and r.run.seconds:
                speeds.setdefault(r.stage, {})[mode.name] = round(int(r.answered.sum()) / r.run.seconds, 1)
    return speeds


def run(options: argparse.Namespace) -> int:
    """Do everything; returns the exit code."""
    known = {"hls4ml": Hls4mlStage, "hls": HlsStage}
    stage_names = _choose(options.stages, tuple(known), "--stages")
    modes = [Mode[name] for name in _choose(options.mode, tuple(m.name for m in MODES), "--mode")]
    accelerator = load_accelerator(options.preset, options.gate, options.ge, options.local_experts)
    bank, bank_name = bank_to_simulate(accelerator, options.le_bank)
    data = load_image_set(options.images, options.limit, classes=accelerator.moe.network.classes)
    generated = generate(accelerator)
    other = random_bank(accelerator.moe, 2)
    stimuli = vectors(accelerator, data.images[:VENDOR_IMAGES], (bank, other), options.theta)
    project = vendor.write_project(generated, stimuli, options.part, options.clock)

    print(f"{accelerator.name}: sources in {generated.directory}, vendor project in {project}")
    print(f"{len(data)} images: {data.name}; run-time weights: {bank_name}\n", flush=True)
    setup = Setup(accelerator, bank, options.ge, theta=options.theta)
    opened = [IntegerStage(setup), *(known[name](setup) for name in stage_names)]
    shown = sys.stderr.isatty()
    results = run_modes(
        setup, opened, data.images, modes, lambda m, r: print(mode_table(m, r, data) + "\n", flush=True), shown
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
    code = 0 if equal else 1
    tool = vendor.find_tool()
    content["vendor"]["tool"] = str(tool.path) if tool else None
    vendor_line = NO_TOOL
    if tool and equal:
        try:
            vendor.run_steps(tool, project)
            vendor_line = f"{tool.path.name}: synthesis, co-simulation and RTL export done, in {project / 'moe'}"
        except vendor.VendorError as error:
            vendor_line, code = str(error), 1
    elif tool:
        vendor_line = f"{tool.path.name} was not run, because the C simulation differs."
    content["vendor"]["result"] = vendor_line
    write_summary(options.out, content, "\n\n".join(mode_table(m, r, data) for m, r in results.items()), line)
    print(report.markdown(content))
    print(vendor_line)
    print(f"Summary: {options.out / 'summary.md'} and summary.json")
    print(line)
    return code


def write_summary(directory: Path, content: dict, tables: str, line: str) -> None:
    """Write ``summary.md`` and ``summary.json``, atomically."""
    directory.mkdir(parents=True, exist_ok=True)
    text = (
        f"# HLS summary of {content['accelerator']}\n\n{content['images']} images: {content['data']}. "
        f"Run-time weights: {content['bank']}.\n\n## Asked of the HLS compiler\n\n{report.markdown(content)}\n"
        f"## C simulation against the integer model\n\n```\n{tables}\n```\n\n{line}\n\n## Vendor's tool\n\n"
        f"Part {content['vendor']['part']}, {content['vendor']['clock_ns']:g} ns. {content['vendor']['result']}\n"
    )
    write_if_changed(directory / "summary.md", text)
    write_if_changed(directory / "summary.json", json.dumps(content, indent=2) + os.linesep)


def main(arguments: list[str] | None = None) -> int:
    """Command line; errors of the user become one sentence."""
    options = parser().parse_args(arguments)
    try:
        return run(options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except CompileError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
