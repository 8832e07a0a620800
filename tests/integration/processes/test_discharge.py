"""C100: of a stay's money nothing lies idle once the bill is written, also when it came or was released after it."""

from __future__ import annotations

from typing import Any

from event_store.aggregates.admission import commands as a
from event_store.aggregates.payment.commands import RecordCounterPayment
from tests.chain import Chain
from tests.integration.processes.test_deposit_plan import GATEWAY, dispute, resolve
from tests.unit.event_store.clinic import FINANCE

BILL = a.FinalizeAdmissionBill(admission_id="adm_1")


def by_transfer(chain: Chain, amount_paise: int, rrn: str) -> None:
    what: Any = {"patient_id": "pat_asha", "branch_id": "brn_south", "purpose": "ipd_final", "mode": "upi"}
    paid = RecordCounterPayment(**what, admission_id="adm_1", amount_paise=amount_paise, channel="static_qr", rrn=rrn)
    chain.ask(paid)


def test_an_advance_that_was_disputed_goes_against_the_bill_and_the_rest_back(stay: Chain) -> None:
    payment_id = stay.order(40_000, admission_id="adm_1", purpose="ipd_advance")
    stay.captured(payment_id, "gw_1")
    stay.ask(dispute(payment_id), GATEWAY)
    stay.ask(BILL, FINANCE)
    by_transfer(stay, 570_000, "412345678901")
    stay.at(9, "11:00").ask(resolve("won"), GATEWAY)
    payment = stay.state("payment", payment_id)
    assert (payment.allocated_paise, payment.refunded_or_reserved_paise) == (30_000, 10_000)
    assert [each.reason for each in stay.events("RefundRequested")] == ["discharge_excess"]


def test_money_for_a_bill_that_comes_too_late_goes_back(stay: Chain) -> None:
    stay.ask(BILL, FINANCE)
    payment_id = stay.order(600_000, admission_id="adm_1", purpose="ipd_final")
    stay.at(4, "12:30")
    by_transfer(stay, 600_000, "412345678901")
    stay.captured(payment_id, "gw_1")
    assert stay.state("payment", payment_id).late_capture
    assert stay.state("payment", payment_id).refunded_or_reserved_paise == 600_000
