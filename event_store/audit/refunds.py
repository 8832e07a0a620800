"""Q7 what was refunded: every refund with who asked, who approved, the bank's reference, and how long it took."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from event_store.aggregates.payment import events as e
from event_store.aggregates.payment.state import Refund
from event_store.aggregates.settlement_file.events import SettlementLineRecorded
from event_store.audit.answers import Answer, stated
from event_store.audit.asked import Asked
from event_store.audit.book import Book, Entry
from event_store.audit.events import initiator
from event_store.audit.purse import purse_of
from event_store.ledger.reads import Span
from event_store.states import stream_of
from mymedic.messages import Timestamp

_SECOND = timedelta(seconds=1)


class SettlementLine(Struct, frozen=True, kw_only=True):
    """The line with which the gateway settled a refund, and the event that brought it."""

    seq: int
    line_id: str
    settlement_id: str | None
    utr: str | None
    debit_paise: int
    settled_at: Timestamp | None


class Refunded(Struct, frozen=True, kw_only=True):
    """`requested_by` is who stands behind the request, `approved_by` a person or `policy`. `tat_seconds`: from the
    request until it was processed.
    """

    payment_id: str
    refund_id: str
    state: str
    amount_paise: int
    reason: str
    destination: str
    requested_at: Timestamp
    requested_by: str | None
    approved_at: Timestamp | None = None
    approved_by: str | None = None
    initiated_at: Timestamp | None = None
    attempts: int = 0
    processed_at: Timestamp | None = None
    gateway_refund_id: str | None = None
    arn_or_rrn: str | None = None
    tat_seconds: int | None = None
    settlement: SettlementLine | None = None
    seqs: tuple[int, ...] = ()


class Refunds(Answer, frozen=True, kw_only=True):
    """`by_state`: paise of the refunds in each state."""

    by_state: dict[str, int]
    rows: tuple[Refunded, ...]


def refunds(book: Book, asked: Asked) -> Refunds:
    """Q7."""
    purse = purse_of(book, asked)
    told: dict[tuple[str, str], list[Entry]] = {}
    for entry in purse.entries:
        refund_id = getattr(entry.event, "refund_id", None)
        if refund_id is not None:
            told.setdefault((entry.told.stream_id, refund_id), []).append(entry)
    states = {entry.told.stream_id: state for entry, state, _ in purse.steps()}
    rows = []
    for (stream_id, refund_id), entries in told.items():
        state = states[stream_id]
        rows.append(_row(book, entries, state.payment_id, refund_id, state.refunds[refund_id], state.gateway))
    by_state: dict[str, int] = {}
    for row in rows:
        by_state[row.state] = by_state.get(row.state, 0) + row.amount_paise
    by_state = dict(sorted(by_state.items()))
    return Refunds(**stated(book, asked) | {"withheld": purse.withheld}, by_state=by_state, rows=tuple(rows))


def _row(
    book: Book, entries: list[Entry], payment_id: str, refund_id: str, refund: Refund, gateway: str | None
) -> Refunded:
    requested = entries[0]
    who = initiator(book.chains([requested])[requested.seq])
    fields: dict[str, Any] = {}
    for entry in entries:
        fields |= _told_by(entry)
    if "processed_at" in fields:
        fields["tat_seconds"] = (fields["processed_at"] - requested.told.occurred_at) // _SECOND
    return Refunded(
        payment_id=payment_id,
        refund_id=refund_id,
        state=refund.status,
        amount_paise=refund.amount_paise,
        reason=refund.reason,
        destination=refund.destination,
        requested_at=requested.told.occurred_at,
        requested_by=who.actor.id if who is not None and who.actor is not None else requested.told.actor.id,
        attempts=refund.attempts,
        settlement=_settled(book, gateway, refund.gateway_refund_id),
        seqs=tuple(entry.seq for entry in entries),
        **fields,
    )


def _told_by(entry: Entry) -> dict[str, Any]:
    at: datetime = entry.told.occurred_at
    match entry.event:
        case e.RefundApproved(approval=approval):
            return {"approved_at": at, "approved_by": "policy" if approval == "auto" else entry.told.actor.id}
        case e.RefundInitiated():
            return {"initiated_at": at}
        case e.RefundProcessed() as processed:
            return {
                "processed_at": processed.processed_at,
                "gateway_refund_id": processed.gateway_refund_id,
                "arn_or_rrn": processed.arn_or_rrn,
            }
    return {}


def _settled(book: Book, gateway: str | None, gateway_refund_id: str | None) -> SettlementLine | None:
    """The guard of a line leads to its file: no file is searched that does not hold it. A held line settles nothing."""
    if gateway is None or gateway_refund_id is None:
        return None
    for _, file_id, _ in book.reads.guards(book.tenant_id, "settlement_line", f"{gateway}#refund#{gateway_refund_id}#"):
        stream_id = stream_of("settlement_file", file_id)
        for entry in book.entries("stream", [stream_id], Span(0, book.until.seq, types=("SettlementLineRecorded",))):
            line = entry.event
            if not isinstance(line, SettlementLineRecorded) or line.entity_id != gateway_refund_id:
                continue
            if line.settled and not line.on_hold:
                return SettlementLine(
                    seq=entry.seq,
                    line_id=line.line_id,
                    settlement_id=line.settlement_id,
                    utr=line.settlement_utr,
                    debit_paise=line.debit_paise,
                    settled_at=line.settled_at,
                )
    return None
