"""The events themselves, each with who is behind it, its policies, and the hashes that prove it (DOMAIN §7)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from event_store.audit.answers import Answer, stated
from event_store.audit.asked import Asked
from event_store.audit.book import Book, Entry
from event_store.audit.sight import MASKED, Sealed, clear_part, sealed_part
from event_store.causation import Link
from mymedic.messages import Actor, Timestamp


class Proof(Struct, frozen=True, kw_only=True):
    """`event_hash` follows from `prev_hash`, the envelope and `payload_digest` (docs/explanation/ledger.md)."""

    seq: int
    event_hash: str
    prev_hash: str
    payload_digest: str


class AuditedEvent(Struct, frozen=True, kw_only=True):
    """`causation`: the commands behind it, its own first, back to the first cause; `initiator` is the first of them
    that nobody in the product sent. `payload` is the clear part in today's shape, or `[masked]`.
    """

    seq: int
    event_id: str
    event_type: str
    schema_version: int
    stream_id: str
    stream_version: int
    occurred_at: Timestamp
    recorded_at: Timestamp
    branch_id: str | None
    patient_id: str | None
    appointment_id: str | None
    payment_id: str | None
    admission_id: str | None
    claim_id: str | None
    actor: Actor
    channel: str
    command_id: str | None
    causation_id: str
    correlation_id: str | None
    causation: tuple[Link, ...]
    initiator: Link | None
    policy_version_ids: tuple[str, ...]
    payload: dict[str, Any] | str
    pii: Sealed | None
    proof: Proof


class AuditedEvents(Answer, frozen=True, kw_only=True):
    rows: tuple[AuditedEvent, ...]


def events(book: Book, asked: Asked) -> AuditedEvents:
    """The events of a subject, in order of seq."""
    page = book.page(asked)
    chains = book.chains(page.entries)
    rows = tuple(_audited(book, entry, chains[entry.seq]) for entry in page.entries)
    return AuditedEvents(**stated(book, asked, page), rows=rows)


def initiator(chain: tuple[Link, ...]) -> Link | None:
    """The first command behind an event that came from outside of the product; None when a timer set it off."""
    return next((link for link in chain if link.is_initiative), None)


def _audited(book: Book, entry: Entry, chain: tuple[Link, ...]) -> AuditedEvent:
    told, row = entry.told, entry.row
    return AuditedEvent(
        seq=told.seq,
        event_id=told.event_id,
        event_type=told.event_type,
        schema_version=told.schema_version,
        stream_id=told.stream_id,
        stream_version=told.stream_version,
        occurred_at=told.occurred_at,
        recorded_at=told.recorded_at,
        branch_id=told.branch_id,
        patient_id=told.patient_id,
        appointment_id=told.appointment_id,
        payment_id=told.payment_id,
        admission_id=told.admission_id,
        claim_id=told.claim_id,
        actor=told.actor,
        channel=told.channel,
        command_id=told.command_id,
        causation_id=told.causation_id,
        correlation_id=told.correlation_id,
        causation=chain,
        initiator=initiator(chain),
        policy_version_ids=told.policy_version_ids,
        payload=clear_part(row, book.pasts) if book.sight.sees_payload else MASKED,
        pii=sealed_part(row, book.vault),
        proof=Proof(**{name: row[name] for name in Proof.__struct_fields__}),
    )
