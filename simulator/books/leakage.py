"""Truth of mart_leakage_metrics: one row per day, branch, practitioner, specialty and kind of leak."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from simulator.books.items import NOBODY, Item
from simulator.cast import Tenant


def leakage_metrics(tenant: Tenant, items: Iterable[Item]) -> list[dict[str, Any]]:
    leaks: dict[tuple, list[tuple[str, int]]] = defaultdict(list)
    for item in items:
        kind, amount = _leak(item)
        if kind:
            practitioner, specialty = NOBODY, NOBODY
            if item.visit is not None:
                practitioner = item.visit.practitioner.id
                specialty = tenant.id_of("spc", item.visit.practitioner.specialty.id)
            leaks[item.business_date, item.branch_id, practitioner, specialty, kind].append((item.item_id, amount))
    return [
        {
            "tenant_id": tenant.id,
            "business_date": business_date,
            "branch_id": branch_id,
            "practitioner_id": practitioner,
            "specialty_id": specialty,
            "leakage_type": kind,
            "n": len(found),
            "amount_paise": sum(amount for _, amount in found),
            "recoverable_paise": 0 if kind == "cash_short" else sum(amount for _, amount in found),
            "evidence_ids": ",".join(sorted(item_id for item_id, _ in found)),
        }
        for (business_date, branch_id, practitioner, specialty, kind), found in leaks.items()
    ]


def _leak(item: Item) -> tuple[str, int]:
    """Under which heading an item leaks, and how much; an empty heading when it does not."""
    if item.kind == "refund":
        return "", 0
    match item.class_:
        case "missing_settlement" | "qr_missing":
            return "missing_settlement", item.left
        case "amount_mismatch_short":
            return "short_settlement", item.left - item.matched
        case "matched_fee_variance":
            return "fee_overcharge", item.fee_variance
        case "cash_short":
            return "cash_short", item.left - item.right
        case "status_conflict":
            return "late_auth_uncaptured", item.right
    return "", 0
