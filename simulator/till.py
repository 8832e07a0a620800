"""The counter: the bill, how it is paid, and the few bills that are corrected afterwards."""

from __future__ import annotations

from datetime import timedelta

from event_store.aggregates.invoice.commands import CreditLine, IssueCreditNote
from event_store.aggregates.payment.commands import RecordCounterPayment, RequestRefund
from event_store.aggregates.payment.events import Channel, Mode
from event_store.recorded import Recorded
from simulator.acquirer import Acquirer
from simulator.bank import Bank
from simulator.books.records import Receipt, Visit
from simulator.calendar import bank_days_after, day_of
from simulator.desk import SimulationError
from simulator.drawers import Drawers
from simulator.draws import Dice, Table
from simulator.forfeits import Forfeits
from simulator.gateway import Gateway
from simulator.profile import RUPEE
from simulator.stage import House

SECOND = timedelta(seconds=1)
GRACE_DAYS = 1
# Channels whose money can be given back at once: the gateway's and the drawer's.
CORRECTABLE = ("gateway", "drawer")


class Till:
    """Takes the balance of every visit and gives back what was charged too much."""

    def __init__(
        self, house: House, drawers: Drawers, gateway: Gateway, acquirer: Acquirer, bank: Bank, forfeits: Forfeits
    ) -> None:
        self._house = house
        self._acquirer = acquirer
        self._bank = bank
        self._drawers = drawers
        self._gateway = gateway
        self._forfeits = forfeits
        self._waiting: dict[str, Visit] = {}
        payment = house.stage.profile.payment
        self._modes: dict[str, Table] = {
            key: payment.counter_in(branch.city.tier) for key, branch in house.tenant.branches.items()
        }
        house.stage.desk.watch("InvoiceIssued", self._note_bill)

    def expect_bill(self, visit: Visit) -> None:
        """The visit is over: the product writes the bill and puts the deposit against it."""
        if visit.price_paise:
            self._waiting[visit.id] = visit
            for receipt in visit.receipts:
                receipt.used_paise += receipt.held_paise

    def _note_bill(self, recorded: Recorded) -> None:
        visit = self._waiting.get(recorded.appointment_id or "")
        if visit is not None:
            visit.invoice_id = recorded.stream_id.partition("-")[2]

    def present_bill(self, visit: Visit) -> None:
        if self._waiting.pop(visit.id, None) is None:
            return
        if visit.invoice_id is None:
            raise SimulationError(f"{visit.id}: seen, and no bill was written")
        dice = self._house.stage.draws.of("till", visit.id)
        due = visit.price_paise - sum(receipt.amount_paise for receipt in visit.receipts if receipt.captured_at)
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
        house, tenant, profile = self._house, self._house.tenant, self._house.stage.profile
        on = day_of(house.now)
        receipt = Receipt(
            id=tenant.id_of("pay", visit.id, "counter"),
            branch=visit.branch,
            visit=visit,
            purpose="balance" if visit.deposit_paid_paise else "full",
            amount_paise=due,
            mode=mode,
            channel=channel,
            captured_at=house.now,
            paid_at=house.now,
        )
        details: dict = {}
        if channel == "drawer":
            receipt.drawer = self._drawers.of(visit.branch)
            receipt.drawer.expected_paise += due
            details["cash_session_id"] = receipt.drawer.id
            details["tendered_paise"] = -(-due // (100 * RUPEE)) * 100 * RUPEE
        else:
            days = profile.acquirer.settle_days
            receipt.due_on = bank_days_after(on, days, profile.calendar.bank_holidays)
            receipt.grace_on = bank_days_after(receipt.due_on, GRACE_DAYS, profile.calendar.bank_holidays)
            receipt.rrn = self._reference(visit, mode)
            details["rrn"] = receipt.rrn
        if channel == "pos":
            receipt.gateway = "pos"
            receipt.card_type = dice.pick(profile.payment.card_type)
            receipt.card_network = dice.pick(profile.payment.card_network)
            receipt.terminal_id = f"T{tenant.index}{visit.branch.index:02d}0001"
            details |= {
                "terminal_id": receipt.terminal_id,
                "auth_code": f"{dice.between(0, 999_999):06d}",
                "card_network": receipt.card_network,
                "card_type": receipt.card_type,
                "card_last4": f"{dice.between(0, 9999):04d}",
            }
        receipt.used_paise = due
        visit.receipts.append(receipt)
        if channel == "pos":
            self._acquirer.owe(receipt)
        elif channel != "drawer":
            self._bank.owe(receipt)
        house.ledger.receipts.append(receipt)
        command = RecordCounterPayment(
            patient_id=visit.person.id,
            branch_id=visit.branch.id,
            purpose=receipt.purpose,
            appointment_id=visit.id,
            invoice_id=visit.invoice_id,
            amount_paise=due,
            mode=mode,
            channel=channel,
            **details,
        )
        house.stage.desk.ask(tenant.id, visit.branch.front_desk, command, receipt.id, aggregate_id=receipt.id)
        self.consider_correction(visit, receipt)

    def _reference(self, visit: Visit, mode: str) -> str:
        """The RRN of a UPI or card payment, the UTR of a bank transfer: unique, because it follows from the visit."""
        number = int(self._house.tenant.id_of("ref", visit.id, mode)[-12:].encode().hex(), 16)
        if mode == "bank_transfer":
            return f"ICICN{number % 10**13:013d}"
        return f"6{number % 10**11:011d}"

    def consider_correction(self, visit: Visit, receipt: Receipt) -> None:
        """A few bills turn out too high an hour later; finance credits a part and gives it back."""
        dice = self._house.stage.draws.of("correction", visit.id)
        payment = self._house.stage.profile.payment
        if dice.chance(payment.corrected) and receipt.channel in CORRECTABLE:
            bps = dice.pick(payment.corrected_bps)
            at = self._house.now + timedelta(minutes=dice.between(3, 9))
            self._house.plan(at, "9 correction", visit.id, lambda: self._correct(visit, receipt, bps))

    def _correct(self, visit: Visit, receipt: Receipt, bps: int) -> None:
        house, tenant = self._house, self._house.tenant
        amount = visit.price_paise * bps // 10_000 // RUPEE * RUPEE
        if amount > receipt.amount_paise or (receipt.drawer is not None and receipt.drawer.expected_paise < amount):
            return
        assert visit.invoice_id is not None
        credit = IssueCreditNote(
            invoice_id=visit.invoice_id, lines=(CreditLine(line_no=1, amount_paise=amount),), reason="overcharged"
        )
        house.stage.desk.ask(tenant.id, tenant.finance, credit, visit.id)
        receipt.used_paise -= amount
        refund = self._forfeits.expect_refund(visit, receipt, amount)
        refund.destination = "cash" if receipt.channel == "drawer" else "source"
        command = RequestRefund(
            payment_id=receipt.id,
            refund_id=tenant.id_of("rfd", visit.id, "overcharge"),
            amount_paise=amount,
            reason="overcharge",
            destination="source",
        )
        house.stage.desk.ask(tenant.id, tenant.finance, command, receipt.id)
