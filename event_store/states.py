"""Folded states of streams, remembered between commands and kept level with the log."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from event_store.catalogue import AGGREGATES, Pasts, aggregate_of_stream, decode_event
from event_store.ledger.append_only import REPLACING
from event_store.ledger.reads import FOLD_COLUMNS, Reads
from mymedic.messages import Event

_TAGGED = ("patient_id", "appointment_id", "payment_id", "admission_id", "claim_id")
_KEYS = (*_TAGGED, "branch_id")
_KINDS = tuple((name, name.removesuffix("_id")) for name in _TAGGED)
_TYPE = FOLD_COLUMNS.index("event_type")
# Catching up event by event beats loading streams anew until about this many events.
CATCH_UP_LIMIT = 5_000


@dataclass(slots=True)
class Entry:
    """A folded stream: `state` after `version` events."""

    state: Any
    version: int


class States:
    """The states of one tenant. Valid up to `seq`; `catch_up` brings it level with what other processes appended."""

    def __init__(self, tenant_id: str, seq: int, pasts: Pasts | None = None, capacity: int = 50_000) -> None:
        self.tenant_id = tenant_id
        self.seq = seq
        self._pasts = pasts
        self._capacity = capacity
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._related: OrderedDict[tuple[str, str], dict[str, None]] = OrderedDict()

    @property
    def pasts(self) -> Pasts | None:
        return self._pasts

    def get(self, reads: Reads, stream_id: str) -> Entry:
        entry = self._entries.get(stream_id)
        if entry is None:
            self.load(reads, [stream_id])
            return self._entries[stream_id]
        self._entries.move_to_end(stream_id)
        return entry

    def begin(self, stream_id: str) -> Entry:
        """The entry of a stream that cannot have events yet, for its id was made just now; nothing is asked."""
        entry = self._entries.get(stream_id)
        return self._enter(stream_id) if entry is None else entry

    def load(self, reads: Reads, stream_ids: Iterable[str]) -> None:
        """Fold, with one question, those of these streams that are not remembered."""
        wanted = {stream_id: None for stream_id in stream_ids if stream_id not in self._entries}
        if not wanted:
            return
        rows = reads.folds(self.tenant_id, list(wanted))
        for stream_id in wanted:
            self._enter(stream_id)
        self._fold(rows)

    def _enter(self, stream_id: str) -> Entry:
        aggregate, id = aggregate_of_stream(stream_id)
        entry = self._entries[stream_id] = Entry(aggregate.fresh(id), 0)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)
        return entry

    def _fold(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Fold rows of FOLD_COLUMNS into the entries that are remembered."""
        pasts, tenant_id = self._pasts, self.tenant_id
        for seq, stream_id, stream_version, event_type, schema_version, payload in rows:
            entry = self._entries.get(stream_id)
            if entry is not None:
                aggregate, _ = aggregate_of_stream(stream_id)
                event = decode_event(event_type, schema_version, payload, None, pasts, tenant_id, seq)
                aggregate.evolve(entry.state, event)
                entry.version = stream_version

    def related(self, reads: Reads, kind: str, value: str) -> list[str]:
        """Streams with an event tagged `kind = value`, in order of their first."""
        key = (kind, value)
        found = self._related.get(key)
        if found is None:
            found = self._related[key] = dict.fromkeys(reads.streams_tagged(self.tenant_id, kind, value))
            if len(self._related) > self._capacity:
                self._related.popitem(last=False)
        return list(found)

    def none_related(self, kind: str, value: str) -> None:
        """Nothing can be tagged with an id that was made just now."""
        self._related.setdefault((kind, value), {})

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
            rows = reads.folds_after(self.tenant_id, self.seq, to_seq - self.seq)
            if any(row[_TYPE] in REPLACING for row in rows):
                self._entries.clear()  # some may have been folded from bodies that are gone now
            self._fold(rows)
        self.seq = to_seq


def keys_of(event: Event, state: Any) -> dict[str, str | None]:
    """The envelope's business keys: what the event says, else what its stream knows."""
    return {name: getattr(event, name, None) or getattr(state, name, None) for name in _KEYS}


def tags_of(keys: dict[str, str | None], event: Event, state: Any) -> list[tuple[str, str]]:
    """(kind, value) under which an event can be found: patient, appointment, payment, invoice, admission, claim."""
    tags = [(kind, value) for name, kind in _KINDS if (value := keys[name])]
    invoice_id = getattr(event, "invoice_id", None) or getattr(state, "invoice_id", None)
    if invoice_id:
        tags.append(("invoice", invoice_id))
    duplicate_id = getattr(event, "duplicate_id", None)
    if duplicate_id:  # a merge is part of both records' story
        tags.append(("patient", duplicate_id))
    return tags


def stream_of(aggregate: str, id: str) -> str:
    return f"{AGGREGATES[aggregate].stream}-{id}"
