"""Those who follow the log with effects (the bus, webhooks), each in a thread of its own, as configured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from datetime import timedelta

from event_store.store import Store
from event_store.subscriptions.backoff import BackOff, dice
from event_store.subscriptions.endpoints import Endpoint, Endpoints
from event_store.subscriptions.leases import Leases, new_holder
from event_store.subscriptions.parking import LedgerParking
from event_store.subscriptions.subscription import Subscription
from event_store.subscriptions.worker import running
from integrations.bus.jetstream import JetStream, StreamWishes
from integrations.bus.outbound import Relay
from integrations.cloudevents import Envelopes
from integrations.webhooks.addresses import Reach
from integrations.webhooks.outbound import Delivering
from integrations.webhooks.posting import Poster
from integrations.webhooks.worker import LEASE, WebhookWorker
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
        started.enter_context(_webhooks(settings, store, leases))
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
        back_off = BackOff(store.handler.clock, dice)
        subscription = Subscription(store.ledger, store.feed, relay, leases, parking_of(store), back_off)
        with running(relay.name, store.handler.hints, subscription.round, subscription.leave):
            yield


@contextmanager
def _webhooks(settings: Settings, store: Store, leases: Leases) -> Iterator[None]:
    """There is nothing to be done until a tenant has an endpoint."""
    endpoints = endpoints_of(store)
    with closing(poster_of(settings)) as poster:

        def line_of(endpoint: Endpoint) -> tuple[Delivering, Subscription]:
            delivering = delivering_to(endpoint, store, endpoints, poster)
            back_off = BackOff(store.handler.clock, dice, first=1.0, longest=3_600.0)
            return delivering, Subscription(
                store.ledger, store.feed, delivering, leases, parking_of(store), back_off, cut=delivering.cut
            )

        worker = WebhookWorker(endpoints, leases, poster, line_of)
        with running(LEASE, store.handler.hints, worker.round, worker.leave):
            yield


def endpoints_of(store: Store) -> Endpoints:
    clock = store.handler.clock
    return Endpoints(store.ledger, store.vault, clock, UlidFactory(clock))


def poster_of(settings: Settings) -> Poster:
    reach = Reach([str(one) for one in settings.webhook_networks], allows_http=settings.webhook_plain_http)
    return Poster(reach)


def delivering_to(endpoint: Endpoint, store: Store, endpoints: Endpoints, poster: Poster) -> Delivering:
    return Delivering(endpoint, endpoints, poster, Envelopes(store.vault.patient_key), store.handler.clock)


def parking_of(store: Store) -> LedgerParking:
    return LedgerParking(store.ledger, store.handler.clock)
