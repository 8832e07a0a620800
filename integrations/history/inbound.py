"""Brings a file of appointments in: read = accepted + rejected, and every rejected row is written down."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from event_store.aggregates.appointment.commands import ImportAppointment
from event_store.aggregates.tenant.commands import RegisterTenant
from event_store.handle import Handler
from integrations.history.mapping import Mapping
from integrations.history.read import opened
from integrations.history.translate import Translator
from mymedic.errors import Refused
from mymedic.ids import derived_id
from mymedic.messages import Ack, Actor, Command, Envelope, canonical_json

# One durable transaction per so many rows: large enough that fsync is nothing, small enough to let others in.
CHUNK = 5_000
IMPORTER = Actor(type="system", id="import:appointments", roles=("EN",))


class Finding(NamedTuple):
    """What is wrong with a row, and where."""

    row: int
    column: str
    code: str
    message: str


class ImportReport(NamedTuple):
    """`read` = `accepted` + `rejected`. `already_known` of the accepted had been imported before."""

    tenant_id: str
    read: int
    accepted: int
    already_known: int
    rejected: int
    warnings: int
    rejects_file: Path | None
    warnings_file: Path | None


_Row = tuple[int, ImportAppointment | Finding]


def import_appointments(
    handler: Handler,
    path: Path,
    mapping: Mapping,
    findings_dir: Path,
    on_rows: Callable[[int], None] = lambda rows: None,
) -> ImportReport:
    """Import a file; run again, it adds what is new. Rejects and warnings are CSV files in `findings_dir`."""
    tenant_id = mapping.tenant.id
    _require_tenant(handler, mapping)
    translator = Translator(mapping)
    rejects: list[Finding] = []
    warnings: list[Finding] = []
    read = accepted = known = 0
    with opened(path, mapping) as cells:
        rows = _translated(translator, cells, warnings)
        while chunk := list(islice(rows, CHUNK)):
            read += len(chunk)
            commands = [(row, item) for row, item in chunk if isinstance(item, ImportAppointment)]
            rejects.extend(item for _, item in chunk if isinstance(item, Finding))
            with handler.batch() as batch:
                for row, command in commands:
                    ack = batch.handle(_envelope(tenant_id, command, translator))
                    if ack.error is not None:
                        rejects.append(_rejection(row, ack, mapping))
                    else:
                        accepted += 1
                        known += ack.status == "duplicate"
                batch.take_recorded()
            on_rows(read)
    rejects.sort()
    stem = path.name.split(".")[0]
    return ImportReport(
        tenant_id=tenant_id,
        read=read,
        accepted=accepted,
        already_known=known,
        rejected=len(rejects),
        warnings=len(warnings),
        rejects_file=_write(findings_dir / f"{stem}.rejects.csv", rejects),
        warnings_file=_write(findings_dir / f"{stem}.warnings.csv", warnings),
    )


def _translated(
    translator: Translator, cells: Iterator[tuple[int, dict[str, str]]], warnings: list[Finding]
) -> Iterator[_Row]:
    seen: set[str] = set()
    for row, values in cells:
        try:
            command = translator.command(row, values)
            found = translator.warnings(row, values)
            if command.external_ref in seen:
                raise Refused("ALREADY_EXISTS", f"{command.external_ref} stands in this file already")
        except Refused as refusal:
            yield row, Finding(row, str(refusal.details.get("column") or ""), refusal.code, refusal.message)
            continue
        seen.add(command.external_ref)
        warnings.extend(Finding(row, column, "IMPORT_ROW_INVALID", message) for column, message in found)
        yield row, command


def _envelope(tenant_id: str, command: ImportAppointment, translator: Translator) -> Envelope:
    body = sha256(canonical_json(command)).hexdigest()
    return _as_importer(
        tenant_id,
        command,
        # The content is part of the id: the same row again is the same command, a changed row is another.
        derived_id("cmd", tenant_id, command.source_system, command.external_ref, body),
        translator.known_at(command),
    )


def _as_importer(tenant_id: str, command: Command, command_id: str, issued_at: object) -> Envelope:
    return Envelope(
        command=command,
        command_id=command_id,
        tenant_id=tenant_id,
        actor=IMPORTER,
        issued_at=issued_at,  # type: ignore[arg-type]
        channel="system",
    )


def _require_tenant(handler: Handler, mapping: Mapping) -> None:
    tenant = mapping.tenant
    if handler.state(tenant.id, "tenant", tenant.id).exists:
        return
    command = RegisterTenant(name=tenant.name, kind=tenant.kind, tz=mapping.times.zone, state_code=tenant.state_code)
    ack = handler.submit(
        _as_importer(tenant.id, command, derived_id("cmd", tenant.id, "register"), handler.clock.now())
    )
    if ack.error is not None:
        raise Refused(ack.error.code, ack.error.message, **ack.error.details)


def _rejection(row: int, ack: Ack, mapping: Mapping) -> Finding:
    assert ack.error is not None
    field = "booked_at" if ack.error.code == "BOOKED_AFTER_START" else str(ack.error.details.get("field") or "")
    column = getattr(mapping.columns, field, None) if field else mapping.columns.external_ref
    return Finding(row, column or field, ack.error.code, ack.error.message)


def _write(path: Path, findings: list[Finding]) -> Path | None:
    if not findings:
        path.unlink(missing_ok=True)
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Finding._fields)
        writer.writerows(findings)
    return path
