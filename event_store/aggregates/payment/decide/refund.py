"""A refund is asked for, which sets its amount aside, and is approved or rejected."""

from __future__ import annotations

from datetime import timedelta

from event_store.aggregates.payment.commands import ApproveRefund, RejectRefund, RequestRefund
from event_store.aggregates.payment.events import Destination, RefundApproved, RefundRejected, RefundRequested
from event_store.aggregates.payment.state import Refund, State
from mymedic.counts import counted
from mymedic.deciding import Context, check, other_eyes
from mymedic.errors import Refused
from mymedic.messages import Event
from mymedic.policies import RefundBody, in_force

# What our own processes ask for after a rule has decided it; nobody needs to look at it again.
DECIDED_BY_RULE = ("policy_cancel", "provider_cancel", "no_show_remainder", "late_capture")


def refund_policy(state: State, context: Context) -> RefundBody:
    """The refund policy in force at the payment's branch."""
    city_id = context.state("branch", state.branch_id).city_id if state.branch_id else None
    body = in_force(context, "refund", context.occurred_at, branch_id=state.branch_id, city_id=city_id).body
    assert isinstance(body, RefundBody)
    return body


def refund_of(state: State, refund_id: str) -> Refund:
    refund = state.refunds.get(refund_id)
    if refund is None:
        raise Refused("NOT_FOUND", f"the payment has no refund {refund_id}", id=refund_id)
    return refund


def request_refund(state: State, command: RequestRefund, context: Context) -> list[Event]:
    check(command.refund_id not in state.refunds, "ALREADY_EXISTS", "the refund exists", id=command.refund_id)
    check(state.captured_paise, "PAYMENT_NOT_CAPTURED", "no money was captured", status=state.status)
    check(not state.has_open_dispute, "DISPUTE_OPEN", "the payment is disputed; the dispute decides first")
    policy = refund_policy(state, context)
    assert state.captured_at is not None
    age = context.occurred_at - state.captured_at
    check(
        age <= timedelta(days=policy.max_age_days),
        "REFUND_WINDOW_CLOSED",
        f"payments are refunded for {counted(policy.max_age_days, 'day')}",
        captured_at=state.captured_at,
    )
    is_staff = context.actor.has("FD", "FN", "SY")
    if not is_staff:
        _check_own_request(state, command, context)
    check(
        command.amount_paise <= state.available_paise,
        "REFUND_EXCEEDS_CAPTURED",
        f"the payment has {state.available_paise} paise available",
        available_paise=state.available_paise,
    )
    events: list[Event] = [
        RefundRequested(
            refund_id=command.refund_id,
            amount_paise=command.amount_paise,
            reason=command.reason,
            destination=_destination(state, command, policy),
            appointment_id=state.appointment_id,
            requested_by=context.actor.id,
        )
    ]
    is_decided = context.actor.has("SY") and command.reason in DECIDED_BY_RULE
    # All of a payment's refunds count: a large one in small parts is still a large one.
    total = state.refunded_or_reserved_paise + command.amount_paise
    is_small = total <= policy.auto_approve_limit_paise and command.reason != "duplicate_capture"
    if is_decided or (is_staff and is_small):
        events.append(RefundApproved(refund_id=command.refund_id, approval="auto"))
    return events


def _check_own_request(state: State, command: RequestRefund, context: Context) -> None:
    """Patients ask only for what the policy left of a cancelled appointment, and a person looks at it."""
    appointment = context.state("appointment", state.appointment_id) if state.appointment_id else None
    check(
        command.reason == "policy_cancel" and appointment is not None and appointment.status == "cancelled",
        "FORBIDDEN",
        "patients are refunded by the cancellation policy",
        field="reason",
    )
    assert appointment is not None
    # More would set aside what the policy keeps, before it has been kept.
    asked = sum(refund.amount_paise for refund in state.refunds.values() if refund.is_reserved)
    left = max(0, appointment.planned_refunds.get(state.payment_id, 0) - asked)
    check(
        command.amount_paise <= left,
        "REFUND_EXCEEDS_CAPTURED",
        f"the cancellation leaves {left} paise of this payment to ask for",
        available_paise=left,
    )


def _destination(state: State, command: RequestRefund, policy: RefundBody) -> Destination:
    """Where the money will really go: `source` stands only for what a gateway or acquirer can send back."""
    in_cash = sum(
        refund.amount_paise for refund in state.refunds.values() if refund.is_reserved and refund.destination == "cash"
    )
    is_too_much_cash = in_cash + command.amount_paise > policy.cash_refund_limit_paise
    if command.destination == "cash":
        check(
            not is_too_much_cash,
            "REFUND_LIMIT",
            f"no more than {policy.cash_refund_limit_paise} paise are refunded in cash",
            field="destination",
        )
    if command.destination != "source" or state.channel in ("gateway", "pos"):
        return command.destination
    return "cash" if state.channel == "drawer" and not is_too_much_cash else "bank_transfer"


def approve_refund(state: State, command: ApproveRefund, context: Context) -> list[Event]:
    refund = refund_of(state, command.refund_id)
    check(refund.status == "requested", "INVALID_STATE", f"the refund is {refund.status}", status=refund.status)
    check(
        refund.requested_by not in (context.actor.id, context.actor.on_behalf_of),
        "FOUR_EYES_REQUIRED",
        "a refund is approved by somebody other than who asked for it",
    )
    other_eyes(context, "payment", context.id, "RefundRequested", refund_id=command.refund_id)
    limit = refund_policy(state, context).manager_limit_paise
    check(
        context.actor.has("FN") or refund.amount_paise <= limit,
        "REFUND_LIMIT",
        f"managers approve up to {limit} paise",
        limit_paise=limit,
    )
    return [RefundApproved(refund_id=command.refund_id, approval="manual")]


def reject_refund(state: State, command: RejectRefund, context: Context) -> list[Event]:
    refund = refund_of(state, command.refund_id)
    check(
        refund.status in ("requested", "approved"),
        "INVALID_STATE",
        f"the refund is {refund.status}",
        status=refund.status,
    )
    return [RefundRejected(refund_id=command.refund_id, note=command.note)]
