"""S6, S7: the visit that was asked for completes a follow-up, and time makes one overdue and lets it lapse."""

from __future__ import annotations

from datetime import date

from event_store.aggregates.appointment.commands import BookAppointment, CancelAppointment
from event_store.aggregates.followup.commands import AmendFollowUp, CloseFollowUp, RequestFollowUp
from event_store.aggregates.followup.events import FollowUpOverdue
from event_store.aggregates.policy.commands import PublishPolicy
from event_store.aggregates.policy.events import PolicyScope
from event_store.rebuild import guard_differences
from mymedic.clock import from_micros
from mymedic.policies import FollowUpBody
from processes.world import CONSUMER
from tests.chain import CONSULTATION, Chain
from tests.unit.event_store.clinic import DESK, DOCTOR, MANAGER, PATIENT, ist


def seen(chain: Chain, due_on: date = date(2026, 11, 6)) -> Chain:
    """Asha was seen on the 3rd and is wanted back: due_to three days later, lapsing five days after that."""
    body = FollowUpBody(free_days=7, early_days=1, late_days=3, lapse_days=5)
    scope = PolicyScope(level="tenant")
    chain.ask(PublishPolicy(kind="follow_up", scope=scope, body=body, effective_from=chain.clock.now()), MANAGER)
    chain.book("appt_1", 3, "18:00")
    chain.at(3, "18:00").visit("appt_1", "enc_1")
    return wanted(chain, "fup_1", due_on, "look again")


def wanted(chain: Chain, id: str, due_on: date, reason: str) -> Chain:
    command = RequestFollowUp(encounter_id="enc_1", due_on=due_on, reason=reason, same_practitioner=True)
    chain.ask(command, DOCTOR, id)
    return chain


def come_back(chain: Chain, day: int, id: str = "appt_2") -> Chain:
    command = BookAppointment(
        patient_id="pat_asha",
        slot_id=chain.slot(day, "18:00"),
        service_id=CONSULTATION,
        visit_type="follow_up",
        followup_id="fup_1",
        quoted_price_paise=0,
        channel="phone",
    )
    chain.ask(command, DESK, id, "phone")
    return chain


def mornings(chain: Chain) -> list[str]:
    """The mornings on which follow-ups are looked at, each with the time on Indian clocks."""
    with chain.store.ledger.read() as reads:
        found = reads.due_timers(chain.tenant_id, CONSUMER, 2**62)
    return [
        f"{timer_id.partition(':')[2]} after {from_micros(due_at) - ist(1, '00:00')}"
        for timer_id, due_at, _ in found
        if timer_id.startswith("evaluate_followups:")
    ]


def test_a_finished_visit_completes_the_follow_up_besides_its_bill(chain: Chain) -> None:
    come_back(seen(chain), 6)
    chain.at(6, "18:00")
    before = chain.head()
    chain.visit("appt_2", "enc_2")
    assert chain.types_since(before) == [
        "PatientCheckedIn",
        "EncounterStarted",
        "EncounterFinished",
        "AppointmentFulfilled",
        "FollowUpCompleted",
    ]
    (completed,) = chain.events("FollowUpCompleted")
    assert (completed.encounter_id, completed.completed_on, completed.in_window) == ("enc_2", date(2026, 11, 6), True)
    finished, told = chain.log()[-3], chain.log()[-1]
    assert (finished.event_type, told.causation_id) == ("EncounterFinished", finished.event_id)
    assert (told.actor.id, told.stream_id, told.patient_id) == ("process:followups", "followup-fup_1", "pat_asha")
    assert guard_differences(chain.store.ledger, chain.store.feed, chain.tenant_id) == []


def test_a_visit_that_nobody_linked_completes_it_too_and_only_the_one_due_first(chain: Chain) -> None:
    wanted(seen(chain), "fup_2", date(2026, 11, 5), "stitches")
    chain.book("appt_2", 6, "18:00")
    chain.at(6, "18:00").visit("appt_2", "enc_2")
    states = [chain.state("followup", id).status for id in ("fup_1", "fup_2")]
    assert states == ["requested", "completed"]
    assert len(chain.events("InvoiceIssued")) == 2


def test_a_visit_without_follow_ups_sends_nothing(chain: Chain) -> None:
    chain.book("appt_1", 3, "18:00")
    chain.at(3, "18:00")
    before = chain.head()
    chain.visit("appt_1", "enc_1")
    assert "FollowUpCompleted" not in chain.types_since(before) and mornings(chain) == []
    with chain.store.ledger.read() as reads:
        acks = reads.rows("SELECT ack FROM command_log WHERE tenant_id = ?", (chain.tenant_id,))
    assert not [ack for (ack,) in acks if "followup" in ack]


def test_it_is_overdue_after_the_window_and_lapses_when_nobody_comes(chain: Chain) -> None:
    """due_to is the 9th, lapse_on the 14th; each is looked at in the first moment of the next day."""
    seen(chain)
    assert mornings(chain) == ["2026-11-10 after 9 days, 0:00:00"]
    before = chain.head()
    chain.at(9, "23:59")
    assert chain.types_since(before) == []
    chain.at(10, "00:00")
    assert chain.types_since(before) == ["FollowUpOverdue"]
    overdue = chain.log()[-1]
    assert overdue.event == FollowUpOverdue(as_of=date(2026, 11, 10))
    assert (overdue.stream_id, overdue.occurred_at) == ("followup-fup_1", ist(10, "00:00"))
    assert mornings(chain) == ["2026-11-15 after 14 days, 0:00:00"]
    chain.at(15, "00:00")
    assert chain.types_since(before) == ["FollowUpOverdue", "FollowUpLapsed"]
    assert mornings(chain) == []
    assert guard_differences(chain.store.ledger, chain.store.feed, chain.tenant_id) == []


def test_one_evaluation_tells_all_whose_day_it_is(chain: Chain) -> None:
    wanted(wanted(seen(chain), "fup_3", date(2026, 11, 6), "stitches"), "fup_2", date(2026, 11, 6), "blood pressure")
    chain.ask(CloseFollowUp(followup_id="fup_3", outcome="declined"), PATIENT)
    chain.at(10, "00:00")
    told = [recorded for recorded in chain.log() if recorded.event_type == "FollowUpOverdue"]
    assert [recorded.stream_id for recorded in told] == ["followup-fup_1", "followup-fup_2"]
    assert len({(recorded.causation_id, recorded.command_id) for recorded in told}) == 1


def test_a_day_that_is_over_is_looked_at_tomorrow(chain: Chain) -> None:
    """Amended back to a window that has ended, on a morning that has been evaluated already."""
    seen(chain, date(2026, 11, 6))
    chain.at(12, "10:00").ask(AmendFollowUp(followup_id="fup_1", due_on=date(2026, 11, 5)), DOCTOR)
    assert chain.state("followup", "fup_1").status == "requested"
    assert "2026-11-13 after 12 days, 0:00:00" in mornings(chain)
    chain.at(13, "00:00")
    assert chain.state("followup", "fup_1").status == "overdue"


def test_a_cancelled_booking_is_looked_at_again(chain: Chain) -> None:
    come_back(seen(chain), 10)
    chain.at(10, "09:00")
    assert chain.state("followup", "fup_1").status == "overdue"  # booked for after the window
    chain.ask(CancelAppointment(appointment_id="appt_2", initiator="patient", reason_code="cost"), PATIENT)
    assert chain.state("followup", "fup_1").appointment_id is None
    come_back(chain, 10, "appt_3")
    assert chain.state("followup", "fup_1").status == "booked"
    chain.ask(CancelAppointment(appointment_id="appt_3", initiator="patient", reason_code="cost"), PATIENT)
    assert chain.state("followup", "fup_1").status == "requested"
    chain.at(11, "00:00")
    assert chain.state("followup", "fup_1").status == "overdue"


def test_reacting_a_second_time_changes_nothing(chain: Chain) -> None:
    come_back(seen(chain), 6)
    chain.at(6, "18:00").visit("appt_2", "enc_2")
    wanted(chain, "fup_2", date(2026, 11, 9), "stitches")
    head, waiting = chain.head(), mornings(chain)
    with chain.store.handler.batch() as batch:
        batch.session.set_checkpoint(chain.tenant_id, CONSUMER, 0)
    assert chain.runner.drain(chain.tenant_id) == head
    assert (chain.head(), mornings(chain)) == (head, waiting)
