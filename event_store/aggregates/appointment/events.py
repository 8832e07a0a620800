"""What happens to an appointment."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from mymedic.messages import Bps, Count, EntryChannel, Event, Id, LongText, Paise, Seconds, Text, Timestamp, Value

VisitType = Literal["new", "follow_up", "procedure", "tele"]
Mode = Literal["in_person", "tele"]
Initiator = Literal["patient", "provider", "system"]
ReasonCode = Literal[
    "patient_request",
    "feeling_better",
    "cost",
    "time_conflict",
    "went_elsewhere",
    "provider_leave",
    "emergency",
    "duplicate",
    "lwbs",
    "other",
]
MarkedBy = Literal["staff", "doctor", "timer"]
TimePrecision = Literal["day", "minute"]
ImportedOutcome = Literal["fulfilled", "noshow", "cancelled", "booked"]
TokenNo = Annotated[int, Meta(ge=1, le=99)]
# A name that another system gave: any text, because nobody asked us when they chose it.
ForeignRef = Annotated[str, Meta(min_length=1, max_length=128)]

CARE = ("medico_legal",)
CARE_AND_MONEY = ("medico_legal", "financial_gst")


class FromSlot(Value, frozen=True, kw_only=True):
    slot_id: Id
    token_no: TokenNo
    start_at: Timestamp
    practitioner_id: Id
    branch_id: Id


class ToSlot(Value, frozen=True, kw_only=True):
    slot_id: Id
    token_no: TokenNo
    start_at: Timestamp
    end_at: Timestamp
    practitioner_id: Id
    branch_id: Id


class PlannedMoney(Value, frozen=True, kw_only=True):
    """What becomes of the money that one payment still holds; one row per payment, R-POL-6."""

    payment_id: Id
    forfeit_paise: Paise
    refund_paise: Paise


class CallerPii(Value, frozen=True, kw_only=True):
    caller_name: Text | None = None
    caller_phone: Text | None = None


class CancellationPii(Value, frozen=True, kw_only=True):
    note: LongText | None = None


class WaitlistJoined(Event, frozen=True, kw_only=True):
    """Waits for a seat on a day from `earliest_on` to `latest_on`; `joined_at` is the place in the queue."""

    patient_id: Id
    practitioner_id: Id | None = None
    specialty_id: Id
    branch_id: Id
    earliest_on: date
    latest_on: date
    joined_at: Timestamp


class WaitlistOffered(Event, frozen=True, kw_only=True):
    """A seat for whoever waited longest; the hold that follows keeps it until `offer_expires_at`."""

    slot_id: Id
    offer_expires_at: Timestamp


class _Placed(Event, frozen=True, kw_only=True):
    """Slot, price and policies as they were pinned (INV-A3); `policy_version_ids` begins cancellation, deposit."""

    patient_id: Id
    slot_id: Id
    token_no: TokenNo
    schedule_id: Id
    practitioner_id: Id
    branch_id: Id
    department_id: Id | None = None
    specialty_id: Id
    service_id: Id
    visit_type: VisitType
    mode: Mode
    start_at: Timestamp
    end_at: Timestamp
    price_quoted_paise: Paise
    price_version_id: Id
    list_price_paise: Paise
    deposit_required_paise: Paise
    hold_expires_at: Timestamp | None = None
    policy_version_ids: tuple[Id, ...] = ()
    booking_channel: EntryChannel
    followup_id: Id | None = None


class AppointmentHeld(_Placed, frozen=True, kw_only=True):
    retention: ClassVar = CARE_AND_MONEY


class AppointmentBooked(_Placed, frozen=True, kw_only=True):
    version: ClassVar[int] = 2
    retention: ClassVar = CARE_AND_MONEY
    deposit_paid_paise: Paise
    deposit_waiver_reason: Text | None = None
    walk_in: bool = False
    is_new_patient: bool | None = None
    prior_noshow_count: Count | None = None
    pii: CallerPii | None = None


class AppointmentHoldExpired(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    slot_id: Id
    token_no: TokenNo


class AppointmentRescheduled(Event, frozen=True, kw_only=True):
    """A reprice is told by `price_version_id` and `price_quoted_paise`; without them the pin stays."""

    retention: ClassVar = CARE_AND_MONEY
    from_: FromSlot = msgspec.field(name="from")
    to: ToSlot
    initiator: Initiator
    reason_code: ReasonCode
    lead_seconds: Seconds
    penalty_floor_bps: Bps
    reschedule_count: Count
    price_version_id: Id | None = None
    price_quoted_paise: Paise | None = None


class AppointmentCancelled(Event, frozen=True, kw_only=True):
    """Who only waited had no seat: slot, token and start are absent then."""

    version: ClassVar[int] = 2
    retention: ClassVar = CARE_AND_MONEY
    initiator: Initiator
    reason_code: ReasonCode
    lead_seconds: Seconds
    tier_bps: Bps
    eff_bps: Bps
    held_paise: Paise
    forfeit_paise: Paise
    refund_paise: Paise
    plan: tuple[PlannedMoney, ...] = ()
    slot_id: Id | None = None
    token_no: TokenNo | None = None
    start_at: Timestamp | None = None
    policy_version_id: Id
    pii: CancellationPii | None = None


class PatientCheckedIn(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    token_no: TokenNo
    arrived_at: Timestamp
    minutes_late: Count


class AppointmentNoShow(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE_AND_MONEY
    start_at: Timestamp
    marked_by: MarkedBy
    held_paise: Paise
    forfeit_paise: Paise
    refund_paise: Paise
    plan: tuple[PlannedMoney, ...] = ()
    policy_version_id: Id


class NoShowReversed(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    reason: Text


class AppointmentFulfilled(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    encounter_id: Id


class AppointmentEnteredInError(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    reason: Text


class AppointmentImported(Event, frozen=True, kw_only=True):
    """An appointment of another system's history; the refs stand as the import gave them."""

    retention: ClassVar = CARE
    source_system: ForeignRef
    external_ref: ForeignRef
    patient_ref: ForeignRef
    branch_ref: ForeignRef
    practitioner_ref: ForeignRef | None = None
    service_ref: ForeignRef | None = None
    booked_at: Timestamp | None = None
    start_on: date
    start_at: Timestamp | None = None
    time_precision: TimePrecision
    outcome: ImportedOutcome
    cancelled_at: Timestamp | None = None
    price_quoted_paise: Paise | None = None
    is_imputed_branch: bool = False
    is_imputed_practitioner: bool = False


EVENTS: tuple[type[Event], ...] = (
    AppointmentHeld,
    AppointmentBooked,
    AppointmentHoldExpired,
    AppointmentRescheduled,
    AppointmentCancelled,
    PatientCheckedIn,
    AppointmentNoShow,
    NoShowReversed,
    AppointmentFulfilled,
    AppointmentEnteredInError,
    AppointmentImported,
    WaitlistJoined,
    WaitlistOffered,
)
