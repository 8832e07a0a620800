"""Hold, book, confirm, expire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from event_store.aggregates.appointment.commands import Caller, CancelAppointment
from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentHeld,
    CallerPii,
)
from event_store.aggregates.branch.events import BranchClosed
from event_store.aggregates.patient.events import ConsentWithdrawn
from event_store.aggregates.practitioner.events import PractitionerRole, PractitionerUpdated
from event_store.aggregates.schedule.events import ScheduleBlocked, SlotOverridden
from mymedic.messages import Actor
from mymedic.policies import DepositBody
from tests.unit.event_store.clinic import (
    DEPOSIT,
    DESK,
    PATIENT,
    PRICE,
    a_clinic,
    a_patient,
    a_price,
    book,
    booked,
    captured,
    hold,
    ist,
    publish,
    refused,
)


def test_a_hold_pins_slot_price_deposit_and_policies() -> None:
    world = a_clinic()
    (event,) = world.when(hold(), actor=PATIENT, id="appt_1", channel="portal")
    assert event == AppointmentHeld(
        patient_id="pat_asha",
        slot_id="slot_tue18",
        token_no=1,
        schedule_id="sch_rao",
        practitioner_id="prac_rao",
        branch_id="brn_south",
        specialty_id="spc_derm",
        service_id="svc_consult",
        visit_type="new",
        mode="in_person",
        start_at=ist(3, "18:00"),
        end_at=ist(3, "18:15"),
        price_quoted_paise=PRICE,
        price_version_id="prc_svc_consult_80000",
        list_price_paise=PRICE,
        deposit_required_paise=DEPOSIT,
        hold_expires_at=ist(2, "10:15"),
        policy_version_ids=("pol_default_cancellation", "pol_deposit_tenant"),
        booking_channel="portal",
    )
    assert world.state("appointment", "appt_1").status == "pending"
    assert world.held["slot_token", "slot_tue18#01"] == ("appt_1", "")
    assert len([1 for kind, _ in world.held if kind == "patient_time"]) == 3


def test_the_branch_policy_goes_before_the_tenants() -> None:
    world = a_clinic()
    publish(world, "deposit", DepositBody(mode="fixed", fixed_paise=10_000), branch_id="brn_south")
    (event,) = world.when(hold(), actor=PATIENT)
    assert isinstance(event, AppointmentHeld)
    assert event.deposit_required_paise == 10_000
    assert event.policy_version_ids[1] == "pol_deposit_brn_south"


def test_the_nearest_price_is_quoted() -> None:
    world = a_clinic()
    world.given("price", "svc_consult", a_price("svc_consult", 90_000, branch_id="brn_south"))
    refusal = refused(world, hold())
    assert refusal.code == "PRICE_CHANGED"
    assert refusal.details["price_paise"] == 90_000
    (event,) = world.when(hold(price=90_000), actor=PATIENT)
    assert isinstance(event, AppointmentHeld) and event.price_version_id == "prc_svc_consult_90000"


def test_a_hold_without_a_deposit_is_no_hold() -> None:
    assert refused(a_clinic(deposit=DepositBody()), hold()).code == "VALIDATION_FAILED"


def test_a_slot_that_is_not_there() -> None:
    assert refused(a_clinic(), hold("slot_none")).code == "SLOT_NOT_FOUND"


def test_a_blocked_slot() -> None:
    world = a_clinic()
    world.given(
        "schedule",
        "sch_rao",
        ScheduleBlocked(
            block_id="blk_1",
            start_at=ist(3, "17:00"),
            end_at=ist(3, "19:00"),
            reason="leave",
            on_conflict="reject",
            affected_slot_ids=("slot_tue18", "slot_tue1815"),
        ),
    )
    assert refused(world, hold()).code == "SLOT_BLOCKED"


def test_a_closed_slot() -> None:
    world = a_clinic()
    world.given("schedule", "sch_rao", SlotOverridden(slot_id="slot_tue18", action="close", reason="training"))
    assert refused(world, hold()).code == "SLOT_UNAVAILABLE"


def test_a_slot_that_has_begun_is_past_but_for_a_walk_in() -> None:
    world = a_clinic().at(ist(3, "18:00"))
    assert refused(world, hold()).code == "SLOT_IN_PAST"
    world.at(ist(3, "18:15"))
    assert refused(world, book()).code == "SLOT_IN_PAST"
    (event,) = world.when(book(walk_in=True, channel="walk_in"), actor=DESK)
    assert isinstance(event, AppointmentBooked) and event.walk_in


def test_a_walk_in_comes_at_most_fifteen_minutes_late() -> None:
    world = a_clinic().at(ist(3, "18:15") + timedelta(seconds=1))
    assert refused(world, book(walk_in=True)).code == "SLOT_IN_PAST"


def test_a_token_is_taken_once() -> None:
    world = booked(a_clinic())
    assert refused(world, hold(patient_id="pat_bala")).code == "SLOT_UNAVAILABLE"


def test_inv_a1_tokens_count_up_to_the_capacity_and_the_lowest_free_one_is_given() -> None:
    world = a_clinic()
    a_patient(world, "pat_cara")
    first, second = (
        world.when(book("slot_thu18", patient_id), actor=DESK, id=f"appt_{patient_id}")[0]
        for patient_id in ("pat_asha", "pat_bala")
    )
    assert isinstance(first, AppointmentBooked) and isinstance(second, AppointmentBooked)
    assert (first.token_no, second.token_no) == (1, 2)
    assert refused(world, book("slot_thu18", "pat_cara")).code == "SLOT_UNAVAILABLE"


def test_inv_a2_a_patient_sits_in_one_place() -> None:
    world = booked(a_clinic())
    world.given("schedule", "sch_iyer", SlotOverridden(**extra_slot("slot_same_time")))
    refusal = refused(world, book("slot_same_time"))
    assert refusal.code == "PATIENT_DOUBLE_BOOKED"
    assert refusal.details["appointment_id"] == "appt_1"


def extra_slot(slot_id: str) -> dict[str, Any]:
    return {
        "slot_id": slot_id,
        "action": "add_extra",
        "start_at": ist(3, "18:10"),
        "end_at": ist(3, "18:25"),
        "capacity": 1,
        "mode": "in_person",
        "reason": "extra hour",
    }


def test_back_to_back_appointments_do_not_overlap() -> None:
    world = booked(a_clinic())
    assert world.when(book("slot_tue1815"), actor=DESK)


def test_no_price_no_booking() -> None:
    world = a_clinic()
    world.states.pop(("price", "svc_consult"))
    assert refused(world, hold()).code == "PRICE_NOT_FOUND"


def test_care_needs_consent() -> None:
    world = a_clinic()
    world.given("patient", "pat_asha", ConsentWithdrawn(purpose="care"))
    assert refused(world, hold()).code == "CONSENT_REQUIRED"
    assert refused(world, book()).code == "CONSENT_REQUIRED"


def test_an_unknown_patient() -> None:
    assert refused(a_clinic(), hold(patient_id="pat_nobody")).code == "NOT_FOUND"


def test_an_inactive_practitioner_takes_no_bookings() -> None:
    world = a_clinic()
    world.given("practitioner", "prac_rao", PractitionerUpdated(active=False, effective_on=ist(2, "09:00").date()))
    assert refused(world, hold()).code == "PRACTITIONER_INACTIVE"


def test_a_closed_branch_takes_no_bookings() -> None:
    world = a_clinic()
    world.given("branch", "brn_south", BranchClosed(closed_on=ist(3, "09:00").date(), reason="lease"))
    assert refused(world, hold()).code == "BRANCH_CLOSED"


def test_a_desk_books_in_its_own_branches() -> None:
    elsewhere = Actor(type="user", id="stf_north", roles=("FD",), branch_scope=("brn_north",))
    assert refused(a_clinic(), book(), elsewhere).code == "FORBIDDEN_BRANCH"


def test_a_service_or_a_mode_that_the_slot_does_not_offer() -> None:
    world = a_clinic()
    assert refused(world, book(service_id="svc_peel")).code == "SLOT_UNAVAILABLE"
    assert refused(world, book("slot_video")).code == "SLOT_UNAVAILABLE"
    (event,) = world.when(book("slot_video", visit_type="tele"), actor=DESK)
    assert isinstance(event, AppointmentBooked) and event.mode == "tele"


def test_a_booking_needs_its_deposit_or_a_waiver_of_the_desk() -> None:
    world = a_clinic()
    assert refused(world, book(deposit_waiver_reason=None)).code == "DEPOSIT_REQUIRED"
    assert refused(world, book(), PATIENT).code == "FORBIDDEN"
    (event,) = world.when(book(), actor=DESK)
    assert isinstance(event, AppointmentBooked)
    assert event.deposit_waiver_reason == "known to the doctor"
    assert (event.deposit_required_paise, event.deposit_paid_paise) == (DEPOSIT, 0)


def test_a_deposit_paid_at_the_counter_first_books_at_once() -> None:
    world = a_clinic()
    captured(world, "pay_1", "appt_1", DEPOSIT)
    (event,) = world.when(book(deposit_waiver_reason=None), actor=DESK, id="appt_1")
    assert isinstance(event, AppointmentBooked)
    assert event.deposit_paid_paise == DEPOSIT and event.deposit_waiver_reason is None


def test_a_patient_books_what_needs_no_deposit() -> None:
    world = a_clinic(deposit=DepositBody())
    (event,) = world.when(book(deposit_waiver_reason=None, channel="portal"), actor=PATIENT)
    assert isinstance(event, AppointmentBooked) and event.deposit_required_paise == 0


def test_a_patient_does_not_choose_a_channel_without_deposits() -> None:
    world = a_clinic(deposit=DepositBody(mode="bps", bps=5000, channels=("portal",)))
    assert refused(world, book(deposit_waiver_reason=None), PATIENT).code == "FORBIDDEN"
    walk_in = book(deposit_waiver_reason=None, channel="portal", walk_in=True)
    assert refused(world, walk_in, PATIENT).code == "FORBIDDEN"
    portal = book(deposit_waiver_reason=None, channel="portal")
    assert refused(world, portal, PATIENT).code == "DEPOSIT_REQUIRED"
    assert world.when(book(deposit_waiver_reason=None), actor=DESK)


def test_a_booking_names_the_department_of_the_practitioner() -> None:
    world = a_clinic()
    role = PractitionerRole(branch_id="brn_south", department_id="dep_skin", share_bps=0, from_=ist(2, "09:00").date())
    update = PractitionerUpdated(roles=(role,), effective_on=ist(3, "09:00").date())
    world.given("practitioner", "prac_rao", update)
    (event,) = world.when(book(), actor=DESK)
    assert isinstance(event, AppointmentBooked) and event.department_id == "dep_skin"


def test_the_caller_is_sealed() -> None:
    (event,) = a_clinic().when(book(caller=Caller(name="Uma", phone="9876543210")), actor=DESK)
    assert isinstance(event, AppointmentBooked)
    assert event.pii == CallerPii(caller_name="Uma", caller_phone="9876543210")


def test_inv_a1_a_lowered_capacity_counts_the_tokens_above_it() -> None:
    world = booked(a_clinic(), "appt_1", "slot_thu18")
    world.when(book("slot_thu18", "pat_bala"), actor=DESK, id="appt_2")
    cancel = CancelAppointment(appointment_id="appt_1", initiator="provider", reason_code="other")
    world.when(cancel, actor=DESK)
    lower = SlotOverridden(slot_id="slot_thu18", action="lower_capacity", capacity=1, reason="short day")
    world.given("schedule", "sch_rao", lower)
    assert refused(world, book("slot_thu18")).code == "SLOT_UNAVAILABLE"
