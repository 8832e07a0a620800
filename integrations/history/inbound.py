"""Brings another system's history in: read = accepted + rejected, and every rejected row is written down."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from event_store.aggregates.appointment.commands import ImportAppointment
from event_store.aggregates.invoice.commands import ImportBilling
from event_store.aggregates.tenant.commands import RegisterTenant
from event_store.handle import Handler
from integrations.history.mapping import BillingMapping, Mapping
from integrations.history.read import opened
from integrations.history.translate import Translator
from integrations.history.translate_billing import BillingTranslator
from mymedic.errors import Refused
from mymedic.ids import derived_id
from mymedic.messages import Ack, Actor, Command, Envelope, canonical_json

# One durable transaction per so many rows: large enough that fsync is nothing, small enough to let others in.
CHUNK = 5_000
APPOINTMENTS = Actor(type="system", id="import:appointments", roles=("EN",))
BILLING = Actor(type="system", id="import:billing", roles=("EN",))


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


ForeignRow = ImportAppointment | ImportBilling
_Row = tuple[int, ForeignRow | Finding]


class RowTranslator(Protocol):
    """`Translator` and `BillingTranslator`: a row becomes a command, or is refused with its place."""

    def command(self, row: int, cells: dict[str, str]) -> Any: ...

    def warnings(self, row: int, cells: dict[str, str]) -> list[tuple[str, str]]: ...

    def known_at(self, command: Any) -> datetime: ...


class _Way(NamedTuple):
    """How the rows of one file come in."""

    mapping: Mapping | BillingMapping
    translator: RowTranslator
    importer: Actor


def import_appointments(
    handler: Handler,
    path: Path,
    mapping: Mapping,
    findings_dir: Path,
    on_rows: Callable[[int], None] = lambda rows: None,
) -> ImportReport:
    """Import a file; run again, it adds what is new. Rejects and warnings are CSV files in `findings_dir`."""
    return _import(handler, path, _Way(mapping, Translator(mapping), APPOINTMENTS), findings_dir, on_rows)


def import_billing(
    handler: Handler,
    path: Path,
    mapping: BillingMapping,
    findings_dir: Path,
    on_rows: Callable[[int], None] = lambda rows: None,
) -> ImportReport:
    """The same for billing."""
    return _import(handler, path, _Way(mapping, BillingTranslator(mapping), BILLING), findings_dir, on_rows)


def _import(
    handler: Handler, path: Path, way: _Way, findings_dir: Path, on_rows: Callable[[int], None]
) -> ImportReport:
    tenant_id = way.mapping.tenant.id
    rejects: list[Finding] = []
    warnings: list[Finding] = []
    read = accepted = known = 0
    with opened(path, way.mapping) as cells:
        _require_tenant(handler, way)
        rows = _translated(way, cells, warnings)
        while chunk := list(islice(rows, CHUNK)):
            read += len(chunk)
            rejects.extend(item for _, item in chunk if isinstance(item, Finding))
            waiting = [(row, _envelope(way, item)) for row, item in chunk if not isinstance(item, Finding)]
            with handler.batch() as batch:
                batch.foresee([envelope for _, envelope in waiting])
                for row, envelope in waiting:
                    ack = batch.handle(envelope)
                    if ack.error is not None:
                        rejects.append(_rejection(row, ack, way.mapping))
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


def _translated(way: _Way, cells: Iterator[tuple[int, dict[str, str]]], warnings: list[Finding]) -> Iterator[_Row]:
    seen: set[str] = set()
    for row, values in cells:
        try:
            command = way.translator.command(row, values)
            found = way.translator.warnings(row, values)
            if command.external_ref in seen:
                column = way.mapping.columns.external_ref
                raise Refused("ALREADY_EXISTS", f"{command.external_ref} stands in this file already", column=column)
        except Refused as refusal:
            yield row, Finding(row, str(refusal.details.get("column") or ""), refusal.code, refusal.message)
            continue
        seen.add(command.external_ref)
        warnings.extend(Finding(row, column, "IMPORT_ROW_INVALID", message) for column, message in found)
        yield row, command


def _envelope(way: _Way, command: ForeignRow) -> Envelope:
    tenant_id, body = way.mapping.tenant.id, sha256(canonical_json(command)).hexdigest()
    return _as(
        way.importer,
        tenant_id,
        command,
        # The content is part of the id: the same row again is the same command, a changed row is another.
        derived_id("cmd", tenant_id, command.source_system, command.external_ref, body),
        way.translator.known_at(command),
    )


def _as(importer: Actor, tenant_id: str, command: Command, command_id: str, issued_at: datetime) -> Envelope:
    return Envelope(
        command=command,
        command_id=command_id,
        tenant_id=tenant_id,
        actor=importer,
        issued_at=issued_at,
        channel="system",
    )


def _require_tenant(handler: Handler, way: _Way) -> None:
    tenant, zone = way.mapping.tenant, way.mapping.times.zone
    if handler.state(tenant.id, "tenant", tenant.id).exists:
        return
    command = RegisterTenant(name=tenant.name, kind=tenant.kind, tz=zone, state_code=tenant.state_code)
    ack = handler.submit(
        _as(way.importer, tenant.id, command, derived_id("cmd", tenant.id, "register"), handler.clock.now())
    )
    if ack.error is not None:
        raise Refused(ack.error.code, ack.error.message, **ack.error.details)


def _rejection(row: int, ack: Ack, mapping: Mapping | BillingMapping) -> Finding:
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
