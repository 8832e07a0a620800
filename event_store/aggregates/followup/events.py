"""What happens to a follow-up: a visit that a doctor has asked a patient to come back for."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from mymedic.messages import Event, Id, Sha256, Text, Timestamp, Value

UnbookedBecause = Literal["cancelled", "noshow"]
ClosedAs = Literal["declined", "cancelled", "deceased"]
Deviation = Annotated[int, Meta(ge=-40_000, le=40_000)]

CARE = ("medico_legal",)


class FollowUpPii(Value, frozen=True, kw_only=True):
    reason_text: Text | None = None


class FollowUpRequested(Event, frozen=True, kw_only=True):
    """All dates are business dates and inclusive. `free_until` is absent when no visit of it is free.

    `reason_hash` stands for the sealed reason wherever two reasons have to be told apart; it never lands.
    """

    retention: ClassVar = CARE
    encounter_id: Id
    patient_id: Id
    practitioner_id: Id
    specialty_id: Id
    branch_id: Id
    due_on: date
    due_from: date
    due_to: date
    free_until: date | None = None
    lapse_on: date
    same_practitioner: bool
    policy_version_id: Id
    reason_hash: Sha256
    pii: FollowUpPii | None = None


class FollowUpAmended(Event, frozen=True, kw_only=True):
    """`amended_on` is the day on which it was amended: after the first due_to, an amendment rescues nothing."""

    retention: ClassVar = CARE
    amended_on: date
    due_on: date
    due_from: date
    due_to: date
    lapse_on: date


class FollowUpBooked(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    appointment_id: Id
    start_at: Timestamp


class FollowUpUnbooked(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    appointment_id: Id
    cause: UnbookedBecause


class FollowUpCompleted(Event, frozen=True, kw_only=True):
    """`deviation_days` is completed_on - due_on: negative when the patient came early."""

    retention: ClassVar = CARE
    encounter_id: Id
    completed_on: date
    deviation_days: Deviation
    in_window: bool


class FollowUpOverdue(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    as_of: date


class FollowUpLapsed(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    as_of: date


class FollowUpClosed(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    outcome: ClosedAs


EVENTS: tuple[type[Event], ...] = (
    FollowUpRequested,
    FollowUpAmended,
    FollowUpBooked,
    FollowUpUnbooked,
    FollowUpCompleted,
    FollowUpOverdue,
    FollowUpLapsed,
    FollowUpClosed,
)
