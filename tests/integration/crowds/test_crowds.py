"""32 clients in several processes want the same thing: one gets it, every other gets the code that says why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from event_store.aggregates.admission.commands import AcceptAdmission, AdmitPatient, RequestAdmission
from event_store.aggregates.appointment.commands import BookAppointment, CheckInPatient
from event_store.aggregates.bed.commands import RegisterBed
from event_store.aggregates.encounter.commands import StartEncounter
from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.patient.commands import ConsentGiver, RecordConsent, RegisterPatient
from event_store.aggregates.patient.events import PatientPii
from event_store.aggregates.payment.commands import RecordCounterPayment, RequestRefund
from event_store.aggregates.practitioner.commands import RegisterPractitioner
from event_store.aggregates.practitioner.events import PractitionerRole
from event_store.aggregates.schedule.commands import PublishSchedule
from event_store.aggregates.schedule.events import WeeklyHours
from event_store.aggregates.tenant.commands import UpdateTenantSettings
from event_store.aggregates.tenant.events import SettingsPatch
from event_store.ledger.verify import verify_chain
from event_store.rebuild import guard_differences
from mymedic.messages import Ack
from tests.chain import BALA, CONSULTATION, PRICES, Chain
from tests.integration.crowds.conftest import CROWD, Crowd
from tests.unit.event_store.clinic import DOCTOR, FINANCE, MANAGER


def codes(answers: Sequence[Ack]) -> Counter[str]:
    return Counter(ack.error.code if ack.error else ack.status for ack in answers)


def patients(chain: Chain, prefix: str, count: int = CROWD) -> list[str]:
    """New patients who consent to care."""
    ids = [f"pat_{prefix}_{number:02d}" for number in range(count)]
    for number, patient_id in enumerate(ids):
        pii = PatientPii(name=f"{prefix} {number}", phone_e164=f"+9198{sum(map(ord, prefix)):04d}{number:04d}")
        chain.ask(RegisterPatient(patient_id=patient_id, pii=pii, sex="female", birth_year=1980, branch_id="brn_south"))
        given = ConsentGiver(role="patient")
        chain.ask(RecordConsent(patient_id=patient_id, purpose="care", notice_version="1", given_by=given))
    return ids


def booking(patient_id: str, slot_id: str) -> BookAppointment:
    return BookAppointment(
        patient_id=patient_id,
        slot_id=slot_id,
        service_id=CONSULTATION,
        visit_type="new",
        quoted_price_paise=PRICES[CONSULTATION],
        channel="phone",
        deposit_waiver_reason="known to the doctor",
    )


def invoice(patient_id: str) -> IssueInvoice:
    line = NewLine(
        line_no=1,
        service_id=CONSULTATION,
        qty=1,
        unit_price_paise=PRICES[CONSULTATION],
        gst_bps=0,
        tax_inclusive=True,
    )
    return IssueInvoice(patient_id=patient_id, branch_id="brn_south", lines=(line,))


def published(chain: Chain, schedule: str, doctor: str, day: date, hours: tuple[str, str], capacity: int) -> list[str]:
    """Slots of a quarter of an hour on one day."""
    start, end = hours
    sitting = WeeklyHours(
        dow=day.isoweekday(), start=start, end=end, slot_minutes=15, capacity=capacity, mode="in_person"
    )
    chain.ask(
        PublishSchedule(
            schedule_id=schedule,
            practitioner_id=doctor,
            branch_id="brn_south",
            service_ids=(CONSULTATION,),
            valid_from=day,
            valid_to=day,
            weekly=(sitting,),
        ),
        MANAGER,
    )
    return list(chain.state("schedule", schedule).slots)


def practitioner(chain: Chain, number: int) -> str:
    """A doctor who sits on the evening of the 3rd; the first slot."""
    doctor, schedule = f"prac_crowd_{number:02d}", f"sch_crowd_{number:02d}"
    role = PractitionerRole(branch_id="brn_south", share_bps=6000, from_=date(2026, 1, 1))
    chain.ask(
        RegisterPractitioner(
            practitioner_id=doctor,
            name=doctor,
            specialty_id="spc_derm",
            registration_no=f"KMC {doctor}",
            roles=(role,),
        ),
        MANAGER,
    )
    (slot_id,) = published(chain, schedule, doctor, date(2026, 11, 3), ("18:00", "18:15"), 1)
    return slot_id


def test_one_slot(crowd: Crowd) -> None:
    slot_id = crowd.chain.slot(4, "18:00")
    answers = crowd.ask([booking(patient_id, slot_id) for patient_id in patients(crowd.chain, "slot")])
    assert codes(answers) == {"accepted": 1, "SLOT_UNAVAILABLE": CROWD - 1}


def test_one_patient(crowd: Crowd) -> None:
    """As many doctors are free at that time as there are clients; the patient can see only one of them."""
    slots = [practitioner(crowd.chain, number) for number in range(CROWD)]
    answers = crowd.ask([booking("pat_asha", slot_id) for slot_id in slots])
    assert codes(answers) == {"accepted": 1, "PATIENT_DOUBLE_BOOKED": CROWD - 1}


def test_one_payment(crowd: Crowd) -> None:
    payment = RecordCounterPayment(
        patient_id="pat_bala",
        branch_id="brn_south",
        purpose="full",
        appointment_id=crowd.chain.book("appt_bala", 6, "18:00", BALA),
        amount_paise=PRICES[CONSULTATION],
        mode="upi",
        channel="static_qr",
        rrn="612345678901",
    )
    payment_id = crowd.chain.ask(payment)
    refunds = [
        RequestRefund(
            payment_id=payment_id,
            refund_id=f"rfd_crowd_{number:02d}",
            amount_paise=50_000,
            reason="goodwill",
            destination="source",
        )
        for number in range(CROWD)
    ]
    assert codes(crowd.ask(refunds, FINANCE)) == {"accepted": 1, "REFUND_EXCEEDS_CAPTURED": CROWD - 1}
    state = crowd.chain.state("payment", payment_id)
    assert (state.captured_paise, state.available_paise) == (80_000, 30_000)


def test_one_series_of_invoice_numbers(crowd: Crowd) -> None:
    """No number is missing and none is there twice."""
    assert codes(crowd.ask([invoice("pat_asha")] * CROWD, FINANCE)) == {"accepted": CROWD}
    numbers = [int(issued.invoice_no.rpartition("/")[2]) for issued in crowd.chain.events("InvoiceIssued")]
    assert len(numbers) >= CROWD
    assert numbers == list(range(1, len(numbers) + 1))


def test_one_bed(crowd: Crowd) -> None:
    chain = crowd.chain
    chain.ask(UpdateTenantSettings(patch=SettingsPatch(kind="hospital")), MANAGER)
    bed_id = chain.ask(RegisterBed(branch_id="brn_south", ward="A", room="1", label="1", class_="general"), MANAGER)
    slots = published(chain, "sch_morning", "prac_rao", date(2026, 11, 2), ("09:15", "09:45"), CROWD // 2)
    admissions = [
        admission(chain, patient_id, slots[number % 2]) for number, patient_id in enumerate(patients(chain, "bed"))
    ]
    now = chain.clock.now()
    answers = crowd.ask([AdmitPatient(admission_id=one, bed_id=bed_id, admitted_at=now) for one in admissions])
    assert codes(answers) == {"accepted": 1, "BED_OCCUPIED": CROWD - 1}


def admission(chain: Chain, patient_id: str, slot_id: str) -> str:
    """Asked for by the doctor who sees the patient, and accepted."""
    appointment_id = chain.ask(booking(patient_id, slot_id))
    chain.ask(CheckInPatient(appointment_id=appointment_id))
    encounter_id = chain.ask(StartEncounter(appointment_id=appointment_id, class_="AMB"), DOCTOR)
    request = RequestAdmission(
        encounter_id=encounter_id,
        patient_id=patient_id,
        practitioner_id="prac_rao",
        bed_class="general",
        expected_los_days=1,
    )
    admission_id = chain.ask(request, DOCTOR)
    chain.ask(AcceptAdmission(admission_id=admission_id, his_visit_no=f"IP {patient_id}"))
    return admission_id


def test_one_command_from_everybody(crowd: Crowd) -> None:
    """A client that lost its answer asks again, as does every other: it happened once, and all hear the same."""
    slot_id = crowd.chain.slot(5, "18:00")
    (patient_id,) = patients(crowd.chain, "same", 1)
    answers = crowd.ask([booking(patient_id, slot_id)] * CROWD, command_ids=["cmd_lost"] * CROWD)
    assert codes(answers) == {"accepted": 1, "duplicate": CROWD - 1}
    assert len({(ack.stream_id, ack.first_seq, ack.event_ids) for ack in answers}) == 1


def test_afterwards_the_log_is_whole_and_says_what_is_held(crowd: Crowd) -> None:
    store = crowd.chain.store
    assert verify_chain(store.ledger, crowd.chain.tenant_id).problems == []
    assert guard_differences(store.ledger, store.feed, crowd.chain.tenant_id) == []
    assert [event.seq for event in crowd.chain.log()] == list(range(1, crowd.chain.head() + 1))
