"""What a decision needs to know of an admission: where the patient lies and has lain, and what was charged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timezone

from msgspec import Struct, field

from event_store.aggregates.admission import events as e
from mymedic.deciding import Guard, GuardChange
from mymedic.lives import machine
from mymedic.messages import Event


class Stay(Struct):
    """Time in one bed; `until` is None while it lasts."""

    bed_id: str
    since: datetime
    until: datetime | None = None


class Charge(Struct):
    service_id: str
    qty: int
    unit_price_paise: int
    service_on: date
    practitioner_id: str | None
    is_reversal: bool
    reversed_qty: int = 0

    @property
    def standing_qty(self) -> int:
        """What is left of the charge after its reversals; a reversal leaves nothing of its own."""
        return 0 if self.is_reversal else self.qty - self.reversed_qty


class State(Struct):
    """`admission_id` is set by whoever loads the stream.

    `status`: requested, accepted, admitted, discharged, billed or cancelled. An admission is closed when its invoice
    is balanced; that depends on the payments and is asked of the invoice.
    """

    exists: bool = False
    admission_id: str = ""
    status: str = ""
    patient_id: str = ""
    encounter_id: str = ""
    practitioner_id: str = ""
    branch_id: str = ""
    department_id: str | None = None
    bed_class: str = ""
    expected_los_days: int = 0
    his_visit_no: str | None = None
    admitted_at: datetime | None = None
    discharged_at: datetime | None = None
    invoice_id: str | None = None
    stays: list[Stay] = field(default_factory=list)  # oldest first
    charges: dict[str, Charge] = field(default_factory=dict)  # as posted

    @property
    def bed_id(self) -> str | None:
        """The bed the patient lies in now."""
        return self.stays[-1].bed_id if self.status == "admitted" else None

    @property
    def last_bed_id(self) -> str | None:
        return self.stays[-1].bed_id if self.stays else None

    @property
    def charged_paise(self) -> int:
        """What the charges come to, less their reversals, tax included."""
        return sum(charge.standing_qty * charge.unit_price_paise for charge in self.charges.values())

    @property
    def is_payable(self) -> bool:
        """Whether money may still be taken for it."""
        return self.exists and self.status != "cancelled"

    def moved_at(self) -> datetime | None:
        """When the patient last came into a bed or left one."""
        last = self.stays[-1] if self.stays else None
        return (last.until or last.since) if last else None

    def bed_at(self, moment: datetime) -> str | None:
        """The bed in which the patient lay at an instant."""
        for stay in reversed(self.stays):
            if stay.since <= moment and (stay.until is None or moment < stay.until):
                return stay.bed_id
        return None

    def bed_of_night(self, on: date, tz: timezone) -> str | None:
        """The bed in which the census at 00:00 of a date counts the patient."""
        return self.bed_at(datetime.combine(on, time.min, tz))

    def charges_on(self, on: date) -> Iterator[Charge]:
        """What of the charges of a date has not been reversed."""
        return (charge for charge in self.charges.values() if charge.service_on == on and charge.standing_qty)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case e.AdmissionRequested():
            _request(state, event)
        case e.AdmissionAccepted():
            state.status, state.his_visit_no = "accepted", event.his_visit_no
        case e.PatientAdmitted():
            state.status, state.admitted_at = "admitted", event.admitted_at
            state.stays.append(Stay(event.bed_id, event.admitted_at))
        case e.PatientTransferred():
            state.stays[-1].until = event.at
            state.stays.append(Stay(event.to_bed_id, event.at))
        case e.AdmissionUpdated(patch=patch):
            state.practitioner_id = patch.practitioner_id or state.practitioner_id
            state.department_id = patch.department_id or state.department_id
            state.bed_class = patch.bed_class or state.bed_class
            if patch.expected_los_days is not None:
                state.expected_los_days = patch.expected_los_days
        case e.AdmissionChargePosted():
            _charge(state, event)
        case e.PatientDischarged():
            state.status, state.discharged_at = "discharged", event.discharged_at
            state.stays[-1].until = event.discharged_at
        case e.AdmissionCancelled():
            state.status = "cancelled"
        case e.DischargeCancelled():
            state.status, state.discharged_at = "admitted", None
            state.stays.append(Stay(event.bed_id, event.at))
        case e.AdmissionBilled():
            state.status, state.invoice_id = "billed", event.invoice_id


def _request(state: State, event: e.AdmissionRequested) -> None:
    state.exists, state.status = True, "requested"
    state.patient_id, state.encounter_id = event.patient_id, event.encounter_id
    state.practitioner_id, state.branch_id = event.practitioner_id, event.branch_id
    state.department_id = event.department_id
    state.bed_class, state.expected_los_days = event.bed_class, event.expected_los_days


def _charge(state: State, event: e.AdmissionChargePosted) -> None:
    state.charges[event.charge_id] = Charge(
        service_id=event.service_id,
        qty=event.qty,
        unit_price_paise=event.unit_price_paise,
        service_on=event.service_on,
        practitioner_id=event.practitioner_id,
        is_reversal=event.reversal_of is not None,
    )
    if event.reversal_of is not None:
        state.charges[event.reversal_of].reversed_qty += event.qty


def guards(state: State, event: Event) -> GuardChange | None:
    """One patient in a bed, one stay of a patient at a time; `state` is the state before the event."""
    match event:
        case e.AdmissionAccepted():
            return GuardChange(claim=[_visit(state, event.his_visit_no)])
        case e.PatientAdmitted() | e.DischargeCancelled():
            return GuardChange(claim=_lying(state, event.bed_id))
        case e.PatientTransferred():
            return GuardChange(claim=[Guard("bed", event.to_bed_id)], release=[Guard("bed", event.from_bed_id)])
        case e.PatientDischarged():
            return GuardChange(release=_lying(state, state.bed_id))
        case e.AdmissionCancelled():
            visit = [_visit(state, state.his_visit_no)] if state.his_visit_no else []
            lying = _lying(state, state.bed_id) if state.status == "admitted" else []
            return GuardChange(release=[*visit, *lying])
    return None


def _visit(state: State, his_visit_no: str) -> Guard:
    """Makes an admission findable by the number that the hospital's own system gave it."""
    return Guard("his_visit", f"{state.branch_id}#{his_visit_no}")


def _lying(state: State, bed_id: str | None) -> list[Guard]:
    """Of the patient's records, the one that the admission names; whoever asks looks at all of them."""
    assert bed_id is not None
    return [Guard("bed", bed_id), Guard("patient_admission", state.patient_id, state.branch_id)]


MACHINES = (
    machine(
        "Admission",
        """
        AdmissionRequested: - > requested
        AdmissionAccepted: requested > accepted
        PatientAdmitted: accepted > admitted
        PatientTransferred: admitted > same
        AdmissionChargePosted: admitted discharged > same
        PatientDischarged: admitted > discharged
        AdmissionCancelled: requested accepted admitted > cancelled
        DischargeCancelled: discharged > admitted
        AdmissionBilled: discharged > billed
        """,
    ),
)
