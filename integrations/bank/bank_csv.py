"""`bank_csv_v1`: rows in rupees, oldest first, each with the balance after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from integrations.bank.told import ToldLine, ToldStatement
from integrations.delimited import Cells, collect, read_rows
from mymedic.errors import Refused
from mymedic.money import rupees_text

BANK_CSV_HEADER = ("value_date", "transaction_date", "narration", "reference", "debit", "credit", "balance")


@dataclass(frozen=True, slots=True)
class _Row:
    line: ToldLine
    moved_paise: int
    balance_paise: int


def told_csv(data: bytes, file: str) -> list[ToldStatement]:
    """The one statement of the file; a row that breaks the chain of balances refuses it."""
    rows = collect(read_rows(data, BANK_CSV_HEADER, file), _row)
    if not rows:
        raise Refused(
            "FILE_BAD_ROW",
            "the statement has no rows, so its balances are unknown; fetch a period with transactions",
            file=file,
            row=2,
            hint="no_rows",
        )
    _check_chain(rows, file)
    days = [row.line.value_on for row in rows if row.line.value_on]
    return [
        ToldStatement(
            number=1,
            row=2,
            currency="INR",
            opening=_rupees(rows[0].balance_paise - rows[0].moved_paise),
            closing=_rupees(rows[-1].balance_paise),
            opening_on=min(days),
            closing_on=max(days),
            lines=tuple(row.line for row in rows),
        )
    ]


def _row(cells: Cells) -> _Row:
    debit, credit = cells.rupees("debit"), cells.rupees("credit")
    if (debit > 0) == (credit > 0):
        cells.refuse("FILE_BAD_AMOUNT", "a row has either a debit or a credit", "debit", "one_side")
    cells.day("transaction_date")
    line = ToldLine(
        row=cells.row,
        value_on=cells.day("value_date"),
        moved=_rupees(credit - debit),
        narration=cells.text("narration", 4000) or "",
        reference=cells.text("reference") or "",
    )
    return _Row(line, credit - debit, cells.signed_rupees("balance"))


def _rupees(paise: int) -> Decimal:
    return Decimal(paise).scaleb(-2)


def _check_chain(rows: Sequence[_Row], file: str) -> None:
    """Each balance follows from the one before: no row is missing, doubled or out of order."""
    for before, row in pairwise(rows):
        expected = before.balance_paise + row.moved_paise
        if row.balance_paise != expected:
            backwards = all(
                later.balance_paise == earlier.balance_paise - earlier.moved_paise for earlier, later in pairwise(rows)
            )
            raise Refused(
                "FILE_TOTAL_MISMATCH",
                "the statement runs from newest to oldest; sort it oldest first"
                if backwards
                else f"the balance should be {rupees_text(expected)}, it is {rupees_text(row.balance_paise)};"
                " a row before this one is missing, doubled or changed, fetch the statement again",
                file=file,
                row=row.line.row,
                column="balance",
                hint="newest_first" if backwards else "balance_chain",
            )
