"""C44: recording what was performed, advised or not, and C47 afterwards."""

from __future__ import annotations

import pytest

from event_store.aggregates.encounter.commands import CancelEncounter
from event_store.aggregates.patient.events import PatientsMerged
from event_store.aggregates.service_request.commands import RespondToAdvice, RevokeServiceRequest, ScheduleService
from event_store.aggregates.service_request.events import ServicePerformed
from mymedic.messages import Actor
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, DOCTOR, MANAGER, ist, refused
from tests.unit.event_store.followup.visits import a_visit, seen
from tests.unit.event_store.service_request.advice import a_procedure, advise, advised, performed

SURGEON = Actor(type="user", id="prac_iyer", roles=("DR",), practitioner_id="prac_iyer", branch_scope=("brn_south",))


def event(day: int, *, is_advised: bool = True) -> ServicePerformed:
    return ServicePerformed(
        patient_id="pat_asha",
        branch_id="brn_south",
        encounter_id="enc_1",
        service_id="svc_peel",
        performer_id="prac_rao",
        performed_at=ist(day, "11:00"),
        advised=is_advised,
        late=False,
    )


@pytest.mark.parametrize("steps", ["", "accepted", "scheduled", "accepted scheduled"])
def test_advice_is_performed_from_any_open_state(steps: str) -> None:
    world = advised()
    if "accepted" in steps:
        world.when(RespondToAdvice(service_request_id="sreq_1", decision="accepted"), actor=DESK)
    if "scheduled" in steps:
        a_procedure(world, ist(3, "11:00"))
        world.when(ScheduleService(service_request_id="sreq_1", appointment_id="appt_peel"), actor=DESK)
    assert world.at(ist(3, "12:00")).when(performed(ist(3, "11:00")), actor=DOCTOR) == [event(3)]
    assert world.state("service_request", "sreq_1").status == "completed"
    assert refused(world, performed(ist(3, "11:30")), DOCTOR).code == "INVALID_STATE"


def test_what_nobody_advised_makes_a_stream_of_its_own() -> None:
    """It never enters the conversion, not even while advice of it is open (B2)."""
    world = advised().at(ist(2, "11:00"))
    assert world.when(performed(ist(2, "11:00"), None), actor=DESK, id="sreq_2") == [event(2, is_advised=False)]
    assert world.log[-1][:2] == ("service_request", "sreq_2")
    assert world.state("service_request", "sreq_1").status == "active"
    state = world.state("service_request", "sreq_2")
    assert (state.status, state.patient_id, state.advising_branch_id) == ("completed", "pat_asha", "")


def test_late_performance_after_the_window() -> None:
    """A performance at the very end of the thirty days is late: the window is half-open."""
    for clock, is_late in (("10:29", False), ("10:30", True)):
        (found,) = advised().at(ist(3, "12:00", 12)).when(performed(ist(2, clock, 12)), actor=DOCTOR)
        assert isinstance(found, ServicePerformed) and (found.advised, found.late) == (True, is_late)


@pytest.mark.parametrize("answer", ["declined", "revoked"])
def test_what_was_declined_or_revoked_is_not_performed(answer: str) -> None:
    world = advised()
    if answer == "declined":
        world.when(RespondToAdvice(service_request_id="sreq_1", decision="declined"), actor=DESK)
    else:
        world.when(RevokeServiceRequest(service_request_id="sreq_1", reason="allergic"), actor=DOCTOR)
    world.at(ist(3, "12:00"))
    assert refused(world, performed(ist(3, "11:00")), DOCTOR).code == "INVALID_STATE"
    assert world.when(performed(ist(3, "11:00"), None), actor=DOCTOR) == [event(3, is_advised=False)]


def advised_twice() -> Scenario:
    """sreq_0 a day after sreq_1."""
    world = advised().at(ist(3, "10:30"))
    world.when(advise(), actor=DOCTOR, id="sreq_0")
    return world


def test_a_performance_belongs_to_the_oldest_open_advice() -> None:
    world = advised_twice().at(ist(4, "12:00"))
    refusal = refused(world, performed(ist(4, "11:00"), "sreq_0"), DOCTOR)
    assert (refusal.code, refusal.details["service_request_id"]) == ("INVALID_STATE", "sreq_1")
    world.when(performed(ist(4, "11:00")), actor=DOCTOR)
    assert world.state("service_request", "sreq_0").status == "active"
    assert world.when(performed(ist(4, "11:30"), "sreq_0"), actor=DOCTOR)


def test_of_another_service_or_no_longer_open_it_is_in_nobodys_way() -> None:
    world = advised().at(ist(3, "10:30"))
    world.when(advise(service_id="svc_consult"), actor=DOCTOR, id="sreq_0")
    world.at(ist(3, "12:00"))
    assert world.when(performed(ist(3, "11:00"), "sreq_0", service_id="svc_consult"), actor=DOCTOR)
    world = advised_twice().at(ist(2, "12:00", 12))  # the first has expired, the second is open until the 3rd
    assert refused(world, performed(ist(2, "11:00", 12)), DOCTOR).details["service_request_id"] == "sreq_0"
    (found,) = world.when(performed(ist(2, "11:00", 12), "sreq_0"), actor=DOCTOR)
    assert isinstance(found, ServicePerformed) and not found.late
    assert world.when(performed(ist(2, "11:00", 12)), actor=DOCTOR)  # nothing open is left: late, but advised


def test_advice_under_a_merged_record_is_older_too() -> None:
    world = a_visit(advised(), "enc_2", ist(3, "10:00"), patient_id="pat_bala").at(ist(3, "10:30"))
    world.when(advise(encounter_id="enc_2"), actor=DOCTOR, id="sreq_2")
    merged = PatientsMerged(survivor_id="pat_bala", duplicate_id="pat_asha", reason="registered twice")
    world.given("patient", "pat_bala", merged).at(ist(3, "12:00"))
    newer = performed(ist(3, "11:00"), "sreq_2", encounter_id="enc_2")
    assert refused(world, newer, DOCTOR).details["service_request_id"] == "sreq_1"
    assert world.when(performed(ist(3, "11:00"), encounter_id="enc_2"), actor=DOCTOR)


def test_another_doctor_may_perform_it_but_only_the_performer_or_the_desk_records_it() -> None:
    world = advised().at(ist(2, "12:00"))
    theirs = performed(ist(2, "11:00"), practitioner_id="prac_iyer")
    assert refused(world, theirs, DOCTOR).code == "FORBIDDEN"
    (found,) = world.when(theirs, actor=SURGEON)
    assert isinstance(found, ServicePerformed) and found.performer_id == "prac_iyer"
    north = Actor(type="user", id="stf_north", roles=("FD",), branch_scope=("brn_north",))
    assert refused(advised(), performed(ist(2, "10:30")), north).code == "FORBIDDEN_BRANCH"


def test_what_does_not_fit_the_advice() -> None:
    world = a_visit(advised(), "enc_2", ist(2, "10:20"), patient_id="pat_bala").at(ist(2, "12:00"))
    at = ist(2, "11:00")
    for command, code in (
        (performed(at, encounter_id="enc_2"), "VALIDATION_FAILED"),
        (performed(at, service_id="svc_consult"), "VALIDATION_FAILED"),
        (performed(ist(2, "10:29")), "VALIDATION_FAILED"),
        (performed(ist(2, "12:01")), "VALIDATION_FAILED"),
        (performed(at, "sreq_9"), "NOT_FOUND"),
        (performed(at, None, service_id="svc_nothing"), "NOT_FOUND"),
        (performed(at, practitioner_id="prac_nobody"), "NOT_FOUND"),
        (performed(at, encounter_id="enc_9"), "NOT_FOUND"),
    ):
        assert refused(world, command, DESK).code == code
    assert refused(world, performed(at, None), DESK, "sreq_1").code == "ALREADY_EXISTS"


def test_an_encounter_with_a_performed_service_is_not_cancelled() -> None:
    """C47; advice alone does not keep it."""
    world = a_visit(seen(), "enc_2", ist(2, "10:20"), is_finished=False)
    world.when(advise(encounter_id="enc_2"), actor=DOCTOR, id="sreq_1")
    cancel = CancelEncounter(encounter_id="enc_2", reason="opened by mistake")
    other = a_visit(seen(), "enc_2", ist(2, "10:20"), is_finished=False)
    other.when(advise(encounter_id="enc_2"), actor=DOCTOR)
    assert other.when(cancel, actor=MANAGER)
    world.when(performed(ist(2, "10:30"), encounter_id="enc_2"), actor=DOCTOR)
    assert refused(world, cancel, MANAGER).code == "INVALID_STATE"
    assert refused(other, performed(ist(2, "10:30"), None, encounter_id="enc_2"), DESK).code == "INVALID_STATE"
