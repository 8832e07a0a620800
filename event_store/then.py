"""A tenant's streams as they stood just before a seq: for those who ask an old question again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import Any

from event_store.ledger.reads import Reads
from event_store.ledger.schema import CLEAR_COLUMNS
from event_store.past import Pasts
from event_store.recorded import recorded
from event_store.states import stream_of
from mymedic.clock import INDIA, business_date, zone
from mymedic.patients import ALIAS

# Claimed once and held for good: who holds one now held it then, or nobody did.
_FOR_GOOD = ("policy_version", "price_version")
_MERGES = ("PatientsMerged", "PatientsUnmerged")
_TYPE = CLEAR_COLUMNS.index("event_type")


class Then:
    """`mymedic.deciding.Moment` of the past: what a decision saw before its own first event was appended."""

    def __init__(
        self, reads: Reads, pasts: Pasts, tenant_id: str, before_seq: int, id: str, occurred_at: datetime
    ) -> None:
        self._reads = reads
        self._pasts = pasts
        self._states: dict[str, Any] = {}
        self.before_seq = before_seq
        self.tenant_id = tenant_id
        self.id = id
        self.occurred_at = occurred_at

    @property
    def tz(self) -> timezone:
        tenant = self.state("tenant", self.tenant_id)
        return zone(tenant.tz) if tenant.exists else INDIA

    def today(self) -> date:
        return business_date(self.occurred_at, self.tz)

    def state(self, aggregate: str, id: str) -> Any:
        return self._folded(stream_of(aggregate, id))

    def related(self, aggregate: str, kind: str, value: str) -> Sequence[Any]:
        found = self._reads.streams_tagged_before(self.tenant_id, kind, value, self.before_seq)
        prefix = stream_of(aggregate, "")
        return [self._folded(stream_id) for stream_id in found if stream_id.startswith(prefix)]

    def holder(self, kind: str, value: str) -> str | None:
        if kind == ALIAS:
            return survivor_then(self._reads, self._pasts, self.tenant_id, value, self.before_seq)
        if kind not in _FOR_GOOD:
            raise LookupError(f"who held a {kind} then is not kept")
        found = self._reads.guard((self.tenant_id, kind, value))
        return found.holder if found else None

    def guards(self, kind: str, prefix: str) -> Sequence[str]:
        raise LookupError(f"who held a {kind} then is not kept")

    def _folded(self, stream_id: str) -> Any:
        if stream_id not in self._states:
            self._states[stream_id] = self._pasts.fold(self.tenant_id, stream_id, self.before_seq)
        return self._states[stream_id]


def records_then(reads: Reads, pasts: Pasts, tenant_id: str, patient_id: str, before_seq: int) -> list[str]:
    """Every id of the person before a seq, the survivor first; guards would say how merges stand now."""
    survivor_id = patient_id
    while (merged_into := survivor_then(reads, pasts, tenant_id, survivor_id, before_seq)) is not None:
        survivor_id = merged_into
    records, waiting = [], [survivor_id]
    while waiting:
        records.append(one := waiting.pop())
        waiting += pasts.fold(tenant_id, stream_of("patient", one), before_seq).duplicates
    return [records[0], *sorted(records[1:])]


def survivor_then(reads: Reads, pasts: Pasts, tenant_id: str, patient_id: str, before_seq: int) -> str | None:
    """The record that a patient's was merged into and not taken out of again, before a seq."""
    survivor_id = None
    for row in reads.tagged(tenant_id, "patient", patient_id):
        if row[_TYPE] not in _MERGES:
            continue
        told = recorded(row, pasts)
        if told.seq < before_seq and getattr(told.event, "duplicate_id", None) == patient_id:
            survivor_id = told.stream_id.partition("-")[2] if told.event_type == "PatientsMerged" else None
    return survivor_id
