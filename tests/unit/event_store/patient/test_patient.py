"""C15, C16, C19, C20."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from event_store.aggregates import data_subject
from event_store.aggregates.patient.commands import (
    ConsentGiver,
    PatientClearPatch,
    RecordConsent,
    RegisterPatient,
    UpdatePatient,
    WithdrawConsent,
)
from event_store.aggregates.patient.events import (
    ConsentPii,
    ConsentRecorded,
    ConsentWithdrawn,
    PatientPii,
    PatientPiiPatch,
    PatientRegistered,
    PatientUpdated,
)
from event_store.catalogue import encode_payload
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, ist, refused
from tests.unit.event_store.organisation import an_organisation

ASHA = PatientPii(name="Asha Rao", phone_e164="+919812345678")
BY_HERSELF = ConsentGiver(role="patient")


def register(**changes: Any) -> RegisterPatient:
    fields: dict[str, Any] = {"pii": ASHA, "sex": "female", "birth_year": 1990, "branch_id": "brn_south"}
    return RegisterPatient(**{**fields, **changes})


def with_asha(**changes: Any) -> Scenario:
    world = an_organisation()
    world.when(register(**changes), actor=DESK, id="pat_asha")
    return world


def with_a_child() -> Scenario:
    world = with_asha()
    child = register(pii=PatientPii(name="Mini", phone_e164=ASHA.phone_e164), birth_year=2020)
    world.when(msgspec.structs.replace(child, guardian_patient_id="pat_asha"), actor=DESK, id="pat_mini")
    return world


def update(**changes: Any) -> UpdatePatient:
    return UpdatePatient(patient_id="pat_asha", **changes)


def consent(patient_id: str = "pat_asha", **changes: Any) -> RecordConsent:
    fields: dict[str, Any] = {"purpose": "care", "notice_version": "2026-01", "given_by": BY_HERSELF}
    return RecordConsent(patient_id=patient_id, **{**fields, **changes})


def test_a_patient_is_registered_and_nothing_readable_says_who() -> None:
    world = an_organisation()
    (event,) = world.when(register(), actor=DESK, id="pat_asha")
    assert isinstance(event, PatientRegistered)
    assert (event.patient_id, event.registered_branch_id, event.pii) == ("pat_asha", "brn_south", ASHA)
    assert b"Asha" not in encode_payload(event) and b"98123" not in encode_payload(event)
    state = world.state("patient", "pat_asha")
    assert (state.exists, state.birth_year, state.duplicates) == (True, 1990, [])
    assert "Asha" not in repr(state)


@pytest.mark.parametrize("phone", ["+915812345678", "+9198123456789", "9812345678", "+0123456789"])
def test_a_phone_is_an_e164_number_and_an_indian_one_a_mobile(phone: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "Asha", "phone_e164": phone}, PatientPii)


def test_the_same_name_and_phone_again_needs_force() -> None:
    world = with_asha()
    twin = register(pii=PatientPii(name=" asha  RAO ", phone_e164=ASHA.phone_e164))
    refusal = refused(world, twin)
    assert (refusal.code, refusal.details["candidates"]) == ("ALREADY_EXISTS", ["pat_asha"])
    world.when(msgspec.structs.replace(twin, force=True), actor=DESK, id="pat_twin")
    assert refused(world, twin).details["candidates"] == ["pat_asha", "pat_twin"]


def test_a_family_shares_a_phone() -> None:
    with_asha().when(register(pii=PatientPii(name="Ravi Rao", phone_e164=ASHA.phone_e164)), actor=DESK)


def test_likeness_follows_the_patient_to_a_new_number() -> None:
    world = with_asha()
    world.when(update(pii_patch=PatientPiiPatch(phone_e164="+919800000000")), actor=DESK)
    world.when(register(), actor=DESK, id="pat_second")
    moved = register(pii=PatientPii(name="Asha Rao", phone_e164="+919800000000"))
    assert refused(world, moved).details["candidates"] == ["pat_asha"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"branch_id": "brn_none"}, "NOT_FOUND"),
        ({"birth_year": 2027}, "VALIDATION_FAILED"),
        ({"pii": msgspec.structs.replace(ASHA, dob=date(1991, 1, 1))}, "VALIDATION_FAILED"),
        ({"birth_year": 2026, "pii": msgspec.structs.replace(ASHA, dob=date(2026, 11, 3))}, "VALIDATION_FAILED"),
        ({"birth_year": 2009}, "GUARDIAN_REQUIRED"),
        ({"birth_year": 2008, "pii": msgspec.structs.replace(ASHA, dob=date(2008, 11, 3))}, "GUARDIAN_REQUIRED"),
        ({"guardian_patient_id": "pat_none"}, "NOT_FOUND"),
        ({"patient_id": "pat_self", "guardian_patient_id": "pat_self"}, "GUARDIAN_REQUIRED"),
    ],
)
def test_a_registration_is_refused(changes: dict[str, Any], code: str) -> None:
    assert refused(an_organisation(), register(**changes)).code == code


def test_whoever_turned_18_needs_no_guardian() -> None:
    with_asha(birth_year=2008, pii=msgspec.structs.replace(ASHA, dob=date(2008, 11, 2)))
    with_asha(birth_year=2008)


def test_a_guardian_is_of_full_age() -> None:
    world = with_a_child()
    assert world.state("patient", "pat_mini").guardian_patient_id == "pat_asha"
    baby = register(pii=PatientPii(name="Baby", phone_e164=ASHA.phone_e164), birth_year=2025)
    refusal = refused(world, msgspec.structs.replace(baby, guardian_patient_id="pat_mini"))
    assert refusal.code == "GUARDIAN_REQUIRED"


def test_an_update_carries_what_changed() -> None:
    world = with_asha()
    patch = PatientPiiPatch(dob=date(1989, 5, 1), name="Asha R")
    (event,) = world.when(update(pii_patch=patch, clear_patch=PatientClearPatch(city_id="cty_pune")), actor=DESK)
    assert isinstance(event, PatientUpdated)
    assert (event.birth_year, event.city_id, event.phone_hash, event.pii) == (1989, "cty_pune", None, patch)
    assert event.name_hash is not None
    assert world.state("patient", "pat_asha").birth_year == 1989


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pii_patch": PatientPiiPatch()},
        {"clear_patch": PatientClearPatch(birth_year=2027)},
        {"pii_patch": PatientPiiPatch(dob=date(2026, 11, 3))},
        {"pii_patch": PatientPiiPatch(dob=date(1879, 12, 31))},
        {"pii_patch": PatientPiiPatch(dob=date(1990, 1, 1)), "clear_patch": PatientClearPatch(birth_year=1991)},
    ],
)
def test_an_update_that_says_nothing_or_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    assert refused(with_asha(), update(**changes)).code == "VALIDATION_FAILED"


@pytest.mark.parametrize("birth_year", [2010, 2026])
def test_nobody_becomes_a_child_without_a_guardian(birth_year: int) -> None:
    younger = PatientClearPatch(birth_year=birth_year)
    assert refused(with_asha(), update(clear_patch=younger)).code == "GUARDIAN_REQUIRED"
    assert with_a_child().when(UpdatePatient(patient_id="pat_mini", clear_patch=younger), actor=DESK)


@pytest.mark.parametrize(("dob", "is_minor"), [(date(2008, 11, 3), True), (date(2008, 11, 2), False)])
def test_a_date_of_birth_tells_the_age_to_the_day(dob: date, is_minor: bool) -> None:
    """Monday is 2 November 2026."""
    born = update(pii_patch=PatientPiiPatch(dob=dob))
    if is_minor:
        assert refused(with_asha(), born).code == "GUARDIAN_REQUIRED"
    else:
        assert with_asha().when(born, actor=DESK)


def test_erased_patients_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    world = with_asha()
    monkeypatch.setattr(data_subject.state.State, "is_erased", True, raising=False)
    assert refused(world, update(clear_patch=PatientClearPatch(sex="other"))).code == "PATIENT_ERASED"
    assert refused(world, consent()).code == "PATIENT_ERASED"
    ward = register(pii=PatientPii(name="Mini", phone_e164=ASHA.phone_e164), birth_year=2020)
    assert refused(world, msgspec.structs.replace(ward, guardian_patient_id="pat_asha")).code == "PATIENT_ERASED"


def test_a_consent_holds_until_it_expires_or_is_withdrawn() -> None:
    world = with_asha()
    end = ist(10, "10:00")
    assert world.when(consent(expires_at=end), actor=DESK) == [
        ConsentRecorded(purpose="care", notice_version="2026-01", given_by_role="patient", expires_at=end)
    ]
    state = world.state("patient", "pat_asha")
    assert state.has_consent("care", end - timedelta(seconds=1)) and not state.has_consent("care", end)
    assert not state.has_consent("messaging", world.now)
    world.when(consent(), actor=DESK)
    assert state.has_consent("care", end)
    withdraw = WithdrawConsent(patient_id="pat_asha", purpose="care")
    assert world.when(withdraw, actor=DESK) == [ConsentWithdrawn(purpose="care")]
    assert not state.has_consent("care", world.now)
    assert refused(world, withdraw).code == "INVALID_STATE"


def test_a_consent_that_is_over_before_it_begins_is_refused() -> None:
    world = with_asha()
    assert refused(world, consent(expires_at=world.now)).code == "VALIDATION_FAILED"


def test_for_a_child_a_verified_guardian_consents() -> None:
    world = with_a_child()
    for giver in (BY_HERSELF, ConsentGiver(role="guardian", name="Asha Rao")):
        assert refused(world, consent("pat_mini", given_by=giver)).code == "GUARDIAN_REQUIRED"
    guardian = ConsentGiver(role="guardian", name="Asha Rao", verified=True)
    (event,) = world.when(consent("pat_mini", given_by=guardian), actor=DESK)
    assert isinstance(event, ConsentRecorded)
    assert (event.given_by_role, event.pii) == ("guardian", ConsentPii(given_by_name="Asha Rao"))
    assert b"Asha" not in encode_payload(event)
