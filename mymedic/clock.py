"""Where time comes from. Nothing else in the product reads the machine's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INDIA = timezone(timedelta(hours=5, minutes=30), "Asia/Kolkata")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved: tests and the simulator."""

    def __init__(self, at: datetime) -> None:
        self.at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self.at

    def move_to(self, at: datetime) -> None:
        """Move forward; a moment already passed leaves the clock where it is."""
        self.at = max(self.at, at.astimezone(UTC))


def micros(at: datetime) -> int:
    """Whole microseconds since 1970 UTC: how the ledger stores an instant."""
    delta = at - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


@cache
def zone(name: str) -> timezone:
    """The fixed zone of a tenant: India has had no other offset since 1945 (DOMAIN §0)."""
    from zoneinfo import ZoneInfo

    if name == "Asia/Kolkata":
        return INDIA
    offset = ZoneInfo(name).utcoffset(datetime(2026, 1, 1)) or timedelta()
    return timezone(offset, name)


def business_date(at: datetime, tz: timezone = INDIA) -> date:
    return at.astimezone(tz).date()


def fiscal_year(on: date) -> str:
    """`FY2026-27` for 1 Apr 2026 to 31 Mar 2027."""
    start = on.year if on.month >= 4 else on.year - 1
    return f"FY{start}-{(start + 1) % 100:02d}"
