# SPDX-License-Identifier: Apache-2.0
"""Make one bank file for several users who share a device, a local expert each, and try it on the simulated device.

Local experts that were trained before, here or by several_users.py, are used again.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

import torch

from _arguments import (
    Parser,
    add_gate,
    add_ge,
    add_handwriting,
    add_json,
    add_no_device,
    add_out,
    add_preset,
    add_seed,
    add_users,
    command,
)
from driver.verify import DeviceCheck
from spec.files import write_json
from spec.presets import SHARED_GATE
from training import shared_bank


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--users 1,2,3,4 --out four.bank")
    add_handwriting(parser)
    add_users(parser, ": who shares the device, 1 to 8 of them (default: all)")
    add_out(parser, "the bank file", metavar="FILE", needed=True)
    add_gate(parser, SHARED_GATE)
    add_preset(parser)
    add_ge(parser)
    add_seed(parser)
    add_no_device(parser)
    add_json(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the bank, and print what it is worth."""
    given = vars(options().parse_args(arguments))
    torch.set_num_threads(1)  # the steps are too small to share
    file, check = given.pop("json"), None if given.pop("no_device") else DeviceCheck
    given["users"] = given["users"] or ()
    result = shared_bank.run(shared_bank.Request(**given), check)
    print(shared_bank.as_text(result))
    if file:
        write_json(file, result)
    return DONE


if __name__ == "__main__":
    run(main)
