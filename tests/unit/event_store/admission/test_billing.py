"""The bill of a stay (C100): one invoice of what was charged, and the advances against it."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.admission import commands as c
from event_store.aggregates.admission import events as e
from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.invoice.events import InvoiceIssued
from event_store.aggregates.payment.commands import AllocatePayment, OpenDispute
from event_store.aggregates.payment.events import PaymentAllocated
from tests.scenario import Scenario
from tests.unit.event_store.admission.ward import (
    HIS,
    a_hospital,
    admitted,
    advance,
    charge,
    discharged,
    requested,
    room,
)
from tests.unit.event_store.clinic import DESK, FINANCE, ist, refused

BILL = c.FinalizeAdmissionBill(admission_id="adm_1")


def charged() -> Scenario:
    """Out after one night: a room with 5% tax inside for 6300.00 and two tests for 500.00 each, one taken back."""
    world = admitted(a_hospital()).at(ist(3, "09:00"))
    world.when(room("chg_1", 3, service_id="svc_suite", unit_price_paise=630_000), actor=HIS)
    world.when(charge("chg_2", qty=2, practitioner_id="prac_rao"), actor=HIS)
    world.when(charge("chg_3", reversal_of="chg_2"), actor=HIS)
    world.when(charge("chg_4", service_id="svc_peel", unit_price_paise=99_999), actor=HIS)
    world.when(charge("chg_5", service_id="svc_peel", unit_price_paise=99_999, reversal_of="chg_4"), actor=HIS)
    return discharged(world)


def billed(world: Scenario) -> tuple[e.AdmissionBilled, InvoiceIssued, list[PaymentAllocated]]:
    bill, invoice, *allocations = world.when(BILL, actor=FINANCE)
    assert isinstance(bill, e.AdmissionBilled) and isinstance(invoice, InvoiceIssued)
    assert all(isinstance(event, PaymentAllocated) for event in allocations)
    return bill, invoice, allocations  # type: ignore[return-value]


def test_c100_the_invoice_is_what_was_charged() -> None:
    """R-GST-1: 630000@500 is 600000 + 30000; what was reversed is on no line, and the charges' sum is the total."""
    world = charged()
    bill, invoice, allocations = billed(world)
    assert bill == e.AdmissionBilled(
        invoice_id=bill.invoice_id, total_paise=680_000, advance_applied_paise=0, excess_paise=0
    )
    assert [
        (line.line_no, line.service_id, line.qty, line.taxable_paise, line.gst_paise, line.total_paise)
        for line in invoice.lines
    ] == [(1, "svc_suite", 1, 600_000, 30_000, 630_000), (2, "svc_lab", 1, 50_000, 0, 50_000)]
    assert [line.practitioner_id for line in invoice.lines] == [None, "prac_rao"]
    assert (invoice.total_paise, invoice.taxable_paise, invoice.gst_paise) == (680_000, 650_000, 30_000)
    assert (invoice.patient_id, invoice.branch_id, invoice.admission_id) == ("pat_asha", "brn_south", "adm_1")
    assert allocations == []
    assert world.state("admission", "adm_1").status == "billed"


def test_c100_takes_the_next_number_of_the_one_series() -> None:
    world = charged()
    line = NewLine(line_no=1, service_id="svc_lab", qty=1, unit_price_paise=1, gst_bps=0, tax_inclusive=True)
    command = IssueInvoice(patient_id="pat_bala", branch_id="brn_south", lines=(line,))
    world.when(command, actor=FINANCE)
    assert billed(world)[1].invoice_no == "brn_south/FY2026-27/000002"
    (after,) = world.when(command, actor=FINANCE)
    assert after.invoice_no == "brn_south/FY2026-27/000003"  # type: ignore[attr-defined]


def test_c100_advances_pay_oldest_first_and_the_rest_is_outstanding() -> None:
    world = advance(charged(), "pay_b", 200_000)
    advance(world.at(ist(3, "10:00")), "pay_a", 300_000)
    bill, _, allocations = billed(world)
    assert (bill.advance_applied_paise, bill.excess_paise) == (500_000, 0)
    assert [allocation.amount_paise for allocation in allocations] == [200_000, 300_000]
    assert world.state("invoice", bill.invoice_id).outstanding(500_000) == 180_000
    assert world.state("payment", "pay_a").allocated_to(bill.invoice_id) == 300_000


def test_c100_what_was_paid_too_much_is_the_excess() -> None:
    world = advance(charged(), "pay_1", 500_000)
    advance(world, "pay_2", 500_000)
    bill, _, allocations = billed(world)
    assert (bill.advance_applied_paise, bill.excess_paise) == (680_000, 320_000)
    assert [allocation.amount_paise for allocation in allocations] == [500_000, 180_000]
    assert world.state("payment", "pay_2").available_paise == 320_000


def test_c100_leaves_money_alone_that_is_disputed_or_spoken_for() -> None:
    """R-POL-9 for stays: what a bank may take back is not the patient's to pay with."""
    world = advance(charged(), "pay_1", 500_000)
    dispute = OpenDispute(
        payment_id="pay_1",
        dispute_id="dsp_1",
        gateway_dispute_id="d1",
        amount_paise=400_000,
        phase="chargeback",
        respond_by=ist(9, "10:00"),
        deduct_at_onset=False,
    )
    world.when(dispute, actor=HIS)
    assert billed(world)[0].advance_applied_paise == 100_000


@pytest.mark.parametrize("given", [requested, admitted])
def test_c100_not_before_the_discharge(given: Any) -> None:
    assert refused(given(a_hospital()), BILL, FINANCE).code == "DISCHARGE_BLOCKED"


def test_c100_neither_twice_nor_of_nothing_nor_of_what_never_was() -> None:
    world = charged()
    world.when(BILL, actor=FINANCE)
    assert refused(world, BILL, FINANCE).code == "INVALID_STATE"
    assert refused(discharged(admitted(a_hospital())), BILL, FINANCE).code == "INVOICE_EMPTY"
    cancelled = requested(a_hospital()).given("admission", "adm_1", e.AdmissionCancelled(reason="went home"))
    assert refused(cancelled, BILL, FINANCE).code == "INVALID_STATE"


def test_c66_an_advance_pays_another_invoice_of_the_same_patient_only() -> None:
    world = advance(admitted(a_hospital()), "pay_1", 500_000)
    line = NewLine(line_no=1, service_id="svc_lab", qty=1, unit_price_paise=9_000, gst_bps=0, tax_inclusive=True)
    for patient_id, invoice_id in (("pat_asha", "inv_asha"), ("pat_bala", "inv_bala")):
        issue = IssueInvoice(patient_id=patient_id, branch_id="brn_south", lines=(line,))
        world.when(issue, actor=FINANCE, id=invoice_id)
    wrong = AllocatePayment(payment_id="pay_1", invoice_id="inv_bala", amount_paise=1)
    assert refused(world, wrong, DESK).code == "VALIDATION_FAILED"
    world.when(AllocatePayment(payment_id="pay_1", invoice_id="inv_asha", amount_paise=9_000), actor=DESK)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"admission_id": "adm_none"}, "NOT_FOUND"),
        ({"patient_id": "pat_bala"}, "VALIDATION_FAILED"),
        ({"branch_id": "brn_north"}, "VALIDATION_FAILED"),
    ],
)
def test_c57_an_invoice_beside_the_bill_is_of_the_same_stay(changes: dict[str, str], code: str | None) -> None:
    world = admitted(a_hospital())
    line = NewLine(line_no=1, service_id="svc_lab", qty=1, unit_price_paise=1, gst_bps=0, tax_inclusive=True)
    fields: dict[str, Any] = {"patient_id": "pat_asha", "branch_id": "brn_south", "admission_id": "adm_1"}
    command = IssueInvoice(lines=(line,), **{**fields, **changes})
    if code:
        assert refused(world, command, FINANCE).code == code
    else:
        (event,) = world.when(command, actor=FINANCE)
        assert event.admission_id == "adm_1"  # type: ignore[attr-defined]


def test_c57_nothing_is_billed_for_a_stay_that_was_called_off() -> None:
    world = requested(a_hospital()).given("admission", "adm_1", e.AdmissionCancelled(reason="went home"))
    line = NewLine(line_no=1, service_id="svc_lab", qty=1, unit_price_paise=1, gst_bps=0, tax_inclusive=True)
    command = IssueInvoice(patient_id="pat_asha", branch_id="brn_south", admission_id="adm_1", lines=(line,))
    assert refused(world, command, FINANCE).code == "INVALID_STATE"
