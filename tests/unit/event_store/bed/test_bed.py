"""A bed: where it stands, and whether it is ready (C14, C101)."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.bed.commands import RegisterBed, SetBedStatus
from event_store.aggregates.bed.events import BedRegistered, BedStatusChanged
from event_store.aggregates.branch.events import BranchClosed
from mymedic.messages import Actor
from tests.unit.event_store.admission.ward import a_hospital, admitted, discharge
from tests.unit.event_store.clinic import DESK, DOCTOR, MANAGER, a_clinic, ist, refused


def bed(**changes: Any) -> RegisterBed:
    fields = {"branch_id": "brn_south", "ward": "East", "room": "2", "label": "A", "class_": "private"}
    return RegisterBed(**{**fields, **changes})


def set_status(status: Any, bed_id: str = "bed_1") -> SetBedStatus:
    return SetBedStatus(bed_id=bed_id, status=status)


def test_c14_a_bed_is_registered_and_available() -> None:
    world = a_hospital()
    (event,) = world.when(bed(bed_id="bed_new"), actor=MANAGER)
    assert event == BedRegistered(branch_id="brn_south", ward="East", room="2", label="A", class_="private")
    assert world.state("bed", "bed_new").status == "available"


def test_c14_a_place_has_one_bed() -> None:
    """Unique ward, room and label per branch, however they are written."""
    world = a_hospital()
    world.when(bed(), actor=MANAGER)
    assert refused(world, bed(ward="EAST ", label="a"), MANAGER).code == "ALREADY_EXISTS"
    world.when(bed(label="B"), actor=MANAGER)
    world.when(bed(branch_id="brn_north"), actor=MANAGER)


def test_c14_only_hospitals_have_beds_and_only_open_branches() -> None:
    assert refused(a_clinic(), bed(), MANAGER).code == "FEATURE_NOT_ENABLED"
    world = a_hospital()
    assert refused(world, bed(branch_id="brn_none"), MANAGER).code == "NOT_FOUND"
    world.given("branch", "brn_north", BranchClosed(closed_on=ist(2, "00:00").date(), reason="moved"))
    assert refused(world, bed(branch_id="brn_north"), MANAGER).code == "BRANCH_CLOSED"


@pytest.mark.parametrize("status", ["cleaning", "out_of_service"])
def test_c101_a_free_bed_is_taken_out_and_brought_back(status: Any) -> None:
    world = a_hospital()
    assert world.when(set_status(status), actor=DESK) == [BedStatusChanged(status=status)]
    assert world.when(set_status("available"), actor=DESK) == [BedStatusChanged(status="available")]


def test_c101_what_a_bed_is_already_is_no_change() -> None:
    assert refused(a_hospital(), set_status("available")).code == "INVALID_STATE"


def test_c101_nobody_is_set_aside_with_the_bed() -> None:
    world = admitted(a_hospital())
    refusal = refused(world, set_status("out_of_service"))
    assert (refusal.code, refusal.details) == ("BED_OCCUPIED", {"admission_id": "adm_1"})


def test_a_bed_is_cleaned_before_the_next_patient() -> None:
    """`occupied -> cleaning -> available`."""
    world = admitted(a_hospital()).at(ist(3, "10:00"))
    world.when(discharge("adm_1", world.now), actor=DOCTOR)
    assert world.state("bed", "bed_1").status == "cleaning"
    world.when(set_status("available"), actor=Actor(type="user", id="stf_ward", roles=("FD",)))
    assert world.state("bed", "bed_1").status == "available"


def test_c101_a_bed_being_cleaned_turns_out_to_be_broken() -> None:
    world = a_hospital()
    world.when(set_status("cleaning"), actor=DESK)
    assert world.when(set_status("out_of_service"), actor=DESK) == [BedStatusChanged(status="out_of_service")]
    assert world.when(set_status("cleaning"), actor=DESK) == [BedStatusChanged(status="cleaning")]
