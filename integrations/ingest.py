"""Handing a file in: read its bytes, ask or tell the event store, and report in one form whatever happened."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from integrations.delimited import MAX_FILE_BYTES
from integrations.desk import Desk
from integrations.unpack import unpacked
from mymedic.errors import Refused
from mymedic.ids import derived_id
from mymedic.messages import Actor, Command, Envelope, ErrorBody, Id

Status = Literal["accepted", "duplicate", "refused", "partial"]


@dataclass(frozen=True, slots=True)
class IncomingFile:
    name: str
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class PartReport:
    """The verdict on one part of a file, or on one of its statements; `id` is the stream's that keeps it.
    `note`: what to ask about, though it is taken.
    """

    number: int
    status: Literal["accepted", "duplicate", "refused"]
    id: str | None = None
    rows: int = 0
    rows_recorded: int = 0
    rows_redelivered: int = 0
    rows_without_money: int = 0
    error: ErrorBody | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of a file, or would become of it when `is_check`. Amounts are of all its rows, in paise."""

    status: Status
    file_name: str
    file_sha256: str
    format: str
    is_check: bool
    credit_paise: int = 0
    debit_paise: int = 0
    parts: tuple[PartReport, ...] = ()
    error: ErrorBody | None = None

    @property
    def net_paise(self) -> int:
        return self.credit_paise - self.debit_paise

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def rows_recorded(self) -> int:
        return sum(part.rows_recorded for part in self.parts)

    @property
    def rows_redelivered(self) -> int:
        return sum(part.rows_redelivered for part in self.parts)


def incoming(path_or_bytes: Path | str | bytes, file_name: str | None) -> IncomingFile:
    """The file's bytes, unpacked, and their hash; too large a file is BODY_TOO_LARGE before it is read.

    The hash is of what is inside: a statement is the same whether it comes zipped or not.
    """
    name = name_of(path_or_bytes, file_name)
    if isinstance(path_or_bytes, bytes):
        data = path_or_bytes
    else:
        path = Path(path_or_bytes)
        if not path.is_file():
            raise Refused("NOT_FOUND", f"there is no file {path.name}", file=path.name)
        _check_size(path.stat().st_size, path.name)
        data = path.read_bytes()
    _check_size(len(data), name)
    data = unpacked(data, name, MAX_FILE_BYTES)
    return IncomingFile(name, data, hashlib.sha256(data).hexdigest())


def name_of(path_or_bytes: Path | str | bytes, file_name: str | None) -> str:
    """What a file is called, without its folder, also before it can be read."""
    named = file_name or ("" if isinstance(path_or_bytes, bytes) else path_or_bytes)
    return Path(named).name[:200] or "unnamed"


def require_id(value: str, field: str) -> None:
    """Ids that a caller hands in beside the file; VALIDATION_FAILED unless it can be one."""
    try:
        msgspec.convert(value, Id)
    except msgspec.ValidationError as error:
        raise Refused("VALIDATION_FAILED", f"{field} is not an id", field=field) from error


def _check_size(size: int, name: str) -> None:
    if size > MAX_FILE_BYTES:
        raise Refused("BODY_TOO_LARGE", f"a file may have {MAX_FILE_BYTES} bytes, this one has {size}", file=name)


def envelopes(
    desk: Desk, tenant_id: str, actor: Actor, commands: Iterable[Command], command_id: str | None, about: str
) -> list[Envelope]:
    """One envelope per command. Without a given id, each hand-in is a command of its own."""
    now = desk.clock.now()
    base = command_id or derived_id("cmd", tenant_id, about, now.isoformat())
    return [
        Envelope(
            command=command,
            command_id=base if number == 1 else derived_id("cmd", base, str(number)),
            tenant_id=tenant_id,
            actor=actor,
            issued_at=now,
        )
        for number, command in enumerate(commands, 1)
    ]


def previewed(desk: Desk, number: int, envelope: Envelope) -> PartReport:
    """What would happen to one part."""
    try:
        events = desk.preview(envelope)
    except Refused as refusal:
        return refused_part(number, error_body(refusal))
    ingested: Any = events[0]
    return PartReport(
        number,
        "accepted",
        rows=ingested.rows,
        rows_recorded=ingested.rows_recorded,
        rows_redelivered=ingested.rows_redelivered,
    )


def submitted(desk: Desk, number: int, envelope: Envelope, aggregate: str) -> PartReport:
    """Hand in one part."""
    ack = desk.submit(envelope)
    if ack.error is not None or ack.stream_id is None:
        return refused_part(number, ack.error)
    id = ack.stream_id.partition("-")[2]
    kept = desk.state(envelope.tenant_id, aggregate, id)
    return PartReport(
        number,
        "duplicate" if ack.status == "duplicate" else "accepted",
        id=id,
        rows=kept.rows,
        rows_recorded=kept.rows_recorded,
        rows_redelivered=kept.rows_redelivered,
    )


def concluded(report: IngestReport, parts: list[PartReport]) -> IngestReport:
    """The report with the verdict that its parts add up to."""
    statuses = {part.status for part in parts}
    status: Status
    if "refused" in statuses:
        status = "refused" if statuses == {"refused"} else "partial"
    else:
        status = "duplicate" if statuses == {"duplicate"} else "accepted"
    error = next((part.error for part in parts if part.status == "refused"), None)
    if status == "duplicate":
        error = parts[0].error
    return replace(report, status=status, parts=tuple(parts), error=error)


def refused(name: str, sha256: str, format: str, is_check: bool, refusal: Refused) -> IngestReport:
    return IngestReport("refused", name, sha256, format, is_check, error=error_body(refusal))


def refused_part(number: int, error: ErrorBody | None) -> PartReport:
    if error is not None and error.code == "FILE_DUPLICATE":
        return PartReport(number, "duplicate", error=error)
    return PartReport(number, "refused", error=error)


def error_body(refusal: Refused) -> ErrorBody:
    details = {name: value for name, value in refusal.details.items() if value is not None}
    return ErrorBody(code=refusal.code, message=refusal.message, details=details, retryable=refusal.retryable)
