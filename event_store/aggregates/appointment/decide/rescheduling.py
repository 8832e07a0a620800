"""Moving to another slot: the token moves in one step, the penalty floor stays (R-POL-4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from event_store.aggregates.appointment.commands import RescheduleAppointment
from event_store.aggregates.appointment.decide.linking import relink
from event_store.aggregates.appointment.decide.placing import Seat, find_seat
from event_store.aggregates.appointment.decide.standing import (
    check_not_arrived,
    check_patient_free,
    check_stands,
    lead_seconds,
    start_of,
)
from event_store.aggregates.appointment.decide.terms import cancellation_body, list_price, pinned_cancellation
from event_store.aggregates.appointment.events import AppointmentRescheduled, FromSlot, ToSlot
from event_store.aggregates.appointment.state import State
from mymedic.deciding import Context, Moment, check
from mymedic.messages import Event, On
from mymedic.policies import CancellationBody, tier_bps


def reschedule_appointment(state: State, command: RescheduleAppointment, context: Context) -> Iterator[Event | On]:
    check_stands(state, "pending", "booked")
    check_not_arrived(context)
    check_initiator(context, command.initiator)
    check(command.new_slot_id != state.slot_id, "VALIDATION_FAILED", "it is in that slot already")
    lead = lead_seconds(state, context)
    if command.initiator == "patient":
        _check_patient_may(state, cancellation_body(pinned_cancellation(context, state.policy_version_ids)), lead)
    seat = find_seat(context, command.new_slot_id, state.service_id, state.mode, timedelta())
    check_patient_free(context, state.patient_id, seat.start_at, seat.end_at)
    yield AppointmentRescheduled(
        from_=FromSlot(
            slot_id=state.slot_id,
            token_no=state.token_no,
            start_at=start_of(state),
            practitioner_id=state.practitioner_id,
            branch_id=state.branch_id,
        ),
        to=ToSlot(
            slot_id=seat.slot_id,
            token_no=seat.token_no,
            start_at=seat.start_at,
            end_at=seat.end_at,
            practitioner_id=seat.practitioner_id,
            branch_id=seat.branch_id,
        ),
        initiator=command.initiator,
        reason_code=command.reason_code,
        lead_seconds=lead,
        penalty_floor_bps=floor_after(state, context, command.initiator),
        reschedule_count=state.reschedule_count + 1,
        **repriced(state, seat, context),
    )
    yield from relink(context, state, seat.start_at)


def check_initiator(context: Context, initiator: str) -> None:
    """Nobody puts it on the other: the provider's own change costs the patient nothing, the patient's may."""
    if context.actor.has("FD", "SY"):  # who writes down what either side has said
        return
    is_doctor = context.actor.has("DR")
    check(is_doctor or initiator == "patient", "FORBIDDEN", "a patient acts as the patient")
    check(not is_doctor or initiator != "patient", "FORBIDDEN", "a doctor acts as the provider")


def _check_patient_may(state: State, body: CancellationBody, lead: int) -> None:
    check(
        state.patient_reschedule_count < body.max_reschedules,
        "RESCHEDULE_LIMIT",
        "it has been moved as often as the policy allows",
        max_reschedules=body.max_reschedules,
    )
    check(
        lead >= body.min_reschedule_lead_seconds,
        "RESCHEDULE_TOO_LATE",
        "it is too close to its start to be moved",
        lead_seconds=lead,
        min_reschedule_lead_seconds=body.min_reschedule_lead_seconds,
    )


def floor_after(state: State, moment: Moment, initiator: str) -> int:
    """The least share that a later cancellation keeps, once it is moved now (R-POL-4)."""
    if initiator != "patient":
        return state.penalty_floor_bps
    body = cancellation_body(pinned_cancellation(moment, state.policy_version_ids))
    return max(state.penalty_floor_bps, tier_bps(body, lead_seconds(state, moment)))


def repriced(state: State, seat: Seat, moment: Moment) -> dict[str, Any]:
    """A new pin when another practitioner or branch has another list price; otherwise the old one stays."""
    same_place = (seat.practitioner_id, seat.branch_id) == (state.practitioner_id, state.branch_id)
    if same_place or state.is_free_followup:
        return {}
    price = list_price(moment, seat, state.service_id, state.visit_type)
    if price.amount_paise == state.list_price_paise:
        return {}
    return {"price_version_id": price.price_version_id, "price_quoted_paise": price.amount_paise}
