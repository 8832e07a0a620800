"""A founded chain whose reactions read the feed, as a server's do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from event_store.aggregates.admission import commands as a
from event_store.aggregates.bed.commands import RegisterBed
from event_store.aggregates.claim import commands as c
from event_store.aggregates.patient.commands import ConsentGiver, RecordConsent
from event_store.aggregates.tenant.commands import DefineService, RegisterPayer, UpdateTenantSettings
from event_store.aggregates.tenant.events import SettingsPatch
from tests.chain import Chain, opened
from tests.founding import founded
from tests.unit.event_store.claim.ward import PAYER
from tests.unit.event_store.clinic import DESK, DOCTOR, FINANCE, MANAGER, ist


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """Monday 2026-11-02, 10:00 in India; the founding was on Sunday."""
    with opened(tmp_path) as (ledger, vault):
        yield founded(Chain(ledger, vault)).at(2, "10:00")


@pytest.fixture
def stay(chain: Chain) -> Chain:
    """Wednesday 4 Nov, 12:00: one night charged, home again, not billed; the payer has been asked and bears 90%."""
    chain.ask(UpdateTenantSettings(patch=SettingsPatch(kind="hospital")), MANAGER)
    chain.ask(RegisterPayer(name="Suraksha", kind="insurer", payer_id="pyr_1"), FINANCE)
    room: Any = {"service_id": "svc_room", "code": "room", "name": "room", "kind": "room", "specialty_id": "spc_derm"}
    chain.ask(DefineService(**room, sac="999311", gst_bps=0, duration_min=15), MANAGER)
    bed: Any = {"branch_id": "brn_south", "ward": "East", "room": "1", "label": "a", "bed_id": "bed_a"}
    chain.ask(RegisterBed(class_="general", **bed), MANAGER)
    giver = ConsentGiver(role="patient")
    chain.ask(RecordConsent(patient_id="pat_asha", purpose="claims_share", notice_version="1", given_by=giver))
    chain.book("appt_1", 3, "18:30")
    chain.at(3, "18:30").visit("appt_1", "enc_1")
    request: Any = {"encounter_id": "enc_1", "patient_id": "pat_asha", "practitioner_id": "prac_rao"}
    request |= {"bed_class": "general", "expected_los_days": 1, "diagnosis_text": "cellulitis"}
    chain.ask(a.RequestAdmission(**request, admission_id="adm_1"), DOCTOR)
    chain.ask(a.AcceptAdmission(admission_id="adm_1", his_visit_no="IP 1"), DESK)
    chain.ask(a.AdmitPatient(admission_id="adm_1", bed_id="bed_a", admitted_at=ist(3, "18:30")), DESK)
    cover: Any = {"patient_id": "pat_asha", "payer_id": "pyr_1", "member_id": "M", "policy_no": "P"}
    chain.ask(c.CheckCoverage(**cover, claim_id="clm_1"))
    coverage_id = chain.state("claim", "clm_1").coverage_id
    said: Any = {"active": True, "sum_insured_paise": 10**8, "balance_paise": 10**8, "copay_bps": 1000}
    chain.ask(c.RecordCoverage(coverage_id=coverage_id, **said), PAYER)
    ask: Any = {"admission_id": "adm_1", "payer_id": "pyr_1", "coverage_id": coverage_id, "amount_paise": 600_000}
    chain.ask(c.SubmitPreauth(claim_id="clm_1", **ask))
    charge: Any = {"charge_id": "chg_1", "service_id": "svc_room", "qty": 1, "unit_price_paise": 600_000}
    chain.at(4, "12:00").ask(a.PostAdmissionCharge(admission_id="adm_1", service_date=date(2026, 11, 4), **charge))
    chain.ask(a.DischargePatient(admission_id="adm_1", discharged_at=ist(4, "12:00"), disposition="home"), DOCTOR)
    return chain
