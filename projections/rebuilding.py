"""Rebuilds beside a worker's rounds, one after the other: what is read goes on being kept meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from projections.generations import OnProgress, Rebuilt

Rebuild = Callable[[str, Sequence[str], OnProgress], list[Rebuilt]]


class Stopped(Exception):
    """The worker leaves: what a rebuild has made so far is thrown away by whoever begins the next."""


class Rebuilds:
    """Those that a worker has begun. A tenant has one at a time; for the worker's own thread alone."""

    def __init__(self, rebuild: Rebuild) -> None:
        self._rebuild = rebuild
        self._pool = ThreadPoolExecutor(1, "live-rebuild")
        self._begun: dict[str, Future[list[Rebuilt]]] = {}
        self._is_stopping = threading.Event()

    def begin(self, tenant_id: str, names: Sequence[str]) -> None:
        """Rebuild some projections of a tenant, as soon as those that were begun before are done."""
        self._begun[tenant_id] = self._pool.submit(self._rebuild, tenant_id, names, self._stop_here)

    def is_under_way(self, tenant_id: str) -> bool:
        return tenant_id in self._begun and not self._begun[tenant_id].done()

    def collect(self, tenant_id: str) -> list[Rebuilt]:
        """What was rebuilt of a tenant, once; raises what a rebuild came to a halt at. Not while it is under way."""
        done = self._begun.pop(tenant_id, None)
        return done.result() if done is not None else []

    def stop(self) -> None:
        """Soon nothing is rebuilt any more."""
        self._is_stopping.set()
        self._pool.shutdown(cancel_futures=True)

    def _stop_here(self, seq: int, until: int) -> None:
        if self._is_stopping.is_set():
            raise Stopped
