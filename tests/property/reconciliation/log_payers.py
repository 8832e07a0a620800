"""A payer's transfer as the events behind it: a bill, a claim for all of it, and what the payer sent."""

from __future__ import annotations

from collections.abc import Iterator

from event_store.aggregates.claim.events import (
    ClaimAdjudicated,
    ClaimSettled,
    ClaimSubmitted,
    CoverageEligibilityRequested,
)
from event_store.aggregates.invoice.events import InvoiceIssued, InvoiceLine
from mymedic.messages import Event
from tests.property.reconciliation.world import Transfer


def claim_of(transfer: Transfer) -> Iterator[tuple[str, str, Event]]:
    """A claim that the payer approves whole and pays in one go."""
    invoice_id, of_whom = f"inv_{transfer.claim_id}", {"branch_id": transfer.branch_id, "patient_id": "pat_1"}
    amounts = {"taxable_paise": transfer.amount, "gst_paise": 0, "total_paise": transfer.amount}
    line = InvoiceLine(line_no=1, service_id="svc_1", qty=1, gross_paise=transfer.amount, discount_paise=0, **amounts)
    yield "invoice", invoice_id, InvoiceIssued(invoice_no=transfer.claim_id, lines=(line,), **of_whom, **amounts)
    checked = CoverageEligibilityRequested(
        claim_id=transfer.claim_id,
        coverage_id=f"cov_{transfer.claim_id}",
        payer_id=transfer.payer_id,
        **of_whom,
    )
    submitted = ClaimSubmitted(
        branch_id=transfer.branch_id,
        invoice_id=invoice_id,
        claimed_paise=transfer.amount,
        copay_paise=0,
        over_preauth=False,
    )
    approved = ClaimAdjudicated(outcome="approved", approved_paise=transfer.amount, disallowed_paise=0)
    settled = ClaimSettled(
        settlement_ref=transfer.claim_id,
        gross_paise=transfer.amount,
        tds_paise=0,
        other_deduction_paise=0,
        net_paise=transfer.amount,
        utr=transfer.utr,
        paid_on=transfer.paid_on,
    )
    for step in (checked, submitted, approved, settled):
        yield "claim", transfer.claim_id, step
