"""A peel that Dr Rao advised to Asha on the 2nd at 10:30."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from event_store.aggregates.appointment.events import AppointmentBooked
from event_store.aggregates.service_request.commands import AdviseService, RecordServicePerformed
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DOCTOR, PRICE
from tests.unit.event_store.followup.visits import seen


def advise(**changes: Any) -> AdviseService:
    fields: dict[str, Any] = {
        "encounter_id": "enc_1",
        "service_id": "svc_peel",
        "priority": "routine",
        "list_price_paise": PRICE,
        "practitioner_id": "prac_rao",
    }
    return AdviseService(**{**fields, **changes})


def advised() -> Scenario:
    world = seen()
    world.when(advise(), actor=DOCTOR, id="sreq_1")
    return world


def performed(at: datetime, service_request_id: str | None = "sreq_1", **changes: Any) -> RecordServicePerformed:
    fields: dict[str, Any] = {
        "service_request_id": service_request_id,
        "encounter_id": "enc_1",
        "service_id": "svc_peel",
        "practitioner_id": "prac_rao",
        "performed_at": at,
    }
    return RecordServicePerformed(**{**fields, **changes})


def a_procedure(world: Scenario, at: datetime, **changes: Any) -> Scenario:
    """An appointment for the peel, appt_peel."""
    fields: dict[str, Any] = {
        "patient_id": "pat_asha",
        "slot_id": "slot_peel",
        "token_no": 1,
        "schedule_id": "sch_rao",
        "practitioner_id": "prac_rao",
        "branch_id": "brn_south",
        "specialty_id": "spc_derm",
        "service_id": "svc_peel",
        "visit_type": "procedure",
        "mode": "in_person",
        "start_at": at,
        "end_at": at,
        "price_quoted_paise": PRICE,
        "price_version_id": "prc_1",
        "list_price_paise": PRICE,
        "deposit_required_paise": 0,
        "policy_version_ids": ("pol_default_cancellation", "pol_default_deposit"),
        "booking_channel": "console",
        "deposit_paid_paise": 0,
    }
    return world.given("appointment", "appt_peel", AppointmentBooked(**{**fields, **changes}))
