# SPDX-License-Identifier: Apache-2.0
"""Both proxies for several designs: do they put designs, too, in the same order?

The linear gate of the paper beside the default gate, and a front end and GE that are folded further: less hardware,
more cycles. Each is synthesised, counted and recorded as ``scripts/proxies.py`` does it, which takes about five
minutes a design the first time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hw import synth
from spec.paths import BUILD, RESULTS
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, load_accelerator
from verif.proxies.agreement import orders
from verif.proxies.cases import cases, user_bank
from verif.proxies.collect import collect, data_names

OUT = BUILD / "designs.json"
KEPT = RESULTS / "designs.json"
DESIGNS = ((DEFAULT_FOLDING, DEFAULT_GATE), (DEFAULT_FOLDING, "paper"), ("ecp5_85_folded", DEFAULT_GATE))


def measure(preset: str, gate: str, per_case: int) -> dict:
    """One design as :func:`verif.proxies.collect.collect` gives it, synthesised before if it must be."""
    design = load_accelerator(preset, gate)
    if synth.load_resources(design.name) is None:
        synth.measure(design)
    bank = user_bank(design)
    return collect(design, bank, cases(design, bank, per_case), data_names())


def summary(results: Sequence[Mapping]) -> dict:
    """What is kept of several designs: each case's proxies, how many quantities agree, and the order of all cases."""
    kept = [
        {
            "design": result["design"],
            "mode": case["mode"],
            "kind": case["kind"],
            "images": case["images"],
            "cycles": case["cycles"],
            "wrong": case["wrong"],
            "energy": case["energy"],
            "switching": {"proxy": case["switching"]["proxy"]},
        }
        for result in results
        for case in result["cases"]
    ]
    rows = [row for result in results for row in result["agreement"]]
    return {
        "sources": results[0]["sources"],
        "data": results[0]["data"],
        "images_per_case": results[0]["images_per_case"],
        "findings": [f"{result['design']}: {finding}" for result in results for finding in result["findings"]],
        "quantities": {"compared": len(rows), "equal": sum(row["equal"] for row in rows)},
        "cases": kept,
        "orders": orders(kept),
    }


def as_text(found: Mapping) -> str:
    """An aligned table and the order of the pairs."""
    lines = [f"{'':<48}{'on chip, nJ':>13}{'switching, 1000 toggles':>26}{'cycles':>9}"]
    for case in found["cases"]:
        name = f"{case['design']}: {case['mode']}, {case['kind']}"
        energy, proxy = case["energy"]["ON_CHIP"]["total"] / 1000, case["switching"]["proxy"]["total"] / 1000
        lines.append(f"{name:<48}{energy:>13,.1f}{proxy:>26,.1f}{case['cycles'] / case['images']:>9,.0f}")
    order, quantities = found["orders"], found["quantities"]
    lines += ["", f"{quantities['equal']} of {quantities['compared']} quantities agree."]
    lines += [f"Pairs: {order['agree']} in the same order, {order['tied']} tied, {len(order['disagree'])} not."]
    for pair in order["disagree"]:
        ratios = f"{pair['operations']:.3f} by operations, {pair['switching']:.3f} by switching"
        lines.append(f"  {pair['a']} / {pair['b']}: {ratios}{', whatever the weights' if pair['sure'] else ''}")
    return "\n".join(lines)
