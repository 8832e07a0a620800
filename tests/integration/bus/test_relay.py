"""The log on a real JetStream: every event, once after its id, in order per stream, without anything of a person."""

from __future__ import annotations

import asyncio
import json

import msgspec
import nats
import pytest
from nats.js.api import StreamConfig

from event_store.subscriptions.parking import LedgerParking
from event_store.subscriptions.subscription import Unavailable
from integrations.bus.jetstream import JetStream, Message
from integrations.cloudevents import Envelopes
from tests.integration.bus.conftest import WISHES, first_sightings, read, relaying
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import TENANT, accepted, open_drawer, patient, petty, register_tenant, submit
from tests.nats_server import NatsServer


def fill(bench: Bench, drawers: int = 3, each: int = 5) -> list[str]:
    register_tenant(bench.store)
    streams = []
    for number in range(drawers):
        stream = accepted(submit(bench.store, open_drawer(f"drw_{number}"), f"cmd_open_{number}")).stream_id
        assert stream is not None
        streams.append(stream)
    more(bench, streams, each)
    return streams


def more(bench: Bench, streams: list[str], each: int, name: str = "a") -> None:
    for number in range(each):
        for stream in streams:
            accepted(submit(bench.store, petty(stream.removeprefix("cash-")), f"cmd_{name}{number}_{stream}"))


def told(events: list[dict[str, object]]) -> list[int]:
    return [int(str(event["sequence"])) for event in events]


def in_order(events: list[dict[str, object]]) -> bool:
    """Whether each stream is told in its order."""
    versions: dict[object, list[object]] = {}
    for event in events:
        versions.setdefault(event["subject"], []).append(event["streamversion"])
    return all(found == list(range(1, len(found) + 1)) for found in versions.values())


def test_the_log_is_published_under_its_subjects(bench: Bench, server: NatsServer, stream: JetStream) -> None:
    fill(bench)
    relaying(bench, stream).drain()
    found = read(server)
    assert sorted(told([event for _, _, event in found])) == list(range(1, bench.store.feed.head(TENANT) + 1))
    assert in_order([event for _, _, event in found])
    assert {subject for subject, _, _ in found} == {
        f"med.{TENANT}.tenant.TenantRegistered",
        f"med.{TENANT}.branch.BranchRegistered",
        f"med.{TENANT}.cash_session.CashSessionOpened",
        f"med.{TENANT}.cash_session.CashMovementRecorded",
    }
    for _, headers, event in found:
        assert headers["Nats-Msg-Id"] == event["id"]
        assert headers["Content-Type"] == "application/cloudevents+json"
    assert len(read(server, f"med.{TENANT}.cash_session.>")) == 18


def test_a_cloud_event_says_what_happened(bench: Bench, server: NatsServer, stream: JetStream) -> None:
    fill(bench, drawers=1, each=1)
    relaying(bench, stream).drain()
    ((_, _, event),) = read(server, f"med.{TENANT}.cash_session.CashMovementRecorded")
    assert {name: event[name] for name in ("specversion", "source", "type", "time", "datacontenttype")} == {
        "specversion": "1.0",
        "source": f"/mymedic/{TENANT}",
        "type": "mymedic.cash_session.CashMovementRecorded",
        "time": "2026-11-02T04:30:00Z",
        "datacontenttype": "application/json",
    }
    assert event["dataschema"] == "urn:mymedic:event:CashMovementRecorded:1"
    assert event["subject"] == event["partitionkey"] and event["sequence"] == f"{4:020d}"
    assert event["data"]["amount_paise"] == 100
    assert all(name.isascii() and name.isalnum() and name == name.lower() for name in event), "CloudEvents' naming"


def test_nothing_of_a_person_leaves(bench: Bench, server: NatsServer, stream: JetStream) -> None:
    register_tenant(bench.store)
    ack = accepted(submit(bench.store, patient(), "cmd_patient"))
    assert ack.stream_id is not None
    patient_id = ack.stream_id.removeprefix("patient-")
    relaying(bench, stream).drain()
    key = bench.store.vault.patient_key(TENANT, patient_id)
    ((_, _, event),) = read(server, f"med.{TENANT}.patient.>")
    assert event["subject"] == f"patient-{key}" and event["patientkey"] == key
    assert event["data"]["sex"] == "female"
    told = json.dumps(read(server))
    for secret in (patient_id, "Asha", "9812345678", "phone_hash", "name_hash", "pii"):
        assert secret not in told


def test_the_same_event_has_the_same_bytes(bench: Bench) -> None:
    fill(bench, drawers=1, each=1)
    envelopes = Envelopes(bench.store.vault.patient_key)
    once = [envelopes.encoded(event) for event in bench.store.feed.read(TENANT)]
    again = Envelopes(bench.again().vault.patient_key)
    assert [again.encoded(event) for event in bench.again().feed.read(TENANT)] == once
    assert all(msgspec.json.decode(body)["specversion"] == "1.0" for body in once)


def test_what_is_published_twice_is_kept_once(bench: Bench, server: NatsServer, stream: JetStream) -> None:
    fill(bench)
    relaying(bench, stream).drain()
    with bench.store.ledger.write() as session:
        session.set_checkpoint(TENANT, "bus", 3)  # as if it had died before it could note how far it had come
    relaying(bench, stream, batch=7).drain()
    assert len(read(server)) == bench.store.feed.head(TENANT)


@pytest.mark.parametrize("dies_after", range(5))
def test_killed_between_two_steps_nothing_is_lost(
    bench: Bench, server: NatsServer, stream: JetStream, dies_after: int
) -> None:
    fill(bench)
    relay = relaying(bench, stream, batch=30)
    publish, calls = stream.publish, 0

    def dying(messages: list[Message]) -> dict[str, str]:
        nonlocal calls
        calls += 1
        if calls > dies_after:
            raise KeyboardInterrupt
        return publish(messages)

    stream.publish = dying  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        relay.drain()
    stream.publish = publish  # type: ignore[method-assign]
    relaying(bench, stream, bench.again()).drain()
    events = [event for _, _, event in read(server)]
    assert len(events) == bench.store.feed.head(TENANT) and in_order(events)


def test_a_server_killed_mid_flow_loses_nothing(bench: Bench, fresh_server: NatsServer) -> None:
    """Killed with SIGKILL while batches go out, and started again on what it had stored."""
    stream = JetStream([fresh_server.url], WISHES)
    relay = relaying(bench, stream, batch=10)
    fill(bench, drawers=3, each=10)
    assert relay.round() is False, "it is absent: that stops nobody"
    with pytest.raises(Unavailable, match="NATS"):
        stream.publish([])
    publish, calls = stream.publish, 0

    def interrupted(messages: list[Message]) -> dict[str, str]:
        nonlocal calls
        calls += 1
        if calls in (4, 9):
            publish(messages[:1])  # some of it has arrived when the server dies
            fresh_server.kill()
        elif calls in (5, 11):
            fresh_server.start()
        return publish(messages)

    fresh_server.start()
    stream.publish = interrupted  # type: ignore[method-assign]
    head = bench.store.feed.head(TENANT)
    for _ in range(60):
        bench.clock.at = relay.back_off.next_due() or bench.clock.at
        relay.round()
    found = read(fresh_server)
    events = first_sightings(found)
    assert sorted(told(events)) == list(range(1, head + 1)) and in_order(events)
    assert calls > 11
    stream.close()


def test_a_message_too_large_is_parked_with_its_stream(bench: Bench, fresh_server: NatsServer) -> None:
    fresh_server.start()
    stream = JetStream([fresh_server.url], WISHES)
    stream.publish([])
    asyncio.run(limited(fresh_server))
    streams = fill(bench, drawers=2, each=2)
    large = msgspec.structs.replace(petty(streams[0].removeprefix("cash-")), reference="float " * 80)
    accepted(submit(bench.store, large, "cmd_large"))
    more(bench, streams, 1, "b")
    relaying(bench, stream).drain()
    (waiting,) = LedgerParking(bench.store.ledger, bench.clock).waiting()
    assert (waiting.consumer, waiting.stream_id, waiting.first_seq) == ("bus", streams[0], 9)
    assert "more than the stream takes" in waiting.error
    assert sorted(told([event for _, _, event in read(fresh_server)])) == [1, 2, 3, 4, 5, 6, 7, 8, 11]
    stream.close()


async def limited(server: NatsServer) -> None:
    """Its operator has limited the stream, and added a subject of his own."""
    client = await nats.connect(server.url)
    config = StreamConfig(name=WISHES.name, subjects=["med.>", "other"], max_msg_size=1000, duplicate_window=60)
    await client.jetstream().update_stream(config)
    await client.close()


def test_a_stream_that_is_there_is_brought_up_to_date_and_keeps_what_was_set_on_it(fresh_server: NatsServer) -> None:
    fresh_server.start()
    for _ in range(2):
        stream = JetStream([fresh_server.url], WISHES)
        stream.publish([])
        stream.close()
        asyncio.run(limited(fresh_server))
    stream = JetStream([fresh_server.url], WISHES)
    stream.publish([])
    stream.close()

    async def config() -> StreamConfig:
        client = await nats.connect(fresh_server.url)
        found = (await client.jetstream().stream_info(WISHES.name)).config
        await client.close()
        return found

    found = asyncio.run(config())
    assert (found.max_msg_size, found.duplicate_window, found.max_age) == (1000, 600, 86_400)
    assert sorted(found.subjects or []) == ["med.>", "other"]
