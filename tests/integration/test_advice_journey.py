"""Advice from the doctor's room to its performance on a real store: streams, envelope keys, guards."""

from __future__ import annotations

from pathlib import Path

from event_store.aggregates.appointment.commands import CheckInPatient
from event_store.aggregates.encounter.commands import CancelEncounter, StartEncounter
from event_store.aggregates.service_request.commands import AdviseService, RecordServicePerformed, RespondToAdvice
from event_store.rebuild import guard_differences
from tests.chain import PROCEDURE, Chain, opened
from tests.founding import founded
from tests.unit.event_store.clinic import DOCTOR, PATIENT


def performed(chain: Chain, service_request_id: str | None) -> RecordServicePerformed:
    return RecordServicePerformed(
        service_request_id=service_request_id,
        encounter_id="enc_1",
        service_id=PROCEDURE,
        practitioner_id="prac_rao",
        performed_at=chain.clock.now(),
    )


def test_from_advice_to_performance(tmp_path: Path) -> None:
    with opened(tmp_path) as (ledger, vault):
        chain = founded(Chain(ledger, vault)).at(2, "10:00")
        chain.book("appt_1", 3, "18:00")
        chain.at(3, "18:00").ask(CheckInPatient(appointment_id="appt_1"))
        chain.ask(StartEncounter(appointment_id="appt_1", class_="AMB"), DOCTOR, "enc_1")
        before = chain.head()
        advice = AdviseService(
            encounter_id="enc_1",
            service_id=PROCEDURE,
            priority="urgent",
            list_price_paise=250_000,
            practitioner_id="prac_rao",
        )
        request_id = chain.ask(advice, DOCTOR)
        assert request_id.startswith("sreq_")
        chain.ask(RespondToAdvice(service_request_id=request_id, decision="accepted"), PATIENT)
        chain.ask(performed(chain, request_id), DOCTOR)
        unadvised_id = chain.ask(performed(chain, None))
        told = [recorded for recorded in chain.log() if recorded.seq > before]
        assert [recorded.event_type for recorded in told] == [
            "ServiceAdvised",
            "ServiceAdviceAccepted",
            "ServicePerformed",
            "ServicePerformed",
        ]
        assert [recorded.stream_id for recorded in told] == [
            *[f"servicerequest-{request_id}"] * 3,
            f"servicerequest-{unadvised_id}",
        ]
        assert {(recorded.patient_id, recorded.branch_id) for recorded in told} == {("pat_asha", "brn_south")}
        assert chain.refused(CancelEncounter(encounter_id="enc_1", reason="by mistake"), DOCTOR) == "INVALID_STATE"
        assert guard_differences(ledger, chain.store.feed, chain.tenant_id) == []
