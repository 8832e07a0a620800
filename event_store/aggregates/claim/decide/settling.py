"""The payer pays, in one part or several, and keeps tax back (C112, INV-C1)."""

from __future__ import annotations

from event_store.aggregates.claim.commands import RecordClaimSettlement
from event_store.aggregates.claim.decide.standing import is_outside_fact, oddity
from event_store.aggregates.claim.events import ClaimSettled, Flag
from event_store.aggregates.claim.state import PAYABLE, Settlement, State
from mymedic.deciding import Context, check
from mymedic.messages import Event
from mymedic.money import share_bps


def record_claim_settlement(state: State, command: RecordClaimSettlement, context: Context) -> list[Event]:
    paid = _paid(state, command, context)
    known = state.settlements.get(command.settlement_ref)
    if known is not None:
        check(known == paid, "ALREADY_EXISTS", "this settlement was recorded otherwise", id=command.settlement_ref)
        return []
    flags: list[Flag] = list(oddity(state, state.status in PAYABLE, context))
    if paid.gross_paise > state.outstanding_paise:
        check(
            is_outside_fact(context),
            "SETTLEMENT_EXCEEDS_APPROVED",
            f"{state.outstanding_paise} paise of what was approved are still to come",
            outstanding_paise=state.outstanding_paise,
        )
        flags.append("exceeds_approved")
    return [
        ClaimSettled(
            settlement_ref=command.settlement_ref,
            gross_paise=paid.gross_paise,
            tds_paise=paid.tds_paise,
            other_deduction_paise=paid.other_deduction_paise,
            net_paise=paid.net_paise,
            utr=paid.utr,
            paid_on=paid.paid_on,
            flags=tuple(flags),
        )
    ]


def _paid(state: State, command: RecordClaimSettlement, context: Context) -> Settlement:
    """The parts of the gross. Only a person may leave some to be worked out; a payer says what it did."""
    gross, tds, other, net = (
        command.gross_paise,
        command.tds_paise,
        command.other_deduction_paise,
        command.net_paise,
    )
    check(
        not is_outside_fact(context) or (tds is not None and net is not None),
        "VALIDATION_FAILED",
        "a payer says what tax it kept back and what it sent",
        field="tds_paise",
    )
    if tds is None:
        payer = context.state("tenant", context.tenant_id).payer(state.payer_id)
        tds = share_bps(gross, payer.tds_bps)
    if net is None:
        net = gross - tds - other
    check(
        net >= 0 and gross == net + tds + other,
        "VALIDATION_FAILED",
        "net, tax and other deductions do not add up to the gross",
        field="net_paise",
    )
    return Settlement(gross, tds, other, net, command.utr, command.paid_on)
