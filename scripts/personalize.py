# SPDX-License-Identifier: Apache-2.0
"""Make a bank file for one user's handwriting, or for all users of a file; see ``--help``."""

from _bootstrap import run_main  # first: makes the project's packages importable

from driver.verify import DeviceCheck
from training.user_bank import main

if __name__ == "__main__":
    run_main(lambda: main(device=DeviceCheck))
