# SPDX-License-Identifier: Apache-2.0
"""Command line of the comparison (``scripts/compare_golden.py``)."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from hw.gen.digest import rtl_digest
from spec.bank_file import load_bank
from spec.errors import InputError
from spec.network import Mode
from spec.paths import MODELS, bank_file
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, load_accelerator
from verif.compare.comparison import run_modes
from verif.compare.images import load_image_set
from verif.compare.report import mode_as_json, mode_table, verdict, write_json
from verif.compare.stage import Setup
from verif.compare.stages import DEFAULT_STAGES, STAGES, open_stages, stage_names
from verif.faults import FAULTS, find_fault

DESCRIPTION = """\
Compare float, quantised PyTorch, integer golden model and RTL, layer by layer and in the result, in every mode.

A mismatch is an image for which the output of a layer (or the expert, the class, a field of the result word) is not
that of the integer model. Exit code: 0 everything that must be equal is, 1 a mismatch, 2 bad input."""

MODES = [mode for mode in Mode if mode != Mode.OFF]
QUICK = 200


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options; None takes those of the process."""
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--images", type=Path, metavar="FILE", help="IDX file, .npz, or folder of PNGs (default: see docs/data.md)")
    add("--users", metavar="N[,..]", help="whose images to mix in, 'all' for everybody (default: the bank's user)")
    add("--limit", type=int, default=QUICK, metavar="N", help="at most N images, 0 for all (default %(default)s)")
    add("--preset", default=DEFAULT_FOLDING, metavar="NAME", help="folding preset (default %(default)s)")
    add("--gate", default=DEFAULT_GATE, metavar="NAME", help="gate preset: paper or tuned (default %(default)s)")
    add("--ge", type=Path, default=MODELS / "ge.onnx", metavar="FILE", help="global expert, QONNX")
    add("--le-bank", type=Path, metavar="FILE", help="bank of LE and GN weights (default: user 1's)")
    add("--baked", action="store_true", help="build LE and GN with the bank's weights as constants (RTL)")
    add("--local-experts", type=int, metavar="K", help="local experts of the accelerator (default: the gate preset's)")
    add("--local-expert", type=int, default=0, metavar="I", help="who answers in LE_ONLY (default %(default)s)")
    add("--theta", type=int, default=0, help="the gate's threshold register (default %(default)s)")
    add("--mode", metavar="NAME[,..]", help=f"default {','.join(m.name for m in MODES)}")
    add("--stages", metavar="NAME[,..]", help=f"default {','.join(DEFAULT_STAGES)}; known {','.join(STAGES)}")
    add("--json", type=Path, metavar="OUT", help="also write the result as JSON")
    add("--inject-fault", metavar="SITE", help="break the simulated design on purpose; 'list' prints the sites")
    return parser.parse_args(arguments)


def parse_modes(names: str | None) -> list[Mode]:
    """Modes by name, each once.

    Raises:
        InputError: an unknown name, or OFF, which answers nothing.
    """
    if names is None:
        return MODES
    known = {mode.name: mode for mode in MODES}
    for name in names.split(","):
        if name not in known:
            raise InputError(f"there is no mode '{name}' to compare; known are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names.split(","))]


def parse_users(text: str | None, owner: int) -> list[int] | None:
    """Numbers of the users whose images are taken; None for all. ``owner`` is the bank's, the default.

    Raises:
        InputError: not ``all`` and not positive numbers.
    """
    if text is None:
        return [owner]
    if text == "all":
        return None
    if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", text):
        raise InputError(f"--users is '{text}', allowed are all and user numbers from 1, separated by commas")
    return [int(number) for number in text.split(",")]


def load_setup(args: argparse.Namespace) -> tuple[Setup, int]:
    """Everything the stages need, and whose bank it is (the number in the file's name, else 1).

    Raises:
        InputError: a preset, model or bank that is missing or does not fit.
    """
    accelerator = load_accelerator(args.preset, args.gate, args.ge, args.local_experts)
    path = args.le_bank or bank_file(args.gate)
    bank = load_bank(path, accelerator.moe)
    if not 0 <= args.local_expert < accelerator.moe.local_experts:
        last = accelerator.moe.local_experts - 1
        raise InputError(f"--local-expert is {args.local_expert}, allowed are 0 to {last}")
    if not -(2**31) <= args.theta < 2**31:
        raise InputError(f"--theta is {args.theta}, the register has 32 bits")
    fault = find_fault(args.inject_fault) if args.inject_fault else None
    weights = args.ge.with_name(f"{args.ge.stem}_float.npz")
    number = re.search(r"user(\d+)", path.stem)
    if args.baked:
        accelerator = accelerator.bake(bank)
    setup = Setup(
        accelerator, bank, args.ge, weights if weights.exists() else None, args.theta, args.local_expert, fault
    )
    return setup, int(number[1]) if number else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; returns the exit code.

    Raises:
        InputError: bad input.
    """
    args = parse(arguments)
    if args.inject_fault == "list":
        width = max(len(fault.site) for fault in FAULTS)
        print("\n".join(f"{fault.site.ljust(width)}  {fault.what}" for fault in FAULTS))
        return 0
    modes, names = parse_modes(args.mode), stage_names(args.stages)
    if args.inject_fault and "rtl" not in names:
        raise InputError("--inject-fault breaks the RTL; add rtl to --stages")
    setup, user = load_setup(args)
    if not args.stages and setup.float_weights is None:
        names.remove("float")
        print(f"float is left out: there are no float weights beside {args.ge}")
    data = load_image_set(args.images, args.limit, parse_users(args.users, user), setup.accelerator.moe.network.classes)
    shape = setup.accelerator.moe.network.in_shape
    if (shape.height, shape.width, shape.channels) != (*data.images.shape[1:], 1):
        raise InputError(
            f"{args.ge}: takes images of {shape}, the data has {data.images.shape[1]}x{data.images.shape[2]}x1"
        )
    print(f"accelerator {setup.accelerator.name}; stages {', '.join(names)}")
    print(f"data: {data.name}{'  -- SYNTHETIC handwriting' if data.synthetic else ''}")
    if setup.fault:
        print(f"FAULT INJECTED into the RTL run: {setup.fault.what}")
    if "rtl" in names:
        print("preparing the RTL simulation (the first build takes minutes) ...", file=sys.stderr, flush=True)
    stages = open_stages(names, setup)
    try:
        results = run_modes(
            setup, stages, data.images, modes,
            lambda mode, reports: print(f"\n{mode_table(mode, reports, data)}", flush=True),
            progress=sys.stderr.isatty(),
        )  # fmt: skip
    finally:
        for stage in stages:
            stage.close()
    text, equal = verdict(results, len(data))
    print(f"\n{text}")
    if args.json:
        content = {
            "images": len(data),
            "data": data.name,
            "synthetic": data.synthetic,
            "accelerator": setup.accelerator.name,
            "sources": rtl_digest(),
            "fault": setup.fault.site if setup.fault else None,
            "bit_exact": equal,
            "modes": {mode.name: mode_as_json(reports, data) for mode, reports in results.items()},
        }
        write_json(args.json, content)
    return 0 if equal else 1
