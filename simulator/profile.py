"""A run's configuration: the tables of `profiles/model.toml`, overridden by the profile that names it as its base."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from event_store.aggregates.admission.events import BedClass
from mymedic.errors import Refused
from mymedic.messages import EntryChannel
from simulator.draws import Table
from simulator.hospital.tables import HospitalTable
from simulator.tables import (
    AcquirerTable,
    AttendanceTable,
    BankTable,
    BookingTable,
    CalendarTable,
    CareTable,
    DemandTable,
    DrawerTable,
    FeesTable,
    GatewayTable,
    NamesTable,
    PatientsTable,
    PaymentTable,
    RefundsTable,
    RosterTable,
)

PROFILES = Path(__file__).parent / "profiles"
RUPEE = 100


class CityRow(Struct, forbid_unknown_fields=True):
    id: str
    name: str
    tier: str
    state_code: str
    price_index: int


class SpecialtyRow(Struct, forbid_unknown_fields=True):
    """`id` is the short name; the tenant's specialty gets an id of its own.

    `procedure` names what its doctors advise, at so many basis points of a consultation; `converts` is the share of
    those so advised who mean to have it done in time.
    """

    id: str
    name: str
    mix: float
    consult_rupees: int
    slot_minutes: int
    noshow: float
    capacity: int = 1
    tele: bool = False
    procedure: str = ""
    procedure_bps: int = 25_000
    converts: float = 0.51


class DepositRow(Struct, forbid_unknown_fields=True):
    mode: Literal["none", "fixed", "bps"]
    bps: int = 0
    fixed_rupees: int = 0
    min_rupees: int = 0
    channels: list[EntryChannel] = []


class CancellationRow(Struct, forbid_unknown_fields=True):
    """`tiers`: [from so many seconds before the start, basis points kept], longest lead first."""

    tiers: tuple[tuple[int, int], ...] = ((86_400, 0), (14_400, 5_000), (0, 10_000))
    noshow_forfeit_bps: int = 10_000


class BranchRow(Struct, forbid_unknown_fields=True):
    """`practitioners`: [specialty, sessions] and, for who sits in two branches, [branch, sessions] after it.

    `beds` of a hospital's branch, by class.
    A branch may open on a day of the run, or close after one (the first is 1).
    """

    id: str
    name: str
    city: str
    pincode: str
    daily: float
    practitioners: list[list[str]]
    beds: dict[BedClass, int] = {}
    opens_on_day: int = 0
    closes_after_day: int = 0


class PackageRow(Struct, forbid_unknown_fields=True):
    """Several services at one price: [name, rupees] each, the consultation first; the others are investigations."""

    id: str
    name: str
    specialty: str
    rupees: int
    parts: list[tuple[str, int]]


class PriceChangeRow(Struct, forbid_unknown_fields=True):
    """On a day (the first is 1) the consultations of some specialties in some cities cost so many basis points more.

    Or exactly so many `rupees`. Without `tenants` it is everybody's in those cities.
    """

    day: int
    cities: list[str]
    specialties: list[str]
    bps: int = 0
    rupees: int = 0
    tenants: list[str] = []


class CohortRow(Struct, forbid_unknown_fields=True):
    """Exactly so many walk-in bookings of a specialty, spread over its open days of a stretch (the first day is 1).

    For a specialty of no mix of its own, so that nobody else books it: what prices do can then be counted.
    """

    tenant: str
    specialty: str
    branches: list[str]
    from_day: int
    days: int
    bookings: int


class TenantRow(Struct, forbid_unknown_fields=True):
    id: str
    name: str
    kind: Literal["clinic", "chain", "hospital"]
    branch: list[BranchRow]
    deposit: DepositRow
    cancellation: CancellationRow = msgspec.field(default_factory=CancellationRow)
    faults: dict[str, int] = {}


class Profile(Struct, forbid_unknown_fields=True):
    name: str
    seed: int
    start_on: date
    days: int
    midpoint_day: int
    calendar: CalendarTable
    demand: DemandTable
    booking: BookingTable
    patients: PatientsTable
    care: CareTable
    attendance: AttendanceTable
    payment: PaymentTable
    refunds: RefundsTable
    drawer: DrawerTable
    gateway: GatewayTable
    acquirer: AcquirerTable
    bank: BankTable
    fees: FeesTable
    hospital: HospitalTable
    names: NamesTable
    city: list[CityRow]
    specialty: list[SpecialtyRow]
    sessions: dict[str, tuple[list[int], str, str]]
    tenant: list[TenantRow]
    package: list[PackageRow]
    roster: RosterTable
    price_change: list[PriceChangeRow] = []
    cohort: list[CohortRow] = []


def names() -> list[str]:
    """The profiles that ship with the program."""
    return sorted(path.stem for path in PROFILES.glob("*.toml") if path.stem != "model")


def load(name_or_path: str | Path) -> Profile:
    """A profile by name or by the path of a TOML file; an unknown one is NOT_FOUND, a wrong one VALIDATION_FAILED."""
    path = Path(name_or_path) if str(name_or_path).endswith(".toml") else PROFILES / f"{name_or_path}.toml"
    merged = _read(path)
    try:
        return msgspec.convert({**merged, "name": path.stem}, Profile, dec_hook=_custom)
    except msgspec.ValidationError as error:
        raise Refused("VALIDATION_FAILED", f"{path.name}: {error}", file=path.name) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused("NOT_FOUND", f"no profile {path.stem}; there are {', '.join(names())}") from None
    base = content.pop("base", None)
    return content if base is None else _merged(_read(PROFILES / f"{base}.toml"), content)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in over.items():
        known = both.get(key)
        both[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return both


def _custom(kind: type, value: Any) -> Any:
    if kind is Table:
        return Table((tuple(item) if isinstance(item, list) else item, weight) for item, weight in value)
    raise NotImplementedError(kind)
