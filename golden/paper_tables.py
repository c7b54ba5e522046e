# SPDX-License-Identifier: Apache-2.0
"""The figures printed in the tables of arXiv 1811.00056, as data: per cent, to the printed digit.

They are on the paper's own handwriting (its reference [7]) and on another EMNIST split, so they stand beside
our figures, not against them. Columns have the names that our own result files use. None: the paper gives no figure.
"""

from __future__ import annotations

GE_ON_EMNIST = 75.72  # section 4.4.2: accuracy of the GE alone, in no table

MOE_BY_HARRIS_SIZE = 58.79  # section 4.4.3: weights that the MoE adds by those that its reference [7] adds

# Table 1: height and width of the maps that LE and GN see; weights of LE and GN by those of the GE; overall accuracy.
TABLE_1 = (
    {"pooled": 12, "weights": 40.38, "customised": 91.58, "emnist": 75.57},
    {"pooled": 6, "weights": 10.09, "customised": 92.53, "emnist": 75.52},
    {"pooled": 4, "weights": 4.49, "customised": 92.81, "emnist": 75.24},
    {"pooled": 3, "weights": 2.52, "customised": 92.58, "emnist": 74.48},
    {"pooled": 2, "weights": 1.12, "customised": 89.03, "emnist": 72.29},
    {"pooled": 1, "weights": 0.28, "customised": 47.77, "emnist": 69.33},
)

# Table 2: accuracy after training; all columns but generic_overall are on the user's test images.
_TABLE_2_COLUMNS = ("user", "ge", "le", "gn", "overall", "le_where_ge_wrong", "generic_overall")
_TABLE_2 = (
    (1, 65.16, 86.29, 99.35, 86.45, 72.69, 74.96),
    (2, 79.84, 97.26, 98.55, 97.10, 92.80, 74.55),
    (3, 78.71, 95.00, 96.77, 94.84, 87.12, 74.77),
    (4, 80.97, 96.13, 98.06, 95.81, 85.59, 74.13),
    (5, 70.48, 90.65, 98.71, 90.48, 80.87, 74.74),
    (6, 81.61, 91.13, 94.03, 90.81, 76.32, 72.40),
    (7, 71.24, 93.38, 98.55, 93.05, 87.08, 74.22),
    (8, 75.97, 93.23, 99.52, 92.90, 87.25, 75.04),
    (9, 79.35, 97.26, 98.87, 97.26, 93.75, 74.81),
    (10, 67.58, 87.74, 97.10, 87.10, 85.07, 75.15),
)
TABLE_2 = tuple(dict(zip(_TABLE_2_COLUMNS, row, strict=True)) for row in _TABLE_2)
TABLE_2_MEAN = dict(zip(_TABLE_2_COLUMNS[1:], (75.09, 92.81, 97.95, 92.58, 84.85, 74.48), strict=True))

# Table 3: LE and GN by the GE: number of weights, then energy of products, SRAM, DRAM and all three.
TABLE_3 = {"size": 2.52, "mac": 0.50, "sram": 2.58, "dram": 2.52, "total": 2.45}

# Table 4: accuracy of the whole before and after customised training.
TABLE_4 = (
    {
        "model": "moe",
        "before_customised": 46.35,
        "before_emnist": 45.62,
        "after_customised": 92.58,
        "after_emnist": 74.48,
    },
    {
        "model": "harris",  # reference [7]: a task-specific network and an aggregation layer beside the GE
        "before_customised": 75.05,
        "before_emnist": 75.94,
        "after_customised": 93.25,
        "after_emnist": 69.15,
    },
    {
        "model": "fine_tuning",
        "before_customised": 75.09,
        "before_emnist": 75.72,
        "after_customised": 93.36,
        "after_emnist": 71.96,
    },
)

# Table 5: the same after training, by user.
_TABLE_5_COLUMNS = (
    "user",
    "moe_customised",
    "moe_emnist",
    "harris_customised",
    "harris_emnist",
    "fine_tuning_customised",
    "fine_tuning_emnist",
)
_TABLE_5 = (
    (1, 86.45, 74.96, 87.58, 67.65, 86.29, 71.87),
    (2, 97.10, 74.55, 97.90, 70.39, 96.61, 72.41),
    (3, 94.84, 74.77, 94.68, 69.68, 95.48, 71.91),
    (4, 95.81, 74.13, 96.29, 70.15, 96.77, 72.32),
    (5, 90.48, 74.74, 90.97, 67.51, 91.13, 71.51),
    (6, 90.81, 72.40, 91.13, 71.33, 92.10, 73.59),
    (7, 93.05, 74.22, 92.29, 67.49, 93.91, 70.82),
    (8, 92.90, 75.04, 94.52, 69.70, 94.68, 71.74),
    (9, 97.26, 74.81, 98.87, 69.61, 97.90, 72.14),
    (10, 87.10, 75.15, 88.23, 67.97, 88.71, 71.31),
)
TABLE_5 = tuple(dict(zip(_TABLE_5_COLUMNS, row, strict=True)) for row in _TABLE_5)
TABLE_5_MEAN = dict(zip(_TABLE_5_COLUMNS[1:], (92.58, 74.48, 93.25, 69.15, 93.36, 71.96), strict=True))
