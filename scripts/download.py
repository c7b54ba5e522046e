# SPDX-License-Identifier: Apache-2.0
"""Download EMNIST ByClass from its official archive; the same command again goes on after an interruption."""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_out, command
from golden.data.download import URL, download_emnist


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--out data/emnist")
    add_out(parser, "directory for the files", needed=True)
    parser.add_argument("--url", default=URL, help="address of the archive (default %(default)s)")
    parser.add_argument("--keep-archive", action="store_true", help="do not remove gzip.zip after the extraction")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Download, and say what to set."""
    given = options().parse_args(arguments)
    news = download_emnist(given.out, given.url, keep_archive=given.keep_archive)
    print(f"EMNIST ByClass is {'now' if news else 'already'} in {given.out}")
    print(f"export EMNIST_DIR={given.out.resolve()}")
    return DONE


if __name__ == "__main__":
    run(main)
