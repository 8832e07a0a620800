"""C41, C42, C43, C45: advising a service and what becomes of the advice."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CancelAppointment
from event_store.aggregates.patient.events import PatientsMerged
from event_store.aggregates.service_request.commands import RespondToAdvice, RevokeServiceRequest, ScheduleService
from event_store.aggregates.service_request.events import (
    ServiceAdviceAccepted,
    ServiceAdviceDeclined,
    ServiceAdvised,
    ServiceRequestRevoked,
    ServiceScheduled,
)
from mymedic.messages import Actor
from tests.unit.event_store.clinic import DESK, DOCTOR, PATIENT, PRICE, a_price, ist, refused
from tests.unit.event_store.followup.visits import a_visit, seen
from tests.unit.event_store.service_request.advice import a_procedure, advise, advised

COLLEAGUE = Actor(type="user", id="prac_iyer", roles=("DR",), practitioner_id="prac_iyer")
NORTH = Actor(type="user", id="stf_north", roles=("FD",), branch_scope=("brn_north",))
ACCEPT = RespondToAdvice(service_request_id="sreq_1", decision="accepted")
DECLINE = RespondToAdvice(service_request_id="sreq_1", decision="declined", reason="too dear")
SCHEDULE = ScheduleService(service_request_id="sreq_1", appointment_id="appt_peel")
REVOKE = RevokeServiceRequest(service_request_id="sreq_1", reason="allergic")


def test_the_price_is_pinned_from_the_catalogue_whatever_the_screen_said() -> None:
    world = seen()
    assert world.when(advise(list_price_paise=1), actor=DOCTOR, id="sreq_1") == [
        ServiceAdvised(
            encounter_id="enc_1",
            patient_id="pat_asha",
            practitioner_id="prac_rao",
            branch_id="brn_south",
            service_id="svc_peel",
            priority="routine",
            list_price_paise=PRICE,
            price_version_id="prc_svc_peel_80000",
            window_days=30,
            advised_at=ist(2, "10:30"),
        )
    ]
    assert world.state("service_request", "sreq_1").status == "active"
    world.given("price", "svc_peel", a_price("svc_peel", 95_000, branch_id="brn_south"))
    (event,) = world.when(advise(), actor=DOCTOR)
    assert isinstance(event, ServiceAdvised) and event.list_price_paise == 95_000


def test_without_a_price_nothing_is_advised() -> None:
    assert refused(seen(), advise(service_id="svc_nothing"), DOCTOR).code == "NOT_FOUND"
    world = seen()
    del world.states["price", "svc_peel"]
    assert refused(world, advise(), DOCTOR).code == "PRICE_NOT_FOUND"


@pytest.mark.parametrize(("at", "code"), [(ist(4, "10:10"), None), (ist(4, "10:11"), "INVALID_STATE")])
def test_an_addendum_within_48_hours_of_the_end(at: Any, code: str | None) -> None:
    """The encounter ended on the 2nd at 10:10."""
    world = seen().at(at)
    if code is None:
        assert world.when(advise(), actor=DOCTOR)
    else:
        assert refused(world, advise(), DOCTOR).code == code


def test_advice_belongs_to_the_doctors_own_standing_encounter() -> None:
    world = a_visit(seen(), "enc_2", ist(2, "10:20"), is_finished=False)
    assert world.when(advise(encounter_id="enc_2"), actor=DOCTOR)
    assert refused(world, advise(practitioner_id="prac_iyer"), COLLEAGUE).code == "FORBIDDEN"
    assert refused(world, advise(encounter_id="enc_9"), DOCTOR).code == "NOT_FOUND"


@pytest.mark.parametrize("actor", [DESK, PATIENT])
def test_the_patient_answers(actor: Actor) -> None:
    world = advised()
    assert world.when(ACCEPT, actor=actor) == [ServiceAdviceAccepted(branch_id="brn_south")]
    assert world.state("service_request", "sreq_1").status == "accepted"
    assert refused(world, DECLINE, actor).code == "INVALID_STATE"
    world = advised()
    assert world.when(DECLINE, actor=actor) == [ServiceAdviceDeclined(branch_id="brn_south", reason="too dear")]
    assert refused(world, ACCEPT, actor).code == "INVALID_STATE"


def test_advice_expires_without_an_event() -> None:
    """`expired` is derived: thirty days after the advice it is neither answered, scheduled nor revoked."""
    world = advised()
    a_procedure(world, ist(2, "12:00", 12))
    state = world.state("service_request", "sreq_1")
    assert (state.status_at(ist(2, "10:29", 12)), state.status_at(ist(2, "10:30", 12))) == ("active", "expired")
    world.at(ist(2, "10:30", 12))
    for command, actor in ((ACCEPT, DESK), (DECLINE, PATIENT), (SCHEDULE, DESK), (REVOKE, DOCTOR)):
        assert refused(world, command, actor).code == "INVALID_STATE"


@pytest.mark.parametrize("is_accepted", [False, True])
def test_scheduling(is_accepted: bool) -> None:
    world = advised()
    a_procedure(world, ist(5, "11:00"))
    if is_accepted:
        world.when(ACCEPT, actor=DESK)
    assert world.when(SCHEDULE, actor=DESK) == [
        ServiceScheduled(branch_id="brn_south", appointment_id="appt_peel", scheduled_at=ist(5, "11:00"))
    ]
    state = world.state("service_request", "sreq_1")
    assert (state.status, state.status_at(ist(30, "10:00", 12))) == ("scheduled", "scheduled")
    for command, actor in ((ACCEPT, DESK), (SCHEDULE, DESK), (REVOKE, DOCTOR)):
        assert refused(world, command, actor).code == "INVALID_STATE"


def test_it_is_scheduled_for_the_same_service_and_patient() -> None:
    world = advised()
    a_procedure(world, ist(5, "11:00"), service_id="svc_consult")
    assert refused(world, SCHEDULE).code == "VALIDATION_FAILED"
    world = advised()
    a_procedure(world, ist(5, "11:00"), patient_id="pat_bala")
    assert refused(world, SCHEDULE).code == "VALIDATION_FAILED"
    merged = PatientsMerged(survivor_id="pat_bala", duplicate_id="pat_asha", reason="registered twice")
    assert world.given("patient", "pat_bala", merged).when(SCHEDULE, actor=DESK)


def test_an_appointment_that_no_longer_stands_is_no_schedule() -> None:
    world = advised()
    a_procedure(world, ist(5, "11:00"))
    cancel = CancelAppointment(appointment_id="appt_peel", initiator="patient", reason_code="cost")
    world.when(cancel, actor=DESK)
    assert refused(world, SCHEDULE).code == "INVALID_STATE"


def test_a_desk_answers_for_its_own_branch() -> None:
    world = advised()
    assert refused(world, ACCEPT, NORTH).code == "FORBIDDEN_BRANCH"
    a_procedure(world, ist(5, "11:00"))
    assert refused(world, SCHEDULE, NORTH).code == "FORBIDDEN_BRANCH"


@pytest.mark.parametrize("is_accepted", [False, True])
def test_the_doctor_takes_it_back(is_accepted: bool) -> None:
    world = advised()
    if is_accepted:
        world.when(ACCEPT, actor=DESK)
    assert refused(world, REVOKE, COLLEAGUE).code == "FORBIDDEN"
    assert world.when(REVOKE, actor=DOCTOR) == [ServiceRequestRevoked(branch_id="brn_south", reason="allergic")]
    assert refused(world, REVOKE, DOCTOR).code == "INVALID_STATE"
