"""A tenant's log up to one seq, as one question reads it: by tag and by stream, never from end to end."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from event_store.audit.asked import WHOLE_LIMIT, Asked, Subject, page_after
from event_store.audit.sight import Sight
from event_store.catalogue import AGGREGATE_OF_STREAM
from event_store.causation import Link, chains_behind
from event_store.handle import Handler
from event_store.ledger.reads import Head, Reads, Span
from event_store.ledger.schema import CLEAR_COLUMNS, EVENT_COLUMNS
from event_store.past import Pasts
from event_store.recorded import Recorded, recorded
from event_store.retention.keys import Vault
from event_store.states import stream_of
from event_store.then import Then, records_then
from mymedic.clock import from_micros, micros
from mymedic.errors import Refused, not_found
from mymedic.messages import Ack, Event

Tag = tuple[str, list[str]]  # kind, ids
_ACK = msgspec.json.Decoder(Ack)
_CLEAR = len(CLEAR_COLUMNS)


class Entry(NamedTuple):
    """An event as it is stored, every column under its name, and as it is read today."""

    row: dict[str, Any]
    told: Recorded

    @property
    def seq(self) -> int:
        return self.told.seq

    @property
    def event(self) -> Event:
        return self.told.event


class Page(NamedTuple):
    """`withheld`: events of these that are beyond the reader's sight. `next`: where to go on, None at the end."""

    entries: list[Entry]
    withheld: int = 0
    next: str | None = None


class Book:
    """Reads of one tenant, `until` a seq: what was known then."""

    def __init__(self, reads: Reads, vault: Vault, pasts: Pasts, tenant_id: str, until: Head, sight: Sight) -> None:
        self.reads = reads
        self.vault = vault
        self.pasts = pasts
        self.tenant_id = tenant_id
        self.until = until
        self.sight = sight

    @property
    def as_of(self) -> datetime:
        return from_micros(self.until.recorded_at)

    def page(self, asked: Asked) -> Page:
        """The next events that were asked for, as far as they may be seen."""
        _, after_seq = asked.place
        span = Span(
            after_seq,
            self.until.seq,
            None if asked.from_at is None else micros(asked.from_at),
            None if asked.to_at is None else micros(asked.to_at),
            asked.types,
            asked.limit + 1,
        )
        found = self.entries(*self.tag_of(asked.subject), span)
        more = len(found) > asked.limit
        found = found[: asked.limit]
        shown = [entry for entry in found if self.sight.admits(entry.row)]
        after = page_after(self.until.seq, found[-1].seq) if more else None
        return Page(shown, len(found) - len(shown), after)

    def whole(self, *tags: Tag) -> list[Entry]:
        """Every event with any of these tags; VALIDATION_FAILED when they are more than can be added up at once."""
        span = Span(0, self.until.seq, limit=WHOLE_LIMIT + 1)
        found = {entry.seq: entry for kind, ids in tags if ids for entry in self.entries(kind, ids, span)}
        if len(found) > WHOLE_LIMIT:
            raise Refused("VALIDATION_FAILED", f"this is about more than {WHOLE_LIMIT} events: ask about a part of it")
        return [found[seq] for seq in sorted(found)]

    def entries(self, kind: str, ids: Sequence[str], span: Span) -> list[Entry]:
        return [self._entry(row) for row in self.reads.traced(self.tenant_id, kind, ids, span)]

    def stream(self, aggregate: str, id: str) -> list[Entry]:
        """A stream as it was known."""
        return self.entries("stream", [stream_of(aggregate, id)], Span(0, self.until.seq))

    def event(self, event_id: str) -> Entry | None:
        row = self.reads.event(self.tenant_id, event_id)
        entry = self._entry(row) if row is not None else None
        return entry if entry is not None and entry.seq <= self.until.seq else None

    def tag_of(self, subject: Subject) -> Tag:
        """Under which tag the subject's events are found; NOT_FOUND where there is nothing, or nothing in reach."""
        kind, ids = subject.kind, [subject.id]
        if subject.kind == "stream" and subject.id.partition("-")[0] not in AGGREGATE_OF_STREAM:
            raise not_found("stream", subject.id)
        if subject.kind == "patient":
            ids = records_then(self.reads, self.pasts, self.tenant_id, subject.id, self.until.seq + 1)
        if not self._is_reached(kind, ids):
            raise not_found(subject.kind, subject.id)
        return kind, ids

    def _is_reached(self, kind: str, ids: list[str]) -> bool:
        if self.sight.branches is None:
            return bool(self.reads.traced(self.tenant_id, kind, ids, Span(0, self.until.seq, limit=1)))
        found = self.reads.traced_about(self.tenant_id, kind, ids, self.until.seq)
        return not self.sight.branches.isdisjoint(branch_id for branch_id, _ in found)

    def last_before(self, subject: Subject, seq: int) -> int:
        """The latest moment at which something of the subject had happened, up to a seq, in microseconds; 0 if none."""
        found = self.reads.traced_about(self.tenant_id, *self.tag_of(subject), seq)
        return max((last for _, last in found), default=0)

    def chains(self, entries: Collection[Entry]) -> dict[int, tuple[Link, ...]]:
        """seq -> the commands behind an event, its own first."""
        return chains_behind(self.reads, self.tenant_id, [tuple(entry.row.values()) for entry in entries])

    def then(self, entry: Entry, id: str) -> Then:
        """The world as the decision that gave this event saw it, for the aggregate with this id."""
        first = self._first_of_command(entry)
        return Then(self.reads, self.pasts, self.tenant_id, first, id, entry.told.occurred_at)

    def _first_of_command(self, entry: Entry) -> int:
        """The seq of the first event of the same command: nothing of it was there when it was decided."""
        command_id = entry.told.command_id
        answered = self.reads.command(self.tenant_id, command_id) if command_id is not None else None
        first = _ACK.decode(answered[1]).first_seq if answered is not None else None
        return entry.seq if first is None else first

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        return Entry(dict(zip(EVENT_COLUMNS, row, strict=True)), recorded(row[:_CLEAR], self.pasts))


@contextmanager
def opened(handler: Handler, tenant_id: str, sight: Sight, asked: Asked) -> Iterator[Book]:
    """The log as it was known at `as_of`; a later page sees what the first one saw, whatever was recorded since."""
    with handler.ledger.read() as reads:
        head = reads.head(tenant_id)
        if head is None:
            raise Refused("NOT_FOUND", "there is no such tenant")
        wanted, _ = asked.place
        if wanted is not None or asked.as_of is not None:
            head = _known(reads, tenant_id, head, wanted, asked.as_of)
        yield Book(reads, handler.vault, handler.pasts, tenant_id, head, sight)


def _known(reads: Reads, tenant_id: str, head: Head, seq: int | None, as_of: datetime | None) -> Head:
    """Where the log ended at an instant, and not beyond a seq."""
    until = head.seq if seq is None else min(seq, head.seq)
    if as_of is not None:
        until = min(until, reads.known_at(tenant_id, micros(as_of))[0])
    return reads.end_at(tenant_id, until)
