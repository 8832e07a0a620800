"""What every answer has in common: of what it is, as known when, and where the tenant's chain stood then."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from event_store.audit.asked import Asked, Subject
from event_store.audit.book import Book, Entry, Page
from mymedic.messages import Timestamp


class Head(Struct, frozen=True, kw_only=True):
    """The last event that was known: its seq and its hash, which stands for everything before it."""

    seq: int
    event_hash: str


class Answer(Struct, frozen=True, kw_only=True):
    """`as_of` is when the last event that was looked at was recorded. `withheld`: events beyond the reader's sight.

    `next` is the `page` to go on with; without it, this was all.
    """

    tenant_id: str
    subject: Subject
    as_of: Timestamp
    head: Head
    withheld: int = 0
    next: str | None = None


def stated(book: Book, asked: Asked, page: Page | None = None) -> dict[str, Any]:
    """The fields of `Answer`."""
    return {
        "tenant_id": book.tenant_id,
        "subject": asked.subject,
        "as_of": book.as_of,
        "head": Head(seq=book.until.seq, event_hash=book.until.event_hash),
        "withheld": page.withheld if page else 0,
        "next": page.next if page else None,
    }


def amount_of(entry: Entry) -> int | None:
    """The sum that an event is about, in paise, where it is about one."""
    for name in ("amount_paise", "total_paise", "refund_paise", "price_quoted_paise", "net_paise"):
        amount: int | None = getattr(entry.event, name, None)
        if amount is not None:
            return amount
    return None
