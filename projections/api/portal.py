"""What patients ask on the portal: what is free and what it costs, and what is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mymedic.clock import micros
from projections import clinic_calendar, portal_slots, portal_terms
from projections.api import console
from projections.api.query import EVERYBODY, Now, Order, Query, Where, days, flag, ids, listed
from projections.api.views import standing

SURFACE = "portal"


def _attach_terms(
    reader: Any, rows: Sequence[Any], items: Sequence[dict[str, Any]], now: Now, asked: Mapping[str, Any]
) -> None:
    """What each slot costs now, by the terms of its schedule."""
    terms: dict[str, list[portal_terms.PortalTerms]] = {}
    generation, _ = standing(reader, portal_terms.PROJECTION)
    for schedule_id in dict.fromkeys(row.schedule_id for row in rows):
        terms[schedule_id] = reader.equal(portal_terms.PortalTerms, generation, "schedule_id", schedule_id)
    services = [asked["service_id"]] if "service_id" in asked else []
    for row, item in zip(rows, items, strict=True):
        offer = portal_terms.offer(terms[row.schedule_id], row.mode, now.at, services)
        item["from_price_paise"] = offer.from_price_paise
        item["deposit_required_paise"] = offer.deposit_required_paise


def _still_to_come(now: Now) -> Where:
    return Where("state = 'open' AND start_at > ?", (micros(now.at),))


FREE_SLOTS = Query(
    path="/v1/portal/slots",
    name="ListFreeSlots",
    surface=SURFACE,
    title="Free slots",
    about=(
        "Slots that can still be booked, the earliest first. `from_price_paise` is the least that a visit costs now,"
        " of the service that was asked for or of any, and `deposit_required_paise` what of it is asked in advance"
        " of a patient without no-shows; both null where no price is in force. `tele_available`: also by video."
    ),
    projection=portal_slots.PROJECTION,
    readers=EVERYBODY,
    belongs_to="branch",
    filters=(
        listed("service_id", "service_ids", "only slots in which this service is offered"),
        *ids("city_id", "branch_id", "practitioner_id", "specialty_id", "department_id", "slot_id"),
        *days("business_date"),
        flag("tele_available", "only slots that can be seen by video, or only those that cannot"),
    ),
    orders={"soonest": Order(("start_at",))},
    always=_still_to_come,
    hidden=frozenset({"block_id", "block_reason"}),
    beside=(portal_terms.PROJECTION,),
    attach=_attach_terms,
    attached=(("from_price_paise", int | None), ("deposit_required_paise", int | None)),
)

_OF_PATIENT = "Their own; those of a dependent with the dependent's `patient_id`."

APPOINTMENTS = Query(
    path="/v1/portal/appointments",
    name="ListOwnAppointments",
    surface=SURFACE,
    title="A patient's appointments",
    about=f"Every appointment, the latest first. {_OF_PATIENT}",
    projection=clinic_calendar.PROJECTION,
    readers=frozenset({"PP"}),
    filters=(*ids("patient_id", "appointment_id"), *days("business_date")),
    orders={
        "latest": Order(("business_date", "start_at"), is_descending=True),
        "earliest": Order(("business_date", "start_at")),
    },
    hidden=frozenset({"flags", "wait_seconds", "booking_channel"}),
)

PAYMENTS = replace(
    console.PAYMENTS,
    path="/v1/portal/payments",
    name="ListOwnPayments",
    surface=SURFACE,
    title="A patient's payments",
    about=f"Every payment, the latest first. {_OF_PATIENT}",
    readers=frozenset({"PP"}),
    filters=(*ids("patient_id", "appointment_id", "payment_id"), *days("business_date")),
    orders={
        "latest": Order(("business_date",), is_descending=True),
        "earliest": Order(("business_date",)),
    },
    hidden=frozenset({"failure_decline_type", "dispute_open_paise", "dispute_lost_paise"}),
)

TIMELINE = replace(
    console.TIMELINE,
    path="/v1/portal/timeline",
    name="ReadOwnTimeline",
    surface=SURFACE,
    title="A patient's timeline",
    about=f"Everything that happened, the latest first. {_OF_PATIENT}",
    readers=frozenset({"PP"}),
    filters=ids("patient_id", "admission_id", "claim_id"),
    orders={"newest": Order(("patient_id", "seq"), is_descending=True)},
)

QUERIES: tuple[Query, ...] = (FREE_SLOTS, APPOINTMENTS, PAYMENTS, TIMELINE)
