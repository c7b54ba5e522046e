# SPDX-License-Identifier: Apache-2.0
"""The device after place and route: what clock it reaches where, what of it lies in which domain, and what is slow."""

from __future__ import annotations

from hw.place.kept import microseconds, system_mhz, where
from hw.place.record import clock_rows, path_rows, used_rows
from report.context import Context, Section
from report.markup import Html, html, number, paragraph, table, tag

_MODES = {"GE_ONLY": "an image for the GE", "LE_ONLY": "a local one"}


def section(context: Context) -> Section:
    """Each device, the fastest first."""
    content = context.get("fpga")
    parts = [_record(context, one) for one in content["records"]] if content else [context.missing("fpga")]
    return Section("place", "Place and route", html(parts))


def _record(context: Context, result: dict) -> Html:
    head = f"{system_mhz(result):.1f} MHz: {where(result)}, best of {len(result['seeds'])} seeds"
    parts = [tag("h3", head), paragraph(_times(context, result), context.cite("fpga"))]
    for rows in (clock_rows(result), used_rows(result), path_rows(result)):
        parts.append(table(list(rows[0]), [list(row) for row in rows[1:]], html([result["tool"]])))
    return html(parts + [paragraph(tag("strong", f"Differs: {text}.")) for text in result["findings"]])


def _times(context: Context, result: dict) -> str:
    """The slowest clock or crossing is that of all: what it means in microseconds an image."""
    modes = (context.get("compare") or {"modes": {}})["modes"]
    times = []
    for name, words in _MODES.items():
        if name in modes:
            time = microseconds(modes[name]["cycles_per_image"], result)
            times.append(f"{words} every {time:.2f} us ({number(1e6 / time)} a second)")
    asked = f"{result['target_mhz']:g} MHz were asked for. "
    return asked + (f"In a stream {' and '.join(times)}." if times else "")
