"""A hospital with three beds and a patient who was seen, as events; and commands with everything filled in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from event_store.aggregates.admission import commands as c
from event_store.aggregates.admission import events as e
from event_store.aggregates.bed.events import BedOccupied, BedRegistered
from event_store.aggregates.encounter.events import EncounterStarted
from event_store.aggregates.payment.events import PaymentCaptured
from event_store.aggregates.tenant.events import SettingsPatch, TenantSettingsChanged
from mymedic.messages import Actor
from tests.scenario import Scenario
from tests.unit.event_store.clinic import TENANT, a_clinic, a_patient, a_service, ist

HIS = Actor(type="integration", id="his", roles=("IN",))
ROOM_PAISE = 200_000


def a_hospital() -> Scenario:
    """Monday 10:00. Dr Rao sees Asha (`enc_1`) and Bala (`enc_bala`); every bed is free.

    `svc_room` is exempt from tax, `svc_suite` is a room with 5% inside, `svc_lab` an exempt test.
    """
    world = a_clinic()
    world.given("tenant", TENANT, TenantSettingsChanged(patch=SettingsPatch(kind="hospital")))
    for service_id, kind, gst_bps in (
        ("svc_room", "room", 0),
        ("svc_suite", "room", 500),
        ("svc_lab", "investigation", 0),
    ):
        world.given("tenant", TENANT, a_service(service_id, kind, gst_bps))
    a_patient(world, "pat_carl")
    for encounter_id, patient_id in (("enc_1", "pat_asha"), ("enc_bala", "pat_bala"), ("enc_carl", "pat_carl")):
        world.given("encounter", encounter_id, seen(patient_id))
    a_bed(world, "bed_1")
    a_bed(world, "bed_2")
    a_bed(world, "bed_icu", bed_class="icu")
    a_bed(world, "bed_north", branch_id="brn_north")
    return world


def seen(patient_id: str, branch_id: str = "brn_south") -> EncounterStarted:
    return EncounterStarted(
        appointment_id=f"appt_{patient_id}",
        patient_id=patient_id,
        practitioner_id="prac_rao",
        branch_id=branch_id,
        specialty_id="spc_derm",
        class_="AMB",
        started_at=ist(2, "09:45"),
        wait_seconds=0,
    )


def a_bed(world: Scenario, bed_id: str, branch_id: str = "brn_south", bed_class: Any = "general") -> None:
    registered = BedRegistered(branch_id=branch_id, ward="East", room="1", label=bed_id, class_=bed_class)
    world.given("bed", bed_id, registered)


def request(**changes: Any) -> c.RequestAdmission:
    fields: dict[str, Any] = {
        "encounter_id": "enc_1",
        "patient_id": "pat_asha",
        "practitioner_id": "prac_rao",
        "bed_class": "general",
        "expected_los_days": 3,
    }
    return c.RequestAdmission(**{**fields, **changes})


def requested(world: Scenario, admission_id: str = "adm_1", patient_id: str = "pat_asha") -> Scenario:
    event = e.AdmissionRequested(
        admission_id=admission_id,
        patient_id=patient_id,
        encounter_id="enc_1",
        practitioner_id="prac_rao",
        branch_id="brn_south",
        bed_class="general",
        expected_los_days=3,
    )
    return world.given("admission", admission_id, event)


def accepted(world: Scenario, admission_id: str = "adm_1", patient_id: str = "pat_asha") -> Scenario:
    requested(world, admission_id, patient_id)
    return world.given("admission", admission_id, e.AdmissionAccepted(his_visit_no=f"V {admission_id}"))


def admitted(
    world: Scenario,
    admission_id: str = "adm_1",
    bed_id: str = "bed_1",
    patient_id: str = "pat_asha",
    at: datetime | None = None,
) -> Scenario:
    """In a bed since Monday 10:00 unless told otherwise."""
    since = at or ist(2, "10:00")
    accepted(world, admission_id, patient_id)
    admission = e.PatientAdmitted(bed_id=bed_id, admitted_at=since, practitioner_id="prac_rao")
    world.given("admission", admission_id, admission)
    return world.given("bed", bed_id, BedOccupied(admission_id=admission_id, at=since))


def discharged(world: Scenario, admission_id: str = "adm_1") -> Scenario:
    """The doctor lets the patient go now."""
    world.when(discharge(admission_id, world.now), actor=HIS)
    return world


def admit(bed_id: str = "bed_1", admission_id: str = "adm_1", at: datetime | None = None) -> c.AdmitPatient:
    return c.AdmitPatient(admission_id=admission_id, bed_id=bed_id, admitted_at=at or ist(2, "10:00"))


def transfer(to_bed_id: str, at: datetime, admission_id: str = "adm_1") -> c.TransferPatient:
    return c.TransferPatient(admission_id=admission_id, to_bed_id=to_bed_id, at=at, reason="quieter")


def discharge(admission_id: str, at: datetime) -> c.DischargePatient:
    return c.DischargePatient(admission_id=admission_id, discharged_at=at, disposition="home")


def charge(charge_id: str = "chg_1", **changes: Any) -> c.PostAdmissionCharge:
    fields: dict[str, Any] = {
        "admission_id": "adm_1",
        "charge_id": charge_id,
        "service_id": "svc_lab",
        "qty": 1,
        "unit_price_paise": 50_000,
        "service_date": date(2026, 11, 2),
    }
    return c.PostAdmissionCharge(**{**fields, **changes})


def room(charge_id: str, day: int, **changes: Any) -> c.PostAdmissionCharge:
    """The room for the night that the census of a date of November counts."""
    fields = {"service_id": "svc_room", "unit_price_paise": ROOM_PAISE, "service_date": date(2026, 11, day)}
    return charge(charge_id, **{**fields, **changes})


def advance(world: Scenario, payment_id: str, amount_paise: int, admission_id: str = "adm_1") -> Scenario:
    """An advance of Asha's in hand since now."""
    captured = PaymentCaptured(
        payment_id=payment_id,
        branch_id="brn_south",
        patient_id="pat_asha",
        admission_id=admission_id,
        purpose="ipd_advance",
        amount_paise=amount_paise,
        currency="INR",
        mode="card",
        channel="pos",
        captured_at=world.now,
        late_capture=False,
        source="counter",
    )
    return world.given("payment", payment_id, captured)
