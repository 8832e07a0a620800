"""P7, after records were merged and taken apart again, a field was redacted and a person erased."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.feed import Feed
from projections.database import ReadDatabase
from projections.generations import every_row
from projections.patient_timeline import PatientTimeline

TENANTS = ["ten_tiny_chain", "ten_tiny_clinic", "ten_tiny_hospital"]


def rows(replayed: ReadDatabase, tenant_id: str) -> list[PatientTimeline]:
    with replayed.read(tenant_id) as reader:
        return [row for row in every_row(reader, PatientTimeline, 1) if isinstance(row, PatientTimeline)]


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_every_event_about_a_patient_is_there_once(tenant_id: str, log: Feed, replayed: ReadDatabase) -> None:
    events = {one.seq: one for one in log.read(tenant_id, 0, 10**6) if one.patient_id is not None}
    found = rows(replayed, tenant_id)
    assert sorted(row.seq for row in found) == sorted(events)
    for row in found:
        event = events[row.seq]
        said = (row.record_id, row.event_id, row.occurred_at, row.actor_type, row.branch_id)
        assert said == (event.patient_id, event.event_id, event.occurred_at, event.actor.type, event.branch_id)
        if event.appointment_id is not None:
            assert row.refs["appointment_id"] == event.appointment_id


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_a_merge_moves_rows_and_taking_it_apart_moves_them_back(
    tenant_id: str, log: Feed, replayed: ReadDatabase
) -> None:
    events = log.read(tenant_id, 0, 10**6)
    registered = [one for one in events if one.event_type == "PatientRegistered"]
    first, second, third, fourth, fifth = (one.patient_id for one in registered[:5])
    merges: list[Any] = [one.event for one in events if one.event_type == "PatientsMerged"]
    others = {one.duplicate_id for one in merges if one.survivor_id == fifth}
    known_as = {row.record_id: row.patient_id for row in rows(replayed, tenant_id)}
    assert (known_as[second or ""], known_as[third or ""]) == (first, first), "also what had been merged before"
    assert known_as[fourth or ""] == fourth
    assert all(record_id == known for record_id, known in known_as.items() if record_id not in (second, third, *others))
    assert all(known_as[one] == fifth for one in others)


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_what_can_be_read_by_nobody_any_more_is_marked(tenant_id: str, log: Feed, replayed: ReadDatabase) -> None:
    events = log.read(tenant_id, 0, 10**6)
    erased = next(one.patient_id for one in events if one.event_type == "DestructionExecuted")
    (redaction,) = (one.event for one in events if one.event_type == "FieldRedacted")
    found = rows(replayed, tenant_id)
    marked = [row for row in found if row.is_redacted]
    assert {row.patient_id for row in marked} == {erased}
    assert getattr(redaction, "event_id", None) in {row.event_id for row in marked}
    registrations = [row for row in found if row.patient_id == erased and row.title_code == "patient_registered"]
    assert len(registrations) == 3 and all(row.is_redacted for row in registrations)
    paid = [row for row in found if row.patient_id == erased and row.title_code == "payment_allocated"]
    assert not any(row.is_redacted for row in paid), "what was never sealed stands"
