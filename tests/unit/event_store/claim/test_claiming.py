"""The bill goes to the payer, and what is claimed leaves the patient's balance (C107, INV-P3)."""

from __future__ import annotations

import pytest

from event_store.aggregates.claim.events import ClaimLine, ClaimSubmitted
from event_store.aggregates.invoice.commands import CreditLine, IssueCreditNote, WriteOffBalance
from event_store.aggregates.patient.events import PatientsMerged
from event_store.aggregates.payment.commands import AllocatePayment
from event_store.aggregates.payment.events import PaymentAllocated, PaymentDeallocated
from mymedic.messages import Actor, Command
from mymedic.receivables import outstanding
from tests.scenario import Scenario, ScenarioContext
from tests.unit.event_store.claim.ward import (
    TOTAL,
    a_hospital,
    after,
    billed,
    cancel,
    check_coverage,
    claimed,
    close,
    cover,
    covered,
    decided,
    enhance,
    paid,
    preauth,
    preauthorised,
    query,
    refused_preauth,
    reprocess,
    status,
    submit,
    told,
)
from tests.unit.event_store.clinic import DESK, FINANCE, captured, refused


def owed(world: Scenario, invoice_id: str = "inv_1") -> int:
    return outstanding(ScenarioContext(world, "cmd_look", FINANCE, "api"), invoice_id)


def money(world: Scenario, amount_paise: int) -> Scenario:
    """A payment of Asha's, not used yet."""
    captured(world, "pay_1", "appt_1", amount_paise)
    return world


def allocate(amount_paise: int) -> AllocatePayment:
    return AllocatePayment(payment_id="pay_1", invoice_id="inv_1", amount_paise=amount_paise)


def test_the_claim_moves_its_part_of_the_invoice_to_the_payer() -> None:
    world = preauthorised()
    event = told(world, submit(3_900_000, copay_paise=500_000, documents=("doc_1",)))
    assert event == ClaimSubmitted(
        branch_id="brn_south",
        admission_id="adm_1",
        invoice_id="inv_1",
        claimed_paise=3_900_000,
        copay_paise=500_000,
        over_preauth=False,
        documents_n=1,
    )
    assert status(world) == "claim_submitted"
    assert owed(world) == TOTAL - 3_900_000


def test_more_than_was_preauthorised_is_allowed_and_said() -> None:
    assert told(preauthorised(), submit(4_000_001)).over_preauth
    assert not told(preauthorised(), submit(4_000_000)).over_preauth


@pytest.mark.parametrize(
    "steps", [(), (preauth(),), (preauth(), query(stage="preauth")), (preauth(), refused_preauth())]
)
def test_cashless_needs_a_preauthorisation(steps: tuple[Command, ...]) -> None:
    assert refused(after(covered(), *steps), submit(), FINANCE).code == "PREAUTH_REQUIRED"


def test_an_unchecked_claim_is_a_reimbursement() -> None:
    world = a_hospital()
    asked = told(world, check_coverage())
    billed(world, "inv_2")
    event = told(world, submit(invoice_id="inv_2"))
    assert not event.over_preauth
    after(world, cover(asked.coverage_id))
    assert status(world) == "claim_submitted"


def test_a_claim_is_submitted_once() -> None:
    for world in (claimed(), after(preauthorised(), enhance(1)), after(preauthorised(), cancel())):
        assert refused(world, submit(1), FINANCE).code == "INVALID_STATE"


def test_claim_and_copay_fit_into_what_is_left_of_the_invoice() -> None:
    assert refused(preauthorised(), submit(TOTAL, copay_paise=1), FINANCE).code == "CLAIM_EXCEEDS_INVOICE"
    world = money(preauthorised(), 1_000_000)
    world.when(allocate(1_000_000), actor=DESK)
    assert refused(world, submit(3_500_000, copay_paise=500_001), FINANCE).code == "CLAIM_EXCEEDS_INVOICE"
    assert told(world, submit(3_500_000, copay_paise=500_000))


def test_the_invoice_is_that_of_patient_and_admission() -> None:
    world = preauthorised()
    billed(world, "inv_bala", "adm_1", patient_id="pat_bala")
    billed(world, "inv_opd")
    assert refused(world, submit(invoice_id="inv_bala"), FINANCE).code == "VALIDATION_FAILED"
    assert refused(world, submit(invoice_id="inv_opd"), FINANCE).code == "VALIDATION_FAILED"
    assert refused(world, submit(invoice_id="inv_none"), FINANCE).code == "NOT_FOUND"
    world.given("patient", "pat_bala", PatientsMerged(survivor_id="pat_bala", duplicate_id="pat_asha", reason="same"))
    assert told(world, submit(invoice_id="inv_bala"))


def test_finance_of_another_branch() -> None:
    north = Actor(type="user", id="stf_north", roles=("FN",), branch_scope=("brn_north",))
    assert refused(preauthorised(), submit(), north).code == "FORBIDDEN_BRANCH"


def lines(*parts: tuple[int, int]) -> tuple[ClaimLine, ...]:
    return tuple(ClaimLine(line_no=line_no, amount_paise=amount) for line_no, amount in parts)


def test_lines_are_the_invoices_and_add_up() -> None:
    for wrong in (((1, 1),), ((1, 1), (1, 1)), ((3, 2),)):
        refusal = refused(preauthorised(), submit(2, lines=lines(*wrong)), FINANCE)
        assert (refusal.code, refusal.details["field"]) == ("VALIDATION_FAILED", "lines")
    too_much = submit(1_500_001, lines=lines((2, 1_500_001)))
    assert refused(preauthorised(), too_much, FINANCE).code == "CLAIM_EXCEEDS_INVOICE"
    both = lines((1, 3_000_000), (2, 1_500_000))
    assert told(preauthorised(), submit(4_500_000, lines=both)).lines == both


def test_what_is_claimed_is_not_taken_from_the_patient_as_well_inv_p3() -> None:
    world = money(claimed(4_000_000), TOTAL)
    assert refused(world, allocate(1_000_001)).code == "ALLOCATION_EXCEEDS_INVOICE"
    world.when(allocate(1_000_000), actor=DESK)
    assert owed(world) == 0
    write_off = WriteOffBalance(invoice_id="inv_1", amount_paise=1, reason="small")
    assert refused(world, write_off, FINANCE).code == "ALLOCATION_EXCEEDS_INVOICE"


def test_two_claims_share_an_invoice_but_not_its_money_inv_p3() -> None:
    world = claimed(4_000_000)
    after(world, check_coverage(claim_id="clm_2"))
    assert refused(world, submit(1_000_001, claim_id="clm_2"), FINANCE).code == "CLAIM_EXCEEDS_INVOICE"
    assert told(world, submit(1_000_000, claim_id="clm_2"))
    assert owed(world) == 0


def test_a_credit_note_leaves_what_is_claimed_inv_p3() -> None:
    world = money(claimed(4_000_000), TOTAL)
    world.given("payment", "pay_1", PaymentAllocated(allocation_id="a", invoice_id="inv_1", amount_paise=600_000))
    credit = IssueCreditNote(invoice_id="inv_1", lines=(CreditLine(line_no=1, amount_paise=1_000_001),), reason="r")
    assert refused(world, credit, FINANCE).code == "CREDIT_EXCEEDS_INVOICE"
    credit = IssueCreditNote(invoice_id="inv_1", lines=(CreditLine(line_no=1, amount_paise=700_000),), reason="r")
    events = world.when(credit, actor=FINANCE)
    assert [event.amount_paise for event in events if isinstance(event, PaymentDeallocated)] == [300_000]
    assert owed(world) == 0


def test_a_cancelled_claim_gives_everything_back_inv_p3() -> None:
    world = after(claimed(4_000_000), decided(3_000_000, 1_000_000), cancel())
    assert owed(world) == TOTAL


def test_a_rejected_claim_billed_to_the_patient_inv_p3() -> None:
    world = after(claimed(4_000_000), decided(0, 4_000_000), close("bill_patient"))
    assert owed(world) == TOTAL


def test_only_what_the_payer_did_not_pay_is_billed_to_the_patient_inv_p3() -> None:
    world = after(claimed(4_000_000), decided(3_000_000, 1_000_000), reprocess(400_000), decided(400_000))
    after(world, paid(3_300_000), close("bill_patient"))
    assert owed(world) == TOTAL - 4_000_000 + 600_000 + 100_000


def test_what_is_written_off_stays_off_inv_p3() -> None:
    world = after(claimed(4_000_000), decided(0, 4_000_000), close("write_off"))
    assert owed(world) == TOTAL - 4_000_000
