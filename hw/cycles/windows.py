# SPDX-License-Identifier: Apache-2.0
"""Windows of a convolution: ``sliding_window``, word by word, and ``window_parallel``, whole ones."""

from __future__ import annotations

import numpy as np

from hw.cycles.engine import Network, Stream
from hw.cycles.localparams import localparam
from hw.cycles.timing import Timing
from spec.kinds.conv import Convolution


def window_parallel(net: Network, t: Timing, layer: Convolution, source: Stream) -> Stream:
    """A window leaves behind the pixel that completes it; while it waits, no pixel is taken."""
    s, less = layer.in_shape, layer.kernel - 1
    pixels = np.arange(s.height * s.width).reshape(s.height, s.width)
    completing = pixels[less:, less:].ravel()
    out = net.stream(f"{layer.name} window", len(completing), source.group)
    out.after(source, t.window, of=completing)
    behind = (completing + 1) % source.count  # the pixel behind: of the next image, behind the last window
    windows = np.arange(len(completing))
    source.after(out, 0, at=behind, of=np.where(behind == 0, windows - len(windows), windows))
    return out


def sliding_window(net: Network, t: Timing, layer: Convolution, source: Stream, simd: int) -> Stream:
    """Rows of windows are read when the rows of the image are there; rows are written where there is room."""
    s, kernel = layer.in_shape, layer.kernel
    out_rows, out_columns = s.height - kernel + 1, s.width - kernel + 1
    row_in = s.width * s.channels // simd
    row_out = out_columns * kernel * kernel * s.channels // simd
    buffer = localparam("conv_layer", "Rows", Kernel=kernel)
    starts = net.stream(f"{layer.name} rows", out_rows, source.group)  # first read of each row of windows
    out = net.stream(f"{layer.name} window", out_rows * row_out, source.group)
    firsts = range(0, out.count, row_out)
    starts.after(source, t.rows, of=range(kernel * row_in - 1, (kernel + out_rows - 1) * row_in, row_in))
    starts.after(out, 0, of=firsts, lag=1)
    out.after(starts, t.read, at=firsts)
    # The last read of a row, which frees input rows, is when the word before it leaves.
    freeing, rows = (starts, range(out_rows)) if row_out == 1 else (out, range(row_out - 2, out.count, row_out))
    at, of = [], []
    for row in range(s.height):
        needed = row - buffer + 1  # input rows of this image that must be free; none: of earlier images
        images, rest = divmod(needed - 1, s.height)  # the row freed last is number `rest` of an image before
        freed_by = min(rest, out_rows - 1)  # the last row of windows frees all that are left
        at.append(row * row_in)
        of.append(rows[freed_by] + images * freeing.count)
    source.after(freeing, t.freed, at=np.array(at), of=np.array(of))
    return out
