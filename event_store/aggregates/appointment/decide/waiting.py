"""The waitlist: joining it, and the offer of a free seat to whoever waited longest (C37, C38)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from event_store.aggregates.appointment.commands import JoinWaitlist, OfferWaitlistSlot
from event_store.aggregates.appointment.decide.placing import Seat, find_seat
from event_store.aggregates.appointment.decide.standing import (
    check_may_be_booked,
    check_patient_free,
    check_stands,
)
from event_store.aggregates.appointment.decide.terms import past_of, placed, terms_of
from event_store.aggregates.appointment.events import (
    AppointmentHeld,
    VisitType,
    WaitlistJoined,
    WaitlistOffered,
)
from event_store.aggregates.appointment.state import State
from mymedic import waitlist
from mymedic.clock import business_date
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event
from mymedic.patients import check_present, records_of, survivor_of


def join_waitlist(state: State, command: JoinWaitlist, context: Context) -> Iterator[Event]:
    check_present(context, command.patient_id)
    check(
        max(command.earliest, context.today()) <= command.latest,
        "VALIDATION_FAILED",
        "the last day comes after the first, and is not over",
        field="latest",
    )
    branch = context.require("branch", command.branch_id)
    check(branch.is_open_on(command.latest), "BRANCH_CLOSED", "the branch is closed by then")
    specialty_id = _specialty(command, context)
    for record_id in records_of(context, command.patient_id):
        waiting = context.holder(*waitlist.key(command.branch_id, specialty_id, record_id))
        check(waiting is None, "ALREADY_EXISTS", "the patient waits there already", appointment_id=waiting)
    yield WaitlistJoined(
        patient_id=command.patient_id,
        practitioner_id=command.practitioner_id,
        specialty_id=specialty_id,
        branch_id=command.branch_id,
        earliest_on=command.earliest,
        latest_on=command.latest,
        joined_at=context.occurred_at,
    )


def _specialty(command: JoinWaitlist, context: Context) -> str:
    """The one that is named, or the practitioner's."""
    if command.practitioner_id is None:
        tenant = context.require("tenant", context.tenant_id)
        if command.specialty_id is None:
            raise Refused("VALIDATION_FAILED", "name a practitioner or a specialty", field="specialty_id")
        check(tenant.specialty(command.specialty_id), "NOT_FOUND", "no such specialty", id=command.specialty_id)
        return command.specialty_id
    practitioner = context.require("practitioner", command.practitioner_id)
    check(practitioner.active_on(command.latest), "PRACTITIONER_INACTIVE", "the practitioner has left by then")
    specialty_id = str(practitioner.specialty_on(command.latest))
    check(
        command.specialty_id in (None, specialty_id),
        "VALIDATION_FAILED",
        "the practitioner is of another specialty",
        field="specialty_id",
    )
    return specialty_id


def offer_waitlist_slot(state: State, command: OfferWaitlistSlot, context: Context) -> Iterator[Event]:
    check_stands(state, "waitlist")
    service_id, visit_type = _service(command.slot_id, state.specialty_id, context)
    mode = "tele" if visit_type == "tele" else "in_person"
    seat = find_seat(context, command.slot_id, service_id, mode, timedelta())
    _check_may_have(state, seat, context)
    _check_turn(state, seat, context)
    terms = terms_of(
        context,
        seat,
        past_of(context, state.patient_id),
        None,
        service_id=service_id,
        visit_type=visit_type,
        channel=context.channel,
    )
    expires_at = min(context.occurred_at + timedelta(seconds=command.ttl), seat.start_at)
    yield WaitlistOffered(slot_id=seat.slot_id, offer_expires_at=expires_at)
    yield AppointmentHeld(
        **placed(
            seat,
            terms,
            patient_id=state.patient_id,
            service_id=service_id,
            visit_type=visit_type,
            channel=context.channel,
        ),
        hold_expires_at=expires_at,
    )


def _service(slot_id: str, specialty_id: str, context: Context) -> tuple[str, VisitType]:
    """Who waits, waits for a consultation: the first one of the specialty that the slot's schedule offers."""
    schedule_id = context.holder("slot", slot_id)
    schedule = context.state("schedule", schedule_id) if schedule_id else None
    slot = schedule.slot(slot_id) if schedule is not None else None
    if schedule is None or slot is None:
        raise Refused("SLOT_NOT_FOUND", "there is no such slot", slot_id=slot_id)
    tenant = context.require("tenant", context.tenant_id)
    services = [tenant.service(service_id) for service_id in schedule.service_ids]
    kinds = ("tele_consultation", "consultation") if slot.mode == "tele" else ("consultation",)
    for kind in kinds:
        for service in services:
            if service is not None and (service.kind, service.specialty_id) == (kind, specialty_id):
                return service.service_id, "tele" if slot.mode == "tele" else "new"
    raise Refused("SLOT_UNAVAILABLE", "the slot offers no consultation of that specialty", slot_id=slot_id)


def _check_may_have(state: State, seat: Seat, context: Context) -> None:
    """SLOT_UNAVAILABLE when the entry waits for something else; otherwise as any booking of the patient."""
    on = business_date(seat.start_at, context.tz)
    check(
        waitlist.fits(state, seat.branch_id, seat.practitioner_id, seat.specialty_id, on),
        "SLOT_UNAVAILABLE",
        "the patient waits for another place, practitioner or day",
        slot_id=seat.slot_id,
    )
    check_may_be_booked(context, survivor_of(context, state.patient_id))
    check_patient_free(context, state.patient_id, seat.start_at, seat.end_at)


def _check_turn(state: State, seat: Seat, context: Context) -> None:
    """First come, first served, among those who could take the seat."""
    for other in waitlist.queue(context, seat.branch_id, seat.specialty_id):
        if other.appointment_id == context.id:
            return
        check(
            not _could_have(other, seat, context),
            "SLOT_UNAVAILABLE",
            "another patient waits longer for it",
            appointment_id=other.appointment_id,
        )


def _could_have(other: Any, seat: Seat, context: Context) -> bool:
    try:
        _check_may_have(other, seat, context)
    except Refused:
        return False
    return True
