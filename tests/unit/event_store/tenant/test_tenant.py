"""C01, C02, C07, C08."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from event_store.aggregates.tenant.commands import DefineService, DefineSpecialty, RegisterTenant, UpdateTenantSettings
from event_store.aggregates.tenant.events import (
    Calendar,
    GatewayContract,
    PackageComponent,
    RetentionYears,
    ServiceDefined,
    SettingsPatch,
    SettleDays,
    SpecialtyDefined,
    TenantRegistered,
    TenantSettingsChanged,
)
from event_store.catalogue import decode_event, encode_payload
from tests.scenario import Scenario
from tests.unit.event_store.clinic import ENGINEER, MANAGER, TENANT, refused
from tests.unit.event_store.organisation import MONDAY, an_organisation

REGISTER = RegisterTenant(name="Skin", kind="clinic", state_code="KA")
CONTRACT = GatewayContract(
    gateway="razorpay",
    mode="card",
    card_type="debit",
    effective_from=MONDAY,
    fee_bps=90,
    fixed_paise=0,
    min_paise=0,
    reduced_bps=40,
    reduced_upto_paise=200_000,
    gst_bps=1800,
    gst_exempt_upto_paise=200_000,
    settle_days=2,
)


def change(world: Scenario, **patch: Any) -> SettingsPatch:
    (event,) = world.when(UpdateTenantSettings(patch=SettingsPatch(**patch)), actor=MANAGER)
    assert isinstance(event, TenantSettingsChanged)
    return event.patch


def change_refused(world: Scenario, **patch: Any) -> str:
    return refused(world, UpdateTenantSettings(patch=SettingsPatch(**patch)), MANAGER).code


def a_service_command(**changes: Any) -> DefineService:
    fields: dict[str, Any] = {
        "code": "LASER",
        "name": "Laser",
        "kind": "procedure",
        "specialty_id": "spc_derm",
        "sac": "999312",
        "gst_bps": 1800,
        "duration_min": 30,
    }
    return DefineService(**{**fields, **changes})


def test_a_tenant_is_registered_once() -> None:
    world = Scenario(TENANT)
    assert world.when(REGISTER, actor=ENGINEER) == [
        TenantRegistered(name="Skin", kind="clinic", tz="Asia/Kolkata", state_code="KA")
    ]
    state = world.state("tenant", TENANT)
    assert (state.exists, state.status, state.kind, state.tz, state.name) == (
        True,
        "active",
        "clinic",
        "Asia/Kolkata",
        "Skin",
    )
    assert refused(world, REGISTER, ENGINEER).code == "ALREADY_EXISTS"


def test_a_tenant_needs_a_zone_that_exists_and_a_plain_id() -> None:
    nowhere = RegisterTenant(name="Skin", kind="clinic", state_code="KA", tz="Asia/Nowhere")
    assert refused(Scenario(TENANT), nowhere, ENGINEER).code == "VALIDATION_FAILED"
    assert refused(Scenario("ten_Skin!"), REGISTER, ENGINEER).code == "VALIDATION_FAILED"


def test_the_defaults_hold_until_a_tenant_changes_them() -> None:
    settings = an_organisation().state("tenant", TENANT).settings
    assert settings.gst_bps_allowed == (0, 500, 1200, 1800)
    assert (settings.recon_grace_days, settings.carry_limit_days, settings.itc_eligible_bps) == (1, 30, 0)
    assert settings.settle_days == SettleDays(gateway=2, pos=1, static_qr=1, cash_deposit=1, insurer=30)
    assert settings.discount_limit_bps["CM"] == 10_000
    assert not settings.utility_needs_consent


def test_a_patch_changes_what_it_names_and_is_dated_today_unless_it_says_otherwise() -> None:
    world = an_organisation()
    patch = change(
        world,
        name="Skin & Hair",
        calendar=Calendar(holidays=(date(2026, 11, 9),)),
        gateway_contracts=(CONTRACT,),
        settle_days=SettleDays(pos=3),
        retention=RetentionYears(hospital=12),
        cash_tolerance_paise=0,
    )
    assert patch.effective_from == MONDAY
    state = world.state("tenant", TENANT)
    assert state.name == "Skin & Hair"
    assert state.settings.settle_days == SettleDays(gateway=2, pos=3, static_qr=1, cash_deposit=1, insurer=30)
    assert (state.settings.retention.hospital, state.settings.retention.medico_legal) == (12, 7)
    assert state.settings.gateway_contracts == (CONTRACT,)
    assert state.settings.cash_tolerance_paise == 0
    assert state.settings.recon_grace_days == 1
    assert change(world, recon_grace_days=2, effective_from=date(2026, 12, 1)).effective_from == date(2026, 12, 1)


def test_a_stored_patch_holds_the_changed_keys_alone() -> None:
    event = TenantSettingsChanged(patch=change(an_organisation(), recon_grace_days=0))
    payload = encode_payload(event)
    assert msgspec.json.decode(payload) == {"patch": {"effective_from": "2026-11-02", "recon_grace_days": 0}}
    assert decode_event("TenantSettingsChanged", 1, payload) == event


def test_a_tenant_only_grows() -> None:
    world = an_organisation("clinic")
    for kind in ("chain", "chain", "hospital"):
        change(world, kind=kind)
        assert world.state("tenant", TENANT).kind == kind
    assert change_refused(world, kind="chain") == "VALIDATION_FAILED"


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"effective_from": MONDAY},
        {"gst_bps_allowed": ()},
        {"gateway_contracts": (CONTRACT, CONTRACT)},
        {"gateway_contracts": (msgspec.structs.replace(CONTRACT, mode="upi"),)},
        {"gateway_contracts": (msgspec.structs.replace(CONTRACT, min_paise=2, max_paise=1),)},
        {"gateway_contracts": (msgspec.structs.replace(CONTRACT, reduced_bps=None),)},
    ],
)
def test_a_patch_that_says_nothing_or_contradicts_itself_is_refused(patch: dict[str, Any]) -> None:
    assert change_refused(an_organisation(), **patch) == "VALIDATION_FAILED"


def test_what_the_law_asks_to_keep_is_never_kept_shorter() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"retention":{"medico_legal":6}}', type=SettingsPatch)


def test_a_specialty_has_a_name_of_its_own() -> None:
    world = an_organisation()
    (event,) = world.when(DefineSpecialty(name="ENT", snomed_code="418960008"), actor=MANAGER)
    assert isinstance(event, SpecialtyDefined)
    assert world.state("tenant", TENANT).specialty(event.specialty_id) == event
    assert refused(world, DefineSpecialty(name=" ent "), MANAGER).code == "ALREADY_EXISTS"
    assert refused(world, DefineSpecialty(name="Eyes", specialty_id="spc_derm"), MANAGER).code == "ALREADY_EXISTS"


def test_a_service_is_defined_with_a_window_of_30_days() -> None:
    world = an_organisation()
    (event,) = world.when(a_service_command(), actor=MANAGER)
    assert isinstance(event, ServiceDefined)
    service = world.state("tenant", TENANT).service(event.service_id)
    assert (service.code, service.gst_bps, service.conversion_window_days) == ("LASER", 1800, 30)


def component(service_id: str) -> PackageComponent:
    return PackageComponent(service_id=service_id, list_price_paise=60_000)


def test_a_package_says_what_it_is_made_of() -> None:
    world = an_organisation()
    parts = (component("svc_peel"), component("svc_consult"))
    (event,) = world.when(a_service_command(kind="package", components=parts), actor=MANAGER)
    assert world.state("tenant", TENANT).service(event.service_id).components == parts
    again = a_service_command(code="P2", kind="package", components=(component(event.service_id),))
    assert refused(world, again, MANAGER).code == "VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"components": (component("svc_peel"),)}, "VALIDATION_FAILED"),
        ({"kind": "package", "components": (component("svc_peel"),) * 2}, "VALIDATION_FAILED"),
        ({"kind": "package", "components": (component("svc_none"),)}, "NOT_FOUND"),
        ({"code": "svc_peel"}, "ALREADY_EXISTS"),
        ({"code": "SVC_PEEL"}, "ALREADY_EXISTS"),
        ({"service_id": "svc_peel"}, "ALREADY_EXISTS"),
        ({"specialty_id": "spc_none"}, "NOT_FOUND"),
        ({"gst_bps": 2800}, "VALIDATION_FAILED"),
    ],
)
def test_a_service_is_refused(changes: dict[str, Any], code: str) -> None:
    assert refused(an_organisation(), a_service_command(**changes), MANAGER).code == code


def test_the_rates_that_a_service_may_have_are_a_setting() -> None:
    world = an_organisation()
    change(world, gst_bps_allowed=(0, 2800))
    world.when(a_service_command(gst_bps=2800), actor=MANAGER)
    assert refused(world, a_service_command(code="L2", gst_bps=1800), MANAGER).code == "VALIDATION_FAILED"
