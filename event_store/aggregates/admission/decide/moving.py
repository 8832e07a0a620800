"""Into a bed, into another, and out: one patient in a bed, and one stay of a patient at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from event_store.aggregates.admission.commands import (
    AdmitPatient,
    CancelDischarge,
    DischargePatient,
    TransferPatient,
)
from event_store.aggregates.admission.events import (
    DischargeCancelled,
    PatientAdmitted,
    PatientDischarged,
    PatientTransferred,
    SummaryPii,
)
from event_store.aggregates.admission.state import State
from mymedic.clock import business_date
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event, On
from mymedic.patients import records_of, related_to

# As much as the clock of another system may be ahead of ours (R-CMD-6).
AHEAD = timedelta(minutes=2)


def admit_patient(state: State, command: AdmitPatient, context: Context) -> Iterator[Event | On]:
    check_not_admitted(state.patient_id, context)
    check(state.status == "accepted", "INVALID_STATE", f"the admission is {state.status}", status=state.status)
    _check_moment(command.admitted_at, "admitted_at", state, context)
    left = _left_before(state.patient_id, context)
    check(
        left is None or command.admitted_at >= left,
        "PATIENT_ALREADY_ADMITTED",
        "the patient's last stay ended later than that",
        discharged_at=left,
    )
    bed = _ready_bed(command.bed_id, command.admitted_at, state, context)
    check(
        bed.bed_class == state.bed_class,
        "BED_UNAVAILABLE",
        f"the bed is {bed.bed_class}; {state.bed_class} was asked for",
        bed_class=bed.bed_class,
    )
    yield PatientAdmitted(
        bed_id=command.bed_id,
        admitted_at=command.admitted_at,
        practitioner_id=state.practitioner_id,
    )
    yield On("bed", command.bed_id, bed.occupy(context.id, command.admitted_at))


def transfer_patient(state: State, command: TransferPatient, context: Context) -> Iterator[Event | On]:
    old = _bed_now(state, context)
    _check_moment(command.at, "at", state, context)
    bed = _ready_bed(command.to_bed_id, command.at, state, context)
    yield PatientTransferred(
        from_bed_id=old.bed_id,
        to_bed_id=command.to_bed_id,
        at=command.at,
        reason=command.reason,
    )
    yield On("bed", command.to_bed_id, bed.occupy(context.id, command.at))
    yield On("bed", old.bed_id, old.release(context.id, command.at))


def discharge_patient(state: State, command: DischargePatient, context: Context) -> Iterator[Event | On]:
    bed = _bed_now(state, context)
    _check_moment(command.discharged_at, "discharged_at", state, context)
    assert state.admitted_at is not None
    nights = business_date(command.discharged_at, context.tz) - business_date(state.admitted_at, context.tz)
    yield PatientDischarged(
        discharged_at=command.discharged_at,
        disposition=command.disposition,
        los_days=nights.days,
        pii=SummaryPii(summary_ref=command.summary_ref) if command.summary_ref else None,
    )
    yield On("bed", bed.bed_id, bed.release(context.id, command.discharged_at))


def cancel_discharge(state: State, command: CancelDischarge, context: Context) -> Iterator[Event | On]:
    """The patient never left: the stay goes on from the discharge, or from when the bed was free if that is later."""
    check(state.status == "discharged", "INVALID_STATE", f"the admission is {state.status}", status=state.status)
    check_not_admitted(state.patient_id, context)
    bed = context.require("bed", command.bed_id)
    # Nobody has lain there since: that the bed waits for its cleaning is no reason to send the patient elsewhere.
    is_own = bed.last_admission_id == context.id and bed.status == "cleaning"
    if not is_own:
        _check_ready(bed, state)
    moments = (state.discharged_at, bed.free_since, _left_before(state.patient_id, context))
    at = max(moment for moment in moments if moment is not None)
    yield DischargeCancelled(bed_id=command.bed_id, at=at)
    yield On("bed", command.bed_id, bed.occupy(context.id, at))


def check_not_admitted(patient_id: str, context: Context) -> None:
    """PATIENT_ALREADY_ADMITTED while the patient lies in a bed of this tenant, under whichever of their records."""
    held = (context.holder("patient_admission", id) for id in records_of(context, patient_id))
    admission_id = next((id for id in held if id is not None), None)
    check(
        admission_id is None,
        "PATIENT_ALREADY_ADMITTED",
        "the patient is admitted already",
        admission_id=admission_id,
    )


def _left_before(patient_id: str, context: Context) -> datetime | None:
    """When the patient's last other stay ended; what was cancelled was no stay."""
    ends = [
        admission.discharged_at
        for admission in related_to(context, "admission", patient_id)
        if admission.discharged_at is not None and admission.admission_id != context.id
    ]
    return max(ends, default=None)


def _bed_now(state: State, context: Context) -> Any:
    if state.bed_id is None:
        raise Refused("INVALID_STATE", f"the admission is {state.status}", status=state.status)
    return context.require("bed", state.bed_id)


def _check_moment(at: datetime, field: str, state: State, context: Context) -> None:
    check(at <= context.now + AHEAD, "VALIDATION_FAILED", "that lies in the future", field=field)
    last = state.moved_at()
    check(
        last is None or at >= last,
        "INVALID_STATE",
        "the patient was moved later than that",
        field=field,
        moved_at=last,
    )


def _ready_bed(bed_id: str, at: datetime, state: State, context: Context) -> Any:
    bed = context.require("bed", bed_id)
    _check_ready(bed, state)
    check(
        bed.free_since is None or at >= bed.free_since,
        "BED_OCCUPIED",
        "at that moment somebody else lay in the bed",
        free_since=bed.free_since,
    )
    return bed


def _check_ready(bed: Any, state: State) -> None:
    check(bed.branch_id == state.branch_id, "BED_UNAVAILABLE", "the bed is in another branch", branch_id=bed.branch_id)
    check(bed.status != "occupied", "BED_OCCUPIED", "a patient lies in the bed", bed_id=bed.bed_id)
    check(bed.status == "available", "BED_UNAVAILABLE", f"the bed is {bed.status}", status=bed.status)
