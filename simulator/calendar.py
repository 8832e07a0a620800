"""The simulator's own calendar: local time, bank days, busy and quiet days."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, timezone

IST = timezone(timedelta(hours=5, minutes=30))
DAY = timedelta(days=1)
SATURDAY, SUNDAY = 6, 7


def local(on: date, at: str | time, plus: timedelta = timedelta()) -> datetime:
    """The instant (UTC) of a wall-clock time in India."""
    wall = time.fromisoformat(at) if isinstance(at, str) else at
    return (datetime.combine(on, wall, IST) + plus).astimezone(UTC)


def day_of(at: datetime) -> date:
    return at.astimezone(IST).date()


def is_bank_day(on: date, holidays: Collection[date]) -> bool:
    """Monday to Saturday, but neither a second or fourth Saturday nor a holiday."""
    weekday = on.isoweekday()
    if weekday == SUNDAY or on in holidays:
        return False
    return not (weekday == SATURDAY and (on.day - 1) // 7 in (1, 3))


def bank_days_after(on: date, days: int, holidays: Collection[date]) -> date:
    """The `days`-th bank day after a date; with 0 the date itself, whatever it is."""
    while days > 0:
        on += DAY
        if is_bank_day(on, holidays):
            days -= 1
    return on


def next_bank_day(on: date, holidays: Collection[date]) -> date:
    return bank_days_after(on, 1, holidays)
