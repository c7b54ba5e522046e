# SPDX-License-Identifier: Apache-2.0
"""The paper's Tables 4 and 5 on the data at hand: MoE before and after training, fine-tuning; see ``--help``."""

from _bootstrap import run_main  # first: makes the project's packages importable

from hw.gen.digest import rtl_digest
from training.table4 import main

if __name__ == "__main__":
    run_main(lambda: main(sources=rtl_digest))
