"""Decisions about money worked out again: from the log as it stood before them, by the rule that decided them.

Nothing of what is worked out is read from the event itself; of the event stands only what somebody chose: who
cancelled and why, which seat, which day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from event_store.aggregates.appointment.decide.placing import Seat
from event_store.aggregates.appointment.decide.rescheduling import floor_after, repriced
from event_store.aggregates.appointment.decide.settling import cancelled, missed
from event_store.aggregates.appointment.decide.standing import lead_seconds
from event_store.aggregates.appointment.decide.terms import past_of, terms_of
from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentHeld,
    AppointmentNoShow,
    AppointmentRescheduled,
    PlannedMoney,
)
from event_store.aggregates.appointment.state import State as AppointmentState
from event_store.aggregates.followup.decide import promised
from event_store.aggregates.followup.events import FollowUpRequested
from event_store.aggregates.payment.events import DepositForfeited, RefundRequested
from event_store.audit.book import Book, Entry
from event_store.then import Then
from mymedic import policies
from mymedic.messages import Event
from mymedic.money import tax_inside
from mymedic.policies import PolicyVersion

# What a hold and a booking pin.
_PINNED = ("price_version_id", "list_price_paise", "price_quoted_paise", "deposit_required_paise", "policy_version_ids")


class Again(NamedTuple):
    """`recomputed` has the names of the event's own fields."""

    question: str
    policies: Sequence[PolicyVersion]
    inputs: dict[str, Any]
    recomputed: dict[str, Any]


def _cancellation(book: Book, entry: Entry) -> Again:
    event, then = entry.event, book.then(entry, _id_of(entry))
    assert isinstance(event, AppointmentCancelled)
    state = then.state("appointment", then.id)
    ending = cancelled(then, state, event.initiator, event.reason_code)
    inputs = {"initiator": event.initiator, "reason_code": event.reason_code, **_standing(then, state)}
    recomputed = {
        "lead_seconds": ending.lead_seconds,
        "tier_bps": ending.tier_bps,
        "eff_bps": ending.eff_bps,
        "policy_version_id": ending.policy.policy_version_id,
        **ending.money._asdict(),
    }
    return Again("what is kept of a cancelled appointment", [ending.policy], inputs, recomputed)


def _no_show(book: Book, entry: Entry) -> Again:
    then = book.then(entry, _id_of(entry))
    state = then.state("appointment", then.id)
    ending = missed(then, state)
    inputs = {"share_bps": ending.eff_bps, **_standing(then, state)}
    recomputed = {"policy_version_id": ending.policy.policy_version_id, **ending.money._asdict()}
    return Again("what is kept of a missed appointment", [ending.policy], inputs, recomputed)


def _standing(then: Then, state: AppointmentState) -> dict[str, Any]:
    """What an appointment had at stake."""
    payments = then.related("payment", "appointment", then.id)
    return {
        "start_at": state.start_at,
        "ended_at": then.occurred_at,
        "penalty_floor_bps": state.penalty_floor_bps,
        "price_quoted_paise": state.price_quoted_paise,
        "held_by_payment": {
            one.payment_id: one.held_paise for one in payments if one.captured_paise and not one.late_capture
        },
    }


def _terms(book: Book, entry: Entry) -> Again:
    event, then = entry.event, book.then(entry, _id_of(entry))
    assert isinstance(event, AppointmentHeld | AppointmentBooked)
    state = then.state("appointment", then.id)
    if state.status == "pending":  # a hold becomes a booking: it repeats what it pinned (INV-A3)
        pinned = {name: getattr(state, name) for name in _PINNED}
        return Again("whether a booking keeps the terms of its hold", _pins(then, event), {}, pinned)
    seat = _seat(then, event)
    past = past_of(then, event.patient_id)
    followup = then.state("followup", event.followup_id) if event.followup_id else None
    how = {"service_id": event.service_id, "visit_type": event.visit_type, "channel": event.booking_channel}
    terms = terms_of(then, seat, past, followup, **how)
    price = then.state("price", event.service_id).versions[terms.price_version_id]
    inputs = {
        **how,
        "price_scope": price.scope_key,
        "price_effective_from": price.effective_from,
        "list_price_paise": price.amount_paise,
        "prior_noshow_count": past.noshow_count,
        "free_until": getattr(followup, "free_until", None),
    }
    recomputed = {name: getattr(terms, name) for name in _PINNED}
    return Again("which price, deposit and policies were pinned", _pins(then, event), inputs, recomputed)


def _seat(then: Then, event: AppointmentHeld | AppointmentBooked) -> Seat:
    return Seat(
        slot_id=event.slot_id,
        token_no=event.token_no,
        schedule_id=event.schedule_id,
        practitioner_id=event.practitioner_id,
        branch_id=event.branch_id,
        city_id=then.state("branch", event.branch_id).city_on(then.today()),
        department_id=event.department_id,
        specialty_id=event.specialty_id,
        start_at=event.start_at,
        end_at=event.end_at,
    )


def _pins(then: Then, event: AppointmentHeld | AppointmentBooked) -> list[PolicyVersion]:
    return [policies.pinned(then, id) for id in event.policy_version_ids]


def _move(book: Book, entry: Entry) -> Again:
    event, then = entry.event, book.then(entry, _id_of(entry))
    assert isinstance(event, AppointmentRescheduled)
    state = then.state("appointment", then.id)
    to = event.to
    seat = Seat(
        slot_id=to.slot_id,
        token_no=to.token_no,
        schedule_id="",
        practitioner_id=to.practitioner_id,
        branch_id=to.branch_id,
        city_id=then.state("branch", to.branch_id).city_on(then.today()),
        department_id=None,
        specialty_id=state.specialty_id,
        start_at=to.start_at,
        end_at=to.end_at,
    )
    new = repriced(state, seat, then)
    recomputed = {
        "lead_seconds": lead_seconds(state, then),
        "penalty_floor_bps": floor_after(state, then, event.initiator),
        "price_version_id": new.get("price_version_id"),
        "price_quoted_paise": new.get("price_quoted_paise"),
    }
    inputs = {
        "initiator": event.initiator,
        "start_at": state.start_at,
        "moved_at": then.occurred_at,
        "penalty_floor_bps": state.penalty_floor_bps,
        "price_quoted_paise": state.price_quoted_paise,
    }
    version = policies.pinned(then, state.policy_version_ids[0])
    return Again("what a move leaves to pay for cancelling later", [version], inputs, recomputed)


def _follow_up(book: Book, entry: Entry) -> Again:
    event, then = entry.event, book.then(entry, _id_of(entry))
    assert isinstance(event, FollowUpRequested)
    encounter = then.state("encounter", event.encounter_id)
    promise = promised(then, encounter, event.due_on)
    recomputed = promise._asdict()
    recomputed["policy_version_id"] = recomputed.pop("policy").policy_version_id
    inputs = {"started_at": encounter.started_at, "due_on": event.due_on}
    return Again("how long a follow-up is free", [promise.policy], inputs, recomputed)


def _forfeit(book: Book, entry: Entry) -> Again:
    event, then = entry.event, book.then(entry, _id_of(entry))
    assert isinstance(event, DepositForfeited)
    appointment = then.state("appointment", event.appointment_id)
    service = then.state("tenant", then.tenant_id).service(appointment.service_id)
    gst_bps = service.gst_bps if service is not None else 0
    recomputed: dict[str, Any] = {"policy_version_id": appointment.policy_version_ids[0]}
    planned = _planned(book, entry)
    if planned is not None:
        recomputed["amount_paise"] = planned.forfeit_paise
    amount = recomputed.get("amount_paise", event.amount_paise)
    recomputed["gst_paise"] = tax_inside(amount, gst_bps)[1]
    inputs = {"gst_bps": gst_bps, "amount_paise": amount, "is_planned": planned is not None}
    version = policies.pinned(then, appointment.policy_version_ids[0])
    return Again("what was kept of a payment, and the tax in it", [version], inputs, recomputed)


def _refund(book: Book, entry: Entry) -> Again:
    """Only a refund that a cancellation or a no-show planned follows from a rule."""
    planned = _planned(book, entry)
    recomputed = {} if planned is None else {"amount_paise": planned.refund_paise}
    return Again("what was given back of a payment", [], {"is_planned": planned is not None}, recomputed)


def _planned(book: Book, entry: Entry) -> PlannedMoney | None:
    """What the cancellation or no-show behind an event planned for its payment, worked out again as well."""
    cause = book.event(entry.told.causation_id)
    if cause is None or type(cause.event) not in (AppointmentCancelled, AppointmentNoShow):
        return None
    plan: Sequence[PlannedMoney] = WORKED[type(cause.event)](book, cause).recomputed["plan"]
    return next((one for one in plan if one.payment_id == entry.told.payment_id), None)


def _id_of(entry: Entry) -> str:
    return entry.told.stream_id.partition("-")[2]


WORKED: dict[type[Event], Callable[[Book, Entry], Again]] = {
    AppointmentCancelled: _cancellation,
    AppointmentNoShow: _no_show,
    AppointmentHeld: _terms,
    AppointmentBooked: _terms,
    AppointmentRescheduled: _move,
    FollowUpRequested: _follow_up,
    DepositForfeited: _forfeit,
    RefundRequested: _refund,
}
