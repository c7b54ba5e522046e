# SPDX-License-Identifier: Apache-2.0
"""Who computes a sweep: processes or threads of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread

from spec.errors import InputError
from spec.paths import ROOT

PATIENCE = 30  # seconds for a scheduler to answer and for its first worker to come


@dataclass(frozen=True)
class Workers:
    """So many at a time on this machine, or, with the address of its scheduler, a Dask cluster.

    Attributes:
        jobs: processes, or threads where a task only waits for a program.
        dask: for example ``tcp://10.0.0.1:8786``; then ``jobs`` says nothing.
    """

    jobs: int = os.cpu_count() or 1
    dask: str | None = None

    @contextmanager
    def executor(self, threads: bool = False) -> Iterator[Executor]:
        """What takes tasks; when the block raises, those that nobody has begun are dropped.

        Args:
            threads: threads of this process instead of processes, if it is this machine.

        Raises:
            InputError: there is no such cluster, it has no worker, or ``distributed`` is not installed.
        """
        if self.dask:
            with _cluster(self.dask) as executor:
                yield executor
            return
        made = ThreadPoolExecutor(self.jobs) if threads else _processes(self.jobs)
        try:
            yield made
        finally:
            made.shutdown(cancel_futures=True)


def _processes(jobs: int) -> Executor:
    return ProcessPoolExecutor(jobs, get_context("spawn"), _end_with_caller)


def _end_with_caller() -> None:
    """Let a process end when its caller does, however that ended: it would wait for work for ever."""
    caller = parent_process()
    if caller:
        Thread(target=lambda: (wait([caller.sentinel]), os._exit(1)), daemon=True).start()


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "--dask needs dask.distributed: .venv/bin/pip install -r requirements-dask.txt (here and for every worker)"
        ) from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(f"--dask {address}: no scheduler answers ({error or type(error).__name__})") from None
    try:
        _check(client, address)
        executor = client.get_executor(pure=False)
        try:
            yield executor
        finally:
            executor.shutdown(wait=False)
    finally:
        client.close()


def _check(client, address: str) -> None:
    """Refuse a cluster whose workers cannot run a task.

    Raises:
        InputError: no worker, one with several threads, or one that cannot import the project.
    """
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise InputError(f"--dask {address}: no worker has come within {PATIENCE} s") from None
    for name, worker in client.scheduler_info(n_workers=-1)["workers"].items():
        if worker["nthreads"] != 1:
            raise InputError(f"--dask {address}: worker {name} has {worker['nthreads']} threads, start it with 1")
    for name, spec in client.run(find_spec, __package__).items():
        if spec is None:
            raise InputError(f"--dask {address}: worker {name} does not find the project, set PYTHONPATH={ROOT} for it")
