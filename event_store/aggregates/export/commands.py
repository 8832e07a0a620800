"""What may be asked of an export."""

from __future__ import annotations

from typing import ClassVar, Literal

from event_store.aggregates.export.events import ErrorCode, ExportFile, ExportFilters, Format, Surface
from mymedic.messages import Command, Id, Timestamp


class RequestExport(Command, frozen=True, kw_only=True):
    """C123. Without `as_of` everything known by now; without `export_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"PP", "DR", "FD", "FN", "CM", "AU", "IN"})
    surface: Surface
    format: Format
    filters: ExportFilters = ExportFilters()
    as_of: Timestamp | None = None
    include_pii: bool = False
    export_id: Id | None = None


class RecordExportResult(Command, frozen=True, kw_only=True):
    """C124."""

    who: ClassVar[frozenset[str]] = frozenset({"SY"})
    export_id: Id
    status: Literal["completed", "failed"]
    files: tuple[ExportFile, ...] = ()
    error_code: ErrorCode | None = None
