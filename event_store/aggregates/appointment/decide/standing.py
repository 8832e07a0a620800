"""Whether an appointment stands as a command needs it."""

from __future__ import annotations

from datetime import datetime, timedelta

from event_store.aggregates.appointment.state import State, patient_times
from mymedic.deciding import Context, Moment, check
from mymedic.patients import check_present, records_of

SECOND = timedelta(seconds=1)


def check_stands(state: State, *statuses: str) -> None:
    """INVALID_STATE unless it is in one of these statuses and is no other system's history."""
    check(not state.is_imported, "INVALID_STATE", "this appointment is another system's history")
    check(
        state.status in statuses,
        "INVALID_STATE",
        f"the appointment is {state.status}",
        status=state.status,
        wanted=list(statuses),
    )


def check_not_arrived(context: Context, code: str = "INVALID_STATE") -> None:
    """`arrived` is no status of this stream: it is an open encounter of the appointment."""
    for encounter in context.related("encounter", "appointment", context.id):
        check(
            encounter.status != "in-progress",
            code,
            "the patient is being seen",
            encounter_id=encounter.encounter_id,
        )


def check_may_be_booked(context: Context, patient_id: str) -> None:
    """The patient is there, under this record, and has consented to care."""
    patient = check_present(context, patient_id)
    consented = patient.has_consent("care", context.occurred_at)
    check(consented, "CONSENT_REQUIRED", "the patient has not consented to care", purpose="care")


def check_patient_free(context: Context, patient_id: str, start_at: datetime, end_at: datetime) -> None:
    """INV-A2 over every record of the patient; what this appointment itself holds is given back in the same step."""
    for record_id in records_of(context, patient_id):
        taken = set(context.guards("patient_time", f"{record_id}#"))
        for guard in patient_times(record_id, start_at, end_at) if taken else ():
            holder = context.holder(guard.kind, guard.value) if guard.value in taken else None
            check(
                holder in (None, context.id),
                "PATIENT_DOUBLE_BOOKED",
                "the patient has another appointment at that time",
                appointment_id=holder,
            )


def start_of(state: State) -> datetime:
    assert state.start_at is not None
    return state.start_at


def lead_seconds(state: State, moment: Moment) -> int:
    """Whole seconds from now to the start, rounded down; negative once it has begun."""
    return (start_of(state) - moment.occurred_at) // SECOND
