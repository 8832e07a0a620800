"""S3, S4: a cancellation or a no-show moves the deposit by itself, and a reversal brings it back."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CancelAppointment, MarkNoShow, ReverseNoShow
from event_store.aggregates.appointment.events import PlannedMoney
from event_store.aggregates.payment.commands import InitiateRefund, OpenDispute, RequestRefund, ResolveDispute
from event_store.aggregates.policy.commands import PublishPolicy
from event_store.aggregates.policy.events import PolicyScope
from mymedic.ids import OWN_COMMAND
from mymedic.messages import Actor
from mymedic.policies import CancellationBody
from tests.chain import PEEL, Chain
from tests.unit.event_store.clinic import DESK, FINANCE, MANAGER, PATIENT, ist

GATEWAY = Actor(type="integration", id="integration:razorpay", roles=("IN",))


def booked(chain: Chain, deposit: int = 40_000, **hold: Any) -> str:
    """Asha has Tuesday 18:00 and has paid a deposit for it; the payment."""
    chain.hold("appt_1", 3, "18:00", **hold)
    payment_id = chain.order(deposit, appointment_id="appt_1")
    chain.captured(payment_id, "gw_1")
    return payment_id


def cancel(initiator: Any = "patient", reason: Any = "patient_request") -> CancelAppointment:
    return CancelAppointment(appointment_id="appt_1", initiator=initiator, reason_code=reason)


def test_a_late_cancellation_keeps_half_and_sends_half_back(chain: Chain) -> None:
    payment_id = booked(chain)
    chain.at(3, "13:00")
    before = chain.head()
    chain.ask(cancel(), PATIENT)
    assert chain.types_since(before) == [
        "AppointmentCancelled",
        "DepositForfeited",
        "RefundRequested",
        "RefundApproved",
        "RefundInitiated",
    ]
    (cancelled,) = chain.events("AppointmentCancelled")
    assert cancelled.plan == (PlannedMoney(payment_id=payment_id, forfeit_paise=20_000, refund_paise=20_000),)
    (forfeited,), (requested,) = chain.events("DepositForfeited"), chain.events("RefundRequested")
    assert (forfeited.amount_paise, forfeited.gst_paise, forfeited.basis) == (20_000, 0, "late_cancel")
    assert (requested.amount_paise, requested.reason, requested.destination) == (20_000, "policy_cancel", "source")
    assert chain.state("payment", payment_id).available_paise == 0


def test_what_finance_has_sent_at_once_is_not_sent_again(chain: Chain, caplog: pytest.LogCaptureFixture) -> None:
    payment_id = booked(chain)
    with chain.paused():
        chain.ask(
            RequestRefund(
                payment_id=payment_id,
                refund_id="rfd_1",
                amount_paise=20_000,
                reason="goodwill",
                destination="source",
            ),
            FINANCE,
        )
        chain.ask(InitiateRefund(payment_id=payment_id, refund_id="rfd_1", speed="instant"), FINANCE)
    chain.runner.drain(chain.tenant_id)
    (initiated,) = chain.events("RefundInitiated")
    assert initiated.speed == "instant"
    assert caplog.messages == []


def test_what_processes_send_has_ids_that_no_door_takes(chain: Chain) -> None:
    """R-CMD-1: or a caller could use one up before, and the process would be told of a conflict."""
    booked(chain)
    chain.at(3, "13:00").ask(cancel(), PATIENT)
    own = {event.command_id or "" for event in chain.log() if event.actor.type == "system"}
    assert own and all(command_id.startswith(f"{OWN_COMMAND}_") for command_id in own)


def test_a_taxable_service_has_its_tax_inside_the_forfeit(chain: Chain) -> None:
    booked(chain, deposit=59_000, service=PEEL)
    chain.at(3, "17:00").ask(cancel(), PATIENT)
    (forfeited,) = chain.events("DepositForfeited")
    assert (forfeited.amount_paise, forfeited.gst_paise) == (59_000, 9_000)
    assert chain.events("RefundRequested") == []  # R-POL-8: nothing is left to send back


@pytest.mark.parametrize(("initiator", "reason"), [("provider", "provider_leave"), ("system", "emergency")])
def test_what_the_clinic_cancels_is_refunded_whole(chain: Chain, initiator: Any, reason: Any) -> None:
    booked(chain)
    chain.at(3, "17:59").ask(cancel(initiator, reason), DESK)
    (requested,) = chain.events("RefundRequested")
    assert (requested.amount_paise, requested.reason) == (40_000, "provider_cancel")
    assert chain.events("DepositForfeited") == []


def test_two_payments_are_forfeited_first_come_first_kept(chain: Chain) -> None:
    chain.hold("appt_1", 3, "18:00")
    first = chain.order(30_000, appointment_id="appt_1")
    chain.captured(first, "gw_1")
    second = chain.at(2, "10:05").order(10_000, appointment_id="appt_1")
    chain.captured(second, "gw_2")
    chain.at(3, "13:00").ask(cancel(), PATIENT)
    (forfeited,) = chain.events("DepositForfeited")
    assert forfeited.amount_paise == 20_000
    for payment_id in (first, second):
        (refund,) = chain.state("payment", payment_id).refunds.values()
        assert refund.amount_paise == 10_000


def test_money_that_came_too_late_is_no_part_of_what_is_kept(chain: Chain, caplog: pytest.LogCaptureFixture) -> None:
    """R-POL-7. It came and the patient cancelled before anybody had sent it back."""
    payment_id = booked(chain)
    late_id = chain.order(40_000, purpose="balance", appointment_id="appt_1")
    with chain.at(3, "13:00").paused():
        chain.captured(late_id, "gw_2")
        chain.ask(cancel(), PATIENT)
    chain.runner.drain(chain.tenant_id)
    (cancelled,) = chain.events("AppointmentCancelled")
    assert (cancelled.held_paise, cancelled.forfeit_paise) == (40_000, 20_000)
    assert cancelled.plan == (PlannedMoney(payment_id=payment_id, forfeit_paise=20_000, refund_paise=20_000),)
    refunds = [(event.amount_paise, event.reason) for event in chain.events("RefundRequested")]
    assert refunds == [(40_000, "late_capture"), (20_000, "policy_cancel")]
    assert [chain.state("payment", id).available_paise for id in (payment_id, late_id)] == [0, 0]
    assert caplog.messages == []


def test_a_no_show_is_marked_at_the_end_of_its_day_and_keeps_the_deposit(chain: Chain) -> None:
    booked(chain)
    before = chain.head()
    chain.at(3, "23:58")
    assert chain.types_since(before) == []
    chain.at(4, "09:00")
    assert chain.types_since(before) == ["AppointmentNoShow", "DepositForfeited"]
    (noshow,), (forfeited,) = chain.events("AppointmentNoShow"), chain.events("DepositForfeited")
    assert noshow.marked_by == "timer"
    assert (forfeited.amount_paise, forfeited.basis) == (40_000, "no_show")
    assert {recorded.occurred_at for recorded in chain.log()[-2:]} == {ist(3, "23:59")}


def test_a_slot_at_the_end_of_the_day_waits_for_its_grace(chain: Chain) -> None:
    """23:30 with half an hour's grace: the day's last minute is too early, midnight is not."""
    chain.book("appt_1", 3, "23:30")
    chain.at(3, "23:59")
    assert chain.state("appointment", "appt_1").status == "booked"
    chain.at(4, "00:00")
    assert chain.state("appointment", "appt_1").status == "noshow"


def test_a_reversed_no_show_gives_the_deposit_back_to_the_visit(chain: Chain) -> None:
    payment_id = booked(chain)
    chain.at(3, "18:30").ask(MarkNoShow(appointment_id="appt_1"))
    assert chain.state("payment", payment_id).forfeited_paise == 40_000
    chain.at(3, "18:50").ask(ReverseNoShow(appointment_id="appt_1", reason="stood at the wrong desk"))
    (reversed_,) = chain.events("DepositForfeitReversed")
    assert reversed_.amount_paise == 40_000
    payment = chain.state("payment", payment_id)
    assert (payment.held_paise, payment.forfeited_paise) == (40_000, 0)
    assert chain.state("appointment", "appt_1").status == "checked-in"


def test_a_no_show_is_not_reversed_once_its_remainder_is_on_the_way(chain: Chain) -> None:
    lenient = CancellationBody(noshow_forfeit_bps=2500)
    scope, now = PolicyScope(level="tenant"), chain.clock.now()
    chain.ask(PublishPolicy(kind="cancellation", scope=scope, body=lenient, effective_from=now), MANAGER)
    booked(chain)
    chain.at(3, "18:30").ask(MarkNoShow(appointment_id="appt_1"))
    (requested,) = chain.events("RefundRequested")
    assert (requested.amount_paise, requested.reason) == (30_000, "no_show_remainder")
    assert chain.refused(ReverseNoShow(appointment_id="appt_1", reason="came late")) == "NOSHOW_REVERSAL_WINDOW"


@pytest.mark.parametrize("outcome", ["won", "closed"])
def test_a_deposit_disputed_when_it_was_cancelled_is_settled_when_the_dispute_ends(chain: Chain, outcome: Any) -> None:
    """R-POL-9: what is disputed is not held; released, it meets the rule of the original cancellation."""
    payment_id = booked(chain)
    chain.ask(dispute(payment_id), GATEWAY)
    chain.at(3, "13:00").ask(cancel(), PATIENT)
    (cancelled,) = chain.events("AppointmentCancelled")
    assert (cancelled.held_paise, cancelled.plan, cancelled.eff_bps) == (0, (), 5000)
    assert chain.events("DepositForfeited", "RefundRequested") == []

    chain.at(9, "11:00").ask(resolve(outcome), GATEWAY)
    (forfeited,), (requested,) = chain.events("DepositForfeited"), chain.events("RefundRequested")
    assert (forfeited.amount_paise, requested.amount_paise, requested.reason) == (20_000, 20_000, "policy_cancel")
    assert chain.state("payment", payment_id).available_paise == 0


def test_of_a_lost_dispute_nothing_is_left_to_settle(chain: Chain) -> None:
    payment_id = booked(chain)
    chain.ask(dispute(payment_id), GATEWAY)
    chain.at(3, "13:00").ask(cancel(), PATIENT)
    chain.at(9, "11:00").ask(resolve("lost", 40_000), GATEWAY)
    assert chain.events("DepositForfeited", "RefundRequested") == []


def test_a_dispute_over_a_visit_that_took_place_moves_nothing(chain: Chain) -> None:
    payment_id = booked(chain)
    chain.ask(dispute(payment_id), GATEWAY)
    before = chain.head()
    chain.ask(resolve("won"), GATEWAY)
    assert chain.types_since(before) == ["DisputeResolved"]


def test_money_that_came_twice_is_not_kept_because_it_was_disputed(chain: Chain) -> None:
    payment_id = booked(chain)
    chain.captured(payment_id, "gw_2")
    (asked,) = (each for each in chain.log() if each.event_type == "RefundRequested")
    second = asked.payment_id or ""
    chain.ask(dispute(second), GATEWAY)
    chain.at(9, "11:00").ask(resolve("won"), GATEWAY)
    (forfeited,) = (each for each in chain.log() if each.event_type == "DepositForfeited")
    assert forfeited.payment_id == payment_id
    assert [each.reason for each in chain.events("RefundRequested")] == ["duplicate_capture"] * 2
    assert chain.state("payment", second).refunded_or_reserved_paise == 40_000


def test_a_disputed_deposit_pays_for_the_visit_when_it_is_released(chain: Chain) -> None:
    payment_id = booked(chain)
    chain.ask(dispute(payment_id), GATEWAY)
    chain.at(3, "18:00").visit("appt_1", "enc_1")
    assert chain.state("payment", payment_id).allocated_paise == 0
    chain.at(9, "11:00").ask(resolve("won"), GATEWAY)
    assert chain.state("payment", payment_id).allocated_paise == 40_000


def dispute(payment_id: str) -> OpenDispute:
    return OpenDispute(
        payment_id=payment_id,
        dispute_id="dsp_1",
        gateway_dispute_id="disp_gw_1",
        amount_paise=40_000,
        phase="chargeback",
        respond_by=ist(10, "10:00"),
        deduct_at_onset=False,
    )


def resolve(outcome: Any, deducted: int = 0) -> ResolveDispute:
    return ResolveDispute(dispute_id="dsp_1", outcome=outcome, amount_deducted_paise=deducted)
