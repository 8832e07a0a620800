"""Money of inpatients: an advance when they come, the rest when they leave, what a payer rejected later."""

from __future__ import annotations

from typing import Literal

from event_store.aggregates.payment.commands import RecordCounterPayment
from event_store.aggregates.payment.events import Channel, Mode
from simulator.acquirer import Acquirer
from simulator.bank import Bank
from simulator.books.records import Receipt
from simulator.books.stays import Stay
from simulator.calendar import bank_days_after, day_of
from simulator.counter import GRACE_DAYS
from simulator.drawers import Drawers
from simulator.hospital.diary import Diary
from simulator.profile import RUPEE

NOTE = 100 * RUPEE
# At hours and on days without a drawer.
WITHOUT_DRAWER: tuple[Mode, Channel] = ("upi", "static_qr")


class Cashier:
    """Takes what inpatients pay at the counter."""

    def __init__(self, diary: Diary, drawers: Drawers, acquirer: Acquirer, bank: Bank) -> None:
        self._diary = diary
        self._house = diary.house
        self._drawers = drawers
        self._acquirer = acquirer
        self._bank = bank

    def take(self, stay: Stay, purpose: Literal["ipd_advance", "ipd_final"], paise: int) -> None:
        house, tenant = self._house, self._house.tenant
        id = tenant.id_of("pay", stay.id, purpose, f"{stay.advance_paise + paise}")
        dice = self._diary.dice("inpatient money", id)
        mode, channel = dice.pick(self._diary.table.pays_by)
        if channel == "drawer" and not self._drawers.is_open(stay.branch):
            mode, channel = WITHOUT_DRAWER
        receipt = Receipt(
            id=id,
            branch=stay.branch,
            visit=stay.visit,
            purpose=purpose,
            amount_paise=paise,
            mode=mode,
            channel=channel,
            captured_at=house.now,
            paid_at=house.now,
            used_paise=paise,
            is_inpatient=True,
        )
        if purpose == "ipd_advance":
            stay.advance_paise += paise
        else:
            assert stay.bill is not None
            stay.bill.put(id, paise)
        details: dict = {}
        if channel == "drawer":
            receipt.drawer = self._drawers.of(stay.branch)
            receipt.drawer.expected_paise += paise
            details = {"cash_session_id": receipt.drawer.id, "tendered_paise": -(-paise // NOTE) * NOTE}
        else:
            profile = house.stage.profile
            days, holidays = profile.acquirer.settle_days, profile.calendar.bank_holidays
            receipt.due_on = bank_days_after(day_of(house.now), days, holidays)
            receipt.grace_on = bank_days_after(receipt.due_on, GRACE_DAYS, holidays)
            number = int(tenant.id_of("ref", id)[-12:].encode().hex(), 16)
            receipt.rrn = f"ICICN{number % 10**13:013d}" if mode == "bank_transfer" else f"6{number % 10**11:011d}"
            details = {"rrn": receipt.rrn}
        if channel == "pos":
            payment = profile.payment
            receipt.gateway = "pos"
            receipt.card_type, receipt.card_network = dice.pick(payment.card_type), dice.pick(payment.card_network)
            receipt.terminal_id = f"T{tenant.index}{receipt.branch.index:02d}0001"
            details |= {
                "terminal_id": receipt.terminal_id,
                "auth_code": f"{dice.between(0, 999_999):06d}",
                "card_network": receipt.card_network,
                "card_type": receipt.card_type,
                "card_last4": f"{dice.between(0, 9999):04d}",
            }
        house.ledger.receipts.append(receipt)
        house.ledger.journal.captured(house.today, receipt)
        if purpose == "ipd_final":
            house.ledger.journal.allocated(house.today, receipt, paise)
        command = RecordCounterPayment(
            patient_id=stay.person.id,
            branch_id=stay.branch.id,
            purpose=purpose,
            admission_id=stay.id,
            invoice_id=stay.invoice_id if purpose == "ipd_final" else None,
            amount_paise=paise,
            mode=mode,
            channel=channel,
            **details,
        )
        self._diary.ask(stay.branch.front_desk, command, id, aggregate_id=id)
        if channel == "pos":
            self._acquirer.owe(receipt)
        elif channel != "drawer":
            self._bank.owe(receipt)
