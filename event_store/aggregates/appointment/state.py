"""What a decision needs to know of an appointment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone

from msgspec import Struct

from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentEnteredInError,
    AppointmentFulfilled,
    AppointmentHeld,
    AppointmentHoldExpired,
    AppointmentImported,
    AppointmentNoShow,
    AppointmentRescheduled,
    NoShowReversed,
    PatientCheckedIn,
    WaitlistJoined,
    WaitlistOffered,
)
from mymedic import waitlist
from mymedic.clock import EPOCH, business_date
from mymedic.deciding import Guard, GuardChange
from mymedic.lives import machine
from mymedic.messages import Event

BUCKET = timedelta(minutes=5)
# Who has one of these sits in the slot and nowhere else (INV-A2).
ACTIVE = frozenset({"pending", "booked", "checked-in"})


class State(Struct):
    """`appointment_id` is set by whoever loads the stream. An imported appointment may have `start_on` alone."""

    exists: bool = False
    appointment_id: str = ""
    status: str = ""  # FHIR's codes; `arrived` is derived from an open encounter
    is_imported: bool = False
    is_hold_expired: bool = False
    is_offered: bool = False  # came from the waitlist
    joined_at: datetime | None = None
    earliest_on: date | None = None
    latest_on: date | None = None
    patient_id: str = ""
    slot_id: str = ""
    token_no: int = 0
    schedule_id: str = ""  # of the first slot: a reschedule names the slot alone
    practitioner_id: str = ""
    branch_id: str = ""
    department_id: str | None = None
    specialty_id: str = ""
    service_id: str = ""
    visit_type: str = ""
    mode: str = ""
    start_at: datetime | None = None
    end_at: datetime | None = None
    start_on: date | None = None
    price_quoted_paise: int = 0
    price_version_id: str = ""
    list_price_paise: int = 0
    deposit_required_paise: int = 0
    hold_expires_at: datetime | None = None
    policy_version_ids: tuple[str, ...] = ()
    booking_channel: str = ""
    followup_id: str | None = None
    arrived_at: datetime | None = None
    penalty_floor_bps: int = 0
    reschedule_count: int = 0
    patient_reschedule_count: int = 0
    planned_refunds: dict[str, int] = {}  # of its cancellation: payment_id -> paise

    @property
    def is_free_followup(self) -> bool:
        return self.visit_type == "follow_up" and self.price_quoted_paise == 0 and not self.is_imported

    def start_date(self, tz: timezone) -> date:
        """Business date of the start, known to the day at least."""
        if self.start_at is not None:
            return business_date(self.start_at, tz)
        assert self.start_on is not None
        return self.start_on

    def fulfil(self, encounter_id: str) -> AppointmentFulfilled:
        """What a finished encounter writes on this stream."""
        return AppointmentFulfilled(encounter_id=encounter_id)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case AppointmentImported():
            _import(state, event)
        case AppointmentHeld() | AppointmentBooked():
            _place(state, event)
        case WaitlistJoined():
            _join(state, event)
        case WaitlistOffered():
            state.is_offered = True
        case PatientCheckedIn():
            state.status = "checked-in"
            state.arrived_at = event.arrived_at
        case AppointmentFulfilled():
            state.status = "fulfilled"
        case AppointmentCancelled():
            state.status = "cancelled"
            state.planned_refunds = {planned.payment_id: planned.refund_paise for planned in event.plan}
        case AppointmentNoShow():
            state.status = "noshow"
        case AppointmentHoldExpired():
            state.status = "cancelled"
            state.is_hold_expired = True
        case AppointmentRescheduled():
            _move(state, event)
        case NoShowReversed():
            state.status = "checked-in"
        case AppointmentEnteredInError():
            state.status = "entered-in-error"


def _place(state: State, event: AppointmentHeld | AppointmentBooked) -> None:
    state.exists = True
    state.status = "pending" if isinstance(event, AppointmentHeld) else "booked"
    state.patient_id = event.patient_id
    state.slot_id = event.slot_id
    state.token_no = event.token_no
    state.schedule_id = event.schedule_id
    state.practitioner_id = event.practitioner_id
    state.branch_id = event.branch_id
    state.department_id = event.department_id
    state.specialty_id = event.specialty_id
    state.service_id = event.service_id
    state.visit_type = event.visit_type
    state.mode = event.mode
    state.start_at = event.start_at
    state.end_at = event.end_at
    state.price_quoted_paise = event.price_quoted_paise
    state.price_version_id = event.price_version_id
    state.list_price_paise = event.list_price_paise
    state.deposit_required_paise = event.deposit_required_paise
    state.hold_expires_at = event.hold_expires_at
    state.policy_version_ids = event.policy_version_ids
    state.booking_channel = event.booking_channel
    state.followup_id = event.followup_id


def _join(state: State, event: WaitlistJoined) -> None:
    state.exists = True
    state.status = "waitlist"
    state.patient_id = event.patient_id
    state.practitioner_id = event.practitioner_id or ""
    state.specialty_id = event.specialty_id
    state.branch_id = event.branch_id
    state.joined_at = event.joined_at
    state.earliest_on, state.latest_on = event.earliest_on, event.latest_on


def _move(state: State, event: AppointmentRescheduled) -> None:
    to = event.to
    state.slot_id = to.slot_id
    state.token_no = to.token_no
    state.start_at = to.start_at
    state.end_at = to.end_at
    state.practitioner_id = to.practitioner_id
    state.branch_id = to.branch_id
    state.penalty_floor_bps = event.penalty_floor_bps
    state.reschedule_count = event.reschedule_count
    if event.initiator == "patient":
        state.patient_reschedule_count += 1
    if event.price_version_id is not None and event.price_quoted_paise is not None:
        state.price_version_id = event.price_version_id
        state.price_quoted_paise = state.list_price_paise = event.price_quoted_paise


def _import(state: State, event: AppointmentImported) -> None:
    state.exists = state.is_imported = True
    state.status = event.outcome
    state.patient_id = event.patient_ref
    state.branch_id = event.branch_ref
    state.practitioner_id = event.practitioner_ref or ""
    state.service_id = event.service_ref or ""
    state.start_on = event.start_on
    state.start_at = event.start_at
    state.price_quoted_paise = event.price_quoted_paise or 0


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    claim, release = _claimed(state, event), _released(state, event)
    return GuardChange(claim=claim, release=release) if claim or release else None


def external_key(source_system: str, external_ref: str) -> str:
    return f"appointment#{source_system}#{external_ref}"


def _claimed(state: State, event: Event) -> list[Guard]:
    match event:
        case AppointmentImported():
            return [Guard("external_ref", external_key(event.source_system, event.external_ref))]
        case WaitlistJoined():
            return [Guard(*waitlist.key(event.branch_id, event.specialty_id, event.patient_id))]
        case AppointmentHeld() | AppointmentBooked() if not state.exists or state.status == "waitlist":
            return _seat(event.patient_id, event.slot_id, event.token_no, event.start_at, event.end_at)
        case AppointmentRescheduled():
            to = event.to
            return _seat(state.patient_id, to.slot_id, to.token_no, to.start_at, to.end_at)
        case NoShowReversed():
            return _own_seat(state)
    return []


def _released(state: State, event: Event) -> list[Guard]:
    if state.status == "waitlist":
        is_over = isinstance(event, AppointmentHeld | AppointmentCancelled | AppointmentEnteredInError)
        return [Guard(*waitlist.key(state.branch_id, state.specialty_id, state.patient_id))] if is_over else []
    match event:
        case AppointmentRescheduled() | AppointmentCancelled() | AppointmentHoldExpired() | AppointmentNoShow():
            return _own_seat(state)
        case AppointmentFulfilled():
            # The token stays used up; only the patient is free again (INV-A1, INV-A2).
            return _own_seat(state)[1:]
        case AppointmentEnteredInError() if not state.is_imported and state.status == "fulfilled":
            return _own_seat(state)[:1]
        case AppointmentEnteredInError() if not state.is_imported and state.status in ACTIVE:
            return _own_seat(state)
    return []


def _own_seat(state: State) -> list[Guard]:
    assert state.start_at is not None and state.end_at is not None
    return _seat(state.patient_id, state.slot_id, state.token_no, state.start_at, state.end_at)


def _seat(patient_id: str, slot_id: str, token_no: int, start_at: datetime, end_at: datetime) -> list[Guard]:
    """The token first, then the patient's time."""
    return [Guard("slot_token", f"{slot_id}#{token_no:02d}"), *patient_times(patient_id, start_at, end_at)]


def patient_times(patient_id: str, start_at: datetime, end_at: datetime) -> Iterator[Guard]:
    """One guard per 5-minute bucket that [start_at, end_at) touches."""
    first = (start_at - EPOCH) // BUCKET
    past = -((EPOCH - end_at) // BUCKET)
    for bucket in range(first, past):
        yield Guard("patient_time", f"{patient_id}#{bucket}")


MACHINES = (
    machine(
        "Appointment",
        """
        AppointmentHeld: - waitlist > pending
        AppointmentBooked: - pending > booked
        AppointmentHoldExpired: pending > cancelled
        AppointmentRescheduled: pending booked > same
        AppointmentCancelled: pending booked checked-in waitlist > cancelled
        PatientCheckedIn: booked > checked-in
        AppointmentNoShow: booked > noshow
        NoShowReversed: noshow > checked-in
        AppointmentFulfilled: booked checked-in > fulfilled
        AppointmentEnteredInError: pending booked cancelled checked-in noshow fulfilled waitlist > entered-in-error
        AppointmentImported: - > booked
        AppointmentImported: - > cancelled
        AppointmentImported: - > noshow
        AppointmentImported: - > fulfilled
        WaitlistJoined: - > waitlist
        """,
    ),
)
