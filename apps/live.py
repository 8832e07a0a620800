"""The live views beside a server: who keeps them while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from event_store.store import Store
from event_store.subscriptions.backoff import dice
from event_store.subscriptions.leases import Leases, new_holder
from event_store.subscriptions.worker import running
from mymedic.ids import UlidFactory
from projections.worker import Live, LiveWorker


def keeping(live: Live, lease_seconds: float) -> Callable[[Store], AbstractAsyncContextManager[None]]:
    """A companion of the server that keeps the live views of the tenants whose leases it gets."""

    @asynccontextmanager
    async def companion(store: Store) -> AsyncIterator[None]:
        clock = store.handler.clock
        worker = LiveWorker(live, Leases(store.ledger, new_holder(UlidFactory(clock)), clock, lease_seconds), dice)
        with running("live", store.handler.hints, worker.round, worker.leave):
            yield

    return companion
