# SPDX-License-Identifier: Apache-2.0
"""Cycles of every image by the exact cycle model: interval and latency of a design, without a simulation.

With --check the model is compared with the RTL, cycle by cycle, over random designs and cases instead; exit code 1 says
that a cycle differs, or that a planted error of one cycle is not seen.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import argparse
from collections.abc import Sequence
from fractions import Fraction

from _arguments import (
    Parser,
    add_design,
    add_ge,
    add_json,
    add_keep,
    add_limit,
    add_local_experts,
    add_mode,
    add_seed,
    command,
    modes_of,
    whole_number,
)
from _results import as_typed, hand_over
from hw.cycles.model import CycleModel, Image
from hw.cycles.sleep import LONGEST_IDLE, Sleep
from spec.files import write_json
from spec.folding import Folding
from spec.network import Mode
from spec.presets import load_accelerator
from verif.cycles.record import CASES, EQUAL_LEAST, page, record

KEPT_CASES = -(-EQUAL_LEAST // CASES) * CASES


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--mode MOE_GATED --sequence oog")
    add_design(parser)
    add_ge(parser)
    add_local_experts(parser)
    add_mode(parser)
    add_limit(parser, 12, "images to list, each mode", least=1)
    parser.add_argument(
        "--sequence", type=_sequence, default="g", metavar="TEXT",
        help="own (o) and generic (g) images, as the gate decides, over and over (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--sleep", type=whole_number(0, LONGEST_IDLE), metavar="N",
        help="MOE_GATED on the whole device, whose GE sleeps N cycles behind its last work (POWER_IDLE)",
    )  # fmt: skip
    parser.add_argument(
        "--check", type=whole_number(1), metavar="N", help=f"compare with the RTL over N random cases, {CASES} a design"
    )
    add_seed(parser)
    add_json(parser)
    add_keep(parser, f"docs/results/cycles.{{md,json}}, of {KEPT_CASES} cases")
    return parser


def _sequence(text: str) -> str:
    if not text or set(text) - set("og"):
        raise argparse.ArgumentTypeError(f"is '{text}', letters o (own) and g (generic) are needed")
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the cycles, or compare them."""
    parser = options()
    given = parser.parse_args(arguments)
    if given.check or given.keep:
        parser.refuse(given, ("preset", "gate", "ge", "local_experts", "mode", "limit", "sequence", "sleep"), "--check")
        result = record(given.check or KEPT_CASES, given.seed, progress=True)
        result["command"] = as_typed(__file__, arguments)
        hand_over(given, "cycles", _page(result), result)
        return DIFFERS if result["findings"] else DONE
    parser.refuse(given, ("seed",), "a call without --check")
    accelerator = load_accelerator(given.preset, given.gate, given.ge, given.local_experts)
    modes = modes_of(given.mode)
    if given.sleep is not None:
        if given.mode == parser.get_default("mode"):
            modes = [Mode.MOE_GATED]
        sleep = Sleep(idle=given.sleep)
    else:
        sleep = None
    model = CycleModel(accelerator, sleep=sleep)
    modes = _present(accelerator.folding, modes)
    about = f"a GE that sleeps behind {sleep.idle} cycles without work" if sleep else "every domain on"
    print(f"{accelerator.name}, {about}: cycles by the model, counted from the end of reset")
    found = {mode.name: _of_mode(model, mode, given.sequence, given.limit) for mode in modes}
    for name, about in found.items():
        print(_table(name, about))
    if given.json:
        write_json(
            given.json,
            {"accelerator": accelerator.name, "sequence": given.sequence, "sleep": given.sleep, "modes": found},
        )
    return DONE


def _present(folding: Folding, modes: list[Mode]) -> list[Mode]:
    """The modes that the device has.

    Raises:
        InputError: it has none of them.
    """
    present = [mode for mode in modes if mode in folding.modes]
    if not present:
        folding.check_mode(modes[0])
    if absent := [mode.name for mode in modes if mode not in present]:
        print(f"{', '.join(absent)}: left out, because folding {folding.name} is local_only")
    return present


def _of_mode(model: CycleModel, mode: Mode, sequence: str, limit: int) -> dict:
    """Cycles of the first images of a sequence, and of its steady state."""
    images = [Image(mode, letter == "o") for letter in sequence]
    model.reset()
    first = model.run([images[i % len(images)] for i in range(limit)])
    model.reset()
    cycles, count = model.steady(images)
    return {
        "interval": float(Fraction(cycles, count)),
        "period": {"cycles": cycles, "images": count},
        "latency": int(first.latencies[0]),
        "images": "".join(sequence[i % len(sequence)] for i in range(limit)),
        "accepted": first.accepted.tolist(),
        "results": first.results.tolist(),
    }


def _table(mode: str, about: dict) -> str:
    period = about["period"]
    lines = [
        f"\n{mode}: {about['interval']:,.1f} cycles an image in steady state ({period['cycles']:,} for "
        f"{period['images']}), latency of the first {about['latency']:,}",
        f"{'image':>6} {'kind':<8} {'first pixel':>12} {'result':>12} {'latency':>10} {'interval':>10}",
    ]
    before = None
    for i, (kind, accepted, result) in enumerate(
        zip(about["images"], about["accepted"], about["results"], strict=True)
    ):
        interval = "" if before is None else f"{result - before:,}"
        named = "own" if kind == "o" else "generic"
        lines.append(f"{i:>6} {named:<8} {accepted:>12,} {result:>12,} {result - accepted:>10,} {interval:>10}")
        before = result
    return "\n".join(lines)


def _page(result: dict) -> str:
    return (
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# Cycle model against RTL\n\n"
        f"Written by `{result['command']}`; [what is compared](../cycles.md). Sources {result['sources']}.\n\n"
        f"{page(result)}"
    )


if __name__ == "__main__":
    run(main)
