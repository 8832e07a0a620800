"""DOMAIN §13: every movement of the table, in the log and in the facts: the figures behind each leg of its ledger."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.chain import Chain, opened
from tests.e2e.conftest import Weeks
from tests.e2e.week import CARD_AT_GATEWAY, REFUND_AT_GATEWAY, UPI_AT_GATEWAY, Week
from tests.founding import founded
from tests.unit.event_store.clinic import ist

SUNDAY = ist(8, "23:59")
VECTOR = (
    b'{"entity":"event","event":"payment.captured",'
    b'"payload":{"payment":{"entity":{"id":"pay_DEMO0000000001","amount":40000}}}}'
)


class Moved(NamedTuple):
    """What an event says about money, and when it happened."""

    at: datetime
    event: str
    payment_id: str | None
    paise: int


@pytest.fixture
def week(weeks: Weeks) -> Week:
    return weeks.played["ten_example"]


def moves(weeks: Weeks, *types: str) -> list[Moved]:
    return [
        Moved(one.occurred_at, one.event_type, one.payment_id, amount(one.event))
        for one in weeks.chains["ten_example"].log()
        if one.event_type in types
    ]


def amount(event: Any) -> int:
    for name in ("amount_paise", "total_paise", "price_quoted_paise"):
        if hasattr(event, name):
            return int(getattr(event, name))
    raise AssertionError(event)


def test_monday_the_deposit_is_captured_and_held(weeks: Weeks, week: Week) -> None:
    at = ist(2, "10:00")
    assert moves(weeks, "PaymentInitiated", "PaymentCaptured")[:2] == [
        Moved(at, "PaymentInitiated", week.deposit_id, 40_000),
        Moved(at, "PaymentCaptured", week.deposit_id, 40_000),
    ]
    (booked,) = weeks.chains["ten_example"].events("AppointmentBooked")
    assert (booked.start_at, booked.price_quoted_paise) == (ist(3, "18:00"), 80_000)
    assert (booked.deposit_required_paise, booked.deposit_paid_paise) == (40_000, 40_000)


def test_tuesday_the_cancellation_is_decided_five_hours_before(weeks: Weeks) -> None:
    (cancelled,) = weeks.chains["ten_example"].events("AppointmentCancelled")
    assert (cancelled.lead_seconds, cancelled.tier_bps, cancelled.eff_bps) == (18_000, 5_000, 5_000)
    assert (cancelled.held_paise, cancelled.forfeit_paise, cancelled.refund_paise) == (40_000, 20_000, 20_000)


def test_tuesday_half_is_kept_and_half_is_owed_by_itself(weeks: Weeks, week: Week) -> None:
    """The patient sent one command; whoever did the rest was the product."""
    at = ist(3, "13:00")
    assert moves(weeks, "DepositForfeited", "RefundRequested") == [
        Moved(at, "DepositForfeited", week.deposit_id, 20_000),
        Moved(at, "RefundRequested", week.deposit_id, 20_000),
    ]
    followed = [one for one in weeks.chains["ten_example"].log() if one.occurred_at == at]
    assert [(one.event_type, one.actor.id) for one in followed] == [
        ("AppointmentCancelled", "pat_asha"),
        ("DepositForfeited", "process:deposit_plan"),
        ("RefundRequested", "process:deposit_plan"),
        ("RefundApproved", "process:deposit_plan"),
        ("NotificationRequested", "process:notifying"),
        ("RefundInitiated", "process:deposit_plan"),
    ]


def test_wednesday_the_refund_leaves_through_the_gateway(weeks: Weeks, week: Week) -> None:
    assert moves(weeks, "RefundProcessed") == [Moved(ist(4, "09:00"), "RefundProcessed", week.deposit_id, 20_000)]
    query = "SELECT amount_paise, state, destination, gateway_refund_id FROM fct_refund"
    (refund,) = weeks.rows("ten_example", SUNDAY, query)
    assert list(refund.values()) == [20_000, "processed", "source", REFUND_AT_GATEWAY]


def test_wednesday_the_procedure_is_invoiced_paid_and_allocated(weeks: Weeks, week: Week) -> None:
    at = ist(4, "12:00")
    assert moves(weeks, "InvoiceIssued", "PaymentCaptured", "PaymentAllocated")[1:] == [
        Moved(at, "InvoiceIssued", None, 250_000),
        Moved(at, "PaymentCaptured", week.card_id, 250_000),
        Moved(at, "PaymentAllocated", week.card_id, 250_000),
    ]
    (issued,) = weeks.chains["ten_example"].events("InvoiceIssued")
    assert (issued.taxable_paise, issued.gst_paise) == (250_000, 0)
    assert weeks.chains["ten_example"].state("invoice", week.invoice_id).outstanding(250_000) == 0


def test_the_gateway_settles_line_by_line(weeks: Weeks) -> None:
    query = (
        "SELECT settlement_id, entity_type, entity_id, amount_paise, fee_excl_paise, tax_paise, credit_paise,"
        " debit_paise FROM fct_settlement_line ORDER BY settlement_id, entity_type"
    )
    lines = [list(line.values()) for line in weeks.rows("ten_example", SUNDAY, query)]
    assert lines == [
        ["setl_A", "payment", UPI_AT_GATEWAY, 40_000, 0, 0, 40_000, 0],
        ["setl_B", "payment", CARD_AT_GATEWAY, 250_000, 5_000, 900, 244_100, 0],
        ["setl_B", "refund", REFUND_AT_GATEWAY, 20_000, 0, 0, 0, 20_000],
    ]


def test_the_week_closes(weeks: Weeks) -> None:
    """Bank 2,641.00; income 2,500.00 and 200.00; fees 50.00 and 9.00; nothing else is owed by or to anybody."""
    bank = total(weeks, "credit_paise - debit_paise", "fct_bank_line")
    income = total(weeks, "allocated_paise", "fct_payment")
    forfeits = total(weeks, "net_paise", "fct_forfeit")
    fee = total(weeks, "fee_excl_paise", "fct_settlement_line")
    tax = total(weeks, "tax_paise", "fct_settlement_line")
    assert (bank, income, forfeits, fee, tax) == (264_100, 250_000, 20_000, 5_000, 900)
    assert bank + fee + tax == income + forfeits

    deposits_held = total(weeks, "available_paise", "fct_payment")
    refunds_owed = total(weeks, "refund_requested_paise", "fct_payment")
    at_gateway = total(weeks, "left_paise - right_paise", "fct_recon_item WHERE leg = 'L1' AND kind = 'payment'")
    assert (deposits_held, refunds_owed, at_gateway) == (0, 0, 0)


def test_every_paisa_of_a_payment_is_in_one_place(weeks: Weeks, week: Week) -> None:
    query = (
        "SELECT payment_id, captured_paise, allocated_paise, forfeited_paise, refunded_paise, available_paise"
        " FROM fct_payment ORDER BY captured_paise"
    )
    rows = [list(row.values()) for row in weeks.rows("ten_example", SUNDAY, query)]
    assert rows == [[week.deposit_id, 40_000, 0, 20_000, 20_000, 0], [week.card_id, 250_000, 250_000, 0, 0, 0]]


def test_the_golden_signature_opens_the_door_and_no_other_does(tmp_path: Path) -> None:
    """The vector's body names no order: the door takes it in and keeps it, and money moves for nobody."""
    golden = "2ddf6e4aad5e9ff6d37ed694e7472087596b200f8fe1ba5031258d332311035f"
    with opened(tmp_path) as (ledger, vault):
        chain = founded(Chain(ledger, vault))
        for body, forged in ((VECTOR, "3" + golden[1:]), (VECTOR + b" ", golden), (VECTOR, "")):
            refusal = chain.deliver(body, forged)
            assert (refusal.http_status, refusal.code) == (401, "SIGNATURE_INVALID")
        before = chain.head()
        kept = chain.deliver(VECTOR, golden)
        assert (kept.http_status, kept.status, kept.code) == (200, "parked", "NOT_FOUND")
        assert chain.types_since(before) == ["GatewayWebhookAccepted", "GatewayWebhookAttempted"]


def total(weeks: Weeks, what: str, where: str) -> int:
    (row,) = weeks.rows("ten_example", SUNDAY, f"SELECT coalesce(sum({what}), 0)::BIGINT AS paise FROM {where}")
    return int(row["paise"])
