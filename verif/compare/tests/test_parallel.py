# SPDX-License-Identifier: Apache-2.0
"""Chunks on several models: each image once, in order, whatever the counts; a failure reaches the caller."""

import sys

import pytest

from tools.parallel import run_in_parallel


def test_every_image_is_answered_once_and_in_order():
    for count, chunk, workers in ((0, 4, 2), (1, 4, 3), (12, 4, 2), (13, 4, 2), (13, 1, 3), (5, 100, 2)):
        taken = [[] for _ in range(workers)]

        def work(index, low, high, progress, taken=taken):
            taken[index].append((low, high))
            progress.value = high - low
            return list(range(low, high))

        models = [lambda *arguments, i=i: work(i, *arguments) for i in range(workers)]  # noqa: B023
        parts = run_in_parallel(count, chunk, models, None)
        assert [image for _, part in parts for image in part] == list(range(count))
        assert all(first == part[0] and len(part) <= chunk for first, part in parts)
        chunks = -(-count // chunk)
        assert [len(t) for t in taken] == [len(range(i, chunks, workers)) for i in range(workers)]


def test_a_failure_of_one_model_reaches_the_caller():
    def broken(low, high, progress):
        raise ValueError(f"image {low}")

    with pytest.raises(ValueError, match="image 3"):
        run_in_parallel(6, 3, [lambda low, high, progress: low, broken], None)


def test_the_bar_counts_every_image_on_a_terminal_only(capsys, monkeypatch):
    models = [lambda low, high, progress: low] * 2
    run_in_parallel(7, 2, models, "images of a test")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run_in_parallel(7, 2, models, "images of a test")
    error = capsys.readouterr().err
    assert "images of a test: 100%" in error and "7/7" in error
