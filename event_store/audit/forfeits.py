"""Q8 what was forfeited: what was kept and not given back, by which policy, with its tax and its ledger entries."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from event_store.aggregates.payment.events import DepositForfeited, DepositForfeitReversed
from event_store.audit.answers import Answer, stated
from event_store.audit.asked import Asked
from event_store.audit.book import Book
from event_store.audit.purse import purse_of
from mymedic.messages import Timestamp


class LedgerEntry(Struct, frozen=True, kw_only=True):
    """A leg of a posting; `seq` is that of the event which posts it."""

    seq: int
    posting: str
    account: str
    account_name: str
    side: str
    amount_paise: int
    branch_id: str


class Posted(Struct, frozen=True, kw_only=True):
    """What the published books hold of some events, and up to which seq they know the log."""

    last_seq: int
    entries: tuple[LedgerEntry, ...]


class Books(Protocol):
    """The published ledger, which this room may not read: whoever starts the program hands it in."""

    def posted(self, tenant_id: str, seqs: Collection[int]) -> Posted | None:
        """The legs that these events posted, by seq, debit first; None while nothing is published."""


class Forfeited(Struct, frozen=True, kw_only=True):
    """`net_paise` + `gst_paise` = `amount_paise`. `kept_paise` is 0 once it was reversed. `entries` None: the books
    that are published do not reach to it.
    """

    payment_id: str
    forfeit_id: str
    appointment_id: str
    seq: int
    occurred_at: Timestamp
    basis: str
    policy_version_id: str
    amount_paise: int
    gst_paise: int
    net_paise: int
    kept_paise: int
    reversed_at: Timestamp | None = None
    reversed_seq: int | None = None
    reversal_reason: str | None = None
    entries: tuple[LedgerEntry, ...] | None = None


class Forfeits(Answer, frozen=True, kw_only=True):
    """`kept_paise` = forfeited - reversed. `ledger_seq`: up to where the published books know the log; None without."""

    forfeited_paise: int
    reversed_paise: int
    kept_paise: int
    kept_gst_paise: int
    ledger_seq: int | None
    rows: tuple[Forfeited, ...]


def forfeits(book: Book, asked: Asked, books: Books | None = None) -> Forfeits:
    """Q8."""
    purse = purse_of(book, asked)
    found: dict[str, Forfeited] = {}
    for entry in purse.entries:
        match entry.event:
            case DepositForfeited() as event:
                found[event.forfeit_id] = Forfeited(
                    payment_id=entry.told.payment_id or "",
                    forfeit_id=event.forfeit_id,
                    appointment_id=event.appointment_id,
                    seq=entry.seq,
                    occurred_at=entry.told.occurred_at,
                    basis=event.basis,
                    policy_version_id=event.policy_version_id,
                    amount_paise=event.amount_paise,
                    gst_paise=event.gst_paise,
                    net_paise=event.amount_paise - event.gst_paise,
                    kept_paise=event.amount_paise,
                )
            case DepositForfeitReversed() as event:
                fields = {"reversed_at": entry.told.occurred_at, "reversed_seq": entry.seq}
                found[event.forfeit_id] = replace(
                    found[event.forfeit_id], kept_paise=0, reversal_reason=event.reason, **fields
                )
    seqs = [seq for row in found.values() for seq in (row.seq, row.reversed_seq) if seq is not None]
    posted = books.posted(book.tenant_id, seqs) if books is not None else None
    rows = tuple(_with_entries(row, posted) for row in found.values())
    return Forfeits(
        **stated(book, asked) | {"withheld": purse.withheld},
        forfeited_paise=sum(row.amount_paise for row in rows),
        reversed_paise=sum(row.amount_paise - row.kept_paise for row in rows),
        kept_paise=sum(row.kept_paise for row in rows),
        kept_gst_paise=sum(row.gst_paise for row in rows if row.kept_paise),
        ledger_seq=posted.last_seq if posted is not None else None,
        rows=rows,
    )


def _with_entries(row: Forfeited, posted: Posted | None) -> Forfeited:
    last = row.reversed_seq or row.seq
    if posted is None or posted.last_seq < last:
        return row
    return replace(row, entries=tuple(leg for leg in posted.entries if leg.seq in (row.seq, row.reversed_seq)))
