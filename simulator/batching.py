"""Settlements of one gateway in their order: ids, bank references, and debts carried from one to the next."""

from __future__ import annotations

from datetime import date

from simulator.books.records import Batch, Line
from simulator.calendar import bank_days_after
from simulator.stage import House


class Batcher:
    """Makes a settlement of rows. A negative one is paid by nobody: what it lacks is kept from those that follow."""

    def __init__(self, house: House, gateway: str, prefix: str, utr_prefix: str) -> None:
        self._house = house
        self._gateway = gateway
        self._prefix = prefix
        self._utr_prefix = utr_prefix
        self._debt = 0
        self._numbers: dict[date, int] = {}

    def make(self, on: date, lines: list[Line]) -> Batch:
        number = self._numbers[on] = self._numbers.get(on, 0) + 1
        tenant = self._house.tenant.index
        net = sum(line.credit_paise - line.debit_paise for line in lines)
        balance = net - self._debt
        self._debt = max(0, -balance)
        return Batch(
            settlement_id=f"{self._prefix}_{on:%Y%m%d}_{tenant}{number}",
            gateway=self._gateway,
            settled_on=on,
            utr=f"{self._utr_prefix}{on:%Y%m%d}{tenant:03d}{number:02d}" if balance > 0 else "",
            lines=lines,
            payout_paise=max(0, balance),
            is_negative=balance < 0,
            grace_on=bank_days_after(on, 1, self._house.stage.profile.calendar.bank_holidays),
        )
