"""Bank statements in: translate the file, hand each of its statements to the event store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

from event_store.aggregates.bank_statement.commands import IngestBankStatement
from event_store.aggregates.bank_statement.events import BankFormat
from integrations.bank.told import ToldStatement
from integrations.bank.translate import Statement, format_of, statement_of, told_statements
from integrations.desk import Desk
from integrations.ingest import (
    IngestReport,
    PartReport,
    concluded,
    envelopes,
    error_body,
    incoming,
    name_of,
    previewed,
    refused,
    refused_part,
    require_id,
    submitted,
)
from mymedic.clock import INDIA
from mymedic.errors import Refused
from mymedic.messages import Actor, Envelope


def ingest_statement(
    desk: Desk,
    tenant_id: str,
    path_or_bytes: Path | str | bytes,
    file_name: str | None,
    format: str | None,
    bank_account_id: str,
    actor: Actor,
    command_id: str | None = None,
) -> IngestReport:
    """Hand in a bank's file; each statement in it gets a verdict of its own. Nothing is raised.

    Without a format the file's first bytes say which it is.
    """
    return _run(desk, tenant_id, path_or_bytes, file_name, format, bank_account_id, actor, command_id, is_check=False)


def check_statement(
    desk: Desk,
    tenant_id: str,
    path_or_bytes: Path | str | bytes,
    file_name: str | None,
    format: str | None,
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
    format: str | None,
    bank_account_id: str,
    actor: Actor,
    command_id: str | None,
    *,
    is_check: bool,
) -> IngestReport:
    name, sha256 = name_of(path_or_bytes, file_name), ""
    try:
        file = incoming(path_or_bytes, file_name)
        name, sha256 = file.name, file.sha256
        format = format or format_of(file.data)
        require_id(bank_account_id, "bank_account_id")
        stated = told_statements(file.data, format, name)
        read = [_read(told, name) for told in stated]
    except Refused as refusal:
        return refused(name, sha256, format or "unknown", is_check, refusal)
    lines = [line for one in read if isinstance(one, Statement) for line in one.lines]
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
            statement_no=one.number,
            from_on=one.from_on,
            to_on=one.to_on,
            opening_paise=one.opening_paise,
            closing_paise=one.closing_paise,
            lines=one.lines,
        )
        for one in read
        if isinstance(one, Statement)
    ]
    waiting = iter(envelopes(desk, tenant_id, actor, commands, command_id, f"{bank_account_id}#{sha256}"))
    today = desk.clock.now().astimezone(INDIA).date()
    parts = [
        replace(_part(desk, number, one, next(waiting), is_check), note=told.note(today))
        if isinstance(one, Statement)
        else refused_part(number, error_body(one))
        for number, (told, one) in enumerate(zip(stated, read, strict=True), 1)
    ]
    return concluded(report, parts)


def _read(told: ToldStatement, file: str) -> Statement | Refused:
    """Each statement has a verdict of its own: one that is refused stops no other."""
    try:
        return statement_of(told, file)
    except Refused as refusal:
        return refusal


def _part(desk: Desk, number: int, statement: Statement, envelope: Envelope, is_check: bool) -> PartReport:
    part = previewed(desk, number, envelope) if is_check else submitted(desk, number, envelope, "bank_statement")
    return replace(part, rows_without_money=statement.rows_without_money)
