"""A real server, and what a consumer of the bus reads from it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import nats
import pytest

from event_store.store import Store
from event_store.subscriptions.backoff import BackOff
from event_store.subscriptions.leases import Leases
from event_store.subscriptions.parking import LedgerParking
from event_store.subscriptions.subscription import Subscription
from integrations.bus.jetstream import JetStream, StreamWishes
from integrations.bus.outbound import Relay
from integrations.cloudevents import Envelopes
from tests.integration.ledger.conftest import Bench, bench, engine_url
from tests.nats_server import NatsServer

__all__ = ["bench", "engine_url"]

WISHES = StreamWishes("MED", ["med.>"], keep_seconds=86_400.0, window_seconds=600.0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[NatsServer]:
    """One that a test may kill; not running yet."""
    folder = tmp_path / "nats"
    folder.mkdir()
    server = NatsServer(folder)
    yield server
    server.kill()


@pytest.fixture
def stream(server: NatsServer) -> Iterator[JetStream]:
    stream = JetStream([server.url], WISHES)
    yield stream
    stream.close()
    asyncio.run(_deleted(server))


async def _deleted(server: NatsServer) -> None:
    client = await nats.connect(server.url)
    await client.jetstream().delete_stream(WISHES.name)  # with it, what it remembers of ids
    await client.close()


def relaying(bench: Bench, stream: JetStream, store: Store | None = None, batch: int = 20) -> Subscription:
    store = store or bench.store
    relay = Relay(stream, Envelopes(store.vault.patient_key))
    leases = Leases(store.ledger, "one", bench.clock)
    parking = LedgerParking(store.ledger, bench.clock)
    return Subscription(
        store.ledger, store.feed, relay, leases, parking, BackOff(bench.clock, lambda: 1.0), batch=batch
    )


def read(server: NatsServer, subject: str = "med.>") -> list[tuple[str, dict[str, str], dict[str, Any]]]:
    """(subject, headers, CloudEvent) of all that the server keeps under a subject, in its order."""

    async def fetched() -> list[Any]:
        client = await nats.connect(server.url)
        found: list[Any] = []
        subscription = await client.jetstream().subscribe(subject, ordered_consumer=True)
        while True:
            message = await subscription.next_msg(timeout=5)
            found.append((message.subject, dict(message.headers or {}), msgspec.json.decode(message.data)))
            if message.metadata.num_pending == 0:
                break
        await client.close()
        return found

    return asyncio.run(fetched())


def first_sightings(read: list[tuple[str, dict[str, str], dict[str, Any]]]) -> list[dict[str, Any]]:
    """What a consumer keeps that knows an event by its id."""
    return list({event["id"]: event for _, _, event in reversed(read)}.values())[::-1]
