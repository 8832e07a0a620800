"""A stay through the real ledger: asked for, taken in, a bed, another, charges, home, the bill, what was too much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from event_store.aggregates.admission import commands as c
from event_store.aggregates.bed.commands import RegisterBed, SetBedStatus
from event_store.aggregates.payment.commands import RecordCounterPayment
from event_store.aggregates.tenant.commands import DefineService, UpdateTenantSettings
from event_store.aggregates.tenant.events import SettingsPatch
from event_store.ledger import open_ledger
from event_store.rebuild import guard_differences
from event_store.retention.keys import Vault
from mymedic.messages import Actor
from tests.chain import Chain
from tests.founding import founded
from tests.unit.event_store.clinic import DESK, DOCTOR, FINANCE, MANAGER, ist

HIS = Actor(type="integration", id="his", roles=("IN",))
ROOM, LAB, ADVANCE = 630_000, 40_000, 1_500_000


@pytest.fixture
def hospital(engine_url: str, tmp_path: Path) -> Iterator[Chain]:
    """Tuesday 2026-11-03, 18:30: Asha has just been seen by Dr Rao (`enc_1`); two beds are free."""
    ledger, vault = open_ledger(engine_url), Vault(tmp_path / "keys.sqlite", bytes(32))
    chain = founded(Chain(ledger, vault)).at(2, "10:00")
    chain.ask(UpdateTenantSettings(patch=SettingsPatch(kind="hospital")), MANAGER)
    for service_id, kind, gst_bps in (("svc_room", "room", 500), ("svc_lab", "investigation", 0)):
        service: Any = {"service_id": service_id, "code": service_id, "name": service_id, "kind": kind}
        service |= {"specialty_id": "spc_derm", "sac": "999311", "gst_bps": gst_bps, "duration_min": 15}
        chain.ask(DefineService(**service), MANAGER)
    for label in ("a", "b"):
        bed: Any = {"branch_id": "brn_south", "ward": "East", "room": "1", "label": label, "bed_id": f"bed_{label}"}
        chain.ask(RegisterBed(class_="general", **bed), MANAGER)
    chain.book("appt_1", 3, "18:30")
    chain.at(3, "18:30").visit("appt_1", "enc_1")
    yield chain
    ledger.close()
    vault.close()


def admitted(hospital: Chain) -> None:
    """Into bed a at 20:00, with 15,000.00 paid in advance."""
    request = c.RequestAdmission(
        encounter_id="enc_1",
        patient_id="pat_asha",
        practitioner_id="prac_rao",
        bed_class="general",
        expected_los_days=2,
        diagnosis_text="cellulitis",
        admission_id="adm_1",
    )
    hospital.ask(request, DOCTOR)
    hospital.ask(c.AcceptAdmission(admission_id="adm_1", his_visit_no="IP 1"), HIS)
    hospital.ask(paying("ipd_advance", ADVANCE), DESK, "pay_advance")
    hospital.at(3, "20:00")
    hospital.ask(c.AdmitPatient(admission_id="adm_1", bed_id="bed_a", admitted_at=ist(3, "20:00")), HIS)


def paying(purpose: Any, amount_paise: int) -> RecordCounterPayment:
    return RecordCounterPayment(
        patient_id="pat_asha",
        branch_id="brn_south",
        purpose=purpose,
        admission_id="adm_1",
        amount_paise=amount_paise,
        mode="card",
        channel="pos",
    )


def charge(charge_id: str, service_id: str, price: int, day: int, **changes: Any) -> c.PostAdmissionCharge:
    fields: dict[str, Any] = {"service_date": date(2026, 11, day), "qty": 1, "unit_price_paise": price}
    return c.PostAdmissionCharge(
        admission_id="adm_1", charge_id=charge_id, service_id=service_id, **{**fields, **changes}
    )


def test_from_request_to_bill(hospital: Chain) -> None:
    admitted(hospital)
    hospital.at(4, "09:00")
    hospital.ask(charge("chg_1", "svc_room", ROOM, 4), HIS)
    hospital.ask(c.TransferPatient(admission_id="adm_1", to_bed_id="bed_b", at=ist(4, "09:00"), reason="light"), HIS)
    assert hospital.refused(charge("chg_2", "svc_room", ROOM, 4), HIS) == "ALREADY_EXISTS"
    hospital.at(5, "11:00")
    hospital.ask(charge("chg_2", "svc_room", ROOM, 5), HIS)
    hospital.ask(charge("chg_3", "svc_lab", LAB, 5, qty=3), HIS)
    hospital.ask(charge("chg_4", "svc_lab", LAB, 5, reversal_of="chg_3"), HIS)
    bill = c.FinalizeAdmissionBill(admission_id="adm_1")
    assert hospital.refused(bill, FINANCE) == "DISCHARGE_BLOCKED"
    hospital.ask(c.DischargePatient(admission_id="adm_1", discharged_at=ist(5, "11:00"), disposition="home"), DOCTOR)
    before = hospital.head()
    hospital.ask(bill, FINANCE)

    assert hospital.types_since(before) == [
        "AdmissionBilled",
        "InvoiceIssued",
        "PaymentAllocated",
        "RefundRequested",
        "RefundApproved",  # small enough for the policy
        "RefundInitiated",
    ]
    [billed] = hospital.events("AdmissionBilled")
    total = 2 * ROOM + 2 * LAB
    assert (billed.total_paise, billed.advance_applied_paise, billed.excess_paise) == (total, total, ADVANCE - total)
    invoice = hospital.events("InvoiceIssued")[-1]
    assert invoice.invoice_no == "brn_south/FY2026-27/000002"  # the visit's was the first
    assert (invoice.total_paise, invoice.gst_paise) == (total, 2 * 30_000)
    [refund] = hospital.events("RefundRequested")
    assert (refund.reason, refund.amount_paise) == ("discharge_excess", ADVANCE - total)
    assert hospital.state("payment", "pay_advance").available_paise == 0
    assert [hospital.state("bed", bed).status for bed in ("bed_a", "bed_b")] == ["cleaning", "cleaning"]
    differences = guard_differences(hospital.store.ledger, hospital.store.feed, hospital.tenant_id)
    assert differences == []
    of_the_stay = {recorded.event_type for recorded in hospital.log() if recorded.admission_id == "adm_1"}
    assert {"AdmissionRequested", "BedOccupied", "PaymentCaptured", "InvoiceIssued", "BedReleased"} <= of_the_stay


def test_what_is_paid_after_the_bill_goes_against_it_and_the_rest_back(hospital: Chain) -> None:
    admitted(hospital)
    hospital.at(4, "09:00")
    hospital.ask(charge("chg_1", "svc_lab", ADVANCE + LAB, 4), HIS)
    hospital.ask(c.DischargePatient(admission_id="adm_1", discharged_at=ist(4, "09:00"), disposition="home"), HIS)
    hospital.ask(c.FinalizeAdmissionBill(admission_id="adm_1"), FINANCE)
    hospital.ask(paying("ipd_final", LAB + 10_000), DESK, "pay_final")
    final = hospital.state("payment", "pay_final")
    assert (final.allocated_paise, final.available_paise) == (LAB, 0)
    [refund] = hospital.events("RefundRequested")
    assert (refund.reason, refund.amount_paise) == ("discharge_excess", 10_000)


def test_the_hospitals_own_system_is_told_no(hospital: Chain) -> None:
    """R-CMD-7's exception: what it reports of beds is refused with the code, so that it can send again."""
    admitted(hospital)
    other = c.AdmitPatient(admission_id="adm_1", bed_id="bed_b", admitted_at=ist(3, "20:00"))
    assert hospital.refused(other, HIS) == "PATIENT_ALREADY_ADMITTED"
    same = c.TransferPatient(admission_id="adm_1", to_bed_id="bed_a", at=ist(3, "20:00"), reason="light")
    assert hospital.refused(same, HIS) == "BED_OCCUPIED"
    hospital.ask(SetBedStatus(bed_id="bed_b", status="out_of_service"))
    away = c.TransferPatient(admission_id="adm_1", to_bed_id="bed_b", at=ist(3, "20:00"), reason="light")
    assert hospital.refused(away, HIS) == "BED_UNAVAILABLE"
    hospital.ask(SetBedStatus(bed_id="bed_b", status="available"))
    hospital.ask(away, HIS)


def test_called_off_and_called_back(hospital: Chain) -> None:
    """A11 and A13: what was entered by mistake leaves every guard as replay would have it."""
    admitted(hospital)
    hospital.at(4, "09:00")
    hospital.ask(c.DischargePatient(admission_id="adm_1", discharged_at=ist(4, "09:00"), disposition="home"), HIS)
    hospital.ask(c.CancelDischarge(admission_id="adm_1", bed_id="bed_a"), HIS)
    assert hospital.store.handler.holder(hospital.tenant_id, "patient_admission", "pat_asha") == "adm_1"
    hospital.ask(c.CancelAdmission(admission_id="adm_1", reason="wrong patient"), HIS)
    for kind, value in (("bed", "bed_a"), ("patient_admission", "pat_asha"), ("his_visit", "brn_south#IP 1")):
        assert hospital.store.handler.holder(hospital.tenant_id, kind, value) is None
    assert guard_differences(hospital.store.ledger, hospital.store.feed, hospital.tenant_id) == []
