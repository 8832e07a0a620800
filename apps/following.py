"""Those who follow the log with effects (the bus, webhooks), each in a thread of its own, as configured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from datetime import timedelta

from event_store.store import Store
from event_store.subscriptions.backoff import dice
from event_store.subscriptions.leases import Leases, new_holder
from event_store.subscriptions.parking import LedgerParking
from event_store.subscriptions.subscription import Consumer, Subscription
from event_store.subscriptions.worker import running
from integrations.bus.jetstream import JetStream, StreamWishes
from integrations.bus.outbound import Relay
from integrations.cloudevents import Envelopes
from mymedic.ids import UlidFactory
from mymedic.settings import Settings

# A message that comes again within it is left out by the server; a relay that was away for longer tells more twice.
_WINDOW = timedelta(minutes=10)
_SUBJECTS = ("med.>",)


@asynccontextmanager
async def hearing(store: Store) -> AsyncIterator[None]:
    """Commits of other processes wake whoever follows the log here, and ours wake theirs."""
    with store.handler.hints.across_processes(store.ledger):
        yield


@asynccontextmanager
async def following(settings: Settings, store: Store) -> AsyncIterator[None]:
    """Until the server or the worker stops."""
    with ExitStack() as started:
        clock = store.handler.clock
        leases = Leases(store.ledger, new_holder(UlidFactory(clock)), clock, settings.lease_seconds)
        if settings.nats_url:
            started.enter_context(_bus(settings, store, leases))
        stopping = started.pop_all()
    try:
        yield
    finally:
        await asyncio.to_thread(stopping.close)  # they finish what they are in the middle of


@contextmanager
def _bus(settings: Settings, store: Store, leases: Leases) -> Iterator[None]:
    wishes = StreamWishes(
        settings.nats_stream,
        _SUBJECTS,
        keep_seconds=timedelta(days=settings.nats_keep_days).total_seconds(),
        window_seconds=_WINDOW.total_seconds(),
    )
    servers = [url.strip() for url in (settings.nats_url or "").split(",")]
    with closing(JetStream(servers, wishes, settings.nats_credentials)) as stream:
        relay = Relay(stream, Envelopes(store.vault.patient_key))
        subscription = subscription_of(store, relay, leases)
        with running(relay.name, store.handler.hints, subscription.round, subscription.leave):
            yield


def subscription_of(store: Store, consumer: Consumer, leases: Leases) -> Subscription:
    parking = LedgerParking(store.ledger, store.handler.clock)
    return Subscription(store.ledger, store.feed, consumer, leases, parking, dice)
