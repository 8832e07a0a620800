"""What may be asked of a tenant."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from event_store.aggregates.tenant.events import (
    DayCount,
    Gstin,
    PackageComponent,
    PayerKind,
    Sac,
    ServiceKind,
    SettingsPatch,
    StateCode,
    TenantKind,
    ZoneName,
)
from mymedic.messages import Bps, Command, Id, Text


class RegisterTenant(Command, frozen=True, kw_only=True):
    """C01, asked by an engineer acting for the new tenant id."""

    who: ClassVar[frozenset[str]] = frozenset({"EN"})
    name: Text
    kind: TenantKind
    tz: ZoneName = "Asia/Kolkata"
    gstin: Gstin | None = None
    state_code: StateCode


class UpdateTenantSettings(Command, frozen=True, kw_only=True):
    """C02."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    patch: SettingsPatch


class DefineSpecialty(Command, frozen=True, kw_only=True):
    """C07. Without `specialty_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    name: Text
    snomed_code: Text | None = None
    specialty_id: Id | None = None


class DefineService(Command, frozen=True, kw_only=True):
    """C08. Without `service_id` a new id is made. A package may say what it is made of."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    code: Text
    name: Text
    kind: ServiceKind
    specialty_id: Id
    sac: Sac
    gst_bps: Bps
    duration_min: Annotated[int, Meta(ge=1, le=1440)]
    conversion_window_days: DayCount = 30
    components: tuple[PackageComponent, ...] = ()
    service_id: Id | None = None


class DefineDepartment(Command, frozen=True, kw_only=True):
    """C06, of hospitals. Without `department_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    branch_id: Id
    name: Text
    department_id: Id | None = None


class RegisterPayer(Command, frozen=True, kw_only=True):
    """C13, of hospitals. Without `payer_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"CM", "FN"})
    name: Text
    kind: PayerKind
    nhcx_participant_code: Text | None = None
    tds_bps: Bps = 1000
    payer_id: Id | None = None
