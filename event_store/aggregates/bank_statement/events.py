"""What happens to a bank statement."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from msgspec import Struct

from mymedic.messages import Count, Event, Id, LongText, PositivePaise, Sha256, SignedPaise, Text

BankFormat = Literal["bank_csv_v1", "mt940", "camt053"]
BankSide = Literal["C", "D"]
CounterpartyClass = Literal["gateway", "pos", "upi_qr", "cash_deposit", "insurer", "charges", "unknown"]


class BankStatementIngested(Event, frozen=True, kw_only=True):
    """One statement of one account; opening + credits − debits = closing. Balances may be overdrawn."""

    retention: ClassVar[tuple[str, ...]] = ("financial_gst",)
    bank_account_id: Id
    format: BankFormat
    file_name: Text
    file_sha256: Sha256
    statement_no: Count
    from_on: date
    to_on: date
    opening_paise: SignedPaise
    closing_paise: SignedPaise
    rows: Count
    rows_recorded: Count
    rows_redelivered: Count


class BankLinePii(Struct, frozen=True, kw_only=True):
    """The narration as the bank wrote it: it names people."""

    narration: str


class BankLineRecorded(Event, frozen=True, kw_only=True):
    """A line of a statement: side C is money in, D is money out. `line_no` counts the lines of its value date."""

    retention: ClassVar[tuple[str, ...]] = ("financial_gst",)
    bank_line_id: Id
    bank_account_id: Id
    value_on: date
    line_no: Count
    side: BankSide
    amount_paise: PositivePaise
    narration_masked: LongText
    utr: Id | None = None
    rrn: Id | None = None
    deposit_slip_no: Text | None = None
    counterparty_class: CounterpartyClass
    pii: BankLinePii | None = None


EVENTS: tuple[type[Event], ...] = (BankStatementIngested, BankLineRecorded)
