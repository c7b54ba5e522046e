# SPDX-License-Identifier: Apache-2.0
"""The two exceptions that a command turns into one sentence: bad input (exit code 2) and a check that failed (1)."""


class InputError(ValueError):
    """Something the user gave is wrong; the message is one sentence with the place, the value and what is allowed."""


class CheckFailed(RuntimeError):
    """What was asked for ran, and something differs or does not hold; the message is one sentence that says what."""
