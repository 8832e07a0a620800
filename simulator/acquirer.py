"""The card acquirer: rows of the terminals, settled on the next bank day, in the generic file."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from simulator import files
from simulator.bank import Bank, bank_reference
from simulator.batching import Batcher
from simulator.books.records import Line, Receipt, Refund
from simulator.calendar import bank_days_after, day_of, local
from simulator.doors import Doors
from simulator.fees import Fees
from simulator.settlement import payment_line
from simulator.stage import House


class Acquirer:
    """Settles card payments of the counter."""

    def __init__(self, house: House, bank: Bank, doors: Doors, fees: Fees) -> None:
        self._house = house
        self._bank = bank
        self._doors = doors
        self._fees = fees
        self._table = house.stage.profile.acquirer
        self._due: dict[date, list[Line]] = defaultdict(list)
        self._batcher = Batcher(house, self._table.name, "pos", "UTIBP")

    def owe(self, receipt: Receipt) -> None:
        assert receipt.due_on is not None
        self._due[receipt.due_on].append(payment_line(receipt, "whole", receipt.amount_paise, self._fees))

    def give_back(self, refund: Refund) -> None:
        """The terminal sends it back to the card; a row of the file will say so."""
        house, holidays = self._house, self._house.stage.profile.calendar.bank_holidays
        refund.processed_at = house.now
        house.ledger.journal.refund_paid(house.today, refund.receipt, refund.amount_paise, "source")
        refund.due_on = bank_days_after(day_of(house.now), self._table.settle_days, holidays)
        refund.grace_on = bank_days_after(refund.due_on, 1, holidays)
        refund.reference = bank_reference(house, refund)
        amount = refund.amount_paise
        line = Line("refund", "refund", refund.reference, amount, 0, 0, 0, amount, house.now)
        line.refund = refund
        self._due[refund.due_on].append(line)
        self._doors.tell_refund(refund)

    def plan_day(self, on: date) -> None:
        self._house.plan(local(on, self._table.file_at), "1 terminals", f"{on}", lambda: self._settle(on))

    def is_done(self) -> bool:
        return not self._due

    def _settle(self, on: date) -> None:
        lines = sorted(self._due.pop(on, []), key=lambda line: (line.created_at, line.entity_id))
        if not lines:
            return
        batch = self._batcher.make(on, lines)
        data = files.generic_csv([(line, batch) for line in lines], local(on, self._table.settles_at), batch.gateway)
        self._doors.settlement(batch.gateway, "generic_csv_v1", f"terminals-{on}.csv", data)
        for line in lines:
            line.settlement_id, line.recorded_on = batch.settlement_id, on
            owner = line.receipt or line.refund
            assert owner is not None
            self._house.ledger.journal.settled(on, line)
            owner.lines.append(line)
        self._house.ledger.batches.append(batch)
        faults = self._house.faults
        if faults.wants("F26", on):
            faults.place(
                "F26",
                leg="L2",
                expected="batch_missing",
                ids=[batch.settlement_id],
                amount_paise=batch.payout_paise,
                detected_from=batch.grace_on,
            )
            return
        self._bank.credit_batch(batch, batch.payout_paise, f"{batch.utr} HDFC POS SETTLEMENT")
