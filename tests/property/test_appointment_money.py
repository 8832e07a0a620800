"""Whatever happens to an appointment, its money adds up (INV-A4) and its penalty is not outrun (R-POL-4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from event_store.aggregates.appointment.commands import CancelAppointment, MarkNoShow, RescheduleAppointment
from event_store.aggregates.appointment.events import AppointmentCancelled, AppointmentNoShow, AppointmentRescheduled
from mymedic.policies import CancellationBody, ForfeitTier, tier_bps
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, a_clinic, a_schedule, a_slot, booked, captured, ist

START = ist(3, "18:00")
payments = st.lists(st.integers(1, 10**9), max_size=4)
shares = st.integers(0, 10_000)


@st.composite
def policies(draw: st.DrawFn) -> CancellationBody:
    leads = [*sorted(draw(st.sets(st.integers(1, 172_800), max_size=3)), reverse=True), 0]
    forfeits = sorted(draw(st.lists(shares, min_size=len(leads), max_size=len(leads))))
    return CancellationBody(
        tiers=tuple(
            ForfeitTier(min_lead_seconds=lead, forfeit_bps=bps) for lead, bps in zip(leads, forfeits, strict=True)
        ),
        noshow_forfeit_bps=draw(shares),
        noshow_grace_seconds=draw(st.integers(0, 3600)),
        max_reschedules=9,
        forfeit_base=draw(st.sampled_from(["deposit", "price"])),
    )


def paid(body: CancellationBody, amounts: list[int]) -> Scenario:
    world = booked(a_clinic(cancellation=body))
    for number, amount in enumerate(amounts):
        captured(world, f"pay_{number}", "appt_1", amount, ist(2, "10:00") + timedelta(minutes=number % 2))
    return world


def check_money(event: AppointmentCancelled | AppointmentNoShow, amounts: list[int], bps: int, base: str) -> None:
    assert event.held_paise == sum(amounts) == event.forfeit_paise + event.refund_paise
    by_payment = {part.payment_id: part for part in event.plan}
    assert {f"pay_{number}" for number in range(len(amounts))} == set(by_payment)
    for number, amount in enumerate(amounts):
        part = by_payment[f"pay_{number}"]
        assert part.forfeit_paise + part.refund_paise == amount
    assert sum(part.forfeit_paise for part in event.plan) == event.forfeit_paise
    # First in, first eaten: once a payment keeps something to refund, no later one is forfeited.
    refunding = [part.refund_paise > 0 for part in event.plan]
    forfeiting = [part.forfeit_paise > 0 for part in event.plan]
    first_refund = refunding.index(True) if True in refunding else len(refunding)
    assert not any(forfeiting[first_refund + 1 :])
    if base == "deposit":
        assert abs(event.forfeit_paise * 10_000 - event.held_paise * bps) <= 5_000


@given(policies(), payments, st.integers(0, 115_200), st.sampled_from(["patient", "provider", "system"]))
def test_a_cancellation_gives_away_exactly_what_was_held(
    body: CancellationBody, amounts: list[int], lead: int, initiator: Any
) -> None:
    world = paid(body, amounts).at(START - timedelta(seconds=lead))
    command = CancelAppointment(appointment_id="appt_1", initiator=initiator, reason_code="other")
    (event,) = world.when(command, actor=DESK)
    assert isinstance(event, AppointmentCancelled)
    assert event.eff_bps == (tier_bps(body, lead) if initiator == "patient" else 0)
    check_money(event, amounts, event.eff_bps, body.forfeit_base)


@given(policies(), payments)
def test_a_no_show_gives_away_exactly_what_was_held(body: CancellationBody, amounts: list[int]) -> None:
    world = paid(body, amounts).at(START + timedelta(seconds=body.noshow_grace_seconds))
    (event,) = world.when(MarkNoShow(appointment_id="appt_1"), actor=DESK)
    assert isinstance(event, AppointmentNoShow)
    check_money(event, amounts, body.noshow_forfeit_bps, body.forfeit_base)


@given(policies(), payments, st.lists(st.integers(0, 115_200), min_size=1, max_size=4))
def test_moving_first_never_makes_a_cancellation_cheaper(
    body: CancellationBody, amounts: list[int], leads: list[int]
) -> None:
    """R-POL-4: the floor is the dearest tier in which the patient ever moved, wherever the appointment ends up."""
    world = paid(body, amounts)
    slots = tuple(a_slot(f"slot_{step}", START + timedelta(days=3 * (step + 1), hours=2)) for step in range(len(leads)))
    a_schedule(world, "sch_far", "prac_rao", "brn_south", slots)
    dearest = 0
    for slot, lead in zip(slots, leads, strict=True):
        state = world.state("appointment", "appt_1")
        world.at(max(world.now, state.start_at - timedelta(seconds=lead)))
        dearest = max(dearest, tier_bps(body, (state.start_at - world.now) // timedelta(seconds=1)))
        move = RescheduleAppointment(
            appointment_id="appt_1", new_slot_id=slot.slot_id, initiator="patient", reason_code="time_conflict"
        )
        (moved,) = world.when(move, actor=DESK)
        assert isinstance(moved, AppointmentRescheduled) and moved.penalty_floor_bps == dearest
    cancel = CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="cost")
    (event,) = world.when(cancel, actor=DESK)
    assert isinstance(event, AppointmentCancelled)
    assert event.eff_bps == max(event.tier_bps, dearest)
    check_money(event, amounts, event.eff_bps, body.forfeit_base)
