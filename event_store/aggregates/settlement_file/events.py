"""What happens to a settlement file and to the inbox of a gateway's webhooks."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct

from mymedic.messages import Count, Event, Id, LongText, Paise, Sha256, Text, Timestamp

SettlementFormat = Literal["razorpay_recon_api_v1", "razorpay_recon_csv_v1", "generic_csv_v1"]
EntityType = Literal["payment", "refund", "adjustment", "transfer"]
AttemptOutcome = Literal["parked", "applied", "orphan"]


class WebhookPii(Struct, frozen=True, kw_only=True):
    """The body exactly as it came; payloads name payers, so it is sealed."""

    raw_body: bytes


class GatewayWebhookAccepted(Event, frozen=True, kw_only=True):
    """An authentic delivery, seen for the first time. `translated_command` is None when it asks for nothing.

    Its references say whose payment the sealed body names, once that person is to be forgotten.
    """

    retention: ClassVar[tuple[str, ...]] = ("financial_gst",)
    gateway: Id
    gateway_event_id: Id
    event_name: Text
    entity_id: Id | None = None
    gateway_payment_id: Id | None = None
    order_id: Id | None = None
    body_sha256: Sha256
    translated_command: Text | None = None
    pii: WebhookPii | None = None


class GatewayWebhookDuplicated(Event, frozen=True, kw_only=True):
    """The same gateway event delivered again; `first_seen_version` is the inbox's version at the first delivery."""

    gateway: Id
    gateway_event_id: Id
    first_seen_version: Count
    body_sha256: Sha256


class GatewayWebhookAttempted(Event, frozen=True, kw_only=True):
    """A delivery that could not be applied at once: what became of one attempt, and why.

    `accepted_version` is where the inbox keeps its body; `retry_at` is set while it is parked.
    """

    retention: ClassVar[tuple[str, ...]] = ("financial_gst",)
    gateway: Id
    gateway_event_id: Id
    gateway_payment_id: Id | None = None
    accepted_version: Count
    attempt: Count
    outcome: AttemptOutcome
    code: Text | None = None
    retry_at: Timestamp | None = None


class SettlementFileIngested(Event, frozen=True, kw_only=True):
    """One file, or one part of a large one. Rows that an earlier file brought already are counted, not recorded."""

    retention: ClassVar[tuple[str, ...]] = ("financial_gst",)
    gateway: Id
    format: SettlementFormat
    file_name: Text
    file_sha256: Sha256
    part: Count
    parts: Count
    rows: Count
    rows_recorded: Count
    rows_redelivered: Count
    gross_credit_paise: Paise
    gross_debit_paise: Paise
    settlement_ids: tuple[str, ...] = ()


class SettlementLineRecorded(Event, frozen=True, kw_only=True):
    """The canonical settlement line of DOMAIN §6.2, amounts in paise."""

    retention: ClassVar[tuple[str, ...]] = ("financial_gst",)
    line_id: Id
    gateway: Id
    settlement_id: Id | None = None
    settlement_utr: Id | None = None
    entity_type: EntityType
    entity_id: Id
    payment_id_ref: Id | None = None
    order_id: Id | None = None
    order_receipt: Text | None = None
    dispute_id: Id | None = None
    method: Text | None = None
    card_network: Text | None = None
    card_type: Text | None = None
    amount_paise: Paise
    fee_excl_paise: Paise
    tax_paise: Paise
    credit_paise: Paise
    debit_paise: Paise
    on_hold: bool = False
    settled: bool = False
    created_at: Timestamp
    settled_at: Timestamp | None = None
    description: LongText | None = None
    raw_sha256: Sha256


EVENTS: tuple[type[Event], ...] = (
    GatewayWebhookAccepted,
    GatewayWebhookDuplicated,
    GatewayWebhookAttempted,
    SettlementFileIngested,
    SettlementLineRecorded,
)
