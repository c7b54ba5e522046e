# SPDX-License-Identifier: Apache-2.0
"""``python -m verif.proxies``: energy of every mode by two proxies, from counters and from switching activity.

Eight cases run on the device at full size: four modes, each with images for the local expert and for the GE. All that
is counted is compared with what the golden model predicts, and everything is written to build/proxies.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from spec.errors import InputError
from spec.files import write_if_changed
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, load_accelerator
from tools.cocotb_run import SimulationError
from verif.proxies.cases import cases, user_bank
from verif.proxies.collect import OUT, as_text, collect, data_names


def main() -> int:
    """Exit code 1 when anything differs."""
    parser = argparse.ArgumentParser(
        prog="python -m verif.proxies", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--preset", default=DEFAULT_FOLDING, help="folding (default %(default)s)")
    add("--gate", default=DEFAULT_GATE, help="gate preset (default %(default)s)")
    add("--per-case", type=int, default=4, metavar="N", help="images of each case (default %(default)s)")
    add("--out", type=Path, default=OUT, metavar="FILE", help="where everything goes (default build/proxies.json)")
    add("--json", action="store_true", help="print everything for machines instead of a table")
    options = parser.parse_args()
    try:
        design = load_accelerator(options.preset, options.gate)
        bank = user_bank(design)
        result = collect(design, bank, cases(design, bank, options.per_case), data_names())
    except (InputError, SimulationError) as error:
        print(f"proxies: {error}", file=sys.stderr)
        return 2
    text = json.dumps(result, indent=1) + "\n"
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_if_changed(options.out, text)
    print(text if options.json else as_text(result))
    for finding in result["findings"]:
        print(f"FAIL {finding}", file=sys.stderr)
    return int(bool(result["findings"]))


if __name__ == "__main__":
    sys.exit(main())
