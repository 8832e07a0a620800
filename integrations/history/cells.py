"""The cells of a foreign row: read exactly, or refused with row and column."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from event_store.storable import YEARS, is_storable
from integrations.delimited import MAX_PAISE
from integrations.history.mapping import Check, FileMapping
from integrations.history.read import WIDTH
from mymedic.errors import Refused
from mymedic.money import paise_from_rupees

_Day = TypeVar("_Day", bound=date)


class RowReader:
    """Reads the cells of one file as its mapping says; `zone` is looked up once."""

    def __init__(self, mapping: FileMapping) -> None:
        self._file = mapping
        self._zone: ZoneInfo = mapping.zone

    def check_width(self, row: int, cells: dict[str, str]) -> None:
        if WIDTH in cells:
            raise bad(row, None, f"the row has {cells[WIDTH]} cells")

    def warnings(self, row: int, cells: dict[str, str]) -> list[tuple[str, str]]:
        """(column, message) of what looks wrong but does not stop the row; a `reject` check refuses it."""
        found: list[tuple[str, str]] = []
        for check in self._file.checks:
            message = _outside(check, cells.get(check.column, ""))
            if message is None:
                continue
            if check.severity == "reject":
                raise bad(row, check.column, message)
            found.append((check.column, message))
        return found

    def name(self, row: int, cells: dict[str, str], column: str) -> str:
        value = self.optional(row, cells, column)
        if value is None:
            raise bad(row, column, "the cell is empty")
        return value

    def optional(self, row: int, cells: dict[str, str], column: str | None) -> str | None:
        value = cells[column].strip() if column else ""
        if len(value) > 128:
            raise bad(row, column, "longer than 128 characters")
        if "\0" in value:
            raise bad(row, column, "holds a NUL character; the file was damaged")
        return value or None

    def day(self, row: int, cells: dict[str, str], column: str) -> date:
        """The day alone; a midnight that the file writes beside it says nothing and is dropped."""
        text = cells[column].strip()
        day, _, clock = text.partition("T") if "T" in text else text.partition(" ")
        if clock.rstrip("Z") not in ("", "00:00:00", "00:00"):
            raise bad(row, column, f"{text[:80]!r} has a time of day; map it as start_at")
        try:
            on = date.fromisoformat(day)
        except ValueError:
            raise bad(row, column, f"{text[:80]!r} is no date like 2016-04-29") from None
        return _of_our_years(row, column, on)

    def optional_instant(self, row: int, cells: dict[str, str], column: str | None) -> datetime | None:
        if column is None or not cells[column].strip():
            return None
        return self.instant(row, cells, column)

    def instant(self, row: int, cells: dict[str, str], column: str) -> datetime:
        text = cells[column].strip()
        if text.endswith("Z"):
            if not self._file.times.ignore_trailing_z and self._zone.key != "UTC":
                raise bad(row, column, f"{text[:80]!r} ends in Z; say in the mapping whether to ignore it")
            text = text[:-1]
        try:
            at = datetime.fromisoformat(text)
            at = (at if at.tzinfo else at.replace(tzinfo=self._zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise bad(row, column, f"{text[:80]!r} is no time like 2016-04-29T18:38:08") from None
        return _of_our_years(row, column, at)

    def amount(self, row: int, column: str | None, text: str) -> int:
        try:
            paise = paise_from_rupees(text)
        except Refused as refusal:
            raise bad(row, column, refusal.message) from refusal
        if not 0 <= paise <= MAX_PAISE:
            raise bad(row, column, f"{text[:80]!r} is not from 0 to {MAX_PAISE} minor units; no amount here has a sign")
        return paise


def _of_our_years(row: int, column: str, on: _Day) -> _Day:
    if not is_storable(on):
        raise bad(row, column, f"{on:%Y-%m-%d} has a year that cannot be meant ({YEARS})")
    return on


def _outside(check: Check, text: str) -> str | None:
    try:
        value = int(text)
    except ValueError:
        return f"{text[:80]!r} is no whole number"
    if check.minimum is not None and value < check.minimum:
        return f"{value} is below {check.minimum}"
    if check.maximum is not None and value > check.maximum:
        return f"{value} is above {check.maximum}"
    return None


def bad(row: int, column: str | None, message: str) -> Refused:
    return Refused("IMPORT_ROW_INVALID", message, row=row, column=column)
