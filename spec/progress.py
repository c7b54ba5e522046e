# SPDX-License-Identifier: Apache-2.0
"""Progress bars: on a terminal only, so that logs and pipes hold results and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

Bar = tqdm


def progress_bar(items: Iterable | None = None, *, description: str | None, unit: str, **options: Any) -> Bar:
    """A bar on stderr, or around an iterable; without a terminal, and without a description, it is silent.

    Args:
        options: further ones of ``tqdm``, for example ``total``.
    """
    hidden = description is None or not sys.stderr.isatty()
    return tqdm(items, desc=description, unit=unit, disable=hidden, **options)
