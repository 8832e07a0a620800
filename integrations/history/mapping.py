"""How a foreign file is read: a TOML file that names columns, values, the zone and the tenant."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from mymedic.errors import Refused

Outcome = Literal["fulfilled", "noshow", "cancelled", "booked"]


class TenantMapping(Struct, forbid_unknown_fields=True, frozen=True):
    """The tenant that receives the history; it is made when it is not there yet."""

    id: str
    name: str
    kind: Literal["clinic", "chain", "hospital"]
    state_code: str


class TimesMapping(Struct, forbid_unknown_fields=True, frozen=True):
    """Times are wall-clock time in `zone`. A trailing Z is refused unless `ignore_trailing_z` says it means nothing."""

    zone: str
    ignore_trailing_z: bool = False


class ColumnsMapping(Struct, forbid_unknown_fields=True, frozen=True):
    """Which column holds what. One of `start_on` (the day alone) and `start_at` must be there."""

    external_ref: str
    patient_ref: str
    branch_ref: str
    outcome: str
    start_on: str | None = None
    start_at: str | None = None
    booked_at: str | None = None
    cancelled_at: str | None = None
    practitioner_ref: str | None = None
    service_ref: str | None = None
    price_rupees: str | None = None


class Check(Struct, forbid_unknown_fields=True, frozen=True):
    """A whole-number column that must lie between two bounds; `warning` keeps the row and says so."""

    column: str
    minimum: int | None = None
    maximum: int | None = None
    severity: Literal["warning", "reject"] = "warning"


class Mapping(Struct, forbid_unknown_fields=True, frozen=True):
    source_system: str
    tenant: TenantMapping
    times: TimesMapping
    columns: ColumnsMapping
    outcomes: dict[str, Outcome]
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    checks: list[Check] = []

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.times.zone)

    @property
    def required_columns(self) -> list[str]:
        """Every column of the file that the mapping reads."""
        named = [value for value in msgspec.structs.astuple(self.columns) if value is not None]
        return list(dict.fromkeys([*named, *(check.column for check in self.checks)]))


def load_mapping(path: Path) -> Mapping:
    """The mapping in a file; MAPPING_INVALID says what is wrong and where."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        mapping = msgspec.convert(raw, Mapping)
    except FileNotFoundError as error:
        raise Refused("MAPPING_INVALID", f"there is no mapping {path}", file=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused("MAPPING_INVALID", f"not TOML: {error}", file=path.name) from error
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `")
        raise Refused("MAPPING_INVALID", text, file=path.name, field=place.rstrip("`").removeprefix("$.")) from error
    _check(mapping, path)
    return mapping


def _check(mapping: Mapping, path: Path) -> None:
    columns = mapping.columns
    if (columns.start_on is None) == (columns.start_at is None):
        raise Refused(
            "MAPPING_INVALID", "name exactly one of start_on and start_at", file=path.name, field="columns.start_on"
        )
    try:
        ZoneInfo(mapping.times.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Refused(
            "MAPPING_INVALID", f"no such time zone: {mapping.times.zone}", file=path.name, field="times.zone"
        ) from error
    if not mapping.outcomes:
        raise Refused("MAPPING_INVALID", "no outcome is mapped", file=path.name, field="outcomes")
