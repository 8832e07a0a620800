"""Truth of mart_procedure_conversion: what became of advised services, by who advised them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from simulator.books.care import Advice
from simulator.books.records import Visit
from simulator.calendar import day_of
from simulator.cast import Tenant

GRAIN = ("advised_on", "branch_id", "city_id", "practitioner_id", "specialty_id", "department_id", "service_id")
SUMS = (
    "advised_n",
    "matured_n",
    "converted_n",
    "late_converted_n",
    "accepted_n",
    "declined_n",
    "revoked_n",
    "performed_elsewhere_n",
    "unadvised_performed_n",
    "advised_value_paise",
    "converted_value_paise",
)
DAY = timedelta(days=1)


def procedure_conversion(tenant: Tenant, advices: Iterable[Advice], as_of: datetime) -> list[dict[str, Any]]:
    cells: dict[tuple, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    days: dict[tuple, list[int]] = defaultdict(list)
    for advice in advices:
        key = _key(tenant, advice)
        _count(advice, as_of, cells[key], days[key])
    return [_row(tenant.id, key, sums, days[key]) for key, sums in cells.items()]


def is_matured(advice: Advice, as_of: datetime) -> bool:
    """Advised, not taken back, and decided: the window is over, or it was performed, or declined."""
    if advice.window_ends_at is None or advice.is_revoked:
        return False
    return advice.window_ends_at <= as_of or advice.performed_at is not None or advice.answer == "declined"


def is_converted(advice: Advice) -> bool:
    if advice.window_ends_at is None or advice.performed_at is None:
        return False
    return advice.performed_at < advice.window_ends_at


def _count(advice: Advice, as_of: datetime, sums: dict[str, int], days: list[int]) -> None:
    if advice.advised_at is None:
        sums["unadvised_performed_n"] += 1
        return
    if advice.is_revoked:
        sums["revoked_n"] += 1
        return
    sums["advised_n"] += 1
    sums["declined_n"] += advice.answer == "declined"
    sums["accepted_n"] += advice.answer == "accepted" or advice.is_scheduled or advice.performed_at is not None
    if is_matured(advice, as_of):
        sums["matured_n"] += 1
        sums["advised_value_paise"] += advice.list_price_paise
    if advice.performed_at is not None and advice.performed_in is not None:
        sums["performed_elsewhere_n"] += advice.performed_in.branch is not advice.branch
        if is_converted(advice):
            sums["converted_n"] += 1
            sums["converted_value_paise"] += _billed_net(advice.performed_in)
            days.append((advice.performed_at - advice.advised_at) // DAY)
        else:
            sums["late_converted_n"] += 1


def _billed_net(visit: Visit) -> int:
    """The visit's only line without its tax, less credits without theirs."""
    if visit.status != "fulfilled":
        return 0
    gst_bps, total = visit.service.gst_bps, visit.price_paise
    net = _without_tax(total, gst_bps)
    for credit in visit.credits_paise:
        net -= _without_tax(credit, gst_bps)
    return net


def _without_tax(paise: int, gst_bps: int) -> int:
    return (2 * paise * 10_000 + 10_000 + gst_bps) // (2 * (10_000 + gst_bps))


def _key(tenant: Tenant, advice: Advice) -> tuple:
    began_at = advice.advised_at or advice.performed_at
    assert began_at is not None
    return (
        day_of(began_at),
        advice.branch.id,
        advice.branch.city.id,
        advice.practitioner.id,
        tenant.id_of("spc", advice.specialty.id),
        "dep_opd",
        advice.service.id,
    )


def _row(tenant_id: str, key: tuple, sums: dict[str, int], days: list[int]) -> dict[str, Any]:
    answered = sums["accepted_n"] + sums["declined_n"]
    matured, value = sums["matured_n"], sums["advised_value_paise"]
    return {
        "tenant_id": tenant_id,
        **dict(zip(GRAIN, key, strict=True)),
        **sums,
        "conversion_rate": sums["converted_n"] / matured if matured else None,
        "accept_rate": sums["accepted_n"] / answered if answered else None,
        "value_conversion_rate": sums["converted_value_paise"] / value if value else None,
        "median_days_to_convert": _median(days),
    }


def _median(days: list[int]) -> float | None:
    if not days:
        return None
    ordered, middle = sorted(days), len(days) // 2
    return float(ordered[middle]) if len(days) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
