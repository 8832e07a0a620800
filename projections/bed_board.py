"""P8: every bed, who lies in it, and how far the claim of that stay is."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import ClassVar, Literal

from event_store.aggregates.admission import events as admissions
from event_store.aggregates.bed import events as e
from event_store.aggregates.claim import events as claims
from event_store.aggregates.claim.state import Status as ClaimStatus
from event_store.recorded import Recorded
from mymedic.clock import business_date
from mymedic.messages import Event
from projections.places import city_of, moved_with_branch
from projections.practitioners import changed_with_practitioner, specialty_of
from projections.projection import Projection, folds
from projections.row import Row
from projections.view import View


class BedBoard(Row, frozen=True, kw_only=True):
    """One row per bed. From `admission_id` on, what is known of the stay; None while nobody lies in the bed.

    `claim_state` is that of the claim that named the admission last.
    """

    table: ClassVar = "proj_bed_board"
    key: ClassVar = ("bed_id",)
    lookups: ClassVar = ("branch_id", "admission_id", "practitioner_id")
    indexes: ClassVar = (("branch_id", "status"), ("city_id", "status"), ("department_id",), ("specialty_id",))

    bed_id: str
    branch_id: str
    city_id: str | None
    ward: str
    room: str
    label: str
    bed_class: Literal["general", "semi_private", "private", "icu"]
    status: Literal["available", "occupied", "cleaning", "out_of_service"]
    admission_id: str | None
    patient_id: str | None
    practitioner_id: str | None
    specialty_id: str | None
    department_id: str | None
    admitted_at: datetime | None
    expected_discharge_on: date | None
    claim_state: ClaimStatus | None


class AdmissionClaim(Row, frozen=True, kw_only=True):
    """One row per admission that a claim has named: the claim that did so last."""

    table: ClassVar = "proj_bed_board_claim"
    key: ClassVar = ("admission_id",)

    admission_id: str
    claim_id: str


def los_days(row: BedBoard, now: datetime, tz: timezone) -> int | None:
    """Midnights of the stay so far; None for an empty bed."""
    if row.admitted_at is None:
        return None
    return max(0, (business_date(now, tz) - business_date(row.admitted_at, tz)).days)


def _on_bed(event: Recorded, happened: Event, view: View) -> None:
    _put(event.stream_id.removeprefix("bed-"), view)


def _on_admission(event: Recorded, happened: Event, view: View) -> None:
    _put_beds_of(event.stream_id.removeprefix("admission-"), view)


def _on_claim(event: Recorded, happened: Event, view: View) -> None:
    claim_id = event.stream_id.removeprefix("claim-")
    admission_id = view.state("claim", claim_id).admission_id
    if admission_id is None:
        return
    if isinstance(happened, (claims.PreauthSubmitted, claims.ClaimSubmitted)):
        view.put(AdmissionClaim(tenant_id=event.tenant_id, admission_id=admission_id, claim_id=claim_id))
    _put_beds_of(admission_id, view)


def _put_beds_of(admission_id: str, view: View) -> None:
    for row in view.where(BedBoard, "admission_id", admission_id):
        _put(row.bed_id, view)


def _put(bed_id: str, view: View) -> None:
    bed = view.state("bed", bed_id)
    stay = view.state("admission", bed.admission_id) if bed.admission_id else None
    named = view.get(AdmissionClaim, bed.admission_id) if bed.admission_id else None
    admitted_at = stay.admitted_at if stay else None
    view.put(
        BedBoard(
            tenant_id=view.tenant_id,
            bed_id=bed_id,
            branch_id=bed.branch_id,
            city_id=city_of(view, bed.branch_id, None),
            ward=bed.ward,
            room=bed.room,
            label=bed.label,
            bed_class=bed.bed_class,
            status=bed.status,
            admission_id=bed.admission_id,
            patient_id=stay.patient_id if stay else None,
            practitioner_id=stay.practitioner_id if stay else None,
            specialty_id=specialty_of(view, stay.practitioner_id if stay else None),
            department_id=stay.department_id if stay else None,
            admitted_at=admitted_at,
            expected_discharge_on=(
                view.day(admitted_at) + timedelta(days=stay.expected_los_days) if stay and admitted_at else None
            ),
            claim_state=view.state("claim", named.claim_id).status if named else None,
        )
    )


PROJECTION = Projection(
    name="bed_board",
    version=1,
    rows=(BedBoard, AdmissionClaim),
    looks_at=frozenset({"tenant", "branch", "practitioner", "bed", "admission", "claim"}),
    folds=folds(_on_bed, *e.EVENTS)
    | folds(_on_admission, admissions.PatientAdmitted, admissions.AdmissionUpdated)
    | folds(_on_claim, *claims.EVENTS)
    | moved_with_branch(BedBoard, lambda row: None)
    | changed_with_practitioner(BedBoard),
)
