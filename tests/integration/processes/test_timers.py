"""S7: holds and payments run out, and nobody is a no-show who came, cancelled or moved."""

from __future__ import annotations

from event_store.aggregates.appointment.commands import CancelAppointment, CheckInPatient, RescheduleAppointment
from mymedic.clock import from_micros
from processes.world import CONSUMER
from tests.chain import Chain
from tests.unit.event_store.clinic import PATIENT, ist


def waiting(chain: Chain) -> dict[str, str]:
    """The timers that are set, with the time on Indian clocks at which they go off."""
    with chain.store.ledger.read() as reads:
        return {
            timer_id.partition(":")[0]: f"{from_micros(due_at) - ist(1, '00:00')}"
            for timer_id, due_at, _ in reads.due_timers(chain.tenant_id, CONSUMER, 2**62)
        }


def test_a_hold_and_its_payment_run_out_together(chain: Chain) -> None:
    chain.hold("appt_1", 3, "18:00")
    chain.order(40_000, appointment_id="appt_1")
    before = chain.head()
    chain.at(2, "10:14")
    assert chain.types_since(before) == []
    chain.at(2, "10:15")
    assert sorted(chain.types_since(before)) == ["AppointmentHoldExpired", "PaymentExpired"]
    chain.hold("appt_2", 3, "18:00")  # the seat is free again


def test_a_booking_waits_for_its_reminder_and_the_end_of_its_day(chain: Chain) -> None:
    chain.hold("appt_1", 3, "18:00")
    chain.captured(chain.order(40_000, appointment_id="appt_1"), "gw_1")
    assert waiting(chain) == {"mark_no_show": "2 days, 23:59:00", "remind_patient": "1 day, 18:00:00"}


def test_a_moved_booking_waits_for_the_end_of_its_new_day(chain: Chain) -> None:
    chain.book("appt_1", 3, "18:00")
    chain.ask(
        RescheduleAppointment(
            appointment_id="appt_1",
            new_slot_id=chain.slot(5, "18:00"),
            initiator="patient",
            reason_code="time_conflict",
        )
    )
    assert waiting(chain) == {"mark_no_show": "4 days, 23:59:00", "remind_patient": "3 days, 18:00:00"}
    chain.at(5, "23:59")
    assert chain.state("appointment", "appt_1").status == "noshow"
    assert waiting(chain) == {}


def test_who_came_is_not_waited_for(chain: Chain) -> None:
    chain.book("appt_1", 3, "18:00")
    chain.at(3, "17:50").ask(CheckInPatient(appointment_id="appt_1"))
    assert waiting(chain) == {}


def test_who_cancelled_is_not_waited_for(chain: Chain) -> None:
    chain.book("appt_1", 3, "18:00")
    cancel = CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="feeling_better")
    chain.ask(cancel, PATIENT)
    assert waiting(chain) == {}
