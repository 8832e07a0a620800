"""An admission is asked for, taken in, changed and called off (C91, C92, C95, C98)."""

from __future__ import annotations

import pytest

from event_store.aggregates.admission import commands as c
from event_store.aggregates.admission import events as e
from event_store.aggregates.bed.events import BedReleased
from event_store.aggregates.encounter.events import EncounterCancelled
from event_store.aggregates.patient.events import PatientsMerged
from mymedic.messages import Actor
from tests.scenario import Scenario
from tests.unit.event_store.admission.ward import (
    HIS,
    a_hospital,
    accepted,
    admitted,
    charge,
    discharge,
    request,
    requested,
)
from tests.unit.event_store.clinic import DESK, DOCTOR, ist, refused

IYER = Actor(type="user", id="prac_iyer", roles=("DR",), practitioner_id="prac_iyer")
CANCEL = c.CancelAdmission(admission_id="adm_1", reason="went home")


def merged(world: Scenario, survivor_id: str, duplicate_id: str) -> Scenario:
    event = PatientsMerged(survivor_id=survivor_id, duplicate_id=duplicate_id, reason="the same")
    return world.given("patient", survivor_id, event)


def test_c91_a_doctor_asks_for_a_bed() -> None:
    world = a_hospital()
    (event,) = world.when(request(admission_id="adm_9", diagnosis_text="pneumonia"), actor=DOCTOR)
    assert event == e.AdmissionRequested(
        admission_id="adm_9",
        patient_id="pat_asha",
        encounter_id="enc_1",
        practitioner_id="prac_rao",
        branch_id="brn_south",
        bed_class="general",
        expected_los_days=3,
        pii=e.DiagnosisPii(diagnosis_text="pneumonia"),
    )
    assert world.state("admission", "adm_9").status == "requested"


def test_c91_hospitals_only() -> None:
    world = a_hospital()
    world.state("tenant", world.tenant_id).kind = "chain"
    assert refused(world, request(), DOCTOR).code == "FEATURE_NOT_ENABLED"


def test_c91_for_a_patient_who_is_not_in_a_bed_yet() -> None:
    world = admitted(a_hospital())
    assert refused(world, request(), DOCTOR).code == "PATIENT_ALREADY_ADMITTED"


def test_c91_a_patient_under_another_record_is_the_same_patient() -> None:
    """The survivor of a merge counts: Bala was merged into Asha, who lies in a bed; and the other way round."""
    world = merged(admitted(a_hospital()), "pat_carl", "pat_asha")
    assert refused(world, request(encounter_id="enc_carl", patient_id="pat_carl"), DOCTOR).code == (
        "PATIENT_ALREADY_ADMITTED"
    )
    world = merged(a_hospital(), "pat_asha", "pat_bala")
    assert refused(world, request(encounter_id="enc_bala", patient_id="pat_bala"), DOCTOR).code == "PATIENT_MERGED"
    world.when(request(encounter_id="enc_bala"), actor=DOCTOR)


@pytest.mark.parametrize(
    ("changes", "actor", "code"),
    [
        ({"encounter_id": "enc_none"}, DOCTOR, "NOT_FOUND"),
        ({"patient_id": "pat_bala"}, DOCTOR, "VALIDATION_FAILED"),
        ({"practitioner_id": "prac_iyer"}, IYER, "FORBIDDEN"),
        (
            {},
            Actor(type="user", id="d", roles=("DR",), practitioner_id="prac_rao", branch_scope=("brn_north",)),
            "FORBIDDEN_BRANCH",
        ),
    ],
)
def test_c91_for_a_patient_of_the_doctors_own(changes: dict[str, str], actor: Actor, code: str) -> None:
    assert refused(a_hospital(), request(**changes), actor).code == code


def test_c91_not_from_an_encounter_that_never_was() -> None:
    world = a_hospital().given("encounter", "enc_1", EncounterCancelled(reason="wrong patient"))
    assert refused(world, request(), DOCTOR).code == "INVALID_STATE"


def test_c92_the_hospital_takes_it_in_under_its_own_number() -> None:
    world = requested(a_hospital())
    command = c.AcceptAdmission(admission_id="adm_1", his_visit_no="IP/26/77")
    assert world.when(command, actor=HIS) == [e.AdmissionAccepted(his_visit_no="IP/26/77")]
    assert world.held["his_visit", "brn_south#IP/26/77"][0] == "adm_1"
    assert refused(world, command, HIS).code == "INVALID_STATE"
    requested(world, "adm_2", "pat_bala")
    again = c.AcceptAdmission(admission_id="adm_2", his_visit_no="IP/26/77")
    assert refused(world, again, HIS).code == "ALREADY_EXISTS"


def test_c95_what_is_given_changes() -> None:
    world = accepted(a_hospital())
    patch = e.AdmissionPatch(practitioner_id="prac_iyer", bed_class="icu")
    assert world.when(c.UpdateAdmission(admission_id="adm_1", patch=patch), actor=HIS) == [
        e.AdmissionUpdated(patch=patch)
    ]
    state = world.state("admission", "adm_1")
    assert (state.practitioner_id, state.bed_class, state.expected_los_days) == ("prac_iyer", "icu", 3)


def test_c95_refuses_nothing_nobody_and_what_is_over() -> None:
    world = accepted(a_hospital())
    nothing = c.UpdateAdmission(admission_id="adm_1", patch=e.AdmissionPatch())
    assert refused(world, nothing, HIS).code == "VALIDATION_FAILED"
    nobody = c.UpdateAdmission(admission_id="adm_1", patch=e.AdmissionPatch(practitioner_id="prac_none"))
    assert refused(world, nobody, HIS).code == "NOT_FOUND"
    world.when(CANCEL, actor=DESK)
    longer = c.UpdateAdmission(admission_id="adm_1", patch=e.AdmissionPatch(expected_los_days=5))
    assert refused(world, longer, HIS).code == "INVALID_STATE"


@pytest.mark.parametrize("given", [requested, accepted])
def test_c98_before_the_bed_it_is_just_called_off(given: object) -> None:
    world = given(a_hospital())  # type: ignore[operator]
    assert world.when(CANCEL, actor=DESK) == [e.AdmissionCancelled(reason="went home")]
    assert not [key for key in world.held if key[0] in ("bed", "patient_admission", "his_visit")]


def test_c98_an_admission_by_mistake_gives_the_bed_back() -> None:
    """ADT^A11."""
    world = admitted(a_hospital()).at(ist(2, "10:30"))
    assert world.when(CANCEL, actor=HIS) == [
        e.AdmissionCancelled(reason="went home"),
        BedReleased(admission_id="adm_1", at=ist(2, "10:30"), next_status="cleaning"),
    ]
    assert ("bed", "bed_1") not in world.held and ("patient_admission", "pat_asha") not in world.held
    assert refused(world, CANCEL, HIS).code == "INVALID_STATE"


def test_c98_not_while_charges_stand() -> None:
    world = admitted(a_hospital())
    world.when(charge("chg_1", qty=2), actor=HIS)
    refusal = refused(world, CANCEL, HIS)
    assert (refusal.code, refusal.details) == ("CHARGES_EXIST", {"charged_paise": 100_000})
    world.when(charge("chg_2", qty=2, reversal_of="chg_1"), actor=HIS)
    world.when(CANCEL, actor=HIS)
    assert world.state("admission", "adm_1").status == "cancelled"


def test_c98_not_after_the_discharge() -> None:
    world = admitted(a_hospital())
    world.when(discharge("adm_1", world.now), actor=DOCTOR)
    assert refused(world, CANCEL, HIS).code == "INVALID_STATE"
