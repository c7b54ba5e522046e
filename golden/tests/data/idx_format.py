# SPDX-License-Identifier: Apache-2.0
"""The IDX file format, written from its definition and not with the code under test."""

import struct

import numpy as np


def idx_bytes(array: np.ndarray) -> bytes:
    """IDX encoding of a uint8 array of any number of dimensions."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes("C")
