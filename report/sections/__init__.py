# SPDX-License-Identifier: Apache-2.0
"""The parts of the page in its order, each a function from a context to a :class:`report.context.Section`."""

from report.sections import (
    accuracy,
    bench,
    cycles,
    energy,
    few_samples,
    learning,
    pool,
    provenance,
    pruning,
    regions,
    resources,
    samples,
    seeds,
    several,
    system,
    tables,
    timeline,
    verification,
)

SECTIONS = (
    system.section,
    samples.section,
    accuracy.section,
    tables.section,
    seeds.section,
    regions.section,
    few_samples.section,
    learning.section,
    several.section,
    pool.section,
    pruning.section,
    energy.section,
    timeline.section,
    cycles.section,
    resources.section,
    bench.section,
    verification.section,
    provenance.section,
)
