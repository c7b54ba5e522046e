# SPDX-License-Identifier: Apache-2.0
"""Work in one thread of its own, in the order in which it was asked for; who asks waits without blocking anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from demo.refusal import Refused

Result = TypeVar("Result")


class Worker:
    """One thread with a queue.

    Args:
        name: of the thread.
        waiting: how many may wait or be worked on.
        failed: is called in the thread after work that raised anything.
    """

    def __init__(self, name: str, waiting: int, failed: Callable[[], object] = lambda: None) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._most, self._failed = waiting, failed
        self.waiting = 0

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Do something in the thread; raises what it raises.

        Work that was asked for is done, also when nobody waits for it any more.

        Raises:
            Refused: too much waits already.
        """
        if self.waiting >= self._most:
            raise Refused(f"the device is busy: {self._most} requests wait already; try again in a moment", 429)
        self.waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, self._do, work, arguments)
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    def _done(self, future: asyncio.Future) -> None:
        self.waiting -= 1
        if not future.cancelled():
            future.exception()  # nobody may be there to take it

    def _do(self, work: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        try:
            return work(*arguments)
        except BaseException:
            self._failed()
            raise

    def close(self) -> None:
        """End the thread when its work is done; what only waits is dropped."""
        self._pool.shutdown(cancel_futures=True)
