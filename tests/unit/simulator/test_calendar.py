"""The simulator's own bank calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime

from simulator.calendar import bank_days_after, day_of, is_bank_day, local, next_bank_day

HOLIDAYS = [date(2026, 8, 17)]


def test_bank_days_leave_out_sundays_second_and_fourth_saturdays_and_holidays() -> None:
    august = [date(2026, 8, day) for day in range(1, 32)]

    closed = [on.day for on in august if not is_bank_day(on, HOLIDAYS)]

    assert closed == [2, 8, 9, 16, 17, 22, 23, 30]


def test_counting_bank_days() -> None:
    assert bank_days_after(date(2026, 11, 4), 2, ()) == date(2026, 11, 6)
    assert bank_days_after(date(2026, 11, 6), 1, ()) == date(2026, 11, 7)  # a first Saturday
    assert bank_days_after(date(2026, 8, 9), 0, ()) == date(2026, 8, 9)
    assert next_bank_day(date(2026, 8, 14), HOLIDAYS) == date(2026, 8, 15)
    assert next_bank_day(date(2026, 8, 15), HOLIDAYS) == date(2026, 8, 18)


def test_a_day_is_the_day_in_india() -> None:
    assert local(date(2026, 8, 3), "00:00") == datetime(2026, 8, 2, 18, 30, tzinfo=UTC)
    assert day_of(datetime(2026, 8, 2, 18, 30, tzinfo=UTC)) == date(2026, 8, 3)
    assert day_of(datetime(2026, 8, 2, 18, 29, 59, tzinfo=UTC)) == date(2026, 8, 2)
