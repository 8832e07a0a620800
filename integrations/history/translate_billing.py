"""One foreign row of billing to one command. Pure: the same row always gives the same command, or the same refusal."""

from __future__ import annotations

from datetime import datetime

from event_store.aggregates.invoice.commands import ImportBilling
from integrations.history.cells import RowReader, bad
from integrations.history.mapping import BillingMapping


class BillingTranslator(RowReader):
    """Rows of billing: the word in the `kind` column says what a row is and where its amount stands."""

    def __init__(self, mapping: BillingMapping) -> None:
        super().__init__(mapping)
        self._mapping = mapping

    def command(self, row: int, cells: dict[str, str]) -> ImportBilling:
        """IMPORT_ROW_INVALID with row and column when the row makes no sense."""
        self.check_width(row, cells)
        mapping, columns = self._mapping, self._mapping.columns
        word = cells[columns.kind].strip()
        kind = mapping.kinds.get(word)
        if kind is None:
            raise bad(row, columns.kind, f"{word[:80]!r} is none of {', '.join(mapping.kinds)}")
        paise = self.amount(row, kind.amount, cells[kind.amount])
        return ImportBilling(
            source_system=mapping.source_system,
            external_ref=self.name(row, cells, columns.external_ref),
            patient_ref=self.name(row, cells, columns.patient_ref),
            branch_ref=self.optional(row, cells, columns.branch_ref),
            kind=kind.kind,
            charge_ref=self.optional(row, cells, columns.charge_ref),
            amount_paise=paise,
            currency=mapping.currency,
            is_taken_as_inr=mapping.is_taken_as_inr,
            method=self.optional(row, cells, columns.method),
            occurred_at=self.instant(row, cells, columns.occurred_at),
        )

    def known_at(self, command: ImportBilling) -> datetime:
        """When the source knew of the line."""
        return command.occurred_at
