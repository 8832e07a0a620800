"""What becomes of the money held when an appointment does not take place: R-POL-2 to R-POL-6, INV-A4.

Asked by the decision, and again by whoever works out afterwards whether what was decided was right.
"""

from __future__ import annotations

from typing import NamedTuple

from event_store.aggregates.appointment.decide.standing import lead_seconds
from event_store.aggregates.appointment.decide.terms import cancellation_body, pinned_cancellation
from event_store.aggregates.appointment.events import PlannedMoney
from event_store.aggregates.appointment.state import State
from mymedic.deciding import Moment
from mymedic.policies import CancellationBody, PolicyVersion, forfeit_and_refund, in_force, tier_bps

LEFT_UNSEEN = "lwbs"


class Settlement(NamedTuple):
    """`held = forfeit + refund`, and the plan's parts add up to them."""

    held_paise: int
    forfeit_paise: int
    refund_paise: int
    plan: tuple[PlannedMoney, ...]


class Ending(NamedTuple):
    """How an appointment ends now, by which policy, and what that does to the money."""

    lead_seconds: int
    tier_bps: int
    eff_bps: int
    policy: PolicyVersion
    money: Settlement


def cancelled(moment: Moment, state: State, initiator: str, reason_code: str) -> Ending:
    """A cancellation at this moment. Who only waits has booked nothing: all of it goes back, whatever the policy."""
    if state.status == "waitlist":
        policy = in_force(moment, "cancellation", moment.occurred_at, branch_id=state.branch_id)
        return Ending(0, 0, 0, policy, settle(moment, state, cancellation_body(policy), 0))
    by_patient = initiator == "patient"
    lead = 0 if reason_code == LEFT_UNSEEN else lead_seconds(state, moment)
    policy = pinned_cancellation(moment, state.policy_version_ids)
    body = cancellation_body(policy)
    tier = tier_bps(body, lead) if by_patient else 0  # R-POL-3
    effective = max(tier, state.penalty_floor_bps) if by_patient else 0  # R-POL-4
    return Ending(lead, tier, effective, policy, settle(moment, state, body, effective))


def missed(moment: Moment, state: State) -> Ending:
    """A no-show at this moment (R-POL-5)."""
    policy = pinned_cancellation(moment, state.policy_version_ids)
    body = cancellation_body(policy)
    bps = body.noshow_forfeit_bps
    return Ending(lead_seconds(state, moment), bps, bps, policy, settle(moment, state, body, bps))


def settle(moment: Moment, state: State, body: CancellationBody, eff_bps: int) -> Settlement:
    """Forfeits eat the payments in order of (captured_at, payment_id); the refund is what each has left."""
    payments = sorted(
        (
            payment
            for payment in moment.related("payment", "appointment", moment.id)
            # What is disputed is not held (R-POL-9), and what came too late is on its way back whole (R-POL-7).
            if payment.held_paise > 0 and not payment.late_capture
        ),
        key=lambda payment: (payment.captured_at, payment.payment_id),
    )
    held = sum(payment.held_paise for payment in payments)
    forfeit, refund = forfeit_and_refund(body, held, state.price_quoted_paise, eff_bps)
    plan = []
    left = forfeit
    for payment in payments:
        part = min(left, payment.held_paise)
        left -= part
        plan.append(
            PlannedMoney(
                payment_id=payment.payment_id,
                forfeit_paise=part,
                refund_paise=payment.held_paise - part,
            )
        )
    return Settlement(held, forfeit, refund, tuple(plan))
