# SPDX-License-Identifier: Apache-2.0
"""Train the global expert (ge), users' local experts (le), their gates (gn), or everything (all); see ``--help``."""

from _bootstrap import run_main  # first: makes the project's packages importable

from training.three_steps import main

if __name__ == "__main__":
    run_main(main)
