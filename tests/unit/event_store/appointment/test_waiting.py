"""C37, C38: the waitlist, the offer of a seat, and the patient's yes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from event_store.aggregates.appointment.commands import (
    CancelAppointment,
    ConfirmAppointment,
    ExpireHold,
    JoinWaitlist,
    MarkAppointmentError,
    OfferWaitlistSlot,
)
from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentHeld,
    WaitlistJoined,
    WaitlistOffered,
)
from event_store.aggregates.branch.events import BranchClosed
from event_store.aggregates.patient.events import ConsentWithdrawn, PatientsMerged
from event_store.aggregates.practitioner.events import PractitionerUpdated
from event_store.aggregates.schedule.events import ScheduleBlocked
from event_store.aggregates.tenant.events import SpecialtyDefined
from mymedic.policies import DepositBody
from tests.scenario import Scenario
from tests.unit.event_store.clinic import (
    DEPOSIT,
    DESK,
    MANAGER,
    PATIENT,
    PRICE,
    TENANT,
    TIMER,
    a_clinic,
    a_patient,
    book,
    captured,
    hold,
    ist,
    refused,
)

TUESDAY, THURSDAY = date(2026, 11, 3), date(2026, 11, 5)


def join(patient_id: str = "pat_asha", **changes: Any) -> JoinWaitlist:
    fields: dict[str, Any] = {
        "patient_id": patient_id,
        "specialty_id": "spc_derm",
        "branch_id": "brn_south",
        "earliest": TUESDAY,
        "latest": THURSDAY,
    }
    return JoinWaitlist(**{**fields, **changes})


def offer(appointment_id: str = "appt_1", slot_id: str = "slot_tue18", ttl: int = 3600) -> OfferWaitlistSlot:
    return OfferWaitlistSlot(appointment_id=appointment_id, slot_id=slot_id, ttl=ttl)


def a_queue(*patient_ids: str, deposit: DepositBody | None = None, **changes: Any) -> Scenario:
    """Patients who wait since Monday 10:01, 10:02 …; as appt_1, appt_2 …"""
    world = a_clinic(deposit=deposit)
    world.given("tenant", TENANT, SpecialtyDefined(specialty_id="spc_derm", name="Dermatology"))
    for number, patient_id in enumerate(patient_ids, start=1):
        world.at(ist(2, f"10:{number:02d}")).when(join(patient_id, **changes), actor=DESK, id=f"appt_{number}")
    return world


def test_who_waits_has_a_place_and_no_seat() -> None:
    world = a_queue()
    assert world.when(join(), actor=PATIENT, id="appt_1") == [
        WaitlistJoined(
            patient_id="pat_asha",
            specialty_id="spc_derm",
            branch_id="brn_south",
            earliest_on=TUESDAY,
            latest_on=THURSDAY,
            joined_at=world.now,
        )
    ]
    assert world.state("appointment", "appt_1").status == "waitlist"
    assert not [kind for kind, _ in world.held if kind in ("slot_token", "patient_time")]


def test_waiting_for_a_practitioner_is_waiting_in_their_specialty() -> None:
    (event,) = a_queue().when(join(practitioner_id="prac_rao", specialty_id=None), actor=DESK)
    assert isinstance(event, WaitlistJoined)
    assert (event.practitioner_id, event.specialty_id) == ("prac_rao", "spc_derm")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"specialty_id": None}, "VALIDATION_FAILED"),
        ({"specialty_id": "spc_none"}, "NOT_FOUND"),
        ({"practitioner_id": "prac_none"}, "NOT_FOUND"),
        ({"practitioner_id": "prac_rao", "specialty_id": "spc_other"}, "VALIDATION_FAILED"),
        ({"branch_id": "brn_none"}, "NOT_FOUND"),
        ({"patient_id": "pat_none"}, "NOT_FOUND"),
        ({"earliest": date(2026, 11, 6)}, "VALIDATION_FAILED"),
        ({"earliest": date(2026, 10, 1), "latest": date(2026, 11, 1)}, "VALIDATION_FAILED"),
    ],
)
def test_joining_is_refused(changes: dict[str, Any], code: str) -> None:
    assert refused(a_queue(), join(**changes)).code == code


def test_nobody_waits_for_who_has_left_or_closed() -> None:
    world = a_queue()
    world.given("practitioner", "prac_rao", PractitionerUpdated(active=False, effective_on=TUESDAY))
    assert refused(world, join(practitioner_id="prac_rao")).code == "PRACTITIONER_INACTIVE"
    world.given("branch", "brn_south", BranchClosed(closed_on=TUESDAY, reason="lease"))
    assert refused(world, join()).code == "BRANCH_CLOSED"


def test_one_active_entry_per_patient_specialty_and_branch() -> None:
    world = a_queue("pat_asha")
    refusal = refused(world, join(latest=TUESDAY))
    assert (refusal.code, refusal.details["appointment_id"]) == ("ALREADY_EXISTS", "appt_1")
    world.when(join(branch_id="brn_north"), actor=DESK)
    world.when(join("pat_bala"), actor=DESK)
    leave = CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="went_elsewhere")
    assert world.when(leave, actor=PATIENT) == [
        AppointmentCancelled(
            initiator="patient",
            reason_code="went_elsewhere",
            lead_seconds=0,
            tier_bps=0,
            eff_bps=0,
            held_paise=0,
            forfeit_paise=0,
            refund_paise=0,
            policy_version_id="pol_default_cancellation",
        )
    ]
    assert world.state("appointment", "appt_1").status == "cancelled"
    world.when(join(), actor=DESK)


def test_what_was_paid_ahead_of_an_offer_goes_back_whole() -> None:
    """R-POL-2 knows no tier for who only waited (INV-A4)."""
    world = a_queue("pat_asha")
    captured(world, "pay_1", "appt_1", 30_000)
    leave = CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="cost")
    (event,) = world.when(leave, actor=PATIENT)
    assert isinstance(event, AppointmentCancelled)
    assert (event.held_paise, event.forfeit_paise, event.refund_paise) == (30_000, 0, 30_000)
    assert [(part.payment_id, part.refund_paise) for part in event.plan] == [("pay_1", 30_000)]


def test_one_entry_whatever_record_of_the_patient_it_is() -> None:
    world = a_queue("pat_asha")
    world.given("patient", "pat_bala", PatientsMerged(survivor_id="pat_bala", duplicate_id="pat_asha", reason="one"))
    assert refused(world, join("pat_bala")).code == "ALREADY_EXISTS"
    assert refused(world, join("pat_asha")).code == "PATIENT_MERGED"
    (_, held) = world.when(offer(), actor=TIMER)
    assert isinstance(held, AppointmentHeld) and held.patient_id == "pat_asha"


def test_an_entry_made_in_error_leaves_the_queue() -> None:
    world = a_queue("pat_asha")
    world.when(MarkAppointmentError(appointment_id="appt_1", reason="wrong patient"), actor=MANAGER)
    world.when(join(), actor=DESK)


def test_an_offer_is_a_hold() -> None:
    world = a_queue("pat_asha")
    offered, held = world.when(offer(), actor=TIMER)
    expires_at = ist(2, "11:01")
    assert offered == WaitlistOffered(slot_id="slot_tue18", offer_expires_at=expires_at)
    assert isinstance(held, AppointmentHeld)
    assert (held.slot_id, held.token_no, held.service_id, held.visit_type) == ("slot_tue18", 1, "svc_consult", "new")
    assert (held.price_quoted_paise, held.deposit_required_paise) == (PRICE, DEPOSIT)
    assert held.hold_expires_at == expires_at
    state = world.state("appointment", "appt_1")
    assert (state.status, state.is_offered) == ("pending", True)
    assert not [kind for kind, _ in world.held if kind == "waitlist"]
    assert refused(world, offer(), TIMER).code == "INVALID_STATE"
    captured(world, "pay_1", "appt_1", DEPOSIT)
    (booked,) = world.when(ConfirmAppointment(appointment_id="appt_1", payment_id="pay_1"), actor=TIMER)
    assert isinstance(booked, AppointmentBooked) and booked.deposit_paid_paise == DEPOSIT


def test_an_offer_that_nobody_takes_runs_out() -> None:
    world = a_queue("pat_asha", "pat_bala")
    world.when(offer(), actor=TIMER)
    world.at(ist(2, "11:02")).when(ExpireHold(appointment_id="appt_1"), actor=TIMER)
    assert world.state("appointment", "appt_1").status == "cancelled"
    assert world.when(offer("appt_2"), actor=TIMER)


def test_an_offer_ends_before_its_seat_begins() -> None:
    world = a_queue("pat_asha").at(ist(3, "17:50"))
    offered, _ = world.when(offer(), actor=TIMER)
    assert isinstance(offered, WaitlistOffered) and offered.offer_expires_at == ist(3, "18:00")


def accept(**changes: Any) -> Any:
    return book(appointment_id="appt_1", **{"channel": "portal", "deposit_waiver_reason": None, **changes})


def test_an_offer_without_deposit_is_taken_by_booking_it() -> None:
    world = a_queue("pat_asha", deposit=DepositBody())
    world.when(offer(), actor=TIMER)
    (booked,) = world.when(accept(), actor=PATIENT)
    assert isinstance(booked, AppointmentBooked)
    assert (booked.slot_id, booked.deposit_required_paise, booked.booking_channel) == ("slot_tue18", 0, "api")
    assert refused(world, accept(), PATIENT).code == "ALREADY_EXISTS"


def test_the_desk_takes_an_offer_for_the_patient_as_any_booking() -> None:
    world = a_queue("pat_asha")
    world.when(offer(), actor=TIMER)
    assert refused(world, accept(), PATIENT).code == "DEPOSIT_REQUIRED"
    assert refused(world, accept(slot_id="slot_wed18")).code == "VALIDATION_FAILED"
    assert refused(world, accept(quoted_price_paise=1)).code == "PRICE_CHANGED"
    world.at(ist(2, "11:01"))
    assert refused(world, accept(deposit_waiver_reason="rang")).code == "HOLD_EXPIRED"
    world.at(ist(2, "11:00"))
    (booked,) = world.when(accept(deposit_waiver_reason="rang"), actor=DESK)
    assert isinstance(booked, AppointmentBooked) and booked.deposit_waiver_reason == "rang"


def test_only_an_offer_is_booked_under_its_id() -> None:
    world = a_queue("pat_asha")
    assert refused(world, accept(deposit_waiver_reason="rang")).code == "ALREADY_EXISTS"  # still waiting
    world.when(hold("slot_wed18"), actor=DESK, id="appt_2")
    other = book("slot_wed18", appointment_id="appt_2")
    assert refused(world, other).code == "ALREADY_EXISTS"


def test_first_come_first_served() -> None:
    world = a_queue("pat_bala", "pat_asha")
    refusal = refused(world, offer("appt_2"), TIMER)
    assert (refusal.code, refusal.details["appointment_id"]) == ("SLOT_UNAVAILABLE", "appt_1")
    world.when(offer("appt_1"), actor=TIMER)
    assert world.when(offer("appt_2", "slot_tue1815"), actor=DESK)


def test_who_cannot_take_the_seat_is_passed_over() -> None:
    world = a_queue("pat_bala", "pat_asha")
    world.when(book("slot_thu18", "pat_bala"), actor=DESK)
    world.when(offer("appt_2", "slot_thu18"), actor=TIMER)  # the first one is there already at that time

    world = a_queue("pat_bala", "pat_asha")
    world.given("patient", "pat_bala", ConsentWithdrawn(purpose="care"))
    assert refused(world, offer("appt_1"), TIMER).code == "CONSENT_REQUIRED"
    world.when(offer("appt_2"), actor=TIMER)

    world = a_queue()
    world.when(join("pat_bala", earliest=THURSDAY), actor=DESK, id="appt_1")
    world.when(join("pat_asha"), actor=DESK, id="appt_2")
    assert refused(world, offer("appt_1"), TIMER).code == "SLOT_UNAVAILABLE"
    world.when(offer("appt_2"), actor=TIMER)


def test_equal_instants_are_served_by_id() -> None:
    world = a_queue()
    for number, patient_id in ((2, "pat_asha"), (1, "pat_bala")):
        world.when(join(patient_id), actor=DESK, id=f"appt_{number}")
    assert refused(world, offer("appt_2"), TIMER).code == "SLOT_UNAVAILABLE"
    world.when(offer("appt_1"), actor=TIMER)


def test_a_seat_elsewhere_or_not_free_is_not_offered() -> None:
    world = a_queue("pat_asha", practitioner_id="prac_rao")
    a_patient(world, "pat_uma")
    assert refused(world, offer(slot_id="slot_iyer"), TIMER).code == "SLOT_UNAVAILABLE"
    assert refused(world, offer(slot_id="slot_fri18"), TIMER).code == "SLOT_UNAVAILABLE"
    assert refused(world, offer(slot_id="slot_none"), TIMER).code == "SLOT_NOT_FOUND"
    world.when(book("slot_tue18", "pat_uma"), actor=DESK)
    assert refused(world, offer(), TIMER).code == "SLOT_UNAVAILABLE"
    block = ScheduleBlocked(
        block_id="blk_1", start_at=ist(4, "00:00"), end_at=ist(5, "00:00"), reason="leave", on_conflict="reject"
    )
    world.given("schedule", "sch_rao", block)
    assert refused(world, offer(slot_id="slot_wed18"), TIMER).code == "SLOT_BLOCKED"
    assert refused(world.at(ist(3, "18:20")), offer(slot_id="slot_tue1815"), TIMER).code == "SLOT_IN_PAST"


def test_a_video_slot_is_offered_as_a_video_visit() -> None:
    _, held = a_queue("pat_asha").when(offer(slot_id="slot_video"), actor=TIMER)
    assert isinstance(held, AppointmentHeld) and (held.visit_type, held.mode) == ("tele", "tele")


def test_nobody_is_seen_from_the_waitlist() -> None:
    world = a_queue("pat_asha")
    left = CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="lwbs")
    assert refused(world, left).code == "INVALID_STATE"
