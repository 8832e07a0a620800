"""Issuing: amounts, tax (R-GST-1), discounts and the gap-free number."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CheckInPatient
from event_store.aggregates.encounter.commands import StartEncounter
from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.invoice.events import InvoiceIssued, InvoiceLine
from mymedic.messages import Actor
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, DOCTOR, FINANCE, PRICE, TIMER, a_clinic, booked, ist, refused


def line(line_no: int = 1, **changes: Any) -> NewLine:
    fields: dict[str, Any] = {
        "line_no": line_no,
        "service_id": "svc_consult",
        "practitioner_id": "prac_rao",
        "qty": 1,
        "unit_price_paise": PRICE,
        "gst_bps": 0,
        "tax_inclusive": True,
    }
    return NewLine(**{**fields, **changes})


def invoice(*lines: NewLine, **changes: Any) -> IssueInvoice:
    fields: dict[str, Any] = {"patient_id": "pat_asha", "branch_id": "brn_south", "lines": lines or (line(),)}
    return IssueInvoice(**{**fields, **changes})


def issued(world: Scenario, command: IssueInvoice, actor: Actor = DESK) -> InvoiceIssued:
    (event,) = world.when(command, actor=actor)
    assert isinstance(event, InvoiceIssued)
    return event


def test_an_exempt_line() -> None:
    assert issued(a_clinic(), invoice()) == InvoiceIssued(
        invoice_no="brn_south/FY2026-27/000001",
        patient_id="pat_asha",
        branch_id="brn_south",
        lines=(
            InvoiceLine(
                line_no=1,
                service_id="svc_consult",
                practitioner_id="prac_rao",
                qty=1,
                unit_price_paise=PRICE,
                gross_paise=PRICE,
                discount_paise=0,
                taxable_paise=PRICE,
                gst_bps=0,
                gst_paise=0,
                total_paise=PRICE,
                sac="999312",
            ),
        ),
        total_paise=PRICE,
        taxable_paise=PRICE,
        gst_paise=0,
    )


@pytest.mark.parametrize(
    ("amount", "bps", "taxable", "gst"),
    [(118_000, 1800, 100_000, 18_000), (99_999, 1800, 84_745, 15_254), (630_000, 500, 600_000, 30_000)],
)
def test_r_gst_1_tax_inside_the_price(amount: int, bps: int, taxable: int, gst: int) -> None:
    event = issued(a_clinic(), invoice(line(unit_price_paise=amount, gst_bps=bps)))
    assert (event.taxable_paise, event.gst_paise, event.total_paise) == (taxable, gst, amount)


def test_tax_on_top_of_the_price() -> None:
    event = issued(
        a_clinic(),
        invoice(line(qty=3, unit_price_paise=33_333, discount_paise=9, gst_bps=1800, tax_inclusive=False)),
    )
    assert (event.lines[0].gross_paise, event.taxable_paise) == (99_999, 99_990)
    assert (event.gst_paise, event.total_paise) == (17_998, 117_988)


def test_totals_are_the_sums_of_the_lines() -> None:
    event = issued(a_clinic(), invoice(line(), line(2, service_id="svc_peel", gst_bps=1800, practitioner_id=None)))
    assert event.total_paise == 2 * PRICE == event.taxable_paise + event.gst_paise
    assert event.lines[1].practitioner_id is None


def test_an_invoice_of_an_encounter_names_its_appointment() -> None:
    world = booked(a_clinic()).at(ist(3, "18:00"))
    world.when(CheckInPatient(appointment_id="appt_1"), actor=DESK)
    world.when(StartEncounter(appointment_id="appt_1", class_="AMB"), actor=DOCTOR, id="enc_1")
    event = issued(world, invoice(encounter_id="enc_1"), TIMER)
    assert (event.encounter_id, event.appointment_id) == ("enc_1", "appt_1")
    assert refused(world, invoice(encounter_id="enc_1", patient_id="pat_bala")).code == "VALIDATION_FAILED"
    assert refused(world, invoice(encounter_id="enc_2")).code == "NOT_FOUND"


def test_numbers_run_without_gaps_by_branch_and_fiscal_year() -> None:
    world = a_clinic()
    numbers = [issued(world, invoice()).invoice_no for _ in range(11)]
    assert numbers == [f"brn_south/FY2026-27/{number:06d}" for number in range(1, 12)]
    assert issued(world, invoice(branch_id="brn_north")).invoice_no == "brn_north/FY2026-27/000001"
    world.at(ist(31, "23:59", month=3).replace(year=2027))
    assert issued(world, invoice()).invoice_no == "brn_south/FY2026-27/000012"
    world.at(ist(1, "00:00", month=4).replace(year=2027))
    assert issued(world, invoice()).invoice_no == "brn_south/FY2027-28/000001"


def test_a_refused_invoice_uses_up_no_number() -> None:
    world = a_clinic()
    refused(world, invoice(line(discount_paise=PRICE)))
    assert issued(world, invoice()).invoice_no.endswith("/000001")


def test_a_number_that_is_given_must_be_the_next() -> None:
    world = a_clinic()
    assert issued(world, invoice(invoice_no="brn_south/FY2026-27/000001"))
    refusal = refused(world, invoice(invoice_no="brn_south/FY2026-27/000003"))
    assert (refusal.code, refusal.details["invoice_no"]) == ("VALIDATION_FAILED", "brn_south/FY2026-27/000002")


def test_an_invoice_without_lines() -> None:
    assert refused(a_clinic(), IssueInvoice(patient_id="pat_asha", branch_id="brn_south", lines=())).code == (
        "INVOICE_EMPTY"
    )


def test_amounts_that_cannot_be() -> None:
    world = a_clinic()
    assert refused(world, invoice(line(discount_paise=PRICE + 1)), FINANCE).code == "AMOUNT_INVALID"
    assert refused(world, invoice(line(qty=2, unit_price_paise=10**14))).code == "AMOUNT_INVALID"
    assert refused(world, invoice(line(unit_price_paise=10**14), line(2))).code == "AMOUNT_INVALID"


def test_a_large_discount_needs_a_manager() -> None:
    world = a_clinic()
    assert issued(world, invoice(line(discount_paise=8_000)))
    assert refused(world, invoice(line(discount_paise=8_001))).code == "FORBIDDEN"
    assert issued(world, invoice(line(discount_paise=8_001)), FINANCE)
    both = Actor(type="user", id="stf_head", roles=("FD", "CM"))
    assert issued(world, invoice(line(discount_paise=PRICE)), both).total_paise == 0


def test_lines_must_make_sense() -> None:
    world = a_clinic()
    assert refused(world, invoice(line(), line())).code == "VALIDATION_FAILED"
    assert refused(world, invoice(line(gst_bps=700))).code == "VALIDATION_FAILED"
    assert refused(world, invoice(line(service_id="svc_none"))).code == "NOT_FOUND"
    assert refused(world, invoice(patient_id="pat_nobody")).code == "NOT_FOUND"
