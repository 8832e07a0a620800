"""Truth of mart_followup_adherence: who came again when they were asked to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from simulator.books.care import FollowUp
from simulator.calendar import local
from simulator.cast import Tenant

GRAIN = ("due_on", "branch_id", "city_id", "practitioner_id", "specialty_id", "department_id")
OUTCOMES = ("adherent", "late", "early", "lapsed", "declined", "open")
SUMS = ("due_n", *(f"{name}_n" for name in OUTCOMES), "booked_n", "noshow_of_booked_n", "revenue_at_risk_paise")


def followup_adherence(tenant: Tenant, followups: Iterable[FollowUp], today: date) -> list[dict[str, Any]]:
    cells: dict[tuple, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    for followup in followups:
        if not is_due(followup, today):
            continue
        sums, came = cells[_key(tenant, followup)], outcome(followup, today)
        booked = [visit for visit in followup.bookings if visit.status != "error"]
        sums["due_n"] += 1
        sums[f"{came}_n"] += 1
        sums["booked_n"] += bool(booked)
        sums["noshow_of_booked_n"] += any(visit.status == "noshow" for visit in booked)
        if came in ("lapsed", "open"):
            sums["revenue_at_risk_paise"] += _price_when_due(tenant, followup)
    return [_row(tenant.id, key, sums) for key, sums in cells.items()]


def is_due(followup: FollowUp, today: date) -> bool:
    """Its window is over and the provider has not called it off."""
    return followup.counted[2] <= today and followup.closed_as != "cancelled"


def outcome(followup: FollowUp, today: date) -> str:
    _, due_from, due_to = followup.counted
    if followup.completed_on is not None:
        if followup.completed_on < due_from:
            return "early"
        return "adherent" if followup.completed_on <= due_to else "late"
    if followup.closed_as:
        return followup.closed_as
    return "lapsed" if followup.lapse_on < today else "open"


def _price_when_due(tenant: Tenant, followup: FollowUp) -> int:
    """What the consultation would have brought on the due day; nothing when it had been promised free."""
    due_on = followup.counted[0]
    if followup.free_until is not None and due_on <= followup.free_until:
        return 0
    seen = followup.visit
    service = tenant.consultation[seen.practitioner.specialty.id]
    return tenant.price_at(service, seen.branch.city, local(due_on, "00:00"))


def _key(tenant: Tenant, followup: FollowUp) -> tuple:
    seen = followup.visit
    return (
        followup.counted[0],
        seen.branch.id,
        seen.branch.city.id,
        seen.practitioner.id,
        tenant.id_of("spc", seen.practitioner.specialty.id),
        "dep_opd",
    )


def _row(tenant_id: str, key: tuple, sums: dict[str, int]) -> dict[str, Any]:
    due, booked = sums["due_n"], sums["booked_n"]
    return {
        "tenant_id": tenant_id,
        **dict(zip(GRAIN, key, strict=True)),
        **sums,
        "adherence_rate": sums["adherent_n"] / due,
        "booked_rate": booked / due,
        "noshow_of_booked_rate": sums["noshow_of_booked_n"] / booked if booked else None,
    }
