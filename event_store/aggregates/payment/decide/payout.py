"""An approved refund goes out: by the gateway, by bank transfer, or from a drawer."""

from __future__ import annotations

from typing import Any

from event_store.aggregates.payment.commands import InitiateRefund, RecordRefundFailed, RecordRefundProcessed
from event_store.aggregates.payment.decide.allocation import free
from event_store.aggregates.payment.decide.counter import open_drawer
from event_store.aggregates.payment.decide.refund import refund_of
from event_store.aggregates.payment.events import RefundFailed, RefundInitiated, RefundProcessed, RefundRequested
from event_store.aggregates.payment.state import Refund, State
from mymedic.deciding import Context, check
from mymedic.messages import Event, On


def initiate_refund(state: State, command: InitiateRefund, context: Context) -> list[Event]:
    refund = refund_of(state, command.refund_id)
    check(
        refund.status in ("approved", "failed"),
        "INVALID_STATE",
        f"the refund is {refund.status}",
        status=refund.status,
    )
    check(not state.has_open_dispute, "DISPUTE_OPEN", "the payment is disputed; it might be paid back twice")
    # A lost dispute takes nothing that refunds have set aside: what it could not cover, the payer has from the bank.
    check(
        refund.status != "failed" or not state.dispute_uncovered_paise,
        "INVALID_STATE",
        "the bank has given the payer this money already",
        uncovered_paise=state.dispute_uncovered_paise,
    )
    return [RefundInitiated(refund_id=command.refund_id, attempt=refund.attempts + 1, speed=command.speed)]


def record_refund_processed(state: State, command: RecordRefundProcessed, context: Context) -> list[Event | On]:
    refund = refund_of(state, command.refund_id)
    if refund.status == "processed" or _is_known(state, command.gateway_refund_id):
        return []
    # What a gateway or a bank did is a fact; cash goes out by our own hands only.
    is_outside_fact = context.actor.has("IN") and refund.destination != "cash"
    check(
        is_outside_fact or refund.status == "initiated",
        "INVALID_STATE",
        f"the refund is {refund.status}",
        status=refund.status,
    )
    check(
        is_outside_fact or refund.destination == "cash",
        "FORBIDDEN",
        "the front desk pays out cash; the gateway and the bank report what they paid",
    )
    if not refund.is_reserved:
        return _paid_after_release(state, refund, command, context)
    processed = RefundProcessed(
        refund_id=command.refund_id,
        amount_paise=refund.amount_paise,
        gateway_refund_id=command.gateway_refund_id,
        arn_or_rrn=command.arn_or_rrn,
        destination=refund.destination,
        processed_at=command.processed_at,
        flags=() if refund.status == "initiated" else ("unexpected_state",),
    )
    if refund.destination != "cash":
        return [processed]
    session = _paying_drawer(state, command, context)
    check(session.expected_paise >= refund.amount_paise, "CASH_INSUFFICIENT", "the drawer holds less than that")
    movement = session.payout(state.payment_id, command.refund_id, refund.amount_paise)
    return [
        RefundProcessed(
            refund_id=command.refund_id,
            amount_paise=refund.amount_paise,
            arn_or_rrn=command.arn_or_rrn,
            destination="cash",
            cash_session_id=session.cash_session_id,
            processed_at=command.processed_at,
            flags=processed.flags,
        ),
        On("cash_session", session.cash_session_id, movement),
    ]


def _is_known(state: State, gateway_refund_id: str | None) -> bool:
    return gateway_refund_id is not None and any(
        refund.gateway_refund_id == gateway_refund_id for refund in state.refunds.values()
    )


def _paying_drawer(state: State, command: RecordRefundProcessed, context: Context) -> Any:
    session_id = command.cash_session_id
    if session_id is None:
        drawers = context.guards("drawer", f"{state.branch_id}#")
        session_id = context.holder("drawer", drawers[0]) if len(drawers) == 1 else None
    return open_drawer(context, state.branch_id, session_id)


def _paid_after_release(
    state: State, refund: Refund, command: RecordRefundProcessed, context: Context
) -> list[Event | On]:
    """The gateway paid what we had rejected or given up: a new refund of as much as can still be taken back.

    A second event of the same refund would make its amount count twice; what cannot be taken back stays for the
    reconciliation, where the gateway's line finds no refund of ours.
    """
    deallocated, undone, amount = free(state, refund.amount_paise, "refund_after_release")
    check(
        command.gateway_refund_id is not None and amount > 0,
        "INVALID_STATE",
        f"the refund is {refund.status} and nothing tells or covers what was paid",
        status=refund.status,
    )
    refund_id = context.new_id("rfd")
    requested = RefundRequested(
        refund_id=refund_id,
        amount_paise=amount,
        reason=refund.reason,
        destination=refund.destination,
        appointment_id=state.appointment_id,
        requested_by=context.actor.id,
    )
    processed = RefundProcessed(
        refund_id=refund_id,
        amount_paise=amount,
        gateway_refund_id=command.gateway_refund_id,
        arn_or_rrn=command.arn_or_rrn,
        destination=refund.destination,
        processed_at=command.processed_at,
        flags=("unexpected_state",),
    )
    return [*deallocated, *undone, requested, processed]


def record_refund_failed(state: State, command: RecordRefundFailed, context: Context) -> list[Event]:
    refund = refund_of(state, command.refund_id)
    is_old_news = refund.status in ("processed", "given_up") or (refund.status == "failed" and not command.final)
    if is_old_news:
        return []
    check(
        refund.status in ("initiated", "failed"),
        "INVALID_STATE",
        f"the refund is {refund.status}",
        status=refund.status,
    )
    return [RefundFailed(refund_id=command.refund_id, error_code=command.error_code, final=command.final)]
