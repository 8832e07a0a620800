"""Fee validity: a paid visit opens a window in which a follow-up is free."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CancelAppointment, CheckInPatient, RescheduleAppointment
from event_store.aggregates.appointment.events import AppointmentBooked, AppointmentRescheduled
from event_store.aggregates.encounter.commands import FinishEncounter, StartEncounter
from mymedic.policies import FollowUpBody
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, DOCTOR, PRICE, a_clinic, a_price, book, booked, ist, publish, refused


def visited(body: FollowUpBody | None = None) -> Scenario:
    """Seen by Dr Rao on Monday the 2nd."""
    world = a_clinic()
    if body is not None:
        publish(world, "follow_up", body)
    world.at(ist(2, "09:00"))
    booked(world, "appt_first", "slot_mon10")
    attend(world, "appt_first")
    return world.at(ist(2, "11:00"))


def attend(world: Scenario, appointment_id: str) -> None:
    world.when(CheckInPatient(appointment_id=appointment_id), actor=DESK)
    encounter_id = f"enc_{appointment_id}"
    world.when(StartEncounter(appointment_id=appointment_id, class_="AMB"), actor=DOCTOR, id=encounter_id)
    world.when(FinishEncounter(encounter_id=encounter_id, outcome="resolved"), actor=DOCTOR)


def follow_up(slot_id: str = "slot_fri18", price: int = 0, **changes: Any) -> Any:
    return book(slot_id, visit_type="follow_up", quoted_price_paise=price, **changes)


def test_a_follow_up_within_the_week_costs_nothing() -> None:
    world = visited()
    (event,) = world.when(follow_up(deposit_waiver_reason=None), actor=DESK, id="appt_2")
    assert isinstance(event, AppointmentBooked)
    assert (event.price_quoted_paise, event.list_price_paise, event.deposit_required_paise) == (0, PRICE, 0)
    assert event.policy_version_ids == ("pol_default_cancellation", "pol_deposit_tenant", "pol_default_follow_up")
    assert world.state("appointment", "appt_2").is_free_followup


def test_only_one_visit_is_free() -> None:
    world = visited()
    world.when(follow_up(), actor=DESK, id="appt_2")
    assert refused(world, follow_up("slot_thu18")).code == "PRICE_CHANGED"
    assert world.when(follow_up("slot_thu18", PRICE), actor=DESK)


def test_a_cancelled_free_visit_is_free_again() -> None:
    world = visited()
    world.when(follow_up(), actor=DESK, id="appt_2")
    world.when(
        CancelAppointment(appointment_id="appt_2", initiator="patient", reason_code="cost"),
        actor=DESK,
    )
    assert world.when(follow_up("slot_thu18"), actor=DESK)


def test_the_window_ends() -> None:
    world = visited(FollowUpBody(free_days=3))
    assert refused(world, follow_up("slot_fri18")).code == "PRICE_CHANGED"
    assert world.when(follow_up("slot_thu18"), actor=DESK)


@pytest.mark.parametrize(("same_practitioner", "price"), [(True, PRICE), (False, 0)])
def test_with_another_doctor_of_the_specialty(same_practitioner: bool, price: int) -> None:
    world = visited(FollowUpBody(same_practitioner=same_practitioner))
    (event,) = world.when(follow_up("slot_iyer", price), actor=DESK)
    assert isinstance(event, AppointmentBooked) and event.price_quoted_paise == price


def test_a_first_visit_is_paid_and_so_is_one_that_only_calls_itself_a_follow_up() -> None:
    assert refused(visited(), book(quoted_price_paise=0)).code == "PRICE_CHANGED"
    assert refused(a_clinic(), follow_up()).code == "PRICE_CHANGED"


def test_a_free_visit_opens_no_new_window() -> None:
    world = visited(FollowUpBody(free_days=2))
    world.when(follow_up("slot_wed18"), actor=DESK, id="appt_2")
    world.at(ist(4, "18:00"))
    attend(world, "appt_2")
    assert refused(world, follow_up("slot_fri18")).code == "PRICE_CHANGED"


def test_a_free_visit_stays_free_when_it_moves() -> None:
    world = visited(FollowUpBody(same_practitioner=False))
    world.when(follow_up(), actor=DESK, id="appt_2")
    world.given("price", "svc_consult", a_price("svc_consult", 95_000, branch_id="brn_north"))
    command = RescheduleAppointment(
        appointment_id="appt_2", new_slot_id="slot_iyer", initiator="patient", reason_code="time_conflict"
    )
    (event,) = world.when(command, actor=DESK)
    assert isinstance(event, AppointmentRescheduled) and event.price_quoted_paise is None
