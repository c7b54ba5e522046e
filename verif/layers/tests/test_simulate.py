# SPDX-License-Identifier: Apache-2.0
"""The bench for generated layers, with a stand-in for the compiler: words arrive, and a wrong one is seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hls import bambu
from hls.bambu import find_bambu, generate_top
from hls.gen import generate
from hls.tests.bambu_standin import install
from hls.top_model import TopError, differing, run_top
from hls.top_vectors import top_vectors
from hls.tops import layer_tops, write_tops
from spec.bank import random_bank
from spec.tiny import tiny_accelerator, tiny_images
from verif.layers.simulate import build_layer

STALLS = (0, 128, 240)  # of 256 cycles


def simulate(tmp_path, monkeypatch, defect: str):
    """Top, vectors and library of a change of width that the stand-in made."""
    monkeypatch.setenv(bambu.VARIABLE, str(install(tmp_path)))
    monkeypatch.setenv("STANDIN_DEFECT", defect)
    accelerator = tiny_accelerator("general", 1)
    generated = generate(accelerator, tmp_path / "generated")
    top = next(top for top in layer_tops(accelerator) if top.name.endswith("_words") and len(top.ports) == 2)
    unit = write_tops(generated, (top,))[top.name]
    made = generate_top(find_bambu(), top, unit, generated, directory=tmp_path / "out")
    vectors = top_vectors(accelerator, [random_bank(accelerator.moe, 3)], tiny_images(5), 0)[top.name]
    return top, vectors, build_layer(top, made.verilog, unit.with_suffix(""), tmp_path / "lib", optimise=False)


def test_words_pass_with_any_stalls(tmp_path, monkeypatch) -> None:
    top, vectors, library = simulate(tmp_path, monkeypatch, "")
    runs = [run_top(library, top, vectors, seed, stall) for seed, stall in enumerate(STALLS)]
    assert [differing(vectors, run) for run in runs] == [0] * len(STALLS)
    assert runs[0].cycles < runs[1].cycles < runs[2].cycles


def test_wrong_word_is_seen(tmp_path, monkeypatch) -> None:
    top, vectors, library = simulate(tmp_path, monkeypatch, "lost")
    assert differing(vectors, run_top(library, top, vectors)) > 0


@pytest.mark.parametrize("change", [-1, 1])
def test_number_of_words_is_held(tmp_path, monkeypatch, change: int) -> None:
    top, vectors, library = simulate(tmp_path, monkeypatch, "")
    out = vectors.outputs["out"]
    other = out[:-1] if change < 0 else np.concatenate([out, out[:1]])
    with pytest.raises(TopError, match="gave .* words|nothing moves any more"):
        run_top(library, top, replace(vectors, outputs={"out": other}))
