"""The money of one payment, counted apart from the product's own fold."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

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
