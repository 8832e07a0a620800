"""A statement as the bank tells it, in the bank's own currency, and whether it foots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from mymedic.counts import counted
from mymedic.errors import Refused

# A value day is the booking's, or days from it over holidays. What lies further ahead is recorded as the bank wrote it,
# but more likely a mistyped year than a day.
_USUALLY_AHEAD = timedelta(days=31)
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

    def note(self, today: date) -> str | None:
        """What somebody should ask the bank about, though nothing is wrong by the file itself."""
        for line in self.lines:
            if line.value_on is not None and line.value_on - today > _USUALLY_AHEAD:
                ahead = counted((line.value_on - today).days, "day")
                return f"row {line.row} is dated {line.value_on}, {ahead} ahead; ask the bank whether it is meant"
        return None

    @property
    def verdict(self) -> Verdict:
        if self.problem is not None:
            return "unreadable"
        if self.difference is None:
            return "no_balances"
        return "does_not_foot" if self.difference or self.other_currencies else "foots"
