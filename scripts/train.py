#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train the global expert (ge), users' local experts (le), their gates (gn), or everything (all).

The data comes from EMNIST_DIR and USERS_NPZ; without them everything trains on built-in synthetic
handwriting and writes to build/models instead of models/.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from golden.training.cli import main

if __name__ == "__main__":
    sys.exit(main())
