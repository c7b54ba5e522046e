# SPDX-License-Identifier: Apache-2.0
"""Data sets: EMNIST ByClass, users' own handwriting, and built-in synthetic handwriting."""

from golden.data.balance import balanced_subset
from golden.data.emnist import load_emnist, load_idx_pair, read_idx_images, read_idx_labels
from golden.data.handwriting import Handwriting, load_handwriting
from golden.data.images import CLASSES, DataError, LabelledImages
from golden.data.sources import generic_source, load_images, users_source
from golden.data.synthetic import generate, generate_generic

__all__ = [
    "CLASSES",
    "DataError",
    "Handwriting",
    "LabelledImages",
    "balanced_subset",
    "generate",
    "generate_generic",
    "generic_source",
    "load_emnist",
    "load_handwriting",
    "load_idx_pair",
    "load_images",
    "read_idx_images",
    "read_idx_labels",
    "users_source",
]
