"""S3 after a dispute: what the bank did not take is settled by the rule of the original cancellation (R-POL-9)."""

from __future__ import annotations

from typing import Any, NamedTuple

from event_store.aggregates.appointment.events import AppointmentCancelled, AppointmentNoShow, PlannedMoney
from event_store.aggregates.payment.events import (
    DISPUTED,
    DisputeResolved,
    ForfeitBasis,
    RefundReason,
    RefundRejected,
)
from event_store.recorded import Recorded
from mymedic.policies import DEFAULT_VERSIONS, CancellationBody, forfeit_and_refund
from processes import booking, deposit_plan
from processes.world import World

PLANNED: tuple[RefundReason, ...] = ("policy_cancel", "provider_cancel", "no_show_remainder")


class _Ending(NamedTuple):
    """How an appointment did not take place, as it was decided then."""

    policy_version_id: str
    basis: ForfeitBasis
    reason: RefundReason
    eff_bps: int | None  # None: the policy's share of a no-show


def on_dispute_resolved(event: Recorded, _: DisputeResolved, world: World) -> None:
    payment_id, appointment_id = event.payment_id, event.appointment_id
    if payment_id is None or appointment_id is None:
        return
    payment = world.state("payment", payment_id)
    if payment.has_open_dispute or payment.held_paise == 0:
        return
    if payment.late_capture or world.state("appointment", appointment_id).is_hold_expired:
        booking.give_back(payment_id, "late_capture", world)
        return
    _ask_again(payment_id, world)
    ending = _ending_of(appointment_id, world)
    if ending is not None:
        plan = [_plan(payment, appointment_id, ending, world)]
        deposit_plan.carry_out(event, plan, ending.policy_version_id, ending.basis, ending.reason, world)


def _ask_again(payment_id: str, world: World) -> None:
    """Money that came twice is no deposit: the dispute alone has stopped it from going back."""
    payment = world.state("payment", payment_id)
    for rejected in world.history("payment", payment_id):
        if isinstance(rejected, RefundRejected) and rejected.note == DISPUTED:
            refund = payment.refunds[rejected.refund_id]
            if refund.reason == "duplicate_capture":
                booking.give_back(payment_id, "duplicate_capture", world, "again")
                return


def _plan(payment: Any, appointment_id: str, ending: _Ending, world: World) -> PlannedMoney:
    """What is still to be kept and given back of the payment, had all been held when the appointment ended."""
    body = _pinned(ending.policy_version_id, world)
    eff_bps = body.noshow_forfeit_bps if ending.eff_bps is None else ending.eff_bps
    payments = [one for one in world.related("payment", "appointment", appointment_id) if not one.late_capture]
    kept = sum(one.forfeited_paise for one in payments)
    planned_back = sum(
        refund.amount_paise
        for one in payments
        for refund in one.refunds.values()
        if refund.is_reserved and refund.reason in PLANNED
    )
    held = sum(one.held_paise for one in payments) + kept + planned_back
    price = world.state("appointment", appointment_id).price_quoted_paise
    forfeit_paise, _ = forfeit_and_refund(body, held, price, eff_bps)
    more = min(max(0, forfeit_paise - kept), payment.held_paise)
    return PlannedMoney(payment_id=payment.payment_id, forfeit_paise=more, refund_paise=payment.held_paise - more)


def _ending_of(appointment_id: str, world: World) -> _Ending | None:
    """None unless it was cancelled or missed."""
    if world.state("appointment", appointment_id).status not in ("cancelled", "noshow"):
        return None
    for event in reversed(world.history("appointment", appointment_id)):
        if isinstance(event, AppointmentCancelled):
            basis, reason = deposit_plan.terms_of(event)
            return _Ending(event.policy_version_id, basis, reason, event.eff_bps)
        if isinstance(event, AppointmentNoShow):
            return _Ending(event.policy_version_id, "no_show", "no_show_remainder", None)
    return None


def _pinned(policy_version_id: str, world: World) -> CancellationBody:
    versions = {version.policy_version_id: version for version in DEFAULT_VERSIONS.values()}
    version = versions.get(policy_version_id)
    if version is None:
        policy_id = world.holder("policy_version", policy_version_id)
        version = world.state("policy", policy_id or "").version(policy_version_id)
    assert version is not None and isinstance(version.body, CancellationBody)
    return version.body
