"""The inbox of a gateway's webhooks: every delivery leaves a trace, one of them its body."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from event_store.aggregates.settlement_file.commands import IngestGatewayWebhook, RecordWebhookAttempt
from event_store.aggregates.settlement_file.events import (
    GatewayWebhookAccepted,
    GatewayWebhookAttempted,
    GatewayWebhookDuplicated,
)
from event_store.catalogue import encode_payload
from mymedic.errors import Refused
from tests.scenario import Scenario

BODY = b'{"event":"payment.captured","payload":{"payment":{"entity":{"id":"pay_1","contact":"+919800000001"}}}}'


def delivery(event_id: str = "evt_gateway_1", body: bytes = BODY) -> IngestGatewayWebhook:
    return IngestGatewayWebhook(
        gateway="razorpay",
        gateway_event_id=event_id,
        event_name="payment.captured",
        entity_id="pay_1",
        translated_command="CapturePayment",
        raw_body=body,
    )


def attempt(number: int, outcome: Any, code: str | None = None) -> RecordWebhookAttempt:
    return RecordWebhookAttempt(
        gateway="razorpay", gateway_event_id="evt_gateway_1", attempt=number, outcome=outcome, code=code
    )


def test_the_first_delivery_is_accepted_with_its_body_sealed() -> None:
    (event,) = Scenario().when(delivery())
    assert isinstance(event, GatewayWebhookAccepted)
    assert event.body_sha256 == hashlib.sha256(BODY).hexdigest()
    assert event.pii is not None and event.pii.raw_body == BODY
    assert b"9800000001" not in encode_payload(event)


def test_a_second_delivery_is_a_duplicate_that_points_to_the_first() -> None:
    scenario = Scenario()
    scenario.when(delivery("evt_gateway_0"))
    scenario.when(delivery())
    (event,) = scenario.when(delivery())
    assert isinstance(event, GatewayWebhookDuplicated)
    assert event.first_seen_version == 2
    assert scenario.state("settlement_file", "inbox-razorpay").deliveries == 3


def test_one_event_id_with_two_bodies_is_no_duplicate() -> None:
    scenario = Scenario()
    scenario.when(delivery())
    with pytest.raises(Refused) as refusal:
        scenario.when(delivery(body=BODY + b" "))
    assert refusal.value.code == "IDEMPOTENCY_CONFLICT"


def test_gateways_have_inboxes_of_their_own() -> None:
    scenario = Scenario()
    scenario.when(delivery())
    from msgspec.structs import replace

    (event,) = scenario.when(replace(delivery(), gateway="cashfree"))
    assert isinstance(event, GatewayWebhookAccepted)


def test_a_parked_delivery_waits_twice_as_long_each_time() -> None:
    scenario = Scenario()
    scenario.when(delivery())
    waits = []
    for number in range(11):
        (event,) = scenario.when(attempt(number, "parked", "NOT_FOUND"))
        assert isinstance(event, GatewayWebhookAttempted) and event.retry_at is not None
        waits.append(event.retry_at - scenario.now)
    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert max(waits) == timedelta(hours=6)
    assert sum(waits, timedelta()) > timedelta(hours=20)


def test_a_parked_delivery_ends_applied_or_orphaned() -> None:
    scenario = Scenario()
    scenario.when(delivery())
    scenario.when(attempt(0, "parked", "NOT_FOUND"))
    inbox = scenario.state("settlement_file", "inbox-razorpay")
    assert inbox.parked["evt_gateway_1"].accepted_version == 1
    (event,) = scenario.when(attempt(1, "applied"))
    assert isinstance(event, GatewayWebhookAttempted) and event.retry_at is None
    assert inbox.parked == {}


@pytest.mark.parametrize(
    ("given", "asked"),
    [([], attempt(1, "parked")), ([], attempt(0, "applied")), ([attempt(0, "parked")], attempt(0, "parked"))],
)
def test_attempts_come_in_order(given: list[RecordWebhookAttempt], asked: RecordWebhookAttempt) -> None:
    scenario = Scenario()
    scenario.when(delivery())
    for command in given:
        scenario.when(command)
    with pytest.raises(Refused) as refusal:
        scenario.when(asked)
    assert refusal.value.code == "INVALID_STATE"


def test_an_attempt_needs_its_delivery() -> None:
    scenario = Scenario()
    scenario.when(delivery("evt_gateway_0"))
    with pytest.raises(Refused) as refusal:
        scenario.when(attempt(0, "parked"))
    assert refusal.value.code == "NOT_FOUND"
