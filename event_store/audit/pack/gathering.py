"""Which events a pack holds: those of its subject, the streams that they are about, and what decided them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from event_store.audit.asked import Subject
from event_store.audit.book import Book, Entry
from event_store.audit.policies import published_by
from event_store.catalogue import AGGREGATES
from event_store.ledger.append_only import REPLACING
from event_store.ledger.chain import body_digest
from event_store.ledger.reads import Head, Span
from event_store.states import stream_of
from mymedic.errors import Refused

# Streams of one patient and nobody else: they go into a pack from their first event on. What others stand in as well, a
# bed or a schedule, is not taken whole, as `event_store.partial` takes it to replay: a pack leaves the house.
_OWN = ("appointment", "encounter", "service_request", "followup", "invoice", "payment", "admission", "claim")


class Gathered(NamedTuple):
    """`whole` streams are there from their first event to the last that was known; of others, only what concerns it.

    `head` is where the chain ended; beyond the moment that was asked for only where a body was replaced since.
    """

    entries: list[Entry]
    whole: dict[str, int]  # stream id -> its last version
    policies: list[str]  # version ids
    head: Head


def gathered(book: Book, subject: Subject) -> Gathered:
    """Everything known of a subject: its own events, the streams that they name, policies and prices behind them."""
    found = {entry.seq: entry for entry in book.whole(book.tag_of(subject))}
    streams = _streams_of(found.values())
    for stream_id in sorted(streams):
        _add(found, book.entries("stream", [stream_id], Span(0, book.until.seq)))
    _add(found, _prices(book, found.values()))
    pinned = sorted({one for entry in found.values() for one in entry.told.policy_version_ids})
    _add(found, [entry for one in pinned if (entry := published_by(book, one)) is not None])
    _add(found, _replacing(book, found.values()))
    entries = [found[seq] for seq in sorted(found)]
    whole: dict[str, int] = {}
    for entry in entries:
        if entry.told.stream_id in streams:
            whole[entry.told.stream_id] = entry.told.stream_version
    last = entries[-1].seq
    head = book.until if last <= book.until.seq else book.reads.end_at(book.tenant_id, last)
    return Gathered(entries, whole, pinned, head)


def _add(found: dict[int, Entry], entries: Iterable[Entry]) -> None:
    for entry in entries:
        found.setdefault(entry.seq, entry)


def _streams_of(entries: Iterable[Entry]) -> set[str]:
    """The subject's own streams: those that its events stand on, and those that they name by id."""
    prefixes = tuple(stream_of(name, "") for name in _OWN)
    found = set()
    for entry in entries:
        if entry.told.stream_id.startswith(prefixes):
            found.add(entry.told.stream_id)
        for name in _OWN:
            id = getattr(entry.event, f"{name}_id", None) or getattr(entry.told, f"{name}_id", None)
            if isinstance(id, str):
                found.add(stream_of(name, id))
    return found


def _prices(book: Book, entries: Iterable[Entry]) -> Iterable[Entry]:
    """The events that set the prices which others name."""
    named = {one for entry in entries if (one := getattr(entry.event, "price_version_id", None)) is not None}
    for price_version_id in sorted(named):
        held = book.reads.guard((book.tenant_id, "price_version", price_version_id))
        if held is not None:
            for entry in book.entries("stream", [stream_of("price", held.holder)], Span(0, book.until.seq)):
                if getattr(entry.event, "price_version_id", None) == price_version_id:
                    yield entry


def _replacing(book: Book, entries: Iterable[Entry]) -> list[Entry]:
    """The redactions and destructions after which bodies are not what the chain hashed; CHAIN_BROKEN without them."""
    changed = {entry.told.event_id: entry for entry in entries if not is_as_hashed(entry)}
    if not changed:
        return []
    subjects = {entry.told.patient_id for entry in changed.values() if entry.told.patient_id is not None}
    streams = [stream_of("data_subject", one) for one in sorted(subjects)]
    # Known or not at that moment: the body is what it is today.
    told = book.entries("stream", streams, Span(0, 2**62, types=REPLACING))
    naming = [entry for entry in told if any(one.event_id in changed for one in getattr(entry.event, "replaced", ()))]
    named = {one.event_id for entry in naming for one in getattr(entry.event, "replaced", ())}
    for event_id, entry in changed.items():
        if event_id not in named:
            raise Refused(
                "CHAIN_BROKEN", f"the body of seq {entry.seq} was changed; run `mymedic verify`", seq=entry.seq
            )
    return naming


def is_as_hashed(entry: Entry) -> bool:
    """Whether the body of an event is the one that its hash stands for."""
    row = entry.row
    return body_digest(row["payload"].encode(), row["pii"]) == row["payload_digest"]


assert set(_OWN) <= AGGREGATES.keys()
