# SPDX-License-Identifier: Apache-2.0
"""Look at an HTML page in headless Chromium, as a phone, a desktop and a printer see it, and say what is wrong."""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence
from pathlib import Path

from _arguments import Parser, add_out, command, shown
from report.browser import check
from spec.files import named_by_user
from spec.paths import BUILD

PAGE = BUILD / "report" / "report.html"


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "build/report/report.html --out build/report/seen")
    parser.add_argument("page", type=Path, nargs="?", default=PAGE, metavar="FILE", help=f"default {shown(PAGE)}")
    add_out(parser, "keep screenshots and the printed page there")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a page."""
    given = options().parse_args(arguments)
    with named_by_user(given.out or given.page):
        findings = check(given.page, given.out, print)
    for finding in findings:
        print(finding)
    print("The page is well." if not findings else f"{len(findings)} findings.")
    return DIFFERS if findings else DONE


if __name__ == "__main__":
    run(main)
