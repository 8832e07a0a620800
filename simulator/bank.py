"""The bank: credits as they fall due, and a statement each day on which something moved.

A line is known by the balance after it. So settlements come first on a statement, and each evening what is above the
opening balance is swept to another account: what goes wrong with one line renames few others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from event_store.aggregates.bank_statement.events import BankLineRecorded
from event_store.recorded import Recorded
from simulator import files
from simulator.books.records import Batch, Deposit, Receipt
from simulator.calendar import DAY, is_bank_day, local
from simulator.doors import Doors
from simulator.profile import RUPEE
from simulator.stage import House


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
        house.stage.desk.watch("BankLineRecorded", self._note_line)

    def credit_batch(self, batch: Batch, paise: int, narration: str) -> None:
        def note() -> None:
            batch.banked_paise, batch.banked_on = paise, batch.settled_on

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

        payer = receipt.visit.person.id[-6:]
        narration = (
            f"UPI/CR/{receipt.rrn}/{payer}" if receipt.channel == "static_qr" else f"NEFT CR {receipt.rrn} {payer}"
        )
        self._due[receipt.due_on].append(
            Movement(f"2 {receipt.rrn}", narration, receipt.rrn, receipt.amount_paise, note)
        )

    def credit_deposit(self, deposit: Deposit, paise: int) -> None:
        def note() -> None:
            deposit.banked_paise = paise

        narration = f"CASH DEP SLIP {deposit.slip_no}"
        self._due[deposit.due_on].append(Movement(f"2 {deposit.slip_no}", narration, deposit.slip_no, paise, note))

    def plan_day(self, on: date) -> None:
        """Put the day's statement on the agenda, in case anything moves."""
        if self._is_last_bank_day(on) and on <= self._house.stage.last_day:
            charge = -self._table.charge_rupees * RUPEE
            self._due[on].append(Movement("3", "SMS CHGS AND GST", "", charge, lambda: None))
        self._house.plan(local(on, self._table.statement_at), "2 statement", f"{on}", lambda: self._state(on))

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
        batch = self._by_utr.get(event.utr or "") if recorded.tenant_id == self._house.tenant.id else None
        if batch is not None:
            batch.bank_line_id = event.bank_line_id
