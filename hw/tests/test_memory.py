# SPDX-License-Identifier: Apache-2.0
"""The write sequence of a bank: the payload of a bank file, at the addresses of docs/architecture.md."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hw.gen.memory import LAYER_GATE_HIDDEN, LAYER_GATE_OUT, bank_segments, bank_writes
from spec.bank import random_bank
from spec.bank_file import HEADER_WORDS, device_words
from spec.errors import InputError
from spec.kinds.data import LayerFolding
from spec.tiny import tiny_accelerator


@pytest.mark.parametrize("experts", [1, 3])
def test_writes_are_the_payload_in_order(experts: int):
    accelerator = tiny_accelerator(local_experts=experts)
    moe, folding = accelerator.moe, accelerator.folding
    bank = random_bank(moe, 2)
    writes = bank_writes(moe, folding, bank)
    np.testing.assert_array_equal(writes.data, device_words(bank, moe, folding)[HEADER_WORDS:-1])
    assert list(dict.fromkeys(writes.layer.tolist())) == [*range(experts), LAYER_GATE_HIDDEN, LAYER_GATE_OUT]
    for layer in np.unique(writes.layer):
        for bias in (0, 1):
            address = writes.address[(writes.layer == layer) & (writes.bias == bias)]
            np.testing.assert_array_equal(address, np.arange(len(address)))  # here every word is one chunk


def test_a_word_of_three_chunks_takes_four_addresses():
    accelerator = tiny_accelerator("linear")
    layers = accelerator.folding.layers
    layers["le"] = type(layers["le"])(1, 12)  # 96 bits
    bank = random_bank(accelerator.moe, 2)
    writes = bank_writes(accelerator.moe, accelerator.folding, bank)
    local = (writes.layer == 0) & (writes.bias == 0)
    assert writes.address[local][:6].tolist() == [0, 1, 2, 4, 5, 6]
    first_word = bank.local_experts[0][-1].weight[0, :12].astype(np.int8).tobytes()
    assert writes.data[local][:3].astype("<u4").tobytes() == first_word


def test_a_word_that_the_loader_cannot_count_is_refused():
    accelerator = tiny_accelerator("linear")
    moe, layers = accelerator.moe, accelerator.folding.layers
    widest = replace(moe, le=replace(moe.le, layers=(replace(moe.le.out, outputs=62),)))
    folding = replace(accelerator.folding, layers={**layers, "le": LayerFolding(62, 12, "lut")})
    with pytest.raises(InputError, match="layer le0: a memory word of 186 times 32 bits is too wide .* at most 128"):
        bank_segments(widest, folding)
    folding = replace(folding, layers={**layers, "le": LayerFolding(31, 12, "lut")})
    assert bank_segments(widest, folding)[0].chunks == 93
