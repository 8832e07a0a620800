"""Settlement files in: translate the whole file, split it when it is large, hand it to the event store."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import cast

from event_store.aggregates.settlement_file.commands import IngestSettlementFile, SettlementLine
from event_store.aggregates.settlement_file.events import SettlementFormat
from event_store.aggregates.settlement_file.state import amounts_hash, line_key
from integrations.desk import Desk
from integrations.gateway.translate import settlement_lines
from integrations.ingest import (
    IncomingFile,
    IngestReport,
    concluded,
    envelopes,
    incoming,
    name_of,
    previewed,
    refused,
    require_id,
    submitted,
)
from mymedic.errors import Refused
from mymedic.messages import Actor, Envelope

# A transaction of this many lines holds the tenant's head for about half a second.
PART_LINES = 5_000


def ingest_settlement(
    desk: Desk,
    tenant_id: str,
    path_or_bytes: Path | str | bytes,
    file_name: str | None,
    format: str,
    gateway: str,
    actor: Actor,
    command_id: str | None = None,
) -> IngestReport:
    """Hand in a settlement file: whole or not at all. Nothing is raised; a refusal is in the report."""
    return _run(desk, tenant_id, path_or_bytes, file_name, format, gateway, actor, command_id, is_check=False)


def check_settlement(
    desk: Desk,
    tenant_id: str,
    path_or_bytes: Path | str | bytes,
    file_name: str | None,
    format: str,
    gateway: str,
    actor: Actor,
) -> IngestReport:
    """What `ingest_settlement` would report now; records nothing."""
    return _run(desk, tenant_id, path_or_bytes, file_name, format, gateway, actor, None, is_check=True)


def split_by_settlement(lines: tuple[SettlementLine, ...], size: int = PART_LINES) -> list[tuple[SettlementLine, ...]]:
    """Parts of at most `size` lines that keep a settlement together unless it alone is larger."""
    if len(lines) <= size:
        return [lines]
    parts: list[tuple[SettlementLine, ...]] = []
    current: tuple[SettlementLine, ...] = ()
    in_order = sorted(lines, key=lambda line: (line.settlement_id or "", line.row))
    for _, members in groupby(in_order, key=lambda line: line.settlement_id):
        settlement = tuple(members)
        if current and len(current) + len(settlement) > size:
            parts.append(current)
            current = ()
        current += settlement
        while len(current) > size:
            parts.append(current[:size])
            current = current[size:]
    return [*parts, current] if current else parts


def _run(
    desk: Desk,
    tenant_id: str,
    path_or_bytes: Path | str | bytes,
    file_name: str | None,
    format: str,
    gateway: str,
    actor: Actor,
    command_id: str | None,
    *,
    is_check: bool,
) -> IngestReport:
    name, sha256 = name_of(path_or_bytes, file_name), ""
    try:
        file = incoming(path_or_bytes, file_name)
        name, sha256 = file.name, file.sha256
        require_id(gateway, "gateway")
        lines = settlement_lines(file.data, format, gateway, file.name)
        _check_repeats(lines, gateway, file.name)
    except Refused as refusal:
        return refused(name, sha256, format, is_check, refusal)
    report = IngestReport(
        "accepted",
        name,
        sha256,
        format,
        is_check,
        credit_paise=sum(line.credit_paise for line in lines),
        debit_paise=sum(line.debit_paise for line in lines),
    )
    commands = _commands(file, lines, format, gateway)
    waiting = envelopes(desk, tenant_id, actor, commands, command_id, f"{gateway}#{sha256}")
    return _hand_in(desk, waiting, report, is_check)


def _hand_in(desk: Desk, waiting: list[Envelope], report: IngestReport, is_check: bool) -> IngestReport:
    """All parts are previewed before the first is recorded. A part recorded by an interrupted run is passed over."""
    if is_check or len(waiting) > 1:
        previews = [previewed(desk, number, envelope) for number, envelope in enumerate(waiting, 1)]
        verdict = concluded(report, previews)
        if is_check or verdict.status in ("refused", "duplicate"):
            return verdict
        if verdict.status == "partial":  # one bad part refuses the file
            bad = [part for part in previews if part.status == "refused"]
            return concluded(report, bad)
    return concluded(
        report, [submitted(desk, number, envelope, "settlement_file") for number, envelope in enumerate(waiting, 1)]
    )


def _commands(
    file: IncomingFile, lines: tuple[SettlementLine, ...], format: str, gateway: str
) -> list[IngestSettlementFile]:
    parts = split_by_settlement(lines)
    return [
        IngestSettlementFile(
            gateway=gateway,
            format=cast(SettlementFormat, format),
            file_name=file.name,
            file_sha256=file.sha256,
            part=number,
            parts=len(parts),
            lines=part,
        )
        for number, part in enumerate(parts, 1)
    ]


def _check_repeats(lines: tuple[SettlementLine, ...], gateway: str, file: str) -> None:
    """One key with two amounts refuses the file even when the two rows would fall into two parts."""
    seen: dict[str, tuple[str, int]] = {}
    for line in lines:
        amounts, row = seen.setdefault(line_key(gateway, line), (amounts_hash(line), line.row))
        if amounts != amounts_hash(line):
            raise Refused(
                "FILE_TOTAL_MISMATCH",
                f"{line.entity_type} {line.entity_id} stands in row {row} with other amounts;"
                " ask the gateway which row is right",
                file=file,
                row=line.row,
                entity_id=line.entity_id,
                settlement_id=line.settlement_id,
                hint="repeated_with_other_amounts",
            )
