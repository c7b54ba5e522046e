# SPDX-License-Identifier: Apache-2.0
"""The paper's Table 1 on the data at hand: size and accuracy for each pooling of the features; see ``--help``."""

from _bootstrap import run_main  # first: makes the project's packages importable

from hw.gen.digest import rtl_digest
from training.table1 import main

if __name__ == "__main__":
    run_main(lambda: main(sources=rtl_digest))
