"""The bill: how it is paid, the few entries typed wrong, and the few bills that are corrected afterwards."""

from __future__ import annotations

from datetime import timedelta

from event_store.aggregates.invoice.commands import CreditLine, IssueCreditNote
from event_store.aggregates.payment.commands import RequestRefund
from event_store.aggregates.payment.events import Channel, Mode
from event_store.recorded import Recorded
from simulator.books.bills import Bill, BillLine, CreditNote
from simulator.books.records import Receipt, Visit
from simulator.calendar import day_of
from simulator.counter import Counter
from simulator.desk import SimulationError
from simulator.discounts import Discounts
from simulator.draws import Dice, Table
from simulator.forfeits import Forfeits, tax_inside
from simulator.gateway import Gateway
from simulator.profile import RUPEE
from simulator.stage import House

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
# How each channel's money goes back.
DESTINATIONS = {"drawer": "cash", "static_qr": "bank_transfer", "direct_bank": "bank_transfer"}


class Till:
    """Takes the balance of every visit and gives back what was charged too much."""

    def __init__(self, house: House, counter: Counter, gateway: Gateway, forfeits: Forfeits) -> None:
        self._house = house
        self._counter = counter
        self._gateway = gateway
        self._forfeits = forfeits
        self._discounts = Discounts(house)
        self._waiting: dict[str, Visit] = {}
        payment = house.stage.profile.payment
        self._modes: dict[str, Table] = {
            key: payment.counter_in(branch.city.tier) for key, branch in house.tenant.branches.items()
        }
        house.stage.desk.watch("InvoiceIssued", self._note_bill)

    def expect_bill(self, visit: Visit) -> None:
        """The visit is over: the product writes the bill and puts the deposit against it; or the desk was quicker."""
        if visit.price_paise:
            self._waiting[visit.id] = visit
            line = BillLine(visit.service, visit.practitioner, visit.price_paise)
            line.discount_paise = self._discounts.wanted(visit)
            visit.bill = Bill("", visit.branch, self._house.now, [line], visit)
            self._house.ledger.bills.append(visit.bill)
            journal, today, total = self._house.ledger.journal, self._house.today, line.total_paise
            gst = tax_inside(total, visit.service.gst_bps)
            journal.billed(today, visit.branch.id, total, gst, line.gross_paise)
            for receipt in visit.receipts:
                journal.allocated(today, receipt, receipt.held_paise)
                if receipt.held_paise:
                    visit.bill.put(receipt.id, receipt.held_paise)
                receipt.used_paise += receipt.held_paise
            if line.discount_paise:
                self._discounts.bill(visit, line)

    def _note_bill(self, recorded: Recorded) -> None:
        visit = self._waiting.get(recorded.appointment_id or "")
        if visit is not None:
            visit.invoice_id = recorded.stream_id.partition("-")[2]
            visit.billed_on = day_of(self._house.now)
            assert visit.bill is not None
            visit.bill.id = visit.invoice_id

    def present_bill(self, visit: Visit) -> None:
        if self._waiting.pop(visit.id, None) is None:
            return
        if visit.invoice_id is None:
            raise SimulationError(f"{visit.id}: seen, and no bill was written")
        dice = self._house.stage.draws.of("till", visit.id)
        assert visit.bill is not None
        due = visit.bill.outstanding_paise
        if due > 0 and self._discounts.is_left(visit.bill):
            return
        if due > 0:
            at = self._house.now + dice.between(60, 360) * SECOND
            self._house.plan(at, "8 till", visit.id, lambda: self._pay(visit, due, dice))

    def _pay(self, visit: Visit, due: int, dice: Dice) -> None:
        mode, channel = dice.pick(self._modes[visit.branch.key])
        if channel == "gateway":
            self._gateway.take_balance(visit, due, mode, lambda: self._take(visit, due, "cash", "drawer", dice))
        else:
            self._take(visit, due, mode, channel, dice)

    def _take(self, visit: Visit, due: int, mode: Mode, channel: Channel, dice: Dice) -> None:
        """Usually right at once; now and then first as cash, or with a wrong reference, and minutes later rightly."""
        house = self._house
        slips = house.stage.draws.of("slip", visit.id)
        if channel in ("static_qr", "pos") and slips.chance(house.stage.profile.payment.mistyped):
            as_cash = slips.chance(0.5)
            wrong_mode: Mode = "cash" if as_cash else mode
            receipt = self._counter.mistype(visit, due, wrong_mode, "drawer" if as_cash else channel, slips)

            def put_right() -> None:
                self._counter.undo(receipt)
                right = self._counter.take(visit, due, mode, channel, dice)
                assert visit.bill is not None
                visit.bill.put(right.id, due)

            house.plan(house.now + slips.between(3, 9) * MINUTE, "9 put right", visit.id, put_right)
        else:
            self.paid(visit, self._counter.take(visit, due, mode, channel, dice))

    def paid(self, visit: Visit, receipt: Receipt) -> None:
        """Money for the bill has come: it goes against it."""
        assert visit.bill is not None
        visit.bill.put(receipt.id, receipt.amount_paise)
        self.consider_correction(visit, receipt)

    def consider_correction(self, visit: Visit, receipt: Receipt) -> None:
        """A few bills turn out too high minutes later; finance credits a part and gives it back."""
        dice = self._house.stage.draws.of("correction", visit.id)
        payment = self._house.stage.profile.payment
        if dice.chance(payment.corrected):
            bps = dice.pick(payment.corrected_bps)
            at = self._house.now + dice.between(3, 9) * MINUTE
            self._house.plan(at, "9 correction", visit.id, lambda: self._correct(visit, receipt, bps))

    def _correct(self, visit: Visit, receipt: Receipt, bps: int) -> None:
        house, tenant = self._house, self._house.tenant
        assert visit.bill is not None
        line = visit.bill.lines[0]
        amount = line.total_paise * bps // 10_000 // RUPEE * RUPEE
        if amount > receipt.amount_paise or (receipt.drawer is not None and receipt.drawer.expected_paise < amount):
            return
        assert visit.invoice_id is not None
        credit = IssueCreditNote(
            invoice_id=visit.invoice_id, lines=(CreditLine(line_no=1, amount_paise=amount),), reason="overcharged"
        )
        house.stage.desk.ask(tenant.id, tenant.finance, credit, visit.id)
        visit.credits_paise.append(amount)
        gst = tax_inside(amount, visit.service.gst_bps)
        house.ledger.journal.credited(house.today, visit.branch.id, amount, gst)
        house.ledger.journal.allocated(house.today, receipt, -amount)
        visit.bill.credits.append(CreditNote(house.now, line, amount))
        visit.bill.put(receipt.id, -amount)
        receipt.used_paise -= amount
        refund = self._forfeits.expect_refund(visit, receipt, amount)
        refund.destination = DESTINATIONS.get(receipt.channel, "source")
        command = RequestRefund(
            payment_id=receipt.id,
            refund_id=tenant.id_of("rfd", visit.id, "overcharge"),
            amount_paise=amount,
            reason="overcharge",
            destination="source",
        )
        house.stage.desk.ask(tenant.id, tenant.finance, command, receipt.id)
