"""P1: what a patient may still book, and what it costs when."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from event_store.aggregates.appointment.commands import CancelAppointment, ExpireHold, RescheduleAppointment
from event_store.aggregates.appointment.events import AppointmentFulfilled
from event_store.aggregates.branch.events import BranchClosed, BranchUpdated
from event_store.aggregates.practitioner.events import PractitionerUpdated, TeleAvailabilityChanged
from event_store.aggregates.price.events import PriceRetired
from event_store.aggregates.schedule.commands import BlockSchedule, OverrideSlot, UnblockSchedule
from event_store.aggregates.schedule.events import ScheduleBlocked
from mymedic.policies import DepositBody
from projections import portal_slots, portal_terms
from projections.portal_slots import PortalSlots
from projections.portal_terms import Offer, PortalTerms, offer
from tests.scenario import Scenario
from tests.unit.event_store.clinic import (
    DESK,
    DOCTOR,
    PATIENT,
    PRICE,
    TIMER,
    a_clinic,
    a_price,
    booked,
    hold,
    ist,
    publish,
)
from tests.unit.projections.shown import Shown


def slot(shown: Shown, slot_id: str) -> PortalSlots:
    return shown.see().one(PortalSlots, slot_id=slot_id)


def test_a_new_slot_is_open_with_all_that_it_is_filtered_by() -> None:
    shown = Shown(portal_slots.PROJECTION, a_clinic())
    found = slot(shown, "slot_thu18")
    assert (found.branch_id, found.city_id, found.practitioner_id) == ("brn_south", "cty_blr", "prac_rao")
    assert (found.specialty_id, found.service_ids, found.business_date) == (
        "spc_derm",
        ("svc_consult",),
        date(2026, 11, 5),
    )
    assert (found.state, found.capacity, found.tokens_active, found.tokens_free) == ("open", 2, 0, 2)
    assert not found.tele_available
    assert slot(shown, "slot_video").tele_available


def test_a_token_is_taken_moved_and_given_back() -> None:
    world = a_clinic()
    shown = Shown(portal_slots.PROJECTION, world)
    world.when(hold(), actor=PATIENT, id="appt_held", channel="portal")
    assert slot(shown, "slot_tue18").state == "full"
    world.at(ist(2, "10:16")).when(ExpireHold(appointment_id="appt_held"), actor=TIMER)
    assert slot(shown, "slot_tue18").state == "open"
    booked(world)
    world.when(
        RescheduleAppointment(
            appointment_id="appt_1", new_slot_id="slot_thu18", initiator="patient", reason_code="patient_request"
        ),
        actor=DESK,
    )
    assert slot(shown, "slot_tue18").tokens_active == 0
    assert (slot(shown, "slot_thu18").tokens_active, slot(shown, "slot_thu18").state) == (1, "open")
    world.when(
        CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="patient_request"), actor=DESK
    )
    assert slot(shown, "slot_thu18").tokens_active == 0


def test_a_token_stays_used_up_once_the_visit_took_place() -> None:
    world = booked(a_clinic())
    shown = Shown(portal_slots.PROJECTION, world)
    world.given("appointment", "appt_1", AppointmentFulfilled(encounter_id="enc_1"))
    assert slot(shown, "slot_tue18").tokens_active == 1


def test_a_block_hides_slots_until_it_is_lifted_or_another_stands_over_them() -> None:
    world = a_clinic()
    shown = Shown(portal_slots.PROJECTION, world)
    command = BlockSchedule(
        schedule_id="sch_rao", start=ist(3, "18:00"), end=ist(3, "18:30"), reason="ot", on_conflict="reject"
    )
    (first,) = world.when(command, actor=DOCTOR)
    (second,) = world.when(msgspec.structs.replace(command, end=ist(3, "18:15"), reason="leave"), actor=DOCTOR)
    assert isinstance(first, ScheduleBlocked) and isinstance(second, ScheduleBlocked)
    assert (slot(shown, "slot_tue1815").state, slot(shown, "slot_tue1815").block_reason) == ("blocked", "ot")
    world.when(UnblockSchedule(schedule_id="sch_rao", block_id=first.block_id), actor=DOCTOR)
    assert slot(shown, "slot_tue1815").state == "open"
    assert (slot(shown, "slot_tue18").state, slot(shown, "slot_tue18").block_reason) == ("blocked", "leave")
    world.when(UnblockSchedule(schedule_id="sch_rao", block_id=second.block_id), actor=DOCTOR)
    assert (slot(shown, "slot_tue18").state, slot(shown, "slot_tue18").block_id) == ("open", None)


def test_a_closed_slot_and_one_whose_doctor_or_branch_has_gone_are_retired() -> None:
    world = a_clinic()
    shown = Shown(portal_slots.PROJECTION, world)
    world.when(
        OverrideSlot(schedule_id="sch_rao", slot_id="slot_mon10", action="close", reason="short day"), actor=DOCTOR
    )
    assert slot(shown, "slot_mon10").state == "retired"
    world.given("practitioner", "prac_rao", PractitionerUpdated(active=False, effective_on=date(2026, 11, 5)))
    assert (slot(shown, "slot_wed18").state, slot(shown, "slot_thu18").state) == ("open", "retired")
    world.given("branch", "brn_south", BranchClosed(closed_on=date(2026, 11, 4), reason="sold"))
    assert (slot(shown, "slot_tue18").state, slot(shown, "slot_wed18").state) == ("open", "retired")


def test_withdrawn_video_and_a_moved_branch_are_seen_on_every_slot() -> None:
    world = a_clinic()
    shown = Shown(portal_slots.PROJECTION, world)
    world.given("practitioner", "prac_rao", TeleAvailabilityChanged(available=False, from_at=ist(3, "00:00")))
    assert not slot(shown, "slot_video").tele_available
    world.given("branch", "brn_south", BranchUpdated(city_id="cty_mys", effective_on=date(2026, 11, 4)))
    assert (slot(shown, "slot_tue18").city_id, slot(shown, "slot_wed18").city_id) == ("cty_blr", "cty_mys")


def asked(shown: Shown, at: tuple[int, str], mode: str = "in_person") -> Offer:
    rows = [row for row in shown.see().rows(PortalTerms) if row.schedule_id == "sch_rao"]
    return offer(rows, mode, ist(*at))


def test_a_price_that_begins_later_is_told_from_then_on() -> None:
    world = a_clinic()
    shown = Shown(portal_terms.PROJECTION, world)
    assert asked(shown, (2, "10:00")) == (PRICE, PRICE // 2)
    later = msgspec.structs.replace(
        a_price("svc_consult", 90_000), effective_from=ist(4, "00:00"), closes_version_id="prc_svc_consult_80000"
    )
    world.given("price", "svc_consult", later)
    assert asked(shown, (3, "23:59")) == (PRICE, PRICE // 2)
    assert asked(shown, (4, "00:00")) == (90_000, 45_000)
    world.given(
        "price", "svc_consult", PriceRetired(price_version_id=later.price_version_id, effective_to=ist(6, "00:00"))
    )
    assert asked(shown, (6, "00:00")) == (None, None)


def test_the_narrowest_scope_decides_and_the_mode_of_the_slot_which_visits_count() -> None:
    world = a_clinic()
    shown = Shown(portal_terms.PROJECTION, world)
    video = msgspec.structs.replace(a_price("svc_consult", 50_000), visit_type="tele", price_version_id="prc_video")
    world.given("price", "svc_consult", video, a_price("svc_consult", 70_000, branch_id="brn_south"))
    assert asked(shown, (2, "10:00")).from_price_paise == 70_000
    publish(world, "deposit", DepositBody(mode="fixed", fixed_paise=10_000), branch_id="brn_south")
    assert asked(shown, (2, "10:00")) == (70_000, 10_000)
    # the branch's price of any visit stands before the chain's price of a video visit
    assert asked(shown, (2, "10:00"), "tele").from_price_paise == 70_000


def test_what_is_priced_by_city_follows_a_branch_that_moves() -> None:
    world = a_clinic()
    shown = Shown(portal_terms.PROJECTION, world)
    world.given("price", "svc_consult", a_price("svc_consult", 60_000, city_id="cty_mys"))
    world.given("branch", "brn_south", BranchUpdated(city_id="cty_mys", effective_on=date(2026, 11, 4)))
    assert asked(shown, (3, "23:59")).from_price_paise == PRICE
    assert asked(shown, (4, "00:00")).from_price_paise == 60_000


def test_terms_are_those_that_a_booking_gets() -> None:
    world: Scenario = a_clinic()
    shown = Shown(portal_terms.PROJECTION, world)
    (held,) = world.when(hold(), actor=PATIENT, id="appt_1", channel="portal")
    terms = shown.see().one(
        PortalTerms, schedule_id="sch_rao", service_id="svc_consult", visit_type="new", price_paise=PRICE
    )
    assert (terms.price_paise, terms.deposit_paise) == (
        getattr(held, "price_quoted_paise", None),
        getattr(held, "deposit_required_paise", None),
    )
    assert terms.from_at <= world.now < world.now + timedelta(days=1)
