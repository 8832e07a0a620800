"""S10: the claim of a billed stay waits, filled in, until finance sends it; a payer's question until it is answered."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.admission import commands as a
from event_store.aggregates.claim import commands as c
from event_store.present import Present
from processes.claims import prefilled
from tests.chain import Chain
from tests.integration.processes.test_timers import waiting
from tests.unit.event_store.claim.ward import PAYER
from tests.unit.event_store.clinic import FINANCE, ist

ROOM = 600_000
APPROVED = c.RecordPreauthDecision(claim_id="clm_1", outcome="approved", approved_paise=ROOM, preauth_ref="PA1")


def bill(chain: Chain) -> str:
    chain.ask(a.FinalizeAdmissionBill(admission_id="adm_1"), FINANCE)
    return str(chain.state("admission", "adm_1").invoice_id)


def prefill(chain: Chain) -> c.SubmitClaim | None:
    return prefilled(Present(chain.store.handler, chain.tenant_id), "clm_1")


def test_the_claim_of_a_billed_stay_waits_filled_in_until_finance_sends_it(stay: Chain) -> None:
    stay.ask(APPROVED, PAYER)
    assert (prefill(stay), waiting(stay)) == (None, {})
    invoice_id = bill(stay)
    filled = c.SubmitClaim(claim_id="clm_1", invoice_id=invoice_id, claimed_paise=540_000, copay_paise=60_000)
    assert prefill(stay) == filled
    assert waiting(stay) == {"submit_claim": "6 days, 12:00:00"}
    assert stay.events("ClaimSubmitted") == []  # only finance submits
    stay.ask(filled, FINANCE)
    assert (prefill(stay), waiting(stay)) == (None, {})


def test_an_approval_after_the_bill_fills_it_in_as_well(stay: Chain) -> None:
    bill(stay)
    assert (prefill(stay), waiting(stay)) == (None, {})
    stay.ask(APPROVED, PAYER)
    assert prefill(stay) is not None
    assert list(waiting(stay)) == ["submit_claim"]


def test_a_forgotten_claim_is_told_of_once_a_day(stay: Chain, caplog: pytest.LogCaptureFixture) -> None:
    stay.ask(APPROVED, PAYER)
    bill(stay)
    before = stay.head()
    stay.at(9, "13:00")
    assert caplog.messages == [
        f"submit_claim of clm_1 in ten_test is overdue, told {times} times" for times in (1, 2, 3)
    ]
    assert stay.head() == before
    stay.ask(c.CancelClaim(claim_id="clm_1", reason="the patient pays"), FINANCE)
    assert waiting(stay) == {}


def test_a_question_of_the_payer_waits_until_it_is_answered(stay: Chain, caplog: pytest.LogCaptureFixture) -> None:
    query: Any = {"claim_id": "clm_1", "text": "papers?", "stage": "preauth"}
    stay.ask(c.RaiseClaimQuery(query_id="qry_1", due_at=ist(6, "10:00"), **query), PAYER)
    stay.ask(c.RaiseClaimQuery(query_id="qry_2", due_at=ist(5, "10:00"), **query), PAYER)
    assert waiting(stay) == {"answer_query": "4 days, 10:00:00"}
    stay.ask(c.AnswerClaimQuery(claim_id="clm_1", query_id="qry_2", text="here"))
    assert waiting(stay) == {"answer_query": "5 days, 10:00:00"}
    stay.at(6, "10:01")
    assert len(caplog.messages) == 1
    stay.ask(APPROVED, PAYER)  # without waiting for the answer
    assert waiting(stay) == {}
