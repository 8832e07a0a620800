"""Q6 what payment applied: captures and what became of them, with a running balance."""

from __future__ import annotations

from msgspec import Struct

from event_store.audit.answers import Answer, amount_of, stated
from event_store.audit.asked import Asked
from event_store.audit.book import Book
from event_store.audit.history import in_words
from event_store.audit.purse import purse_of
from mymedic.messages import Timestamp

# What changes nothing of what is available is shown where it moves money between two invoices or two parties.
_SHOWN = frozenset({"PaymentCaptured", "PaymentAllocated", "PaymentDeallocated", "RefundProcessed", "DisputeResolved"})


class Applied(Struct, frozen=True, kw_only=True):
    """`change_paise`: of what is available of the payment. `available_paise` is what is left of it, `balance_paise`
    what is left of all these payments together.
    """

    seq: int
    occurred_at: Timestamp
    payment_id: str
    event_type: str
    what: str
    amount_paise: int | None
    invoice_id: str | None
    mode: str | None
    channel: str | None
    reference: str | None
    change_paise: int
    available_paise: int
    balance_paise: int


class Payments(Answer, frozen=True, kw_only=True):
    """The sums are of all rows: captured = allocated + refunded + forfeited + reversed + lost + available."""

    captured_paise: int
    allocated_paise: int
    refunded_or_reserved_paise: int
    forfeited_paise: int
    reversed_paise: int
    dispute_lost_paise: int
    available_paise: int
    rows: tuple[Applied, ...]


def payments(book: Book, asked: Asked) -> Payments:
    """Q6."""
    purse = purse_of(book, asked)
    states, rows, balance = {}, [], 0
    for entry, state, change in purse.steps():
        balance += change
        states[entry.told.stream_id] = state
        if change or entry.told.event_type in _SHOWN:
            rows.append(
                Applied(
                    seq=entry.seq,
                    occurred_at=entry.told.occurred_at,
                    payment_id=state.payment_id,
                    event_type=entry.told.event_type,
                    what=in_words(entry.told.event_type),
                    amount_paise=amount_of(entry),
                    invoice_id=getattr(entry.event, "invoice_id", None) or state.invoice_id,
                    mode=state.mode,
                    channel=state.channel,
                    reference=state.rrn or state.gateway_payment_id,
                    change_paise=change,
                    available_paise=state.available_paise,
                    balance_paise=balance,
                )
            )
    known = states.values()
    return Payments(
        **stated(book, asked) | {"withheld": purse.withheld},
        captured_paise=sum(one.captured_paise for one in known),
        allocated_paise=sum(one.allocated_paise for one in known),
        refunded_or_reserved_paise=sum(one.refunded_or_reserved_paise for one in known),
        forfeited_paise=sum(one.forfeited_paise for one in known),
        reversed_paise=sum(one.reversed_paise for one in known),
        dispute_lost_paise=sum(one.dispute_lost_covered_paise for one in known),
        available_paise=sum(one.available_paise for one in known),
        rows=tuple(rows),
    )
