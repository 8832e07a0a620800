"""One foreign row to one command. Pure: the same row always gives the same command, or the same refusal."""

from __future__ import annotations

from datetime import UTC, datetime, time

from event_store.aggregates.appointment.commands import ImportAppointment
from integrations.history.cells import RowReader, bad
from integrations.history.mapping import Mapping


class Translator(RowReader):
    """Rows of appointments."""

    def __init__(self, mapping: Mapping) -> None:
        super().__init__(mapping)
        self._mapping = mapping

    def command(self, row: int, cells: dict[str, str]) -> ImportAppointment:
        """IMPORT_ROW_INVALID with row and column when the row makes no sense."""
        self.check_width(row, cells)
        columns = self._mapping.columns
        outcome = self._mapping.outcomes.get(cells[columns.outcome])
        if outcome is None:
            known = ", ".join(self._mapping.outcomes)
            raise bad(row, columns.outcome, f"{cells[columns.outcome][:80]!r} is none of {known}")
        start_at = self.instant(row, cells, columns.start_at) if columns.start_at else None
        if columns.start_on:
            start_on = self.day(row, cells, columns.start_on)
        else:
            assert start_at is not None
            start_on = start_at.astimezone(self._zone).date()
        price = cells[columns.price_rupees].strip() if columns.price_rupees else ""
        return ImportAppointment(
            source_system=self._mapping.source_system,
            external_ref=self.name(row, cells, columns.external_ref),
            patient_ref=self.name(row, cells, columns.patient_ref),
            branch_ref=self.name(row, cells, columns.branch_ref),
            practitioner_ref=self.optional(row, cells, columns.practitioner_ref),
            service_ref=self.optional(row, cells, columns.service_ref),
            booked_at=self.optional_instant(row, cells, columns.booked_at),
            start_on=start_on,
            start_at=start_at,
            time_precision="minute" if start_at else "day",
            outcome=outcome,
            cancelled_at=self.optional_instant(row, cells, columns.cancelled_at),
            price_quoted_paise=self.amount(row, columns.price_rupees, price) if price else None,
        )

    def known_at(self, command: ImportAppointment) -> datetime:
        """When the source knew of the appointment: at its booking, else at the start of its day."""
        if command.booked_at is not None:
            return command.booked_at
        return datetime.combine(command.start_on, time(), self._zone).astimezone(UTC)
