# SPDX-License-Identifier: Apache-2.0
"""Static checks of the leaf modules: no lint warning over telling parameters, and sentences for bad ones."""

from __future__ import annotations

import re

import pytest

from tools.cocotb_run import Value, lint, rtl_sources, with_mutant

FILES: dict[str, Value] = {"WeightFile": "weights.hex", "BiasFile": "bias.hex"}
GOOD: list[tuple[str, dict[str, Value]]] = [
    ("requantize", {}),
    ("requantize", {"AccW": 9, "Shift": 0}),
    ("requantize", {"AccW": 10, "Shift": 30}),
    ("stream_fifo", {"Depth": 1}),
    ("stream_fifo", {"Depth": 3}),
    ("stream_width", {"InLanes": 1, "OutLanes": 20}),
    ("stream_width", {"InLanes": 20, "OutLanes": 4}),
    ("stream_width", {"InLanes": 4, "OutLanes": 4}),
    ("stream_fork", {"Outputs": 1}),
    ("arg_max", {"Count": 1}),
    ("arg_max", {"Count": 62, "DataW": 20}),
    ("max_pool", {"Size": 1}),
    ("max_pool", {"Height": 12, "Width": 12, "WordsPerPixel": 20, "Lanes": 1, "Size": 12}),
    ("average_pool", {"Size": 1}),
    ("average_pool", {"Height": 16, "Width": 16, "WordsPerPixel": 20, "Lanes": 1, "Size": 16}),
    ("max_average_pool", {"Size": 1}),
    ("max_average_pool", {"Height": 16, "Width": 16, "WordsPerPixel": 20, "Lanes": 1, "Size": 16}),
    ("pooled_words", {"Kind": 1}),
    ("pooled_words", {"Kind": 2}),
    ("pooled_words", {"Kind": 2, "Lanes": 4, "OutLanes": 20}),
    ("weight_rom", {"InitFile": "weights.hex", "Depth": 1}),
    ("weight_ram", {"Width": 8, "Depth": 1, "Banks": 1}),
    ("weight_ram", {"Width": 100, "Depth": 5, "Banks": 3}),
    ("adder_tree", {"Inputs": 1}),
    ("adder_tree", {"Inputs": 20}),
    ("multiplier", {"WgtW": 1}),
    ("sliding_window", {"Kernel": 1, "Rows": 2}),
    ("sliding_window", {"Height": 12, "Width": 12, "Channels": 20, "Simd": 4}),
    ("mvu", {"InWords": 125, "OutWords": 2, "Pe": 25, "Simd": 4}),
    ("mvu", {"InWords": 1, "OutWords": 1, "Requant": False}),
    ("mvu", {"InWords": 40, "OutWords": 5, "Pe": 10, "BankW": 2}),
    ("accumulator_file", {"Folds": 1}),
    ("accumulator_file", {"Folds": 17, "Width": 20}),
    ("stream_chain", {"Depth": 2}),
    ("mvu", {"InWords": 4, "OutWords": 1, "Simd": 20, "Multiplier": 1, "WgtW": 3}),
    ("dense_layer", FILES | {"Requant": False, "Pe": 2}),
    ("conv_layer", FILES | {"Simd": 4}),
]

BAD: list[tuple[str, dict[str, Value], str]] = [
    ("stream_fifo", {"Depth": 0}, "Depth is 0, it must be at least 1"),
    ("stream_width", {"InLanes": 4, "OutLanes": 3}, "4 input lanes and 3 output lanes: one must divide"),
    ("mvu", {"InWords": 2, "Simd": 1, "Multiplier": 1, "Far": 1, "WgtW": 3}, "Far needs"),
    ("gate_decide", {"Count": 1}, "Count is 1, allowed are 2 to 9"),
    ("gate_decide", {"Count": 10}, "Count is 10, allowed are 2 to 9"),
    ("max_pool", {"Size": 5}, "Height 24 is not a multiple of Size 5"),
    ("average_pool", {"Size": 3}, "Size is 3, it must be a power of two"),
    ("average_pool", {"Height": 22, "Size": 4}, "Height 22 is not a multiple of Size 4"),
    ("max_average_pool", {"Size": 3}, "Size is 3, it must be a power of two"),
    ("pooled_words", {"Kind": 3}, "Kind is 3, it must be 0, 1 or 2"),
    ("pooled_words", {"Kind": 1, "Size": 3}, "Size is 3, it must be a power of two"),
    ("sliding_window", {"Channels": 20, "Simd": 3}, "Simd 3 does not divide the 20 channels"),
    ("sliding_window", {"Height": 4}, "a kernel of 5 does not fit an image of 4 x 28"),
    ("sliding_window", {"Rows": 5}, "Rows is 5, it must be at least Kernel + 1 = 6"),
    ("stream_chain", {"Depth": 0}, "Depth is 0, it must be at least 1"),
    ("dense_layer", FILES | {"Outputs": 4, "Pe": 3}, "Pe 3 does not divide the 4 outputs"),
    ("dense_layer", FILES | {"Inputs": 16, "Simd": 5}, "Simd 5 does not divide the 16 inputs"),
    ("conv_layer", FILES | {"Channels": 4, "InLanes": 3}, "InLanes 3 does not divide the 4 channels"),
]


@pytest.mark.parametrize(("module", "parameters"), GOOD, ids=lambda value: str(value)[:60])
def test_lint_is_clean(module: str, parameters: dict[str, Value]) -> None:
    assert lint(module, parameters) == ""


@pytest.mark.parametrize(("module", "parameters", "sentence"), BAD, ids=lambda value: str(value)[:60])
def test_bad_parameters_are_refused(module: str, parameters: dict[str, Value], sentence: str) -> None:
    assert sentence in " ".join(lint(module, parameters).split())


@pytest.mark.parametrize(
    ("old", "new", "count"), [("Count < 2", "Count < 1", 1), ("Count > Max", "Count > 1 + Max", 10)]
)
def test_a_wider_check_is_seen(old: str, new: str, count: int) -> None:
    """Too few or too many logits for gate_decide: the check that lets them pass does not say the sentence."""
    sources = with_mutant(rtl_sources("gate_decide"), "gate_decide", old, new)
    said = lint("gate_decide", {"Count": count}, sources)
    assert f"Count is {count}, allowed" not in said
    assert set(re.findall(r"%Error.*", said)) <= {"%Error: Exiting due to 11 warning(s)"}, said
