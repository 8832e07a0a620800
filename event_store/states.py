"""Folded states of streams, remembered between commands and kept level with the log."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from event_store.catalogue import AGGREGATES, aggregate_of_stream
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.ledger.session import Reads
from event_store.recorded import decode_row, version_of
from mymedic.messages import Event

_STREAM = EVENT_COLUMNS.index("stream_id")
_TAGGED = ("patient_id", "appointment_id", "payment_id", "admission_id", "claim_id")
# Catching up event by event beats loading streams anew until about this many events.
CATCH_UP_LIMIT = 5_000


@dataclass(slots=True)
class Entry:
    """A folded stream: `state` after `version` events."""

    state: Any
    version: int


class States:
    """The states of one tenant. Valid up to `seq`; `catch_up` brings it level with what other processes appended."""

    def __init__(self, tenant_id: str, seq: int, capacity: int = 50_000) -> None:
        self.tenant_id = tenant_id
        self.seq = seq
        self._capacity = capacity
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._related: OrderedDict[tuple[str, str], dict[str, None]] = OrderedDict()

    def get(self, reads: Reads, stream_id: str) -> Entry:
        entry = self._entries.get(stream_id)
        if entry is None:
            aggregate, id = aggregate_of_stream(stream_id)
            entry = Entry(aggregate.fresh(id), 0)
            for row in reads.stream(self.tenant_id, stream_id):
                aggregate.evolve(entry.state, decode_row(row))
                entry.version = version_of(row)
            self._entries[stream_id] = entry
            if len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
        return entry

    def related(self, reads: Reads, kind: str, value: str) -> list[str]:
        """Streams with an event tagged `kind = value`, in order of their first."""
        key = (kind, value)
        found = self._related.get(key)
        if found is None:
            found = self._related[key] = dict.fromkeys(reads.streams_tagged(self.tenant_id, kind, value))
            if len(self._related) > self._capacity:
                self._related.popitem(last=False)
        return list(found)

    def applied(self, stream_id: str, tags: list[tuple[str, str]]) -> None:
        """An event was folded into a stream: the streams known by tag now include it."""
        for tag in tags:
            known = self._related.get(tag)
            if known is not None:
                known.setdefault(stream_id)

    def forget(self, stream_id: str) -> None:
        self._entries.pop(stream_id, None)

    def forget_relations(self) -> None:
        self._related.clear()

    def catch_up(self, reads: Reads, to_seq: int) -> None:
        """Fold what was appended by others since."""
        if to_seq - self.seq > CATCH_UP_LIMIT:
            self._entries.clear()
        self._related.clear()
        if self._entries:
            for row in reads.events(self.tenant_id, self.seq, to_seq - self.seq):
                entry = self._entries.get(row[_STREAM])
                if entry is not None:
                    aggregate, _ = aggregate_of_stream(row[_STREAM])
                    aggregate.evolve(entry.state, decode_row(row))
                    entry.version = version_of(row)
        self.seq = to_seq


def keys_of(event: Event, state: Any) -> dict[str, str | None]:
    """The envelope's business keys: what the event says, else what its stream knows."""
    return {name: getattr(event, name, None) or getattr(state, name, None) for name in (*_TAGGED, "branch_id")}


def tags_of(keys: dict[str, str | None], event: Event, state: Any) -> list[tuple[str, str]]:
    """(kind, value) under which an event can be found: patient, appointment, payment, invoice, admission, claim."""
    tags = [(name.removesuffix("_id"), value) for name in _TAGGED if (value := keys[name])]
    invoice_id = getattr(event, "invoice_id", None) or getattr(state, "invoice_id", None)
    if invoice_id:
        tags.append(("invoice", invoice_id))
    return tags


def stream_of(aggregate: str, id: str) -> str:
    return AGGREGATES[aggregate].stream_id(id)
