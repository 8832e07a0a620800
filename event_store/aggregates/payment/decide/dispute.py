"""A bank takes money back for its customer. What it reports is recorded, whatever we hold true (R-CMD-7)."""

from __future__ import annotations

from event_store.aggregates.payment.commands import OpenDispute, ResolveDispute, UpdateDispute
from event_store.aggregates.payment.decide.allocation import free
from event_store.aggregates.payment.events import (
    DISPUTED,
    Deallocation,
    DepositForfeitReversed,
    DisputeOpened,
    DisputeResolved,
    DisputeUpdated,
    Flag,
    PaymentDeallocated,
    RefundRejected,
)
from event_store.aggregates.payment.state import State
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event


def dispute_target(command: UpdateDispute | ResolveDispute, context: Context) -> str:
    payment_id = context.holder("dispute", command.dispute_id)
    if payment_id is None:
        raise Refused("NOT_FOUND", f"there is no dispute {command.dispute_id}", id=command.dispute_id)
    return payment_id


def open_dispute(state: State, command: OpenDispute, context: Context) -> list[Event]:
    known = state.disputes.get(command.dispute_id)
    if known is not None:
        check(known.outcome is None, "INVALID_STATE", f"the dispute is {known.outcome}", status=known.outcome)
        return []
    # A dispute that overtakes its capture is applied again once the capture is in.
    check(state.captured_paise, "PAYMENT_NOT_CAPTURED", "no money was captured", status=state.status)
    flags: list[Flag] = []
    if command.amount_paise > state.captured_paise:
        flags.append("dispute_overlap")
    if state.reversed_paise:
        flags.append("unexpected_state")
    opened = DisputeOpened(
        dispute_id=command.dispute_id,
        gateway_dispute_id=command.gateway_dispute_id,
        amount_paise=min(command.amount_paise, state.captured_paise),
        phase=command.phase,
        respond_by=command.respond_by,
        deduct_at_onset=command.deduct_at_onset,
        flags=tuple(flags),
    )
    # Otherwise the same money could go back twice, by the refund and by the bank.
    rejected = [
        RefundRejected(refund_id=refund_id, note=DISPUTED)
        for refund_id, refund in state.refunds.items()
        if refund.status in ("requested", "approved")
    ]
    return [opened, *rejected]


def update_dispute(state: State, command: UpdateDispute, context: Context) -> list[Event]:
    _check_open(state, command.dispute_id)
    return [DisputeUpdated(dispute_id=command.dispute_id, status=command.status, evidence_ref=command.evidence_ref)]


def resolve_dispute(state: State, command: ResolveDispute, context: Context) -> list[Event]:
    _check_open(state, command.dispute_id)
    deducted = command.amount_deducted_paise
    deallocated: list[PaymentDeallocated] = []
    undone: list[DepositForfeitReversed] = []
    covered = 0
    if command.outcome == "lost":
        deallocated, undone, covered = free(state, deducted, "dispute_lost")
    is_lost = command.outcome == "lost"
    return [
        *deallocated,
        *undone,
        DisputeResolved(
            dispute_id=command.dispute_id,
            outcome=command.outcome,
            amount_deducted_paise=deducted,
            covered_paise=covered,
            uncovered_paise=deducted - covered if is_lost else 0,
            deallocations=tuple(
                Deallocation(invoice_id=event.invoice_id, amount_paise=event.amount_paise) for event in deallocated
            ),
            reversed_forfeit_ids=tuple(event.forfeit_id for event in undone),
            flags=("unexpected_state",) if deducted and not is_lost else (),
        ),
    ]


def _check_open(state: State, dispute_id: str) -> None:
    outcome = state.disputes[dispute_id].outcome
    check(outcome is None, "INVALID_STATE", f"the dispute is {outcome}", status=outcome)
