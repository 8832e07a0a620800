"""A claim on a real store: what stands with a payer is not taken from the patient as well (INV-P3)."""

from __future__ import annotations

import pytest

from event_store.aggregates.claim.commands import CancelClaim, CheckCoverage, RecordCoverage, SubmitClaim
from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.patient.commands import ConsentGiver, RecordConsent
from event_store.aggregates.payment.commands import AllocatePayment, RecordCounterPayment
from event_store.aggregates.tenant.commands import RegisterPayer, UpdateTenantSettings
from event_store.aggregates.tenant.events import SettingsPatch
from event_store.recorded import Recorded
from tests.chain import CONSULTATION, Chain
from tests.unit.event_store.claim.ward import PAYER
from tests.unit.event_store.clinic import DESK, FINANCE, MANAGER

CHECK = CheckCoverage(patient_id="pat_asha", payer_id="pyr_1", member_id="M-77", policy_no="P-4411", claim_id="clm_1")


@pytest.fixture
def hospital(chain: Chain) -> Chain:
    """Invoice `inv_1` of 80000; 60000 of it claimed from payer `pyr_1` by `clm_1`."""
    chain.ask(UpdateTenantSettings(patch=SettingsPatch(kind="hospital")), MANAGER)
    chain.ask(RegisterPayer(name="Suraksha", kind="insurer", payer_id="pyr_1"), FINANCE)
    giver = ConsentGiver(role="patient")
    chain.ask(RecordConsent(patient_id="pat_asha", purpose="claims_share", notice_version="1", given_by=giver))
    line = NewLine(line_no=1, service_id=CONSULTATION, qty=1, unit_price_paise=80_000, gst_bps=0, tax_inclusive=True)
    chain.ask(IssueInvoice(patient_id="pat_asha", branch_id="brn_south", lines=(line,)), FINANCE, "inv_1")
    chain.ask(CHECK)
    chain.ask(SubmitClaim(claim_id="clm_1", invoice_id="inv_1", claimed_paise=60_000, copay_paise=20_000), FINANCE)
    return chain


def pay(chain: Chain, amount_paise: int) -> str:
    paying = RecordCounterPayment(
        patient_id="pat_asha",
        branch_id="brn_south",
        purpose="balance",
        amount_paise=amount_paise,
        mode="upi",
        channel="static_qr",
        rrn="412345678901",
        invoice_id="inv_1",
    )
    return chain.ask(paying)


def test_only_the_patients_part_is_allocated_until_the_claim_is_cancelled_inv_p3(hospital: Chain) -> None:
    payment_id = pay(hospital, 50_000)
    assert hospital.state("payment", payment_id).allocated_to("inv_1") == 20_000
    rest = AllocatePayment(payment_id=payment_id, invoice_id="inv_1", amount_paise=30_000)
    assert hospital.refused(rest) == "ALLOCATION_EXCEEDS_INVOICE"
    hospital.ask(CancelClaim(claim_id="clm_1", reason="the patient pays"), FINANCE)
    hospital.ask(rest, DESK)
    assert hospital.state("payment", payment_id).allocated_to("inv_1") == 50_000


def test_a_claim_is_found_by_its_keys_and_says_no_name(hospital: Chain) -> None:
    told: list[Recorded] = [one for one in hospital.log() if one.stream_id == "claim-clm_1"]
    assert [one.event_type for one in told] == ["CoverageEligibilityRequested", "ClaimSubmitted"]
    assert {(one.claim_id, one.patient_id) for one in told} == {("clm_1", "pat_asha")}
    assert [one.branch_id for one in told] == [None, "brn_south"]
    assert told[0].event.pii is None  # type: ignore[attr-defined]


def test_the_payer_names_the_coverage_alone(hospital: Chain) -> None:
    coverage_id = hospital.state("claim", "clm_1").coverage_id
    answer = RecordCoverage(coverage_id=coverage_id, active=True, sum_insured_paise=1, balance_paise=1, copay_bps=0)
    assert hospital.ask(answer, PAYER) == "clm_1"
    assert hospital.refused(answer, DESK) == "FORBIDDEN"
