"""What happens to a tenant: its registration, its settings, departments, specialties, services and payers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from mymedic.messages import Bps, Event, Id, Paise, PositivePaise, Role, Text, Value

TenantKind = Literal["clinic", "chain", "hospital"]
ServiceKind = Literal["consultation", "tele_consultation", "follow_up", "procedure", "investigation", "room", "package"]
PayerKind = Literal["insurer", "tpa", "scheme"]
StateCode = Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")]
Gstin = Annotated[str, Meta(pattern=r"^[0-9A-Z]{15}(?!\n)$")]
Sac = Annotated[str, Meta(pattern=r"^[0-9]{6}(?!\n)$")]
ZoneName = Annotated[str, Meta(pattern=r"^[A-Za-z]+(/[A-Za-z_+-]+)*(?!\n)$", max_length=64)]
DayCount = Annotated[int, Meta(ge=0, le=366)]
LocalTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](?!\n)$")]
GatewayName = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,32}(?!\n)$")]


class Calendar(Value, frozen=True, kw_only=True):
    """Days on which the tenant's banks are closed, beside Sundays and the second and fourth Saturdays."""

    holidays: tuple[date, ...] = ()


class GatewayContract(Value, frozen=True, kw_only=True):
    """What a gateway (or `pos`) charges for a mode from a date on, and when it pays (columns of dim_gateway_contract).

    `reduced_bps` replaces `fee_bps` up to `reduced_upto_paise`; a local time of capture from `cutoff_time` on counts
    as the next day.
    """

    gateway: GatewayName
    mode: Literal["upi", "card", "netbanking", "wallet"]
    card_type: Literal["credit", "debit", "prepaid"] | None = None
    effective_from: date
    fee_bps: Bps
    fixed_paise: Paise
    min_paise: Paise
    max_paise: Paise | None = None
    reduced_bps: Bps | None = None
    reduced_upto_paise: Paise | None = None
    gst_bps: Bps
    gst_exempt_upto_paise: Paise
    settle_days: DayCount
    cutoff_time: LocalTime | None = None


class SettleDays(Value, frozen=True, kw_only=True):
    """Bank days from capture to the money's arrival, by way of payment; the insurer's are calendar days."""

    gateway: DayCount | None = None
    pos: DayCount | None = None
    static_qr: DayCount | None = None
    cash_deposit: DayCount | None = None
    insurer: DayCount | None = None


class RetentionYears(Value, frozen=True, kw_only=True):
    """Years that each class is kept; a tenant may lengthen what the law asks for, never shorten it."""

    medico_legal: Annotated[int, Meta(ge=7, le=100)] | None = None
    financial_gst: Annotated[int, Meta(ge=5, le=100)] | None = None
    hospital: Annotated[int, Meta(ge=10, le=100)] | None = None
    insurance: Annotated[int, Meta(ge=3, le=100)] | None = None
    operational: Annotated[int, Meta(ge=3, le=100)] | None = None


class SettingsPatch(Value, frozen=True, kw_only=True):
    """The settings that change; what is None stays. A list or map given replaces the whole list or map.

    `effective_from` dates `settle_days`, `recon_grace_days` and `itc_eligible_bps`; contracts carry their own.
    """

    effective_from: date | None = None
    kind: TenantKind | None = None
    name: Text | None = None
    calendar: Calendar | None = None
    gateway_contracts: tuple[GatewayContract, ...] | None = None
    settle_days: SettleDays | None = None
    recon_grace_days: DayCount | None = None
    carry_limit_days: DayCount | None = None
    itc_eligible_bps: Bps | None = None
    discount_limit_bps: dict[Role, Bps] | None = None
    cash_tolerance_paise: Paise | None = None
    recon_limit_paise: Paise | None = None
    gst_bps_allowed: tuple[Bps, ...] | None = None
    utility_needs_consent: bool | None = None
    retention: RetentionYears | None = None


class TenantRegistered(Event, frozen=True, kw_only=True):
    name: Text
    kind: TenantKind
    tz: ZoneName
    gstin: Gstin | None = None
    state_code: StateCode


class TenantSettingsChanged(Event, frozen=True, kw_only=True):
    patch: SettingsPatch


class SpecialtyDefined(Event, frozen=True, kw_only=True):
    specialty_id: Id
    name: Text
    snomed_code: Text | None = None


class PackageComponent(Value, frozen=True, kw_only=True):
    """A service inside a package; what a package earns is split over its components by these list prices."""

    service_id: Id
    list_price_paise: PositivePaise


class ServiceDefined(Event, frozen=True, kw_only=True):
    """`components` only of a package; their prices are those of the day on which it was put together."""

    service_id: Id
    code: Text
    name: Text
    kind: ServiceKind
    specialty_id: Id
    sac: Sac
    gst_bps: Bps
    duration_min: Annotated[int, Meta(ge=1, le=1440)]
    conversion_window_days: DayCount
    components: tuple[PackageComponent, ...] = ()


class DepartmentDefined(Event, frozen=True, kw_only=True):
    department_id: Id
    branch_id: Id
    name: Text


class PayerRegistered(Event, frozen=True, kw_only=True):
    """`tds_bps` of what it settles is kept back as tax; `nhcx_participant_code` is where claims are sent."""

    payer_id: Id
    name: Text
    kind: PayerKind
    nhcx_participant_code: Text | None = None
    tds_bps: Bps


EVENTS: tuple[type[Event], ...] = (
    TenantRegistered,
    TenantSettingsChanged,
    SpecialtyDefined,
    ServiceDefined,
    DepartmentDefined,
    PayerRegistered,
)
