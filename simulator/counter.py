"""Money over the counter: notes, cards at the terminal, the QR on the wall, a transfer; and what was typed wrong."""

from __future__ import annotations

from event_store.aggregates.payment.commands import DeallocatePayment, RecordCounterPayment, ReversePayment
from event_store.aggregates.payment.events import Channel, Mode
from simulator.acquirer import Acquirer
from simulator.bank import Bank
from simulator.books.records import Receipt, Visit
from simulator.calendar import bank_days_after, day_of
from simulator.drawers import Drawers
from simulator.draws import Dice
from simulator.profile import RUPEE
from simulator.stage import House

GRACE_DAYS = 1


class Counter:
    """Records what a patient pays at the front desk."""

    def __init__(self, house: House, drawers: Drawers, acquirer: Acquirer, bank: Bank) -> None:
        self._house = house
        self._drawers = drawers
        self._acquirer = acquirer
        self._bank = bank

    def take(self, visit: Visit, due: int, mode: Mode, channel: Channel, dice: Dice) -> Receipt:
        """The money comes in; acquirer or bank will bring it when it is not cash."""
        receipt = self._record(visit, due, mode, channel, dice, "counter")
        if channel == "pos":
            self._acquirer.owe(receipt)
        elif channel != "drawer":
            self._bank.owe(receipt)
        return receipt

    def mistype(self, visit: Visit, due: int, mode: Mode, channel: Channel, dice: Dice) -> Receipt:
        """Something is entered that never came in."""
        return self._record(visit, due, mode, channel, dice, "mistyped")

    def undo(self, receipt: Receipt) -> None:
        """Finance takes the entry back whole."""
        house, tenant = self._house, self._house.tenant
        house.ledger.journal.allocated(house.today, receipt, -receipt.amount_paise)
        house.ledger.journal.reversed(house.today, receipt)
        receipt.is_reversed = True
        if receipt.drawer is not None:
            receipt.drawer.expected_paise -= receipt.amount_paise
        assert receipt.visit.invoice_id is not None
        free = DeallocatePayment(
            payment_id=receipt.id,
            invoice_id=receipt.visit.invoice_id,
            amount_paise=receipt.amount_paise,
            reason="entered wrong",
        )
        house.stage.desk.ask(tenant.id, tenant.finance, free, receipt.id)
        reverse = ReversePayment(payment_id=receipt.id, reason="entry_error")
        house.stage.desk.ask(tenant.id, tenant.finance, reverse, receipt.id)

    def _record(self, visit: Visit, due: int, mode: Mode, channel: Channel, dice: Dice, name: str) -> Receipt:
        house, tenant, profile = self._house, self._house.tenant, self._house.stage.profile
        receipt = Receipt(
            id=tenant.id_of("pay", visit.id, name),
            branch=visit.branch,
            visit=visit,
            purpose="balance" if visit.deposit_paid_paise else "full",
            amount_paise=due,
            mode=mode,
            channel=channel,
            captured_at=house.now,
            paid_at=house.now,
            used_paise=due,
        )
        details: dict = {}
        if channel == "drawer":
            receipt.drawer = self._drawers.of(visit.branch)
            receipt.drawer.expected_paise += due
            details["cash_session_id"] = receipt.drawer.id
            details["tendered_paise"] = -(-due // (100 * RUPEE)) * 100 * RUPEE
        else:
            days, holidays = profile.acquirer.settle_days, profile.calendar.bank_holidays
            receipt.due_on = bank_days_after(day_of(house.now), days, holidays)
            receipt.grace_on = bank_days_after(receipt.due_on, GRACE_DAYS, holidays)
            receipt.rrn = details["rrn"] = self._reference(visit, mode, name)
        if channel == "pos":
            details |= self._card(receipt, dice)
        visit.receipts.append(receipt)
        house.ledger.receipts.append(receipt)
        house.ledger.journal.captured(house.today, receipt)
        house.ledger.journal.allocated(house.today, receipt, due)
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
        return receipt

    def _card(self, receipt: Receipt, dice: Dice) -> dict:
        """Terminal, card and authorisation of a card payment."""
        payment = self._house.stage.profile.payment
        receipt.gateway = "pos"
        receipt.card_type, receipt.card_network = dice.pick(payment.card_type), dice.pick(payment.card_network)
        receipt.terminal_id = f"T{self._house.tenant.index}{receipt.branch.index:02d}0001"
        return {
            "terminal_id": receipt.terminal_id,
            "auth_code": f"{dice.between(0, 999_999):06d}",
            "card_network": receipt.card_network,
            "card_type": receipt.card_type,
            "card_last4": f"{dice.between(0, 9999):04d}",
        }

    def _reference(self, visit: Visit, mode: str, name: str) -> str:
        """The RRN of a UPI or card payment, the UTR of a bank transfer: unique, because it follows from the visit."""
        number = int(self._house.tenant.id_of("ref", visit.id, mode, name)[-12:].encode().hex(), 16)
        if mode == "bank_transfer":
            return f"ICICN{number % 10**13:013d}"
        return f"6{number % 10**11:011d}"
