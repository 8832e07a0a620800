"""One foreign row to one command. Pure: the same row always gives the same command, or the same refusal."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from event_store.aggregates.appointment.commands import ImportAppointment
from integrations.history.mapping import Check, Mapping
from mymedic.errors import Refused
from mymedic.money import paise_from_rupees


class Translator:
    """Translates the rows of one file; `zone` is looked up once."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._zone: ZoneInfo = mapping.zone

    def command(self, row: int, cells: dict[str, str]) -> ImportAppointment:
        """IMPORT_ROW_INVALID with row and column when the row makes no sense."""
        if "\0cells" in cells:
            raise _bad(row, None, f"the row has {cells[chr(0) + 'cells']} cells")
        columns = self._mapping.columns
        outcome = self._mapping.outcomes.get(cells[columns.outcome])
        if outcome is None:
            known = ", ".join(self._mapping.outcomes)
            raise _bad(row, columns.outcome, f"{cells[columns.outcome]!r} is none of {known}")
        start_at = self._instant(row, cells, columns.start_at) if columns.start_at else None
        if columns.start_on:
            start_on = self._day(row, cells, columns.start_on)
        else:
            assert start_at is not None
            start_on = start_at.astimezone(self._zone).date()
        price = cells[columns.price_rupees].strip() if columns.price_rupees else ""
        return ImportAppointment(
            source_system=self._mapping.source_system,
            external_ref=self._name(row, cells, columns.external_ref),
            patient_ref=self._name(row, cells, columns.patient_ref),
            branch_ref=self._name(row, cells, columns.branch_ref),
            practitioner_ref=self._optional(cells, columns.practitioner_ref),
            service_ref=self._optional(cells, columns.service_ref),
            booked_at=self._optional_instant(row, cells, columns.booked_at),
            start_on=start_on,
            start_at=start_at,
            time_precision="minute" if start_at else "day",
            outcome=outcome,
            cancelled_at=self._optional_instant(row, cells, columns.cancelled_at),
            price_quoted_paise=self._price(row, columns.price_rupees, price) if price else None,
        )

    def warnings(self, row: int, cells: dict[str, str]) -> list[tuple[str, str]]:
        """(column, message) of what looks wrong but does not stop the row; a `reject` check refuses it."""
        found: list[tuple[str, str]] = []
        for check in self._mapping.checks:
            message = _outside(check, cells.get(check.column, ""))
            if message is None:
                continue
            if check.severity == "reject":
                raise _bad(row, check.column, message)
            found.append((check.column, message))
        return found

    def _name(self, row: int, cells: dict[str, str], column: str) -> str:
        value = cells[column].strip()
        if not value:
            raise _bad(row, column, "the cell is empty")
        if len(value) > 128:
            raise _bad(row, column, "longer than 128 characters")
        return value

    def _optional(self, cells: dict[str, str], column: str | None) -> str | None:
        return (cells[column].strip() or None) if column else None

    def _day(self, row: int, cells: dict[str, str], column: str) -> date:
        """The day alone; a midnight that the file writes beside it says nothing and is dropped."""
        text = cells[column].strip()
        day, _, clock = text.partition("T") if "T" in text else text.partition(" ")
        if clock.rstrip("Z") not in ("", "00:00:00", "00:00"):
            raise _bad(row, column, f"{text!r} has a time of day; map it as start_at")
        try:
            return date.fromisoformat(day)
        except ValueError:
            raise _bad(row, column, f"{text!r} is no date like 2016-04-29") from None

    def _optional_instant(self, row: int, cells: dict[str, str], column: str | None) -> datetime | None:
        if column is None or not cells[column].strip():
            return None
        return self._instant(row, cells, column)

    def _instant(self, row: int, cells: dict[str, str], column: str) -> datetime:
        text = cells[column].strip()
        if text.endswith("Z"):
            if not self._mapping.times.ignore_trailing_z:
                raise _bad(row, column, f"{text!r} ends in Z; say in the mapping whether to ignore it")
            text = text[:-1]
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise _bad(row, column, f"{text!r} is no time like 2016-04-29T18:38:08") from None
        if at.tzinfo is None:
            at = at.replace(tzinfo=self._zone)
        return at.astimezone(UTC)

    def _price(self, row: int, column: str | None, text: str) -> int:
        try:
            return paise_from_rupees(text)
        except Refused as refusal:
            raise _bad(row, column, refusal.message) from refusal

    def known_at(self, command: ImportAppointment) -> datetime:
        """When the source knew of the appointment: at its booking, else at the start of its day."""
        if command.booked_at is not None:
            return command.booked_at
        return datetime.combine(command.start_on, time(), self._zone).astimezone(UTC)


def _outside(check: Check, text: str) -> str | None:
    try:
        value = int(text)
    except ValueError:
        return f"{text!r} is no whole number"
    if check.minimum is not None and value < check.minimum:
        return f"{value} is below {check.minimum}"
    if check.maximum is not None and value > check.maximum:
        return f"{value} is above {check.maximum}"
    return None


def _bad(row: int, column: str | None, message: str) -> Refused:
    return Refused("IMPORT_ROW_INVALID", message, row=row, column=column)
