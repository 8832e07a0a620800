"""The bank: credits as they fall due, and a statement each day on which something moved.

A line is known by the balance after it. So what nobody expects comes first on a statement, then settlements, and each
evening what is above the opening balance is swept to another account: what goes wrong with one line renames few others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from event_store.aggregates.bank_statement.events import BankLineRecorded
from event_store.recorded import Recorded
from simulator import files
from simulator.books.records import Batch, Deposit, Receipt, Refund, StrayCredit
from simulator.books.stays import Transfer
from simulator.calendar import DAY, bank_days_after, day_of, is_bank_day, local, next_bank_day
from simulator.doors import Doors
from simulator.profile import RUPEE
from simulator.stage import House

# A transfer out shows on the statement a bank day later; a payment that nobody noted is of about this much.
TRANSFER_DAYS = 1
STRAY = 40_000


@dataclass(slots=True, eq=False)
class Movement:
    """A row of the statement: credit if positive. `note` is called once the product knows of it."""

    key: str
    narration: str
    reference: str
    paise: int
    note: Callable[[], None]


class Bank:
    """One account of a tenant."""

    def __init__(self, house: House, doors: Doors) -> None:
        self._house = house
        self._doors = doors
        self._table = house.stage.profile.bank
        self._holidays = house.stage.profile.calendar.bank_holidays
        self._due: dict[date, list[Movement]] = defaultdict(list)
        self._opening = self._balance = self._table.opening_rupees * RUPEE
        self._by_utr: dict[str, Batch] = {}
        self._strays: dict[str, StrayCredit] = {}
        house.stage.desk.watch("BankLineRecorded", self._note_line)

    def credit_batch(self, batch: Batch, paise: int, narration: str) -> None:
        def note() -> None:
            batch.banked_paise, batch.banked_on = paise, batch.settled_on
            self._house.ledger.journal.paid_out(batch.settled_on, batch, paise)

        self._by_utr[batch.utr] = batch
        self._due[batch.settled_on].append(Movement(f"1 {batch.gateway}", narration, batch.utr, paise, note))

    def owe(self, receipt: Receipt) -> None:
        """A static-QR payment or a transfer reaches the account on its due day, unless it is lost (F27)."""
        faults = self._house.faults
        assert receipt.due_on is not None and receipt.grace_on is not None and receipt.rrn is not None
        assert receipt.paid_at is not None
        if receipt.channel == "static_qr" and faults.wants("F27", receipt.paid_at.date()):
            faults.place(
                "F27",
                leg="L5",
                expected="qr_missing",
                ids=[receipt.id, receipt.rrn],
                branch_id=receipt.branch.id,
                amount_paise=receipt.amount_paise,
                detected_from=receipt.grace_on + DAY,
            )
            receipt.fault = "F27"
            return

        def note() -> None:
            receipt.banked_paise = receipt.amount_paise
            self._house.ledger.journal.banked(self._house.today, receipt, receipt.amount_paise)

        payer = receipt.visit.person.id[-6:]
        narration = (
            f"UPI/CR/{receipt.rrn}/{payer}" if receipt.channel == "static_qr" else f"NEFT CR {receipt.rrn} {payer}"
        )
        self._due[receipt.due_on].append(
            Movement(f"2 {receipt.rrn}", narration, receipt.rrn, receipt.amount_paise, note)
        )

    def give_back(self, refund: Refund) -> None:
        """A refund by transfer: told at once, and on the statement of the next bank day."""
        refund.processed_at = self._house.now
        journal = self._house.ledger.journal
        journal.refund_paid(self._house.today, refund.receipt, refund.amount_paise, "bank_transfer")
        refund.due_on = bank_days_after(day_of(self._house.now), TRANSFER_DAYS, self._holidays)
        refund.grace_on = bank_days_after(refund.due_on, 1, self._holidays)
        refund.reference = bank_reference(self._house, refund)

        def note() -> None:
            refund.banked_paise = refund.amount_paise
            journal.transferred(self._house.today, refund)

        narration, key = f"NEFT DR {refund.reference} REFUND", f"2 {refund.reference}"
        self._due[refund.due_on].append(Movement(key, narration, refund.reference, -refund.amount_paise, note))
        self._doors.tell_refund(refund)

    def credit_deposit(self, deposit: Deposit, paise: int) -> None:
        def note() -> None:
            deposit.banked_paise = paise
            self._house.ledger.journal.deposited(self._house.today, deposit, paise)

        narration = f"CASH DEP SLIP {deposit.slip_no}"
        self._due[deposit.due_on].append(Movement(f"2 {deposit.slip_no}", narration, deposit.slip_no, paise, note))

    def credit_payer(self, transfer: Transfer, paise: int, narration: str) -> None:
        """What a payer of claims has sent is credited the same day, or the next on which banks work."""

        def note() -> None:
            transfer.banked_paise = paise
            legs = [("1300", paise), ("1240", -paise)]
            self._house.ledger.journal.enter(self._house.today, transfer.claim.stay.branch.id, "payer banked", legs)

        on = transfer.paid_on
        if not is_bank_day(on, self._holidays):
            on = next_bank_day(on, self._holidays)
        self._due[on].append(Movement(f"2 {transfer.utr}", narration, transfer.utr, paise, note))

    def plan_day(self, on: date) -> None:
        """Put the day's statement on the agenda, in case anything moves."""
        if self._is_last_bank_day(on) and on <= self._house.stage.last_day:
            charge = -self._table.charge_rupees * RUPEE
            self._due[on].append(Movement("3", "SMS CHGS AND GST", "", charge, lambda: None))
        self._consider_stray(on)
        self._house.plan(local(on, self._table.statement_at), "2 statement", f"{on}", lambda: self._state(on))

    def _consider_stray(self, on: date) -> None:
        """F28: somebody has paid to the QR on the wall, and nobody at the desk has noted it."""
        faults, tenant = self._house.faults, self._house.tenant
        if not is_bank_day(on, self._holidays) or on > self._house.stage.last_day or not faults.wants("F28", on):
            return
        amount = STRAY + 100 * faults.pick("F28", 400)
        number = int(tenant.id_of("ref", "stray", str(on))[-12:].encode().hex(), 16)
        stray = StrayCredit(f"5{number % 10**11:011d}", amount, on)
        self._strays[stray.rrn] = stray
        narration = f"UPI/CR/{stray.rrn}/UNKNOWN"

        def note() -> None:
            self._house.ledger.stray_credits.append(stray)
            self._house.ledger.journal.unknown_credit(on, amount)

        self._due[on].append(Movement(f"0 {stray.rrn}", narration, stray.rrn, amount, note))
        faults.place(
            "F28", leg="L5", expected="qr_orphan_credit", ids=[stray.rrn], amount_paise=amount, detected_from=on
        )

    def is_done(self) -> bool:
        return not self._due

    def _is_last_bank_day(self, on: date) -> bool:
        later = on + DAY
        while later.month == on.month:
            if is_bank_day(later, self._holidays):
                return False
            later += DAY
        return is_bank_day(on, self._holidays)

    def _state(self, on: date) -> None:
        movements = sorted(self._due.pop(on, []), key=lambda movement: movement.key)
        if not movements:
            return
        above = self._balance + sum(movement.paise for movement in movements) - self._opening
        if above > 0:
            movements.append(Movement("4", "TRF SWEEP TO DEPOSIT", "", -above, lambda: None))
        rows = []
        for movement in movements:
            self._balance += movement.paise
            rows.append((on, movement.narration, movement.reference, movement.paise, self._balance))
        for movement in movements:
            movement.note()
        self._doors.statement(self._table.account, f"statement-{on}.csv", files.bank_csv(rows))

    def _note_line(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, BankLineRecorded)
        if recorded.tenant_id != self._house.tenant.id:
            return
        batch, stray = self._by_utr.get(event.utr or ""), self._strays.get(event.rrn or "")
        if batch is not None:
            batch.bank_line_id = event.bank_line_id
        if stray is not None:
            stray.bank_line_id = event.bank_line_id


def bank_reference(house: House, refund: Refund) -> str:
    """The UTR of money that goes back: unique, because it follows from the refund."""
    number = int(house.tenant.id_of("ref", refund.id)[-12:].encode().hex(), 16)
    return f"ICICR{number % 10**13:013d}"
