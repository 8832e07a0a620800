"""Starting, finishing and cancelling an encounter, and what its appointment makes of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from event_store.aggregates.appointment.commands import CheckInPatient, MarkNoShow, ReverseNoShow
from event_store.aggregates.appointment.events import AppointmentFulfilled
from event_store.aggregates.encounter.commands import CancelEncounter, FinishEncounter, StartEncounter
from event_store.aggregates.encounter.events import (
    EncounterCancelled,
    EncounterFinished,
    EncounterStarted,
    FindingsPii,
)
from mymedic.messages import Actor
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, DOCTOR, MANAGER, a_clinic, book, booked, hold, ist, refused

COLLEAGUE = Actor(type="user", id="prac_iyer", roles=("DR",), practitioner_id="prac_iyer")
START = StartEncounter(appointment_id="appt_1", class_="AMB")
VIDEO = StartEncounter(appointment_id="appt_1", class_="VR")
FINISH = FinishEncounter(encounter_id="enc_1", outcome="follow_up")
CANCEL = CancelEncounter(encounter_id="enc_1", reason="opened by mistake")


def arrived() -> Scenario:
    """Came at 17:40 for 18:00."""
    world = booked(a_clinic()).at(ist(3, "17:40"))
    world.when(CheckInPatient(appointment_id="appt_1"), actor=DESK)
    return world


def under_way() -> Scenario:
    world = arrived().at(ist(3, "18:05"))
    world.when(START, actor=DOCTOR, id="enc_1")
    return world


@pytest.mark.parametrize("actor", [DOCTOR, DESK])
def test_who_has_checked_in_is_seen(actor: Actor) -> None:
    world = arrived().at(ist(3, "18:05"))
    assert world.when(START, actor=actor, id="enc_1") == [
        EncounterStarted(
            appointment_id="appt_1",
            patient_id="pat_asha",
            practitioner_id="prac_rao",
            branch_id="brn_south",
            specialty_id="spc_derm",
            class_="AMB",
            started_at=ist(3, "18:05"),
            wait_seconds=1500,
        )
    ]
    assert world.state("encounter", "enc_1").status == "in-progress"
    assert world.state("appointment", "appt_1").status == "checked-in"


def test_who_has_not_checked_in_is_not_seen() -> None:
    assert refused(booked(a_clinic()), START, DOCTOR).code == "INVALID_STATE"
    assert refused(booked(a_clinic()).at(ist(3, "18:00")), VIDEO, DOCTOR).code == "INVALID_STATE"
    assert refused(a_clinic(), START, DOCTOR).code == "NOT_FOUND"


def video() -> Scenario:
    world = a_clinic()
    world.when(book("slot_video", visit_type="tele"), actor=DESK, id="appt_1")
    return world


@pytest.mark.parametrize(("clock", "wait"), [("11:30", 0), ("12:00", 0), ("12:30", 1800)])
def test_a_video_visit_begins_within_half_an_hour_of_its_time(clock: str, wait: int) -> None:
    (event,) = video().at(ist(3, clock)).when(VIDEO, actor=DOCTOR)
    assert isinstance(event, EncounterStarted) and event.wait_seconds == wait


@pytest.mark.parametrize("at", [ist(3, "11:30") - timedelta(seconds=1), ist(3, "12:30") + timedelta(seconds=1)])
def test_a_video_visit_at_another_time(at: datetime) -> None:
    assert refused(video().at(at), VIDEO, DOCTOR).code == "INVALID_STATE"


def test_a_video_visit_that_is_only_held_or_opened_as_one_in_the_room() -> None:
    assert refused(video().at(ist(3, "12:00")), START, DOCTOR).code == "INVALID_STATE"
    world = a_clinic()
    world.when(hold(), actor=DESK, id="appt_1")
    assert refused(world.at(ist(3, "18:00")), VIDEO, DOCTOR).code == "INVALID_STATE"


def test_an_appointment_has_one_open_encounter() -> None:
    assert refused(under_way(), START, DOCTOR).code == "INVALID_STATE"


def test_a_doctor_sees_their_own_patients() -> None:
    assert refused(arrived(), START, COLLEAGUE).code == "FORBIDDEN"
    assert refused(under_way(), FINISH, COLLEAGUE).code == "FORBIDDEN"
    north = Actor(type="user", id="stf_north", roles=("FD",), branch_scope=("brn_north",))
    assert refused(arrived(), START, north).code == "FORBIDDEN_BRANCH"


def test_a_reversed_no_show_waits_from_its_time() -> None:
    world = booked(a_clinic()).at(ist(3, "18:30"))
    world.when(MarkNoShow(appointment_id="appt_1"), actor=DESK)
    world.when(ReverseNoShow(appointment_id="appt_1", reason="was in the queue"), actor=DESK)
    (event,) = world.at(ist(3, "18:40")).when(START, actor=DOCTOR)
    assert isinstance(event, EncounterStarted) and event.wait_seconds == 2400


def test_finishing_fulfils_the_appointment() -> None:
    world = under_way().at(ist(3, "18:17"))
    assert world.when(FINISH, actor=DOCTOR) == [
        EncounterFinished(outcome="follow_up", duration_seconds=720),
        AppointmentFulfilled(encounter_id="enc_1"),
    ]
    assert [(aggregate, id) for aggregate, id, _ in world.log[-2:]] == [
        ("encounter", "enc_1"),
        ("appointment", "appt_1"),
    ]
    assert world.state("appointment", "appt_1").status == "fulfilled"
    assert world.state("encounter", "enc_1").status == "finished"


def test_a_fulfilled_appointment_keeps_its_token_and_frees_its_patient() -> None:
    world = under_way()
    world.when(FINISH, actor=DOCTOR)
    assert [key for key in world.held if key[0] == "slot_token"] == [("slot_token", "slot_tue18#01")]
    assert not [key for key in world.held if key[0] == "patient_time"]


def test_findings_are_sealed() -> None:
    command = FinishEncounter(encounter_id="enc_1", outcome="resolved", diagnosis_text="eczema", notes="emollient")
    event = under_way().when(command, actor=DOCTOR)[0]
    assert isinstance(event, EncounterFinished)
    assert event.pii == FindingsPii(diagnosis_text="eczema", notes="emollient")


def test_a_cancelled_encounter_gives_the_earlier_status_back() -> None:
    world = under_way()
    assert world.when(CANCEL, actor=MANAGER) == [EncounterCancelled(reason="opened by mistake")]
    assert world.state("appointment", "appt_1").status == "checked-in"
    assert world.when(START, actor=DOCTOR, id="enc_2")


def test_what_is_over_stays_over() -> None:
    world = under_way()
    world.when(FINISH, actor=DOCTOR)
    assert refused(world, FINISH, DOCTOR).code == "INVALID_STATE"
    assert refused(world, CANCEL, DOCTOR).code == "INVALID_STATE"
    assert refused(world, START, DOCTOR).code == "INVALID_STATE"
    assert refused(world, FinishEncounter(encounter_id="enc_9", outcome="resolved"), DOCTOR).code == "NOT_FOUND"
