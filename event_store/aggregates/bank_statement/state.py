"""What a decision needs to know of a bank statement."""

from __future__ import annotations

from msgspec import Struct

from event_store.aggregates.bank_statement.events import BankLineRecorded, BankStatementIngested
from mymedic.deciding import Guard, GuardChange
from mymedic.messages import Event


class State(Struct):
    exists: bool = False
    bank_account_id: str | None = None
    file_sha256: str | None = None
    rows: int = 0
    rows_recorded: int = 0
    rows_redelivered: int = 0


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    state.exists = True
    if isinstance(event, BankStatementIngested):
        state.bank_account_id = event.bank_account_id
        state.file_sha256 = event.file_sha256
        state.rows = event.rows
        state.rows_recorded = event.rows_recorded
        state.rows_redelivered = event.rows_redelivered


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    match event:
        case BankStatementIngested():
            return GuardChange(
                claim=[Guard("file", file_key(event.bank_account_id, event.file_sha256, event.statement_no))]
            )
        case BankLineRecorded():
            return GuardChange(claim=[Guard("bank_line", event.bank_line_id)])
    return None


def file_key(bank_account_id: str, sha256: str, statement_no: int) -> str:
    """The statements of one file are guarded one by one: each gets a verdict of its own."""
    return f"{bank_account_id}#{sha256}#{statement_no}"
