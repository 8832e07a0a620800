"""S6: a finished encounter is invoiced, and the money already there is put against it."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.appointment.commands import BookAppointment, CheckInPatient
from event_store.aggregates.encounter.commands import FinishEncounter, StartEncounter
from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.payment.commands import RecordCounterPayment
from event_store.aggregates.service_request.commands import RecordServicePerformed
from event_store.aggregates.tenant.commands import UpdateTenantSettings
from event_store.aggregates.tenant.events import SettingsPatch
from tests.chain import CONSULTATION, PEEL, PROCEDURE, Chain
from tests.unit.event_store.clinic import DESK, DOCTOR, MANAGER


def booked(chain: Chain) -> str:
    chain.hold("appt_1", 3, "18:00")
    payment_id = chain.order(40_000, appointment_id="appt_1")
    chain.captured(payment_id, "gw_1")
    return payment_id


def invoice(service_id: str, price: int, encounter_id: str | None = None) -> IssueInvoice:
    line = NewLine(line_no=1, service_id=service_id, qty=1, unit_price_paise=price, gst_bps=0, tax_inclusive=True)
    return IssueInvoice(patient_id="pat_asha", branch_id="brn_south", encounter_id=encounter_id, lines=(line,))


def by_qr(amount: int, **what: Any) -> RecordCounterPayment:
    return RecordCounterPayment(
        patient_id="pat_asha",
        branch_id="brn_south",
        purpose="balance",
        amount_paise=amount,
        mode="upi",
        channel="static_qr",
        rrn="412345678901",
        **what,
    )


def test_a_finished_visit_is_invoiced_and_its_deposit_allocated(chain: Chain) -> None:
    payment_id = booked(chain)
    before = chain.at(3, "18:05").head()
    chain.visit("appt_1", "enc_1")
    assert chain.types_since(before) == [
        "PatientCheckedIn",
        "EncounterStarted",
        "EncounterFinished",
        "AppointmentFulfilled",
        "InvoiceIssued",
        "PaymentAllocated",
    ]
    (issued,), (allocated,) = chain.events("InvoiceIssued"), chain.events("PaymentAllocated")
    assert (issued.encounter_id, issued.total_paise, issued.gst_paise) == ("enc_1", 80_000, 0)
    assert allocated.amount_paise == 40_000
    invoice_id = allocated.invoice_id
    assert chain.state("invoice", invoice_id).outstanding(40_000) == 40_000
    assert chain.state("payment", payment_id).available_paise == 0


def test_the_balance_is_allocated_when_it_is_paid(chain: Chain) -> None:
    booked(chain)
    chain.at(3, "18:05").visit("appt_1", "enc_1")
    invoice_id = chain.events("PaymentAllocated")[0].invoice_id
    chain.ask(by_qr(40_000, invoice_id=invoice_id))
    assert [allocated.amount_paise for allocated in chain.events("PaymentAllocated")] == [40_000, 40_000]


def test_money_paid_for_the_appointment_finds_the_invoice(chain: Chain) -> None:
    """The desk named the visit, not its bill; what is paid too much stays available."""
    booked(chain)
    chain.at(3, "18:05").visit("appt_1", "enc_1")
    payment_id = chain.ask(by_qr(45_000, appointment_id="appt_1"))
    assert chain.events("PaymentAllocated")[-1].amount_paise == 40_000
    assert chain.state("payment", payment_id).available_paise == 5_000


def test_an_online_payment_of_an_invoice_is_allocated_on_capture(chain: Chain) -> None:
    invoice_id = chain.ask(invoice(PROCEDURE, 250_000))
    payment_id = chain.order(250_000, mode="card", purpose="procedure", invoice_id=invoice_id)
    chain.captured(payment_id, "gw_1", card={"network": "Visa", "type": "credit", "last4": "1111"})
    (allocated,) = chain.events("PaymentAllocated")
    assert (allocated.invoice_id, allocated.amount_paise) == (invoice_id, 250_000)


def test_a_late_online_payment_of_an_invoice_that_is_paid_already_goes_back(chain: Chain) -> None:
    invoice_id = chain.ask(invoice(PROCEDURE, 250_000))
    payment_id = chain.order(250_000, purpose="procedure", invoice_id=invoice_id)
    chain.at(2, "10:20").ask(by_qr(250_000, invoice_id=invoice_id))
    chain.captured(payment_id, "gw_1")
    (requested,), (approved,) = chain.events("RefundRequested"), chain.events("RefundApproved")
    assert (requested.amount_paise, requested.reason, approved.approval) == (250_000, "late_capture", "auto")


def test_what_the_front_desk_billed_already_is_not_billed_again(chain: Chain) -> None:
    booked(chain)
    chain.at(3, "18:05").ask(CheckInPatient(appointment_id="appt_1"))
    chain.ask(StartEncounter(appointment_id="appt_1", class_="AMB"), DOCTOR, "enc_1")
    chain.ask(invoice(PROCEDURE, 250_000, "enc_1"))
    chain.ask(invoice(CONSULTATION, 80_000, "enc_1"))
    chain.ask(FinishEncounter(encounter_id="enc_1", outcome="resolved"), DOCTOR)
    assert len(chain.events("InvoiceIssued")) == 2


def test_an_invoice_for_something_else_does_not_stand_for_the_visit(chain: Chain) -> None:
    booked(chain)
    chain.at(3, "18:05").ask(CheckInPatient(appointment_id="appt_1"))
    chain.ask(StartEncounter(appointment_id="appt_1", class_="AMB"), DOCTOR, "enc_1")
    chain.ask(invoice(PROCEDURE, 250_000, "enc_1"))
    chain.ask(FinishEncounter(encounter_id="enc_1", outcome="resolved"), DOCTOR)
    assert [issued.total_paise for issued in chain.events("InvoiceIssued")] == [250_000, 80_000]


def test_what_was_performed_is_billed_under_its_service_request(chain: Chain) -> None:
    """The service that was booked, advised or not; another one performed beside it is for the front desk to bill."""
    booked(chain)
    chain.at(3, "18:05").ask(CheckInPatient(appointment_id="appt_1"))
    chain.ask(StartEncounter(appointment_id="appt_1", class_="AMB"), DOCTOR, "enc_1")
    done = {
        service_id: chain.ask(
            RecordServicePerformed(
                encounter_id="enc_1",
                service_id=service_id,
                practitioner_id="prac_rao",
                performed_at=chain.clock.now(),
            ),
            DOCTOR,
        )
        for service_id in (PROCEDURE, CONSULTATION)
    }
    chain.ask(FinishEncounter(encounter_id="enc_1", outcome="resolved"), DOCTOR)
    (issued,) = chain.events("InvoiceIssued")
    assert [line.service_request_id for line in issued.lines] == [done[CONSULTATION]]


def test_a_free_follow_up_is_not_billed(chain: Chain) -> None:
    booked(chain)
    chain.at(3, "18:05").visit("appt_1", "enc_1")
    follow_up = BookAppointment(
        patient_id="pat_asha",
        slot_id=chain.slot(5, "18:00"),
        service_id=CONSULTATION,
        visit_type="follow_up",
        quoted_price_paise=0,
        channel="phone",
    )
    chain.ask(follow_up, DESK, "appt_2", "phone")
    chain.at(5, "18:00").visit("appt_2", "enc_2")
    assert chain.state("appointment", "appt_2").status == "fulfilled"
    assert len(chain.events("InvoiceIssued")) == 1


def test_a_bill_that_could_not_be_written_is_told_to_whoever_runs_the_server(
    chain: Chain, caplog: pytest.LogCaptureFixture
) -> None:
    """The rate of tax was taken from the list between booking and visit."""
    chain.hold("appt_1", 3, "18:00", service=PEEL)
    chain.captured(chain.order(59_000, appointment_id="appt_1"), "gw_1")
    chain.ask(UpdateTenantSettings(patch=SettingsPatch(gst_bps_allowed=(0, 500))), MANAGER)
    chain.at(3, "18:00").visit("appt_1", "enc_1")
    assert chain.events("InvoiceIssued") == []
    (told,) = caplog.messages
    assert "IssueInvoice of process billing was refused in ten_test" in told and "VALIDATION_FAILED" in told
