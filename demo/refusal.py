# SPDX-License-Identifier: Apache-2.0
"""A request that is refused: one sentence and a status of HTTP."""

from __future__ import annotations

from spec.errors import InputError


class Refused(InputError):
    """The request cannot be served; nothing was changed. ``status`` is that of the answer, 400 or above."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status
