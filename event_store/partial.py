"""A part of a tenant's log that reads like the whole: what was known, what was true, what concerns one person."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from event_store.catalogue import AGGREGATE_OF_STREAM, AGGREGATES, aggregate_of_stream
from event_store.feed import Feed
from event_store.ledger.parts import happened_until, rows_at, seqs_of_kind, seqs_of_streams, tagged_seqs
from event_store.ledger.reads import Reads
from event_store.ledger.schema import CLEAR_COLUMNS
from event_store.ledger.session import Ledger
from event_store.past import Pasts
from event_store.raw import RAW_COLUMNS, RawBatch, in_todays_shape
from event_store.recorded import Recorded, recorded
from event_store.states import stream_of
from mymedic.clock import micros
from mymedic.errors import not_found

Key = Literal["patient", "admission", "claim"]
# What belongs to nobody in particular and is needed to read what does.
REFERENCE = ("tenant", "branch", "practitioner", "staff", "price", "policy")
# Streams that are about one person: all of them, and what they name, belongs to that person's part.
OF_A_PERSON = (
    *("patient", "appointment", "encounter", "service_request", "followup", "invoice", "payment", "admission"),
    *("claim", "notification", "data_subject"),
)
# Field -> the aggregate whose id stands in it.
_NAMES = {f"{name}_id": name for name in AGGREGATES} | {"from_bed_id": "bed", "to_bed_id": "bed"}
_MERGES = ("PatientsMerged", "PatientsUnmerged")
_TYPE, _SEQ, _PATIENT = (CLEAR_COLUMNS.index(name) for name in ("event_type", "seq", "patient_id"))
_AT_ONCE = 2_000
Belongs = Callable[[int], bool]  # whether the event with a seq is of a part


class PartOfLog(Feed):
    """The events with some seqs, of one tenant. Their seqs stay what they are in the whole log."""

    def __init__(self, ledger: Ledger, pasts: Pasts, tenant_id: str, seqs: Sequence[int]) -> None:
        super().__init__(ledger, pasts)
        self._tenant_id = tenant_id
        self._seqs = seqs

    is_whole = False

    def tenants(self) -> list[str]:
        return [self._tenant_id]

    def heads(self) -> list[tuple[str, int]]:
        return [(self._tenant_id, self.head(self._tenant_id))]

    def head(self, tenant_id: str) -> int:
        return self._seqs[-1] if self._seqs else 0

    def _rows(self, tenant_id: str, after_seq: int, limit: int) -> list[tuple[Any, ...]]:
        begin = bisect_right(self._seqs, after_seq)
        seqs = list(self._seqs[begin : begin + limit])
        with self._ledger.read() as reads:
            return rows_at(reads, tenant_id, seqs)

    def states_at(self, tenant_id: str, stream_ids: Sequence[str], seq: int) -> dict[str, Any]:
        states = {}
        for stream_id in stream_ids:
            aggregate, id = aggregate_of_stream(stream_id)
            state = states[stream_id] = aggregate.fresh(id)
            for event in self.stream(tenant_id, stream_id):
                if event.seq <= seq and self.has(event.seq):
                    aggregate.evolve(state, event.event)
        return states

    def raw_batches(
        self, tenant_id: str, after_seq: int = 0, until_seq: int | None = None, size: int = 50_000
    ) -> Iterator[RawBatch]:
        end = len(self._seqs) if until_seq is None else bisect_right(self._seqs, until_seq)
        for begin in range(bisect_right(self._seqs, after_seq), end, _AT_ONCE):
            with self._ledger.read() as reads:
                seqs = list(self._seqs[begin : min(begin + _AT_ONCE, end)])
                rows = rows_at(reads, tenant_id, seqs, RAW_COLUMNS)
            yield in_todays_shape(rows, self._pasts)

    def has(self, seq: int) -> bool:
        """Whether an event belongs to the part."""
        at = bisect_right(self._seqs, seq)
        return at > 0 and self._seqs[at - 1] == seq


def known_at(ledger: Ledger, pasts: Pasts, tenant_id: str, at: datetime) -> PartOfLog:
    """What had been recorded by an instant: always a beginning of the log (R-CMD-2)."""
    with ledger.read() as reads:
        last, _ = reads.known_at(tenant_id, micros(at))
    return PartOfLog(ledger, pasts, tenant_id, range(1, last + 1))


def true_at(ledger: Ledger, pasts: Pasts, tenant_id: str, at: datetime, known: datetime | None = None) -> PartOfLog:
    """What had happened by an instant, told by all that is known now, or that was known at another instant."""
    with ledger.read() as reads:
        last = reads.known_at(tenant_id, micros(known))[0] if known is not None else None
        seqs = happened_until(reads, tenant_id, micros(at))
    return PartOfLog(ledger, pasts, tenant_id, seqs if last is None else [seq for seq in seqs if seq <= last])


def about(ledger: Ledger, pasts: Pasts, tenant_id: str, key: Key, id: str, of: PartOfLog | None = None) -> PartOfLog:
    """What concerns one patient, admission or claim, of all that is known or `of` a part: NOT_FOUND when nothing does.

    That is every event that carries the key; the whole of the streams about that person in which one stands; the
    whole of every stream that these name (slots, invoices, payments, beds…); what became of the person's record since;
    and the reference data of the tenant.
    """
    with ledger.read() as reads:
        belongs = _everything if of is None else of.has
        # a patient is everybody whose record was merged with theirs
        ids = _records(reads, pasts, tenant_id, id, belongs) if key == "patient" else [id]
        found = set(filter(belongs, tagged_seqs(reads, tenant_id, key, ids)))
        if not found:
            raise not_found(key, id)
        if key != "patient":
            found |= _retelling(reads, pasts, tenant_id, found, belongs)
        seqs = _closed(reads, pasts, tenant_id, found, belongs)
        for name in REFERENCE:
            seqs |= set(filter(belongs, seqs_of_kind(reads, tenant_id, AGGREGATES[name].stream)))
    return PartOfLog(ledger, pasts, tenant_id, sorted(seqs))


def _everything(_: int) -> bool:
    return True


def _records(reads: Reads, pasts: Pasts, tenant_id: str, patient_id: str, belongs: Belongs) -> list[str]:
    """Every id of the person, as a part of the log tells it: what was merged later is not merged yet."""
    survivors: dict[str, str] = {}
    met = {patient_id}
    for _, merge in sorted(_merges(reads, pasts, tenant_id, patient_id, belongs).items()):
        survivor_id, duplicate_id = _merged(merge)
        met |= {survivor_id, duplicate_id}
        if merge.event_type == "PatientsMerged":
            survivors[duplicate_id] = survivor_id
        else:
            survivors.pop(duplicate_id, None)

    def survivor_of(one: str) -> str:
        while one in survivors:
            one = survivors[one]
        return one

    return [one for one in sorted(met) if survivor_of(one) == survivor_of(patient_id)]


def _merges(reads: Reads, pasts: Pasts, tenant_id: str, patient_id: str, belongs: Belongs) -> dict[int, Recorded]:
    """seq -> each merge of a record, of those that it was merged with, and of theirs, and what took one back."""
    found: dict[int, Recorded] = {}
    met, waiting = {patient_id}, [patient_id]
    while waiting:
        for row in reads.tagged(tenant_id, "patient", waiting.pop()):
            if row[_TYPE] in _MERGES and row[_SEQ] not in found and belongs(row[_SEQ]):
                merge = found[row[_SEQ]] = recorded(row, pasts)
                new = set(_merged(merge)) - met
                met |= new
                waiting += new
    return found


def _retelling(reads: Reads, pasts: Pasts, tenant_id: str, seqs: set[int], belongs: Belongs) -> set[int]:
    """Seqs of what makes events read otherwise than they were told: merges of their patients, and redactions."""
    people = {row[_PATIENT] for row in rows_at(reads, tenant_id, sorted(seqs))} - {None}
    found: set[int] = set()
    for patient_id in people:
        merges = _merges(reads, pasts, tenant_id, patient_id, belongs)
        records = {patient_id}.union(*map(_merged, merges.values()))
        redactions = seqs_of_streams(reads, tenant_id, [stream_of("data_subject", one) for one in records])
        found |= {*merges, *filter(belongs, redactions)}
    return found


def _merged(merge: Recorded) -> tuple[str, str]:
    event: Any = merge.event
    return event.survivor_id, event.duplicate_id


def _closed(reads: Reads, pasts: Pasts, tenant_id: str, found: set[int], belongs: Belongs) -> set[int]:
    """With the streams about the person followed to whatever they name; shared streams are taken, not followed."""
    seqs, followed, waiting = set(found), set[str](), set(found)
    while waiting:
        events = [
            recorded(row, pasts)
            for begin in range(0, len(waiting), _AT_ONCE)
            for row in rows_at(reads, tenant_id, sorted(waiting)[begin : begin + _AT_ONCE])
        ]
        own = {event.stream_id for event in events if _is_of_a_person(event.stream_id)}
        named = {stream_id for event in events if event.stream_id in own for stream_id in _named(event)}
        new = (own | named) - followed
        followed |= new
        there = set(filter(belongs, seqs_of_streams(reads, tenant_id, new))) - seqs
        seqs |= there
        waiting = there
    return seqs


def _is_of_a_person(stream_id: str) -> bool:
    return AGGREGATE_OF_STREAM[stream_id.partition("-")[0]].name in OF_A_PERSON


def _named(event: Recorded) -> Collection[str]:
    """The streams whose ids stand in an event."""
    found: set[str] = set()
    waiting: list[Any] = [msgspec.to_builtins(event.event)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            for name, value in one.items():
                if isinstance(value, str) and (aggregate := _NAMES.get(name)) is not None:
                    found.add(stream_of(aggregate, value))
                else:
                    waiting.append(value)
        elif isinstance(one, list):
            waiting += one
    return found
