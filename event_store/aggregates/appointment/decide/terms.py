"""What a booking costs and which policies hold for it: fixed once, at hold or booking (INV-A3, R-POL-1)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from event_store.aggregates.appointment.decide.placing import Seat, mode_of
from mymedic import policies
from mymedic.clock import business_date
from mymedic.deciding import Moment
from mymedic.errors import Refused
from mymedic.patients import related_to
from mymedic.policies import CancellationBody, DepositBody, FollowUpBody, PolicyVersion

NOSHOW_MEMORY = timedelta(days=365)
NOT_HELD = frozenset({"cancelled", "noshow", "entered-in-error"})


class Past(NamedTuple):
    """What this tenant knows of a patient's earlier appointments."""

    appointments: list[Any]
    is_new_patient: bool
    noshow_count: int


class Terms(NamedTuple):
    price_version_id: str
    list_price_paise: int
    price_quoted_paise: int
    deposit_required_paise: int
    hold_ttl: timedelta
    policy_version_ids: tuple[str, ...]


def past_of(context: Moment, patient_id: str) -> Past:
    """Other appointments under any of the patient's records; a no-show counts 365 days, a reversed one never."""
    others = [
        other
        for other in related_to(context, "appointment", patient_id)
        if other.exists and other.appointment_id != context.id
    ]
    today = context.today()
    noshows = [
        other
        for other in others
        if other.status == "noshow" and today - NOSHOW_MEMORY <= other.start_date(context.tz) <= today
    ]
    return Past(others, not any(other.status == "fulfilled" for other in others), len(noshows))


def list_price(context: Moment, seat: Seat, service_id: str, visit_type: str) -> Any:
    """The price version in force now for this seat, or PRICE_NOT_FOUND."""
    version = context.state("price", service_id).resolve(
        context.occurred_at,
        branch_id=seat.branch_id,
        city_id=seat.city_id,
        practitioner_id=seat.practitioner_id,
        visit_type=visit_type,
    )
    if version is None:
        raise Refused("PRICE_NOT_FOUND", "no price is in force for this service", service_id=service_id)
    return version


def terms_of(
    context: Moment,
    seat: Seat,
    past: Past,
    followup: Any | None,
    *,
    service_id: str,
    visit_type: str,
    channel: str,
) -> Terms:
    """Price and deposit of a seat now, with the versions that decided them; cancellation and deposit come first.

    A booking for a follow-up is free by what was promised when that was asked for, any other by today's policy.
    """
    price = list_price(context, seat, service_id, visit_type)
    pins = [_pin(context, kind, seat) for kind in ("cancellation", "deposit")]
    quoted = price.amount_paise
    if visit_type == "follow_up":
        asked = None if followup is None else policies.pinned(context, followup.policy_version_id)
        pins.append(asked or _pin(context, "follow_up", seat))
        if _is_free(pins[2], past, seat, context, followup):
            quoted = 0
    deposit = pins[1].body
    assert isinstance(deposit, DepositBody)
    return Terms(
        price_version_id=price.price_version_id,
        list_price_paise=price.amount_paise,
        price_quoted_paise=quoted,
        deposit_required_paise=policies.required_deposit(deposit, quoted, channel, past.noshow_count),
        hold_ttl=timedelta(seconds=deposit.hold_ttl_seconds),
        policy_version_ids=tuple(pin.policy_version_id for pin in pins),
    )


def placed(
    seat: Seat,
    terms: Terms,
    *,
    patient_id: str,
    service_id: str,
    visit_type: str,
    channel: str,
    followup_id: str | None = None,
) -> dict[str, Any]:
    """What a hold and a booking say alike: who, where, when, and the terms that are pinned with it."""
    return {
        "patient_id": patient_id,
        "slot_id": seat.slot_id,
        "token_no": seat.token_no,
        "schedule_id": seat.schedule_id,
        "practitioner_id": seat.practitioner_id,
        "branch_id": seat.branch_id,
        "department_id": seat.department_id,
        "specialty_id": seat.specialty_id,
        "service_id": service_id,
        "visit_type": visit_type,
        "mode": mode_of(visit_type),
        "start_at": seat.start_at,
        "end_at": seat.end_at,
        "price_quoted_paise": terms.price_quoted_paise,
        "price_version_id": terms.price_version_id,
        "list_price_paise": terms.list_price_paise,
        "deposit_required_paise": terms.deposit_required_paise,
        "policy_version_ids": terms.policy_version_ids,
        "booking_channel": channel,
        "followup_id": followup_id,
    }


def _pin(context: Moment, kind: str, seat: Seat) -> PolicyVersion:
    return policies.in_force(context, kind, context.occurred_at, branch_id=seat.branch_id, city_id=seat.city_id)


def _is_free(pin: PolicyVersion, past: Past, seat: Seat, context: Moment, followup: Any | None) -> bool:
    """Fee validity: a paid visit that took place opens a window with so many free follow-ups."""
    body = pin.body
    assert isinstance(body, FollowUpBody)
    on = seat.start_at.astimezone(context.tz).date()
    same = [other for other in past.appointments if _is_same(other, seat, body)]
    if followup is not None:
        window = _promised(followup, context) if _is_same(followup, seat, body) else None
    else:
        window = _since_paid(same, on, body, context)
    if window is None or not window[0] <= on <= window[1]:
        return False
    used = [
        other
        for other in same
        if other.is_free_followup and other.status not in NOT_HELD and other.start_date(context.tz) >= window[0]
    ]
    return len(used) < body.free_visits


def _is_same(other: Any, seat: Seat, body: FollowUpBody) -> bool:
    if body.same_practitioner:
        return bool(other.practitioner_id == seat.practitioner_id)
    return bool(other.specialty_id == seat.specialty_id)


def _promised(followup: Any, context: Moment) -> tuple[date, date] | None:
    """From the encounter that asked for it to the last free day that it named."""
    origin = context.state("encounter", followup.encounter_id)
    if followup.free_until is None or origin.status == "cancelled":
        return None
    return business_date(origin.started_at, context.tz), followup.free_until


def _since_paid(same: list[Any], on: date, body: FollowUpBody, context: Moment) -> tuple[date, date] | None:
    paid = [
        other.start_date(context.tz)
        for other in same
        if other.status == "fulfilled" and not other.is_free_followup and other.start_date(context.tz) <= on
    ]
    return (max(paid), max(paid) + timedelta(days=body.free_days)) if paid else None


def pinned_cancellation(context: Moment, policy_version_ids: tuple[str, ...]) -> PolicyVersion:
    """The cancellation terms that were in force when this was booked."""
    return policies.pinned(context, policy_version_ids[0])


def cancellation_body(version: PolicyVersion) -> CancellationBody:
    assert isinstance(version.body, CancellationBody)
    return version.body
