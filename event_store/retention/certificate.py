"""The certificate of a destruction, put together from the log: the same log always gives the same bytes (DOMAIN §9.2).

It is signed with the tenant's key; the hash chain proves the events that it rests on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from event_store.aggregates.data_subject.events import (
    DestructionExecuted,
    ErasureApproved,
    ErasureRequested,
    ErasureScope,
)
from event_store.aggregates.data_subject.state import REQUEST
from event_store.ledger.reads import Reads
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.ledger.session import Ledger
from event_store.past import Pasts
from event_store.recorded import Recorded, recorded
from event_store.retention.keys import Vault
from event_store.retention.signing import public_key, signature
from event_store.states import stream_of
from event_store.then import records_then
from mymedic.clock import from_micros
from mymedic.errors import Refused, not_found
from mymedic.messages import canonical_json

_HASHES = [EVENT_COLUMNS.index(name) for name in ("prev_hash", "event_hash")]
_REASONS = {
    "medico_legal": "the record of care stays, under ids alone; whoever it was about cannot be told from it",
    "financial_gst": "books are kept for the period of the law; amounts, dates and numbers name nobody (R-RET-1)",
    "hospital": "the stay and its charges stay, under ids alone",
    "insurance": "the claim and what was paid stay, under ids alone",
    "operational": "that messages were sent and data was read stays, without addresses and contents",
}
_STAYS_READABLE = "outside the scope of this request: it stays readable until its own period ends"
_BEYOND = "derived from the log: made anew without what was destroyed; not counted here"


class Step(Struct, frozen=True, kw_only=True):
    """Who did it, when it was recorded, and where it stands in the log."""

    by: str
    on_behalf_of: str | None
    at: datetime
    seq: int
    event_id: str
    event_hash: str


class StoreReport(Struct, frozen=True, kw_only=True):
    """What was done in one store, and how much of it."""

    store: Literal["keys", "log", "warehouse"]
    method: tuple[str, ...]
    counts: dict[str, int]


class RetainedClass(Struct, frozen=True, kw_only=True):
    """Events about the person that stay, by their retention classes."""

    classes: tuple[str, ...]
    events: int
    last_occurred_at: datetime
    reason: str


class Certificate(Struct, frozen=True, kw_only=True):
    """`subject_sha256` is that of `<tenant>|<patient id>`. `verified` lists what was held against the log."""

    certificate_id: str
    tenant_id: str
    request_id: str
    subject_sha256: str
    legal_basis: str
    scope: ErasureScope
    requested_by: str
    requested: Step
    earliest_execution_at: datetime
    approved: Step
    executed: Step
    stores: tuple[StoreReport, ...]
    key_ids: tuple[str, ...]
    chain_hash_before: str
    chain_hash_after: str
    manifest_sha256: str
    verified: tuple[str, ...]
    retained: tuple[RetainedClass, ...]
    not_counted: dict[str, str]


class _Row(NamedTuple):
    told: Recorded
    prev_hash: str
    event_hash: str

    def step(self) -> Step:
        told = self.told
        return Step(
            by=told.actor.id,
            on_behalf_of=told.actor.on_behalf_of,
            at=told.recorded_at,
            seq=told.seq,
            event_id=told.event_id,
            event_hash=self.event_hash,
        )


def certificate_of(ledger: Ledger, pasts: Pasts, tenant_id: str, id: str) -> Certificate:
    """The certificate with this id, or of the erasure request with this id; NOT_FOUND, or CHAIN_BROKEN when the log
    does not bear it out.
    """
    with ledger.read() as reads:
        rows, request_id, subject_id = _found(reads, pasts, tenant_id, id)
        of_request = [row for row in rows if getattr(row.told.event, "request_id", None) == request_id]
        requested, approved, executed = (
            next(row for row in of_request if isinstance(row.told.event, kind))
            for kind in (ErasureRequested, ErasureApproved, DestructionExecuted)
        )
        done, asked = executed.told.event, requested.told.event
        assert isinstance(done, DestructionExecuted) and isinstance(asked, ErasureRequested)
        verified = _verified(executed, rows)
        records = records_then(reads, pasts, tenant_id, subject_id, executed.told.seq)
        return Certificate(
            certificate_id=done.certificate_id,
            tenant_id=tenant_id,
            request_id=request_id,
            subject_sha256=sha256(f"{tenant_id}|{subject_id}".encode()).hexdigest(),
            legal_basis=_basis(requested.told, asked, records),
            scope=done.scope,
            requested_by=asked.requested_by,
            requested=requested.step(),
            earliest_execution_at=asked.earliest_execution_at,
            approved=approved.step(),
            executed=executed.step(),
            stores=_stores(done),
            key_ids=done.key_ids,
            chain_hash_before=done.before_chain_hash,
            chain_hash_after=executed.event_hash,
            manifest_sha256=done.manifest_sha256,
            verified=verified,
            retained=_retained(reads, tenant_id, records, executed.told.seq, done.scope),
            not_counted=dict.fromkeys(("exports", "landing", "live views", "warehouse"), _BEYOND),
        )


def signed_with(vault: Vault, certificate: Certificate) -> dict[str, Any]:
    """The certificate with the sha256 of its canonical JSON, and the tenant's Ed25519 signature of that JSON."""
    said = canonical_json(certificate)
    return {
        "certificate": certificate,
        "sha256": sha256(said).hexdigest(),
        "public_key": public_key(vault, certificate.tenant_id),
        "signature": signature(vault, certificate.tenant_id, said),
    }


def _found(reads: Reads, pasts: Pasts, tenant_id: str, id: str) -> tuple[list[_Row], str, str]:
    """(events of the subject, request id, subject id). A tenant has few erasures, and guards lead to each."""
    holders = {request_id: holder for request_id, holder, _ in reads.guards(tenant_id, REQUEST)}
    for subject_id in [holders[id]] if id in holders else sorted(set(holders.values())):
        rows = [
            _Row(recorded(row, pasts), *(row[index] for index in _HASHES))
            for row in reads.stream(tenant_id, stream_of("data_subject", subject_id))
        ]
        for row in rows:
            event = row.told.event
            if isinstance(event, DestructionExecuted) and id in (event.certificate_id, event.request_id):
                return rows, event.request_id, subject_id
    raise not_found("certificate", id)


def _verified(executed: _Row, rows: Sequence[_Row]) -> tuple[str, ...]:
    done = executed.told.event
    assert isinstance(done, DestructionExecuted)
    manifest = sha256(canonical_json({"key_ids": done.key_ids, "replaced": done.replaced})).hexdigest()
    first = next(row for row in rows if row.told.command_id == executed.told.command_id)
    if manifest != done.manifest_sha256 or first.prev_hash != done.before_chain_hash:
        raise Refused(
            "CHAIN_BROKEN",
            f"seq {executed.told.seq} does not bear out its own certificate; run `mymedic verify`",
            seq=executed.told.seq,
        )
    return (
        "manifest_sha256 is that of the keys and the replaced bodies which the event names",
        "chain_hash_before is where the log ended before the destruction",
    )


def _basis(requested: Recorded, asked: ErasureRequested, records: Sequence[str]) -> str:
    if asked.requested_by in records or requested.actor.type == "patient":
        return "DPDP Act 2023, section 12: erasure asked for by the data principal, or by who speaks for them"
    return "DPDP Act 2023, section 8(7): erasure by the data fiduciary, the purpose being served no longer"


def _stores(done: DestructionExecuted) -> tuple[StoreReport, ...]:
    """Which method was at work where; only stores in which something was done."""
    at_work: dict[Literal["keys", "log", "warehouse"], tuple[str, ...]] = {
        "keys": ("keys_destroyed",),
        "log": ("hashes_removed", "mentions_removed", "contact_removed"),
        "warehouse": ("pseudonym_rotated",),
    }
    counts = {
        "keys": {"keys": done.counts.keys},
        "log": {"events_unreadable": done.counts.events, "bodies_replaced": done.counts.bodies},
        "warehouse": {},
    }
    return tuple(
        StoreReport(store=store, method=used, counts=counts[store])
        for store, methods in at_work.items()
        if (used := tuple(one for one in methods if one in done.method))
    )


def _retained(
    reads: Reads, tenant_id: str, records: Sequence[str], before_seq: int, scope: ErasureScope
) -> tuple[RetainedClass, ...]:
    counted: dict[str, dict[int, int]] = {}
    for patient_id in records:
        for row in reads.tagged_classes(tenant_id, "patient", patient_id, before_seq):
            seq, stream_id, classes, occurred_at = row
            if not stream_id.startswith(stream_of("data_subject", "")):
                counted.setdefault(classes, {})[seq] = occurred_at
    return tuple(
        RetainedClass(
            classes=tuple(classes.split(",")),
            events=len(events),
            last_occurred_at=from_micros(max(events.values())),
            reason="; ".join(_REASONS[one] for one in classes.split(",")) if scope == "full" else _STAYS_READABLE,
        )
        for classes, events in sorted(counted.items())
    )
