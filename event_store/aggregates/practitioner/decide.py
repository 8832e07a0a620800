"""The rules of a practitioner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

from event_store.aggregates.practitioner.commands import (
    RegisterPractitioner,
    SetTeleAvailability,
    UpdatePractitioner,
)
from event_store.aggregates.practitioner.events import (
    PractitionerRegistered,
    PractitionerRole,
    PractitionerUpdated,
    TeleAvailabilityChanged,
)
from event_store.aggregates.practitioner.state import State
from mymedic import bookings
from mymedic.counts import counted
from mymedic.deciding import Context, Decision, check
from mymedic.messages import Command, Event


def register_practitioner(state: State, command: RegisterPractitioner, context: Context) -> Iterable[Event]:
    _check_specialty(command.specialty_id, context)
    _check_roles(command.roles, context)
    yield PractitionerRegistered(
        name=command.name,
        specialty_id=command.specialty_id,
        registration_no=command.registration_no,
        hpr_id=command.hpr_id,
        roles=command.roles,
    )


def update_practitioner(state: State, command: UpdatePractitioner, context: Context) -> Iterable[Event]:
    check(
        any(value is not None for value in (command.specialty_id, command.roles, command.active)),
        "VALIDATION_FAILED",
        "nothing is changed",
    )
    if command.specialty_id is not None:
        _check_specialty(command.specialty_id, context)
    _check_roles(command.roles or (), context)
    if command.active is False:
        leaving = max(context.occurred_at, datetime.combine(command.effective_on, time.min, context.tz))
        booked = bookings.of_schedules(context, "practitioner", context.id, leaving)
        check(
            not booked,
            "SCHEDULE_HAS_BOOKINGS",
            f"{counted(len(booked), 'appointment stands', 'appointments stand')} after the practitioner has left",
            appointment_ids=[appointment.appointment_id for appointment in booked],
        )
    yield PractitionerUpdated(
        specialty_id=command.specialty_id,
        roles=command.roles,
        active=command.active,
        effective_on=command.effective_on,
    )


def set_tele_availability(state: State, command: SetTeleAvailability, context: Context) -> Iterable[Event]:
    """Video visits already booked in a withdrawn time stand, and are shown as waiting to be moved."""
    begins, ends = command.from_, command.until
    check(ends is None or begins < ends, "VALIDATION_FAILED", "it ends after it begins", field="until")
    check(ends is None or ends > context.occurred_at, "INVALID_STATE", "that time is over", until=ends)
    check(
        state.active_on(begins.astimezone(context.tz).date()),
        "INVALID_STATE",
        "the practitioner no longer sees patients then",
    )
    change = TeleAvailabilityChanged(
        available=command.available, from_at=begins, until_at=ends, platforms=command.platforms
    )
    check(not state.tele or state.tele[-1] != change, "INVALID_STATE", "it is so already")
    yield change


def _check_specialty(specialty_id: str, context: Context) -> None:
    tenant = context.require("tenant", context.tenant_id)
    check(tenant.specialty(specialty_id), "NOT_FOUND", "no such specialty", id=specialty_id)


def _check_roles(roles: Iterable[PractitionerRole], context: Context) -> None:
    for role in roles:
        context.require("branch", role.branch_id)
        check(
            role.to is None or role.from_ < role.to,
            "VALIDATION_FAILED",
            "a role ends after it begins",
            field="roles",
        )


DECISIONS: dict[type[Command], Decision] = {
    RegisterPractitioner: Decision(register_practitioner, target="practitioner_id", creates=True),
    UpdatePractitioner: Decision(update_practitioner, target="practitioner_id"),
    SetTeleAvailability: Decision(set_tele_availability, target="practitioner_id"),
}
