"""A clinic whose patient Asha was last seen on 2 November 2026, and those who look after her data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from event_store.aggregates.data_subject.commands import (
    ApproveErasure,
    ExecuteDestruction,
    HoldSubject,
    PlaceLegalHold,
    RequestErasure,
)
from event_store.aggregates.encounter.events import EncounterFinished, EncounterStarted
from mymedic.messages import Actor
from tests.scenario import Scenario
from tests.unit.event_store.clinic import MANAGER, a_clinic

AUDITOR = Actor(type="user", id="stf_audit", roles=("AU",))
SECOND_AUDITOR = Actor(type="user", id="stf_audit2", roles=("AU",))
# The first day on which seven years since the encounter are over, in India.
FREE = datetime(2033, 11, 1, 18, 30, tzinfo=UTC)
PAST_NOTICE = timedelta(hours=48)


def seen(world: Scenario, patient_id: str = "pat_asha", encounter_id: str = "enc_1") -> Scenario:
    started = EncounterStarted(
        appointment_id=f"appt_{encounter_id}",
        patient_id=patient_id,
        practitioner_id="prac_rao",
        branch_id="brn_south",
        specialty_id="spc_derm",
        class_="AMB",
        started_at=world.now,
        wait_seconds=60,
    )
    return world.given("encounter", encounter_id, started, EncounterFinished(outcome="resolved", duration_seconds=600))


def a_seen_patient() -> Scenario:
    return seen(a_clinic())


def request(scope: Any = "full", **changes: Any) -> RequestErasure:
    fields: dict[str, Any] = {"patient_id": "pat_asha", "scope": scope, "requested_by": "pat_asha"}
    return RequestErasure(**{"request_id": f"dst_{scope}", **fields, **changes})


def approve(scope: str = "full") -> ApproveErasure:
    return ApproveErasure(request_id=f"dst_{scope}")


def execute(scope: str = "full") -> ExecuteDestruction:
    return ExecuteDestruction(request_id=f"dst_{scope}")


def hold(hold_id: str = "hold_1", **subject: Any) -> PlaceLegalHold:
    return PlaceLegalHold(
        subject=HoldSubject(**(subject or {"patient_id": "pat_asha"})),
        reason="complaint before the consumer forum",
        authority_ref="CC 12/2026",
        hold_id=hold_id,
    )


def approved(scope: str = "full", at: datetime = FREE) -> Scenario:
    """Asked for by the manager and approved by an auditor at a moment; the notice has passed."""
    world = a_seen_patient().at(at)
    world.when(request(scope), actor=MANAGER)
    world.when(approve(scope), actor=AUDITOR)
    return world.at(at + PAST_NOTICE)
