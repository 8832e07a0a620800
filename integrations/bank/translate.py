"""Bank statements to canonical lines (DOMAIN §6.2). Pure: bytes in, statements or a refusal out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from event_store.aggregates.bank_statement.commands import BankLine
from event_store.aggregates.bank_statement.events import BankFormat
from integrations.bank.bank_csv import told_csv
from integrations.bank.camt import told_camt
from integrations.bank.mt940 import told_mt940
from integrations.bank.narration import counterparty_class, deposit_slip, masked, rrn, utr
from integrations.bank.told import ToldLine, ToldStatement
from integrations.delimited import MAX_PAISE
from mymedic.errors import Refused

READERS = {"bank_csv_v1": told_csv, "mt940": told_mt940, "camt053": told_camt}
MAX_NARRATION = 4_000
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_TAG_20 = re.compile(rb"^:20:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a file, `number` counting from 1; balances in paise, negative when overdrawn.

    `rows_without_money` are lines of 0.00, with which banks tell something beside the account.
    """

    number: int
    from_on: date
    to_on: date
    opening_paise: int
    closing_paise: int
    lines: tuple[BankLine, ...]
    rows_without_money: int = 0


def format_of(data: bytes) -> BankFormat:
    """Which of the formats a file is written in; the three have nothing in common, so its first bytes tell."""
    start = data[:4096]
    for bom in _BOMS:
        start = start.removeprefix(bom)
    start = start.replace(b"\x00", b"").lstrip()
    if start.startswith(b"<"):
        return "camt053"
    return "mt940" if start[:1] in (b":", b"{") or _TAG_20.search(start) else "bank_csv_v1"


def told_statements(data: bytes, format: str, file: str) -> list[ToldStatement]:
    """The statements of a bank's file in the bank's own currency; a file in which none can be found is refused."""
    reader = READERS.get(format)
    if reader is None:
        raise Refused(
            "VALIDATION_FAILED",
            f"statements of format {format} cannot be read; ask the bank for {', '.join(READERS)}",
            field="format",
            file=file,
        )
    return reader(data, file)


def bank_statements(data: bytes, format: str, file: str) -> list[Statement]:
    """The statements of a file as they are recorded; the first that cannot be is refused."""
    return [statement_of(told, file) for told in told_statements(data, format, file)]


def statement_of(told: ToldStatement, file: str) -> Statement:
    """A statement in paise; what is not in INR, states no balances or cannot be read exactly is refused."""
    problem = told.problem or next((line.problem for line in told.lines if line.problem), None)
    if problem is not None:
        raise problem
    where = {"file": file, "row": told.row, "statement_no": told.number}
    if told.currency != "INR" or told.other_currencies:
        currencies = ", ".join([told.currency or "no currency", *told.other_currencies])
        raise Refused(
            "CURRENCY_UNSUPPORTED",
            f"the statement is in {currencies}; only INR can be recorded, --check judges it all the same",
            hint="currency",
            **where,
        )
    if told.opening is None or told.closing is None or told.opening_on is None or told.closing_on is None:
        raise Refused(
            "FILE_BAD_ROW",
            "the statement does not state its opening and its closing booked balance, so nothing proves it whole;"
            " ask the bank for the end-of-day statement instead of an interim report",
            hint="no_balances",
            **where,
        )
    booked = [line for line in told.lines if line.is_booked]
    with_money = [line for line in booked if line.moved]
    days = [line.value_on for line in with_money if line.value_on]
    return Statement(
        number=told.number,
        from_on=min(days, default=told.opening_on),
        to_on=max(days, default=told.closing_on),
        opening_paise=_paise(told.opening, "opening balance", **where),
        closing_paise=_paise(told.closing, "closing balance", **where),
        lines=tuple(_line(line, where | {"row": line.row}) for line in with_money),
        rows_without_money=len(told.lines) - len(with_money),
    )


def _line(told: ToldLine, where: dict[str, object]) -> BankLine:
    assert told.value_on is not None  # a line without its day has a problem, and was refused
    narration, reference = told.narration[:MAX_NARRATION], told.reference
    found_class = counterparty_class(narration)
    return BankLine(
        row=told.row,
        value_on=told.value_on,
        side="C" if told.moved > 0 else "D",
        amount_paise=_paise(abs(told.moved), "amount", **where),
        narration=narration,
        narration_masked=masked(narration),
        utr=utr(reference, narration),
        rrn=rrn(reference, narration),
        deposit_slip_no=deposit_slip(reference, narration) if found_class == "cash_deposit" else None,
        counterparty_class=found_class,
    )


def _paise(amount: Decimal, column: str, **where: object) -> int:
    """Paise of an amount; zeros behind the second decimal mean nothing, anything else there is refused."""
    paise = amount.scaleb(2)
    if paise != paise.to_integral_value():
        message = f"{amount} has a part of a paisa; ask the bank for amounts with two decimals"
        raise Refused("FILE_BAD_AMOUNT", message, column=column, hint="sub_paise", **where)
    if abs(paise) > MAX_PAISE:
        message = f"{column} is beyond {MAX_PAISE} paise"
        raise Refused("FILE_BAD_AMOUNT", message, column=column, hint="out_of_range", **where)
    return int(paise)
