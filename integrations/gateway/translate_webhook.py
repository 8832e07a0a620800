"""Webhook bodies to payment commands. Pure: what has to be looked up comes in as a function."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from event_store.aggregates.payment.commands import (
    CapturePayment,
    FailPayment,
    OpenDispute,
    RecordAuthorization,
    RecordRefundFailed,
    RecordRefundProcessed,
    ResolveDispute,
    UpdateDispute,
)
from mymedic.clock import EPOCH
from mymedic.errors import Refused
from mymedic.messages import Command

# (guard kind, value) -> id of the aggregate that holds it
Holder = Callable[[str, str], str | None]

_ID = re.compile(r"[A-Za-z0-9_.:-]{3,64}")
_REFERENCE = re.compile(r"[A-Za-z0-9]{1,32}")
_MODES = ("upi", "card", "netbanking", "wallet")
_TIMEOUTS = ("payment_timed_out", "payment_timeout", "timed_out", "payment_session_expired")
_TECHNICAL = ("gateway", "internal", "issuer_bank", "beneficiary_bank", "network")


class Body(Struct, frozen=True):
    """The parts of a delivery that are read; the rest stays in the sealed body."""

    event: str
    payload: dict[str, Any]
    created_at: int | None = None


class Delivery(Struct, frozen=True):
    """An authentic delivery: its event, its entity and when the gateway says it happened."""

    gateway: str
    event_name: str
    entity: dict[str, Any]
    at: datetime
    command: type[Command] | None

    @property
    def entity_id(self) -> str | None:
        return self.id("id")

    @property
    def gateway_payment_id(self) -> str | None:
        """The gateway payment that the delivery is about."""
        return self.entity_id if self.entity_name == "payment" else self.id("payment_id")

    @property
    def order_id(self) -> str | None:
        return self.entity_id if self.entity_name == "order" else self.id("order_id")

    @property
    def entity_name(self) -> str:
        return _entity_name(self.event_name)

    def id(self, field: str) -> str | None:
        value = self.entity.get(field)
        return value if is_id(value) else None

    def part(self, field: str) -> dict[str, Any]:
        value = self.entity.get(field)
        return value if isinstance(value, dict) else {}


def read_delivery(raw_body: bytes, gateway: str, received_at: datetime) -> Delivery:
    """The delivery in a body; VALIDATION_FAILED when an authentic body is not what the gateway documents."""
    try:
        body = msgspec.json.decode(raw_body, type=Body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused("VALIDATION_FAILED", f"the body is not a webhook of {gateway}: {str(error)[:200]}") from error
    wrapper = body.payload.get(_entity_name(body.event))
    entity = wrapper.get("entity") if isinstance(wrapper, dict) else None
    made = MAKERS.get(body.event)
    if made is not None and not isinstance(entity, dict):
        raise Refused("VALIDATION_FAILED", f"{body.event} without its entity", field="payload")
    return Delivery(
        gateway=gateway,
        event_name=body.event[:200] or "unknown",
        entity=entity if isinstance(entity, dict) else {},
        at=_time(body.created_at) or received_at,
        command=made[0] if made else None,
    )


def payment_command(delivery: Delivery, holder: Holder) -> Command:
    """The command that a delivery asks for. NOT_FOUND while our side of it has not happened yet."""
    command, fields_of = MAKERS[delivery.event_name]
    fields = {name: value for name, value in fields_of(delivery, holder).items() if value is not None}
    try:
        return msgspec.convert(fields, command)
    except msgspec.ValidationError as error:
        raise Refused("VALIDATION_FAILED", f"{delivery.event_name}: {error}", entity_id=delivery.entity_id) from error


def _authorization(delivery: Delivery, holder: Holder) -> dict[str, Any]:
    return {
        "payment_id": _payment_of_order(delivery, holder),
        "gateway_payment_id": delivery.entity_id,
        "authorized_at": delivery.at,
    }


def _capture(delivery: Delivery, holder: Holder) -> dict[str, Any]:
    """`fee` and `tax` as the gateway reports them: the fee includes the tax."""
    entity, card, acquirer = delivery.entity, delivery.part("card"), delivery.part("acquirer_data")
    mode = entity.get("method")
    return {
        "order_id": delivery.id("order_id"),
        "payment_id": _known_payment(delivery, holder),
        "gateway": delivery.gateway,
        "gateway_payment_id": delivery.entity_id,
        "amount_paise": entity.get("amount"),
        "currency": entity.get("currency"),
        "mode": mode if mode in _MODES else None,
        "rrn": _reference(acquirer.get("rrn")),
        "auth_code": acquirer.get("auth_code"),
        "vpa_masked": masked_vpa(entity.get("vpa")),
        "card_network": card.get("network"),
        "card_type": card.get("type"),
        "card_last4": card.get("last4"),
        "fee_paise": entity.get("fee"),
        "tax_paise": entity.get("tax"),
        "captured_at": delivery.at,
        "source": "webhook",
    }


def _failure(delivery: Delivery, holder: Holder) -> dict[str, Any]:
    entity = delivery.entity
    return {
        "payment_id": _payment_of_order(delivery, holder),
        "gateway_payment_id": delivery.entity_id,
        "error_code": entity.get("error_code") or "unknown",
        "error_source": entity.get("error_source") or "unknown",
        "decline_type": decline_type(entity),
    }


def _refund(delivery: Delivery, holder: Holder) -> dict[str, Any]:
    """Our refund's id is the receipt that we gave it at the gateway; the notes may repeat it."""
    refund_id = delivery.part("notes").get("refund_id") or delivery.entity.get("receipt")
    if not is_id(refund_id):
        raise Refused("NOT_FOUND", "the refund names no refund of ours", entity_id=delivery.entity_id)
    return {"payment_id": _payment_of_gateway(delivery, holder), "refund_id": refund_id}


def _refund_processed(delivery: Delivery, holder: Holder) -> dict[str, Any]:
    acquirer = delivery.part("acquirer_data")
    return {
        **_refund(delivery, holder),
        "gateway_refund_id": delivery.entity_id,
        "arn_or_rrn": _reference(acquirer.get("arn")) or _reference(acquirer.get("rrn")),
        "processed_at": delivery.at,
    }


def _refund_failed(delivery: Delivery, holder: Holder) -> dict[str, Any]:
    """A bad request stays bad; a gateway's or a server's error may pass."""
    error_code = delivery.entity.get("error_code") or "unknown"
    return {**_refund(delivery, holder), "error_code": error_code, "final": error_code == "BAD_REQUEST_ERROR"}


def _dispute_opened(delivery: Delivery, holder: Holder) -> dict[str, Any]:
    entity = delivery.entity
    return {
        "payment_id": _payment_of_gateway(delivery, holder),
        "dispute_id": delivery.entity_id,
        "gateway_dispute_id": delivery.entity_id,
        "amount_paise": entity.get("amount"),
        "phase": entity.get("phase"),
        "respond_by": _time(entity.get("respond_by")) or delivery.at,
        "deduct_at_onset": bool(entity.get("deduct_at_onset") or entity.get("amount_deducted")),
    }


def _dispute_updated(delivery: Delivery, holder: Holder) -> dict[str, Any]:
    return {"dispute_id": delivery.entity_id, "status": delivery.event_name.rpartition(".")[2]}


def _dispute_resolved(delivery: Delivery, holder: Holder) -> dict[str, Any]:
    return {
        "dispute_id": delivery.entity_id,
        "outcome": delivery.event_name.rpartition(".")[2],
        "amount_deducted_paise": delivery.entity.get("amount_deducted", 0),
    }


MAKERS: dict[str, tuple[type[Command], Callable[[Delivery, Holder], dict[str, Any]]]] = {
    "payment.authorized": (RecordAuthorization, _authorization),
    "payment.captured": (CapturePayment, _capture),
    "payment.failed": (FailPayment, _failure),
    "refund.processed": (RecordRefundProcessed, _refund_processed),
    "refund.failed": (RecordRefundFailed, _refund_failed),
    "payment.dispute.created": (OpenDispute, _dispute_opened),
    "payment.dispute.under_review": (UpdateDispute, _dispute_updated),
    "payment.dispute.action_required": (UpdateDispute, _dispute_updated),
    "payment.dispute.won": (ResolveDispute, _dispute_resolved),
    "payment.dispute.lost": (ResolveDispute, _dispute_resolved),
    "payment.dispute.closed": (ResolveDispute, _dispute_resolved),
}


def decline_type(entity: dict[str, Any]) -> str:
    """Why a payment failed, in the four kinds that matter: whose doing was it?"""
    reason, source = str(entity.get("error_reason")), str(entity.get("error_source"))
    if reason == "payment_cancelled":
        return "user_cancelled"
    if reason in _TIMEOUTS:
        return "timeout"
    if source in _TECHNICAL or entity.get("error_code") in ("GATEWAY_ERROR", "SERVER_ERROR"):
        return "technical"
    return "business"


def is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def masked_vpa(vpa: Any) -> str | None:
    """`ra***@okaxis`: enough to recognise one's own UPI id, not enough to read another's."""
    if not isinstance(vpa, str) or not vpa:
        return None
    name, _, provider = vpa.partition("@")
    return f"{name[:2]}***@{provider}"[:100]


def _entity_name(event_name: str) -> str:
    return "dispute" if event_name.startswith("payment.dispute.") else event_name.partition(".")[0]


def _known_payment(delivery: Delivery, holder: Holder) -> str | None:
    return holder("gateway_payment", f"{delivery.gateway}#{delivery.gateway_payment_id}")


def _payment_of_gateway(delivery: Delivery, holder: Holder) -> str:
    payment_id = _known_payment(delivery, holder)
    if payment_id is None:
        raise Refused("NOT_FOUND", "no payment with this gateway payment", id=delivery.gateway_payment_id)
    return payment_id


def _payment_of_order(delivery: Delivery, holder: Holder) -> str:
    order_id = delivery.id("order_id")
    payment_id = _known_payment(delivery, holder) or (holder("order", order_id) if order_id else None)
    if payment_id is None:
        raise Refused("NOT_FOUND", "no payment with this order", order_id=order_id)
    return payment_id


def _reference(value: Any) -> str | None:
    return value if isinstance(value, str) and _REFERENCE.fullmatch(value) else None


def _time(seconds: Any) -> datetime | None:
    """Unix seconds before the year 2100."""
    if isinstance(seconds, int) and 0 < seconds < 4_102_444_800:
        return EPOCH + timedelta(seconds=seconds)
    return None
