"""Bank statements to canonical lines (DOMAIN §6.2). Pure: bytes in, statements or a refusal out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from event_store.aggregates.bank_statement.commands import BankLine
from event_store.aggregates.bank_statement.events import BankSide, CounterpartyClass
from integrations.delimited import Cells, collect, read_rows
from mymedic.errors import Refused
from mymedic.money import rupees_text

MASKED_LENGTH = 1_000
BANK_CSV_HEADER = ("value_date", "transaction_date", "narration", "reference", "debit", "credit", "balance")

_UTR = re.compile(r"\b(?=[A-Z0-9]*[0-9])[A-Z]{4}[A-Z0-9]{12,18}\b")
_RRN = re.compile(r"\b[0-9]{12}\b")
_SLIP = re.compile(r"\bSLIP(?: NO)?[ .:#-]*([A-Z0-9-]*[0-9][A-Z0-9-]*)")
# The first that fits counts. UPI comes first: the rest of its narration is what the payer typed.
_CLASSES: tuple[tuple[CounterpartyClass, re.Pattern[str]], ...] = (
    ("upi_qr", re.compile(r"^\W*UPI\b")),
    ("cash_deposit", re.compile(r"\bCASH\b|\bCDM\b")),
    ("insurer", re.compile(r"\bINSURANCE\b|\bASSURANCE\b|\bINSURER\b|\bTPA\b")),
    ("pos", re.compile(r"\bPOS\b|\bEDC\b|\bACQUIRER\b|\bACQUIRING\b")),
    ("gateway", re.compile(r"RAZORPAY|CASHFREE|\bPAYU\b|BILLDESK|CCAVENUE|\bGATEWAY\b")),
    ("charges", re.compile(r"\bCHGS?\b|\bCHRGS?\b|\bCHARGES?\b|\bFEES?\b|\bGST\b")),
)
# Words that name no person. Everything else of a narration is masked: it may be a name, a UPI id, a phone number.
_CLEAR = frozenset(
    re.findall(
        r"\w+",
        """
        UPI NEFT RTGS IMPS ACH NACH ECS CR DR BY TO FROM OF FOR CASH CDM DEP DEPOSIT DEPOSITS SLIP NO INSURANCE
        ASSURANCE INSURER TPA CLAIM CLAIMS HEALTH POS EDC ACQUIRER ACQUIRING MERCHANT RAZORPAY CASHFREE PAYU BILLDESK
        CCAVENUE GATEWAY SOFTWARE PAYMENTS PRIVATE PVT LIMITED LTD SETTLEMENT SETTLEMENTS PAYOUT CHG CHGS CHRG CHRGS
        CHARGE CHARGES FEE FEES GST SMS REFUND REVERSAL RETURN INTEREST TRANSFER TRF QR CREDIT DEBIT BATCH
        """,
    )
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a file, `number` counting from 1; balances in paise, negative when overdrawn."""

    number: int
    from_on: date
    to_on: date
    opening_paise: int
    closing_paise: int
    lines: tuple[BankLine, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    line: BankLine
    moved_paise: int
    balance_paise: int


def bank_statements(data: bytes, format: str, file: str) -> list[Statement]:
    """The statements of a bank's file; a row that breaks the chain of balances refuses the file."""
    if format != "bank_csv_v1":
        raise Refused(
            "VALIDATION_FAILED",
            f"statements of format {format} cannot be read; ask the bank for a CSV and bring it into bank_csv_v1",
            field="format",
            file=file,
        )
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
    days = [row.line.value_on for row in rows]
    return [
        Statement(
            number=1,
            from_on=min(days),
            to_on=max(days),
            opening_paise=rows[0].balance_paise - rows[0].moved_paise,
            closing_paise=rows[-1].balance_paise,
            lines=tuple(row.line for row in rows),
        )
    ]


def counterparty_class(narration: str) -> CounterpartyClass:
    """Who stands behind a line, by the words that banks use."""
    upper = narration.upper()
    return next((found for found, pattern in _CLASSES if pattern.search(upper)), "unknown")


def masked(narration: str) -> str:
    """The narration with every word that could name a person replaced by stars; stars can be longer than words."""
    return re.sub(r"\w+", lambda word: word[0] if word[0].upper() in _CLEAR else "***", narration)[:MASKED_LENGTH]


def _row(cells: Cells) -> _Row:
    debit, credit = cells.rupees("debit"), cells.rupees("credit")
    if (debit > 0) == (credit > 0):
        cells.refuse("FILE_BAD_AMOUNT", "a row has either a debit or a credit", "debit", "one_side")
    cells.day("transaction_date")
    narration, reference = cells.text("narration", 4000) or "", cells.text("reference") or ""
    found_class = counterparty_class(narration)
    side: BankSide = "C" if credit else "D"
    line = BankLine(
        row=cells.row,
        value_on=cells.day("value_date"),
        side=side,
        amount_paise=credit or debit,
        narration=narration,
        narration_masked=masked(narration),
        utr=_first(_UTR, reference, narration),
        rrn=_first(_RRN, reference, narration),
        deposit_slip_no=_slip(reference, narration) if found_class == "cash_deposit" else None,
        counterparty_class=found_class,
    )
    return _Row(line, credit - debit, cells.signed_rupees("balance"))


def _first(pattern: re.Pattern[str], *texts: str) -> str | None:
    return next((match[0] for text in texts if (match := pattern.search(text.upper()))), None)


def _slip(reference: str, narration: str) -> str | None:
    if reference:
        return reference
    match = _SLIP.search(narration.upper())
    return match[1] if match else None


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
