# SPDX-License-Identifier: Apache-2.0
"""The system at a glance: its picture and its layers."""

from __future__ import annotations

from report.context import Context, Section
from report.markup import Html, code, data_uri, html, number, paragraph, table, tag
from spec.paths import ROOT

PICTURE = ROOT / "docs" / "images" / "architecture.svg"
_ALT = (
    "Block diagram: pixels pass an ingress and the front end with conv1 and pool1; a router gives the 12x12x20 "
    "features to the global expert behind a feature store, to the local expert and to the gating network; the gate's "
    "decision chooses whose class leaves the mux. Front end, global expert, local expert and gate are power domains."
)


def section(context: Context) -> Section:
    """Picture, and a table of the layers."""
    picture = tag("img", src=data_uri("image/svg+xml", PICTURE.read_bytes()), alt=_ALT, class_="plot")
    words = paragraph(
        "Dashed frames are power domains. In mode ",
        code("MOE_GATED"),
        " the gate decides right after pool1, and the global expert has supply only while it has work. Weights of ",
        "local expert and gate are loaded at run time; those of the global expert are constants of the build.",
    )
    box = tag("div", picture, class_="card scroll picture", tabindex="0", role="group")
    return Section("system", "The system", html([box, words, _layers(context)]))


def _layers(context: Context) -> Html:
    moe, folding = context.design.moe, context.design.folding
    frozen = moe.network.weighted_layers
    owners = [(layer, "GE, constant") for layer in frozen] + [(layer, "LE, loaded") for layer in moe.le.layers]
    owners += [(layer, "GN, loaded") for layer in moe.gate.layers]
    rows = []
    for layer, owner in owners:
        fold = folding.layers[layer.name]
        work = "adder graph" if fold.graph else f"{fold.pe} x {fold.simd}"
        sizes = [number(layer.weights), number(layer.macs)]
        rows.append([layer.name, owner, work, layer.outputs, layer.inputs, layer.weight.bits, *sizes])
    head = ["layer", "part of", "PE x SIMD", "outputs", "inputs of one", "bits a weight", "weights", "MACs an image"]
    caption = html(["Layers of ", code(context.design.name), ", from the specification"])
    return table(head, rows, caption, text_columns=3)
