"""What staff ask at the console."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from event_store.catalogue import AGGREGATES
from mymedic.clock import micros
from projections import (
    bed_board,
    cash_session,
    claim_worklist,
    clinic_calendar,
    followup_queue,
    patient_timeline,
    payments_summary,
    price_catalog,
)
from projections.api.query import (
    EVERYBODY,
    STAFF,
    Computed,
    Filter,
    Now,
    Order,
    Query,
    Usually,
    Where,
    days,
    flag,
    ids,
    listed,
    states,
    words,
)
from projections.reconciled import PublishedItems

SURFACE = "staff console"
_PLACES = ids("branch_id", "city_id")
_PROVIDERS = ids("practitioner_id", "specialty_id")

CALENDAR = Query(
    path="/v1/console/calendar",
    name="ReadCalendar",
    surface=SURFACE,
    title="Clinic calendar",
    about="The appointments of the branches by day and practitioner: who waits, what is paid, what needs a look.",
    projection=clinic_calendar.PROJECTION,
    readers=STAFF | {"DR"},
    filters=(
        *_PLACES,
        *_PROVIDERS,
        *ids("department_id", "service_id", "patient_id", "appointment_id"),
        *days("business_date"),
        words(
            "status",
            *("pending", "booked", "checked-in", "arrived", "fulfilled", "cancelled", "noshow"),
        ),
        listed("flag", "flags", "only appointments with this flag"),
    ),
    orders={"day": Order(("branch_id", "business_date", "practitioner_id", "start_at"))},
)


def _settlements(published: PublishedItems, tenant_id: str, items: Sequence[dict[str, Any]]) -> None:
    """Contracts, bank days and matching are SQL; before the first build that knows a payment nothing is said."""
    known = published.of_payments(tenant_id, [item["payment_id"] for item in items])
    for item in items:
        item["expected_settlement_on"], item["settled_state"] = known.get(item["payment_id"], (None, None))


PAYMENTS = Query(
    path="/v1/console/payments",
    name="ListPayments",
    surface=SURFACE,
    title="Payments",
    about=(
        "Every payment, where each paisa of it went, and what is left of it. When its money should arrive and what has"
        " become of it is said as of the last published build."
    ),
    projection=payments_summary.PROJECTION,
    readers=STAFF,
    filters=(
        *_PLACES,
        *ids("patient_id", "appointment_id", "payment_id"),
        *days("business_date"),
        words(
            "state",
            *("initiated", "authorized", "captured", "failed", "expired", "reversed", "disputed", "charged_back"),
            *("partially_refunded", "refunded"),
        ),
    ),
    orders={
        "key": Order(),
        "oldest": Order(("business_date",)),
        "newest": Order(("business_date",), is_descending=True),
    },
    attached=(("expected_settlement_on", date | None), ("settled_state", str | None)),
    lay_over=_settlements,
)

_OVER = sorted(followup_queue.OVER)
FOLLOW_UPS = Query(
    path="/v1/console/follow-ups",
    name="ListFollowUps",
    surface=SURFACE,
    title="Follow-up queue",
    about=(
        "Who is to be seen again, the longest overdue first; those that are over only when their `state` is asked for."
        " `priority` is the number of days since the window ended."
    ),
    projection=followup_queue.PROJECTION,
    readers=STAFF,
    filters=(
        *_PLACES,
        *_PROVIDERS,
        *ids("patient_id", "followup_id"),
        *days("due_on"),
        *states(followup_queue.FollowupQueue, "state", "last_contact_status"),
    ),
    orders={"priority": Order(("due_to",)), "due": Order(("due_on",)), "key": Order()},
    computed=(Computed("priority", int, lambda row, now: followup_queue.overdue_days(row, now.today)),),
    usually=Usually(("state", "followup_id"), Where(f"state NOT IN ({', '.join('?' * len(_OVER))})", tuple(_OVER))),
    hidden=frozenset({"last_notification_id"}),
)

BEDS = Query(
    path="/v1/console/beds",
    name="ListBeds",
    surface=SURFACE,
    title="Bed board",
    about="Every bed with who lies in it, since how many midnights, and how far their claim is.",
    projection=bed_board.PROJECTION,
    readers=STAFF | {"DR"},
    filters=(
        *_PLACES,
        *_PROVIDERS,
        *ids("department_id", "admission_id", "patient_id", "bed_id"),
        *states(bed_board.BedBoard, "status", "bed_class", "claim_state"),
    ),
    orders={"ward": Order(("branch_id", "ward", "room", "label")), "key": Order()},
    computed=(Computed("los_days", int | None, lambda row, now: bed_board.los_days(row, now.at, now.tz)),),
)

CLAIMS = Query(
    path="/v1/console/claims",
    name="ListClaims",
    surface=SURFACE,
    title="Claim worklist",
    about=(
        "Claims with their sums and what is to be done next, the most urgent query first; those with nothing left to"
        " do only when their `state` or `next_action` is asked for."
    ),
    projection=claim_worklist.PROJECTION,
    readers=STAFF,
    filters=(
        *_PLACES,
        *_PROVIDERS,
        *ids("department_id", "payer_id", "patient_id", "admission_id", "claim_id"),
        *states(claim_worklist.ClaimWorklist, "state", "next_action"),
    ),
    orders={"query_due": Order(("query_due_at",)), "oldest": Order(("opened_at",)), "key": Order()},
    usually=Usually(("state", "next_action", "claim_id"), Where("next_action <> 'none'")),
    computed=(Computed("age_days", int, lambda row, now: claim_worklist.age_days(row, now.at, now.tz)),),
)


def _is_current(is_wanted: bool, at: int) -> Where:
    holds = "effective_from <= ? AND (effective_to IS NULL OR effective_to > ?)"
    return Where(holds if is_wanted else f"NOT ({holds})", (at, at))


PRICES = Query(
    path="/v1/console/prices",
    name="ListPrices",
    surface=SURFACE,
    title="Price catalogue",
    about="Every price of every scope and visit type, from when until when; a booking takes the closest scope's.",
    projection=price_catalog.PROJECTION,
    readers=EVERYBODY,
    belongs_to="nobody",
    filters=(
        *_PLACES,
        *_PROVIDERS,
        *ids("service_id"),
        *states(price_catalog.PriceCatalog, "scope_level"),
        Filter(
            "is_current",
            bool,
            "only prices that hold now, or only those that do not",
            "effective_from",
            lambda row, asked, now: _is_current(asked, micros(now.at)),
        ),
    ),
    computed=(Computed("is_current", bool, lambda row, now: price_catalog.is_current(row, now.at)),),
)


def _expected_paise(row: cash_session.CashSession, now: Now) -> int | None:
    """Who counts a drawer counts it blind: the desk is told what should have been there once it has counted."""
    is_desk_alone = set(now.roles) <= {"FD"}
    return None if row.state == "open" and is_desk_alone else row.expected_paise


CASH_SESSIONS = Query(
    path="/v1/console/cash-sessions",
    name="ListCashSessions",
    surface=SURFACE,
    title="Cash sessions",
    about=(
        "Every session of a drawer: what went in and out, what should be there, what was counted and banked. The desk"
        " counts blind: `expected_paise` of an open session is null for it."
    ),
    projection=cash_session.PROJECTION,
    readers=STAFF - {"IN"},
    filters=(
        *_PLACES,
        *ids("drawer_id", "cash_session_id"),
        *days("business_date"),
        *states(cash_session.CashSession, "state"),
    ),
    orders={
        "key": Order(),
        "oldest": Order(("business_date",)),
        "newest": Order(("business_date",), is_descending=True),
    },
    computed=(Computed("expected_paise", int | None, _expected_paise),),
)

TIMELINE = Query(
    path="/v1/console/timeline",
    name="ReadTimeline",
    surface=SURFACE,
    title="Patient timeline",
    about=(
        "Everything that happened to a patient, in order, under whichever record it was noted. A doctor names the"
        " `patient_id` of a patient of theirs."
    ),
    projection=patient_timeline.PROJECTION,
    readers=STAFF | {"DR"},
    filters=(
        *ids("patient_id", "branch_id", "admission_id", "claim_id"),
        words("kind", *sorted(AGGREGATES)),
        flag("is_redacted", "only what something was taken out of, or only what is whole"),
    ),
    orders={"oldest": Order(("patient_id", "seq")), "newest": Order(("patient_id", "seq"), is_descending=True)},
    hidden=frozenset({"event_id"}),
)

QUERIES: tuple[Query, ...] = (CALENDAR, TIMELINE, PAYMENTS, FOLLOW_UPS, BEDS, CLAIMS, PRICES, CASH_SESSIONS)
