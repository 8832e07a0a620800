"""The rules of a bank statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from event_store.aggregates.bank_statement.commands import BankLine, IngestBankStatement
from event_store.aggregates.bank_statement.events import BankLinePii, BankLineRecorded, BankStatementIngested
from event_store.aggregates.bank_statement.state import State, file_key
from mymedic.deciding import Context, Decision, check
from mymedic.ids import derived_id
from mymedic.messages import Command, Event
from mymedic.money import rupees_text
from mymedic.patients import is_payment_of_erased

# Whoever else pays is an organisation.
_PAID_BY_PERSONS = ("upi_qr", "unknown")


def ingest_bank_statement(state: State, command: IngestBankStatement, context: Context) -> Iterator[Event]:
    """Whole statement or nothing; a line that an overlapping statement brought already is only counted."""
    held_by = context.holder("file", file_key(command.bank_account_id, command.file_sha256, command.statement_no))
    check(
        held_by is None,
        "FILE_DUPLICATE",
        "this very statement was ingested before; nothing needs to be done",
        file=command.file_name,
        bank_statement_id=held_by,
    )
    check_balance(command)
    fresh = _lines_not_known(command, context)
    yield BankStatementIngested(
        bank_account_id=command.bank_account_id,
        format=command.format,
        file_name=command.file_name,
        file_sha256=command.file_sha256,
        statement_no=command.statement_no,
        from_on=command.from_on,
        to_on=command.to_on,
        opening_paise=command.opening_paise,
        closing_paise=command.closing_paise,
        rows=len(command.lines),
        rows_recorded=len(fresh),
        rows_redelivered=len(command.lines) - len(fresh),
    )
    yield from fresh


def check_balance(command: IngestBankStatement) -> None:
    """Opening + credits − debits = closing, to the paisa."""
    moved = sum(line.amount_paise if line.side == "C" else -line.amount_paise for line in command.lines)
    difference = command.opening_paise + moved - command.closing_paise
    check(
        difference == 0,
        "FILE_TOTAL_MISMATCH",
        f"opening {rupees_text(command.opening_paise)} plus all rows is {rupees_text(difference)} more than closing"
        f" {rupees_text(command.closing_paise)}; rows are missing or doubled, fetch the statement again",
        file=command.file_name,
        statement_no=command.statement_no,
        difference_paise=difference,
        hint="statement_does_not_foot",
    )


def _lines_not_known(command: IngestBankStatement, context: Context) -> list[BankLineRecorded]:
    """The lines that no earlier statement of the account brought.

    A line is known by what it says and by the balance after it, so that overlapping statements may begin anywhere;
    lines that agree even in that are told apart by counting them.
    """
    fresh: list[BankLineRecorded] = []
    line_numbers: Counter[date] = Counter()
    occurrences: Counter[str] = Counter()
    balance = command.opening_paise
    for line in command.lines:
        moved = line.amount_paise if line.side == "C" else -line.amount_paise
        balance += moved
        line_numbers[line.value_on] += 1
        says = "\x1f".join((line.value_on.isoformat(), str(moved), str(balance), line.narration))
        occurrences[says] += 1
        # Under the tenant's key, because a plain hash of a narration could be guessed.
        key = context.keyed_hash(f"{command.bank_account_id}\x1f{says}\x1f{occurrences[says]}")
        line_id = derived_id("bline", context.tenant_id, key)
        if context.holder("bank_line", line_id) is None:
            is_named = not _is_of_the_erased(line, context)
            fresh.append(_recorded(line, command.bank_account_id, line_id, line_numbers[line.value_on], is_named))
    return fresh


def _is_of_the_erased(line: BankLine, context: Context) -> bool:
    """Whether the line is known after the erasure of whom its narration names: then the narration is not kept."""
    return any(
        is_payment_of_erased(context, "rrn", reference)
        for reference in (line.rrn, line.utr)
        if reference and line.counterparty_class in _PAID_BY_PERSONS
    )


def _recorded(line: BankLine, bank_account_id: str, line_id: str, line_no: int, is_named: bool) -> BankLineRecorded:
    return BankLineRecorded(
        bank_line_id=line_id,
        bank_account_id=bank_account_id,
        value_on=line.value_on,
        line_no=line_no,
        side=line.side,
        amount_paise=line.amount_paise,
        narration_masked=line.narration_masked,
        utr=line.utr,
        rrn=line.rrn,
        deposit_slip_no=line.deposit_slip_no,
        counterparty_class=line.counterparty_class,
        pii=BankLinePii(narration=line.narration) if is_named else None,
    )


DECISIONS: dict[type[Command], Decision] = {
    IngestBankStatement: Decision(ingest_bank_statement, creates=True),
}
