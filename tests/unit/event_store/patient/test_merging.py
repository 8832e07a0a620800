"""C17, C18, and what a merge means elsewhere: the survivor counts."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CancelAppointment, MarkNoShow, RescheduleAppointment
from event_store.aggregates.appointment.events import AppointmentBooked
from event_store.aggregates.patient.commands import MergePatients, UnmergePatients, UpdatePatient, WithdrawConsent
from event_store.aggregates.patient.events import PatientsMerged, PatientsUnmerged
from event_store.authorise import authorise_target
from event_store.catalogue import AGGREGATES, owner_of
from mymedic.errors import Refused
from mymedic.messages import Actor, Command
from mymedic.patients import records_of, related_to, same_patient, survivor_of
from tests.scenario import Scenario, ScenarioContext
from tests.unit.event_store.clinic import (
    DESK,
    MANAGER,
    PATIENT,
    a_clinic,
    a_patient,
    book,
    booked,
    hold,
    ist,
    refused,
)

BALA = Actor(type="patient", id="pat_bala", roles=("PP",), patient_id="pat_bala")


def merge(survivor_id: str = "pat_asha", duplicate_id: str = "pat_bala") -> MergePatients:
    return MergePatients(survivor_id=survivor_id, duplicate_id=duplicate_id, reason="one woman, two files")


def unmerge(survivor_id: str = "pat_asha", duplicate_id: str = "pat_bala") -> UnmergePatients:
    return UnmergePatients(survivor_id=survivor_id, duplicate_id=duplicate_id)


def merged(world: Scenario, survivor_id: str = "pat_asha", duplicate_id: str = "pat_bala") -> Scenario:
    world.when(merge(survivor_id, duplicate_id), actor=DESK, cosigner=MANAGER)
    return world


def merge_code(world: Scenario, *ids: str, actor: Actor = DESK, cosigner: Actor | None = MANAGER) -> str:
    with pytest.raises(Refused) as refusal:
        world.when(merge(*ids), actor=actor, cosigner=cosigner)
    return refusal.value.code


def seen_by(world: Scenario, actor: Actor = DESK) -> ScenarioContext:
    return ScenarioContext(world, "cmd_look", actor, "api")


def test_a_merge_is_one_event_on_the_survivors_stream() -> None:
    world = a_clinic()
    expected = [PatientsMerged(survivor_id="pat_asha", duplicate_id="pat_bala", reason="one woman, two files")]
    assert world.when(merge(), actor=DESK, cosigner=MANAGER) == expected
    assert world.log[-1][:2] == ("patient", "pat_asha")
    context = seen_by(world)
    assert survivor_of(context, "pat_bala") == survivor_of(context, "pat_asha") == "pat_asha"
    assert records_of(context, "pat_bala") == ["pat_asha", "pat_bala"]
    assert same_patient(context, "pat_bala", "pat_asha") and not same_patient(context, "pat_bala", "pat_uma")


@pytest.mark.parametrize(
    ("actor", "cosigner"),
    [(DESK, None), (MANAGER, None), (DESK, DESK), (DESK, Actor(type="user", id="stf_two", roles=("FD",)))],
)
def test_front_desk_and_chain_manager_sign_together(actor: Actor, cosigner: Actor | None) -> None:
    """R-AUTH-4."""
    assert merge_code(a_clinic(), actor=actor, cosigner=cosigner) == "FOUR_EYES_REQUIRED"
    assert a_clinic().when(merge(), actor=MANAGER, cosigner=DESK)


BOTH = Actor(type="user", id="stf_both", roles=("FD", "CM"))


@pytest.mark.parametrize(
    "cosigner",
    [
        Actor(type="patient", id="pat_uma", roles=("PP",), patient_id="pat_uma"),
        Actor(type="integration", id="his", roles=("IN",)),
        Actor(type="user", id="stf_deputy", roles=("CM",), on_behalf_of="stf_both"),
        Actor(type="user", id="stf_nobody"),
    ],
)
def test_r_auth_4_a_signature_without_a_role_or_of_the_same_person_is_none(cosigner: Actor) -> None:
    """Who holds both roles does not sign with a patient, a program, or their own deputy."""
    assert merge_code(a_clinic(), actor=BOTH, cosigner=cosigner) == "FOUR_EYES_REQUIRED"
    assert a_clinic().when(merge(), actor=BOTH, cosigner=MANAGER)


def test_no_cycle_closes() -> None:
    world = merged(a_clinic())
    a_patient(world, "pat_uma")
    assert merge_code(world, "pat_bala", "pat_asha") == "PATIENT_MERGED"
    assert merge_code(world, "pat_bala", "pat_uma") == "PATIENT_MERGED"
    assert merge_code(world, "pat_uma", "pat_bala") == "PATIENT_MERGED"
    assert merge_code(world, "pat_asha", "pat_asha") == "VALIDATION_FAILED"
    assert merge_code(world, "pat_asha", "pat_none") == "NOT_FOUND"
    assert merge_code(world, "pat_none", "pat_asha") == "NOT_FOUND"


def test_merges_chain_and_come_apart_one_by_one() -> None:
    world = a_clinic()
    a_patient(world, "pat_uma")
    merged(merged(world), "pat_uma", "pat_asha")
    context = seen_by(world)
    assert records_of(context, "pat_asha") == ["pat_uma", "pat_asha", "pat_bala"]
    assert survivor_of(context, "pat_bala") == "pat_uma"
    assert refused(world, unmerge("pat_uma", "pat_bala"), MANAGER).code == "INVALID_STATE"
    expected = [PatientsUnmerged(survivor_id="pat_asha", duplicate_id="pat_bala")]
    assert world.when(unmerge(), actor=MANAGER) == expected
    assert survivor_of(context, "pat_bala") == "pat_bala"
    assert records_of(context, "pat_uma") == ["pat_uma", "pat_asha"]
    assert refused(world, unmerge(), MANAGER).code == "INVALID_STATE"
    merged(world, "pat_uma", "pat_bala")
    assert records_of(context, "pat_bala") == ["pat_uma", "pat_asha", "pat_bala"]


def test_who_was_erased_does_not_come_back_as_their_duplicate() -> None:
    """Its keys are gone with the survivor's; apart, its own stream would not know of it."""
    world = merged(a_clinic())
    world.states["data_subject", "pat_asha"] = AGGREGATES["data_subject"].fresh("pat_asha")
    world.states["data_subject", "pat_asha"].is_erased = True
    assert refused(world, unmerge(), MANAGER).code == "PATIENT_ERASED"


def test_a_duplicate_in_a_bed_is_not_merged() -> None:
    world = a_clinic()
    world.held["patient_admission", "pat_bala"] = ("adm_1", "brn_south")
    assert merge_code(world) == "PATIENT_ALREADY_ADMITTED"
    assert world.when(merge("pat_bala", "pat_asha"), actor=DESK, cosigner=MANAGER)


def test_inv_a2_two_bookings_at_one_time_are_first_made_one() -> None:
    world = booked(a_clinic(), "appt_1", "slot_thu18")
    world.when(book("slot_thu18", "pat_bala"), actor=DESK, id="appt_2")
    assert merge_code(world) == "PATIENT_DOUBLE_BOOKED"
    cancel = CancelAppointment(appointment_id="appt_2", initiator="provider", reason_code="duplicate")
    world.when(cancel, actor=DESK)
    merged(world)


def test_a_duplicate_is_not_changed_nor_booked_and_the_survivor_is_named() -> None:
    world = merged(a_clinic())
    for command in (book(patient_id="pat_bala"), hold(patient_id="pat_bala"), UpdatePatient(patient_id="pat_bala")):
        refusal = refused(world, command)
        assert (refusal.code, refusal.details["survivor_id"]) == ("PATIENT_MERGED", "pat_asha")


def test_a_consent_is_taken_away_where_it_counts() -> None:
    """Either record has one. A withdrawal from the duplicate's would be believed and change nothing."""
    world = merged(a_clinic())
    refusal = refused(world, WithdrawConsent(patient_id="pat_bala", purpose="care"), BALA)
    assert (refusal.code, refusal.details["survivor_id"]) == ("PATIENT_MERGED", "pat_asha")
    assert world.when(WithdrawConsent(patient_id="pat_asha", purpose="care"), actor=BALA)
    assert refused(world, book()).code == "CONSENT_REQUIRED"


def test_inv_a2_holds_over_all_records_of_a_patient() -> None:
    world = a_clinic()
    world.when(book("slot_thu18", "pat_bala"), actor=DESK, id="appt_1")
    world.when(book("slot_wed18", "pat_asha"), actor=DESK, id="appt_2")
    merged(world)
    assert refused(world, book("slot_thu18")).details["appointment_id"] == "appt_1"
    move = RescheduleAppointment(
        appointment_id="appt_2", new_slot_id="slot_thu18", initiator="patient", reason_code="time_conflict"
    )
    assert refused(world, move).code == "PATIENT_DOUBLE_BOOKED"
    world.when(unmerge(), actor=MANAGER)
    assert world.when(move, actor=DESK)


def test_no_shows_and_visits_of_every_record_count() -> None:
    world = a_clinic()
    world.when(book("slot_tue18", "pat_bala"), actor=DESK, id="appt_1")
    world.at(ist(3, "19:00")).when(MarkNoShow(appointment_id="appt_1"), actor=DESK)
    merged(world)
    (event,) = world.when(book("slot_wed18"), actor=DESK)
    assert isinstance(event, AppointmentBooked) and event.prior_noshow_count == 1
    assert [each.appointment_id for each in related_to(seen_by(world), "appointment", "pat_bala")][1:] == ["appt_1"]


def reaches(world: Scenario, actor: Actor, command: Command, state: Any) -> bool:
    aggregate, decision = owner_of(type(command))
    context = seen_by(world, actor)
    context.id = state.appointment_id
    try:
        authorise_target(command, context, aggregate, decision, state)
    except Refused as refusal:
        assert refusal.code == "NOT_FOUND"
        return False
    return True


def test_r_auth_3_a_merged_patient_reaches_every_record_of_their_own() -> None:
    world = booked(a_clinic())
    state = world.state("appointment", "appt_1")
    cancel = CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="other")
    assert reaches(world, PATIENT, cancel, state) and not reaches(world, BALA, cancel, state)
    merged(world)
    assert reaches(world, BALA, cancel, state)
    assert reaches(world, BALA, hold(), world.state("appointment", "appt_new"))
    world.when(unmerge(), actor=MANAGER)
    assert not reaches(world, BALA, cancel, state)


def test_r_auth_3_a_guardian_acts_for_a_dependent() -> None:
    world = a_clinic()
    a_patient(world, "pat_mini")
    world.state("patient", "pat_mini").guardian_patient_id = "pat_asha"
    mine = hold(patient_id="pat_mini")
    nothing = world.state("appointment", "appt_new")
    assert reaches(world, PATIENT, mine, nothing) and not reaches(world, BALA, mine, nothing)
    merged(world, "pat_bala", "pat_asha")
    assert reaches(world, BALA, mine, nothing)
