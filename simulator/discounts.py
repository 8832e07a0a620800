"""What the desk lets go of a bill: a discount within its limit, and now and then a bill that is never paid."""

from __future__ import annotations

from datetime import timedelta

from event_store.aggregates.invoice.commands import IssueInvoice, NewLine, WriteOffBalance
from simulator.books.bills import Bill, BillLine
from simulator.books.records import Visit
from simulator.calendar import DAY, day_of, local
from simulator.profile import RUPEE
from simulator.stage import House

# Finance looks through old bills in the morning.
LOOKED_THROUGH_AT = "11:30"


class Discounts:
    """The front desk writes the bill itself when it takes something off; else the product does."""

    def __init__(self, house: House) -> None:
        self._house = house

    def wanted(self, visit: Visit) -> int:
        """Paise taken off, whole rupees, of consultations only; mostly nothing."""
        payment = self._house.stage.profile.payment
        dice = self._house.stage.draws.of("discount", visit.id)
        # a cohort's price is to change by its price alone
        counted = {row.specialty for row in self._house.stage.profile.cohort}
        is_plain = visit.service.kind == "consultation" and visit.practitioner.specialty.id not in counted
        if not is_plain or not dice.chance(payment.discounted):
            return 0
        return visit.price_paise * int(dice.pick(payment.discount_bps)) // 10_000 // RUPEE * RUPEE

    def bill(self, visit: Visit, line: BillLine) -> None:
        """Write the bill of a visit that is about to end."""
        house, tenant = self._house, self._house.tenant
        command = IssueInvoice(
            patient_id=visit.person.id,
            branch_id=visit.branch.id,
            encounter_id=tenant.id_of("enc", visit.id),
            lines=(
                NewLine(
                    line_no=1,
                    service_id=line.service.id,
                    practitioner_id=visit.practitioner.id,
                    qty=line.qty,
                    unit_price_paise=line.unit_price_paise,
                    discount_paise=line.discount_paise,
                    gst_bps=line.service.gst_bps,
                    tax_inclusive=True,
                ),
            ),
        )
        house.stage.desk.ask(tenant.id, visit.branch.front_desk, command, visit.id)

    def is_left(self, bill: Bill) -> bool:
        """Whether the patient goes without paying; some of what is then open is written off ten days later."""
        house, payment = self._house, self._house.stage.profile.payment
        assert bill.visit is not None
        dice = house.stage.draws.of("unpaid", bill.visit.id)
        if not dice.chance(payment.unpaid):
            return False
        if dice.chance(payment.writes_off):
            at = local(day_of(house.now) + 10 * DAY, LOOKED_THROUGH_AT, timedelta(seconds=dice.between(0, 600)))
            house.plan(at, "4 write-off", bill.id, lambda: self._write_off(bill))
        return True

    def _write_off(self, bill: Bill) -> None:
        house, tenant = self._house, self._house.tenant
        paise = bill.outstanding_paise
        bill.written_off_paise += paise
        house.ledger.journal.written_off(house.today, bill.branch.id, paise)
        command = WriteOffBalance(invoice_id=bill.id, amount_paise=paise, reason="left without paying")
        house.stage.desk.ask(tenant.id, tenant.finance, command, bill.id)
