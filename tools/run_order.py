# SPDX-License-Identifier: Apache-2.0
"""How long test files take, and so in which order they start: the longest first, lest a core is idle in the end.

``test_seconds.json`` keeps the CPU seconds of each file, ``fresh`` with everything still to be built, and ``built``;
docs/testing.md says how it is renewed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from spec.files import write_if_changed
from spec.paths import ROOT

KEPT = Path(__file__).with_name("test_seconds.json")
FRESH, BUILT = "fresh", "built"
UNKNOWN = 30.0  # seconds of a file that was never timed: early, because it may be long
Item = TypeVar("Item")


def kept_seconds(state: str = FRESH, path: Path = KEPT) -> dict[str, float]:
    """Seconds of each test file that was timed in a state."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    return {file: times[state] for file, times in kept.items() if state in times}


def longest_first(items: Sequence[Item], file_of: Callable[[Item], str], seconds: Mapping[str, float]) -> list[Item]:
    """Tests by file, files by their time; the tests of a file stay together and in their order."""
    return sorted(items, key=lambda item: (-seconds.get(file_of(item), UNKNOWN), file_of(item)))


def keep_seconds(durations: Iterable[tuple[str, float]], state: str, path: Path = KEPT, root: Path = ROOT) -> None:
    """Add up (file, seconds) and keep the sums; files below ``root`` that were not timed keep what is known of them."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    timed: dict[str, float] = {}
    for file, spent in durations:
        timed[file] = timed.get(file, 0.0) + spent
    for file, spent in timed.items():
        kept.setdefault(file, {})[state] = round(spent, 1)
    kept = {file: times for file, times in kept.items() if (root / file).exists() or file in timed}
    lines = (f"{json.dumps(file)}: {json.dumps(kept[file], sort_keys=True)}" for file in sorted(kept))
    write_if_changed(path, "{\n" + ",\n".join(lines) + "\n}\n")
