"""C123, C124: nobody gets a file of more than they may read."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from event_store.aggregates.export.commands import RecordExportResult, RequestExport
from event_store.aggregates.export.events import (
    ExportCompleted,
    ExportFailed,
    ExportFile,
    ExportFilters,
    ExportRequested,
)
from event_store.aggregates.patient.events import PatientRegistered
from mymedic.messages import Actor
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, DOCTOR, FINANCE, MANAGER, PATIENT, TIMER, a_clinic, refused

SOUTH_DESK = Actor(type="user", id="stf_south", roles=("FD",), branch_scope=("brn_south",))
AUDITOR = Actor(type="user", id="stf_audit", roles=("AU",))
HIS = Actor(type="integration", id="int_his", roles=("IN",))
FILE = ExportFile(name="billing.csv", sha256="0" * 64, rows=3)


def request(surface: Any = "visit_history", **changes: Any) -> RequestExport:
    return RequestExport(surface=surface, format="csv", **changes)


def filters_of(world: Scenario, command: RequestExport, actor: Actor) -> ExportFilters:
    (event,) = world.when(command, actor=actor)
    assert isinstance(event, ExportRequested)
    return event.filters


def test_an_export_is_of_what_is_known_by_now() -> None:
    world = a_clinic()
    (event,) = world.when(request("billing"), actor=MANAGER, id="exp_1")
    assert event == ExportRequested(
        surface="billing", format="csv", filters=ExportFilters(), as_of=world.now, include_pii=False
    )
    yesterday = world.now - timedelta(days=1)
    (event,) = world.when(request(as_of=yesterday), actor=MANAGER)
    assert isinstance(event, ExportRequested) and event.as_of == yesterday


@pytest.mark.parametrize(
    ("actor", "surface", "may"),
    [
        (MANAGER, "census", True),
        (AUDITOR, "insurance_claims", True),
        (HIS, "census", True),
        (FINANCE, "billing", True),
        (FINANCE, "visit_history", False),
        (DESK, "provider_schedule", True),
        (DESK, "billing", False),
        (DOCTOR, "visit_history", True),
        (DOCTOR, "census", False),
        (PATIENT, "visit_history", True),
        (PATIENT, "census", False),
    ],
)
def test_surfaces_follow_the_matrix(actor: Actor, surface: str, may: bool) -> None:
    world = a_clinic()
    if may:
        assert world.when(request(surface), actor=actor)
    else:
        assert refused(world, request(surface), actor).code == "EXPORT_SCOPE_INVALID"


@pytest.mark.parametrize(
    ("actor", "may"), [(MANAGER, True), (DESK, True), (DOCTOR, True), (PATIENT, True), (AUDITOR, False), (HIS, False)]
)
def test_names_need_a_role(actor: Actor, may: bool) -> None:
    world = a_clinic()
    if may:
        assert world.when(request(include_pii=True), actor=actor)
    else:
        assert refused(world, request(include_pii=True), actor).code == "EXPORT_SCOPE_INVALID"


def test_a_branchs_desk_exports_its_branch() -> None:
    world = a_clinic()
    assert filters_of(world, request(), SOUTH_DESK).branch_ids == ("brn_south",)
    wide = request(filters=ExportFilters(branch_ids=("brn_south", "brn_north")))
    refusal = refused(world, wide, SOUTH_DESK)
    assert (refusal.code, refusal.details["branch_ids"]) == ("EXPORT_SCOPE_INVALID", ["brn_north"])


def test_r_auth_2_no_branch_is_not_every_branch() -> None:
    """A provider that names no branches gives none; an empty list in the command is no way around the scope."""
    nowhere = msgspec.structs.replace(SOUTH_DESK, branch_scope=())
    assert refused(a_clinic(), request(), nowhere).code == "EXPORT_SCOPE_INVALID"
    for actor in (SOUTH_DESK, MANAGER):
        empty = request(filters=ExportFilters(branch_ids=()))
        assert refused(a_clinic(), empty, actor).code == "EXPORT_SCOPE_INVALID"
    doctor = msgspec.structs.replace(DOCTOR, branch_scope=())
    assert filters_of(a_clinic(), request(), doctor) == ExportFilters(practitioner_ids=("prac_rao",))


def test_r_auth_3_a_portal_token_that_names_no_patient_exports_nobody() -> None:
    """Asha has no guardian either: nobody is not somebody's guardian."""
    stranger = msgspec.structs.replace(PATIENT, patient_id=None)
    asked = request(filters=ExportFilters(patient_id="pat_asha"), include_pii=True)
    assert refused(a_clinic(), asked, stranger).code == "NOT_FOUND"
    assert refused(a_clinic(), request(), stranger).code == "NOT_FOUND"


def test_a_doctor_exports_their_own_work() -> None:
    world = a_clinic()
    assert filters_of(world, request(), DOCTOR).practitioner_ids == ("prac_rao",)
    others = request(filters=ExportFilters(practitioner_ids=("prac_iyer",)))
    assert refused(world, others, DOCTOR).code == "EXPORT_SCOPE_INVALID"


def test_a_patient_exports_their_own_record_or_their_childs() -> None:
    world = a_clinic()
    child = PatientRegistered(
        patient_id="pat_mini",
        sex="female",
        birth_year=2020,
        registered_branch_id="brn_south",
        guardian_patient_id="pat_asha",
        phone_hash="1" * 64,
        name_hash="1" * 64,
    )
    world.given("patient", "pat_mini", child)
    assert filters_of(world, request(), PATIENT).patient_id == "pat_asha"
    mini = request(filters=ExportFilters(patient_id="pat_mini"))
    assert filters_of(world, mini, PATIENT).patient_id == "pat_mini"
    other = request(filters=ExportFilters(patient_id="pat_bala"))
    assert refused(world, other, PATIENT).code == "NOT_FOUND"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"filters": ExportFilters(from_=date(2026, 11, 2), to=date(2026, 11, 2))}, "EXPORT_SCOPE_INVALID"),
        ({"filters": ExportFilters(branch_ids=("brn_elsewhere",))}, "NOT_FOUND"),
        ({"filters": ExportFilters(practitioner_ids=("prac_none",))}, "NOT_FOUND"),
        ({"filters": ExportFilters(patient_id="pat_none")}, "NOT_FOUND"),
    ],
)
def test_a_scope_that_is_none(changes: dict[str, Any], code: str) -> None:
    assert refused(a_clinic(), request(**changes), MANAGER).code == code


def test_nobody_exports_the_future() -> None:
    world = a_clinic()
    assert refused(world, request(as_of=world.now + timedelta(seconds=1)), MANAGER).code == "EXPORT_SCOPE_INVALID"


def result(**changes: Any) -> RecordExportResult:
    return RecordExportResult(export_id="exp_1", **changes)


def test_an_export_ends_once() -> None:
    world = a_clinic()
    world.when(request(), actor=MANAGER, id="exp_1")
    assert world.when(result(status="completed", files=(FILE,))) == [ExportCompleted(files=(FILE,))]
    assert refused(world, result(status="failed", error_code="STORE_FULL"), TIMER).code == "INVALID_STATE"


def test_an_export_fails_for_a_reason() -> None:
    world = a_clinic()
    world.when(request(), actor=MANAGER, id="exp_1")
    for wrong in (
        result(status="failed"),
        result(status="failed", error_code="STORE_FULL", files=(FILE,)),
        result(status="completed"),
        result(status="completed", files=(FILE, FILE)),
    ):
        assert refused(world, wrong, TIMER).code == "VALIDATION_FAILED"
    assert world.when(result(status="failed", error_code="STORE_FULL")) == [ExportFailed(error_code="STORE_FULL")]
