"""An approved erasure is executed by its timer: not before its notice, not under a hold, not before its time."""

from __future__ import annotations

import pytest

from event_store.aggregates.data_subject.commands import (
    ApproveErasure,
    ExecuteDestruction,
    HoldSubject,
    PlaceLegalHold,
    ReleaseLegalHold,
    RequestErasure,
)
from event_store.aggregates.patient.commands import ConsentGiver, RecordConsent
from mymedic.messages import Actor
from tests.chain import Chain
from tests.unit.event_store.clinic import ENGINEER, MANAGER, ist

AUDITOR = Actor(type="user", id="stf_auditor", roles=("AU",))
HOLD = PlaceLegalHold(
    subject=HoldSubject(patient_id="pat_asha"), reason="court", authority_ref="O.S. 4/2026", hold_id="hold_1"
)


@pytest.fixture
def approved(chain: Chain) -> Chain:
    """Monday 10:00: the contact details of a patient are to go, and another than who asked has approved it."""
    request = RequestErasure(
        patient_id="pat_asha", scope="contact_only", requested_by="pat_asha", request_id="dst_request"
    )
    chain.ask(request, MANAGER)
    chain.ask(ApproveErasure(request_id="dst_request"), AUDITOR)
    return chain


def status(chain: Chain) -> str:
    return str(chain.state("data_subject", "pat_asha").requests["dst_request"].status)


def test_it_is_executed_when_the_notice_is_over(approved: Chain) -> None:
    assert status(approved.at(4, "09:59")) == "approved"
    assert status(approved.at(4, "10:00")) == "executed"
    (executed,) = [one for one in approved.log() if one.event_type == "DestructionExecuted"]
    assert (executed.occurred_at, executed.actor.id) == (ist(4, "10:00"), "process:erasing")
    approved.at(12, "10:00")
    assert len(approved.events("DestructionExecuted")) == 1


def test_a_hold_in_between_keeps_it_waiting_day_by_day(approved: Chain, caplog: pytest.LogCaptureFixture) -> None:
    """R-RET-5."""
    approved.at(3, "12:00").ask(HOLD, AUDITOR)
    assert status(approved.at(6, "11:00")) == "approved"
    approved.ask(ReleaseLegalHold(hold_id="hold_1", reason="dismissed", authority_ref="O.S. 4/2026"), AUDITOR)
    assert status(approved.at(7, "09:59")) == "approved"
    assert status(approved.at(7, "10:00")) == "executed"
    assert caplog.messages == []


def test_an_engineer_may_be_quicker(approved: Chain, caplog: pytest.LogCaptureFixture) -> None:
    with approved.paused():
        approved.clock.move_to(ist(4, "10:00"))
        approved.ask(ExecuteDestruction(request_id="dst_request"), ENGINEER)
    approved.at(9, "10:00")
    assert len(approved.events("DestructionExecuted")) == 1
    assert caplog.messages == []


def test_a_period_that_began_again_is_waited_for(chain: Chain) -> None:
    """The whole record was free to go when it was approved; a consent in the notice keeps it for seven years more."""
    late = chain.at(2, "10:00")
    late.clock.move_to(ist(2, "10:00").replace(year=2034))
    request = RequestErasure(patient_id="pat_asha", scope="full", requested_by="pat_asha", request_id="dst_request")
    late.ask(request, MANAGER)
    late.ask(ApproveErasure(request_id="dst_request"), AUDITOR)
    late.clock.move_to(ist(3, "10:00").replace(year=2034))
    consent = RecordConsent(
        patient_id="pat_asha", purpose="care", notice_version="2", given_by=ConsentGiver(role="patient")
    )
    late.ask(consent)
    late.clock.move_to(ist(4, "10:00").replace(year=2034))
    late.runner.tick(late.tenant_id)
    assert status(late) == "approved"
    with late.store.handler.batch() as batch:
        due = late.runner.next_due(late.tenant_id, batch)
    assert due == ist(3, "00:00").replace(year=2041)
