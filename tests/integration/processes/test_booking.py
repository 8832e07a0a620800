"""S1, S2, S11: a deposit confirms its appointment; money that came too late or twice goes back."""

from __future__ import annotations

from event_store.aggregates.payment.commands import ApproveRefund, ForfeitDeposit
from event_store.aggregates.payment.events import RefundApproved, RefundRequested
from tests.chain import Chain
from tests.unit.event_store.clinic import FINANCE, TIMER, ist


def held(chain: Chain) -> str:
    """Asha holds Tuesday 18:00 and is asked for half of the price; the payment."""
    chain.hold("appt_1", 3, "18:00")
    return chain.order(40_000, appointment_id="appt_1")


def test_a_captured_deposit_confirms_its_appointment(chain: Chain) -> None:
    payment_id = held(chain)
    before = chain.head()
    assert chain.captured(payment_id, "gw_1").status == "applied"
    assert chain.types_since(before) == ["GatewayWebhookAccepted", "PaymentCaptured", "AppointmentBooked"]
    assert chain.state("appointment", "appt_1").status == "booked"
    (booked,) = chain.events("AppointmentBooked")
    assert (booked.deposit_required_paise, booked.deposit_paid_paise) == (40_000, 40_000)


def test_what_a_reaction_does_names_the_event_that_caused_it(chain: Chain) -> None:
    chain.captured(held(chain), "gw_1")
    captured, booked, told = chain.log()[-3:]
    assert (captured.event_type, booked.event_type) == ("PaymentCaptured", "AppointmentBooked")
    assert (booked.causation_id, told.causation_id) == (captured.event_id, booked.event_id)
    assert (booked.actor.type, booked.actor.id, booked.channel) == ("system", "process:booking", "system")


def test_less_than_the_deposit_confirms_nothing_and_goes_back_when_the_hold_runs_out(chain: Chain) -> None:
    payment_id = held(chain)
    chain.captured(payment_id, "gw_1", amount=39_999)
    assert chain.state("appointment", "appt_1").status == "pending"
    before = chain.head()
    chain.at(2, "10:15")
    assert chain.types_since(before) == [
        "AppointmentHoldExpired",
        "RefundRequested",
        "RefundApproved",
        "RefundInitiated",
    ]
    payment = chain.state("payment", payment_id)
    assert (payment.available_paise, payment.refunded_or_reserved_paise) == (0, 39_999)


def test_two_parts_of_a_deposit_confirm_together(chain: Chain) -> None:
    chain.hold("appt_1", 3, "18:00")
    chain.captured(chain.order(30_000, appointment_id="appt_1"), "gw_1")
    chain.captured(chain.order(10_000, appointment_id="appt_1"), "gw_2")
    (booked,) = chain.events("AppointmentBooked")
    assert booked.deposit_paid_paise == 40_000
    assert chain.events("RefundRequested") == []


def test_a_capture_after_the_hold_ran_out_is_refunded_whole_and_never_forfeited(chain: Chain) -> None:
    payment_id = held(chain)
    chain.at(2, "10:20")
    assert chain.state("appointment", "appt_1").is_hold_expired
    assert chain.state("payment", payment_id).status == "expired"
    chain.captured(payment_id, "gw_1")
    requested, approved = chain.events("RefundRequested", "RefundApproved")
    assert (requested.amount_paise, requested.reason, approved.approval) == (40_000, "late_capture", "auto")
    assert len(chain.events("RefundInitiated")) == 1
    forfeit = ForfeitDeposit(
        payment_id=payment_id,
        appointment_id="appt_1",
        amount_paise=1,
        gst_paise=0,
        policy_version_id="pol_default_cancellation",
        basis="late_cancel",
    )
    assert chain.refused(forfeit, TIMER) == "FORFEIT_EXCEEDS_HELD"
    assert chain.events("AppointmentBooked", "DepositForfeited") == []


def test_whoever_paid_in_time_keeps_the_seat_though_the_server_was_down(chain: Chain) -> None:
    """The capture was recorded, then nothing ran until the hold's time was over."""
    payment_id = held(chain)
    chain.clock.move_to(ist(2, "10:14"))
    with chain.paused():
        chain.captured(payment_id, "gw_1")
    assert chain.state("appointment", "appt_1").status == "pending"
    chain.clock.move_to(ist(2, "10:40"))
    chain.runner.tick(chain.tenant_id)
    assert chain.state("appointment", "appt_1").status == "booked"
    booked = chain.log()[-2]  # and then it was told
    assert (booked.event_type, booked.occurred_at, booked.recorded_at) == (
        "AppointmentBooked",
        ist(2, "10:14"),
        ist(2, "10:40"),
    )


def test_an_order_paid_twice_gives_the_second_money_back_once_finance_agrees(chain: Chain) -> None:
    payment_id = held(chain)
    chain.captured(payment_id, "gw_1")
    chain.captured(payment_id, "gw_2")
    first, second = (recorded.payment_id for recorded in chain.log() if recorded.event_type == "PaymentCaptured")
    assert first == payment_id and second not in (None, payment_id)
    (requested,) = chain.events("RefundRequested")
    assert (requested.amount_paise, requested.reason) == (40_000, "duplicate_capture")
    assert chain.events("RefundApproved", "RefundInitiated") == []

    chain.ask(ApproveRefund(payment_id=second or "", refund_id=requested.refund_id), FINANCE)
    (approved,) = chain.events("RefundApproved")
    assert approved.approval == "manual"
    assert len(chain.events("RefundInitiated")) == 1
    chain.refunded(second or "", requested.refund_id, "gwr_2")
    assert chain.state("payment", second or "").status == "refunded"
    assert chain.state("payment", payment_id).available_paise == 40_000


def test_a_second_payment_for_another_purpose_is_no_duplicate(chain: Chain) -> None:
    chain.captured(held(chain), "gw_1")
    chain.captured(chain.order(40_000, appointment_id="appt_1", purpose="balance"), "gw_2")
    assert chain.events(RefundRequested.__name__, RefundApproved.__name__) == []
