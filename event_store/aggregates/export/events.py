"""What happens to an export: it is asked for, and it ends in files or in a failure."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mymedic.messages import Count, Event, Id, Sha256, Timestamp, Value

Surface = Literal["census", "visit_history", "provider_schedule", "billing", "insurance_claims"]
Format = Literal["csv", "xlsx", "parquet", "hl7", "fhir"]
FileName = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.-]+(?!\n)$")]
ErrorCode = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Z0-9_]+(?!\n)$")]


class ExportFilters(Value, frozen=True, kw_only=True):
    """What is left in; None leaves everything in. `from` and `to` are business dates, `to` not included."""

    from_: date | None = msgspec.field(default=None, name="from")
    to: date | None = None
    branch_ids: tuple[Id, ...] | None = None
    practitioner_ids: tuple[Id, ...] | None = None
    city_ids: tuple[Id, ...] | None = None
    department_ids: tuple[Id, ...] | None = None
    specialty_ids: tuple[Id, ...] | None = None
    patient_id: Id | None = None


class ExportFile(Value, frozen=True, kw_only=True):
    name: FileName
    sha256: Sha256
    rows: Count


class ExportRequested(Event, frozen=True, kw_only=True):
    """`filters` are those that hold: what was asked for, narrowed to what the asker may see."""

    surface: Surface
    format: Format
    filters: ExportFilters
    as_of: Timestamp
    include_pii: bool


class ExportCompleted(Event, frozen=True, kw_only=True):
    files: tuple[ExportFile, ...]


class ExportFailed(Event, frozen=True, kw_only=True):
    error_code: ErrorCode


EVENTS: tuple[type[Event], ...] = (ExportRequested, ExportCompleted, ExportFailed)
