# SPDX-License-Identifier: Apache-2.0
"""Let a simulated device learn a user by itself, one labelled image at a time, and keep the bank that it makes.

It starts from the factory bank: the one without this user for users of the shipped banks, else the one of all writers.
The device keeps that one in a protected bank and learns on another.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence
from pathlib import Path

from _arguments import (
    Parser,
    add_design,
    add_handwriting,
    add_invert,
    add_json,
    add_out,
    add_passes,
    add_seed,
    add_users,
    command,
    load_design,
)
from driver import Accelerator
from driver.teaching import LEARNS, shares, teach
from golden.data import balanced_subset, generic_source, load_handwriting, users_source
from golden.integer_model import MoeModel
from report.figures.taught import picture
from spec.bank_file import load_bank
from spec.errors import InputError
from spec.files import write_bytes, write_json
from spec.learning import LearnRule
from spec.paths import BANKS, BUILD, factory_file
from spec.presets import load_toml
from spec.progress import progress_bar
from training.course import Course
from training.learning import lfsr_seed, teaching

_PICTURE = BUILD / "learn" / "curve.png"


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--data my_letters --out me.bank")
    add_handwriting(parser)
    add_invert(parser)
    add_users(parser, ": who is learned, one user (default: the first)")
    add_out(parser, "the bank file", metavar="FILE")
    add_design(parser)
    add_passes(parser)
    parser.add_argument("--picture", type=Path, default=_PICTURE, metavar="FILE", help="learning curve (%(default)s)")
    add_seed(parser)
    add_json(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Teach, and print what it is worth after every pass."""
    given = options().parse_args(arguments)
    design = load_design(given, learns=True)
    moe, preset = design.moe, load_toml("gates", given.gate)
    data = load_handwriting(given.data, invert=given.invert) if given.data else users_source()
    data = data.of_classes(moe.network.classes)
    user = _user(given.users, data.users)
    course = Course.of(preset).with_passes(given.passes)
    rule = LearnRule.of(preset, moe, lfsr_seed(given.seed, user))
    own, held_out = data.train(user), data.test(user)
    generic, others = (generic_source(split).of_classes(moe.network.classes) for split in ("train", "test"))
    generic, others = teaching(generic), balanced_subset(others, given.seed)
    start = load_bank(_start(moe.preset, user, given.data), moe)
    model = MoeModel(moe)
    found = [shares(model, start, held_out, others)]
    print(f"user {user}: {len(own)} images to learn, {len(held_out)} to look at; GE alone {found[0].ge:.1%}")
    print(f"{'passes':>6} {'LE alone':>9} {'with gate':>9} {'to the LE':>9} {'others':>7} {'while learning':>14}")
    _row(0, found[0], "")
    cycles = 0
    total = len(own) * course.passes + course.generic_images(len(own))
    with Accelerator.open(design=design) as device:
        with progress_bar(description="learning", unit=" images", total=total) as bar:
            for now in teach(device, start, own, generic, rule, course, given.seed, bar.update):
                found.append(shares(model, now.bank, held_out, others))
                cycles += now.cycles
                _row(now.number, found[-1], f"{now.running:.1%}")
        if given.out:
            device.save_bank(given.out, LEARNS, {"user": user, "learned": f"{course.passes} passes on the device"})
            print(f"bank: {given.out}")
    print(f"{total} labelled images in {cycles:,} cycles: {cycles / total:.0f} each, {cycles / 1e8:.2f} s at 100 MHz")
    write_bytes(given.picture, picture([vars(one) for one in found], held_out.name))
    print(f"learning curve: {given.picture}")
    if given.json:
        write_json(given.json, {"user": user, "cycles": cycles, "after": [vars(one) for one in found]})
    return DONE


def _user(asked: Sequence[int] | None, known: Sequence[int]) -> int:
    if asked and len(asked) > 1:
        raise InputError(f"--users {','.join(map(str, asked))}: a device learns one user")
    if asked and asked[0] not in known:
        raise InputError(f"--users {asked[0]}: there is no such user, only {', '.join(map(str, known))}")
    return asked[0] if asked else known[0]


def _start(gate: str, user: int, data: Path | None) -> Path:
    """The factory bank: without the user, if it is one of those that the shipped banks were made from."""
    without = factory_file(gate, user, BANKS)
    return without if data is None and without.is_file() else factory_file(gate, None, BANKS)


def _row(number: int, now, running: str) -> None:
    print(
        f"{number:>6} {now.le:>9.1%} {now.overall:>9.1%} {now.to_le:>9.1%} {now.generic:>7.1%} {running:>14}",
        flush=True,
    )


if __name__ == "__main__":
    run(main)
