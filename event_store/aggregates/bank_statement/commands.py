"""What may be asked of a bank statement."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

from event_store.aggregates.bank_statement.events import BankFormat, BankSide, CounterpartyClass
from mymedic.messages import Command, Count, Id, LongText, PositivePaise, Sha256, SignedPaise, Text, Value


class BankLine(Value, frozen=True, kw_only=True):
    """A row of a statement, in the bank's order; `row` is where the file has it. Side C is money in, D is money out."""

    row: Count
    value_on: date
    side: BankSide
    amount_paise: PositivePaise
    narration: LongText
    narration_masked: LongText
    utr: Id | None = None
    rrn: Id | None = None
    deposit_slip_no: Text | None = None
    counterparty_class: CounterpartyClass


class IngestBankStatement(Command, frozen=True, kw_only=True):
    """C86. One statement of a bank's file as lines; `statement_no` counts the statements of the file from 1."""

    who: ClassVar[frozenset[str]] = frozenset({"IN", "FN"})
    bank_account_id: Id
    format: BankFormat
    file_name: Text
    file_sha256: Sha256
    statement_no: Annotated[int, Meta(ge=1, le=10_000)] = 1
    from_on: date
    to_on: date
    opening_paise: SignedPaise
    closing_paise: SignedPaise
    lines: Annotated[tuple[BankLine, ...], Meta(max_length=100_000)]
