"""Truth of mart_noshow_patterns: who came, by everything that is known of the booking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from simulator.books.records import Visit
from simulator.calendar import IST, day_of
from simulator.cast import Tenant

COUNTS = ("n", "kept_n", "noshow_n", "decided_n", "unresolved_n", "cancelled_n", "late_cancelled_n")
GRAIN = (
    "business_date",
    "specialty_id",
    "branch_id",
    "city_id",
    "practitioner_id",
    "department_id",
    "dow",
    "time_band",
    "lead_band",
    "booking_channel",
    "visit_type",
    "mode",
    "is_new",
    "deposit_band",
    "prior_noshow_band",
)
LATE = 4 * 3600
_TIMES = ((21, "other"), (18, "evening"), (15, "afternoon"), (12, "midday"), (9, "morning"), (6, "early"), (0, "other"))
_LEADS = ((15, "15+d"), (8, "8-14d"), (3, "3-7d"), (1, "1-2d"), (0, "0d"))


def attendance(visit: Visit, as_of: datetime) -> str:
    """kept, noshow, cancelled, unresolved, or ahead."""
    if visit.status in ("fulfilled", "checked-in", "arrived"):
        return "kept"
    if visit.status == "cancelled":
        return "kept" if visit.is_unseen and visit.initiator != "provider" else "cancelled"
    if visit.status == "noshow":
        return "noshow"
    return "unresolved" if visit.start_at < as_of - timedelta(hours=24) else "ahead"


def noshow_patterns(tenant: Tenant, visits: Iterable[Visit], as_of: datetime) -> list[dict[str, Any]]:
    cells: dict[tuple, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for visit in visits:
        if visit.booked_at is None or visit.status == "error":
            continue
        counts, came = cells[_key(tenant, visit)], attendance(visit, as_of)
        counts["n"] += 1
        if came != "ahead":
            counts[f"{came}_n"] += 1
        counts["decided_n"] += came in ("kept", "noshow")
        counts["late_cancelled_n"] += came == "cancelled" and visit.lead_seconds < LATE
    return [
        {
            "tenant_id": tenant.id,
            **dict(zip(GRAIN, key, strict=True)),
            **counts,
            "noshow_rate": counts["noshow_n"] / counts["decided_n"] if counts["decided_n"] else None,
        }
        for key, counts in cells.items()
    ]


def _key(tenant: Tenant, visit: Visit) -> tuple:
    assert visit.booked_at is not None
    wall = visit.start_at.astimezone(IST)
    lead = (day_of(visit.start_at) - day_of(visit.booked_at)).days
    paid = visit.deposit_paid_paise
    return (
        day_of(visit.start_at),
        tenant.id_of("spc", visit.practitioner.specialty.id),
        visit.branch.id,
        visit.branch.city.id,
        visit.practitioner.id,
        "dep_opd",
        wall.isoweekday(),
        next(name for hour, name in _TIMES if wall.hour >= hour),
        next(name for days, name in _LEADS if lead >= days),
        visit.channel,
        visit.visit_type,
        visit.mode,
        "yes" if visit.is_new else "no",
        "none" if paid == 0 else "partial" if paid < visit.price_paise else "full",
        "2+" if visit.prior_noshows >= 2 else str(visit.prior_noshows),
    )
