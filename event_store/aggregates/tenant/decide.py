"""The rules of a tenant."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfoNotFoundError

import msgspec

from event_store.aggregates.tenant.commands import (
    DefineDepartment,
    DefineService,
    DefineSpecialty,
    RegisterPayer,
    RegisterTenant,
    UpdateTenantSettings,
)
from event_store.aggregates.tenant.events import (
    DepartmentDefined,
    GatewayContract,
    PayerRegistered,
    ServiceDefined,
    SettingsPatch,
    SpecialtyDefined,
    TenantRegistered,
    TenantSettingsChanged,
)
from event_store.aggregates.tenant.state import State
from mymedic.clock import zone
from mymedic.deciding import Context, Decision, check
from mymedic.errors import Refused
from mymedic.ids import is_tenant_id
from mymedic.messages import Command, Event

_GROWTH = ("clinic", "chain", "hospital")


def register_tenant(state: State, command: RegisterTenant, context: Context) -> Iterable[Event]:
    check(
        is_tenant_id(context.tenant_id),
        "VALIDATION_FAILED",
        "a tenant's id is ten_ and up to 32 of a-z, 0-9 and _",
        field="tenant_id",
    )
    try:
        zone(command.tz)
    except (ZoneInfoNotFoundError, IsADirectoryError) as error:  # `Asia` is a folder of zones
        raise Refused("VALIDATION_FAILED", f"{command.tz} is not a time zone", field="tz") from error
    yield TenantRegistered(
        name=command.name,
        kind=command.kind,
        tz=command.tz,
        gstin=command.gstin,
        state_code=command.state_code,
    )


def update_settings(state: State, command: UpdateTenantSettings, context: Context) -> Iterable[Event]:
    patch = command.patch
    check(
        msgspec.structs.replace(patch, effective_from=None) != SettingsPatch(),
        "VALIDATION_FAILED",
        "the patch changes nothing",
        field="patch",
    )
    if patch.kind is not None:
        check(
            _GROWTH.index(patch.kind) >= _GROWTH.index(state.kind),
            "VALIDATION_FAILED",
            f"a {state.kind} cannot become a {patch.kind}",
            field="patch.kind",
        )
    _check_contracts(patch.gateway_contracts or ())
    check(
        patch.gst_bps_allowed is None or patch.gst_bps_allowed,
        "VALIDATION_FAILED",
        "at least one GST rate must be allowed",
        field="patch.gst_bps_allowed",
    )
    yield TenantSettingsChanged(
        patch=msgspec.structs.replace(patch, effective_from=patch.effective_from or context.today())
    )


def _check_contracts(contracts: Iterable[GatewayContract]) -> None:
    seen = set()
    for contract in contracts:
        key = (contract.gateway, contract.mode, contract.card_type, contract.effective_from)
        wrong = None
        if key in seen:
            wrong = "is given twice"
        elif contract.card_type is not None and contract.mode != "card":
            wrong = "has a card type without being of cards"
        elif contract.max_paise is not None and contract.max_paise < contract.min_paise:
            wrong = "has a highest fee below its lowest"
        elif (contract.reduced_bps is None) != (contract.reduced_upto_paise is None):
            wrong = "needs both figures of the reduced rate or neither"
        check(
            wrong is None,
            "VALIDATION_FAILED",
            f"the contract {contract.gateway} {contract.mode} {wrong}",
            field="patch.gateway_contracts",
        )
        seen.add(key)


def define_specialty(state: State, command: DefineSpecialty, context: Context) -> Iterable[Event]:
    specialty_id = command.specialty_id or context.new_id("spc")
    check(state.specialty(specialty_id) is None, "ALREADY_EXISTS", f"{specialty_id} exists", id=specialty_id)
    yield SpecialtyDefined(specialty_id=specialty_id, name=command.name, snomed_code=command.snomed_code)


def define_service(state: State, command: DefineService, context: Context) -> Iterable[Event]:
    service_id = command.service_id or context.new_id("svc")
    check(state.service(service_id) is None, "ALREADY_EXISTS", f"{service_id} exists", id=service_id)
    check(state.specialty(command.specialty_id), "NOT_FOUND", "no such specialty", id=command.specialty_id)
    check(
        command.gst_bps in state.settings.gst_bps_allowed,
        "VALIDATION_FAILED",
        f"{command.gst_bps} is not one of the GST rates {list(state.settings.gst_bps_allowed)}",
        field="gst_bps",
    )
    _check_components(state, command)
    yield ServiceDefined(
        service_id=service_id,
        code=command.code,
        name=command.name,
        kind=command.kind,
        specialty_id=command.specialty_id,
        sac=command.sac,
        gst_bps=command.gst_bps,
        duration_min=command.duration_min,
        conversion_window_days=command.conversion_window_days,
        components=command.components,
    )


def _check_components(state: State, command: DefineService) -> None:
    check(
        command.kind == "package" or not command.components,
        "VALIDATION_FAILED",
        "only a package has components",
        field="components",
    )
    ids = [component.service_id for component in command.components]
    check(len(set(ids)) == len(ids), "VALIDATION_FAILED", "a component is given twice", field="components")
    for id in ids:
        service = state.service(id)
        check(service, "NOT_FOUND", "no such service", id=id)
        check(
            service is None or service.kind != "package",
            "VALIDATION_FAILED",
            "a package holds no other package",
            field="components",
        )


def define_department(state: State, command: DefineDepartment, context: Context) -> Iterable[Event]:
    _check_hospital(state, "departments")
    department_id = command.department_id or context.new_id("dep")
    check(state.department(department_id) is None, "ALREADY_EXISTS", f"{department_id} exists", id=department_id)
    branch = context.require("branch", command.branch_id)
    check(branch.status == "active", "BRANCH_CLOSED", f"{command.branch_id} is closed", branch_id=command.branch_id)
    yield DepartmentDefined(department_id=department_id, branch_id=command.branch_id, name=command.name)


def register_payer(state: State, command: RegisterPayer, context: Context) -> Iterable[Event]:
    _check_hospital(state, "payers")
    payer_id = command.payer_id or context.new_id("pyr")
    check(state.payer(payer_id) is None, "ALREADY_EXISTS", f"{payer_id} exists", id=payer_id)
    yield PayerRegistered(
        payer_id=payer_id,
        name=command.name,
        kind=command.kind,
        nhcx_participant_code=command.nhcx_participant_code,
        tds_bps=command.tds_bps,
    )


def _check_hospital(state: State, what: str) -> None:
    check(state.kind == "hospital", "FEATURE_NOT_ENABLED", f"{what} are for hospitals; this is a {state.kind}")


def _own(command: Command, context: Context) -> str:
    return context.tenant_id


DECISIONS: dict[type[Command], Decision] = {
    RegisterTenant: Decision(register_tenant, target=_own, creates=True),
    UpdateTenantSettings: Decision(update_settings, target=_own),
    DefineSpecialty: Decision(define_specialty, target=_own),
    DefineService: Decision(define_service, target=_own),
    DefineDepartment: Decision(define_department, target=_own),
    RegisterPayer: Decision(register_payer, target=_own),
}
