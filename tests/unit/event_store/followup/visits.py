"""Visits as events, and a follow-up that one of them asked for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from event_store.aggregates.appointment.events import AppointmentBooked
from event_store.aggregates.encounter.events import EncounterFinished, EncounterStarted
from event_store.aggregates.followup.commands import CompleteFollowUp, EvaluateFollowUps, RequestFollowUp
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DOCTOR, TIMER, a_clinic, ist

DUE = date(2026, 11, 16)
# by the default policy: three days early, seven late, thirty more until it lapses
DUE_FROM, DUE_TO, LAPSE_ON = date(2026, 11, 13), date(2026, 11, 23), date(2026, 12, 23)


def a_visit(
    world: Scenario,
    encounter_id: str,
    at: datetime,
    *,
    is_finished: bool = True,
    patient_id: str = "pat_asha",
    practitioner_id: str = "prac_rao",
    specialty_id: str = "spc_derm",
    visit_type: Any = "new",
    price: int = 80_000,
) -> Scenario:
    """An encounter of ten minutes with the appointment behind it, `appt_<encounter>`."""
    appointment_id = f"appt_{encounter_id}"
    world.given(
        "appointment",
        appointment_id,
        AppointmentBooked(
            patient_id=patient_id,
            slot_id=f"slot_{encounter_id}",
            token_no=1,
            schedule_id="sch_rao",
            practitioner_id=practitioner_id,
            branch_id="brn_south",
            specialty_id=specialty_id,
            service_id="svc_consult",
            visit_type=visit_type,
            mode="in_person",
            start_at=at,
            end_at=at,
            price_quoted_paise=price,
            price_version_id="prc_1",
            list_price_paise=80_000,
            deposit_required_paise=0,
            policy_version_ids=("pol_default_cancellation", "pol_default_deposit"),
            booking_channel="console",
            deposit_paid_paise=0,
        ),
    )
    started = EncounterStarted(
        appointment_id=appointment_id,
        patient_id=patient_id,
        practitioner_id=practitioner_id,
        branch_id="brn_south",
        specialty_id=specialty_id,
        class_="AMB",
        started_at=at,
        wait_seconds=0,
    )
    world.given("encounter", encounter_id, started)
    if is_finished:
        world.given("encounter", encounter_id, EncounterFinished(outcome="follow_up", duration_seconds=600))
        world.given("appointment", appointment_id, world.state("appointment", appointment_id).fulfil(encounter_id))
    return world


def seen() -> Scenario:
    """Asha was seen by Dr Rao on Monday the 2nd at ten; it is half an hour later."""
    return a_visit(a_clinic(), "enc_1", ist(2, "10:00")).at(ist(2, "10:30"))


def request(due_on: date = DUE, **changes: Any) -> RequestFollowUp:
    fields: dict[str, Any] = {
        "encounter_id": "enc_1",
        "due_on": due_on,
        "reason": "Look at the rash again",
        "same_practitioner": True,
    }
    return RequestFollowUp(**{**fields, **changes})


def asked(due_on: date = DUE, **changes: Any) -> Scenario:
    """Dr Rao wants to see Asha again: follow-up fup_1."""
    world = seen()
    world.when(request(due_on, **changes), actor=DOCTOR, id="fup_1")
    return world


def evaluated(world: Scenario, as_of: date) -> list[str]:
    """What an evaluation on the morning of a day tells, as 'id event'."""
    since = len(world.log)
    world.at(ist(as_of.day, "00:00", as_of.month)).when(EvaluateFollowUps(as_of=as_of), actor=TIMER)
    return [f"{id} {type(event).__name__.removeprefix('FollowUp')}" for _, id, event in world.log[since:]]


def complete(encounter_id: str, followup_id: str = "fup_1") -> CompleteFollowUp:
    return CompleteFollowUp(followup_id=followup_id, encounter_id=encounter_id)
