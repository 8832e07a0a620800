"""A small chain written as events: two branches, a dermatologist, slots; and the few things that happen in tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentFulfilled,
    AppointmentHeld,
    AppointmentImported,
    AppointmentNoShow,
    AppointmentRescheduled,
    FromSlot,
    NoShowReversed,
    PatientCheckedIn,
    ToSlot,
)
from event_store.aggregates.branch.events import BranchRegistered
from event_store.aggregates.encounter.events import EncounterStarted
from event_store.aggregates.payment.events import PaymentCaptured
from event_store.aggregates.practitioner.events import PractitionerRegistered, PractitionerRole
from event_store.aggregates.schedule.events import SchedulePublished, SlotsGenerated, SlotTimes
from event_store.aggregates.tenant.events import ServiceDefined, SpecialtyDefined, TenantRegistered
from mymedic.clock import INDIA
from tests.integration.warehouse.rig import EventLog

PRICE = 80_000
MINUTE = timedelta(minutes=1)
SINCE = datetime(2026, 10, 1, 3, 30, tzinfo=UTC)


def ist(month: int, day: int, hour: int = 9, minute: int = 0, year: int = 2026) -> datetime:
    """An instant given by the clock on the wall in India."""
    return datetime(year, month, day, hour, minute, tzinfo=INDIA).astimezone(UTC)


class Clinic(EventLog):
    """`ten_test` with branches brn_1 (Pune) and brn_2 (Indore), practitioner prac_1, service svc_1 of spc_derm."""

    def __init__(self, tenant_id: str = "ten_test", since: datetime = SINCE) -> None:
        super().__init__(tenant_id)
        self.since = since
        self.slots: dict[str, tuple[datetime, str]] = {}
        self.placed: dict[str, dict[str, Any]] = {}
        registered = TenantRegistered(name="Test", kind="chain", tz="Asia/Kolkata", state_code="MH")
        self.add("tenant", tenant_id, registered, since)
        self.add("tenant", tenant_id, SpecialtyDefined(specialty_id="spc_derm", name="Dermatology"), since)
        self.service("svc_1", "spc_derm")
        self.branch("brn_1", "cty_pune")
        self.branch("brn_2", "cty_indore")
        self.practitioner("prac_1", "brn_1", "brn_2")

    def service(self, service_id: str, specialty_id: str) -> None:
        service = ServiceDefined(
            service_id=service_id,
            code=service_id,
            name="Consultation",
            kind="consultation",
            specialty_id=specialty_id,
            sac="999312",
            gst_bps=0,
            duration_min=15,
            conversion_window_days=30,
        )
        self.add("tenant", self.tenant_id, service, self.since)

    def branch(self, branch_id: str, city_id: str, opened_on: date = date(2020, 1, 1)) -> None:
        event = BranchRegistered(
            branch_id=branch_id, name=branch_id, city_id=city_id, pincode="411001", opened_on=opened_on, open_hours=()
        )
        self.add("branch", branch_id, event, self.since)

    def practitioner(self, practitioner_id: str, *branch_ids: str) -> None:
        roles = tuple(PractitionerRole(branch_id=id, share_bps=6000, from_=date(2020, 1, 1)) for id in branch_ids)
        event = PractitionerRegistered(
            name="Dr Rao", specialty_id="spc_derm", registration_no=practitioner_id, roles=roles
        )
        self.add("practitioner", practitioner_id, event, self.since)

    def slot(self, slot_id: str, start_at: datetime, capacity: int = 1, branch_id: str = "brn_1") -> str:
        schedule_id = f"sch_{branch_id}"
        if not any(event.stream_id == f"schedule-{schedule_id}" for event in self.events):
            published = SchedulePublished(
                practitioner_id="prac_1",
                branch_id=branch_id,
                service_ids=("svc_1",),
                valid_from=date(2026, 10, 1),
                valid_to=date(2026, 12, 31),
                weekly=(),
            )
            self.add("schedule", schedule_id, published, self.since)
        times = SlotTimes(
            slot_id=slot_id, start_at=start_at, end_at=start_at + 15 * MINUTE, capacity=capacity, mode="in_person"
        )
        day = start_at.astimezone(INDIA).date()
        self.add("schedule", schedule_id, SlotsGenerated(business_date=day, slots=(times,)), self.since)
        self.slots[slot_id] = (start_at, branch_id)
        return slot_id

    def _placement(self, appointment_id: str, slot_id: str, **more: Any) -> dict[str, Any]:
        start_at, branch_id = self.slots[slot_id]
        known: dict[str, Any] = {
            "appointment_id": appointment_id,
            "patient_id": f"pat_{appointment_id}",
            "slot_id": slot_id,
            "token_no": 1,
            "schedule_id": f"sch_{branch_id}",
            "practitioner_id": "prac_1",
            "branch_id": branch_id,
            "specialty_id": "spc_derm",
            "service_id": "svc_1",
            "visit_type": "new",
            "mode": "in_person",
            "start_at": start_at,
            "end_at": start_at + 15 * MINUTE,
            "price_quoted_paise": PRICE,
            "price_version_id": "prc_1",
            "list_price_paise": PRICE,
            "deposit_required_paise": 0,
            "booking_channel": "phone",
        } | more
        return {name: value for name, value in known.items() if name in AppointmentBooked.__struct_fields__}

    def hold(self, id: str, slot_id: str, at: datetime, **more: Any) -> int:
        placed = self.placed[id] = self._placement(id, slot_id, **more)
        return self.add("appointment", id, AppointmentHeld(hold_expires_at=at + 15 * MINUTE, **placed), at)

    def book(self, id: str, slot_id: str, at: datetime, **more: Any) -> int:
        placed = self.placed[id] = {"deposit_paid_paise": 0} | self._placement(id, slot_id, **more)
        return self.add("appointment", id, AppointmentBooked(**placed), at)

    def reschedule(self, id: str, slot_id: str, at: datetime, initiator: Any = "patient") -> int:
        placed = self.placed[id]
        start_at, branch_id = self.slots[slot_id]
        places: dict[str, Any] = {"practitioner_id": "prac_1", "token_no": 1}
        event = AppointmentRescheduled(
            from_=FromSlot(
                slot_id=placed["slot_id"], start_at=placed["start_at"], branch_id=placed["branch_id"], **places
            ),
            to=ToSlot(slot_id=slot_id, start_at=start_at, end_at=start_at + 15 * MINUTE, branch_id=branch_id, **places),
            initiator=initiator,
            reason_code="time_conflict",
            lead_seconds=int((placed["start_at"] - at).total_seconds()),
            penalty_floor_bps=0,
            reschedule_count=1,
        )
        placed |= {"slot_id": slot_id, "start_at": start_at, "branch_id": branch_id}
        return self.add("appointment", id, event, at)

    def cancel(
        self, id: str, at: datetime, initiator: Any = "patient", reason: Any = "patient_request", forfeit: int = 0
    ) -> int:
        placed = self.placed[id]
        event = AppointmentCancelled(
            initiator=initiator,
            reason_code=reason,
            lead_seconds=int((placed["start_at"] - at).total_seconds()),
            tier_bps=0,
            eff_bps=0,
            held_paise=forfeit,
            forfeit_paise=forfeit,
            refund_paise=0,
            slot_id=placed["slot_id"],
            token_no=1,
            start_at=placed["start_at"],
            policy_version_id="pol_default_cancellation",
        )
        return self.add("appointment", id, event, at)

    def no_show(self, id: str, at: datetime | None = None) -> int:
        start_at = self.placed[id]["start_at"]
        event = AppointmentNoShow(
            start_at=start_at,
            marked_by="timer",
            held_paise=0,
            forfeit_paise=0,
            refund_paise=0,
            policy_version_id="pol_default_cancellation",
        )
        return self.add("appointment", id, event, at or start_at + 60 * MINUTE)

    def reverse_no_show(self, id: str) -> int:
        at = self.placed[id]["start_at"] + 90 * MINUTE
        return self.add("appointment", id, NoShowReversed(reason="came late"), at)

    def check_in(self, id: str) -> int:
        arrived_at = self.placed[id]["start_at"] - 5 * MINUTE
        event = PatientCheckedIn(token_no=1, arrived_at=arrived_at, minutes_late=0)
        return self.add("appointment", id, event, arrived_at)

    def start(self, id: str) -> int:
        placed = self.placed[id]
        same = ("appointment_id", "patient_id", "practitioner_id", "branch_id", "specialty_id")
        of: dict[str, Any] = {name: placed[name] for name in same if name in placed} | {"appointment_id": id}
        event = EncounterStarted(class_="AMB", started_at=placed["start_at"], wait_seconds=300, **of)
        return self.add("encounter", f"enc_{id}", event, placed["start_at"])

    def fulfil(self, id: str) -> int:
        at = self.placed[id]["start_at"] + 20 * MINUTE
        return self.add("appointment", id, AppointmentFulfilled(encounter_id=f"enc_{id}"), at)

    def import_(self, id: str, start_on: date, **more: Any) -> int:
        known: dict[str, Any] = {
            "source_system": "old",
            "external_ref": id,
            "patient_ref": f"pat_{id}",
            "branch_ref": "brn_old",
            "start_on": start_on,
            "time_precision": "day",
            "outcome": "fulfilled",
            "is_imputed_branch": True,
        } | more
        at = datetime(start_on.year, start_on.month, start_on.day, tzinfo=INDIA)
        return self.add("appointment", id, AppointmentImported(**known), at)

    def capture(self, id: str, amount: int, at: datetime, **more: Any) -> int:
        known: dict[str, Any] = {
            "payment_id": id,
            "patient_id": "pat_1",
            "branch_id": "brn_1",
            "purpose": "full",
            "amount_paise": amount,
            "currency": "INR",
            "mode": "upi",
            "channel": "gateway",
            "gateway": "razorpay",
            "gateway_payment_id": f"gw_{id}",
            "captured_at": at,
            "late_capture": False,
            "source": "webhook",
        } | more
        return self.add("payment", id, PaymentCaptured(**known), at)
