"""The bill goes to the payer: what is claimed leaves the patient's balance (C107, INV-P3)."""

from __future__ import annotations

from typing import Any

from event_store.aggregates.claim.commands import SubmitClaim
from event_store.aggregates.claim.decide.standing import check_reach, check_same_patient, check_state
from event_store.aggregates.claim.events import ClaimSubmitted
from event_store.aggregates.claim.state import State
from mymedic.deciding import Context, check
from mymedic.messages import Event
from mymedic.receivables import outstanding

# Whose cover is known needs the payer's word before its money; a claim that nobody has checked is a reimbursement.
NO_PREAUTH_YET = ("eligibility_checked", "preauth_submitted", "preauth_queried", "preauth_rejected")


def submit_claim(state: State, command: SubmitClaim, context: Context) -> list[Event]:
    check(
        state.status not in NO_PREAUTH_YET,
        "PREAUTH_REQUIRED",
        "a cashless claim needs an approved preauthorisation",
        status=state.status,
    )
    check_state(state, state.status in ("draft", "preauth_approved"))
    invoice = context.require("invoice", command.invoice_id)
    check_reach(context, invoice.branch_id)
    check_same_patient(state, invoice, context, "invoice_id")
    check(
        state.admission_id in (None, invoice.admission_id),
        "VALIDATION_FAILED",
        "the invoice is not that of the admission that was preauthorised",
        field="invoice_id",
    )
    _check_lines(command, invoice)
    left = outstanding(context, command.invoice_id)
    check(
        command.claimed_paise + command.copay_paise <= left,
        "CLAIM_EXCEEDS_INVOICE",
        f"{left} paise of the invoice are neither paid nor claimed",
        outstanding_paise=left,
    )
    return [
        ClaimSubmitted(
            branch_id=invoice.branch_id,
            admission_id=invoice.admission_id,
            invoice_id=command.invoice_id,
            claimed_paise=command.claimed_paise,
            copay_paise=command.copay_paise,
            over_preauth=state.status == "preauth_approved" and command.claimed_paise > state.preauth_paise,
            lines=command.lines,
            documents_n=len(command.documents),
        )
    ]


def _check_lines(command: SubmitClaim, invoice: Any) -> None:
    """Lines are the invoice's, each asked for once and for no more than is left of it; together they are the claim."""
    if not command.lines:
        return
    numbers = [line.line_no for line in command.lines]
    check(len(set(numbers)) == len(numbers), "VALIDATION_FAILED", "a line is claimed twice", field="lines")
    for line in command.lines:
        left = invoice.lines.get(line.line_no)
        check(left, "VALIDATION_FAILED", f"the invoice has no line {line.line_no}", field="lines", line_no=line.line_no)
        check(
            line.amount_paise <= left.total_paise,
            "CLAIM_EXCEEDS_INVOICE",
            "more than the line",
            line_no=line.line_no,
            left_paise=left.total_paise,
        )
    check(
        sum(line.amount_paise for line in command.lines) == command.claimed_paise,
        "VALIDATION_FAILED",
        "the lines do not add up to what is claimed",
        field="lines",
    )
