"""A statement as the bank tells it, in the bank's own currency, and whether it foots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mymedic.errors import Refused

Verdict = Literal["foots", "does_not_foot", "no_balances", "unreadable"]


@dataclass(frozen=True, slots=True)
class ToldLine:
    """A booking: `row` is its line in the file, `moved` is negative when money goes out.

    A line that is not booked yet counts in no balance. `problem` is why the line can be judged but not recorded.
    """

    row: int
    value_on: date | None
    moved: Decimal
    narration: str
    reference: str
    is_booked: bool = True
    problem: Refused | None = None


@dataclass(frozen=True, slots=True)
class ToldStatement:
    """One statement of a file, `number` counting from 1. A balance that the file does not state is None.

    `other_currencies` are those beside `currency` in which the statement counts: then it cannot foot.
    `problem` is why a statement cannot be read at all; nothing else of it then counts.
    """

    number: int
    row: int
    account: str | None = None
    currency: str | None = None
    opening: Decimal | None = None
    closing: Decimal | None = None
    opening_on: date | None = None
    closing_on: date | None = None
    lines: tuple[ToldLine, ...] = ()
    other_currencies: tuple[str, ...] = ()
    problem: Refused | None = None

    @property
    def moved(self) -> Decimal:
        """The sum of what is booked."""
        return sum((line.moved for line in self.lines if line.is_booked), Decimal(0))

    @property
    def difference(self) -> Decimal | None:
        """Opening + all lines − closing; None when a balance is not stated."""
        if self.opening is None or self.closing is None:
            return None
        return self.opening + self.moved - self.closing

    @property
    def verdict(self) -> Verdict:
        if self.problem is not None:
            return "unreadable"
        if self.difference is None:
            return "no_balances"
        return "does_not_foot" if self.difference or self.other_currencies else "foots"
