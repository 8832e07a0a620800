"""What happens to an advised service, from the advice to its performance."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from mymedic.messages import Event, Id, Paise, Text, Timestamp

Priority = Literal["routine", "urgent"]
WindowDays = Annotated[int, Meta(ge=0, le=3660)]

CARE = ("medico_legal",)


class ServiceAdvised(Event, frozen=True, kw_only=True):
    """`list_price_paise` is the catalogue's at `advised_at`; until `window_days` later it counts as converted."""

    retention: ClassVar = CARE
    encounter_id: Id
    patient_id: Id
    practitioner_id: Id
    branch_id: Id
    service_id: Id
    priority: Priority
    list_price_paise: Paise
    price_version_id: Id
    window_days: WindowDays
    advised_at: Timestamp


class ServiceAdviceAccepted(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    branch_id: Id


class ServiceAdviceDeclined(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    branch_id: Id
    reason: Text | None = None


class ServiceScheduled(Event, frozen=True, kw_only=True):
    """`scheduled_at` is the time that it is scheduled for."""

    retention: ClassVar = CARE
    branch_id: Id
    appointment_id: Id
    scheduled_at: Timestamp


class ServicePerformed(Event, frozen=True, kw_only=True):
    """`branch_id` is where it was performed. `advised` false: nobody had advised it, the stream begins with it."""

    retention: ClassVar = CARE
    patient_id: Id
    branch_id: Id
    encounter_id: Id
    service_id: Id
    performer_id: Id
    performed_at: Timestamp
    advised: bool
    late: bool
    invoice_line_ref: Text | None = None


class ServiceRequestRevoked(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    branch_id: Id
    reason: Text


EVENTS: tuple[type[Event], ...] = (
    ServiceAdvised,
    ServiceAdviceAccepted,
    ServiceAdviceDeclined,
    ServiceScheduled,
    ServicePerformed,
    ServiceRequestRevoked,
)
