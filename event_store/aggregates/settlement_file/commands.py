"""What may be asked of a settlement file and of the inbox of a gateway's webhooks."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from event_store.aggregates.settlement_file.events import AttemptOutcome, EntityType, SettlementFormat
from mymedic.messages import Command, Count, Id, LongText, Paise, Sha256, Text, Timestamp, Value

MAX_BODY_BYTES = 262_144  # a gateway's largest webhook is under 64 KiB


class IngestGatewayWebhook(Command, frozen=True, kw_only=True):
    """C84. A delivery whose signature the door has verified over `raw_body`; the rest is the door's translation."""

    who: ClassVar[frozenset[str]] = frozenset({"IN"})
    is_from_door: ClassVar[bool] = True
    gateway: Id
    gateway_event_id: Id
    event_name: Text
    entity_id: Id | None = None
    gateway_payment_id: Id | None = None
    order_id: Id | None = None
    translated_command: Text | None = None
    raw_body: Annotated[bytes, Meta(max_length=MAX_BODY_BYTES)]


class RecordWebhookAttempt(Command, frozen=True, kw_only=True):
    """What became of applying a delivery; asked only when the first attempt did not succeed."""

    who: ClassVar[frozenset[str]] = frozenset({"IN"})
    is_from_door: ClassVar[bool] = True
    gateway: Id
    gateway_event_id: Id
    gateway_payment_id: Id | None = None
    attempt: Count
    outcome: AttemptOutcome
    code: Text | None = None


class SettlementLine(Value, frozen=True, kw_only=True):
    """A row of a settlement file in the canonical form; `row` is where the file has it."""

    row: Count
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


class IngestSettlementFile(Command, frozen=True, kw_only=True):
    """C85. A gateway's file as lines. A large file comes as several parts, numbered from 1, each whole settlements."""

    who: ClassVar[frozenset[str]] = frozenset({"IN", "FN"})
    gateway: Id
    format: SettlementFormat
    file_name: Text
    file_sha256: Sha256
    part: Annotated[int, Meta(ge=1, le=10_000)] = 1
    parts: Annotated[int, Meta(ge=1, le=10_000)] = 1
    lines: Annotated[tuple[SettlementLine, ...], Meta(max_length=100_000)]
