"""The money of one payment and of one claim, counted apart from the product's own fold."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from event_store.aggregates.claim import events as c
from event_store.aggregates.payment import events as e
from mymedic.messages import Event


@dataclass
class Books:
    """Where the money of one payment is, added up from its events by rules of their own."""

    captured: int = 0
    reversed: int = 0
    lost: int = 0
    allocated: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    forfeited: dict[str, int] = field(default_factory=dict)
    reserved: dict[str, int] = field(default_factory=dict)

    def book(self, event: Event) -> None:
        match event:
            case e.PaymentCaptured():
                assert self.captured == 0, "one payment is captured once"
                self.captured = event.amount_paise
            case e.PaymentReversed():
                self.reversed += event.amount_paise
            case e.PaymentAllocated():
                self.allocated[event.invoice_id] += event.amount_paise
            case e.PaymentDeallocated():
                self.allocated[event.invoice_id] -= event.amount_paise
            case e.DepositForfeited():
                self.forfeited[event.forfeit_id] = event.amount_paise
            case e.DepositForfeitReversed():
                assert self.forfeited.pop(event.forfeit_id) == event.amount_paise
            case e.RefundRequested():
                assert event.refund_id not in self.reserved
                self.reserved[event.refund_id] = event.amount_paise
            case e.RefundRejected():
                del self.reserved[event.refund_id]
            case e.RefundFailed(final=True):
                del self.reserved[event.refund_id]
            case e.RefundProcessed():
                assert self.reserved[event.refund_id] == event.amount_paise
            case e.DisputeResolved():
                assert event.covered_paise + event.uncovered_paise in (0, event.amount_deducted_paise)
                self.lost += event.covered_paise

    @property
    def terms(self) -> tuple[int, ...]:
        """allocated, refunded or reserved, forfeited, reversed, lost: INV-P1 without what is available."""
        uses = (self.allocated, self.reserved, self.forfeited)
        return (*(sum(use.values()) for use in uses), self.reversed, self.lost)

    @property
    def available(self) -> int:
        return self.captured - sum(self.terms)


@dataclass
class ClaimBooks:
    """What was claimed of a payer and what became of it, added up from the claim's events by rules of their own.

    `under` is counted, not worked out: INV-C1 is what compares it with the rest.
    """

    invoice_id: str | None = None
    claimed: int = 0
    approved: int = 0
    disallowed: int = 0
    under: int = 0
    gross: int = 0
    tds: int = 0
    other: int = 0
    net: int = 0
    given_back: int = 0

    def book(self, event: Event) -> None:
        match event:
            case c.ClaimSubmitted():
                assert self.claimed == 0, "a claim is submitted once"
                self.invoice_id, self.claimed, self.under = event.invoice_id, event.claimed_paise, event.claimed_paise
            case c.ClaimAdjudicated():
                self.approved += event.approved_paise
                self.disallowed += event.disallowed_paise
                self.under -= event.approved_paise + event.disallowed_paise
                decided = event.disallowed_paise + (event.excess_disallowed_paise or 0)
                assert sum(reason.amount_paise for reason in event.reasons) == decided
            case c.ClaimReprocessRequested():
                self.disallowed -= event.amount_paise
                self.under += event.amount_paise
            case c.ClaimSettled():
                self.gross += event.gross_paise
                self.tds += event.tds_paise
                self.other += event.other_deduction_paise
                self.net += event.net_paise
            case c.ClaimClosed():
                assert event.residual_paise == self.disallowed + max(0, self.approved - self.gross)
                self.given_back = event.residual_paise if event.treatment == "bill_patient" else 0
            case c.ClaimCancelled():
                assert self.gross == 0
                self.given_back = self.claimed

    @property
    def moved(self) -> int:
        """What of the invoice the payer owes us, or owed us until it was written off."""
        return self.claimed - self.given_back
