# SPDX-License-Identifier: Apache-2.0
"""Compare float, quantised PyTorch, integer golden model and RTL; see ``--help``."""

from _bootstrap import run_main  # first: makes the project's packages importable

from verif.compare.cli import main

if __name__ == "__main__":
    run_main(main)
