# SPDX-License-Identifier: Apache-2.0
"""Random single changes of the RTL against each module's own bench; see ``--help``."""

from _bootstrap import run_main  # first: makes the project's packages importable

from verif.mutants.cli import main

if __name__ == "__main__":
    run_main(main)
