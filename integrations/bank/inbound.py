"""Bank statements in: translate the file, hand each of its statements to the event store."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from event_store.aggregates.bank_statement.commands import IngestBankStatement
from event_store.aggregates.bank_statement.events import BankFormat
from integrations.bank.translate import bank_statements
from integrations.desk import Desk
from integrations.ingest import IngestReport, concluded, envelopes, incoming, previewed, refused, require_id, submitted
from mymedic.errors import Refused
from mymedic.messages import Actor


def ingest_statement(
    desk: Desk,
    tenant_id: str,
    path_or_bytes: Path | str | bytes,
    file_name: str | None,
    format: str,
    bank_account_id: str,
    actor: Actor,
    command_id: str | None = None,
) -> IngestReport:
    """Hand in a bank's file; each statement in it gets a verdict of its own. Nothing is raised."""
    return _run(desk, tenant_id, path_or_bytes, file_name, format, bank_account_id, actor, command_id, is_check=False)


def check_statement(
    desk: Desk,
    tenant_id: str,
    path_or_bytes: Path | str | bytes,
    file_name: str | None,
    format: str,
    bank_account_id: str,
    actor: Actor,
) -> IngestReport:
    """What `ingest_statement` would report now; records nothing."""
    return _run(desk, tenant_id, path_or_bytes, file_name, format, bank_account_id, actor, None, is_check=True)


def _run(
    desk: Desk,
    tenant_id: str,
    path_or_bytes: Path | str | bytes,
    file_name: str | None,
    format: str,
    bank_account_id: str,
    actor: Actor,
    command_id: str | None,
    *,
    is_check: bool,
) -> IngestReport:
    name, sha256 = file_name or "unnamed", ""
    try:
        file = incoming(path_or_bytes, file_name)
        name, sha256 = file.name, file.sha256
        require_id(bank_account_id, "bank_account_id")
        statements = bank_statements(file.data, format, file.name)
    except Refused as refusal:
        return refused(name, sha256, format, is_check, refusal)
    lines = [line for statement in statements for line in statement.lines]
    report = IngestReport(
        "accepted",
        name,
        sha256,
        format,
        is_check,
        credit_paise=sum(line.amount_paise for line in lines if line.side == "C"),
        debit_paise=sum(line.amount_paise for line in lines if line.side == "D"),
    )
    commands = [
        IngestBankStatement(
            bank_account_id=bank_account_id,
            format=cast(BankFormat, format),
            file_name=name,
            file_sha256=sha256,
            statement_no=statement.number,
            from_on=statement.from_on,
            to_on=statement.to_on,
            opening_paise=statement.opening_paise,
            closing_paise=statement.closing_paise,
            lines=statement.lines,
        )
        for statement in statements
    ]
    waiting = envelopes(desk, tenant_id, actor, commands, command_id, f"{bank_account_id}#{sha256}")
    parts = [
        previewed(desk, number, envelope) if is_check else submitted(desk, number, envelope, "bank_statement")
        for number, envelope in enumerate(waiting, 1)
    ]
    return concluded(report, parts)
