"""P7: everything that was recorded about a patient, under the record that all of the patient's records count as."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

import msgspec

from event_store.aggregates.data_subject.events import DestructionExecuted, FieldRedacted
from event_store.aggregates.patient.events import PatientsMerged, PatientsUnmerged
from event_store.catalogue import EVENTS, aggregate_of_stream
from event_store.recorded import Recorded
from mymedic.bodies import Replaced
from mymedic.messages import ActorType, Event
from projections.projection import Projection, folds
from projections.row import Row
from projections.view import View

# The first of these that an event has is the amount that it is about.
_AMOUNTS = (
    *("amount_paise", "total_paise", "gross_paise", "claimed_paise", "approved_paise", "additional_paise"),
    *("price_quoted_paise", "list_price_paise", "refund_paise", "residual_paise"),
)
# Said in columns of their own, or by the row's key.
_NOT_REFS = ("patient_id", "branch_id", "admission_id", "claim_id")
_OWN_REFS = ("appointment_id", "payment_id")


class PatientTimeline(Row, frozen=True, kw_only=True):
    """One row per event that concerns a patient. `patient_id` is who the patient is now known as, `record_id` the
    record that the event names: a merge moves rows, and taking it apart moves them back.

    `kind` is the sort of thing that it happened to, `title_code` the event in snake case, `refs` the ids of what else
    it names. `is_redacted`: something of it was taken out, or its sealed part can be read by nobody any more.
    """

    table: ClassVar = "proj_patient_timeline"
    key: ClassVar = ("patient_id", "seq")
    lookups: ClassVar = ("patient_id", "event_id")
    indexes: ClassVar = (("branch_id", "occurred_at"), ("admission_id",), ("claim_id",))

    patient_id: str
    seq: int
    record_id: str
    event_id: str
    occurred_at: datetime
    kind: str
    title_code: str
    refs: dict[str, str]
    amount_paise: int | None
    actor_type: ActorType
    branch_id: str | None
    admission_id: str | None
    claim_id: str | None
    is_redacted: bool = False


class PatientAlias(Row, frozen=True, kw_only=True):
    """One row per record that is merged into another one now."""

    table: ClassVar = "proj_patient_timeline_alias"
    key: ClassVar = ("duplicate_id",)
    lookups: ClassVar = ("survivor_id",)

    duplicate_id: str
    survivor_id: str


@cache
def _reader_of(event_class: type[Event]) -> Callable[[Event], tuple[dict[str, str], int | None]]:
    """Event -> the ids that it names, and the amount that it is about."""
    fields = event_class.__struct_fields__
    ids = [name for name in fields if name.endswith("_id") and name not in _NOT_REFS]
    amount = next((name for name in _AMOUNTS if name in fields), None)

    def read(happened: Event) -> tuple[dict[str, str], int | None]:
        refs = {name: value for name in ids if (value := getattr(happened, name)) is not None}
        return refs, getattr(happened, amount) if amount else None

    return read


@cache
def title_of(event_class: type[Event]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event_class.__name__).lower()


_SEALING = frozenset(title_of(one) for one in EVENTS.values() if "pii" in one.__struct_fields__)


def _on_event(event: Recorded, happened: Event, view: View) -> None:
    if event.patient_id is None:
        return
    aggregate, id = aggregate_of_stream(event.stream_id)
    refs, amount_paise = _reader_of(type(happened))(happened)
    for name in _OWN_REFS:
        if (value := getattr(event, name)) is not None:
            refs[name] = value
    if aggregate.name not in ("patient", "data_subject", "admission", "claim"):
        refs[f"{aggregate.name}_id"] = id
    view.add(
        PatientTimeline(
            tenant_id=event.tenant_id,
            patient_id=_survivor_of(event.patient_id, view),
            seq=event.seq,
            record_id=event.patient_id,
            event_id=event.event_id,
            occurred_at=event.occurred_at,
            kind=aggregate.name,
            title_code=title_of(type(happened)),
            refs=refs,
            amount_paise=amount_paise,
            actor_type=event.actor.type,
            branch_id=event.branch_id,
            admission_id=event.admission_id,
            claim_id=event.claim_id,
        ),
        is_remembered=False,
    )


def _on_merged(event: Recorded, happened: PatientsMerged, view: View) -> None:
    before = _survivor_of(happened.duplicate_id, view)
    view.put(
        PatientAlias(tenant_id=event.tenant_id, duplicate_id=happened.duplicate_id, survivor_id=happened.survivor_id)
    )
    _move_rows_of(happened.duplicate_id, before, view)
    _on_event(event, happened, view)


def _on_unmerged(event: Recorded, happened: PatientsUnmerged, view: View) -> None:
    before = _survivor_of(happened.duplicate_id, view)
    view.delete(PatientAlias, happened.duplicate_id)
    _move_rows_of(happened.duplicate_id, before, view)
    _on_event(event, happened, view)


def _on_redacted(event: Recorded, happened: FieldRedacted, view: View) -> None:
    _mark(happened.replaced, view)
    _on_event(event, happened, view)


def _on_destroyed(event: Recorded, happened: DestructionExecuted, view: View) -> None:
    _mark(happened.replaced, view)
    if happened.key_ids and event.patient_id is not None:
        for row in view.where(PatientTimeline, "patient_id", _survivor_of(event.patient_id, view)):
            if row.title_code in _SEALING:
                view.put(msgspec.structs.replace(row, is_redacted=True))
    _on_event(event, happened, view)


def _mark(replaced: tuple[Replaced, ...], view: View) -> None:
    for one in replaced:
        for row in view.where(PatientTimeline, "event_id", one.event_id):
            view.put(msgspec.structs.replace(row, is_redacted=True))


def _survivor_of(record_id: str, view: View) -> str:
    while (alias := view.get(PatientAlias, record_id)) is not None:
        record_id = alias.survivor_id
    return record_id


def _records_of(record_id: str, view: View) -> Iterator[str]:
    """A record and what is merged into it, and into that."""
    yield record_id
    for alias in view.where(PatientAlias, "survivor_id", record_id):
        yield from _records_of(alias.duplicate_id, view)


def _move_rows_of(duplicate_id: str, before: str, view: View) -> None:
    """Put the rows of a record, and of what is merged into it, under whom they now belong to."""
    patient_id = _survivor_of(duplicate_id, view)
    moved = set(_records_of(duplicate_id, view))
    for row in view.where(PatientTimeline, "patient_id", before):
        if row.record_id in moved:
            view.delete(PatientTimeline, row.patient_id, row.seq)
            view.put(msgspec.structs.replace(row, patient_id=patient_id))


_FOLDS: dict[type[Event], Any] = {
    PatientsMerged: _on_merged,
    PatientsUnmerged: _on_unmerged,
    FieldRedacted: _on_redacted,
    DestructionExecuted: _on_destroyed,
}

PROJECTION = Projection(
    name="patient_timeline",
    version=1,
    rows=(PatientTimeline, PatientAlias),
    looks_at=frozenset(),
    folds=folds(_on_event, *EVENTS.values()) | _FOLDS,
)
