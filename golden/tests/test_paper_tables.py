# SPDX-License-Identifier: Apache-2.0
"""The typed figures of the paper against its own averages and repeated figures (test_energy.py computes 1 and 3)."""

from __future__ import annotations

import numpy as np
import pytest

from golden import paper_tables as printed


def unlike_their_mean(rows: tuple[dict, ...], mean: dict[str, float]) -> list[str]:
    """Columns whose printed average is not that of the rows, to the printed digit."""
    return [key for key, value in mean.items() if abs(np.mean([row[key] for row in rows]) - value) > 0.0051]


@pytest.mark.parametrize(
    ("rows", "mean"), [(printed.TABLE_2, printed.TABLE_2_MEAN), (printed.TABLE_5, printed.TABLE_5_MEAN)]
)
def test_rows_have_the_printed_averages(rows, mean) -> None:
    assert [row["user"] for row in rows] == list(range(1, 11))
    assert unlike_their_mean(rows, mean) == []


def test_a_mistyped_figure_is_seen() -> None:
    first = {**printed.TABLE_2[0], "le": printed.TABLE_2[0]["le"] + 0.1}
    assert unlike_their_mean((first, *printed.TABLE_2[1:]), printed.TABLE_2_MEAN) == ["le"]


def test_figures_that_the_paper_repeats() -> None:
    for by_user, again in zip(printed.TABLE_2, printed.TABLE_5, strict=True):
        assert (again["moe_customised"], again["moe_emnist"]) == (by_user["overall"], by_user["generic_overall"])
    for row in printed.TABLE_4:
        for name in ("customised", "emnist"):
            assert row[f"after_{name}"] == printed.TABLE_5_MEAN[f"{row['model']}_{name}"]
    fine_tuning = printed.TABLE_4[2]
    assert fine_tuning["before_customised"] == printed.TABLE_2_MEAN["ge"]
    assert fine_tuning["before_emnist"] == printed.GE_ON_EMNIST
    used = next(row for row in printed.TABLE_1 if row["pooled"] == 3)
    assert used["customised"] == printed.TABLE_2_MEAN["overall"]
    assert used["emnist"] == printed.TABLE_2_MEAN["generic_overall"]
    assert used["weights"] == printed.TABLE_3["size"]
