"""Into a bed, into another, and out (C93, C94, C97, C99). What the hospital's system reports is held to the same."""

from __future__ import annotations

from datetime import datetime

import pytest

from event_store.aggregates.admission import commands as c
from event_store.aggregates.admission import events as e
from event_store.aggregates.bed.events import BedOccupied, BedReleased, BedStatusChanged
from event_store.aggregates.patient.events import PatientsMerged
from mymedic.messages import Actor
from tests.unit.event_store.admission.ward import (
    HIS,
    a_bed,
    a_hospital,
    accepted,
    admit,
    admitted,
    discharge,
    discharged,
    requested,
    transfer,
)
from tests.unit.event_store.clinic import DESK, DOCTOR, ist, refused

BOTH = pytest.mark.parametrize("actor", [HIS, DESK], ids=["his", "desk"])


def back(bed_id: str = "bed_1") -> c.CancelDischarge:
    return c.CancelDischarge(admission_id="adm_1", bed_id=bed_id)


def test_c93_a_patient_is_put_to_bed() -> None:
    world = accepted(a_hospital())
    assert world.when(admit(), actor=HIS) == [
        e.PatientAdmitted(bed_id="bed_1", admitted_at=ist(2, "10:00"), practitioner_id="prac_rao"),
        BedOccupied(admission_id="adm_1", at=ist(2, "10:00")),
    ]
    assert world.held["bed", "bed_1"] == ("adm_1", "")
    assert world.held["patient_admission", "pat_asha"] == ("adm_1", "brn_south")
    assert world.state("bed", "bed_1").status == "occupied"


@BOTH
def test_c93_one_patient_in_a_bed(actor: Actor) -> None:
    """R-CMD-7's exception: BED_OCCUPIED stands for the hospital's own system, too."""
    world = accepted(admitted(a_hospital()), "adm_2", "pat_bala")
    assert refused(world, admit("bed_1", "adm_2"), actor).code == "BED_OCCUPIED"
    assert not world.state("admission", "adm_2").stays


@BOTH
def test_c93_one_bed_for_a_patient(actor: Actor) -> None:
    world = accepted(admitted(a_hospital()), "adm_2")
    refusal = refused(world, admit("bed_2", "adm_2"), actor)
    assert (refusal.code, refusal.details) == ("PATIENT_ALREADY_ADMITTED", {"admission_id": "adm_1"})
    assert refused(world, admit("bed_2", "adm_1"), actor).code == "PATIENT_ALREADY_ADMITTED"


def test_c93_whichever_record_of_the_patient_is_named() -> None:
    """Asked for as Bala, merged into Asha since, who lies in a bed."""
    world = accepted(a_hospital(), "adm_2", "pat_bala")
    admitted(world)
    world.given("patient", "pat_asha", PatientsMerged(survivor_id="pat_asha", duplicate_id="pat_bala", reason="same"))
    assert refused(world, admit("bed_2", "adm_2"), HIS).code == "PATIENT_ALREADY_ADMITTED"


@pytest.mark.parametrize("status", ["cleaning", "out_of_service"])
@BOTH
def test_c93_only_a_bed_that_is_ready(status: str, actor: Actor) -> None:
    world = accepted(a_hospital()).given("bed", "bed_1", BedStatusChanged(status=status))  # type: ignore[arg-type]
    refusal = refused(world, admit(), actor)
    assert (refusal.code, refusal.details) == ("BED_UNAVAILABLE", {"status": status})


def test_c93_only_a_bed_of_the_class_that_was_asked_for_in_the_same_hospital() -> None:
    world = accepted(a_hospital())
    refusal = refused(world, admit("bed_icu"), HIS)
    assert (refusal.code, refusal.details) == ("BED_UNAVAILABLE", {"bed_class": "icu"})
    assert refused(world, admit("bed_north"), HIS).code == "BED_UNAVAILABLE"
    assert refused(world, admit("bed_none"), HIS).code == "NOT_FOUND"


def test_c93_only_what_was_accepted() -> None:
    world = requested(a_hospital())
    assert refused(world, admit(), HIS).code == "INVALID_STATE"
    assert refused(world, admit(admission_id="adm_none"), HIS).code == "NOT_FOUND"


@pytest.mark.parametrize(("at", "code"), [(ist(2, "10:03"), "VALIDATION_FAILED"), (ist(2, "09:00"), None)])
def test_c93_may_be_told_later_but_not_before(at: datetime, code: str | None) -> None:
    world = accepted(a_hospital())
    if code is None:
        world.when(admit(at=at), actor=HIS)
        assert world.state("admission", "adm_1").admitted_at == at
    else:
        assert refused(world, admit(at=at), HIS).code == code


def test_c93_not_into_a_time_when_somebody_else_lay_there() -> None:
    world = discharged(admitted(a_hospital()).at(ist(3, "10:00")))
    world.given("bed", "bed_1", BedStatusChanged(status="available"))
    accepted(world, "adm_2", "pat_bala").at(ist(3, "12:00"))
    assert refused(world, admit("bed_1", "adm_2", ist(3, "09:59")), HIS).code == "BED_OCCUPIED"
    accepted(world, "adm_3")
    assert refused(world, admit("bed_2", "adm_3", ist(3, "09:59")), HIS).code == "PATIENT_ALREADY_ADMITTED"
    world.when(admit("bed_1", "adm_2", ist(3, "10:00")), actor=HIS)


def test_c94_a_patient_moves_and_the_old_bed_is_cleaned() -> None:
    world = admitted(a_hospital()).at(ist(3, "08:00"))
    at = ist(3, "07:30")
    assert world.when(transfer("bed_icu", at), actor=HIS) == [
        e.PatientTransferred(from_bed_id="bed_1", to_bed_id="bed_icu", at=at, reason="quieter"),
        BedOccupied(admission_id="adm_1", at=at),
        BedReleased(admission_id="adm_1", at=at, next_status="cleaning"),
    ]
    assert ("bed", "bed_1") not in world.held
    assert world.held["bed", "bed_icu"] == ("adm_1", "")


@BOTH
def test_c94_the_new_bed_is_free_and_ready(actor: Actor) -> None:
    world = admitted(admitted(a_hospital()), "adm_2", "bed_2", "pat_bala")
    now = world.now
    assert refused(world, transfer("bed_2", now), actor).code == "BED_OCCUPIED"
    assert refused(world, transfer("bed_1", now), actor).code == "BED_OCCUPIED"  # where the patient lies already
    world.given("bed", "bed_icu", BedStatusChanged(status="out_of_service"))
    assert refused(world, transfer("bed_icu", now), actor).code == "BED_UNAVAILABLE"
    assert refused(world, transfer("bed_north", now), actor).code == "BED_UNAVAILABLE"


def test_c94_only_who_lies_in_a_bed_and_forward_in_time() -> None:
    world = admitted(a_hospital())
    assert refused(world, transfer("bed_2", ist(2, "09:59")), HIS).code == "INVALID_STATE"
    assert refused(world, transfer("bed_2", ist(2, "10:03")), HIS).code == "VALIDATION_FAILED"
    assert refused(discharged(world), transfer("bed_2", ist(2, "10:00")), HIS).code == "INVALID_STATE"


def test_c97_the_patient_goes_and_the_bed_is_cleaned() -> None:
    world = admitted(a_hospital()).at(ist(5, "11:00"))
    command = c.DischargePatient(
        admission_id="adm_1", discharged_at=ist(5, "10:30"), disposition="lama", summary_ref="doc 1"
    )
    assert world.when(command, actor=DOCTOR) == [
        e.PatientDischarged(
            discharged_at=ist(5, "10:30"),
            disposition="lama",
            los_days=3,
            pii=e.SummaryPii(summary_ref="doc 1"),
        ),
        BedReleased(admission_id="adm_1", at=ist(5, "10:30"), next_status="cleaning"),
    ]
    assert not [key for key in world.held if key[0] in ("bed", "patient_admission")]


@pytest.mark.parametrize(("until", "nights"), [(ist(2, "23:59"), 0), (ist(3, "00:00"), 1), (ist(4, "09:00"), 2)])
def test_c97_a_stay_is_as_long_as_its_midnights(until: datetime, nights: int) -> None:
    world = admitted(a_hospital()).at(until)
    event, _ = world.when(discharge("adm_1", until), actor=HIS)
    assert event.los_days == nights  # type: ignore[attr-defined]


def test_c97_not_twice_and_not_before_the_admission() -> None:
    world = admitted(a_hospital())
    assert refused(world, discharge("adm_1", ist(2, "09:59")), HIS).code == "INVALID_STATE"
    discharged(world)
    assert refused(world, discharge("adm_1", world.now), HIS).code == "INVALID_STATE"


def test_c99_back_in_the_own_bed_as_if_never_gone() -> None:
    """ADT^A13: the bed waits for its cleaning still."""
    world = discharged(admitted(a_hospital()).at(ist(3, "10:00"))).at(ist(3, "12:00"))
    assert world.when(back(), actor=HIS) == [
        e.DischargeCancelled(bed_id="bed_1", at=ist(3, "10:00")),
        BedOccupied(admission_id="adm_1", at=ist(3, "10:00")),
    ]
    state = world.state("admission", "adm_1")
    assert (state.status, state.discharged_at, state.bed_id) == ("admitted", None, "bed_1")
    assert world.held["patient_admission", "pat_asha"][0] == "adm_1"
    assert refused(world, back(), HIS).code == "INVALID_STATE"


def test_c99_where_somebody_else_lies_now_there_is_no_way_back() -> None:
    world = discharged(admitted(a_hospital()).at(ist(3, "10:00")))
    world.given("bed", "bed_1", BedStatusChanged(status="available"))
    admitted(world, "adm_2", "bed_1", "pat_bala", at=ist(3, "11:00"))
    assert refused(world, back(), HIS).code == "BED_OCCUPIED"
    world.given("bed", "bed_2", BedStatusChanged(status="cleaning"))
    assert refused(world, back("bed_2"), HIS).code == "BED_UNAVAILABLE"
    a_bed(world, "bed_3")
    world.when(back("bed_3"), actor=HIS)


def test_c99_not_when_the_patient_lies_elsewhere_or_the_bill_is_out() -> None:
    world = discharged(admitted(a_hospital()).at(ist(3, "10:00")))
    admitted(world, "adm_2", "bed_2", at=ist(3, "11:00"))
    assert refused(world, back(), HIS).code == "PATIENT_ALREADY_ADMITTED"
    world = discharged(admitted(a_hospital()))
    billed = e.AdmissionBilled(invoice_id="inv_1", total_paise=0, advance_applied_paise=0, excess_paise=0)
    world.given("admission", "adm_1", billed)
    assert refused(world, back(), HIS).code == "INVALID_STATE"


def test_c99_goes_on_from_when_the_new_bed_was_free() -> None:
    """Nobody lies in two places at once, and no bed holds two."""
    world = discharged(admitted(a_hospital()).at(ist(3, "10:00")))
    admitted(world, "adm_2", "bed_2", "pat_bala").at(ist(3, "11:00"))
    world.when(discharge("adm_2", world.now), actor=HIS)
    world.given("bed", "bed_2", BedStatusChanged(status="available"))
    event, _ = world.at(ist(3, "12:00")).when(back("bed_2"), actor=HIS)
    assert event.at == ist(3, "11:00")  # type: ignore[attr-defined]
