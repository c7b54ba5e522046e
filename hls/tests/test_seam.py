# SPDX-License-Identifier: Apache-2.0
"""The same top level with hls4ml's front end and tail gives the same answers."""

from __future__ import annotations

import numpy as np

from golden.integer_model import MoeModel
from hls.csim import HlsSimulator
from hls.gen import generate
from hls.seam import build_library_with_hls4ml
from spec.bank import random_bank
from spec.network import RUNNING_MODES, Mode
from spec.tiny import tiny_accelerator, tiny_images


def test_top_level_on_layers_that_hls4ml_generated(tmp_path) -> None:
    accelerator = tiny_accelerator("general", 1)
    library = build_library_with_hls4ml(accelerator, generate(accelerator, tmp_path), optimise=False)
    simulator = HlsSimulator(accelerator, library=library, threads=2, hls4ml=True)
    bank = random_bank(accelerator.moe, 21)
    simulator.load_bank(bank, 1)
    model = MoeModel(accelerator.moe)
    images = tiny_images(24, seed=9)
    for mode in RUNNING_MODES:
        expected = model.run(images, mode, bank, keep_layers=True)
        found = simulator.run(images, mode, 1, keep_layers=True, chunk=5)
        assert found.classes.tolist() == expected.classes.tolist()
        assert found.experts.tolist() == expected.experts.tolist()
        # Inside hls4ml's parts nothing is recorded; their outputs are.
        assert "conv1" not in found.layers and "conv2" not in found.layers and "pool1" in found.layers
        assert (mode == Mode.LE_ONLY) == ("fc2" not in found.layers)
        for name, values in found.layers.items():
            assert np.array_equal(values, expected.layers[name]), name
    simulator.close()
