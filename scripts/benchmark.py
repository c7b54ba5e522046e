# SPDX-License-Identifier: Apache-2.0
"""Speed of each implementation in images per second, side by side in one run; see ``--help``."""

from _bootstrap import run_main  # first: makes the project's packages importable

from verif.benchmark import main

if __name__ == "__main__":
    run_main(main)
