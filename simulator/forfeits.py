"""What a visit that does not take place costs the patient, by the simulator's own arithmetic."""

from __future__ import annotations

from simulator.books.records import Refund, Visit
from simulator.stage import House


class Forfeits:
    """Splits the money held for a visit into what is kept and what goes back, oldest payment first."""

    def __init__(self, house: House) -> None:
        self._house = house

    def tier(self, lead_seconds: int) -> int:
        """Basis points kept at such a lead."""
        tiers = self._house.tenant.row.cancellation.tiers
        return next((bps for lead, bps in tiers if lead_seconds >= lead), tiers[-1][1])

    def settle(self, visit: Visit, bps: int) -> int:
        """Book the forfeit on the visit and the refunds on its payments; gives the sum to be refunded."""
        receipts = sorted(
            (receipt for receipt in visit.receipts if receipt.held_paise > 0 and not receipt.is_late),
            key=lambda receipt: (receipt.captured_at, receipt.id),
        )
        held = sum(receipt.held_paise for receipt in receipts)
        left = visit.forfeit_paise = min(held, half_up(held * bps, 10_000))
        refunded = held - left
        visit.forfeit_gst_paise = 0
        for receipt in receipts:
            kept = min(left, receipt.held_paise)
            left -= kept
            gst = tax_inside(kept, visit.service.gst_bps)
            visit.forfeit_gst_paise += gst
            self._house.ledger.journal.forfeited(self._house.today, receipt, kept, gst)
            back = receipt.held_paise - kept
            receipt.used_paise += kept
            if back:
                self.expect_refund(visit, receipt, back)
        return refunded

    def take_back(self, visit: Visit) -> None:
        """The no-show came after all: what was kept is the patient's money again."""
        left = visit.forfeit_paise
        for receipt in visit.receipts:
            back = min(left, receipt.used_paise)
            receipt.used_paise -= back
            left -= back
            gst = tax_inside(back, visit.service.gst_bps)
            self._house.ledger.journal.forfeited(self._house.today, receipt, -back, -gst)
        visit.forfeit_paise = visit.forfeit_gst_paise = 0

    def expect_refund(self, visit: Visit, receipt, amount_paise: int) -> Refund:
        """The product must ask for this refund by itself; whoever pays it looks it up here."""
        refund = Refund("", receipt, amount_paise, "source")
        self._house.ledger.journal.refund_owed(self._house.today, receipt, amount_paise)
        receipt.used_paise += amount_paise
        receipt.refunds.append(refund)
        self._house.ledger.refunds.append(refund)
        return refund


def tax_inside(amount_paise: int, gst_bps: int) -> int:
    """The GST in an amount that includes it."""
    return amount_paise - half_up(amount_paise * 10_000, 10_000 + gst_bps)


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
