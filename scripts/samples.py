# SPDX-License-Identifier: Apache-2.0
"""Let the simulated device answer sample images for the report, and compare it with the integer model."""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_json, command
from report.samples import OUT, measure_here
from spec.files import write_json


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__)
    add_json(parser, OUT)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write."""
    given = options().parse_args(arguments)
    result = measure_here()
    write_json(given.json, result)
    device = result["device"]
    print(f"{device['images']} images on the simulated device, {device['differs']} differ")
    return DIFFERS if device["differs"] else DONE


if __name__ == "__main__":
    run(main)
