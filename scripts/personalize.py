# SPDX-License-Identifier: Apache-2.0
"""Make a bank file for one user's handwriting, or for all users of a file, and try it on the simulated device.

A local expert and its gate are trained on the frozen global expert. Generic data: EMNIST_DIR, or built-in synthetic
handwriting.
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
    add_invert,
    add_jobs,
    add_json,
    add_no_device,
    add_out,
    add_preset,
    add_resume,
    add_seed,
    add_users,
    command,
)
from driver.verify import DeviceCheck
from spec.files import write_json
from training import user_bank


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--data my_letters --out me.bank")
    add_handwriting(parser)
    add_invert(parser)
    add_users(parser, ": whose bank (default: the only user's)")
    add_out(parser, "the bank file; for several users a directory for userNN.bank", metavar="FILE")
    add_gate(parser)
    add_preset(parser)
    add_ge(parser)
    add_seed(parser)
    add_jobs(parser, "CPU threads")
    add_resume(parser)
    add_no_device(parser)
    add_json(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the banks, and print what they are worth."""
    given = vars(options().parse_args(arguments))
    torch.set_num_threads(given.pop("jobs"))
    file, device = given.pop("json"), None if given.pop("no_device") else DeviceCheck
    result = user_bank.run(user_bank.Request(**given), device)
    if file:
        write_json(file, result)
    return DONE


if __name__ == "__main__":
    run(main)
