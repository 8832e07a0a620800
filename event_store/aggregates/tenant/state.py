"""What a decision needs to know of a tenant."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from event_store.aggregates.tenant.events import (
    Calendar,
    DepartmentDefined,
    GatewayContract,
    PayerRegistered,
    RetentionYears,
    ServiceDefined,
    SettingsPatch,
    SettleDays,
    SpecialtyDefined,
    TenantRegistered,
    TenantSettingsChanged,
)
from mymedic.deciding import Guard, GuardChange
from mymedic.lives import machine
from mymedic.messages import Event, Value

ServiceInfo = ServiceDefined


class Settings(Value, frozen=True, kw_only=True):
    """Every setting, as last recorded; the defaults hold until a tenant changes them.

    `gateway_contracts` empty: the rates of DOMAIN §6.3.
    """

    calendar: Calendar = Calendar()
    gateway_contracts: tuple[GatewayContract, ...] = ()
    settle_days: SettleDays = SettleDays(gateway=2, pos=1, static_qr=1, cash_deposit=1, insurer=30)
    recon_grace_days: int = 1
    carry_limit_days: int = 30
    itc_eligible_bps: int = 0
    discount_limit_bps: dict[str, int] = msgspec.field(default_factory=lambda: {"FD": 1000, "FN": 2000, "CM": 10_000})
    cash_tolerance_paise: int = 10_000
    recon_limit_paise: int = 500_000
    gst_bps_allowed: tuple[int, ...] = (0, 500, 1200, 1800)
    utility_needs_consent: bool = False
    retention: RetentionYears = RetentionYears(medico_legal=7, financial_gst=5, hospital=10, insurance=3, operational=3)

    def patched(self, patch: SettingsPatch) -> Settings:
        """These settings after a patch; parts of `settle_days` and `retention` that it leaves out stay."""
        given = {name: getattr(patch, name) for name in _NAMES if getattr(patch, name) is not None}
        for name in ("settle_days", "retention"):
            if name in given:
                given[name] = _filled(given[name], getattr(self, name))
        return msgspec.structs.replace(self, **given)


_NAMES = tuple(field.name for field in msgspec.structs.fields(Settings))


def _filled(patch: Value, old: Value) -> Value:
    given = {name: value for name in patch.__struct_fields__ if (value := getattr(patch, name)) is not None}
    return msgspec.structs.replace(old, **given)


class State(Struct):
    exists: bool = False
    name: str = ""
    kind: str = ""
    tz: str = ""
    gstin: str | None = None
    state_code: str = ""
    status: str = "active"
    settings: Settings = Settings()
    specialties: dict[str, SpecialtyDefined] = {}
    services: dict[str, ServiceInfo] = {}
    departments: dict[str, DepartmentDefined] = {}
    payers: dict[str, PayerRegistered] = {}

    def specialty(self, specialty_id: str) -> SpecialtyDefined | None:
        return self.specialties.get(specialty_id)

    def service(self, service_id: str) -> ServiceInfo | None:
        return self.services.get(service_id)

    def department(self, department_id: str) -> DepartmentDefined | None:
        return self.departments.get(department_id)

    def payer(self, payer_id: str) -> PayerRegistered | None:
        return self.payers.get(payer_id)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case TenantRegistered():
            state.exists = True
            state.name, state.kind, state.tz = event.name, event.kind, event.tz
            state.gstin, state.state_code = event.gstin, event.state_code
        case TenantSettingsChanged():
            state.kind = event.patch.kind or state.kind
            state.name = event.patch.name or state.name
            state.settings = state.settings.patched(event.patch)
        case SpecialtyDefined():
            state.specialties[event.specialty_id] = event
        case ServiceDefined():
            state.services[event.service_id] = event
        case DepartmentDefined():
            state.departments[event.department_id] = event
        case PayerRegistered():
            state.payers[event.payer_id] = event


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    match event:
        case SpecialtyDefined():
            return GuardChange(claim=[Guard("specialty_name", " ".join(event.name.casefold().split()))])
        case ServiceDefined():
            return GuardChange(claim=[Guard("service_code", event.code.strip().casefold())])
    return None


MACHINES = (
    machine(
        "Tenant",
        """
        TenantRegistered: - > active
        """,
    ),
)
