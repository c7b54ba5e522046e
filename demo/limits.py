# SPDX-License-Identifier: Apache-2.0
"""How much the server takes from anybody: numbers in one place."""

from __future__ import annotations

from spec.bank_file import MAX_BYTES

SESSIONS = 64  # open at a time; one that was idle for IDLE_SECONDS gives way
IDLE_SECONDS = 1800.0
PEOPLE = 4  # of a session
ENTRIES = 100  # that a person's list of what was taught keeps, and that can be undone
NAME_LENGTH = 24  # characters of a person's name
WAITING = 64  # requests for the device at a time
OWN_IMAGES = 2000  # of one file or folder
REQUEST_BYTES = MAX_BYTES + (1 << 16)  # of any request: a bank file and something around it
DRAINED_BYTES = 1 << 26  # of a request that is too large, so that its sender gets to read why
UNPACKED_BYTES = 1 << 25  # of all arrays of an .npz file
