"""What may be asked of an appointment."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

from event_store.aggregates.appointment.events import (
    ForeignRef,
    ImportedOutcome,
    Initiator,
    ReasonCode,
    TimePrecision,
    TokenNo,
    VisitType,
)
from mymedic.messages import Command, EntryChannel, Id, LongText, Paise, Text, Timestamp, Value


class Caller(Value, frozen=True, kw_only=True):
    """Who rang for the patient; sealed in the event."""

    name: Text | None = None
    phone: Text | None = None


class HoldAppointment(Command, frozen=True, kw_only=True):
    """C28. Without `appointment_id` a new id is made."""

    who: ClassVar = frozenset({"PP", "FD"})
    patient_id: Id
    slot_id: Id
    service_id: Id
    visit_type: VisitType
    followup_id: Id | None = None
    quoted_price_paise: Paise
    channel: EntryChannel
    appointment_id: Id | None = None


class BookAppointment(Command, frozen=True, kw_only=True):
    """C29. Without `appointment_id` a new id is made; with the id of a waitlist offer, that is accepted."""

    who: ClassVar = frozenset({"FD", "IN", "PP"})
    patient_id: Id
    slot_id: Id
    service_id: Id
    visit_type: VisitType
    followup_id: Id | None = None
    quoted_price_paise: Paise
    channel: EntryChannel
    deposit_waiver_reason: Text | None = None
    caller: Caller | None = None
    walk_in: bool = False
    appointment_id: Id | None = None


class ConfirmAppointment(Command, frozen=True, kw_only=True):
    """C30."""

    who: ClassVar = frozenset({"SY"})
    appointment_id: Id
    payment_id: Id


class ExpireHold(Command, frozen=True, kw_only=True):
    """C31."""

    who: ClassVar = frozenset({"SY"})
    appointment_id: Id


class RescheduleAppointment(Command, frozen=True, kw_only=True):
    """C32."""

    who: ClassVar = frozenset({"PP", "FD", "DR", "SY"})
    appointment_id: Id
    new_slot_id: Id
    initiator: Initiator
    reason_code: ReasonCode


class CancelAppointment(Command, frozen=True, kw_only=True):
    """C33."""

    who: ClassVar = frozenset({"PP", "FD", "DR", "SY"})
    appointment_id: Id
    initiator: Initiator
    reason_code: ReasonCode
    note: LongText | None = None


class CheckInPatient(Command, frozen=True, kw_only=True):
    """C34."""

    who: ClassVar = frozenset({"FD", "PP"})
    appointment_id: Id
    token_no: TokenNo | None = None


class MarkNoShow(Command, frozen=True, kw_only=True):
    """C35."""

    who: ClassVar = frozenset({"FD", "DR", "SY"})
    appointment_id: Id


class ReverseNoShow(Command, frozen=True, kw_only=True):
    """C36."""

    who: ClassVar = frozenset({"FD"})
    appointment_id: Id
    reason: Text


class JoinWaitlist(Command, frozen=True, kw_only=True):
    """C37. For a practitioner, or for any of a specialty. Without `appointment_id` a new id is made."""

    who: ClassVar = frozenset({"PP", "FD"})
    patient_id: Id
    practitioner_id: Id | None = None
    specialty_id: Id | None = None
    branch_id: Id
    earliest: date
    latest: date
    appointment_id: Id | None = None


class OfferWaitlistSlot(Command, frozen=True, kw_only=True):
    """C38. `ttl`: for how many seconds the seat is kept; never beyond its own start."""

    who: ClassVar = frozenset({"SY", "FD"})
    appointment_id: Id
    slot_id: Id
    ttl: Annotated[int, Meta(ge=1, le=86_400)]


class MarkAppointmentError(Command, frozen=True, kw_only=True):
    """C39. What took place or was missed needs finance and chain manager together."""

    who: ClassVar = frozenset({"CM", "FN"})
    appointment_id: Id
    reason: Text


class ImportAppointment(Command, frozen=True, kw_only=True):
    """C126. One appointment of another system's history; `start_at` is absent when only the day is known."""

    who: ClassVar = frozenset({"EN"})
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
