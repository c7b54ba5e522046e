# SPDX-License-Identifier: Apache-2.0
"""The one exception that command-line tools turn into a sentence and exit code 2."""


class InputError(ValueError):
    """Something the user gave is wrong; the message is one sentence with the place, the value and what is allowed."""
