# SPDX-License-Identifier: Apache-2.0
"""Compare float, quantised PyTorch, integer golden model, HLS and RTL, layer by layer and in the result, in every mode.

A mismatch is an image for which the output of a layer (or the expert, the class, a field of the result word) is not
that of the integer model. Exit code: 0 everything that must be equal is, 1 a mismatch, 2 bad input.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import sys
from collections.abc import Sequence

from _arguments import (
    Parser,
    add_design,
    add_ge,
    add_images,
    add_json,
    add_le_bank,
    add_limit,
    add_local_experts,
    add_mode,
    add_stages,
    add_theta,
    add_users,
    add_work,
    add_workers,
    command,
    modes_of,
    whole_number,
    workers_of,
)
from hw.gen.digest import rtl_digest
from spec.errors import InputError
from spec.files import write_json
from spec.network import Mode
from spec.paths import BUILD
from verif.compare import parts
from verif.compare.comparison import StageReport, run_modes
from verif.compare.report import mode_as_json, mode_table, verdict
from verif.compare.request import Request, load_images, load_setup
from verif.compare.stages import DEFAULT_STAGES, STAGES, open_stages, stage_names
from verif.faults import FAULTS


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--limit 2000 --mode MOE_GATED --stages int,rtl")
    add_images(parser)
    add_users(parser, ": whose images to mix in (default: the bank's user)")
    add_limit(parser, 200)
    add_design(parser)
    add_ge(parser)
    add_le_bank(parser)
    add_local_experts(parser)
    add_theta(parser)
    add_mode(parser)
    add_stages(parser, STAGES, None)
    add_json(parser)
    add = parser.add_argument
    add("--chunk", type=whole_number(1), metavar="N",
        help="compare N images a task, several tasks at a time; finished ones are kept and not repeated")  # fmt: skip
    add_workers(parser, "processes, with --chunk")
    add_work(parser, BUILD / "compare", "finished tasks of --chunk, to go on from")
    add("--baked", action="store_true", help="build LE and GN with the bank's weights as constants (RTL)")
    add(
        "--local-expert",
        type=whole_number(0),
        default=0,
        metavar="I",
        help="who answers in LE_ONLY (default %(default)s)",
    )
    add("--inject-fault", metavar="SITE", help="break the simulated design on purpose; 'list' prints the sites")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison."""
    parser = options()
    given = parser.parse_args(arguments)
    if given.inject_fault == "list":
        width = max(len(fault.site) for fault in FAULTS)
        print("\n".join(f"{fault.site.ljust(width)}  {fault.what}" for fault in FAULTS))
        return DONE
    modes, names = modes_of(given.mode), stage_names(given.stages or DEFAULT_STAGES)
    if given.inject_fault and "rtl" not in names:
        raise InputError("--inject-fault breaks the RTL; add rtl to --stages")
    if not given.chunk:
        parser.refuse(given, ("jobs", "dask", "work"), "a call without --chunk")
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    request = Request(
        given.preset, given.gate, given.ge, given.le_bank, given.baked, given.local_experts, given.local_expert,
        given.theta, given.inject_fault,
    )  # fmt: skip
    setup, owner = load_setup(request)
    if not given.stages and setup.float_weights is None:
        names.remove("float")
        print(f"float is left out: there are no float weights beside {given.ge}")
    if given.chunk and (wrong := [name for name in names if name not in parts.ALLOWED]):
        raise InputError(f"--chunk is for the stages {', '.join(parts.ALLOWED)}, not for {wrong[0]}")
    folding = setup.accelerator.folding
    if absent := [mode for mode in modes if mode not in folding.modes]:
        modes = [mode for mode in modes if mode in folding.modes]
        if not modes:
            folding.check_mode(absent[0])
        which = ", ".join(mode.name for mode in absent)
        print(f"{which}: left out with the layers behind, because folding {folding.name} is local_only")
    users = [owner] if given.users is None else given.users or None
    data = load_images(setup, given.images, given.limit, users)
    print(f"accelerator {setup.accelerator.name}; stages {', '.join(names)}")
    print(f"data: {data.name}{'  -- SYNTHETIC handwriting' if data.synthetic else ''}")
    if setup.fault:
        print(f"FAULT INJECTED into the RTL run: {setup.fault.what}")
    if "rtl" in names:
        print("preparing the RTL simulation (the first build takes minutes) ...", file=sys.stderr, flush=True)

    def show(mode: Mode, reports: list[StageReport]) -> None:
        print(f"\n{mode_table(mode, reports, data)}", flush=True)

    if given.chunk:
        source = parts.Images(given.images, given.limit, users and tuple(users))
        results = parts.run_modes(request, source, names, modes, given.chunk, given.work, workers_of(given))
        for mode, reports in results.items():
            show(mode, reports)
    else:
        stages = open_stages(names, setup)
        try:
            results = run_modes(setup, stages, data.images, modes, show, progress=True)
        finally:
            for stage in stages:
                stage.close()
    text, equal = verdict(results, len(data))
    print(f"\n{text}")
    if given.json:
        content = {
            "images": len(data),
            "data": data.name,
            "synthetic": data.synthetic,
            "accelerator": setup.accelerator.name,
            "sources": sources,
            "fault": setup.fault.site if setup.fault else None,
            "bit_exact": equal,
            "modes": {mode.name: mode_as_json(reports, data) for mode, reports in results.items()},
        }
        write_json(given.json, content)
    return DIFFERS if equal is False else DONE


if __name__ == "__main__":
    run(main)
