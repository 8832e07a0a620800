"""How a foreign file is read: a TOML file that names columns, values, the zone and the tenant."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from event_store.aggregates.invoice.events import BillingKind
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


class KindMapping(Struct, forbid_unknown_fields=True, frozen=True):
    """What a word of the file's `kind` column means, and in which column such a row has its amount."""

    kind: BillingKind
    amount: str


class BillingColumnsMapping(Struct, forbid_unknown_fields=True, frozen=True):
    """Which column of a billing file holds what; `charge_ref` is what the lines of one bill have in common."""

    external_ref: str
    patient_ref: str
    kind: str
    occurred_at: str
    charge_ref: str | None = None
    branch_ref: str | None = None
    method: str | None = None


class FileMapping(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What every mapping says of its file."""

    source_system: str
    tenant: TenantMapping
    times: TimesMapping
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    checks: list[Check] = []

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.times.zone)

    @property
    def required_columns(self) -> list[str]:
        """Every column of the file that the mapping reads."""
        return [check.column for check in self.checks]


class Mapping(FileMapping, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Appointments: `outcomes` are the file's words for what became of them."""

    columns: ColumnsMapping
    outcomes: dict[str, Outcome]

    @property
    def required_columns(self) -> list[str]:
        return _once(self.columns, super().required_columns)


class BillingMapping(FileMapping, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Billing: amounts of another `currency` are taken as INR only when `is_taken_as_inr` says so, to be analysed."""

    columns: BillingColumnsMapping
    kinds: dict[str, KindMapping]
    currency: str = "INR"
    is_taken_as_inr: bool = False

    @property
    def required_columns(self) -> list[str]:
        return _once(self.columns, [*(kind.amount for kind in self.kinds.values()), *super().required_columns])


def _once(columns: Struct, others: list[str]) -> list[str]:
    named = [value for value in msgspec.structs.astuple(columns) if value is not None]
    return list(dict.fromkeys([*named, *others]))


_Mapping = TypeVar("_Mapping", bound=FileMapping)


def load_mapping(path: Path) -> Mapping:
    """The mapping of an appointments file; MAPPING_INVALID says what is wrong and where."""
    mapping = _loaded(path, Mapping)
    if (mapping.columns.start_on is None) == (mapping.columns.start_at is None):
        raise _invalid(path, "name exactly one of start_on and start_at", "columns.start_on")
    if not mapping.outcomes:
        raise _invalid(path, "no outcome is mapped", "outcomes")
    return mapping


def load_billing_mapping(path: Path) -> BillingMapping:
    """The mapping of a billing file; MAPPING_INVALID says what is wrong and where."""
    mapping = _loaded(path, BillingMapping)
    if not mapping.kinds:
        raise _invalid(path, "no kind is mapped", "kinds")
    if mapping.currency != "INR" and not mapping.is_taken_as_inr:
        raise _invalid(
            path,
            f"amounts are in {mapping.currency}; say is_taken_as_inr = true to take its minor units for paise, for"
            " analysis only",
            "is_taken_as_inr",
        )
    return mapping


def _loaded(path: Path, kind: type[_Mapping]) -> _Mapping:
    try:
        mapping = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), kind)
    except FileNotFoundError as error:
        raise Refused("MAPPING_INVALID", f"there is no mapping {path}", file=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused("MAPPING_INVALID", f"not TOML: {error}", file=path.name) from error
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `")
        raise _invalid(path, text, place.rstrip("`").removeprefix("$.")) from error
    try:
        ZoneInfo(mapping.times.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _invalid(path, f"no such time zone: {mapping.times.zone}", "times.zone") from error
    try:
        "".encode(mapping.encoding)  # unlike codecs.lookup, which also knows what makes no text, such as zlib
    except (LookupError, UnicodeError) as error:
        raise _invalid(path, f"no such encoding: {mapping.encoding}", "encoding") from error
    if len(mapping.delimiter) != 1:
        raise _invalid(path, "the delimiter is one character", "delimiter")
    return mapping


def _invalid(path: Path, message: str, field: str) -> Refused:
    return Refused("MAPPING_INVALID", message, file=path.name, field=field)
