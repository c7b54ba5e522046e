# SPDX-License-Identifier: Apache-2.0
"""Put a bank together for some classes of characters, at once and without training, from a pool of experts.

The bank's local expert answers the classes that are asked for and never another one. --train makes the pool itself, in
a few minutes; generic data: EMNIST_DIR, or built-in synthetic handwriting.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import torch

from _arguments import Parser, add_gate, add_ge, add_json, add_out, add_preset, add_seed, add_work, command
from driver.pool_query import QueryTimer
from driver.verify import DeviceCheck
from spec.errors import InputError
from spec.files import write_json
from training import pool_query

DEVICE_IMAGES = 40


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--classes digits,lower --out digits_lower.bank")
    add = parser.add_argument
    add("--classes", metavar="GROUP[,..]", help="groups of classes, of the shipped pool: digits, upper, lower")
    add("--train", action="store_true", help="make a pool of experts instead of a bank; an interrupted call goes on")
    add_out(parser, "the bank file; with --train the pool's file", metavar="FILE", needed=True)
    add("--pool", type=Path, metavar="FILE", help="the pool (default: pool_GATE.npz beside the global expert)")
    add("--device", action="store_true", help="load the bank into the simulated device, time it and check its answers")
    add_gate(parser, pool_query.GATE)
    add_preset(parser)
    add_ge(parser)
    add_seed(parser)
    add_work(parser, pool_query.WORK, "finished steps of --train, to go on from")
    add_json(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the bank, or the pool."""
    parser = options()
    given = parser.parse_args(arguments)
    if given.train == (given.classes is not None):
        raise InputError("either --classes or --train is needed (see --help)")
    torch.set_num_threads(1)  # the steps are too small to share
    if given.train:
        parser.refuse(given, ("pool", "device", "preset"), "--train")
        result = pool_query.train(given.out, given.gate, given.ge, given.seed, given.work)
        shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in result["validation"].items())
        print(f"{given.out}: pool of {', '.join(result['groups'])}; on validation images: {shares}")
    else:
        parser.refuse(given, ("seed", "work"), "--classes")
        names = tuple(dict.fromkeys(name.strip() for name in given.classes.split(",")))
        query = pool_query.Query(names, given.out, given.pool, given.gate, given.preset, given.ge)
        answered = pool_query.answer(query)
        result = answered.info
        print(f"{given.out}: answers {result['classes']}; put together in {1000 * result['seconds']:.0f} ms")
        if given.device:
            result["device"] = try_on_device(answered, names, given.out)
    if given.json:
        write_json(given.json, result)
    return DONE


def try_on_device(answered: pool_query.Answered, names: Sequence[str], bank: Path) -> dict[str, float]:
    """Print what the simulated device makes of the bank; returns the times."""
    images = pool_query.images_of(answered.classes, DEVICE_IMAGES)
    print(DeviceCheck(answered.design)(bank, images))
    with closing(QueryTimer(answered.design)) as timer:
        time = timer(answered.pool, names, images[0])
    print(
        f"query to first answer on the open device {1000 * time.total:.0f} ms: compose {1000 * time.compose:.0f}, "
        f"load {1000 * time.load:.0f}, answer {1000 * time.answer:.0f}"
    )
    return {**vars(time), "total": time.total}


if __name__ == "__main__":
    run(main)
