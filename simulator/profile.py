"""A run's configuration: the tables of `profiles/model.toml`, overridden by the profile that names it as its base."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from mymedic.errors import Refused
from simulator.draws import Table

PROFILES = Path(__file__).parent / "profiles"
RUPEE = 100


class Festival(Struct, forbid_unknown_fields=True):
    name: str
    from_: date = msgspec.field(name="from")
    days: int
    factor: float


class CalendarTable(Struct, forbid_unknown_fields=True):
    bank_holidays: list[date]
    festival: list[Festival] = []


class Monsoon(Struct, forbid_unknown_fields=True):
    months: list[int]
    specialties: list[str]
    factor: float


class DemandTable(Struct, forbid_unknown_fields=True):
    day_of_week: list[float]
    growth_per_week: float
    hour: Table
    takes_freed_slot: float
    monsoon: Monsoon


class BookingTable(Struct, forbid_unknown_fields=True):
    lead_days: Table
    channel: Table
    new_patient: float
    tele: float
    waives_deposit: float
    cosmetic: float


class PatientsTable(Struct, forbid_unknown_fields=True):
    age: Table
    child_age: Table
    sex: Table
    shares_phone: float


class NoshowFactor(Struct, forbid_unknown_fields=True):
    lead_days: list[tuple[int, float]]
    deposit_paid: float
    new_patient: float
    prior_noshows: list[tuple[int, float]]
    tele: float
    saturday_evening: float
    cap: float


class AttendanceTable(Struct, forbid_unknown_fields=True):
    cancels: float
    cancel_lead: Table
    cancel_reason: Table
    provider_cancels: float
    reschedules: float
    provider_reschedules: float
    reschedule_days: Table
    leaves_unseen: float
    noshow_marked_by_staff: float
    noshow_comes_late: float
    minutes_late: Table
    noshow_factor: NoshowFactor


class PaymentTable(Struct, forbid_unknown_fields=True):
    counter: Table
    small_city_cash: float
    portal: Table
    card_type: Table
    card_network: Table
    outcome: Table
    retries: float
    corrected: float
    corrected_bps: Table

    def counter_in(self, tier: str) -> Table:
        """The modes of payment in a city: in a small one some points move from all others to cash."""
        if tier != "T2":
            return self.counter
        total = sum(weight for _, weight in self.counter.rows)
        cash = sum(weight for (mode, _), weight in self.counter.rows if mode == "cash")
        others = (total - cash - self.small_city_cash) / (total - cash)
        return Table(
            ((mode, channel), weight + self.small_city_cash if mode == "cash" else weight * others)
            for (mode, channel), weight in self.counter.rows
        )


class RefundsTable(Struct, forbid_unknown_fields=True):
    answered_in_seconds: Table


class DrawerTable(Struct, forbid_unknown_fields=True):
    float_paise: int
    petty_expense: float
    petty_rupees: tuple[int, int]
    count: Table
    short_rupees: tuple[int, int]
    over_rupees: tuple[int, int]


class GatewayTable(Struct, forbid_unknown_fields=True):
    name: str
    settle_days: int
    webhook_secret: str
    settles_at: str
    file_at: str
    formats: Table


class AcquirerTable(Struct, forbid_unknown_fields=True):
    name: str
    settle_days: int
    settles_at: str
    file_at: str


class BankTable(Struct, forbid_unknown_fields=True):
    account: str
    statement_at: str
    opening_rupees: int
    charge_rupees: int


class FeesTable(Struct, forbid_unknown_fields=True):
    rate: list[tuple[str, str, str, int, int]]
    debit_reduced_bps: int
    debit_reduced_upto_paise: int
    gst_bps: int
    gst_exempt_upto_paise: int


class NamesTable(Struct, forbid_unknown_fields=True):
    female: list[str]
    male: list[str]
    family: list[str]


class CityRow(Struct, forbid_unknown_fields=True):
    id: str
    name: str
    tier: str
    state_code: str
    price_index: int


class SpecialtyRow(Struct, forbid_unknown_fields=True):
    """`id` is the short name; the tenant's specialty gets an id of its own."""

    id: str
    name: str
    mix: float
    consult_rupees: int
    slot_minutes: int
    noshow: float
    capacity: int = 1
    tele: bool = False


class DepositRow(Struct, forbid_unknown_fields=True):
    mode: Literal["none", "fixed", "bps"]
    bps: int = 0
    fixed_rupees: int = 0
    min_rupees: int = 0
    channels: list[str] = []


class CancellationRow(Struct, forbid_unknown_fields=True):
    """`tiers`: [from so many seconds before the start, basis points kept], longest lead first."""

    tiers: tuple[tuple[int, int], ...] = ((86_400, 0), (14_400, 5_000), (0, 10_000))
    noshow_forfeit_bps: int = 10_000


class BranchRow(Struct, forbid_unknown_fields=True):
    """`practitioners`: [specialty, sessions] and, for who sits in two branches, [branch, sessions] after it."""

    id: str
    name: str
    city: str
    pincode: str
    daily: float
    practitioners: list[list[str]]


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
    attendance: AttendanceTable
    payment: PaymentTable
    refunds: RefundsTable
    drawer: DrawerTable
    gateway: GatewayTable
    acquirer: AcquirerTable
    bank: BankTable
    fees: FeesTable
    names: NamesTable
    city: list[CityRow]
    specialty: list[SpecialtyRow]
    sessions: dict[str, tuple[list[int], str, str]]
    tenant: list[TenantRow]


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
