"""Moving to another slot."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CancelAppointment, ConfirmAppointment, RescheduleAppointment
from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRescheduled,
    FromSlot,
    ToSlot,
)
from event_store.aggregates.encounter.commands import StartEncounter
from mymedic.messages import Actor
from mymedic.policies import CancellationBody
from tests.scenario import Scenario
from tests.unit.event_store.clinic import (
    DEPOSIT,
    DESK,
    DOCTOR,
    PATIENT,
    TIMER,
    a_clinic,
    a_price,
    book,
    booked,
    captured,
    hold,
    ist,
    refused,
)


def move(new_slot_id: str, initiator: Any = "patient") -> RescheduleAppointment:
    return RescheduleAppointment(
        appointment_id="appt_1", new_slot_id=new_slot_id, initiator=initiator, reason_code="time_conflict"
    )


def moved(world: Scenario, new_slot_id: str, initiator: Any = "patient") -> AppointmentRescheduled:
    (event,) = world.when(move(new_slot_id, initiator), actor=DESK)
    assert isinstance(event, AppointmentRescheduled)
    return event


def test_the_token_and_the_patients_time_move_in_one_step() -> None:
    world = booked(a_clinic())
    assert moved(world, "slot_thu18") == AppointmentRescheduled(
        from_=FromSlot(
            slot_id="slot_tue18",
            token_no=1,
            start_at=ist(3, "18:00"),
            practitioner_id="prac_rao",
            branch_id="brn_south",
        ),
        to=ToSlot(
            slot_id="slot_thu18",
            token_no=1,
            start_at=ist(5, "18:00"),
            end_at=ist(5, "18:15"),
            practitioner_id="prac_rao",
            branch_id="brn_south",
        ),
        initiator="patient",
        reason_code="time_conflict",
        lead_seconds=32 * 3600,
        penalty_floor_bps=0,
        reschedule_count=1,
    )
    assert ("slot_token", "slot_tue18#01") not in world.held
    assert world.held["slot_token", "slot_thu18#01"] == ("appt_1", "")
    assert len([1 for kind, _ in world.held if kind == "patient_time"]) == 3
    assert world.when(book("slot_tue18", "pat_bala"), actor=DESK)


def test_a_move_that_overlaps_its_own_old_time_is_fine() -> None:
    world = booked(a_clinic(), slot_id="slot_tue18")
    assert moved(world, "slot_tue1815")


def test_a_move_onto_another_appointment_of_the_patient() -> None:
    world = booked(a_clinic())
    booked(world, "appt_2", "slot_thu18")
    refusal = refused(world, move("slot_thu18"))
    assert (refusal.code, refusal.details["appointment_id"]) == ("PATIENT_DOUBLE_BOOKED", "appt_2")


def test_a_move_into_a_taken_or_unknown_or_past_slot() -> None:
    world = booked(a_clinic())
    world.when(book("slot_wed18", "pat_bala"), actor=DESK)
    assert refused(world, move("slot_wed18")).code == "SLOT_UNAVAILABLE"
    assert refused(world, move("slot_none")).code == "SLOT_NOT_FOUND"
    assert refused(world, move("slot_mon10")).code == "SLOT_IN_PAST"
    assert refused(world, move("slot_tue18")).code == "VALIDATION_FAILED"


def test_a_patient_moves_twice_and_the_provider_as_often_as_needed() -> None:
    world = booked(a_clinic())
    assert moved(world, "slot_wed18").reschedule_count == 1
    assert moved(world, "slot_thu18", "provider").reschedule_count == 2
    assert moved(world, "slot_fri18").reschedule_count == 3
    assert refused(world, move("slot_tue18")).code == "RESCHEDULE_LIMIT"
    assert moved(world, "slot_tue18", "provider").reschedule_count == 4


def test_a_patient_moves_in_time() -> None:
    world = booked(a_clinic(cancellation=CancellationBody(min_reschedule_lead_seconds=7200)))
    world.at(ist(3, "16:00"))
    assert moved(world, "slot_wed18").lead_seconds == 7200
    world = booked(a_clinic(cancellation=CancellationBody(min_reschedule_lead_seconds=7200)))
    world.at(ist(3, "16:01"))
    assert refused(world, move("slot_wed18")).code == "RESCHEDULE_TOO_LATE"
    assert moved(world, "slot_wed18", "provider")


def test_a_patient_does_not_move_what_has_begun() -> None:
    world = booked(a_clinic()).at(ist(3, "18:01"))
    assert refused(world, move("slot_wed18")).code == "RESCHEDULE_TOO_LATE"


def test_a_patient_acts_as_the_patient() -> None:
    world = booked(a_clinic())
    assert refused(world, move("slot_wed18", "provider"), PATIENT).code == "FORBIDDEN"
    assert world.when(move("slot_wed18"), actor=PATIENT)


@pytest.mark.parametrize("actor", [DOCTOR, TIMER])
def test_others_act_for_the_provider(actor: Actor) -> None:
    assert booked(a_clinic()).when(move("slot_wed18", "provider"), actor=actor)


def test_r_pol_4_a_late_move_leaves_its_penalty_behind() -> None:
    world = booked(a_clinic(), held=DEPOSIT).at(ist(3, "12:00"))
    assert moved(world, "slot_fri18").penalty_floor_bps == 5000
    assert moved(world, "slot_thu18").penalty_floor_bps == 5000  # moved in time: the floor neither falls nor rises
    cancel = CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="cost")
    (event,) = world.when(cancel, actor=PATIENT)
    assert isinstance(event, AppointmentCancelled)
    assert (event.tier_bps, event.eff_bps) == (0, 5000)
    assert (event.forfeit_paise, event.refund_paise) == (20_000, 20_000)


def test_r_pol_4_the_providers_move_adds_and_resets_nothing() -> None:
    world = booked(a_clinic()).at(ist(3, "17:00"))
    assert moved(world, "slot_wed18", "provider").penalty_floor_bps == 0
    world.at(ist(4, "17:00"))
    assert moved(world, "slot_thu18").penalty_floor_bps == 10_000
    assert moved(world, "slot_fri18", "provider").penalty_floor_bps == 10_000


def test_the_price_stays_unless_another_place_has_another() -> None:
    world = booked(a_clinic())
    world.given("price", "svc_consult", a_price("svc_consult", 95_000, branch_id="brn_south"))
    assert moved(world, "slot_wed18").price_quoted_paise is None
    assert moved(world, "slot_iyer").price_quoted_paise is None
    world = booked(a_clinic())
    world.given("price", "svc_consult", a_price("svc_consult", 95_000, branch_id="brn_north"))
    event = moved(world, "slot_iyer")
    assert (event.price_quoted_paise, event.price_version_id) == (95_000, "prc_svc_consult_95000")
    state = world.state("appointment", "appt_1")
    assert (state.price_quoted_paise, state.branch_id, state.practitioner_id) == (95_000, "brn_north", "prac_iyer")
    assert state.deposit_required_paise == DEPOSIT


def test_a_held_appointment_moves_and_is_confirmed_where_it_is() -> None:
    world = a_clinic()
    world.when(hold(), actor=PATIENT, id="appt_1")
    world.when(move("slot_iyer"), actor=PATIENT)
    assert world.state("appointment", "appt_1").status == "pending"
    captured(world, "pay_1", "appt_1", DEPOSIT)
    (event,) = world.when(ConfirmAppointment(appointment_id="appt_1", payment_id="pay_1"), actor=TIMER)
    assert isinstance(event, AppointmentBooked)
    assert (event.slot_id, event.schedule_id, event.branch_id) == ("slot_iyer", "sch_iyer", "brn_north")


def test_what_is_over_or_under_way_does_not_move() -> None:
    world = a_clinic()
    world.when(book("slot_video", visit_type="tele"), actor=DESK, id="appt_1")
    world.at(ist(3, "12:00"))
    world.when(StartEncounter(appointment_id="appt_1", class_="VR"), actor=DOCTOR, id="enc_1")
    assert refused(world, move("slot_wed18", "provider")).code == "INVALID_STATE"
    world = booked(a_clinic())
    world.when(
        CancelAppointment(appointment_id="appt_1", initiator="provider", reason_code="provider_leave"), actor=DESK
    )
    assert refused(world, move("slot_wed18", "provider")).code == "INVALID_STATE"
