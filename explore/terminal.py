# SPDX-License-Identifier: Apache-2.0
"""What the command prints: the table of a search and what it says about designs made by hand."""

from __future__ import annotations

from explore.estimate import SITES, fits
from explore.front import folding_text, table
from explore.kept import largest_error
from explore.study import Outcome
from spec.markdown import aligned


def sentences(outcome: Outcome) -> list[str]:
    """What was searched and which designs made by hand are beaten."""
    study = outcome.study
    limits = ", ".join(f"{kind} {most:,.0f}" for kind, most in study.limits.items())
    said = [
        f"{study.chip}: {outcome.looked} different designs fit ({limits}); "
        f"no other one beats {len(outcome.front)} of them."
    ]
    if outcome.data:
        said.append(
            f"wrong: share of {outcome.data} validation images, after rounding the file's weights, without retraining; "
            "local experts and gate must be trained for the new features."
        )
    if any(axis in outcome.space.axes for axis in ("pooling", "hidden", "experts")):
        said.append(
            "pooling, hidden and experts change cost and energy here; their accuracy needs training (train.py)."
        )
    error = largest_error(SITES)
    for name, found in outcome.beaten().items():
        if not found:
            itself = "" if fits(outcome.references[name], study.limits) else ", which does not fit the device itself"
            said.append(f"{name}{itself}: no design found is as good in every axis and better in one.")
            continue
        number, best = found[0]
        fewer = 1 - best.figures[SITES] / outcome.references[name][SITES]
        doubt = f", less than the estimate's error of up to {100 * error:.1f} %" if fewer < error else ""
        said.append(
            f"{name} is beaten by {len(found)}, by estimate; number {number} has {100 * fewer:.1f} % fewer LUT4 sites"
            f"{doubt}: {folding_text(best.layers)}"
        )
    return said


def terminal(outcome: Outcome) -> str:
    """Table and sentences."""
    return aligned(table(outcome.front, outcome.references)) + "\n\n" + "\n".join(sentences(outcome))
