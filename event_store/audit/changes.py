"""Q4 what changed: each event as the patch from its stream before it to its stream after it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from event_store.audit.answers import Answer, stated
from event_store.audit.asked import Asked
from event_store.audit.book import Book, Entry
from event_store.audit.patch import Operation, patch, plain
from event_store.audit.sight import MASKED
from event_store.catalogue import aggregate_of_stream
from event_store.ledger.reads import Span
from mymedic.messages import Timestamp


class Changed(Struct, frozen=True, kw_only=True):
    """The stream's state at version n-1, as JSON, becomes that at version n by this patch (RFC 6902)."""

    seq: int
    occurred_at: Timestamp
    event_type: str
    stream_id: str
    stream_version: int
    patch: tuple[Operation, ...]


class Changes(Answer, frozen=True, kw_only=True):
    rows: tuple[Changed, ...]


def changes(book: Book, asked: Asked) -> Changes:
    """Q4."""
    page = book.page(asked)
    patches = _patches(book, page.entries)
    rows = tuple(
        Changed(
            seq=entry.seq,
            occurred_at=entry.told.occurred_at,
            event_type=entry.told.event_type,
            stream_id=entry.told.stream_id,
            stream_version=entry.told.stream_version,
            patch=tuple(patches[entry.seq] if book.sight.sees_payload else _masked(patches[entry.seq])),
        )
        for entry in page.entries
    )
    return Changes(**stated(book, asked, page), rows=rows)


def _patches(book: Book, entries: Iterable[Entry]) -> dict[int, list[Operation]]:
    """seq -> patch; each stream is folded once, from its beginning."""
    wanted: dict[str, set[int]] = {}
    for entry in entries:
        wanted.setdefault(entry.told.stream_id, set()).add(entry.seq)
    found: dict[int, list[Operation]] = {}
    for stream_id, seqs in wanted.items():
        aggregate, id = aggregate_of_stream(stream_id)
        state = aggregate.fresh(id)
        snapshot: Any = None  # of the state as it is, if it was taken
        for entry in book.entries("stream", [stream_id], Span(0, max(seqs))):
            before = None
            if entry.seq in seqs:
                before = plain(state) if snapshot is None else snapshot
            aggregate.evolve(state, entry.event)
            snapshot = None
            if before is not None:
                snapshot = plain(state)
                found[entry.seq] = patch(before, snapshot)
    return found


def _masked(operations: Iterable[Operation]) -> list[Operation]:
    """What was touched, not what stands there."""
    return [one | {"value": MASKED} if "value" in one else one for one in operations]
