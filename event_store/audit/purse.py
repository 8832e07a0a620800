"""The payments that concern a subject, with every event that moves their money."""

from __future__ import annotations

from collections.abc import Iterable

from event_store.aggregates.payment.state import State
from event_store.audit.asked import Asked, Subject
from event_store.audit.book import Book, Entry
from event_store.catalogue import AGGREGATES
from event_store.ledger.reads import Span
from event_store.states import stream_of

_PAYMENT = AGGREGATES["payment"]
_OF_PAYMENTS = stream_of("payment", "")


class Purse:
    """`entries`: of all the payments within the reader's sight, in order of seq; `withheld`: those of the others."""

    def __init__(self, book: Book, payment_ids: Iterable[str]) -> None:
        streams = [stream_of("payment", one) for one in dict.fromkeys(payment_ids)]
        found = book.entries("stream", streams, Span(0, book.until.seq)) if streams else []
        beyond = {entry.told.stream_id for entry in found if not book.sight.admits(entry.row)}
        self.entries = [entry for entry in found if entry.told.stream_id not in beyond]
        self.withheld = len(found) - len(self.entries)

    def steps(self) -> Iterable[tuple[Entry, State, int]]:
        """Each event with the payment after it, and what it changed of what is available of it."""
        states: dict[str, State] = {}
        for entry in self.entries:
            stream_id = entry.told.stream_id
            state = states.setdefault(stream_id, _PAYMENT.fresh(stream_id.removeprefix(_OF_PAYMENTS)))
            before = state.available_paise
            _PAYMENT.evolve(state, entry.event)
            yield entry, state, state.available_paise - before


def purse_of(book: Book, asked: Asked) -> Purse:
    """Payments that the subject's events name, and those that stand against its invoices; a payment is itself alone."""
    book.sight.require_figures()
    tag = book.tag_of(asked.subject)
    if (payment_id := _payment(asked.subject)) is not None:
        return Purse(book, [payment_id])
    about = book.whole(tag)
    invoice_ids = {one for entry in about if (one := getattr(entry.event, "invoice_id", None) or _invoice(entry))}
    paid = book.whole(("invoice", sorted(invoice_ids)))
    return Purse(book, [one.told.payment_id for one in sorted([*about, *paid], key=_seq) if one.told.payment_id])


def _payment(subject: Subject) -> str | None:
    if subject.kind == "stream" and subject.id.startswith(_OF_PAYMENTS):
        return subject.id.removeprefix(_OF_PAYMENTS)
    return subject.id if subject.kind == "payment" else None


def _invoice(entry: Entry) -> str | None:
    prefix = stream_of("invoice", "")
    return entry.told.stream_id.removeprefix(prefix) if entry.told.stream_id.startswith(prefix) else None


def _seq(entry: Entry) -> int:
    return entry.seq
