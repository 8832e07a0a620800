"""Cancelling, its money (R-POL-2, R-POL-3, R-POL-6, R-POL-8, R-POL-9, INV-A4), and entering in error."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from event_store.aggregates.appointment.commands import (
    CancelAppointment,
    CheckInPatient,
    MarkAppointmentError,
    MarkNoShow,
)
from event_store.aggregates.appointment.events import (
    AppointmentCancelled,
    AppointmentEnteredInError,
    CancellationPii,
    PlannedMoney,
)
from event_store.aggregates.encounter.commands import FinishEncounter, StartEncounter
from event_store.aggregates.payment.events import DisputeOpened, RefundRequested
from mymedic.messages import Actor
from mymedic.policies import CancellationBody, ForfeitTier
from tests.scenario import Scenario
from tests.unit.event_store.clinic import (
    DEPOSIT,
    DESK,
    DOCTOR,
    FINANCE,
    MANAGER,
    PATIENT,
    a_clinic,
    book,
    booked,
    captured,
    hold,
    ist,
    publish,
    refused,
)


def cancel(
    initiator: Any = "patient", reason_code: Any = "patient_request", note: str | None = None
) -> CancelAppointment:
    return CancelAppointment(appointment_id="appt_1", initiator=initiator, reason_code=reason_code, note=note)


def cancelled(world: Scenario, command: CancelAppointment | None = None, actor: Actor = DESK) -> AppointmentCancelled:
    (event,) = world.when(command or cancel(), actor=actor)
    assert isinstance(event, AppointmentCancelled)
    assert event.held_paise == event.forfeit_paise + event.refund_paise  # INV-A4
    assert event.forfeit_paise == sum(part.forfeit_paise for part in event.plan)
    assert event.refund_paise == sum(part.refund_paise for part in event.plan)
    return event


def flat(forfeit_bps: int, **changes: Any) -> CancellationBody:
    return CancellationBody(tiers=(ForfeitTier(min_lead_seconds=0, forfeit_bps=forfeit_bps),), **changes)


@pytest.mark.parametrize(
    ("at", "lead", "tier", "forfeit"),
    [
        (ist(2, "18:00"), 86_400, 0, 0),
        (ist(2, "18:01"), 86_340, 5000, 20_000),
        (ist(3, "14:00"), 14_400, 5000, 20_000),
        (ist(3, "14:01"), 14_340, 10_000, 40_000),
        (ist(3, "18:00"), 0, 10_000, 40_000),
    ],
)
def test_r_pol_2_the_default_tiers(at: datetime, lead: int, tier: int, forfeit: int) -> None:
    world = booked(a_clinic(), held=DEPOSIT).at(at)
    assert cancelled(world) == AppointmentCancelled(
        initiator="patient",
        reason_code="patient_request",
        lead_seconds=lead,
        tier_bps=tier,
        eff_bps=tier,
        held_paise=DEPOSIT,
        forfeit_paise=forfeit,
        refund_paise=DEPOSIT - forfeit,
        plan=(PlannedMoney(payment_id="pay_appt_1", forfeit_paise=forfeit, refund_paise=DEPOSIT - forfeit),),
        slot_id="slot_tue18",
        token_no=1,
        start_at=ist(3, "18:00"),
        policy_version_id="pol_default_cancellation",
    )


@pytest.mark.parametrize(
    ("held", "bps", "forfeit", "refund"),
    [
        (20_000, 0, 0, 20_000),
        (20_000, 5000, 10_000, 10_000),
        (33_333, 5000, 16_667, 16_666),
        (20_001, 2500, 5_000, 15_001),
        (1, 5000, 1, 0),
    ],
)
def test_golden_vectors_of_the_money_rule(held: int, bps: int, forfeit: int, refund: int) -> None:
    event = cancelled(booked(a_clinic(cancellation=flat(bps)), held=held))
    assert (event.forfeit_paise, event.refund_paise) == (forfeit, refund)


def test_r_pol_1_the_policy_of_the_booking_holds_whatever_is_published_later() -> None:
    world = booked(a_clinic(cancellation=flat(1000)), held=DEPOSIT)
    publish(world, "cancellation", flat(10_000), branch_id="brn_south")
    event = cancelled(world)
    assert (event.policy_version_id, event.forfeit_paise) == ("pol_cancellation_tenant", 4_000)


def test_the_base_may_be_the_price() -> None:
    world = booked(a_clinic(cancellation=flat(5000, forfeit_base="price")), held=100_000)
    assert cancelled(world).forfeit_paise == 40_000  # half of the price of 80000, not of what was paid


@pytest.mark.parametrize("initiator", ["provider", "system"])
def test_r_pol_3_who_cancels_for_the_provider_refunds_all(initiator: str) -> None:
    world = booked(a_clinic(), held=DEPOSIT).at(ist(3, "18:10"))
    event = cancelled(world, cancel(initiator, "provider_leave"))
    assert (event.lead_seconds, event.tier_bps, event.eff_bps) == (-600, 0, 0)
    assert (event.forfeit_paise, event.refund_paise) == (0, DEPOSIT)


def test_r_pol_6_forfeits_eat_the_oldest_payment_first() -> None:
    world = booked(a_clinic(cancellation=flat(5000)))
    captured(world, "pay_c", "appt_1", 30_000, ist(2, "12:00"))
    captured(world, "pay_b", "appt_1", 10_000, ist(2, "11:00"))
    captured(world, "pay_a", "appt_1", 20_000, ist(2, "12:00"))
    assert cancelled(world).plan == (
        PlannedMoney(payment_id="pay_b", forfeit_paise=10_000, refund_paise=0),
        PlannedMoney(payment_id="pay_a", forfeit_paise=20_000, refund_paise=0),
        PlannedMoney(payment_id="pay_c", forfeit_paise=0, refund_paise=30_000),
    )


def test_r_pol_8_no_money_no_plan() -> None:
    event = cancelled(booked(a_clinic()))
    assert (event.held_paise, event.plan) == (0, ())


def test_r_pol_9_what_is_disputed_or_going_back_is_not_held() -> None:
    world = booked(a_clinic(cancellation=flat(5000)), held=DEPOSIT)
    captured(world, "pay_2", "appt_1", 10_000)
    world.given(
        "payment",
        "pay_appt_1",
        DisputeOpened(
            dispute_id="dsp_1",
            gateway_dispute_id="gw_dsp_1",
            amount_paise=30_000,
            phase="chargeback",
            respond_by=ist(9, "10:00"),
            deduct_at_onset=False,
        ),
    )
    world.given(
        "payment",
        "pay_2",
        RefundRequested(refund_id="rfd_1", amount_paise=4_000, reason="goodwill", destination="source"),
    )
    event = cancelled(world)
    assert event.held_paise == 10_000 + 6_000
    assert event.forfeit_paise == 8_000


def test_a_patient_does_not_cancel_what_has_begun() -> None:
    world = booked(a_clinic()).at(ist(3, "18:00").replace(second=1))
    assert refused(world, cancel()).code == "CANCEL_AFTER_START"


def test_a_hold_is_cancelled_without_money() -> None:
    world = a_clinic()
    world.when(hold(), actor=PATIENT, id="appt_1")
    assert cancelled(world, actor=PATIENT).held_paise == 0
    assert not [kind for kind, _ in world.held if kind in ("slot_token", "patient_time")]


def test_a_patient_may_not_call_it_the_providers() -> None:
    world = booked(a_clinic(), held=DEPOSIT)
    assert refused(world, cancel("provider", "provider_leave"), PATIENT).code == "FORBIDDEN"


def test_the_seat_is_free_again() -> None:
    world = booked(a_clinic())
    cancelled(world)
    assert world.when(book("slot_tue18", "pat_bala"), actor=DESK)


def test_the_note_is_sealed() -> None:
    assert cancelled(booked(a_clinic()), cancel(note="has moved")).pii == CancellationPii(note="has moved")


def checked_in(held: int = 0) -> Scenario:
    world = booked(a_clinic(), held=held).at(ist(3, "17:40"))
    world.when(CheckInPatient(appointment_id="appt_1"), actor=DESK)
    return world


def test_leaving_without_being_seen_counts_as_lead_zero() -> None:
    event = cancelled(checked_in(DEPOSIT).at(ist(3, "18:40")), cancel(reason_code="lwbs"))
    assert (event.lead_seconds, event.tier_bps, event.forfeit_paise) == (0, 10_000, DEPOSIT)
    event = cancelled(checked_in(DEPOSIT), cancel("provider", "lwbs"))
    assert (event.lead_seconds, event.forfeit_paise, event.refund_paise) == (0, 0, DEPOSIT)


def test_who_has_checked_in_can_only_leave() -> None:
    assert refused(checked_in(), cancel()).code == "INVALID_STATE"
    assert cancelled(checked_in(), cancel("provider", "emergency")).refund_paise == 0


def test_only_who_has_checked_in_leaves_without_being_seen() -> None:
    assert refused(booked(a_clinic()), cancel(reason_code="lwbs")).code == "INVALID_STATE"


def test_nothing_is_cancelled_twice_or_while_the_patient_is_seen() -> None:
    world = booked(a_clinic())
    cancelled(world)
    assert refused(world, cancel()).code == "INVALID_STATE"
    world = checked_in()
    world.when(StartEncounter(appointment_id="appt_1", class_="AMB"), actor=DOCTOR, id="enc_1")
    assert refused(world, cancel("provider", "emergency")).code == "INVALID_STATE"


def error() -> MarkAppointmentError:
    return MarkAppointmentError(appointment_id="appt_1", reason="wrong patient")


def test_entered_in_error_gives_the_seat_back() -> None:
    world = booked(a_clinic())
    assert world.when(error(), actor=MANAGER) == [AppointmentEnteredInError(reason="wrong patient")]
    assert world.state("appointment", "appt_1").status == "entered-in-error"
    assert not [kind for kind, _ in world.held if kind in ("slot_token", "patient_time")]
    assert refused(world, error(), MANAGER).code == "INVALID_STATE"


@pytest.mark.parametrize("is_held", [True, False])
def test_a_hold_and_a_check_in_can_be_errors_too(is_held: bool) -> None:
    world = a_clinic() if is_held else checked_in()
    if is_held:
        world.when(hold(), actor=DESK, id="appt_1")
    assert world.when(error(), actor=MANAGER) == [AppointmentEnteredInError(reason="wrong patient")]


def test_money_comes_before_the_error() -> None:
    world = booked(a_clinic(), held=DEPOSIT)
    assert refused(world, error(), MANAGER).code == "INVALID_STATE"
    world.given(
        "payment",
        "pay_appt_1",
        RefundRequested(refund_id="rfd_1", amount_paise=DEPOSIT, reason="goodwill", destination="source"),
    )
    assert world.when(error(), actor=MANAGER)


def test_an_open_encounter_comes_before_the_error() -> None:
    world = checked_in()
    world.when(StartEncounter(appointment_id="appt_1", class_="AMB"), actor=DOCTOR, id="enc_1")
    assert refused(world, error(), MANAGER).code == "ENCOUNTER_OPEN"
    world.when(FinishEncounter(encounter_id="enc_1", outcome="resolved"), actor=DOCTOR)
    assert ("slot_token", "slot_tue18#01") in world.held
    assert refused(world, error(), MANAGER).code == "FOUR_EYES_REQUIRED"
    assert world.when(error(), actor=MANAGER, cosigner=FINANCE)
    assert ("slot_token", "slot_tue18#01") not in world.held


def test_a_no_show_is_an_error_for_finance_and_manager_together() -> None:
    world = booked(a_clinic()).at(ist(3, "18:30"))
    world.when(MarkNoShow(appointment_id="appt_1"), actor=DESK)
    assert refused(world, error(), FINANCE).code == "FOUR_EYES_REQUIRED"
    assert world.when(error(), actor=FINANCE, cosigner=MANAGER)


def test_a_doctor_does_not_put_it_on_the_patient() -> None:
    world = booked(a_clinic(), held=DEPOSIT)
    assert refused(world, cancel(), DOCTOR).code == "FORBIDDEN"
    assert cancelled(world, cancel("provider", "provider_leave"), DOCTOR).refund_paise == DEPOSIT


def test_a_cancelled_appointment_is_no_error() -> None:
    world = booked(a_clinic())
    cancelled(world)
    assert refused(world, error(), MANAGER).code == "INVALID_STATE"
