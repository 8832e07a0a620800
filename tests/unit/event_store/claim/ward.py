"""A hospital with an insured inpatient: what claims are decided against in tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from event_store.aggregates.admission.events import AdmissionRequested
from event_store.aggregates.claim import commands as c
from event_store.aggregates.claim import events as e
from event_store.aggregates.invoice.events import InvoiceIssued, InvoiceLine
from event_store.aggregates.patient.events import ConsentRecorded
from event_store.aggregates.tenant.events import PayerRegistered, SettingsPatch, TenantSettingsChanged
from mymedic.messages import Actor, Command, Event
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, FINANCE, TENANT, a_clinic, ist

PAYER = Actor(type="integration", id="tpa:suraksha", roles=("IN",))
# Keys in by hand what a payer wrote in a letter.
CLERK = Actor(type="user", id="stf_clerk", roles=("IN",))
TOTAL = 5_000_000  # of invoice inv_1: 3500000 and 1500000


def a_hospital() -> Scenario:
    """Asha, who shares with her insurer, lies in `adm_1` at brn_south and will be billed `inv_1`."""
    world = a_clinic()
    world.given("tenant", TENANT, TenantSettingsChanged(patch=SettingsPatch(kind="hospital")))
    world.given("tenant", TENANT, PayerRegistered(payer_id="pyr_1", name="Suraksha", kind="insurer", tds_bps=1000))
    world.given("patient", "pat_asha", consent())
    admitted(world, "adm_1")
    billed(world, "inv_1", "adm_1")
    return world


def consent() -> ConsentRecorded:
    return ConsentRecorded(purpose="claims_share", notice_version="1", given_by_role="patient")


def admitted(world: Scenario, admission_id: str, patient_id: str = "pat_asha", branch_id: str = "brn_south") -> None:
    requested = AdmissionRequested(
        admission_id=admission_id,
        patient_id=patient_id,
        encounter_id="enc_1",
        practitioner_id="prac_rao",
        branch_id=branch_id,
        bed_class="general",
        expected_los_days=3,
    )
    world.given("admission", admission_id, requested)


def billed(world: Scenario, invoice_id: str, admission_id: str | None = None, patient_id: str = "pat_asha") -> None:
    lines = tuple(
        InvoiceLine(line_no=line_no, taxable_paise=total, gst_paise=0, total_paise=total)
        for line_no, total in ((1, 3_500_000), (2, 1_500_000))
    )
    issued = InvoiceIssued(
        invoice_no=invoice_id,
        patient_id=patient_id,
        branch_id="brn_south",
        admission_id=admission_id,
        lines=lines,
        total_paise=TOTAL,
        taxable_paise=TOTAL,
        gst_paise=0,
    )
    world.given("invoice", invoice_id, issued)


def check_coverage(**changes: Any) -> c.CheckCoverage:
    fields: dict[str, Any] = {
        "patient_id": "pat_asha",
        "payer_id": "pyr_1",
        "member_id": "M-77",
        "policy_no": "P-4411",
        "claim_id": "clm_1",
    }
    return c.CheckCoverage(**{**fields, **changes})


def cover(coverage_id: str = "cov_1", *, active: bool = True) -> c.RecordCoverage:
    return c.RecordCoverage(
        coverage_id=coverage_id,
        active=active,
        sum_insured_paise=50_000_000,
        balance_paise=20_000_000,
        copay_bps=0,
    )


def preauth(amount_paise: int = 4_000_000, **changes: Any) -> c.SubmitPreauth:
    fields: dict[str, Any] = {
        "claim_id": "clm_1",
        "admission_id": "adm_1",
        "payer_id": "pyr_1",
        "coverage_id": "cov_1",
        "amount_paise": amount_paise,
        "diagnosis": ("K35.8",),
        "procedures": ("0DTJ4ZZ",),
    }
    return c.SubmitPreauth(**{**fields, **changes})


def granted(approved_paise: int, **changes: Any) -> c.RecordPreauthDecision:
    fields: dict[str, Any] = {
        "claim_id": "clm_1",
        "outcome": "approved",
        "approved_paise": approved_paise,
        "preauth_ref": "PA-9",
    }
    return c.RecordPreauthDecision(**{**fields, **changes})


def refused_preauth() -> c.RecordPreauthDecision:
    return c.RecordPreauthDecision(claim_id="clm_1", outcome="rejected", reason_code="NC-4", remarks="not covered")


def enhance(additional_paise: int) -> c.RequestPreauthEnhancement:
    return c.RequestPreauthEnhancement(claim_id="clm_1", additional_paise=additional_paise, reason="icu_stay")


def submit(claimed_paise: int = TOTAL, **changes: Any) -> c.SubmitClaim:
    fields: dict[str, Any] = {
        "claim_id": "clm_1",
        "invoice_id": "inv_1",
        "claimed_paise": claimed_paise,
        "copay_paise": 0,
    }
    return c.SubmitClaim(**{**fields, **changes})


def query(query_id: str = "qry_1", stage: e.Stage = "claim", day: int = 9) -> c.RaiseClaimQuery:
    return c.RaiseClaimQuery(
        claim_id="clm_1", query_id=query_id, text="send the discharge summary", due_at=ist(day, "18:00"), stage=stage
    )


def answer(query_id: str = "qry_1") -> c.AnswerClaimQuery:
    return c.AnswerClaimQuery(claim_id="clm_1", query_id=query_id, documents=("doc_1", "doc_2"), text="attached")


def decided(approved_paise: int, disallowed_paise: int = 0, **changes: Any) -> c.RecordClaimDecision:
    outcome = "rejected" if not approved_paise else "partially_approved" if disallowed_paise else "approved"
    fields: dict[str, Any] = {
        "claim_id": "clm_1",
        "outcome": outcome,
        "approved_paise": approved_paise,
        "disallowed_paise": disallowed_paise,
        "reasons": (e.Disallowance(code="10.2 (a)", amount_paise=disallowed_paise),) if disallowed_paise else (),
    }
    return c.RecordClaimDecision(**{**fields, **changes})


def reprocess(amount_paise: int) -> c.RequestClaimReprocess:
    return c.RequestClaimReprocess(claim_id="clm_1", grounds="documents_found", amount_paise=amount_paise)


def paid(gross_paise: int, ref: str = "ST-1", **changes: Any) -> c.RecordClaimSettlement:
    tds = gross_paise // 10
    fields: dict[str, Any] = {
        "claim_id": "clm_1",
        "settlement_ref": ref,
        "gross_paise": gross_paise,
        "tds_paise": tds,
        "net_paise": gross_paise - tds,
        "utr": f"UTR{ref.replace('-', '')}",
        "paid_on": date(2026, 12, 1),
    }
    return c.RecordClaimSettlement(**{**fields, **changes})


def close(treatment: e.Treatment = "write_off") -> c.CloseClaim:
    return c.CloseClaim(claim_id="clm_1", disallowance_treatment=treatment)


def cancel() -> c.CancelClaim:
    return c.CancelClaim(claim_id="clm_1", reason="patient pays")


BY: dict[type[Command], Actor] = {
    c.CheckCoverage: DESK,
    c.RecordCoverage: PAYER,
    c.SubmitPreauth: DESK,
    c.RecordPreauthDecision: PAYER,
    c.RequestPreauthEnhancement: FINANCE,
    c.SubmitClaim: FINANCE,
    c.RaiseClaimQuery: PAYER,
    c.AnswerClaimQuery: DESK,
    c.RecordClaimDecision: PAYER,
    c.RequestClaimReprocess: FINANCE,
    c.RecordClaimSettlement: PAYER,
    c.CloseClaim: FINANCE,
    c.CancelClaim: FINANCE,
}


def covered(world: Scenario | None = None) -> Scenario:
    """`clm_1` with coverage `cov_1`, which the payer has found active."""
    world = world or a_hospital()
    asked = e.CoverageEligibilityRequested(
        claim_id="clm_1",
        coverage_id="cov_1",
        patient_id="pat_asha",
        payer_id="pyr_1",
        pii=e.CoveragePii(member_id="M-77", policy_no="P-4411"),
    )
    world.given("claim", "clm_1", asked)
    return after(world, cover())


def after(world: Scenario, *commands: Command) -> Scenario:
    """The world after commands, each from who usually sends it."""
    for command in commands:
        world.when(command, actor=BY[type(command)])
    return world


def preauthorised(approved_paise: int = 4_000_000) -> Scenario:
    return after(covered(), preauth(), granted(approved_paise))


def claimed(claimed_paise: int = TOTAL) -> Scenario:
    return after(preauthorised(), submit(claimed_paise))


def told(world: Scenario, command: Command, actor: Actor | None = None) -> Event:
    """The one event that a command makes."""
    (event,) = world.when(command, actor=actor or BY[type(command)])
    return event


def status(world: Scenario) -> str:
    return str(world.state("claim", "clm_1").status)


def sums(world: Scenario) -> tuple[int, int, int]:
    """approved, disallowed, under adjudication: INV-C1's terms of the claimed."""
    state = world.state("claim", "clm_1")
    assert state.claimed_paise == state.approved_paise + state.disallowed_paise + state.under_adjudication_paise
    return state.approved_paise, state.disallowed_paise, state.under_adjudication_paise
