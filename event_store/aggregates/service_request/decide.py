"""The rules of an advised service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from event_store.aggregates.service_request.commands import (
    AdviseService,
    RecordServicePerformed,
    RespondToAdvice,
    RevokeServiceRequest,
    ScheduleService,
)
from event_store.aggregates.service_request.events import (
    ServiceAdviceAccepted,
    ServiceAdviceDeclined,
    ServiceAdvised,
    ServicePerformed,
    ServiceRequestRevoked,
    ServiceScheduled,
)
from event_store.aggregates.service_request.state import State
from mymedic.deciding import Context, Decision, check
from mymedic.errors import Refused
from mymedic.messages import Command, Event
from mymedic.patients import related_to, same_patient

ADDENDUM = timedelta(hours=48)
STANDING = frozenset({"pending", "booked", "checked-in"})


def advise_service(state: State, command: AdviseService, context: Context) -> Iterator[Event]:
    encounter = context.require("encounter", command.encounter_id)
    check(
        command.practitioner_id == context.actor.practitioner_id == encounter.practitioner_id,
        "FORBIDDEN",
        "a doctor advises their own patients",
    )
    is_addendum = encounter.status == "finished" and context.occurred_at <= encounter.finished_at + ADDENDUM
    check(
        encounter.status == "in-progress" or is_addendum,
        "INVALID_STATE",
        "advice is given during an encounter or within 48 hours after it",
        status=encounter.status,
    )
    service = context.state("tenant", context.tenant_id).service(command.service_id)
    if service is None:
        raise Refused("NOT_FOUND", "there is no such service", service_id=command.service_id)
    price = context.state("price", command.service_id).resolve(
        context.occurred_at,
        branch_id=encounter.branch_id,
        city_id=context.require("branch", encounter.branch_id).city_on(context.today()),
        practitioner_id=encounter.practitioner_id,
        visit_type="procedure" if service.kind == "procedure" else None,  # as its booking would be
    )
    if price is None:
        raise Refused("PRICE_NOT_FOUND", "no price is in force for this service", service_id=command.service_id)
    yield ServiceAdvised(
        encounter_id=command.encounter_id,
        patient_id=encounter.patient_id,
        practitioner_id=command.practitioner_id,
        branch_id=encounter.branch_id,
        service_id=command.service_id,
        priority=command.priority,
        list_price_paise=price.amount_paise,
        price_version_id=price.price_version_id,
        window_days=service.conversion_window_days,
        advised_at=context.occurred_at,
    )


def respond_to_advice(state: State, command: RespondToAdvice, context: Context) -> Iterator[Event]:
    _check_reach(context, state.advising_branch_id)
    _check_stands(state, context, "active")
    if command.decision == "accepted":
        yield ServiceAdviceAccepted(branch_id=state.advising_branch_id)
    else:
        yield ServiceAdviceDeclined(branch_id=state.advising_branch_id, reason=command.reason)


def schedule_service(state: State, command: ScheduleService, context: Context) -> Iterator[Event]:
    _check_stands(state, context, "active", "accepted")
    appointment = context.require("appointment", command.appointment_id)
    _check_reach(context, appointment.branch_id)
    _check_fits(state, appointment, context)
    check(
        appointment.status in STANDING and not appointment.is_imported,
        "INVALID_STATE",
        f"the appointment is {appointment.status}",
        status=appointment.status,
    )
    yield ServiceScheduled(
        branch_id=appointment.branch_id,
        appointment_id=command.appointment_id,
        scheduled_at=appointment.start_at,
    )


def record_service_performed(state: State, command: RecordServicePerformed, context: Context) -> Iterator[Event]:
    encounter = context.require("encounter", command.encounter_id)
    check(encounter.status != "cancelled", "INVALID_STATE", "the encounter was cancelled")
    _check_reach(context, encounter.branch_id)
    is_own = command.practitioner_id == context.actor.practitioner_id
    check(context.actor.has("FD") or is_own, "FORBIDDEN", "a doctor records what they performed themselves")
    context.require("practitioner", command.practitioner_id)
    check(
        command.performed_at <= max(context.now, context.occurred_at),
        "VALIDATION_FAILED",
        "it has not been performed yet",
        field="performed_at",
    )
    if command.service_request_id is None:
        check(not state.exists, "ALREADY_EXISTS", f"{context.id} exists")
        _check_offered(command.service_id, context)
    else:
        check(state.exists, "NOT_FOUND", f"there is no service request {context.id}")
        _check_advised(state, command, encounter, context)
    yield ServicePerformed(
        patient_id=encounter.patient_id,
        branch_id=encounter.branch_id,
        encounter_id=command.encounter_id,
        service_id=command.service_id,
        performer_id=command.practitioner_id,
        performed_at=command.performed_at,
        advised=state.exists,
        late=state.exists and command.performed_at >= state.window_ends_at,
    )


def revoke_service_request(state: State, command: RevokeServiceRequest, context: Context) -> Iterator[Event]:
    check(state.requester_id == context.actor.practitioner_id, "FORBIDDEN", "another doctor advised it")
    _check_stands(state, context, "active", "accepted")
    yield ServiceRequestRevoked(branch_id=state.advising_branch_id, reason=command.reason)


def _check_stands(state: State, context: Context, *statuses: str) -> None:
    status = state.status_at(context.occurred_at)
    check(status in statuses, "INVALID_STATE", f"the service request is {status}", status=status)


def _check_reach(context: Context, branch_id: str) -> None:
    """A desk acts in its own branches; which one this is, the other stream knows."""
    scope = context.actor.branch_scope
    check(
        scope == "*" or branch_id in scope,
        "FORBIDDEN_BRANCH",
        f"{branch_id} is not one of this actor's branches",
        branch_id=branch_id,
    )


def _check_fits(state: State, visit: Any, context: Context) -> None:
    is_same = same_patient(context, visit.patient_id, state.patient_id)
    check(is_same, "VALIDATION_FAILED", "it was advised to another patient")
    check(
        visit.service_id == state.service_id,
        "VALIDATION_FAILED",
        "another service was advised",
        service_id=state.service_id,
    )


def _check_offered(service_id: str, context: Context) -> None:
    service = context.state("tenant", context.tenant_id).service(service_id)
    check(service is not None, "NOT_FOUND", "there is no such service", service_id=service_id)


def _check_advised(state: State, command: RecordServicePerformed, encounter: Any, context: Context) -> None:
    """What was performed answers the oldest open advice of it to the patient, and no other."""
    at = command.performed_at
    status = state.status_at(at)
    check(
        status in ("active", "accepted", "scheduled", "expired"),
        "INVALID_STATE",
        f"the service request is {status}",
        status=status,
    )
    is_same = same_patient(context, encounter.patient_id, state.patient_id)
    check(is_same, "VALIDATION_FAILED", "it was advised to another patient")
    check(command.service_id == state.service_id, "VALIDATION_FAILED", "another service was advised")
    check(at >= state.advised_at, "VALIDATION_FAILED", "it was performed before it was advised", field="performed_at")
    older = [
        other
        for other in related_to(context, "service_request", state.patient_id)
        if other.service_id == state.service_id
        and other.is_open_at(at)
        and other.advised_at <= at
        and (status == "expired" or _age(other) < _age(state))
    ]
    check(
        not older,
        "INVALID_STATE",
        "a performance belongs to the oldest open advice of the service",
        service_request_id=min(older, key=_age).service_request_id if older else None,
    )


def _age(state: Any) -> tuple[datetime, str]:
    return state.advised_at, state.service_request_id


DECISIONS: dict[type[Command], Decision] = {
    AdviseService: Decision(advise_service, target="service_request_id", creates=True),
    RespondToAdvice: Decision(respond_to_advice, target="service_request_id"),
    ScheduleService: Decision(schedule_service, target="service_request_id"),
    RecordServicePerformed: Decision(record_service_performed, target="service_request_id", creates=None),
    RevokeServiceRequest: Decision(revoke_service_request, target="service_request_id"),
}
