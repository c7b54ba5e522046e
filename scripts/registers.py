# SPDX-License-Identifier: Apache-2.0
"""Write the C header and the browsable documentation of the registers to build/regs."""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, command, shown
from hw.regs.files import BUILD
from hw.regs.generate import write_documentation, write_header


def options() -> Parser:
    """Command line."""
    return command(__file__, __doc__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write header and pages; say where they are."""
    options().parse_args(arguments)
    header, page = write_header(), write_documentation(BUILD / "html")
    print(f"C header       {shown(header)}\ndocumentation  {shown(page)}")
    return DONE


if __name__ == "__main__":
    run(main)
