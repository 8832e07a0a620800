"""What may be asked of an advised service."""

from __future__ import annotations

from typing import ClassVar, Literal

from event_store.aggregates.service_request.events import Priority
from mymedic.messages import Command, Id, Paise, Text, Timestamp


class AdviseService(Command, frozen=True, kw_only=True):
    """C41. A doctor advises a service; without `service_request_id` a new id is made.

    `practitioner_id` is the requester. `list_price_paise` is what the doctor's screen showed; what is recorded is the
    catalogue's price of this moment, because advice is no quotation.
    """

    who: ClassVar = frozenset({"DR"})
    service_request_id: Id | None = None
    encounter_id: Id
    service_id: Id
    priority: Priority
    list_price_paise: Paise
    practitioner_id: Id


class RespondToAdvice(Command, frozen=True, kw_only=True):
    """C42. What the patient makes of the advice."""

    who: ClassVar = frozenset({"FD", "PP"})
    service_request_id: Id
    decision: Literal["accepted", "declined"]
    reason: Text | None = None


class ScheduleService(Command, frozen=True, kw_only=True):
    """C43. An appointment for the advised service has been made."""

    who: ClassVar = frozenset({"FD", "SY"})
    service_request_id: Id
    appointment_id: Id


class RecordServicePerformed(Command, frozen=True, kw_only=True):
    """C44. It was done, by `practitioner_id`; without `service_request_id` nobody had advised it."""

    who: ClassVar = frozenset({"DR", "FD"})
    service_request_id: Id | None = None
    encounter_id: Id
    service_id: Id
    practitioner_id: Id
    performed_at: Timestamp


class RevokeServiceRequest(Command, frozen=True, kw_only=True):
    """C45. The doctor takes the advice back."""

    who: ClassVar = frozenset({"DR"})
    service_request_id: Id
    reason: Text
