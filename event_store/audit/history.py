"""Q1 what happened, Q2 in which order, Q3 who initiated it."""

from __future__ import annotations

from msgspec import Struct

from event_store.audit.answers import Answer, amount_of, stated
from event_store.audit.asked import Asked
from event_store.audit.book import Book
from event_store.audit.events import initiator
from event_store.audit.sight import Sealed, sealed_part
from event_store.catalogue import kebab
from event_store.causation import Link
from mymedic.clock import micros
from mymedic.messages import Actor, Timestamp


class Happening(Struct, frozen=True, kw_only=True):
    """`what` in words; `amount_paise` where the event is about a sum."""

    seq: int
    occurred_at: Timestamp
    event_type: str
    what: str
    stream_id: str
    branch_id: str | None
    amount_paise: int | None
    actor: Actor
    channel: str
    pii: Sealed | None


class Timeline(Answer, frozen=True, kw_only=True):
    rows: tuple[Happening, ...]


class Placed(Struct, frozen=True, kw_only=True):
    """Both clocks. `late_ms`: how long after it happened it was recorded. `is_out_of_order`: something that happened
    later had been recorded before it.
    """

    seq: int
    event_type: str
    stream_id: str
    occurred_at: Timestamp
    recorded_at: Timestamp
    late_ms: int
    is_out_of_order: bool


class Order(Answer, frozen=True, kw_only=True):
    """`is_in_order`: on this page, the order of recording is the order of happening."""

    is_in_order: bool
    rows: tuple[Placed, ...]


class Initiated(Struct, frozen=True, kw_only=True):
    """Who sent the command, and the first one behind it that came from outside; None when a timer set it off."""

    seq: int
    event_type: str
    stream_id: str
    occurred_at: Timestamp
    actor: Actor
    channel: str
    initiator: Link | None
    chain: tuple[Link, ...]


class Initiators(Answer, frozen=True, kw_only=True):
    rows: tuple[Initiated, ...]


def timeline(book: Book, asked: Asked) -> Timeline:
    """Q1."""
    page = book.page(asked)
    rows = tuple(
        Happening(
            seq=entry.seq,
            occurred_at=entry.told.occurred_at,
            event_type=entry.told.event_type,
            what=in_words(entry.told.event_type),
            stream_id=entry.told.stream_id,
            branch_id=entry.told.branch_id,
            amount_paise=amount_of(entry) if book.sight.sees_payload else None,
            actor=entry.told.actor,
            channel=entry.told.channel,
            pii=sealed_part(entry.row, book.vault),
        )
        for entry in page.entries
    )
    return Timeline(**stated(book, asked, page), rows=rows)


def order(book: Book, asked: Asked) -> Order:
    """Q2. Whether something is out of order is told of all that is known of the subject, not of this page alone."""
    page = book.page(asked)
    latest = book.last_before(asked.subject, page.entries[0].seq - 1) if page.entries else 0
    rows = []
    for entry in page.entries:
        occurred_at, recorded_at = micros(entry.told.occurred_at), micros(entry.told.recorded_at)
        rows.append(
            Placed(
                seq=entry.seq,
                event_type=entry.told.event_type,
                stream_id=entry.told.stream_id,
                occurred_at=entry.told.occurred_at,
                recorded_at=entry.told.recorded_at,
                late_ms=(recorded_at - occurred_at) // 1000,
                is_out_of_order=occurred_at < latest,
            )
        )
        latest = max(latest, occurred_at)
    is_in_order = not any(row.is_out_of_order for row in rows)
    return Order(**stated(book, asked, page), is_in_order=is_in_order, rows=tuple(rows))


def initiators(book: Book, asked: Asked) -> Initiators:
    """Q3."""
    page = book.page(asked)
    chains = book.chains(page.entries)
    rows = tuple(
        Initiated(
            seq=entry.seq,
            event_type=entry.told.event_type,
            stream_id=entry.told.stream_id,
            occurred_at=entry.told.occurred_at,
            actor=entry.told.actor,
            channel=entry.told.channel,
            initiator=initiator(chains[entry.seq]),
            chain=chains[entry.seq],
        )
        for entry in page.entries
    )
    return Initiators(**stated(book, asked, page), rows=rows)


def in_words(event_type: str) -> str:
    """`AppointmentCancelled` -> `Appointment cancelled`."""
    return kebab(event_type).replace("-", " ").capitalize()
