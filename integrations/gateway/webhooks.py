"""Deliveries of a gateway: verify, record, translate, apply; what comes too early is parked and tried again."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from event_store.aggregates.payment.commands import FailPayment
from event_store.aggregates.settlement_file.commands import (
    MAX_BODY_BYTES,
    IngestGatewayWebhook,
    RecordWebhookAttempt,
)
from event_store.aggregates.settlement_file.events import (
    AttemptOutcome,
    GatewayWebhookAccepted,
    GatewayWebhookDuplicated,
)
from event_store.aggregates.settlement_file.state import INBOX
from integrations.desk import Desk
from integrations.gateway.translate_webhook import Delivery, is_id, payment_command, read_delivery
from mymedic.errors import CODES, Refused
from mymedic.ids import derived_id
from mymedic.messages import Actor, Command, Envelope

SIGNATURE_HEADER = "x-razorpay-signature"
EVENT_ID_HEADER = "x-razorpay-event-id"
LAST_ATTEMPT = 11  # a day after the first, when gateways stop redelivering too
# Our side of the fact may still come: the payment, its capture, the refund going out.
_WAITS = frozenset({"NOT_FOUND", "PAYMENT_NOT_CAPTURED", "INVALID_STATE"})

Status = Literal["applied", "duplicate", "parked", "orphan", "ignored", "refused"]


@dataclass(frozen=True, slots=True)
class WebhookOutcome:
    """What became of a delivery. `http_status` is what to answer the gateway: anything but 2xx makes it redeliver."""

    status: Status
    http_status: int
    gateway_event_id: str | None = None
    event_name: str | None = None
    command: str | None = None
    attempt: int = 0
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class _Door:
    """One tenant's inbox of one gateway."""

    desk: Desk
    tenant_id: str
    gateway: str

    @property
    def inbox_id(self) -> str:
        return INBOX + self.gateway

    def command_id(self, *parts: str) -> str:
        return derived_id("cmd", self.tenant_id, self.gateway, *parts)

    def envelope(self, command: Command, command_id: str, causation_id: str | None = None) -> Envelope:
        return Envelope(
            command=command,
            command_id=command_id,
            tenant_id=self.tenant_id,
            actor=Actor(type="integration", id=f"integration:{self.gateway}", roles=("IN",)),
            issued_at=self.desk.clock.now(),
            causation_id=causation_id,
        )

    def holder(self, kind: str, value: str) -> str | None:
        return self.desk.holder(self.tenant_id, kind, value)


def is_authentic(raw_body: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """HMAC-SHA256 of the raw bytes under any of the endpoint's secrets; every comparison takes the same time."""
    given = signature.encode("utf-8", "surrogateescape")
    matches = [
        hmac.compare_digest(hmac.new(secret.encode(), raw_body, hashlib.sha256).hexdigest().encode(), given)
        for secret in secrets
        if secret
    ]
    return any(matches)


def deliver(
    desk: Desk,
    tenant_id: str,
    headers: Mapping[str, str],
    raw_body: bytes,
    *,
    secrets: Sequence[str],
    gateway: str = "razorpay",
) -> WebhookOutcome:
    """Take one delivery. `secrets` are the endpoint's current one and, during a rotation, the one before it."""
    door = _Door(desk, tenant_id, gateway)
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        if len(raw_body) > MAX_BODY_BYTES:
            raise Refused("BODY_TOO_LARGE", f"a webhook has at most {MAX_BODY_BYTES} bytes")
        if not is_authentic(raw_body, lowered.get(SIGNATURE_HEADER, ""), secrets):
            raise Refused("SIGNATURE_INVALID", "the signature is not that of this body under the endpoint's secret")
        delivery = read_delivery(raw_body, gateway, desk.clock.now())
        event_id, is_new, causation_id = _record(door, delivery, lowered.get(EVENT_ID_HEADER, ""), raw_body)
        outcome = _first_attempt(door, delivery, event_id, is_new, causation_id)
    except Refused as refusal:
        return WebhookOutcome("refused", refusal.http_status, code=refusal.code, message=refusal.message)
    if outcome.status == "applied":
        _retry_waiting_for(door, delivery)
    return outcome


def retry_parked(desk: Desk, tenant_id: str, *, gateway: str = "razorpay") -> list[WebhookOutcome]:
    """Try the parked deliveries whose time has come."""
    door, now = _Door(desk, tenant_id, gateway), desk.clock.now()
    parked = desk.state(tenant_id, "settlement_file", door.inbox_id).parked
    due = sorted(event_id for event_id, waiting in parked.items() if waiting.retry_at <= now)
    return [_retry(door, event_id) for event_id in due]


def _record(door: _Door, delivery: Delivery, given_id: str, raw_body: bytes) -> tuple[str, bool, str | None]:
    """Enter the delivery into the inbox: (event id, whether it is new, id of the event recorded)."""
    body_sha256 = hashlib.sha256(raw_body).hexdigest()
    # The header is not signed: an id that is malformed, or was used for another body, gives way to the body's hash.
    for event_id in filter(is_id, (given_id, body_sha256)):
        command = IngestGatewayWebhook(
            gateway=door.gateway,
            gateway_event_id=event_id,
            event_name=delivery.event_name,
            entity_id=delivery.entity_id,
            gateway_payment_id=delivery.gateway_payment_id,
            order_id=delivery.order_id,
            translated_command=delivery.command.__name__ if delivery.command else None,
            raw_body=raw_body,
        )
        try:
            (event,) = door.desk.preview(door.envelope(command, door.command_id("webhook", event_id)))
        except Refused as refusal:
            if event_id != body_sha256 and refusal.code == "IDEMPOTENCY_CONFLICT":
                continue
            raise
        ordinal = "0"
        if isinstance(event, GatewayWebhookDuplicated):
            ordinal = str(door.desk.state(door.tenant_id, "settlement_file", door.inbox_id).deliveries)
        ack = door.desk.submit(door.envelope(command, door.command_id("webhook", event_id, body_sha256, ordinal)))
        if ack.error is not None:
            raise Refused(ack.error.code, ack.error.message, **ack.error.details)
        is_new = isinstance(event, GatewayWebhookAccepted) and ack.status == "accepted"
        return event_id, is_new, next(iter(ack.event_ids), None)
    raise AssertionError("the hash of a body is a possible event id")


def _first_attempt(
    door: _Door, delivery: Delivery, event_id: str, is_new: bool, causation_id: str | None
) -> WebhookOutcome:
    """Apply a new delivery. One seen before is applied again only in case the first time did not get that far."""
    if delivery.command is None:
        return WebhookOutcome("ignored" if is_new else "duplicate", 200, event_id, delivery.event_name)
    parked = door.desk.state(door.tenant_id, "settlement_file", door.inbox_id).parked
    if event_id in parked:
        return _retry(door, event_id)
    outcome = _apply(door, delivery, event_id, 0, causation_id if is_new else None)
    if is_new or outcome.status != "applied":
        return outcome
    return WebhookOutcome("duplicate", 200, event_id, delivery.event_name, outcome.command)


def _apply(
    door: _Door, delivery: Delivery, event_id: str, attempt: int, causation_id: str | None = None
) -> WebhookOutcome:
    """Send the translated command under the id that belongs to this attempt, and note an attempt that failed."""
    assert delivery.command is not None
    name = delivery.command.__name__
    code, message = _send(door, delivery, event_id, attempt, causation_id)
    if code is not None and CODES[code].retryable:
        return WebhookOutcome(
            "refused", CODES[code].http_status, event_id, delivery.event_name, name, attempt, code, message
        )
    status: AttemptOutcome = "applied" if code is None else "orphan"
    is_overtaken = delivery.command is FailPayment and code == "INVALID_STATE"  # another attempt was captured
    if code in _WAITS and attempt < LAST_ATTEMPT and not is_overtaken:
        status = "parked"
    if code is not None or attempt > 0:
        _note(door, event_id, attempt, status, code, delivery.gateway_payment_id)
    return WebhookOutcome(status, 200, event_id, delivery.event_name, name, attempt, code, message)


def _note(
    door: _Door, event_id: str, attempt: int, outcome: AttemptOutcome, code: str | None, payment: str | None = None
) -> None:
    note = RecordWebhookAttempt(
        gateway=door.gateway,
        gateway_event_id=event_id,
        gateway_payment_id=payment,
        attempt=attempt,
        outcome=outcome,
        code=code,
    )
    door.desk.submit(door.envelope(note, door.command_id("attempt", event_id, str(attempt))))


def _send(
    door: _Door, delivery: Delivery, event_id: str, attempt: int, causation_id: str | None
) -> tuple[str | None, str | None]:
    """(None, None) when the command was taken, else the code and message of its refusal."""
    try:
        command = payment_command(delivery, door.holder)
    except Refused as refusal:
        return refusal.code, refusal.message
    command_id = door.command_id("apply", event_id, str(attempt))
    ack = door.desk.submit(door.envelope(command, command_id, causation_id))
    if ack.error is None or ack.error.code == "IDEMPOTENCY_CONFLICT":
        return None, None  # a conflict: this attempt was decided before, when less was known of the payment
    return ack.error.code, ack.error.message


def _retry(door: _Door, event_id: str) -> WebhookOutcome:
    waiting = door.desk.state(door.tenant_id, "settlement_file", door.inbox_id).parked[event_id]
    accepted = door.desk.opened(door.tenant_id, "settlement_file", door.inbox_id, waiting.accepted_version)
    assert isinstance(accepted, GatewayWebhookAccepted)
    if accepted.pii is None:  # its key was destroyed: nobody can know any more what it said
        _note(door, event_id, waiting.attempt, "orphan", "PATIENT_ERASED")
        return WebhookOutcome(
            "orphan", 200, event_id, accepted.event_name, attempt=waiting.attempt, code="PATIENT_ERASED"
        )
    delivery = read_delivery(accepted.pii.raw_body, door.gateway, door.desk.clock.now())
    return _apply(door, delivery, event_id, waiting.attempt)


def _retry_waiting_for(door: _Door, delivery: Delivery) -> None:
    """What was waiting for this payment need not wait for its timer."""
    parked = door.desk.state(door.tenant_id, "settlement_file", door.inbox_id).parked
    payment = delivery.gateway_payment_id
    for event_id in sorted(id for id, waiting in parked.items() if payment and waiting.gateway_payment_id == payment):
        _retry(door, event_id)
